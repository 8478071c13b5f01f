/* one_hot_max: 1 at the first of the largest positive values of each row, 0 elsewhere; a row without them is
   all zeros. No gradient: where it is not 0 it does not exist. */
#include "ops.h"
#include "group_gpu.h"
#include "slabs.h"

static size_t rows_of(const gz_node *node) { return gz_shape_rows(node->in[0]->shape); }
static size_t values_of(const gz_node *node) { return gz_shape_last(node->in[0]->shape); }

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 1, 1));
    return gz_node_output(graph, node, 0, GZ_F32, node->in[0]->shape);
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t N = values_of(node);
    for (size_t r = 0; r < rows_of(node); r++) {
        const double *x = in[0] + r * N;
        size_t best = N;
        for (size_t n = 0; n < N; n++)
            if (x[n] > (best < N ? x[best] : 0)) best = n;
        for (size_t n = 0; n < N; n++) out[0][r * N + n] = n == best;
    }
}

static gaze_status prepare_gpu(const gz_node *node, gz_builder *builder)
{
    gz_launch *launch = gz_launch_add(builder, "rows_gpu", "one_hot_max_group", "%s", "");
    gz_arg_tensor(launch, node->in[0]);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_int(launch, rows_of(node));
    gz_arg_int(launch, values_of(node));
    gz_launch_group_rows(builder, launch, rows_of(node), values_of(node));
    return gz_builder_status(builder);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const size_t R = rows_of(node), N = values_of(node);
    if (gz_builder_is_gpu(builder) && gz_group_counts(N)) return prepare_gpu(node, builder);
    const size_t rows =
        gz_builder_family(builder) == GZ_FAMILY_CPU ? gz_slabs_of(builder, R, 8 * N, 1).units : 1;
    gz_launch *launch = gz_launch_add(builder, "one_hot", "one_hot_max", "");
    gz_arg_tensor(launch, node->in[0]);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_int(launch, R);
    gz_arg_int(launch, N);
    gz_arg_int(launch, rows);
    gz_launch_items(launch, (R + rows - 1) / rows);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const double count = (double)gz_shape_count(node->in[0]->shape);
    return (gz_cost){count, 8 * count};
}

gaze_status gz_one_hot_max(gz_graph *g, gz_tensor *x, gz_tensor **y)
{
    return gz_graph_node(g, &gz_op_one_hot_max, NULL, 0, &x, 1, y, 1);
}

static const gz_case cases[] = {
    {.in = {{2, {1, 1}}}, .n_in = 1, .fill = GZ_FILL_POSITIVE},
    {.in = {{2, {3, 31}}}, .n_in = 1, .fill = GZ_FILL_INTEGER},
    {.in = {{2, {65, 33}}}, .n_in = 1, .fill = GZ_FILL_SPECIAL},
    {.in = {{3, {2, 7, 257}}}, .n_in = 1},
    {.in = {{2, {2003, 2}}}, .n_in = 1},
};

const gz_op gz_op_one_hot_max = {
    .name = "one_hot_max",
    .n_out = 1,
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .limit = gz_limit_exact,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
