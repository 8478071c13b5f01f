/* weighted_sum: the rows of each sample, added with a weight each. */
#include "group_gpu.h"
#include "rows.h"

enum { A, H, VECTORS = 4 /* of columns in a group of the kernel */ };

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    const gz_shape a = node->in[A]->shape, h = node->in[H]->shape;
    if (a.rank != 2 || h.rank != 3 || a.dim[0] != h.dim[0] || a.dim[1] != h.dim[1])
        return gz_rows_mismatch(node, "a [B,N] and h [B,N,D]");
    return gz_node_output(graph, node, 0, GZ_F32, GZ_SHAPE(h.dim[0], h.dim[2]));
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t *dim = node->in[H]->shape.dim, B = dim[0], N = dim[1], D = dim[2];
    for (size_t b = 0; b < B; b++)
        for (size_t d = 0; d < D; d++) {
            double sum = 0;
            for (size_t n = 0; n < N; n++) sum += in[A][b * N + n] * in[H][(b * N + n) * D + d];
            out[0][b * D + d] = sum;
        }
}

void gz_weighted_sum_launch(gz_builder *builder, const gz_tensor *a, const gz_tensor *h, const gz_tensor *y)
{
    const size_t *dim = h->shape.dim, B = dim[0], N = dim[1], D = dim[2];
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    if (gz_builder_is_gpu(builder)) {
        gz_column_sums_gpu(builder, &(gz_column_sums){h, a, y, B, N, D, 1});
        return;
    }
    gz_launch *launch =
        gz_launch_add(builder, "rows", cpu ? "weighted_sum_columns" : "weighted_sum_items", "%s", "");
    gz_arg_tensor(launch, a);
    gz_arg_tensor(launch, h);
    gz_arg_tensor(launch, y);
    gz_arg_int(launch, N);
    gz_arg_int(launch, D);
    gz_arg_int(launch, B);
    const size_t columns = VECTORS * gz_builder_device(builder)->vector_width;
    if (cpu)
        gz_launch_groups(launch, (D + columns - 1) / columns * B, 1, 1, 1, 1, 1);
    else
        gz_launch_items(launch, B * D);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    gz_weighted_sum_launch(builder, node->in[A], node->in[H], node->out[0]);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    return gz_rows_cost(node, 2 * (double)gz_shape_count(node->in[H]->shape));
}

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    if (wanted[A]) GZ_TRY(gz_row_dot(graph, node->in[H], dout[0], 1, &din[A]));
    if (wanted[H]) GZ_TRY(gz_outer_rows(graph, node->in[A], dout[0], &din[H]));
    return GAZE_OK;
}

static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    return (gz_limit){GZ_SUM, (double)node->in[A]->shape.dim[1]};
}

gaze_status gz_weighted_sum(gz_graph *g, gz_tensor *a, gz_tensor *h, gz_tensor **y)
{
    return gz_graph_node(g, &gz_op_weighted_sum, NULL, 0, (gz_tensor *[]){a, h}, 2, y, 1);
}

static const gz_case cases[] = {
    {.in = {{2, {1, 1}}, {3, {1, 1, 1}}}, .n_in = 2},
    {.in = {{2, {2, 1}}, {3, {2, 1, 31}}}, .n_in = 2},
    {.in = {{2, {1, 32}}, {3, {1, 32, 33}}}, .n_in = 2, .fill = GZ_FILL_WIDE},
    {.in = {{2, {3, 63}}, {3, {3, 63, 64}}}, .n_in = 2, .fill = GZ_FILL_INTEGER},
    {.in = {{2, {5, 17}}, {3, {5, 17, 65}}}, .n_in = 2, .fill = GZ_FILL_INTEGER},
    {.in = {{2, {31, 2}}, {3, {31, 2, 2}}}, .n_in = 2},
    {.in = {{2, {13, 101}}, {3, {13, 101, 1}}}, .n_in = 2},
    {.in = {{2, {2, 577}}, {3, {2, 577, 131}}}, .n_in = 2},
    {.in = {{2, {64, 144}}, {3, {64, 144, 64}}}, .n_in = 2, .heavy = true},
};

const gz_op gz_op_weighted_sum = {
    .name = "weighted_sum",
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
