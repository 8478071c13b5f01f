/* Arrays in memory that somebody else keeps: no copies, no files. */
#include "arrays.h"

#include <string.h>

static const char *const parts[GZ_N_PARTS] = {"training", "test"};

/* A name, or its place among those without one. */
static const gaze_array *find_array(const gaze_data_arrays *arrays, const char *name, size_t at)
{
    for (size_t i = 0; i < arrays->n_inputs; i++)
        if (arrays->inputs[i].name ? strcmp(arrays->inputs[i].name, name) == 0 : i == at)
            return &arrays->inputs[i];
    return NULL;
}

/* `hash` goes on from array to array. */
static gaze_status take_array(gz_arena *arena, const gaze_array *array, const char *name, gz_part part,
                              gz_column *column, gz_hash *hash)
{
    size_t bytes = 4;
    column->place = gz_arena_format(arena, "array '%s' of the %s part", name, parts[part]);
    if (!column->place) return GAZE_ERROR_DEVICE;
    if (array->rank > GAZE_MAX_RANK)
        return gz_fail(GAZE_ERROR_DATA, "%s: it has %zu axes, expected at most %d", column->place,
                       array->rank, GAZE_MAX_RANK);
    column->type = array->dtype == GAZE_FLOAT32 ? GZ_NUMBER_F32 : GZ_NUMBER_I32;
    column->rank = array->rank;
    memcpy(column->shape, array->shape, sizeof column->shape);
    column->items = array->data;
    for (size_t i = 0; i < array->rank; i++)
        if (!gz_multiply(bytes, array->shape[i], &bytes))
            return gz_fail(GAZE_ERROR_DATA, "%s: it is larger than any memory", column->place);
    const gz_hash hashes[2] = {*hash, gz_hash_bytes(array->data, bytes)};
    *hash = gz_hash_bytes(hashes, sizeof hashes);
    return GAZE_OK;
}

static gaze_status take_part(gz_data *data, const gaze_data_arrays *arrays, gz_part part, bool labels)
{
    gz_columns *columns = &((gz_arrays *)data->state)->parts[part];
    if (arrays->n_inputs != data->n_inputs)
        return gz_fail(GAZE_ERROR_DATA, "%zu arrays for the inputs of the %s part, the model has %zu inputs",
                       arrays->n_inputs, parts[part], data->n_inputs);
    for (size_t i = 0; i < data->n_inputs; i++) {
        const char *name = data->inputs[i].name;
        const gaze_array *array = find_array(arrays, name, i);
        if (!array)
            return gz_fail(GAZE_ERROR_DATA, "the %s part has no array for the model's input '%s'",
                           parts[part], name);
        GZ_TRY(take_array(data->arena, array, name, part, &columns->inputs[i], &data->hash));
    }
    if (!labels || !arrays->label) return GAZE_OK;
    return take_array(data->arena, arrays->label, "label", part, &columns->label, &data->hash);
}

static gaze_status memory_open(const gz_data_spec *spec, const gz_data_need *need, gz_data *data)
{
    const gz_memory *memory = spec->memory;
    gz_arrays *arrays;
    if (memory->test && !memory->test->label != !memory->train->label)
        return gz_fail(GAZE_ERROR_DATA, "only the %s part has labels",
                       parts[memory->test->label ? GZ_TEST : GZ_TRAIN]);
    GZ_TRY(gz_arrays_create(spec, memory->test != NULL, data, &arrays));
    GZ_TRY(take_part(data, memory->train, GZ_TRAIN, need->n_classes > 0));
    if (memory->test) GZ_TRY(take_part(data, memory->test, GZ_TEST, need->n_classes > 0));
    return gz_arrays_complete(need, data);
}

const gz_data_type gz_data_memory = {.name = "memory",
                                     .open = memory_open,
                                     .close = gz_arrays_close,
                                     .count = gz_arrays_count,
                                     .fetch = gz_arrays_fetch,
                                     .sample_hash = gz_arrays_sample_hash};
