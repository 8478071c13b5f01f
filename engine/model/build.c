#include "build_parts.h"
#include "ids.h"
#include "../ops/fuse.h"
#include "../base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

gz_graph *gz_build_graph(gz_build *build) { return build->built->graph; }
bool gz_build_training(const gz_build *build) { return build->options->training; }
uint64_t gz_build_seed(const gz_build *build) { return build->options->seed; }

gaze_status gz_build_step(gz_build *build, gz_tensor **step)
{
    gz_built *built = build->built;
    if (!built->step)
        GZ_TRY(gz_graph_tensor(built->graph, GZ_INPUT, "step", GZ_I32, GZ_SHAPE(4), &built->step));
    *step = built->step;
    return GAZE_OK;
}

void gz_build_ids(gz_build *build, const gz_layer *layer, gz_tensor *ids, size_t rows)
{
    gz_ids_limit(build->model, build->built, ids, layer, rows);
}

static gz_built_weight *find_weight(const gz_built *built, const char *name)
{
    for (size_t i = 0; i < built->n_weights; i++)
        if (strcmp(built->weights[i].name, name) == 0) return &built->weights[i];
    return NULL;
}

static gaze_status check_shared(const gz_layer *layer, const gz_built_weight *known, const char *name,
                                gz_shape shape)
{
    char had[96], wanted[96];
    if (layer->weights_of == layer->name)
        return gz_layer_fail(layer,
                             "its weight '%s' is also one of layer '%s', expected names that stay apart",
                             name, known->layer->name);
    if (gz_shape_equal(known->tensor->shape, shape)) return GAZE_OK;
    return gz_layer_fail(
        layer, "shares the weight '%s' of layer '%s', which has the shape %s; its input '%s' needs %s", name,
        layer->weights_of, gz_shape_text(known->tensor->shape, had), layer->inputs[0],
        gz_shape_text(shape, wanted));
}

static gaze_status build_weight(gz_build *build, const gz_layer *layer, gz_role role, const char *weight,
                                gz_shape shape, gz_initializer initializer, gz_tensor **out)
{
    gz_built *built = build->built;
    const char *name = gz_arena_format(built->graph->arena, "%s.%s", layer->weights_of, weight);
    if (!name) return GAZE_ERROR_DEVICE;
    const gz_built_weight *known = find_weight(built, name);
    if (known) {
        *out = known->tensor;
        return check_shared(layer, known, name, shape);
    }
    if (layer->weights_of != layer->name)
        return gz_layer_fail(layer, "shares the weights of layer '%s', which has no '%s'", layer->weights_of,
                             weight);
    GZ_TRY(gz_graph_tensor(built->graph, role, name, GZ_F32, shape, out));
    GZ_TRY(gz_grow(&built->weights, &build->weights_capacity, built->n_weights + 1, sizeof *built->weights));
    built->weights[built->n_weights++] = (gz_built_weight){name, layer, initializer, *out};
    return GAZE_OK;
}

gaze_status gz_build_weight(gz_build *build, const gz_layer *layer, const char *weight, gz_shape shape,
                            gz_initializer initializer, gz_tensor **out)
{
    return build_weight(build, layer, GZ_PARAMETER, weight, shape, initializer, out);
}

gaze_status gz_build_statistic(gz_build *build, const gz_layer *layer, const char *weight, gz_shape shape,
                               gz_initializer initializer, gz_tensor **out)
{
    return build_weight(build, layer, GZ_STATE, weight, shape, initializer, out);
}

static gaze_status check_input_shape(const gz_model_input *input, gz_shape given)
{
    bool fits = given.rank == input->shape.rank;
    for (size_t i = 0; fits && i < given.rank; i++)
        if (!given.dim[i] || (input->shape.dim[i] && input->shape.dim[i] != given.dim[i])) fits = false;
    if (fits) return GAZE_OK;
    char found[96], expected[96];
    return gz_fail(GAZE_ERROR_DATA, "input '%s' has the shape %s, expected %s (?: any size)", input->name,
                   gz_shape_text(given, found), gz_shape_text_open(input->shape, expected));
}

static gaze_status build_input(gz_build *build, size_t i)
{
    gz_built *built = build->built;
    const gz_model_input *input = &build->model->inputs[i];
    const gz_shape sample = build->options->inputs ? build->options->inputs[i] : input->shape;
    GZ_TRY(check_input_shape(input, sample));
    gz_shape shape = {.rank = sample.rank + 1, .dim = {build->options->batch}};
    memcpy(shape.dim + 1, sample.dim, sample.rank * sizeof *sample.dim);
    GZ_TRY(gz_graph_tensor(built->graph, GZ_INPUT, input->name, input->dtype, shape, &built->inputs[i]));
    build->flows[i].x = built->inputs[i];
    if (sample.rank == 3 && input->dtype == GZ_F32) build->flows[i].field = gz_field_image();
    return GAZE_OK;
}

/* Every name was checked when the file was read. */
static gz_flow find_flow(const gz_build *build, const char *name)
{
    const gz_model *model = build->model;
    for (size_t i = 0; i < model->n_inputs; i++)
        if (strcmp(model->inputs[i].name, name) == 0) return build->flows[i];
    for (size_t i = 0; i < build->n_states; i++)
        if (strcmp(build->states[i].name, name) == 0) return (gz_flow){.x = build->states[i].value};
    size_t i = 0;
    while (strcmp(model->layers[i].name, name) != 0) i++;
    return build->flows[model->n_inputs + i];
}

static gaze_status build_layer(gz_build *build, size_t i)
{
    const gz_layer *layer = &build->model->layers[i];
    gz_flow in[GZ_MAX_INPUTS], *out = &build->flows[build->model->n_inputs + i];
    for (size_t j = 0; j < layer->n_inputs; j++) in[j] = find_flow(build, layer->inputs[j]);
    build->built->graph->scope = layer->name;
    GZ_TRY(layer->type->build(build, layer, layer->options, in, layer->n_inputs, out));
    build->built->layers[i] = out->x;
    build->built->fields[i] = out->field;
    if (gz_is_among(build->options->layers, build->options->n_layers, layer->name)) out->x->keep = true;
    return GAZE_OK;
}

static gaze_status check_classes(const gz_model *model, const gz_built *built)
{
    const size_t found = gz_shape_last(built->outputs[0]->shape);
    if (!model->classes || model->n_classes == found) return GAZE_OK;
    return gz_fail(GAZE_ERROR_MODEL,
                   "key 'classes': found %zu names, expected %zu, as many as the output '%s' has values",
                   model->n_classes, found, model->outputs[0]);
}

static gaze_status build_outputs(gz_build *build)
{
    const gz_model *model = build->model;
    for (size_t i = 0; i < model->n_outputs; i++) {
        build->built->outputs[i] = find_flow(build, model->outputs[i]).x;
        if (!build->options->training) build->built->outputs[i]->keep = true;
    }
    GZ_TRY(check_classes(model, build->built));
    return gz_decode_check(model, build->built);
}

static gaze_status allocate(gz_build *build)
{
    const gz_model *model = build->model;
    gz_built *built = build->built;
    gz_arena *arena = built->graph->arena;
    built->batch = build->options->batch;
    build->flows = gz_arena_allocate(arena, (model->n_inputs + model->n_layers) * sizeof *build->flows);
    built->inputs = gz_arena_allocate(arena, model->n_inputs * sizeof(gz_tensor *));
    built->ids = gz_arena_allocate(arena, model->n_inputs * sizeof *built->ids);
    built->layers = gz_arena_allocate(arena, model->n_layers * sizeof(gz_tensor *));
    built->fields = gz_arena_allocate(arena, model->n_layers * sizeof *built->fields);
    built->outputs = gz_arena_allocate(arena, model->n_outputs * sizeof(gz_tensor *));
    const bool all =
        build->flows && built->inputs && built->ids && built->layers && built->fields && built->outputs;
    return all ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static gaze_status build_all(gz_build *build)
{
    const gz_model *model = build->model;
    const gz_build_options *options = build->options;
    GZ_TRY(gz_graph_create(options->training || options->gradients, &build->built->graph));
    GZ_TRY(allocate(build));
    for (size_t i = 0; i < model->n_inputs; i++) GZ_TRY(build_input(build, i));
    for (size_t i = 0; i < model->n_layers; i++) GZ_TRY(build_layer(build, i));
    GZ_TRY(build_outputs(build));
    GZ_TRY(gz_build_check_maps(build));
    if (options->forward_only) return GAZE_OK;
    if (options->training || options->loss) GZ_TRY(gz_build_loss(model, build->built));
    if (options->training) GZ_TRY(gz_build_update(model, options, build->built));
    return options->gradients && !options->training ? GAZE_OK : gz_fuse(build->built->graph);
}

gaze_status gz_model_build(const gz_model *model, const gz_build_options *options, gz_built *built)
{
    *built = (gz_built){0};
    if (!options->forward_only && (options->training || options->loss)) GZ_TRY(gz_model_check_loss(model));
    gz_build build = {.model = model, .options = options, .built = built};
    gaze_status status = build_all(&build);
    free(build.states);
    if (status != GAZE_OK) gz_built_free(built);
    return gz_fail_context(status, "%s", model->path);
}

void gz_built_free(gz_built *built)
{
    free(built->weights);
    free(built->maps);
    free(built->draws);
    gz_graph_destroy(built->graph);
    *built = (gz_built){0};
}
