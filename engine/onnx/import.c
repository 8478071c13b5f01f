#include "import.h"

#include <stdlib.h>
#include <string.h>

/* Opsets of the default domain that the operators here were read in. */
enum { OLDEST = 7, NEWEST = 26 };

/* What weights may take, against a small file that asks for much: kernels of grouped convolutions grow by the
   number of groups. */
enum { LEAST_BUDGET = 1 << 26, BUDGET_PER_BYTE = 64 };

static gaze_status read_opset(gz_import *im, const Onnx__ModelProto *model)
{
    for (size_t i = 0; i < model->n_opset_import; i++) {
        const char *domain = gz_proto_text(model->opset_import[i]->domain);
        if (!*domain || !strcmp(domain, "ai.onnx")) im->opset = model->opset_import[i]->version;
    }
    if (im->opset >= OLDEST && im->opset <= NEWEST) return GAZE_OK;
    return gz_fail(
        GAZE_ERROR_MODEL,
        "%s: its operators are those of opset %lld, expected %d to %d; export it again with one of these",
        im->path, (long long)im->opset, OLDEST, NEWEST);
}

static gaze_status add_softmax(gz_import *im, gz_net_at *output)
{
    gz_net_layer *layer;
    GZ_TRY(gz_net_add(&im->net, "activation", "softmax", *output, output->layer->rank, output->layer->dim,
                      &layer));
    GZ_TRY(gz_net_option(&im->net, layer, "activation", "\"softmax\""));
    for (size_t i = 0; i < im->n_arrays; i++)
        if (im->arrays[i].layer == output->layer && im->arrays[i].output) im->arrays[i].layer = layer;
    *output = (gz_net_at){layer, NULL};
    return GAZE_OK;
}

/* An output that can't be had is one more line of the list, unless a node before it is in there. */
static gaze_status read_outputs(gz_import *im, gz_net_at *outputs)
{
    for (size_t i = 0; i < im->graph->n_output; i++) {
        const gaze_status status = gz_output_read(im, gz_proto_text(im->graph->output[i]->name), &outputs[i]);
        if (status == GAZE_ERROR_MODEL && !im->n_refused)
            gz_text_add(&im->refused, "  %s\n", gaze_message()), im->n_refused++;
        if (status != GAZE_OK && status != GAZE_ERROR_MODEL) return status;
    }
    if (im->n_refused || !im->options->softmax) return GAZE_OK;
    return add_softmax(im, &outputs[0]);
}

static gaze_status refuse(gz_import *im, gz_onnx_model *model)
{
    model->n_refused = im->n_refused;
    GZ_TRY(gz_text_take(&im->refused, &model->refused));
    return gz_fail(GAZE_ERROR_MODEL, "%s: %zu of its %zu nodes can't be taken%s", im->path, im->n_refused,
                   im->graph->n_node, im->n_lost ? ", and with them those behind them" : "");
}

static gaze_status collect_weights(gz_import *im, gz_onnx_model *model)
{
    size_t n = 0;
    for (gz_net_layer *l = im->net.first; l; l = l->next) n += l->n_weights;
    model->weights = gz_arena_allocate(im->arena, (n + 1) * sizeof *model->weights);
    if (!model->weights) return GAZE_ERROR_DEVICE;
    for (gz_net_layer *l = im->net.first; l; l = l->next) {
        model->n_layers += l->type != NULL;
        for (size_t i = 0; i < l->n_weights; i++) {
            gaze_array *w = &model->weights[model->n_weights++];
            *w = l->weights[i];
            if (!(w->name = gz_arena_format(im->arena, "%s.%s", l->name, w->name))) return GAZE_ERROR_DEVICE;
        }
    }
    return GAZE_OK;
}

static bool has_softmax(const gz_net_at *output)
{
    const char *word = gz_net_find_option(output->layer, "activation");
    return word && !strcmp(word, "\"softmax\"");
}

static gaze_status finish(gz_import *im, const Onnx__ModelProto *proto, gz_onnx_model *model)
{
    const char *stem = gz_path_stem(im->arena, im->path), *base = strrchr(im->path, '/');
    gz_net_at *outputs = gz_arena_allocate(im->arena, im->graph->n_output * sizeof *outputs);
    if (!stem || !outputs) return GAZE_ERROR_DEVICE;
    GZ_TRY(read_outputs(im, outputs));
    if (im->n_refused) return refuse(im, model);
    GZ_TRY(gz_net_tidy(&im->net, outputs, im->graph->n_output));
    for (size_t i = 0, n = im->graph->n_input; i < im->n_arrays; i++) {
        gz_onnx_array *a = &im->arrays[i];
        if (a->output) a->layer = outputs[i - (im->n_arrays - im->graph->n_output)].layer;
        a->name = a->layer->name;
        (void)n;
    }
    GZ_TRY(collect_weights(im, model));
    const char *made_by = gz_proto_text(proto->producer_name);
    const char *about =
        gz_arena_format(im->arena, "Imported from %s (%s%sopset %lld).", base ? base + 1 : im->path, made_by,
                        *made_by ? ", " : "", (long long)im->opset);
    if (!about) return GAZE_ERROR_DEVICE;
    return gz_net_write(&im->net, stem, about, outputs, im->graph->n_output,
                        has_softmax(&outputs[0]) ? "sparse_categorical_crossentropy" : NULL, &model->json);
}

gaze_status gz_onnx_read(const char *path, const gz_onnx_options *options, gz_onnx_model *model)
{
    static const gz_onnx_options none;
    Onnx__ModelProto *proto;
    size_t size;
    gz_import im = {.path = path, .options = options ? options : &none};
    gaze_status status;
    *model = (gz_onnx_model){0};
    GZ_TRY(gz_arena_create(&model->arena));
    im.arena = im.net.arena = model->arena;
    GZ_GO(gz_proto_read(im.arena, path, &size, &proto));
    im.graph = proto->graph;
    im.net.budget = LEAST_BUDGET + BUDGET_PER_BYTE * size;
    GZ_GO(read_opset(&im, proto));
    if (!im.graph->n_output) {
        status = gz_fail(GAZE_ERROR_MODEL, "%s: it has no output", path);
        goto done;
    }
    im.arrays = gz_arena_allocate(im.arena, (im.graph->n_input + im.graph->n_output) * sizeof *im.arrays);
    if (!im.arrays) {
        status = GAZE_ERROR_DEVICE;
        goto done;
    }
    GZ_GO(gz_graph_walk(&im));
    model->n_nodes = im.graph->n_node;
    GZ_GO(finish(&im, proto, model));
    model->arrays = im.arrays;
    model->n_arrays = im.n_arrays;
done:
    free(im.refused.chars);
    if (status != GAZE_OK && !strstr(gaze_message(), path)) gz_fail_context(status, "%s", path);
    return status;
}

void gz_onnx_free(gz_onnx_model *model)
{
    free(model->json);
    free(model->refused);
    gz_arena_destroy(model->arena);
    *model = (gz_onnx_model){0};
}
