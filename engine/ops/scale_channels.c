/* scale_channels: x [B,...,C], s [B,C] -> y = x s, every row of a sample times the sample's own factors. */
#include "rows.h"

enum { X, S };

static size_t rows_of(const gz_node *node) { return gz_shape_rows(node->in[X]->shape); }
static size_t width_of(const gz_node *node) { return gz_shape_last(node->in[X]->shape); }
static size_t rows_of_sample(const gz_node *node) { return rows_of(node) / node->in[X]->shape.dim[0]; }

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    const gz_shape x = node->in[X]->shape;
    if (x.rank < 2 || !gz_shape_equal(node->in[S]->shape, GZ_SHAPE(x.dim[0], gz_shape_last(x))))
        return gz_rows_mismatch(node, "x [B,...,C] and s [B,C]");
    return gz_node_output(graph, node, 0, GZ_F32, x);
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t R = rows_of(node), C = width_of(node), N = rows_of_sample(node);
    for (size_t r = 0; r < R; r++)
        for (size_t c = 0; c < C; c++) out[0][r * C + c] = in[X][r * C + c] * in[S][r / N * C + c];
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    const size_t R = rows_of(node), C = width_of(node);
    gz_launch *launch = gz_launch_add(builder, "scale_channels",
                                      cpu ? "scale_channels_slabs" : "scale_channels_items", "%s", "");
    gz_arg_tensor(launch, node->in[X]);
    gz_arg_tensor(launch, node->in[S]);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_int(launch, rows_of_sample(node));
    gz_arg_int(launch, C);
    gz_arg_int(launch, R);
    gz_launch_slabs_or_items(builder, launch, gz_slabs_of(builder, R, 8 * C, 1), R * C);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    return gz_rows_cost(node, (double)gz_shape_count(node->out[0]->shape));
}

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    gz_tensor *product;
    if (wanted[X]) GZ_TRY(gz_scale_channels(graph, dout[0], node->in[S], &din[X]));
    if (!wanted[S]) return GAZE_OK;
    GZ_TRY(gz_multiply_all(graph, (gz_tensor *[]){node->in[X], dout[0]}, 2, &product));
    return gz_reduce_middle(graph, product, GZ_SUM_ALL, &din[S]);
}

gaze_status gz_scale_channels(gz_graph *g, gz_tensor *x, gz_tensor *s, gz_tensor **y)
{
    return gz_graph_node(g, &gz_op_scale_channels, NULL, 0, (gz_tensor *[]){x, s}, 2, y, 1);
}

static const gz_case cases[] = {
    {.in = {{2, {1, 1}}, {2, {1, 1}}}, .n_in = 2},
    {.in = {{2, {3, 31}}, {2, {3, 31}}}, .n_in = 2, .fill = GZ_FILL_WIDE},
    {.in = {{3, {2, 5, 33}}, {2, {2, 33}}}, .n_in = 2},
    {.in = {{4, {2, 7, 11, 65}}, {2, {2, 65}}}, .n_in = 2, .fill = GZ_FILL_INTEGER},
    {.in = {{4, {3, 13, 1, 2}}, {2, {3, 2}}}, .n_in = 2},
    {.in = {{3, {1, 1201, 1}}, {2, {1, 1}}},
     .n_in = 2,
     .fill = GZ_FILL_SPECIAL,
     .fill_of = {0, GZ_FILL_POSITIVE}},
    {.in = {{4, {64, 26, 26, 32}}, {2, {64, 32}}}, .n_in = 2, .heavy = true},
};

const gz_op gz_op_scale_channels = {
    .name = "scale_channels",
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
