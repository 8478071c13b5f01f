#include "fuse.h"
#include "ops.h"

#include <stdlib.h>

/* Of each tensor with memory of its own: the nodes that read it, and whether the host does. */
typedef struct use {
    size_t readers;
    bool keep;
} use;

static void count_uses(const gz_graph *graph, use *uses)
{
    for (size_t i = 0; i < graph->n_tensors; i++)
        if (graph->tensors[i]->keep) uses[gz_tensor_base(graph->tensors[i])->index].keep = true;
    for (size_t n = 0; n < graph->n_nodes; n++)
        for (size_t i = 0; i < graph->nodes[n]->n_in; i++)
            if (graph->nodes[n]->in[i]) uses[gz_tensor_base(graph->nodes[n]->in[i])->index].readers++;
}

/* The node of `op` that makes input i of `node`, if nobody else reads that. */
static gz_node *sole_maker(const gz_node *node, size_t i, const gz_op *op, const use *uses)
{
    gz_tensor *tensor = gz_tensor_base(node->in[i]);
    if (!tensor->producer || tensor->producer->op != op || uses[tensor->index].readers != 1) return NULL;
    return tensor->producer;
}

static bool is(const size_t pair[2], size_t value) { return pair[0] == value && pair[1] == value; }

static bool whole_windows(const gz_window *window, gz_shape x)
{
    return is(window->size, 2) && is(window->stride, 2) && is(window->dilation, 1) && x.dim[1] > 1 &&
           x.dim[2] > 1 && (window->padding == GZ_VALID || (x.dim[1] % 2 == 0 && x.dim[2] % 2 == 0));
}

/* The node takes the place of `pool`: what reads its output needn't know. */
static gz_node *fuse_pool(gz_node *pool, const use *uses)
{
    gz_node *conv = sole_maker(pool, 0, &gz_op_conv2d, uses);
    if (!conv || uses[conv->out[0]->index].keep || pool->in[0]->view) return NULL;
    const gz_window *window = &((const gz_conv2d_attr *)conv->attr)->window;
    if (!is(window->size, 3) || !is(window->stride, 1) || !is(window->dilation, 1)) return NULL;
    if (!whole_windows(&((const gz_pool_attr *)pool->attr)->window, pool->in[0]->shape)) return NULL;
    pool->op = &gz_op_conv2d_max_pool2d;
    pool->name = conv->name;
    pool->attr = conv->attr;
    pool->n_in = conv->n_in;
    for (size_t i = 0; i < conv->n_in; i++) pool->in[i] = conv->in[i];
    return conv;
}

static bool sees_all(const gz_node *softmax)
{
    const gz_softmax_attr *order = softmax->attr;
    for (size_t i = 2; i < softmax->n_in; i++)
        if (softmax->in[i]) return false;
    return !order->causal && !order->windowed;
}

static gz_node *fuse_scale(gz_node *scale, const use *uses)
{
    gz_node *softmax = sole_maker(scale, 1, &gz_op_softmax, uses);
    if (!softmax || !sees_all(softmax)) return NULL;
    gz_tensor *score = softmax->in[0], *mask = softmax->n_in > 1 ? softmax->in[1] : NULL, *x = scale->in[0];
    if (score->shape.rank != 2 || x->shape.rank != 3 || x->shape.dim[1] != score->shape.dim[1] ||
        (mask && !gz_shape_equal(mask->shape, score->shape)))
        return NULL;
    scale->op = &gz_op_softmax_scale;
    scale->n_in = 3;
    scale->in[0] = score;
    scale->in[1] = x;
    scale->in[2] = mask;
    scale->n_out = 2;
    scale->out[1] = softmax->out[0];
    scale->out[1]->producer = scale;
    return softmax;
}

static void remove_node(gz_graph *graph, const gz_node *gone)
{
    size_t kept = 0;
    for (size_t n = 0; n < graph->n_nodes; n++)
        if (graph->nodes[n] != gone) graph->nodes[kept++] = graph->nodes[n];
    graph->n_nodes = kept;
}

gaze_status gz_fuse(gz_graph *graph)
{
    use *uses;
    GZ_TRY(gz_allocate(graph->n_tensors, sizeof *uses, &uses));
    count_uses(graph, uses);
    for (size_t n = graph->n_nodes; n-- > 0;) {
        gz_node *node = graph->nodes[n];
        const gz_node *gone = node->op == &gz_op_max_pool2d   ? fuse_pool(node, uses)
                              : node->op == &gz_op_scale_rows ? fuse_scale(node, uses)
                                                              : NULL;
        if (!gone) continue;
        remove_node(graph, gone);
        n--; /* what comes before stands one further left */
    }
    free(uses);
    return GAZE_OK;
}
