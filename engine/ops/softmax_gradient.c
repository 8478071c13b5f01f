/* The gradient of softmax: y, dy [...,N] -> dx = y (dy - sum(y dy)). Where a mask made y 0, dx is 0. */
#include "../graph/builder.h"
#include "group_gpu.h"
#include "ops.h"

enum { Y, DY };

static size_t rows_of(const gz_node *node) { return gz_shape_rows(node->in[Y]->shape); }
static size_t keys_of(const gz_node *node) { return gz_shape_last(node->in[Y]->shape); }

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char text[2][96];
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    const gz_shape y = node->in[Y]->shape, dy = node->in[DY]->shape;
    if (!gz_shape_equal(y, dy))
        return gz_op_fail(node, "output has shape %s and its gradient %s, expected the same",
                          gz_shape_text(y, text[0]), gz_shape_text(dy, text[1]));
    return gz_node_output(graph, node, 0, GZ_F32, y);
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t R = rows_of(node), N = keys_of(node);
    for (size_t r = 0; r < R; r++) {
        const double *y = in[Y] + r * N, *dy = in[DY] + r * N;
        double sum = 0;
        for (size_t n = 0; n < N; n++) sum += y[n] * dy[n];
        for (size_t n = 0; n < N; n++) out[0][r * N + n] = y[n] * (dy[n] - sum);
    }
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const size_t R = rows_of(node), N = keys_of(node);
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU, gpu = gz_builder_is_gpu(builder);
    gz_launch *launch = gpu ? gz_launch_add(builder, "softmax_gpu", "softmax_gradient_group", "%s", "")
                            : gz_launch_add(builder, "softmax",
                                            cpu ? "softmax_gradient" : "softmax_gradient_plain", "%s", "");
    gz_arg_tensor(launch, node->in[Y]);
    gz_arg_tensor(launch, node->in[DY]);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_int(launch, R);
    gz_arg_int(launch, N);
    if (cpu) {
        const size_t rows = 4096 / N + 1;
        gz_arg_int(launch, rows);
        gz_launch_groups(launch, (R + rows - 1) / rows, 1, 1, 1, 1, 1);
    } else if (gpu) {
        gz_launch_group_rows(builder, launch, R, N);
    } else {
        gz_launch_items(launch, R);
    }
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const double n = (double)rows_of(node) * (double)keys_of(node);
    return (gz_cost){4 * n, 12 * n};
}

/* verification.md: 40 eps */
static gz_limit limit(const gz_node *node, size_t i)
{
    (void)node;
    (void)i;
    return (gz_limit){GZ_RELATIVE, 40};
}

#define CASE(FILL, R, N)                                          \
    {                                                             \
        .in = {{2, {R, N}}, {2, {R, N}}}, .n_in = 2, .fill = FILL \
    }

static const gz_case cases[] = {
    CASE(GZ_FILL_UNIFORM, 1, 1),
    CASE(GZ_FILL_UNIFORM, 3, 2),
    CASE(GZ_FILL_UNIFORM, 64, 10),
    CASE(GZ_FILL_INTEGER, 5, 31),
    CASE(GZ_FILL_POSITIVE, 2, 32),
    CASE(GZ_FILL_UNIFORM, 7, 33),
    CASE(GZ_FILL_POSITIVE, 64, 144),
    CASE(GZ_FILL_UNIFORM, 3, 1031),
    CASE(GZ_FILL_UNIFORM, 2, 9216),
    {.in = {{4, {2, 3, 5, 17}}, {4, {2, 3, 5, 17}}}, .n_in = 2, .fill = GZ_FILL_UNIFORM},
};

const gz_op gz_op_softmax_gradient = {
    .name = "softmax_gradient",
    .n_out = 1,
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};

gaze_status gz_softmax_gradient(gz_graph *g, gz_tensor *y, gz_tensor *dy, gz_tensor **dx)
{
    return gz_graph_node(g, &gz_op_softmax_gradient, NULL, 0, (gz_tensor *[]){y, dy}, 2, dx, 1);
}
