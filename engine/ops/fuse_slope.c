/* What reaches a value is added, multiplied by a slope and summed for a bias in one pass: slope_sum, and the
   gradient of channel_pool. */
#include "activation.h"
#include "channel_pool.h"
#include "fuse_parts.h"
#include "reduce.h"
#include "slope_sum.h"

/* Vectors of the cpu family's kernels lie along the channels. */
enum { LEAST_CHANNELS = 16 };

static bool suits(const gz_tensor *dz)
{
    return dz->shape.rank > 1 && gz_shape_last(dz->shape) >= LEAST_CHANNELS;
}

/* The gradient of a mean or a sum that input i is and nobody else reads: the same row all over a sample. */
static gz_node *row_behind(const gz_node *node, size_t i, const gz_use *uses)
{
    gz_node *maker = gz_hidden_maker(node, i, &gz_op_reduce_middle_gradient, uses);
    if (!maker || gz_reduction_of(maker) == GZ_MAX) return NULL;
    return gz_shape_equal(maker->out[0]->shape, node->out[0]->shape) ? maker : NULL;
}

static gaze_status become(gz_graph *graph, gz_node *node, gz_slope_sum_attr attr,
                          gz_tensor *const in[GZ_SLOPE_INPUTS])
{
    node->op = &gz_op_slope_sum;
    node->attr = gz_arena_duplicate(graph->arena, &attr, sizeof attr);
    node->n_in = GZ_SLOPE_INPUTS;
    for (size_t i = 0; i < GZ_SLOPE_INPUTS; i++) node->in[i] = in[i];
    return node->attr ? GAZE_OK : GAZE_ERROR_DEVICE;
}

/* That row becomes in[GZ_SLOPE_EACH], with attr's factor. */
static void take_row(gz_node *row, gz_slope_sum_attr *attr, gz_tensor **in)
{
    const gz_shape x = row->out[0]->shape;
    const double rows = (double)(gz_shape_count(x) / x.dim[0] / gz_shape_last(x));
    attr->factor = gz_reduction_of(row) == GZ_MEAN ? 1 / rows : 1;
    in[GZ_SLOPE_EACH] = row->in[GZ_REDUCE_DY];
    row->op = NULL;
}

/* A sum with a mean's gradient. */
static gaze_status fuse_add(gz_graph *graph, gz_node *add, const gz_use *uses)
{
    for (size_t i = 0; i < 2; i++) {
        gz_node *row = row_behind(add, i, uses);
        if (!row) continue;
        gz_slope_sum_attr attr = {GZ_LINEAR, 1, false};
        gz_tensor *in[GZ_SLOPE_INPUTS] = {[GZ_SLOPE_DY] = add->in[1 - i]};
        take_row(row, &attr, in);
        return become(graph, add, attr, in);
    }
    return GAZE_OK;
}

/* The slope of what was added, or is a mean's gradient. */
static gaze_status fuse_terms(gz_graph *graph, gz_node *slope, const gz_use *uses)
{
    gz_slope_sum_attr attr = {gz_activation_kind_of(slope), 1, false};
    gz_tensor *in[GZ_SLOPE_INPUTS] = {[GZ_SLOPE_VALUE] = slope->in[0]};
    gz_node *sum = gz_hidden_maker(slope, 1, &gz_op_slope_sum, uses),
            *add = gz_hidden_maker(slope, 1, &gz_op_add, uses), *row = row_behind(slope, 1, uses);
    if (slope->in[1]->view || !gz_activation_fuses(attr.activation)) return GAZE_OK;
    if (row) {
        take_row(row, &attr, in);
    } else if (sum && !sum->in[GZ_SLOPE_VALUE]) {
        for (size_t i = GZ_SLOPE_DY; i < GZ_SLOPE_INPUTS; i++) in[i] = sum->in[i];
        attr.factor = ((const gz_slope_sum_attr *)sum->attr)->factor;
        sum->op = NULL;
    } else if (add && add->n_in == 2) {
        in[GZ_SLOPE_DY] = add->in[0];
        in[GZ_SLOPE_OTHER] = add->in[1];
        add->op = NULL;
    } else {
        return GAZE_OK;
    }
    return become(graph, slope, attr, in);
}

/* `maker` gives the sum of its rows too. */
static void give_sums(gz_node *maker, gz_node *bias)
{
    maker->n_out = 2;
    maker->out[1] = bias->out[0];
    maker->out[1]->producer = maker;
    bias->op = NULL;
}

static gaze_status fuse_bias(gz_graph *graph, gz_node *bias)
{
    gz_node *maker = gz_tensor_base(bias->in[0])->producer;
    if (!maker || maker->n_out > 1 ||
        gz_shape_last(maker->out[0]->shape) != gz_shape_last(bias->in[0]->shape))
        return GAZE_OK;
    if (maker->op == &gz_op_activation_gradient && gz_activation_fuses(gz_activation_kind_of(maker))) {
        const gz_slope_sum_attr attr = {gz_activation_kind_of(maker), 1, false};
        GZ_TRY(become(
            graph, maker, attr,
            (gz_tensor *[GZ_SLOPE_INPUTS]){[GZ_SLOPE_VALUE] = maker->in[0], [GZ_SLOPE_DY] = maker->in[1]}));
    }
    if (maker->op == &gz_op_slope_sum) {
        gz_slope_sum_attr attr = *(const gz_slope_sum_attr *)maker->attr;
        attr.sums = true;
        maker->attr = gz_arena_duplicate(graph->arena, &attr, sizeof attr);
    } else if (maker->op == &gz_op_channel_pool_gradient) {
        gz_channel_pool_attr attr = *(const gz_channel_pool_attr *)maker->attr;
        attr.sums = true;
        maker->attr = gz_arena_duplicate(graph->arena, &attr, sizeof attr);
    } else {
        return GAZE_OK;
    }
    if (!maker->attr) return GAZE_ERROR_DEVICE;
    give_sums(maker, bias);
    return GAZE_OK;
}

gaze_status gz_fuse_slope(gz_graph *graph, gz_node *node, const gz_use *uses)
{
    if (node->op == &gz_op_add && node->n_in == 2 && suits(node->out[0])) return fuse_add(graph, node, uses);
    if (node->op == &gz_op_activation_gradient && suits(node->out[0])) return fuse_terms(graph, node, uses);
    if (node->op == &gz_op_bias_gradient && suits(node->in[0])) return fuse_bias(graph, node);
    return GAZE_OK;
}

gaze_status gz_fuse_conv2d_slope(gz_graph *graph, gz_node *slope, const gz_use *uses)
{
    for (size_t i = GZ_SLOPE_DY; i <= GZ_SLOPE_OTHER; i++) {
        gz_tensor *other = slope->in[GZ_SLOPE_DY + GZ_SLOPE_OTHER - i];
        gz_node *conv = slope->in[i] ? gz_hidden_maker(slope, i, &gz_op_conv2d_input_gradient, uses) : NULL;
        if (!conv || slope->in[i]->view || (conv->n_in > 2 && conv->in[2])) continue;
        const gz_conv2d_slope_attr attr = {*(const gz_conv2d_attr *)conv->attr,
                                           *(const gz_slope_sum_attr *)slope->attr};
        gz_tensor *value = slope->in[GZ_SLOPE_VALUE], *each = slope->in[GZ_SLOPE_EACH];
        gz_take_over(slope, conv);
        slope->op = &gz_op_conv2d_slope_sum;
        slope->attr = gz_arena_duplicate(graph->arena, &attr, sizeof attr);
        slope->n_in = GZ_CONV_SLOPE_INPUTS;
        slope->in[GZ_CONV_SLOPE_VALUE] = value;
        slope->in[GZ_CONV_SLOPE_OTHER] = other;
        slope->in[GZ_CONV_SLOPE_EACH] = each;
        return slope->attr ? GAZE_OK : GAZE_ERROR_DEVICE;
    }
    return GAZE_OK;
}
