#include "../base/philox.h"
#include "model_parts.h"

#include <stdlib.h>

static gz_key key_of(const char *what) { return gz_key_make(0, what); }

double gz_checked_weight(size_t j, size_t i)
{
    return (double)(float)(2 * gz_random_uniform(key_of("check weights"), j, i) - 1);
}

static gaze_status write_input(gz_checked *c, size_t i)
{
    const gz_tensor *input = c->built.inputs[i];
    const size_t count = gz_shape_count(input->shape), rows = c->built.ids[i].rows ? c->built.ids[i].rows : 2;
    const gz_key key = key_of("check inputs");
    union {
        float real;
        int32_t id;
    } * values;
    GZ_TRY(gz_allocate(count, sizeof *values, &values));
    for (size_t n = 0; n < count; n++) {
        if (input->dtype == GZ_I32)
            values[n].id = (int32_t)(gz_random_u32(key, i, n) % rows);
        else
            values[n].real = (float)(2 * gz_random_uniform(key, i, n) - 1);
    }
    const gaze_status status = gz_plan_write(c->plan, input, values);
    free(values);
    return status;
}

static gaze_status write_w(gz_checked *c, size_t j)
{
    const size_t count = gz_shape_count(c->w[j]->shape);
    float *values;
    GZ_TRY(gz_allocate(count, sizeof *values, &values));
    for (size_t n = 0; n < count; n++) values[n] = (float)gz_checked_weight(j, n);
    const gaze_status status = gz_plan_write(c->plan, c->w[j], values);
    free(values);
    return status;
}

static gaze_status feed(const gz_model *model, gz_checked *c)
{
    static const int32_t step[4] = {1, 0, 0, 0};
    if (c->built.step) GZ_TRY(gz_plan_write(c->plan, c->built.step, step));
    for (size_t i = 0; i < model->n_inputs; i++) GZ_TRY(write_input(c, i));
    for (size_t j = 0; c->w && j < model->n_outputs; j++) GZ_TRY(write_w(c, j));
    return GAZE_OK;
}

/* sum(w * output) [1] */
static gaze_status add_part(gz_checked *c, size_t j, gz_tensor **part)
{
    gz_graph *graph = c->built.graph;
    gz_tensor *output = c->built.outputs[j], *w;
    const gz_shape flat = GZ_SHAPE(1, gz_shape_count(output->shape));
    GZ_TRY(gz_graph_tensor(graph, GZ_INPUT, "check:w", GZ_F32, output->shape, &c->w[j]));
    GZ_TRY(gz_graph_view(graph, output, flat, &output));
    GZ_TRY(gz_graph_view(graph, c->w[j], flat, &w));
    return gz_row_dot(graph, output, w, 1, part);
}

static gaze_status add_gradients(const gz_model *model, gz_checked *c)
{
    gz_graph *graph = c->built.graph;
    const size_t n_weights = c->built.n_weights;
    gz_tensor **parameters = gz_arena_allocate(graph->arena, 2 * n_weights * sizeof *parameters),
              *parts[GZ_MAX_INPUTS], *sum;
    c->w = gz_arena_allocate(graph->arena, model->n_outputs * sizeof *c->w);
    c->gradient = gz_arena_allocate(graph->arena, n_weights * sizeof *c->gradient);
    if (!parameters || !c->w || !c->gradient) return GAZE_ERROR_DEVICE;
    if (model->n_outputs > GZ_MAX_INPUTS)
        return gz_fail(GAZE_ERROR_MODEL, "%zu outputs, at most %d can be checked", model->n_outputs,
                       GZ_MAX_INPUTS);
    size_t n = 0;
    for (size_t i = 0; i < n_weights; i++)
        if (c->built.weights[i].tensor->role == GZ_PARAMETER) parameters[n++] = c->built.weights[i].tensor;
    graph->scope = "check";
    for (size_t j = 0; j < model->n_outputs; j++) GZ_TRY(add_part(c, j, &parts[j]));
    sum = parts[0];
    if (model->n_outputs > 1) GZ_TRY(gz_add_all(graph, parts, model->n_outputs, &sum));
    GZ_TRY(gz_graph_gradients(graph, sum, parameters, n, parameters + n_weights));
    for (size_t i = 0, k = 0; i < n_weights; i++)
        if (c->built.weights[i].tensor->role == GZ_PARAMETER) c->gradient[i] = parameters[n_weights + k++];
    return GAZE_OK;
}

static gaze_status build(const gz_model *model, gz_build_options *build, gz_checked_mode mode, gz_checked *c)
{
    GZ_TRY(gz_model_build(model, build, &c->built));
    if (mode != GZ_CHECK_PREDICTION)
        for (size_t j = 0; j < model->n_outputs; j++) c->built.outputs[j]->keep = true;
    return mode == GZ_CHECK_GRADIENTS ? add_gradients(model, c) : GAZE_OK;
}

/* The names of all maps, from a first build. */
static gaze_status ask_for_maps(const gz_model *model, gz_build_options *build, gz_built *first)
{
    GZ_TRY(gz_model_build(model, build, first));
    const char **names = gz_arena_allocate(first->graph->arena, (first->n_maps + 1) * sizeof *names);
    if (!names) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < first->n_maps; i++) names[i] = first->maps[i].info.name;
    build->maps = names;
    build->n_maps = first->n_maps;
    return GAZE_OK;
}

gaze_status gz_checked_make(const gz_model *model, const gz_model_check_options *options, gz_device *device,
                            gz_store *store, gz_checked_mode mode, gz_checked *c)
{
    const bool training = mode != GZ_CHECK_PREDICTION;
    gz_build_options how = {.batch = options->batch ? options->batch : 2,
                            .inputs = options->inputs,
                            .training = training,
                            .forward_only = training};
    const gz_plan_options limits = {.memory_limit = options->memory_limit};
    gz_built first = {0};
    gaze_status status = GAZE_OK;
    *c = (gz_checked){.store = store};
    if (!training) GZ_GO(ask_for_maps(model, &how, &first));
    GZ_GO(build(model, &how, mode, c));
    GZ_GO(gz_plan_create(device, c->built.graph, store, &limits, &c->plan));
    GZ_GO(feed(model, c));
done:
    gz_built_free(&first);
    return status;
}

void gz_checked_free(gz_checked *c)
{
    gz_plan_destroy(c->plan);
    gz_built_free(&c->built);
    *c = (gz_checked){0};
}
