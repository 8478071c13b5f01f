/* Reverse mode: nodes are visited from the last to the first; each appends the nodes of its own gradient. */
#include "ops.h"

#include <stdlib.h>

typedef struct reverse {
    gz_graph *graph;
    size_t n_tensors, n_nodes; /* of the forward part */
    bool *needed;              /* [n_tensors] a wanted parameter lies behind it */
    gz_tensor **gradient;      /* [n_tensors] sum so far, at the tensor's base */
} reverse;

/* Contributions to views are contributions to the memory behind them. */
static gaze_status accumulate(reverse *r, gz_tensor *tensor, gz_tensor *contribution)
{
    gz_tensor *base = gz_tensor_base(tensor), *seen;
    GZ_TRY(gz_graph_view(r->graph, contribution, base->shape, &seen));
    gz_tensor **sum = &r->gradient[base->index];
    if (!*sum) {
        *sum = seen;
        return GAZE_OK;
    }
    return gz_add_all(r->graph, (gz_tensor *[]){*sum, seen}, 2, sum);
}

static void mark_needed(reverse *r, gz_tensor *const *parameters, size_t n_parameters)
{
    for (size_t i = 0; i < n_parameters; i++) r->needed[gz_tensor_base(parameters[i])->index] = true;
    for (size_t n = 0; n < r->n_nodes; n++) {
        const gz_node *node = r->graph->nodes[n];
        bool any = false;
        for (size_t i = 0; i < node->n_in; i++)
            if (node->in[i] && r->needed[gz_tensor_base(node->in[i])->index]) any = true;
        for (size_t i = 0; any && i < node->n_out; i++) r->needed[node->out[i]->index] = true;
    }
}

static gaze_status reverse_node(reverse *r, const gz_node *node)
{
    gz_tensor *dout[GZ_MAX_OUTPUTS] = {0}, *din[GZ_MAX_INPUTS] = {0};
    bool wanted[GZ_MAX_INPUTS] = {0}, any_in = false, any_out = false;
    for (size_t i = 0; i < node->n_out; i++) {
        gz_tensor *sum = r->gradient[node->out[i]->index];
        if (!sum) continue;
        GZ_TRY(gz_graph_view(r->graph, sum, node->out[i]->shape, &dout[i]));
        any_out = true;
    }
    for (size_t i = 0; i < node->n_in; i++) {
        wanted[i] =
            node->in[i] && node->in[i]->dtype == GZ_F32 && r->needed[gz_tensor_base(node->in[i])->index];
        any_in |= wanted[i];
    }
    if (!any_in || !any_out) return GAZE_OK;
    if (!node->op->gradient)
        return gz_fail(GAZE_ERROR_MODEL,
                       "layer '%s': op %s has no gradient, so nothing before it can be trained", node->name,
                       node->op->name);
    r->graph->scope = node->name;
    GZ_TRY(node->op->gradient(r->graph, node, dout, wanted, din));
    for (size_t i = 0; i < node->n_in; i++)
        if (wanted[i] && din[i]) GZ_TRY(accumulate(r, node->in[i], din[i]));
    return GAZE_OK;
}

/* The last node that contributes writes straight into the gradient slab, unless the gradient is a view of
 * something shared. */
static gaze_status claim(reverse *r, gz_tensor *parameter, gz_tensor **gradient)
{
    gz_tensor *sum = r->gradient[gz_tensor_base(parameter)->index];
    if (!(*gradient = sum)) return GAZE_OK;
    gz_tensor *base = gz_tensor_base(sum);
    if (base->is_gradient || base->role != GZ_VALUE) {
        r->graph->scope = parameter->name;
        GZ_TRY(gz_scale(r->graph, sum, 1.0, &sum));
        base = sum;
    }
    base->is_gradient = true;
    base->of = parameter;
    return gz_graph_view(r->graph, base, parameter->shape, gradient);
}

gaze_status gz_graph_gradients(gz_graph *graph, gz_tensor *loss, gz_tensor *const *parameters,
                               size_t n_parameters, gz_tensor **gradients)
{
    return gz_graph_gradients_with(graph, loss, NULL, 0, parameters, n_parameters, gradients);
}

static gaze_status start(reverse *r, gz_tensor *const *wanted, size_t n_wanted)
{
    GZ_TRY(gz_allocate(r->n_tensors, sizeof *r->needed, &r->needed));
    GZ_TRY(gz_allocate(r->n_tensors, sizeof *r->gradient, &r->gradient));
    mark_needed(r, wanted, n_wanted);
    return GAZE_OK;
}

static void finish(reverse *r, const char *scope)
{
    r->graph->scope = scope;
    free(r->needed);
    free(r->gradient);
}

static gaze_status go_back(reverse *r)
{
    for (size_t n = r->n_nodes; n-- > 0;) GZ_TRY(reverse_node(r, r->graph->nodes[n]));
    return GAZE_OK;
}

gaze_status gz_graph_gradients_with(gz_graph *graph, gz_tensor *loss, const gz_further_gradient *further,
                                    size_t n_further, gz_tensor *const *parameters, size_t n_parameters,
                                    gz_tensor **gradients)
{
    reverse r = {.graph = graph, .n_tensors = graph->n_tensors, .n_nodes = graph->n_nodes};
    const char *scope = graph->scope;
    gaze_status status;
    GZ_GO(start(&r, parameters, n_parameters));
    /* the seed dloss/dloss = 1 is an input that the plan fills with one */
    GZ_GO(gz_graph_tensor(graph, GZ_INPUT, GZ_CONSTANT_ONE, GZ_F32, loss->shape, &r.gradient[loss->index]));
    for (size_t i = 0; i < n_further; i++) GZ_GO(accumulate(&r, further[i].tensor, further[i].gradient));
    GZ_GO(go_back(&r));
    for (size_t i = 0; i < n_parameters; i++) GZ_GO(claim(&r, parameters[i], &gradients[i]));
done:
    finish(&r, scope);
    return status;
}

gaze_status gz_graph_gradients_of(gz_graph *graph, gz_tensor *from, gz_tensor *seed, gz_tensor *const *of,
                                  size_t n, gz_tensor **gradients)
{
    reverse r = {.graph = graph, .n_tensors = graph->n_tensors, .n_nodes = graph->n_nodes};
    const char *scope = graph->scope;
    gaze_status status;
    GZ_GO(start(&r, of, n));
    GZ_GO(accumulate(&r, from, seed));
    GZ_GO(go_back(&r));
    for (size_t i = 0; i < n; i++) {
        gz_tensor *sum = r.gradient[gz_tensor_base(of[i])->index];
        gradients[i] = NULL;
        if (sum) GZ_GO(gz_graph_view(graph, sum, of[i]->shape, &gradients[i]));
    }
done:
    finish(&r, scope);
    return status;
}
