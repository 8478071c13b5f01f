#include "fuse_parts.h"
#include "activation.h"
#include "channel_pool.h"
#include "dense.h"
#include "places.h"
#include "rows.h"

#include <stdlib.h>

static void count_uses(const gz_graph *graph, gz_use *uses)
{
    for (size_t i = 0; i < graph->n_tensors; i++)
        if (graph->tensors[i]->keep) uses[gz_tensor_base(graph->tensors[i])->index].keep = true;
    for (size_t n = 0; n < graph->n_nodes; n++)
        for (size_t i = 0; i < graph->nodes[n]->n_in; i++)
            if (graph->nodes[n]->in[i]) uses[gz_tensor_base(graph->nodes[n]->in[i])->index].readers++;
}

/* The node of `op` that makes input i of `node`, if nobody else reads that. */
static gz_node *sole_maker(const gz_node *node, size_t i, const gz_op *op, const gz_use *uses)
{
    gz_tensor *tensor = gz_tensor_base(node->in[i]);
    if (!tensor->producer || tensor->producer->op != op || uses[tensor->index].readers != 1) return NULL;
    return tensor->producer;
}

gz_node *gz_hidden_maker(const gz_node *node, size_t i, const gz_op *op, const gz_use *uses)
{
    return uses[gz_tensor_base(node->in[i])->index].keep ? NULL : sole_maker(node, i, op, uses);
}

void gz_take_over(gz_node *node, gz_node *maker)
{
    node->op = maker->op;
    node->name = maker->name;
    node->attr = maker->attr;
    node->n_in = maker->n_in;
    for (size_t i = 0; i < maker->n_in; i++) node->in[i] = maker->in[i];
    maker->op = NULL;
}

void gz_move_last_to(gz_graph *graph, size_t at, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        gz_node *last = graph->nodes[graph->n_nodes - count + i];
        for (size_t n = graph->n_nodes - count + i; n > at + i; n--) graph->nodes[n] = graph->nodes[n - 1];
        graph->nodes[at + i] = last;
    }
}

gaze_status gz_give_saved(gz_graph *graph, gz_node *node, gz_dtype dtype, gz_shape shape)
{
    node->n_out = 2;
    GZ_TRY(gz_node_output(graph, node, 1, dtype, shape));
    node->out[1]->saved = true;
    return GAZE_OK;
}

static bool sees_all(const gz_node *softmax)
{
    const gz_softmax_attr *order = softmax->attr;
    for (size_t i = 2; i < softmax->n_in; i++)
        if (softmax->in[i]) return false;
    return !order->causal && !order->windowed;
}

/* `node` makes the softmax's output too, as its own second. */
static void take_softmax(gz_node *node, const gz_op *op, gz_node *softmax)
{
    node->op = op;
    node->n_out = 2;
    node->out[1] = softmax->out[0];
    node->out[1]->producer = node;
    softmax->op = NULL;
}

/* `node` multiplies the rows of input x by the softmax over [B,N] that is its input `share`. */
static void fuse_rows(gz_node *node, size_t share, size_t x, const gz_op *op, const gz_use *uses)
{
    gz_node *softmax = sole_maker(node, share, &gz_op_softmax, uses);
    if (!softmax || !sees_all(softmax)) return;
    gz_tensor *score = softmax->in[0], *mask = softmax->n_in > 1 ? softmax->in[1] : NULL, *of = node->in[x];
    if (score->shape.rank != 2 || of->shape.rank != 3 || of->shape.dim[1] != score->shape.dim[1] ||
        (mask && !gz_shape_equal(mask->shape, score->shape)))
        return;
    node->n_in = 3;
    node->in[0] = score;
    node->in[1] = of;
    node->in[2] = mask;
    take_softmax(node, op, softmax);
}

/* Of few rows: many are made faster by kernels that share them out. */
static void fuse_softmax(gz_node *softmax, const gz_use *uses)
{
    gz_node *dense = gz_hidden_maker(softmax, 0, &gz_op_dense, uses);
    const gz_tensor *z = softmax->in[0];
    if (!dense || z->view || (softmax->n_in > 1 && softmax->in[1]) || !sees_all(softmax)) return;
    if (z->shape.rank != 2 || z->shape.dim[0] > GZ_DENSE_FEW_ROWS ||
        ((const gz_dense_attr *)dense->attr)->activation != GZ_LINEAR)
        return;
    gz_take_over(softmax, dense);
    softmax->op = &gz_op_dense_softmax;
}

/* What the shares of a dense_softmax gate. */
static void fuse_gate(gz_node *multiply, const gz_use *uses)
{
    gz_node *shares = multiply->n_in == 2 ? sole_maker(multiply, 1, &gz_op_dense_softmax, uses) : NULL;
    if (!shares || shares->n_out != 1) return;
    multiply->in[3] = multiply->in[0];
    multiply->n_in = 4;
    for (size_t i = 0; i < 3; i++) multiply->in[i] = i < shares->n_in ? shares->in[i] : NULL;
    take_softmax(multiply, &gz_op_dense_softmax, shares);
}

/* The sum of what reaches x by its product with a factor a row and by its channel_pool: one pass over x. */
static void fuse_sum(gz_node *sum, gz_use *uses)
{
    if (sum->n_in != 2) return;
    for (size_t i = 0; i < 2; i++) {
        gz_node *pool = gz_hidden_maker(sum, i, &gz_op_channel_pool_gradient, uses),
                *scale = gz_hidden_maker(sum, 1 - i, &gz_op_scale_rows, uses);
        gz_node *outer = gz_hidden_maker(sum, 1 - i, &gz_op_outer_rows, uses),
                *product = scale ? scale : outer;
        if (!pool || !product || gz_channel_pool_scales(pool) || (scale && gz_factor_of(scale) != 1))
            continue;
        if (gz_shape_rows(product->out[0]->shape) != gz_shape_rows(pool->out[0]->shape)) continue;
        gz_node *spread = scale ? gz_placed_maker(scale, 0) : NULL;
        gz_take_over(sum, pool);
        sum->n_in = GZ_POOL_INPUTS;
        sum->in[GZ_POOL_DY] = spread ? spread->in[GZ_PLACES_DY] : scale ? scale->in[0] : outer->in[1];
        sum->in[GZ_POOL_S] = scale ? scale->in[1] : outer->in[0];
        sum->in[GZ_POOL_PLACE] = spread ? spread->in[GZ_PLACES_PLACE] : NULL;
        if (spread) gz_read_placed(spread, uses);
        product->op = NULL;
        return;
    }
}

/* The slope of the activation that gave x, which is what the gradient of its channel_pool reads anyway. */
static gaze_status fuse_slope(gz_graph *graph, gz_node *slope, const gz_use *uses)
{
    gz_node *pool = gz_hidden_maker(slope, 1, &gz_op_channel_pool_gradient, uses);
    if (!pool || ((const gz_channel_pool_attr *)pool->attr)->activation != GZ_LINEAR) return GAZE_OK;
    if (!gz_activation_fuses(gz_activation_kind_of(slope)) ||
        gz_tensor_base(slope->in[0]) != gz_tensor_base(pool->in[GZ_POOL_X]))
        return GAZE_OK;
    const gz_channel_pool_attr attr = {gz_activation_kind_of(slope), false};
    gz_take_over(slope, pool);
    slope->attr = gz_arena_duplicate(graph->arena, &attr, sizeof attr);
    return slope->attr ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static void remove_nodes(gz_graph *graph)
{
    size_t kept = 0;
    for (size_t n = 0; n < graph->n_nodes; n++)
        if (graph->nodes[n]->op) graph->nodes[kept++] = graph->nodes[n];
    graph->n_nodes = kept;
}

static gaze_status fuse(gz_graph *graph, gz_node *node, gz_use *uses)
{
    if (node->op == &gz_op_scale_rows)
        fuse_rows(node, 1, 0, &gz_op_softmax_scale, uses);
    else if (node->op == &gz_op_weighted_sum)
        fuse_rows(node, 0, 1, &gz_op_softmax_weighted_sum, uses);
    else if (node->op == &gz_op_softmax)
        fuse_softmax(node, uses);
    else if (node->op == &gz_op_multiply)
        fuse_gate(node, uses);
    else if (node->op == &gz_op_add)
        fuse_sum(node, uses);
    else if (node->op == &gz_op_row_dot)
        gz_fuse_places(node, uses);
    else if (node->op == &gz_op_activation_gradient)
        GZ_TRY(fuse_slope(graph, node, uses));
    GZ_TRY(gz_fuse_dense(graph, node, uses));
    return gz_fuse_slope(graph, node, uses);
}

gaze_status gz_fuse_forward(gz_graph *graph)
{
    gaze_status status = GAZE_OK;
    gz_use *uses;
    GZ_TRY(gz_allocate(graph->n_tensors, sizeof *uses, &uses));
    count_uses(graph, uses);
    for (size_t n = 0; n < graph->n_nodes && status == GAZE_OK; n++) {
        const gz_op *op = graph->nodes[n]->op;
        if (op == &gz_op_dense)
            status = gz_fuse_embedding(graph, n, uses);
        else if (op == &gz_op_reduce_middle)
            status = gz_fuse_mean(graph, n, uses);
        else if (op == &gz_op_max_pool2d)
            status = gz_fuse_pool(graph, graph->nodes[n], uses);
        else if (op == &gz_op_conv2d)
            status = gz_fuse_conv2d(graph, graph->nodes[n], uses);
    }
    remove_nodes(graph);
    free(uses);
    return status;
}

gaze_status gz_fuse(gz_graph *graph)
{
    gaze_status status = GAZE_OK;
    gz_use *uses;
    GZ_TRY(gz_fuse_forward(graph));
    GZ_TRY(gz_allocate(graph->n_tensors, sizeof *uses, &uses));
    count_uses(graph, uses);
    for (size_t n = 0; n < graph->n_nodes && status == GAZE_OK; n++)
        status = fuse(graph, graph->nodes[n], uses);
    for (size_t n = 0; n < graph->n_nodes && status == GAZE_OK; n++)
        if (graph->nodes[n]->op == &gz_op_slope_sum)
            status = gz_fuse_conv2d_slope(graph, graph->nodes[n], uses);
    remove_nodes(graph);
    free(uses);
    return status;
}
