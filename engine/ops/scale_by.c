/* scale_by: y = s x, one weight s for all values. */
#include "ops.h"
#include "slabs.h"

enum { X, S };

static size_t count_of(const gz_node *node) { return gz_shape_count(node->in[X]->shape); }

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char text[96];
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    if (gz_shape_count(node->in[S]->shape) != 1)
        return gz_op_fail(node, "the factor has shape %s, expected one value",
                          gz_shape_text(node->in[S]->shape, text));
    return gz_node_output(graph, node, 0, GZ_F32, node->in[X]->shape);
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    for (size_t i = 0; i < count_of(node); i++) out[0][i] = in[S][0] * in[X][i];
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    gz_launch *launch = gz_launch_add(builder, "scale_by", cpu ? "scale_by_slabs" : "scale_by_items", "");
    gz_arg_tensor(launch, node->in[X]);
    gz_arg_tensor(launch, node->in[S]);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_int(launch, count_of(node));
    gz_launch_slabs_or_items(builder, launch, gz_slabs_of(builder, count_of(node), 8, 64), count_of(node));
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const double count = (double)count_of(node);
    return (gz_cost){count, 8 * count};
}

/* ds = sum(x dy): row by row, then over the rows. */
static gaze_status factor_gradient(gz_graph *graph, const gz_node *node, gz_tensor *dy, gz_tensor **ds)
{
    const gz_shape x = node->in[X]->shape;
    const size_t R = gz_shape_rows(x), D = gz_shape_last(x);
    gz_tensor *rows_x, *rows_dy, *sums;
    GZ_TRY(gz_graph_view(graph, node->in[X], GZ_SHAPE(R, D), &rows_x));
    GZ_TRY(gz_graph_view(graph, dy, GZ_SHAPE(R, D), &rows_dy));
    GZ_TRY(gz_row_dot(graph, rows_x, rows_dy, 1, &sums));
    GZ_TRY(gz_graph_view(graph, sums, GZ_SHAPE(R, 1), &sums));
    GZ_TRY(gz_bias_gradient(graph, sums, ds));
    return gz_graph_view(graph, *ds, node->in[S]->shape, ds);
}

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    if (wanted[X]) GZ_TRY(gz_scale_by(graph, dout[0], node->in[S], &din[X]));
    return wanted[S] ? factor_gradient(graph, node, dout[0], &din[S]) : GAZE_OK;
}

gaze_status gz_scale_by(gz_graph *g, gz_tensor *x, gz_tensor *s, gz_tensor **y)
{
    return gz_graph_node(g, &gz_op_scale_by, NULL, 0, (gz_tensor *[]){x, s}, 2, y, 1);
}

static const gz_case cases[] = {
    {.in = {{1, {1}}, {0, {0}}}, .n_in = 2},
    {.in = {{2, {31, 33}}, {1, {1}}}, .n_in = 2, .fill = GZ_FILL_WIDE},
    {.in = {{3, {3, 7, 65}}, {0, {0}}}, .n_in = 2, .fill = GZ_FILL_INTEGER},
    {.in = {{2, {1201, 1}}, {0, {0}}}, .n_in = 2, .fill = GZ_FILL_SPECIAL, .fill_of = {0, GZ_FILL_POSITIVE}},
    {.in = {{3, {64, 50, 50}}, {0, {0}}}, .n_in = 2, .heavy = true},
};

const gz_op gz_op_scale_by = {
    .name = "scale_by",
    .n_out = 1,
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .gradient = gradient,
    .limit = gz_limit_exact,
    .in_place = 1,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
