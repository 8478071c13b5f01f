/* A mean, or a sum, over all pixels of what is added or weighted: the terms are reduced where they lie; of a
   convolution: that makes it. */
#include "conv2d_mean.h"
#include "fuse_parts.h"
#include "reduce.h"
#include "rows.h"

/* The mean of a sum is the sum of the means. */
static gaze_status reduce_terms(gz_graph *graph, size_t at, gz_node *sum)
{
    gz_node *node = graph->nodes[at];
    gz_tensor *parts[2];
    for (size_t i = 0; i < 2; i++)
        GZ_TRY(gz_reduce_middle(graph, sum->in[i], gz_reduction_of(node), &parts[i]));
    sum->op = NULL;
    node->op = &gz_op_add;
    node->attr = NULL;
    node->n_in = 2;
    for (size_t i = 0; i < 2; i++) node->in[i] = parts[i];
    gz_move_last_to(graph, at, 2);
    return GAZE_OK;
}

/* That of weighted rows is a weighted_sum, which needn't write them. */
static gaze_status weigh(gz_graph *graph, size_t at, gz_node *scale)
{
    gz_node *node = graph->nodes[at];
    const gz_shape x = scale->in[0]->shape;
    const size_t B = x.dim[0], C = gz_shape_last(x), N = gz_shape_count(x) / B / C;
    gz_tensor *rows, *weights, *sum;
    GZ_TRY(gz_graph_view(graph, scale->in[0], GZ_SHAPE(B, N, C), &rows));
    GZ_TRY(gz_graph_view(graph, scale->in[1], GZ_SHAPE(B, N), &weights));
    GZ_TRY(gz_weighted_sum(graph, weights, rows, &sum));
    const double factor = gz_factor_of(scale) / (gz_reduction_of(node) == GZ_MEAN ? (double)N : 1);
    node->attr = gz_arena_duplicate(graph->arena, &(gz_factor_attr){factor}, sizeof(gz_factor_attr));
    if (!node->attr) return GAZE_ERROR_DEVICE;
    scale->op = NULL;
    node->op = &gz_op_scale;
    node->in[0] = sum;
    gz_move_last_to(graph, at, 1);
    return GAZE_OK;
}

/* The convolution gives the values too, if others read them or its own gradient will. */
static gaze_status convolve(gz_graph *graph, gz_node *node, gz_node *conv, bool values)
{
    const gz_conv2d_mean_attr attr = {*(const gz_conv2d_attr *)conv->attr, gz_reduction_of(node)};
    conv->attr = gz_arena_duplicate(graph->arena, &attr, sizeof attr);
    conv->op = values ? &gz_op_conv2d_mean_values : &gz_op_conv2d_mean;
    conv->n_out = values ? 2 : 1;
    if (values) conv->out[1] = conv->out[0];
    conv->out[0] = node->out[0];
    conv->out[0]->producer = conv;
    node->op = NULL;
    return conv->attr ? GAZE_OK : GAZE_ERROR_DEVICE;
}

/* Will one of the terms be added where a product stores its tile (gz_fuse_dense)? */
static bool a_dense_adds(const gz_node *sum, const gz_use *uses)
{
    return gz_hidden_maker(sum, 0, &gz_op_dense, uses) || gz_hidden_maker(sum, 1, &gz_op_dense, uses);
}

static gaze_status fuse(gz_graph *graph, size_t at, const gz_use *uses)
{
    gz_node *node = graph->nodes[at], *sum = gz_hidden_maker(node, 0, &gz_op_add, uses),
            *scale = gz_hidden_maker(node, 0, &gz_op_scale_rows, uses), *maker = node->in[0]->producer;
    if (node->in[0]->view || node->in[0]->shape.rank < 3) return GAZE_OK;
    if (maker && maker->op == &gz_op_conv2d)
        return convolve(graph, node, maker,
                        graph->training || !gz_hidden_maker(node, 0, &gz_op_conv2d, uses));
    if (scale) return weigh(graph, at, scale);
    if (!sum || sum->n_in != 2 || a_dense_adds(sum, uses)) return GAZE_OK;
    GZ_TRY(reduce_terms(graph, at, sum));
    for (size_t i = 2; i-- > 0;) GZ_TRY(fuse(graph, at + i, uses));
    return GAZE_OK;
}

gaze_status gz_fuse_mean(gz_graph *graph, size_t at, const gz_use *uses)
{
    const gz_node *node = graph->nodes[at];
    const char *scope = graph->scope;
    if (gz_reduction_of(node) == GZ_MAX) return GAZE_OK;
    graph->scope = node->name;
    const gaze_status status = fuse(graph, at, uses);
    graph->scope = scope;
    return status;
}
