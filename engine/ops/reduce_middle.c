/* reduce_middle: mean, maximum or sum over everything between the batch and the channels (global pools). */
#include "reduce.h"

static gz_middle size_of(gz_shape x)
{
    const size_t B = x.dim[0], C = gz_shape_last(x);
    return (gz_middle){B, gz_shape_count(x) / B / C, C};
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char found[96];
    GZ_TRY(gz_op_expect_inputs(node, 1, 1));
    const gz_shape x = node->in[0]->shape;
    if (x.rank < 2)
        return gz_op_fail(node, "input 0 has shape %s, expected [B,...,C]", gz_shape_text(x, found));
    return gz_node_output(graph, node, 0, GZ_F32, GZ_SHAPE(x.dim[0], gz_shape_last(x)));
}

static gaze_status gradient_infer(gz_graph *graph, gz_node *node)
{
    const gz_shape x = ((const gz_reduce_attr *)node->attr)->x;
    if (x.rank < 2) return gz_op_fail(node, "found x of %zu dimensions, expected [B,...,C]", x.rank);
    return gz_reduce_gradient_infer(graph, node, GZ_SHAPE(x.dim[0], gz_shape_last(x)));
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_middle s = size_of(node->in[0]->shape);
    for (size_t b = 0; b < s.B; b++)
        for (size_t c = 0; c < s.C; c++)
            out[0][b * s.C + c] =
                gz_reduce_values(gz_reduction_of(node), in[0] + b * s.M * s.C + c, s.M, s.C);
}

static void gradient_reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_middle s = size_of(node->out[0]->shape);
    const gz_reduction reduction = gz_reduction_of(node);
    for (size_t b = 0; b < s.B; b++)
        for (size_t c = 0; c < s.C; c++) {
            const size_t first = b * s.M * s.C + c;
            gz_reduce_values_gradient(reduction, reduction == GZ_MAX ? in[GZ_REDUCE_X] + first : NULL,
                                      in[GZ_REDUCE_DY][b * s.C + c], out[0] + first, s.M, s.C);
        }
}

/* Arguments M, C, and before them the columns that a group owns: fewer where samples are few; or the samples,
   where an item makes a channel. */
static void end(gz_builder *builder, gz_launch *l, gz_middle s)
{
    enum { MANY = 16, FEW_VECTORS = 4, VECTORS = 8 };
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    const size_t own = (s.B < MANY ? FEW_VECTORS : VECTORS) * gz_builder_device(builder)->vector_width;
    gz_arg_int(l, cpu ? own : s.B);
    gz_arg_int(l, s.M);
    gz_arg_int(l, s.C);
    if (cpu)
        gz_launch_groups(l, s.B * ((s.C + own - 1) / own), 1, 1, 1, 1, 1);
    else
        gz_launch_items(l, s.B * s.C);
}

static gz_launch *begin(gz_builder *builder, const char *columns, const char *items)
{
    return gz_launch_add(builder, "reduce", gz_builder_family(builder) == GZ_FAMILY_CPU ? columns : items,
                         "%s", "");
}

void gz_sum_middle_launch(gz_builder *builder, const gz_tensor *x, const gz_tensor *y, gz_middle s,
                          double divisor)
{
    if (gz_builder_is_gpu(builder)) {
        gz_column_sums_gpu(builder, &(gz_column_sums){x, NULL, y, s.B, s.M, s.C, divisor});
        return;
    }
    gz_launch *l = begin(builder, "sum_middle_columns", "sum_middle_items");
    gz_arg_tensor(l, x);
    gz_arg_tensor(l, y);
    gz_arg_float(l, divisor);
    end(builder, l, s);
}

static double divisor_of(const gz_node *node, gz_middle s)
{
    return gz_reduction_of(node) == GZ_MEAN ? (double)s.M : 1;
}

static gaze_status gradient_prepare_gpu(const gz_node *node, gz_builder *builder, gz_middle s)
{
    const gz_columns whole = gz_columns_whole(s.B, s.M, s.C);
    if (gz_reduction_of(node) != GZ_MAX) {
        gz_sum_gradient_gpu(builder, node, whole);
        return gz_builder_status(builder);
    }
    gz_launch *l = gz_launch_add(builder, "columns_gpu", "column_max_gradient_group", "%s", "");
    gz_arg_tensor(l, node->in[GZ_REDUCE_X]);
    gz_arg_tensor(l, node->in[GZ_REDUCE_DY]);
    gz_arg_tensor(l, node->out[0]);
    gz_launch_group_columns(builder, l, whole);
    return gz_builder_status(builder);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const gz_middle s = size_of(node->in[0]->shape);
    if (gz_reduction_of(node) != GZ_MAX) {
        gz_sum_middle_launch(builder, node->in[0], node->out[0], s, divisor_of(node, s));
    } else if (gz_builder_is_gpu(builder)) {
        gz_column_max_gpu(builder, node->in[0], node->out[0], gz_columns_whole(s.B, s.M, s.C));
    } else {
        gz_launch *l = begin(builder, "max_middle_columns", "max_middle_items");
        gz_arg_tensor(l, node->in[0]);
        gz_arg_tensor(l, node->out[0]);
        end(builder, l, s);
    }
    return gz_builder_status(builder);
}

static gaze_status gradient_prepare(const gz_node *node, gz_builder *builder)
{
    const gz_middle s = size_of(node->out[0]->shape);
    const bool max = gz_reduction_of(node) == GZ_MAX;
    if (gz_builder_is_gpu(builder)) return gradient_prepare_gpu(node, builder, s);
    gz_launch *l = max ? begin(builder, "max_middle_gradient_columns", "max_middle_gradient_items")
                       : begin(builder, "sum_middle_gradient_columns", "sum_middle_gradient_items");
    if (max) gz_arg_tensor(l, node->in[GZ_REDUCE_X]);
    gz_arg_tensor(l, node->in[GZ_REDUCE_DY]);
    gz_arg_tensor(l, node->out[0]);
    if (!max) gz_arg_float(l, divisor_of(node, s));
    end(builder, l, s);
    return gz_builder_status(builder);
}

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    (void)wanted;
    return gz_reduce_gradient_node(graph, &gz_op_reduce_middle_gradient, node, dout[0], &din[0]);
}

static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    return gz_reduce_limit(gz_reduction_of(node), size_of(node->in[0]->shape).M);
}

gaze_status gz_reduce_middle(gz_graph *g, gz_tensor *x, gz_reduction reduction, gz_tensor **y)
{
    const gz_reduce_attr attr = {.reduction = reduction};
    return gz_graph_node(g, &gz_op_reduce_middle, &attr, sizeof attr, &x, 1, y, 1);
}

static const gz_reduce_attr mean = {.reduction = GZ_MEAN}, max = {.reduction = GZ_MAX},
                            sum = {.reduction = GZ_SUM_ALL};
static const gz_case cases[] = {
    {.in = {{3, {1, 1, 1}}}, .n_in = 1, .attr = &mean},
    {.in = {{4, {2, 2, 31, 2}}}, .n_in = 1, .attr = &max},
    {.in = {{3, {3, 33, 32}}}, .n_in = 1, .attr = &sum, .fill = GZ_FILL_INTEGER},
    {.in = {{4, {2, 8, 8, 65}}}, .n_in = 1, .attr = &mean, .fill = GZ_FILL_INTEGER},
    {.in = {{3, {1, 63, 64}}}, .n_in = 1, .attr = &max, .fill = GZ_FILL_INTEGER},
    {.in = {{4, {2, 7, 11, 131}}}, .n_in = 1, .attr = &mean},
    {.in = {{3, {5, 31, 63}}}, .n_in = 1, .attr = &max, .fill = GZ_FILL_WIDE},
    {.in = {{2, {7, 13}}}, .n_in = 1, .attr = &sum},
    {.in = {{3, {17, 21, 213}}}, .n_in = 1, .attr = &mean},
    {.in = {{3, {16, 9, 128}}}, .n_in = 1, .attr = &max},
    {.in = {{3, {2, 1009, 3}}}, .n_in = 1, .attr = &sum, .fill = GZ_FILL_WIDE},
    {.in = {{4, {64, 26, 26, 32}}}, .n_in = 1, .attr = &mean, .heavy = true},
    {.in = {{4, {64, 26, 26, 32}}}, .n_in = 1, .attr = &max, .heavy = true},
};

#define GRADIENT(name, reduction, ...) static const gz_reduce_attr name = {reduction, {__VA_ARGS__}}
GRADIENT(mean_1, GZ_MEAN, 3, {1, 1, 1});
GRADIENT(max_31, GZ_MAX, 4, {2, 2, 31, 2});
GRADIENT(sum_33, GZ_SUM_ALL, 3, {3, 33, 32});
GRADIENT(mean_65, GZ_MEAN, 4, {2, 8, 8, 65});
GRADIENT(max_63, GZ_MAX, 3, {1, 63, 64});
GRADIENT(mean_131, GZ_MEAN, 4, {2, 7, 11, 131});
GRADIENT(max_wide, GZ_MAX, 3, {5, 31, 63});
GRADIENT(max_prime, GZ_MAX, 3, {2, 1009, 3});
GRADIENT(mean_many, GZ_MEAN, 3, {17, 21, 213});
GRADIENT(mean_large, GZ_MEAN, 4, {64, 26, 26, 32});
static const gz_case gradient_cases[] = {
    {.in = {{GZ_ABSENT, {0}}, {2, {1, 1}}}, .n_in = 2, .attr = &mean_1},
    {.in = {{4, {2, 2, 31, 2}}, {2, {2, 2}}}, .n_in = 2, .attr = &max_31},
    {.in = {{GZ_ABSENT, {0}}, {2, {3, 32}}}, .n_in = 2, .attr = &sum_33},
    {.in = {{GZ_ABSENT, {0}}, {2, {2, 65}}}, .n_in = 2, .attr = &mean_65},
    {.in = {{3, {1, 63, 64}}, {2, {1, 64}}}, .n_in = 2, .attr = &max_63, .fill = GZ_FILL_INTEGER},
    {.in = {{GZ_ABSENT, {0}}, {2, {2, 131}}}, .n_in = 2, .attr = &mean_131},
    {.in = {{GZ_ABSENT, {0}}, {2, {17, 213}}}, .n_in = 2, .attr = &mean_many},
    {.in = {{3, {5, 31, 63}}, {2, {5, 63}}}, .n_in = 2, .attr = &max_wide, .fill = GZ_FILL_WIDE},
    {.in = {{3, {2, 1009, 3}}, {2, {2, 3}}}, .n_in = 2, .attr = &max_prime, .fill = GZ_FILL_INTEGER},
    {.in = {{GZ_ABSENT, {0}}, {2, {64, 32}}}, .n_in = 2, .attr = &mean_large, .heavy = true},
};

const gz_op gz_op_reduce_middle = {
    .name = "reduce_middle",
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

const gz_op gz_op_reduce_middle_gradient = {
    .name = "reduce_middle_gradient",
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
