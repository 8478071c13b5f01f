#include "weights.h"
#include "initializer.h"
#include "../base/text.h"
#include "../io/safetensors.h"

#include <stdlib.h>
#include <string.h>

gaze_status gz_weights_declare(const gz_built *built, gz_store *store)
{
    for (size_t i = 0; i < built->n_weights; i++) {
        const gz_built_weight *weight = &built->weights[i];
        GZ_TRY(gz_store_declare(store, weight->name, weight->tensor->role, weight->tensor->shape));
    }
    for (size_t i = 0; i < built->n_draws; i++)
        GZ_TRY(gz_store_declare(store, built->draws[i].average, GZ_STATE, GZ_SHAPE(2)));
    return gz_store_declare(store, GZ_SUMS, GZ_STATE, GZ_SHAPE(4));
}

void gz_weights_count(const gz_built *built, size_t *trainable, size_t *all)
{
    *trainable = *all = 0;
    for (size_t i = 0; i < built->n_weights; i++) {
        const size_t count = gz_shape_count(built->weights[i].tensor->shape);
        *all += count;
        if (built->weights[i].tensor->role == GZ_PARAMETER) *trainable += count;
    }
}

static gz_slab slab_of(const gz_store_entry *entry)
{
    return entry->role == GZ_PARAMETER ? GZ_SLAB_PARAMETER : GZ_SLAB_STATE;
}

static gaze_status initialize_one(const gz_built_weight *weight, uint64_t seed, gz_store *store)
{
    const gz_store_entry *entry = gz_store_find(store, weight->name);
    const gz_shape shape = weight->tensor->shape;
    float *values;
    GZ_TRY(gz_allocate(gz_shape_count(shape), sizeof *values, &values));
    gaze_status status = gz_initialize(weight->initializer, seed, weight->name, shape, values);
    if (status == GAZE_OK)
        status = gz_store_write(store, slab_of(entry), entry->offset, values, gz_shape_count(shape));
    free(values);
    return status;
}

gaze_status gz_weights_initialize(const gz_built *built, uint64_t seed, gz_store *store)
{
    for (size_t i = 0; i < built->n_weights; i++) GZ_TRY(initialize_one(&built->weights[i], seed, store));
    return GAZE_OK;
}

static gz_shape array_shape(const gaze_array *array)
{
    gz_shape shape = {.rank = array->rank};
    memcpy(shape.dim, array->shape, array->rank * sizeof *array->shape);
    return shape;
}

static gaze_status check_present(const char *path, const gz_built *built, const gz_safetensors *file)
{
    const char *missing = NULL;
    size_t n_missing = 0;
    for (size_t i = 0; i < built->n_weights; i++) {
        const gz_built_weight *weight = &built->weights[i];
        const gaze_array *array = gz_safetensors_find(file, weight->name);
        char found[96], expected[96];
        if (!array) {
            if (!n_missing++) missing = weight->name;
            continue;
        }
        if (!gz_shape_equal(array_shape(array), weight->tensor->shape))
            return gz_fail(GAZE_ERROR_MODEL,
                           "%s: weights of another model: tensor '%s' has the shape %s, expected %s", path,
                           weight->name, gz_shape_text(array_shape(array), found),
                           gz_shape_text(weight->tensor->shape, expected));
        if (array->dtype != GAZE_FLOAT32)
            return gz_fail(GAZE_ERROR_MODEL, "%s: tensor '%s' holds whole numbers, expected floating point",
                           path, weight->name);
    }
    if (!n_missing) return GAZE_OK;
    return gz_fail(GAZE_ERROR_MODEL,
                   "%s: weights of another model: %zu of %zu tensors are missing, the first is '%s'", path,
                   n_missing, built->n_weights, missing);
}

static bool is_of_checkpoint(const char *name)
{
    return strncmp(name, GZ_MOMENT_PREFIX, strlen(GZ_MOMENT_PREFIX)) == 0 || strcmp(name, GZ_SUMS) == 0;
}

static gaze_status check_expected(const char *path, const gz_built *built, const gz_safetensors *file)
{
    const char **names = gz_arena_allocate(file->arena, (built->n_weights + 1) * sizeof *names);
    if (!names) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < built->n_weights; i++) names[i] = built->weights[i].name;
    for (size_t i = 0; i < file->count; i++) {
        const char *name = file->arrays[i].name;
        if (!gz_is_among(names, built->n_weights, name) && !is_of_checkpoint(name))
            return gz_fail(GAZE_ERROR_MODEL,
                           "%s: weights of another model: it also holds '%s', which this model has not%s",
                           path, name, gz_did_you_mean(file->arena, name, names));
    }
    return GAZE_OK;
}

gaze_status gz_weights_load(const char *path, const gz_built *built, gz_store *store)
{
    gz_safetensors file = {0};
    gaze_status status = gz_safetensors_read(path, &file);
    if (status != GAZE_OK) return status == GAZE_ERROR_DATA ? GAZE_ERROR_MODEL : status;
    GZ_GO(check_present(path, built, &file));
    GZ_GO(check_expected(path, built, &file));
    for (size_t i = 0; i < built->n_weights; i++) {
        const gaze_array *array = gz_safetensors_find(&file, built->weights[i].name);
        const gz_store_entry *entry = gz_store_find(store, array->name);
        GZ_GO(
            gz_store_write(store, slab_of(entry), entry->offset, array->data, gz_shape_count(entry->shape)));
    }
done:
    gz_safetensors_free(&file);
    return status;
}

static gaze_status read_array(const gz_built_weight *weight, const gz_store *store, gaze_array *array)
{
    const gz_store_entry *entry = gz_store_find(store, weight->name);
    *array = (gaze_array){.name = weight->name, .dtype = GAZE_FLOAT32, .rank = entry->shape.rank};
    memcpy(array->shape, entry->shape.dim, array->rank * sizeof *array->shape);
    GZ_TRY(gz_allocate(gz_shape_count(entry->shape), sizeof(float), &array->data));
    return gz_store_read(store, slab_of(entry), entry->offset, array->data, gz_shape_count(entry->shape));
}

gaze_status gz_weights_save(const char *path, const gz_model *model, const gz_built *built,
                            const gz_store *store)
{
    const char *metadata[] = {"model", model->name, "model_hash", model->hash.text, NULL};
    gaze_array *arrays;
    gaze_status status;
    GZ_TRY(gz_allocate(built->n_weights, sizeof *arrays, &arrays));
    for (size_t i = 0; i < built->n_weights; i++) GZ_GO(read_array(&built->weights[i], store, &arrays[i]));
    status = gz_safetensors_write(path, arrays, built->n_weights, metadata);
done:
    for (size_t i = 0; i < built->n_weights; i++) free(arrays[i].data);
    free(arrays);
    return status;
}
