/* Prediction: named inputs in, named outputs and maps out, in pieces of the batch size. */
#include "derived.h"
#include "parts.h"
#include "../base/text.h"

#include <stdlib.h>
#include <string.h>

/* What a result is, and its number among those. */
typedef struct run_result {
    enum { FROM_NOWHERE, FROM_OUTPUT, FROM_MAP, FROM_LAYER, FROM_MODEL } from;
    size_t number;
    const gz_derived *derived; /* FROM_MODEL */
} run_result;

typedef struct run_job {
    gaze_model *model;
    gz_inputs inputs;
    gaze_array *results;
    size_t n_results;
    run_result *found; /* [n_results] */
    bool *kept;        /* [n_maps + n_layers] */
    const gaze_run_options *options;
    gaze_map_part *parts; /* [n_maps] */
    bool any;             /* result that a plan of the model makes */
} run_job;

static gaze_status unknown_layer(const gaze_model *m, const char *name)
{
    const size_t n = m->file->n_layers;
    const char **names = gz_arena_allocate(m->file->arena, (n + 1) * sizeof *names);
    if (!names) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < n; i++) names[i] = m->file->layers[i].name;
    return gz_fail(GAZE_ERROR_USAGE, "the model '%s' has no layer '%s'%s", m->file->name, name,
                   gz_did_you_mean(m->file->arena, name, names));
}

static gaze_status unknown_result(const gaze_model *m, const char *name)
{
    const size_t n = m->file->n_outputs + m->n_maps;
    const char **names = gz_arena_allocate(m->file->arena, (n + 1) * sizeof *names);
    if (!names) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < m->file->n_outputs; i++) names[i] = m->outputs[i].name;
    for (size_t i = 0; i < m->n_maps; i++) names[m->file->n_outputs + i] = m->maps[i].name;
    return gz_fail(GAZE_ERROR_USAGE, "the model '%s' has no output and no map '%s'%s", m->file->name, name,
                   gz_did_you_mean(m->file->arena, name, names));
}

static bool starts_with(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

static run_result find_output(const gaze_model *m, const char *name)
{
    for (size_t i = 0; i < m->file->n_outputs; i++)
        if (strcmp(m->outputs[i].name, name) == 0) return (run_result){.from = FROM_OUTPUT, .number = i};
    return (run_result){.from = FROM_NOWHERE};
}

static run_result find_map(const gaze_model *m, const char *name)
{
    for (size_t i = 0; i < m->n_maps; i++)
        if (strcmp(m->maps[i].name, name) == 0) return (run_result){.from = FROM_MAP, .number = i};
    return (run_result){.from = FROM_NOWHERE};
}

static run_result find_layer(const gaze_model *m, const char *name)
{
    for (size_t i = 0; i < m->file->n_layers; i++)
        if (strcmp(m->file->layers[i].name, name) == 0) return (run_result){.from = FROM_LAYER, .number = i};
    return (run_result){.from = FROM_NOWHERE};
}

/* "map:NAME", "layer:NAME", or the name of an output or else of a map. */
static run_result find_result(const gaze_model *m, const char *name)
{
    if (starts_with(name, "map:")) return find_map(m, name + strlen("map:"));
    if (starts_with(name, "layer:")) return find_layer(m, name + strlen("layer:"));
    const run_result output = find_output(m, name);
    return output.from == FROM_NOWHERE ? find_map(m, name) : output;
}

static gaze_status unknown(const gaze_model *m, const char *name)
{
    if (starts_with(name, "layer:")) return unknown_layer(m, name + strlen("layer:"));
    return unknown_result(m, starts_with(name, "map:") ? name + strlen("map:") : name);
}

/* A map that is worked out from the whole model. */
static gaze_status find_derived(gaze_model *m, const char *name, run_result *found)
{
    GZ_TRY(gz_derived_find(m, starts_with(name, "map:") ? name + strlen("map:") : name, &found->derived));
    if (found->derived) found->from = FROM_MODEL;
    return GAZE_OK;
}

static gaze_status match_results(run_job *job)
{
    gaze_model *m = job->model;
    for (size_t r = 0; r < job->n_results; r++) {
        run_result found = find_result(m, job->results[r].name);
        if (found.from == FROM_NOWHERE) GZ_TRY(find_derived(m, job->results[r].name, &found));
        if (found.from == FROM_NOWHERE) return unknown(m, job->results[r].name);
        if (found.from == FROM_MAP) job->kept[found.number] = true;
        if (found.from == FROM_LAYER) job->kept[m->n_maps + found.number] = true;
        job->found[r] = found;
        job->any |= found.from != FROM_MODEL;
    }
    return GAZE_OK;
}

static gz_tensor *result_tensor(const run_job *job, const gz_ready *ready, size_t r)
{
    const run_result found = job->found[r];
    if (found.from == FROM_OUTPUT) return ready->built.outputs[found.number];
    return found.from == FROM_MAP ? ready->built.maps[found.number].tensor
                                  : ready->built.layers[found.number];
}

/* The first piece shows the results' shapes. */
static gaze_status allocate_results(run_job *job, const gz_ready *ready)
{
    for (size_t r = 0; r < job->n_results; r++) {
        if (job->found[r].from == FROM_MODEL) continue;
        const gz_tensor *x = result_tensor(job, ready, r);
        gaze_array *result = &job->results[r];
        size_t count;
        result->dtype = (gaze_dtype)x->dtype;
        result->rank = x->shape.rank;
        memcpy(result->shape, x->shape.dim, x->shape.rank * sizeof *result->shape);
        result->shape[0] = job->inputs.batch;
        if (!gz_multiply(gz_shape_count(x->shape) / x->shape.dim[0], job->inputs.batch, &count))
            return gz_fail_memory(SIZE_MAX);
        GZ_TRY(gz_allocate(count, 4, &result->data));
    }
    return GAZE_OK;
}

static gaze_status run_piece(run_job *job, size_t first, size_t count)
{
    const gz_wanted wanted = {count, job->inputs.shapes, job->kept, job->parts};
    gz_ready *ready;
    GZ_TRY(gz_api_ready(job->model, &wanted, &ready));
    if (!first) GZ_TRY(allocate_results(job, ready));
    GZ_TRY(gz_inputs_lend(&job->inputs, job->model, &ready->built, ready->plan, first));
    GZ_TRY(gz_plan_run(ready->plan));
    for (size_t r = 0; r < job->n_results; r++) {
        if (job->found[r].from == FROM_MODEL) continue;
        const gz_tensor *x = result_tensor(job, ready, r);
        GZ_TRY(gz_plan_read(ready->plan, x, (char *)job->results[r].data + gz_samples_bytes(x, first)));
    }
    return GAZE_OK;
}

static gaze_status run_derived(const run_job *job, const gaze_array *inputs, size_t n_inputs)
{
    for (size_t r = 0; r < job->n_results; r++) {
        const gz_derived *map = job->found[r].derived;
        if (!map) continue;
        GZ_TRY(map->how->run(job->model, map, inputs, n_inputs, job->options->batch_size, &job->results[r]));
        GZ_TRY(gz_parts_cut(job->options, &map->info, &job->results[r]));
    }
    return GAZE_OK;
}

static gaze_status allocate_job(run_job *job)
{
    const gz_model *file = job->model->file;
    GZ_TRY(gz_allocate(job->n_results, sizeof *job->found, &job->found));
    GZ_TRY(gz_allocate(job->model->n_maps, sizeof *job->parts, &job->parts));
    return gz_allocate(job->model->n_maps + file->n_layers, sizeof *job->kept, &job->kept);
}

gaze_status gaze_run_with(gaze_model *model, const gaze_array *inputs, size_t n_inputs, gaze_array *results,
                          size_t n_results, const gaze_run_options *options)
{
    run_job job = {.model = model,
                   .results = results,
                   .n_results = n_results,
                   .options = options ? options : &(gaze_run_options){0}};
    const size_t piece = job.options->batch_size ? job.options->batch_size : GZ_DEFAULT_PIECE;
    gaze_status status;
    for (size_t r = 0; r < n_results; r++) results[r].data = NULL;
    GZ_GO(allocate_job(&job));
    GZ_GO(gz_inputs_match(model, inputs, n_inputs, &job.inputs));
    GZ_GO(match_results(&job));
    GZ_GO(gz_parts_match(model, job.options, job.parts));
    for (size_t first = 0; job.any && first < job.inputs.batch; first += piece)
        GZ_GO(run_piece(&job, first, job.inputs.batch - first < piece ? job.inputs.batch - first : piece));
    GZ_GO(run_derived(&job, inputs, n_inputs));
done:
    for (size_t r = 0; status != GAZE_OK && r < n_results; r++) {
        free(results[r].data);
        results[r].data = NULL;
    }
    gz_inputs_free(&job.inputs);
    free(job.found);
    free(job.kept);
    free(job.parts);
    return status;
}

gaze_status gaze_run(gaze_model *model, const gaze_array *inputs, size_t n_inputs, gaze_array *results,
                     size_t n_results, size_t batch_size)
{
    return gaze_run_with(model, inputs, n_inputs, results, n_results,
                         &(gaze_run_options){.batch_size = batch_size});
}

/* For the two calls of the simple part: the only input, float32, nothing open. */
static gaze_status only_input(const gaze_model *m, size_t batch, const float *values, gaze_array *input)
{
    const gaze_array *known = m->inputs;
    if (m->file->n_inputs != 1 || known->dtype != GAZE_FLOAT32)
        return gz_fail(
            GAZE_ERROR_USAGE,
            "the model '%s' has %zu inputs, the first of type %s; expected one of float32: call gaze_run",
            m->file->name, m->file->n_inputs, gz_type_name(known->dtype));
    for (size_t i = 1; i < known->rank; i++)
        if (!known->shape[i])
            return gz_fail(GAZE_ERROR_USAGE,
                           "the model '%s' leaves a dimension of its input '%s' open: call gaze_run",
                           m->file->name, known->name);
    *input = *known;
    input->shape[0] = batch;
    void *data;
    memcpy(&data, &values, sizeof data); /* gaze_array serves results too, so its data is not const */
    input->data = data;
    return GAZE_OK;
}

static gaze_status run_one(gaze_model *model, const char *name, size_t batch, const float *values, float *out)
{
    gaze_array input, result = {.name = name};
    GZ_TRY(only_input(model, batch, values, &input));
    GZ_TRY(gaze_run(model, &input, 1, &result, 1, 0));
    size_t count = 1;
    for (size_t i = 0; i < result.rank; i++) count *= result.shape[i];
    memcpy(out, result.data, count * sizeof *out);
    free(result.data);
    return GAZE_OK;
}

gaze_status gaze_predict(gaze_model *model, size_t batch, const float *input, float *output)
{
    return run_one(model, model->outputs[0].name, batch, input, output);
}

gaze_status gaze_map(gaze_model *model, const char *name, size_t batch, const float *input, float *map)
{
    char *text = gz_arena_format(model->file->arena, "map:%s", name);
    return text ? run_one(model, text, batch, input, map) : GAZE_ERROR_DEVICE;
}
