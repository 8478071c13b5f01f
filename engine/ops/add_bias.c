/* add_bias: the same vector added to every row. (conv2d and dense add theirs on the way.) */
#include "block.h"

enum { X, BIAS };

static size_t rows_of(const gz_node *node) { return gz_shape_rows(node->in[X]->shape); }
static size_t width_of(const gz_node *node) { return gz_shape_last(node->in[X]->shape); }

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char text[96];
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    if (!gz_shape_equal(node->in[BIAS]->shape, GZ_SHAPE(width_of(node))))
        return gz_op_fail(node, "the bias has shape %s, expected [%zu]",
                          gz_shape_text(node->in[BIAS]->shape, text), width_of(node));
    return gz_node_output(graph, node, 0, GZ_F32, node->in[X]->shape);
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t R = rows_of(node), C = width_of(node);
    for (size_t r = 0; r < R; r++)
        for (size_t c = 0; c < C; c++) out[0][r * C + c] = in[X][r * C + c] + in[BIAS][c];
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    gz_launch *launch = gz_launch_add(builder, "bias", cpu ? "add_bias_slabs" : "add_bias_items", "%s", "");
    gz_arg_tensor(launch, node->in[X]);
    gz_arg_tensor(launch, node->in[BIAS]);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_int(launch, rows_of(node));
    gz_arg_int(launch, width_of(node));
    if (cpu)
        gz_block_slabs(builder, launch, rows_of(node), width_of(node));
    else
        gz_launch_items(launch, rows_of(node) * width_of(node));
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const double count = (double)gz_shape_count(node->out[0]->shape);
    return (gz_cost){count, 4 * (2 * count + (double)width_of(node))};
}

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    (void)node;
    if (wanted[X]) din[X] = dout[0];
    return wanted[BIAS] ? gz_bias_gradient(graph, dout[0], &din[BIAS]) : GAZE_OK;
}

gaze_status gz_add_bias(gz_graph *g, gz_tensor *x, gz_tensor *bias, gz_tensor **y)
{
    return gz_graph_node(g, &gz_op_add_bias, NULL, 0, (gz_tensor *[]){x, bias}, 2, y, 1);
}

static const gz_case cases[] = {
    {.in = {{2, {1, 1}}, {1, {1}}}, .n_in = 2},
    {.in = {{2, {2, 31}}, {1, {31}}}, .n_in = 2, .fill = GZ_FILL_WIDE},
    {.in = {{3, {3, 5, 33}}, {1, {33}}}, .n_in = 2},
    {.in = {{2, {65, 64}}, {1, {64}}}, .n_in = 2, .fill = GZ_FILL_INTEGER},
    {.in = {{4, {2, 7, 11, 3}}, {1, {3}}}, .n_in = 2},
    {.in = {{2, {3, 4099}}, {1, {4099}}}, .n_in = 2},
    {.in = {{2, {1201, 1}}, {1, {1}}}, .n_in = 2, .fill = GZ_FILL_SPECIAL, .fill_of = {0, GZ_FILL_POSITIVE}},
    {.in = {{2, {64, 50 * 64}}, {1, {50 * 64}}}, .n_in = 2, .heavy = true},
};

const gz_op gz_op_add_bias = {
    .name = "add_bias",
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
