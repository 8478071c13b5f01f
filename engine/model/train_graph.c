/* What training adds to a forward graph: label, loss, metrics, gradients, the optimizer's update. */
#include "build.h"
#include "../ops/fuse.h"

#include <stdio.h>
#include <stdlib.h>

static gaze_status add_label(gz_loss loss, gz_graph *graph, const gz_tensor *output, gz_tensor **label)
{
    gz_shape shape = output->shape;
    if (loss == GZ_LOSS_CATEGORICAL_CROSSENTROPY)
        return gz_graph_tensor(graph, GZ_INPUT, "label", GZ_F32, shape, label);
    shape.rank--;
    return gz_graph_tensor(graph, GZ_INPUT, "label", GZ_I32, shape, label);
}

/* The softmax that makes the output, or NULL. */
static const gz_node *softmax_behind(const gz_tensor *output)
{
    const gz_node *producer = output->producer;
    return producer && producer->op == &gz_op_softmax && !producer->in[1] ? producer : NULL;
}

gz_tensor *gz_built_scores(const gz_built *built)
{
    const gz_node *softmax = softmax_behind(built->outputs[0]);
    return softmax ? softmax->in[0] : built->outputs[0];
}

/* The loss makes the softmax on its way: if it is the last node, nothing else reads it, and p takes its
 * place. */
static void replace_output(gz_built *built, const gz_model *model, const gz_node *softmax, gz_tensor *p)
{
    gz_graph *graph = built->graph;
    gz_tensor *output = built->outputs[0];
    if (graph->nodes[graph->n_nodes - 2] != softmax) return;
    graph->nodes[graph->n_nodes - 2] = graph->nodes[graph->n_nodes - 1];
    graph->n_nodes--;
    p->keep = output->keep;
    for (size_t i = 0; i < model->n_outputs; i++)
        if (built->outputs[i] == output) built->outputs[i] = p;
    for (size_t i = 0; i < model->n_layers; i++)
        if (built->layers[i] == output) built->layers[i] = p;
}

static gaze_status add_loss(const gz_model *model, gz_built *built, gz_tensor **row_loss, gz_tensor **p)
{
    const gz_node *softmax = softmax_behind(built->outputs[0]);
    *p = built->outputs[0];
    if (!softmax) return gz_cross_entropy(built->graph, *p, built->label, &built->loss, row_loss);
    GZ_TRY(gz_softmax_cross_entropy(built->graph, softmax->in[0], built->label, &built->loss, row_loss, p));
    replace_output(built, model, softmax, *p);
    return GAZE_OK;
}

/* Loss and metrics are those of the first output. */
gaze_status gz_model_check_loss(const gz_model *model)
{
    if (model->loss != GZ_LOSS_NONE) return GAZE_OK;
    return gz_fail(GAZE_ERROR_MODEL,
                   "%s: key 'loss' is missing: add \"loss\": \"sparse_categorical_crossentropy\"",
                   model->path);
}

gaze_status gz_build_loss(const gz_model *model, gz_built *built)
{
    gz_graph *graph = built->graph;
    gz_tensor *p;
    graph->scope = "loss";
    GZ_TRY(add_label(model->loss, graph, built->outputs[0], &built->label));
    GZ_TRY(add_loss(model, built, &built->row_loss, &p));
    built->loss->keep = true;
    graph->scope = "metrics";
    GZ_TRY(gz_graph_tensor(graph, GZ_STATE, GZ_SUMS, GZ_F32, GZ_SHAPE(4), &built->sums));
    return gz_metrics(graph, built->row_loss, p, built->label, built->sums);
}

/* What the losses teach the probabilities of choices that were drawn. */
static gaze_status add_draws(gz_built *built, gz_further_gradient *further)
{
    gz_graph *graph = built->graph;
    for (size_t i = 0; i < built->n_draws; i++) {
        const gz_built_draw *draw = &built->draws[i];
        gz_tensor *average;
        graph->scope = draw->average;
        GZ_TRY(gz_graph_tensor(graph, GZ_STATE, draw->average, GZ_F32, GZ_SHAPE(2), &average));
        further[i].tensor = draw->a;
        GZ_TRY(gz_reinforce(graph, draw->a, draw->choice, built->row_loss, average, &further[i].gradient));
    }
    return GAZE_OK;
}

static gaze_status add_gradients(gz_built *built)
{
    gz_tensor **both = gz_arena_allocate(built->graph->arena, 2 * built->n_weights * sizeof *both);
    gz_further_gradient *further =
        gz_arena_allocate(built->graph->arena, (built->n_draws + 1) * sizeof *further);
    if (!both || !further) return GAZE_ERROR_DEVICE;
    size_t n = 0;
    for (size_t i = 0; i < built->n_weights; i++)
        if (built->weights[i].tensor->role == GZ_PARAMETER) both[n++] = built->weights[i].tensor;
    if (!n) return gz_fail(GAZE_ERROR_MODEL, "the model has no weights, so there is nothing to train");
    GZ_TRY(add_draws(built, further));
    return gz_graph_gradients_with(built->graph, built->loss, further, built->n_draws, both, n, both + n);
}

static gaze_status add_slab(gz_graph *graph, const char *name, size_t floats, gz_tensor **slab)
{
    return gz_graph_tensor(graph, GZ_STATE, name, GZ_F32, GZ_SHAPE(floats), slab);
}

gaze_status gz_build_update(const gz_model *model, const gz_build_options *options, gz_built *built)
{
    gz_graph *graph = built->graph;
    const gz_optimizer_attr *attr = options->optimizer ? &options->optimizer->attr : &model->optimizer.attr;
    const size_t n_moments = gz_optimizer_moments(attr);
    gz_tensor *parameter, *gradient, *moments[GZ_MAX_INPUTS] = {0};
    GZ_TRY(gz_fuse_forward(graph));
    GZ_TRY(add_gradients(built));
    graph->scope = "optimizer";
    GZ_TRY(add_slab(graph, "slab:parameter", options->slab_floats, &parameter));
    GZ_TRY(add_slab(graph, "slab:gradient", options->slab_floats, &gradient));
    for (size_t i = 0; i < n_moments; i++) {
        char name[32];
        snprintf(name, sizeof name, "slab:moment%zu", i);
        GZ_TRY(add_slab(graph, name, options->slab_floats, &moments[i]));
    }
    GZ_TRY(gz_graph_tensor(graph, GZ_INPUT, "hyper", GZ_F32, GZ_SHAPE(4), &built->hyper));
    return gz_optimizer(graph, attr, parameter, gradient, built->hyper, moments);
}
