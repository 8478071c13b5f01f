/* Opening a model: its file or run folder, its weights; and what it is like. */
#include "api.h"
#include "installed.h"
#include "../base/text.h"
#include "../model/adapt.h"
#include "../model/weights.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gz_shape sample_shape(const gz_tensor *x)
{
    gz_shape shape = {.rank = x->shape.rank - 1};
    memcpy(shape.dim, x->shape.dim + 1, shape.rank * sizeof *shape.dim);
    return shape;
}

/* Batch and open dimensions are 0: those that differ between two probes. */
static gaze_array describe(const char *name, gz_dtype dtype, gz_shape shape, gz_shape other)
{
    gaze_array array = {.name = name, .dtype = (gaze_dtype)dtype, .rank = shape.rank + 1};
    for (size_t i = 0; i < shape.rank; i++)
        array.shape[i + 1] = shape.dim[i] == other.dim[i] ? shape.dim[i] : 0;
    return array;
}

static gaze_status describe_all(gaze_model *m, const gz_built *other)
{
    const gz_model *file = m->file;
    m->inputs = gz_arena_allocate(file->arena, file->n_inputs * sizeof *m->inputs);
    m->outputs = gz_arena_allocate(file->arena, file->n_outputs * sizeof *m->outputs);
    m->maps = gz_arena_allocate(file->arena, m->probe.n_maps * sizeof *m->maps);
    if (!m->inputs || !m->outputs || !m->maps) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < file->n_inputs; i++) {
        const gz_model_input *input = &file->inputs[i];
        m->inputs[i] = describe(input->name, input->dtype, input->shape, input->shape);
    }
    for (size_t i = 0; i < file->n_outputs; i++) {
        const gz_tensor *x = m->probe.outputs[i];
        m->outputs[i] =
            describe(file->outputs[i], x->dtype, sample_shape(x), sample_shape(other->outputs[i]));
    }
    m->n_maps = m->probe.n_maps;
    for (size_t i = 0; i < m->n_maps; i++) {
        m->maps[i] = m->probe.maps[i].info;
        for (size_t j = 0; j < m->maps[i].rank; j++)
            if (m->maps[i].shape[j] != other->maps[i].info.shape[j]) m->maps[i].shape[j] = 0;
    }
    return GAZE_OK;
}

/* Weights must not depend on what a file leaves open. */
static gaze_status compare_weights(const gaze_model *m, const gz_built *other)
{
    char first[96], second[96];
    for (size_t i = 0; i < m->probe.n_weights; i++) {
        const gz_tensor *a = m->probe.weights[i].tensor, *b = other->weights[i].tensor;
        if (gz_shape_equal(a->shape, b->shape)) continue;
        return gz_fail(GAZE_ERROR_MODEL,
                       "%s: weight '%s' has the shape %s or %s, depending on a dimension that \"inputs\" "
                       "leaves open; expected "
                       "one shape: give the dimension a size",
                       m->file->path, a->name, gz_shape_text(a->shape, first),
                       gz_shape_text(b->shape, second));
    }
    return GAZE_OK;
}

/* A second build with another size of the open dimensions shows what depends on them. */
static gaze_status probe(gaze_model *m)
{
    gz_built other = {0};
    gaze_status status;
    GZ_TRY(gz_model_probe(m->file, &m->open, &m->probe));
    const size_t sizes[] = {m->open / 2, m->open * 2, m->open};
    status = GAZE_ERROR_MODEL;
    for (size_t i = 0; i < 3 && status != GAZE_OK && status != GAZE_ERROR_DEVICE; i++) {
        size_t size = sizes[i];
        if (size) status = gz_model_probe(m->file, &size, &other);
    }
    GZ_GO(status);
    GZ_GO(compare_weights(m, &other));
    GZ_GO(describe_all(m, &other));
done:
    gz_built_free(&other);
    return status;
}

gaze_status gz_api_weights(gaze_model *m, bool training, size_t moments)
{
    GZ_TRY(gz_store_allocate(m->store, training, moments));
    if (m->has_weights) return GAZE_OK;
    GZ_TRY(gz_weights_initialize(&m->probe, m->seed, m->store));
    m->has_weights = true;
    return GAZE_OK;
}

gaze_status gz_api_answering_weights(gaze_model *m)
{
    char text[320];
    const gaze_context *context = m->context;
    if (!m->has_weights && !m->untrained && context->log) {
        snprintf(text, sizeof text,
                 "%.150s: no trained weights were found: these are answers of initial weights (seed %" PRIu64
                 "). Train the model, or name a file of weights",
                 m->folder ? m->folder : m->file->path, m->seed);
        context->log(context->log_user, GAZE_LOG_WARNING, text);
    }
    return gz_api_weights(m, false, 0);
}

/* NULL: there is no file and none was asked for. */
static gaze_status find_weights(const gaze_model *m, const gaze_model_options *options, const char **path)
{
    gz_arena *arena = m->file->arena;
    *path = NULL;
    if (options->no_weights) return GAZE_OK;
    if (options->weights) {
        *path = options->weights;
        return GAZE_OK;
    }
    const char *file = m->file->file;
    size_t stem = strlen(file);
    if (stem > 5 && strcmp(file + stem - 5, ".json") == 0) stem -= 5;
    char *beside = m->folder ? gz_path_join(arena, m->folder, "weights.safetensors")
                             : gz_arena_format(arena, "%.*s.safetensors", (int)stem, file);
    if (!beside) return GAZE_ERROR_DEVICE;
    gz_file_kind kind;
    GZ_TRY(gz_file_look(beside, &kind));
    if (kind == GZ_FILE) *path = beside;
    return GAZE_OK;
}

static gaze_status load_weights(gaze_model *m, const gaze_model_options *options)
{
    const char *path;
    GZ_TRY(find_weights(m, options, &path));
    GZ_TRY(gz_store_create(m->context->device, &m->store));
    GZ_TRY(gz_weights_declare(&m->probe, m->store));
    if (!path) return GAZE_OK;
    GZ_TRY(gz_store_allocate(m->store, false, 0));
    GZ_TRY(gz_weights_load(path, &m->probe, m->store));
    m->has_weights = true;
    return GAZE_OK;
}

static gaze_status read_folder(gaze_model *m, gz_arena *arena, const char *path, const gaze_adaptation *adapt)
{
    const char *file = gz_path_join(arena, path, "model.json");
    gz_file_kind kind;
    if (!file) return GAZE_ERROR_DEVICE;
    GZ_TRY(gz_file_look(file, &kind));
    if (kind == GZ_NOTHING)
        return gz_fail(
            GAZE_ERROR_MODEL,
            "%s: no run folder: it has no model.json; expected a model file (.json), or the folder of "
            "a training",
            path);
    GZ_TRY(gz_model_read_adapted(file, m->context->kinds.list, adapt, &m->file));
    m->folder = gz_arena_copy(m->file->arena, path);
    return m->folder ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static gaze_status read_file(gaze_model *m, const char *name, const gaze_adaptation *adapt)
{
    gz_arena *arena;
    gz_file_kind kind;
    const char *path;
    gaze_status status;
    GZ_TRY(gz_arena_create(&arena));
    GZ_GO(gz_installed_model(arena, name, &path));
    GZ_GO(gz_file_look(path, &kind));
    status = kind == GZ_FOLDER ? read_folder(m, arena, path, adapt)
                               : gz_model_read_adapted(path, m->context->kinds.list, adapt, &m->file);
done:
    gz_arena_destroy(arena);
    return status;
}

gaze_status gaze_model_open(gaze_context *context, const char *path, const gaze_model_options *given,
                            gaze_model **out)
{
    const gaze_model_options none = {0}, *options = given ? given : &none;
    gaze_model *m;
    gaze_status status;
    GZ_TRY(gz_allocate(1, sizeof *m, &m));
    m->context = context;
    m->seed = options->seed;
    m->untrained = options->no_weights;
    GZ_GO(read_file(m, path, &options->adapt));
    GZ_GO(probe(m));
    GZ_GO(load_weights(m, options));
    *out = m;
done:
    if (status != GAZE_OK) gaze_close(m);
    return status;
}

gaze_status gaze_open(const char *path, const char *weights, gaze_model **out)
{
    const gaze_model_options options = {.weights = weights};
    gaze_context *context;
    GZ_TRY(gaze_context_create(NULL, &context));
    gaze_status status = gaze_model_open(context, path, &options, out);
    if (status == GAZE_OK)
        (*out)->owns_context = true;
    else
        gaze_context_destroy(context);
    return status;
}

void gaze_close(gaze_model *m)
{
    if (!m) return;
    gaze_context *context = m->owns_context ? m->context : NULL;
    gz_api_forget_plans(m);
    gz_store_destroy(m->store);
    gz_built_free(&m->probe);
    gz_model_free(m->file);
    free(m);
    if (context) gaze_context_destroy(context);
}

gaze_status gaze_model_save_weights(gaze_model *m, const char *path)
{
    GZ_TRY(gz_api_weights(m, false, 0));
    return gz_weights_save(path, m->file, &m->probe, m->store);
}

gaze_status gaze_model_save(gaze_model *m, const char *folder)
{
    gz_arena *arena;
    gaze_status status;
    GZ_TRY(gz_arena_create(&arena));
    const char *model = gz_path_join(arena, folder, "model.json"),
               *weights = gz_path_join(arena, folder, "weights.safetensors");
    GZ_GO(model && weights ? GAZE_OK : GAZE_ERROR_DEVICE);
    GZ_GO(gz_folder_make(folder, false));
    GZ_GO(gaze_model_save_weights(m, weights));
    GZ_GO(gz_file_write(model, m->file->text, m->file->text_size));
done:
    gz_arena_destroy(arena);
    return status;
}

const char *gaze_model_name(const gaze_model *m) { return m->file->name; }
const char *gaze_model_hash(const gaze_model *m) { return m->file->hash.text; }
const char *const *gaze_model_classes(const gaze_model *m) { return m->file->classes; }

size_t gaze_model_inputs(const gaze_model *m, const gaze_array **inputs)
{
    *inputs = m->inputs;
    return m->file->n_inputs;
}

size_t gaze_model_outputs(const gaze_model *m, const gaze_array **outputs)
{
    *outputs = m->outputs;
    return m->file->n_outputs;
}

size_t gaze_model_maps(const gaze_model *m, const gaze_map_info **maps)
{
    *maps = m->maps;
    return m->n_maps;
}
