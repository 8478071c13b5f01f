/* scale_rows: every row times its own factor. outer_rows: one row a sample, times the factors of all tokens.
 */
#include "rows.h"

static void scale_rows(const double *x, const double *s, double *y, double factor, gz_rows_size size)
{
    for (size_t r = 0; r < size.rows; r++)
        for (size_t d = 0; d < size.width; d++)
            y[r * size.width + d] = factor * s[r] * x[r / size.repeat * size.width + d];
}

void gz_scale_rows_launch(gz_builder *builder, const gz_tensor *x, const gz_tensor *s, const gz_tensor *y,
                          double factor, gz_rows_size size)
{
    gz_launch *launch = gz_launch_add(
        builder, "rows",
        gz_builder_family(builder) == GZ_FAMILY_CPU ? "scale_rows_slabs" : "scale_rows_items", "%s", "");
    gz_arg_tensor(launch, x);
    gz_arg_tensor(launch, s);
    gz_arg_tensor(launch, y);
    gz_rows_launch(builder, launch, factor, size, size.rows * size.width);
}

static gz_rows_size scale_gz_rows_size(const gz_node *node)
{
    return (gz_rows_size){gz_shape_count(node->in[1]->shape), gz_shape_last(node->in[0]->shape), 1};
}

static gaze_status scale_rows_infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    const gz_shape x = node->in[0]->shape, s = node->in[1]->shape;
    bool fits = x.rank > 0 && (s.rank + 1 == x.rank || (s.rank == x.rank && s.dim[s.rank - 1] == 1));
    for (size_t i = 0; fits && i + 1 < x.rank; i++) fits = s.dim[i] == x.dim[i];
    if (!fits) return gz_rows_mismatch(node, "x [...,D] and s [...] or [...,1]");
    return gz_node_output(graph, node, 0, GZ_F32, x);
}

static void scale_rows_reference(const gz_node *node, double *const *in, double *const *out)
{
    scale_rows(in[0], in[1], out[0], gz_factor_of(node), scale_gz_rows_size(node));
}

static gaze_status scale_rows_prepare(const gz_node *node, gz_builder *builder)
{
    gz_scale_rows_launch(builder, node->in[0], node->in[1], node->out[0], gz_factor_of(node),
                         scale_gz_rows_size(node));
    return gz_builder_status(builder);
}

static gz_cost scale_rows_cost(const gz_node *node)
{
    return gz_rows_cost(node, (double)gz_shape_count(node->out[0]->shape));
}

static gaze_status scale_rows_gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout,
                                       const bool *wanted, gz_tensor **din)
{
    gz_tensor *x = node->in[0], *s = node->in[1], *ds;
    if (wanted[0]) GZ_TRY(gz_scale_rows(graph, dout[0], s, gz_factor_of(node), &din[0]));
    if (!wanted[1]) return GAZE_OK;
    GZ_TRY(gz_row_dot(graph, x, dout[0], gz_factor_of(node), &ds));
    return gz_graph_view(graph, ds, s->shape, &din[1]);
}

/* One product is rounded once; a factor, its own rounding and one more product come on top. */
static gz_limit scale_rows_limit(const gz_node *node, size_t i)
{
    return gz_factor_of(node) == 1 ? gz_limit_exact(node, i) : (gz_limit){GZ_RELATIVE, 3};
}

static gz_rows_size outer_gz_rows_size(const gz_node *node)
{
    const gz_shape y = node->out[0]->shape;
    return (gz_rows_size){gz_shape_rows(y), gz_shape_last(y), y.dim[1]};
}

static gaze_status outer_rows_infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    const gz_shape a = node->in[0]->shape, v = node->in[1]->shape;
    if (a.rank != 2 || v.rank != 2 || a.dim[0] != v.dim[0])
        return gz_rows_mismatch(node, "a [B,N] and v [B,D]");
    return gz_node_output(graph, node, 0, GZ_F32, GZ_SHAPE(a.dim[0], a.dim[1], v.dim[1]));
}

static void outer_rows_reference(const gz_node *node, double *const *in, double *const *out)
{
    scale_rows(in[1], in[0], out[0], 1, outer_gz_rows_size(node));
}

static gaze_status outer_rows_prepare(const gz_node *node, gz_builder *builder)
{
    gz_scale_rows_launch(builder, node->in[1], node->in[0], node->out[0], 1, outer_gz_rows_size(node));
    return gz_builder_status(builder);
}

static gaze_status outer_rows_gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout,
                                       const bool *wanted, gz_tensor **din)
{
    if (wanted[0]) GZ_TRY(gz_row_dot(graph, dout[0], node->in[1], 1, &din[0]));
    if (wanted[1]) GZ_TRY(gz_weighted_sum(graph, node->in[0], dout[0], &din[1]));
    return GAZE_OK;
}

gaze_status gz_scale_rows(gz_graph *g, gz_tensor *x, gz_tensor *s, double factor, gz_tensor **y)
{
    const gz_factor_attr attr = {factor};
    return gz_graph_node(g, &gz_op_scale_rows, &attr, sizeof attr, (gz_tensor *[]){x, s}, 2, y, 1);
}

gaze_status gz_outer_rows(gz_graph *g, gz_tensor *a, gz_tensor *v, gz_tensor **y)
{
    return gz_graph_node(g, &gz_op_outer_rows, NULL, 0, (gz_tensor *[]){a, v}, 2, y, 1);
}

static const gz_factor_attr one = {1}, half = {0.5}, third = {1.0 / 3};

static const gz_case scale_cases[] = {
    {.in = {{2, {1, 1}}, {2, {1, 1}}}, .n_in = 2, .attr = &one},
    {.in = {{2, {2, 31}}, {1, {2}}}, .n_in = 2, .attr = &third},
    {.in = {{3, {3, 5, 33}}, {3, {3, 5, 1}}}, .n_in = 2, .attr = &one, .fill = GZ_FILL_WIDE},
    {.in = {{3, {2, 32, 64}}, {2, {2, 32}}}, .n_in = 2, .attr = &one, .fill = GZ_FILL_INTEGER},
    {.in = {{4, {2, 7, 11, 65}}, {4, {2, 7, 11, 1}}}, .n_in = 2, .attr = &third},
    {.in = {{4, {1, 13, 1, 63}}, {3, {1, 13, 1}}}, .n_in = 2, .attr = &half},
    {.in = {{2, {1201, 1}}, {2, {1201, 1}}}, .n_in = 2, .attr = &one, .fill = GZ_FILL_SPECIAL},
    {.in = {{2, {257, 2}}, {1, {257}}}, .n_in = 2, .attr = &one},
    {.in = {{3, {64, 144, 64}}, {2, {64, 144}}}, .n_in = 2, .attr = &third, .heavy = true},
};

static const gz_case outer_cases[] = {
    {.in = {{2, {1, 1}}, {2, {1, 1}}}, .n_in = 2},
    {.in = {{2, {2, 1}}, {2, {2, 31}}}, .n_in = 2},
    {.in = {{2, {1, 32}}, {2, {1, 33}}}, .n_in = 2, .fill = GZ_FILL_WIDE},
    {.in = {{2, {3, 63}}, {2, {3, 64}}}, .n_in = 2, .fill = GZ_FILL_INTEGER},
    {.in = {{2, {5, 17}}, {2, {5, 65}}}, .n_in = 2},
    {.in = {{2, {31, 2}}, {2, {31, 2}}}, .n_in = 2},
    {.in = {{2, {13, 101}}, {2, {13, 1}}}, .n_in = 2},
    {.in = {{2, {2, 577}}, {2, {2, 1}}}, .n_in = 2, .fill = GZ_FILL_SPECIAL},
    {.in = {{2, {64, 144}}, {2, {64, 64}}}, .n_in = 2, .heavy = true},
};

const gz_op gz_op_scale_rows = {
    .name = "scale_rows",
    .n_out = 1,
    .attr_bytes = sizeof(gz_factor_attr),
    .infer = scale_rows_infer,
    .reference = scale_rows_reference,
    .prepare = scale_rows_prepare,
    .cost = scale_rows_cost,
    .gradient = scale_rows_gradient,
    .limit = scale_rows_limit,
    .in_place = 1,
    .cases = scale_cases,
    .n_cases = sizeof scale_cases / sizeof *scale_cases,
};

const gz_op gz_op_outer_rows = {
    .name = "outer_rows",
    .n_out = 1,
    .infer = outer_rows_infer,
    .reference = outer_rows_reference,
    .prepare = outer_rows_prepare,
    .cost = scale_rows_cost,
    .gradient = outer_rows_gradient,
    .limit = gz_limit_exact,
    .cases = outer_cases,
    .n_cases = sizeof outer_cases / sizeof *outer_cases,
};
