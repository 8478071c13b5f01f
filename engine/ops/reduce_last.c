/* reduce_last: mean, maximum or sum over the last axis (of the channels: two maps of spatial attention). */
#include "reduce.h"
#include "group_gpu.h"
#include "slabs.h"

static gz_shape reduced(gz_shape x)
{
    x.dim[x.rank - 1] = 1;
    return x;
}

static gaze_status infer(gz_graph *graph, gz_node *node) { return gz_reduce_last_infer(graph, node, 1); }

static gaze_status gradient_infer(gz_graph *graph, gz_node *node)
{
    const gz_shape x = ((const gz_reduce_attr *)node->attr)->x;
    if (!x.rank) return gz_op_fail(node, "found a scalar, expected x [...,C]");
    return gz_reduce_gradient_infer(graph, node, reduced(x));
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t R = gz_shape_rows(node->in[0]->shape), C = gz_shape_last(node->in[0]->shape);
    for (size_t r = 0; r < R; r++) out[0][r] = gz_reduce_values(gz_reduction_of(node), in[0] + r * C, C, 1);
}

static void gradient_reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t R = gz_shape_rows(node->out[0]->shape), C = gz_shape_last(node->out[0]->shape);
    const gz_reduction reduction = gz_reduction_of(node);
    for (size_t r = 0; r < R; r++)
        gz_reduce_values_gradient(reduction, reduction == GZ_MAX ? in[GZ_REDUCE_X] + r * C : NULL,
                                  in[GZ_REDUCE_DY][r], out[0] + r * C, C, 1);
}

/* A kernel each for the cpu family, plain, and the gpu families. */
typedef struct kernels {
    const char *slabs, *items, *group;
} kernels;

static gaze_status launch(const gz_node *node, gz_builder *builder, kernels kernel, gz_shape x)
{
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU, gpu = gz_builder_is_gpu(builder);
    const size_t R = gz_shape_rows(x), C = gz_shape_last(x);
    gz_launch *l = gpu ? gz_launch_add(builder, "rows_gpu", kernel.group, "%s", "")
                       : gz_launch_add(builder, "reduce", cpu ? kernel.slabs : kernel.items, "%s", "");
    for (size_t i = 0; i < node->n_in; i++)
        if (node->in[i]) gz_arg_tensor(l, node->in[i]);
    gz_arg_tensor(l, node->out[0]);
    if (gz_reduction_of(node) != GZ_MAX) gz_arg_float(l, gz_reduction_of(node) == GZ_MEAN ? (double)C : 1);
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

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const gz_shape x = node->in[0]->shape;
    if (gz_reduction_of(node) == GZ_MAX)
        return launch(node, builder, (kernels){"max_last_slabs", "max_last_items", "max_last_group"}, x);
    return launch(node, builder, (kernels){"sum_last_slabs", "sum_last_items", "sum_last_group"}, x);
}

static gaze_status gradient_prepare(const gz_node *node, gz_builder *builder)
{
    const gz_shape x = node->out[0]->shape;
    if (gz_reduction_of(node) == GZ_MAX)
        return launch(
            node, builder,
            (kernels){"max_last_gradient_slabs", "max_last_gradient_items", "max_last_gradient_group"}, x);
    if (gz_builder_is_gpu(builder)) {
        gz_sum_gradient_gpu(builder, node, gz_columns_whole(gz_shape_rows(x), gz_shape_last(x), 1));
        return gz_builder_status(builder);
    }
    return launch(node, builder, (kernels){"sum_last_gradient_slabs", "sum_last_gradient_items", NULL}, x);
}

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    (void)wanted;
    return gz_reduce_gradient_node(graph, &gz_op_reduce_last_gradient, node, dout[0], &din[0]);
}

static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    return gz_reduce_limit(gz_reduction_of(node), gz_shape_last(node->in[0]->shape));
}

gaze_status gz_reduce_last(gz_graph *g, gz_tensor *x, gz_reduction reduction, gz_tensor **y)
{
    const gz_reduce_attr attr = {.reduction = reduction};
    return gz_graph_node(g, &gz_op_reduce_last, &attr, sizeof attr, &x, 1, y, 1);
}

static const gz_reduce_attr mean = {.reduction = GZ_MEAN}, max = {.reduction = GZ_MAX},
                            sum = {.reduction = GZ_SUM_ALL};
static const gz_case cases[] = {
    {.in = {{1, {1}}}, .n_in = 1, .attr = &mean},
    {.in = {{2, {31, 2}}}, .n_in = 1, .attr = &max},
    {.in = {{3, {2, 32, 33}}}, .n_in = 1, .attr = &sum, .fill = GZ_FILL_INTEGER},
    {.in = {{4, {2, 5, 7, 64}}}, .n_in = 1, .attr = &mean, .fill = GZ_FILL_INTEGER},
    {.in = {{4, {2, 5, 7, 65}}}, .n_in = 1, .attr = &max, .fill = GZ_FILL_INTEGER},
    {.in = {{2, {63, 31}}}, .n_in = 1, .attr = &mean, .fill = GZ_FILL_WIDE},
    {.in = {{2, {101, 63}}}, .n_in = 1, .attr = &max, .fill = GZ_FILL_WIDE},
    {.in = {{2, {3, 4099}}}, .n_in = 1, .attr = &sum},
    {.in = {{2, {577, 1}}}, .n_in = 1, .attr = &max},
    {.in = {{4, {64, 26, 26, 32}}}, .n_in = 1, .attr = &mean, .heavy = true},
    {.in = {{4, {64, 26, 26, 32}}}, .n_in = 1, .attr = &max, .heavy = true},
};

#define GRADIENT(name, reduction, ...) static const gz_reduce_attr name = {reduction, {__VA_ARGS__}}
GRADIENT(mean_1, GZ_MEAN, 1, {1});
GRADIENT(max_2, GZ_MAX, 2, {31, 2});
GRADIENT(sum_33, GZ_SUM_ALL, 3, {2, 32, 33});
GRADIENT(mean_31, GZ_MEAN, 2, {63, 31});
GRADIENT(max_65, GZ_MAX, 4, {2, 5, 7, 65});
GRADIENT(max_63, GZ_MAX, 2, {101, 63});
GRADIENT(max_prime, GZ_MAX, 2, {3, 4099});
GRADIENT(sum_1, GZ_SUM_ALL, 2, {577, 1});
GRADIENT(max_large, GZ_MAX, 4, {64, 26, 26, 32});
static const gz_case gradient_cases[] = {
    {.in = {{GZ_ABSENT, {0}}, {1, {1}}}, .n_in = 2, .attr = &mean_1},
    {.in = {{2, {31, 2}}, {2, {31, 1}}}, .n_in = 2, .attr = &max_2},
    {.in = {{GZ_ABSENT, {0}}, {3, {2, 32, 1}}}, .n_in = 2, .attr = &sum_33},
    {.in = {{GZ_ABSENT, {0}}, {2, {63, 1}}}, .n_in = 2, .attr = &mean_31},
    {.in = {{4, {2, 5, 7, 65}}, {4, {2, 5, 7, 1}}}, .n_in = 2, .attr = &max_65, .fill = GZ_FILL_INTEGER},
    {.in = {{2, {101, 63}}, {2, {101, 1}}}, .n_in = 2, .attr = &max_63, .fill = GZ_FILL_WIDE},
    {.in = {{2, {3, 4099}}, {2, {3, 1}}}, .n_in = 2, .attr = &max_prime, .fill = GZ_FILL_INTEGER},
    {.in = {{GZ_ABSENT, {0}}, {2, {577, 1}}}, .n_in = 2, .attr = &sum_1},
    {.in = {{4, {64, 26, 26, 32}}, {4, {64, 26, 26, 1}}}, .n_in = 2, .attr = &max_large, .heavy = true},
};

const gz_op gz_op_reduce_last = {
    .name = "reduce_last",
    .n_out = 1,
    .attr_bytes = sizeof(gz_reduce_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = gz_reduce_cost,
    .gradient = gradient,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};

const gz_op gz_op_reduce_last_gradient = {
    .name = "reduce_last_gradient",
    .n_out = 1,
    .attr_bytes = sizeof(gz_reduce_attr),
    .infer = gradient_infer,
    .reference = gradient_reference,
    .prepare = gradient_prepare,
    .cost = gz_reduce_cost,
    .limit = gz_reduce_gradient_limit,
    .cases = gradient_cases,
    .n_cases = sizeof gradient_cases / sizeof *gradient_cases,
};
