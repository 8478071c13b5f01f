/* row_dot: the dot product of rows. */
#include "rows.h"
#include "group_gpu.h"

#include <math.h>

static bool one_row_a_sample(const gz_node *node)
{
    return !gz_shape_equal(node->in[0]->shape, node->in[1]->shape);
}

static gz_rows_size size_of(const gz_node *node)
{
    const gz_shape x = node->in[0]->shape;
    return (gz_rows_size){gz_shape_rows(x), gz_shape_last(x), one_row_a_sample(node) ? x.dim[1] : 1};
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    const gz_shape x = node->in[0]->shape, z = node->in[1]->shape;
    const bool one = x.rank == 3 && z.rank == 2 && x.dim[0] == z.dim[0] && x.dim[2] == z.dim[1];
    if (x.rank < 2 || (!one && one_row_a_sample(node)))
        return gz_rows_mismatch(node, "two of one shape [...,D], or x [B,N,D] and z [B,D]");
    gz_shape y = x;
    y.rank--;
    y.dim[y.rank] = 0;
    return gz_node_output(graph, node, 0, GZ_F32, y);
}

static void dots(double factor, gz_rows_size size, const double *x, const double *z, double *y)
{
    const size_t R = size.rows, D = size.width;
    for (size_t r = 0; r < R; r++) {
        double sum = 0;
        for (size_t d = 0; d < D; d++) sum += x[r * D + d] * z[r / size.repeat * D + d];
        y[r] = factor * sum;
    }
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    dots(gz_factor_of(node), size_of(node), in[0], in[1], out[0]);
}

static void magnitude(const gz_node *node, double *const *in, double *const *out)
{
    dots(fabs(gz_factor_of(node)), size_of(node), in[0], in[1], out[0]);
}

static void launch_gpu(gz_builder *builder, const gz_tensor *const *three, double factor, gz_rows_size size)
{
    gz_launch *launch = gz_launch_add(builder, "rows_gpu", "row_dot_group", "%s", "");
    for (size_t i = 0; i < 3; i++) gz_arg_tensor(launch, three[i]);
    gz_arg_float(launch, factor);
    gz_arg_int(launch, size.repeat);
    gz_arg_int(launch, size.width);
    gz_arg_int(launch, size.rows);
    gz_launch_group_rows(builder, launch, size.rows, size.width);
}

void gz_row_dot_launch(gz_builder *builder, const gz_tensor *x, const gz_tensor *z, const gz_tensor *y,
                       double factor, gz_rows_size size)
{
    const gz_tensor *const three[] = {x, z, y};
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    if (gz_builder_is_gpu(builder)) {
        launch_gpu(builder, three, factor, size);
        return;
    }
    gz_launch *launch = gz_launch_add(builder, "rows", cpu ? "row_dot_slabs" : "row_dot_items", "%s", "");
    for (size_t i = 0; i < 3; i++) gz_arg_tensor(launch, three[i]);
    gz_rows_launch(builder, launch, factor, size, size.rows);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    gz_row_dot_launch(builder, node->in[0], node->in[1], node->out[0], gz_factor_of(node), size_of(node));
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    return gz_rows_cost(node, 2 * (double)gz_shape_count(node->in[0]->shape));
}

/* dx_r = factor dy_r z_r; where z has one row a sample, dx is an outer product and dz a weighted sum. */
static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    gz_tensor *x = node->in[0], *z = node->in[1], *dy = dout[0];
    const double factor = gz_factor_of(node);
    if (!one_row_a_sample(node)) {
        if (wanted[0]) GZ_TRY(gz_scale_rows(graph, z, dy, factor, &din[0]));
        if (wanted[1]) GZ_TRY(gz_scale_rows(graph, x, dy, factor, &din[1]));
        return GAZE_OK;
    }
    if (factor != 1) GZ_TRY(gz_scale(graph, dy, factor, &dy));
    if (wanted[0]) GZ_TRY(gz_outer_rows(graph, dy, z, &din[0]));
    if (wanted[1]) GZ_TRY(gz_weighted_sum(graph, dy, x, &din[1]));
    return GAZE_OK;
}

/* The factor adds its own rounding and a product. */
static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    return (gz_limit){GZ_SUM, (double)size_of(node).width + 1};
}

gaze_status gz_row_dot(gz_graph *g, gz_tensor *x, gz_tensor *z, double factor, gz_tensor **y)
{
    const gz_factor_attr attr = {factor};
    return gz_graph_node(g, &gz_op_row_dot, &attr, sizeof attr, (gz_tensor *[]){x, z}, 2, y, 1);
}

static const gz_factor_attr one = {1}, minus_half = {-0.5}, third = {1.0 / 3};
static const gz_case cases[] = {
    {.in = {{2, {1, 1}}, {2, {1, 1}}}, .n_in = 2, .attr = &one},
    {.in = {{2, {2, 31}}, {2, {2, 31}}}, .n_in = 2, .attr = &third},
    {.in = {{3, {3, 5, 33}}, {2, {3, 33}}}, .n_in = 2, .attr = &minus_half},
    {.in = {{3, {2, 32, 64}}, {3, {2, 32, 64}}}, .n_in = 2, .attr = &one, .fill = GZ_FILL_INTEGER},
    {.in = {{3, {2, 63, 65}}, {2, {2, 65}}}, .n_in = 2, .attr = &minus_half, .fill = GZ_FILL_INTEGER},
    {.in = {{4, {2, 3, 7, 32}}, {4, {2, 3, 7, 32}}}, .n_in = 2, .attr = &one, .fill = GZ_FILL_WIDE},
    {.in = {{2, {101, 2}}, {2, {101, 2}}}, .n_in = 2, .attr = &one},
    {.in = {{3, {1, 17, 1}}, {2, {1, 1}}}, .n_in = 2, .attr = &third},
    {.in = {{2, {7, 4099}}, {2, {7, 4099}}}, .n_in = 2, .attr = &one},
    {.in = {{3, {64, 144, 64}}, {2, {64, 64}}}, .n_in = 2, .attr = &one, .heavy = true},
};

const gz_op gz_op_row_dot = {
    .name = "row_dot",
    .n_out = 1,
    .attr_bytes = sizeof(gz_factor_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .gradient = gradient,
    .limit = limit,
    .magnitude = magnitude,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
