/* mask_rows: rows whose mask is 0 become zeros, whatever they held. */
#include "rows.h"

enum { X, MASK };

static size_t rows_of(const gz_node *node) { return gz_shape_rows(node->in[X]->shape); }
static size_t width_of(const gz_node *node) { return gz_shape_last(node->in[X]->shape); }

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    gz_shape rows = node->in[X]->shape;
    if (rows.rank) rows.rank--;
    if (node->in[MASK]->dtype != GZ_I32 || !gz_shape_equal(node->in[MASK]->shape, rows))
        return gz_rows_mismatch(node, "x [...,D] and an int32 mask [...]");
    return gz_node_output(graph, node, 0, GZ_F32, node->in[X]->shape);
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t D = width_of(node);
    for (size_t r = 0; r < rows_of(node); r++)
        for (size_t d = 0; d < D; d++) out[0][r * D + d] = in[MASK][r] != 0 ? in[X][r * D + d] : 0;
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    const size_t R = rows_of(node), D = width_of(node);
    gz_launch *launch = gz_launch_add(builder, "mask", cpu ? "mask_rows_slabs" : "mask_rows_items", "");
    gz_arg_tensor(launch, node->in[X]);
    gz_arg_tensor(launch, node->in[MASK]);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_int(launch, R);
    gz_arg_int(launch, D);
    gz_launch_slabs_or_items(builder, launch, gz_slabs_of(builder, R, 8 * D, 1), R * D);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node) { return gz_rows_cost(node, 0); }

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    return wanted[X] ? gz_mask_rows(graph, dout[0], node->in[MASK], &din[X]) : GAZE_OK;
}

gaze_status gz_mask_rows(gz_graph *g, gz_tensor *x, gz_tensor *mask, gz_tensor **y)
{
    return gz_graph_node(g, &gz_op_mask_rows, NULL, 0, (gz_tensor *[]){x, mask}, 2, y, 1);
}

#define MASKED .n_in = 2, .dtype = {GZ_F32, GZ_I32}, .index_limit = 2
static const gz_case cases[] = {
    {.in = {{2, {1, 1}}, {1, {1}}}, MASKED},
    {.in = {{3, {2, 31, 33}}, {2, {2, 31}}}, .fill = GZ_FILL_WIDE, MASKED},
    {.in = {{4, {2, 5, 7, 65}}, {3, {2, 5, 7}}}, MASKED},
    {.in = {{2, {1201, 1}}, {1, {1201}}}, .fill = GZ_FILL_SPECIAL, MASKED},
    {.in = {{2, {63, 2}}, {1, {63}}}, .fill = GZ_FILL_INTEGER, MASKED},
    {.in = {{3, {3, 17, 64}}, {2, {3, 17}}}, MASKED},
    {.in = {{3, {64, 50, 128}}, {2, {64, 50}}}, .heavy = true, MASKED},
};

const gz_op gz_op_mask_rows = {
    .name = "mask_rows",
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
