/* channel_pool: mean and maximum over the channels, side by side (CBAM's description of a cell). */
#include "channel_pool.h"
#include "group_gpu.h"
#include "reduce.h"
#include "slabs.h"

static gaze_status infer(gz_graph *graph, gz_node *node) { return gz_reduce_last_infer(graph, node, 2); }

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t R = gz_shape_rows(node->in[0]->shape), C = gz_shape_last(node->in[0]->shape);
    for (size_t r = 0; r < R; r++) {
        out[0][2 * r] = gz_reduce_values(GZ_MEAN, in[0] + r * C, C, 1);
        out[0][2 * r + 1] = gz_reduce_values(GZ_MAX, in[0] + r * C, C, 1);
    }
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU, gpu = gz_builder_is_gpu(builder);
    const size_t R = gz_shape_rows(node->in[0]->shape), C = gz_shape_last(node->in[0]->shape);
    gz_launch *l = gpu ? gz_launch_add(builder, "rows_gpu", "channel_pool_group", "%s", "")
                       : gz_launch_add(builder, "channel_pool",
                                       cpu ? "channel_pool_slabs" : "channel_pool_items", "%s", "");
    gz_arg_tensor(l, node->in[0]);
    gz_arg_tensor(l, node->out[0]);
    gz_arg_int(l, C);
    gz_arg_int(l, R);
    if (cpu)
        gz_launch_slabs(l, gz_slabs_of(builder, R, 4 * C, 1));
    else if (gpu)
        gz_launch_group_rows(builder, l, R, C);
    else
        gz_launch_items(l, R);
    return gz_builder_status(builder);
}

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    (void)wanted;
    const gz_channel_pool_attr attr = {GZ_LINEAR, false};
    return gz_graph_node(graph, &gz_op_channel_pool_gradient, &attr, sizeof attr,
                         (gz_tensor *[]){node->in[0], dout[0]}, 2, &din[0], 1);
}

static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    return gz_reduce_limit(GZ_MEAN, gz_shape_last(node->in[0]->shape));
}

gaze_status gz_channel_pool(gz_graph *g, gz_tensor *x, gz_tensor **y)
{
    return gz_graph_node(g, &gz_op_channel_pool, NULL, 0, &x, 1, y, 1);
}

static const gz_case cases[] = {
    {.in = {{1, {1}}}, .n_in = 1},
    {.in = {{2, {31, 2}}}, .n_in = 1},
    {.in = {{3, {2, 32, 33}}}, .n_in = 1, .fill = GZ_FILL_INTEGER},
    {.in = {{4, {2, 5, 7, 64}}}, .n_in = 1},
    {.in = {{4, {2, 5, 7, 65}}}, .n_in = 1},
    {.in = {{2, {63, 31}}}, .n_in = 1, .fill = GZ_FILL_WIDE},
    {.in = {{2, {3, 4099}}}, .n_in = 1},
    {.in = {{2, {577, 1}}}, .n_in = 1},
    {.in = {{4, {64, 26, 26, 32}}}, .n_in = 1, .heavy = true},
};

/* A mean and a maximum of what is read once. */
static gz_cost cost(const gz_node *node)
{
    gz_cost cost = gz_reduce_cost(node);
    cost.flop *= 2;
    return cost;
}

const gz_op gz_op_channel_pool = {
    .name = "channel_pool",
    .n_out = 1,
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .gradient = gradient,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
