/* dense and the softmax of its rows, and what they gate, for few rows: x [R,K], kernel [K,U], bias [U] or
   none -> a [R,U] = softmax(x kernel + bias); with gated, R * U values in any shape: -> y = gated a, in that
   shape, and a. For prediction: it has no gradient. */
#include "dense.h"
#include "slabs.h"
#include "softmax.h"

#include <math.h>

enum { X, KERNEL, BIAS, GATED };

static gz_tensor *input_of(const gz_node *node, size_t i) { return node->n_in > i ? node->in[i] : NULL; }
static gz_tensor *shares_of(const gz_node *node) { return node->out[input_of(node, GATED) != NULL]; }

static gz_dense_size size_of(const gz_node *node)
{
    const gz_shape kernel = node->in[KERNEL]->shape;
    return (gz_dense_size){gz_shape_rows(node->in[X]->shape), kernel.dim[0], kernel.dim[1]};
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char text[96];
    GZ_TRY(gz_op_expect_inputs(node, 2, 4));
    GZ_TRY(gz_op_expect_rank(node, X, 2));
    GZ_TRY(gz_dense_expect(node));
    const gz_dense_size size = size_of(node);
    const gz_tensor *gated = input_of(node, GATED);
    const size_t values = size.rows * size.units;
    if (gated && gz_shape_count(gated->shape) != values)
        return gz_op_fail(node, "what is gated has shape %s, expected %zu values",
                          gz_shape_text(gated->shape, text), values);
    node->n_out = 1 + (gated != NULL);
    if (gated) GZ_TRY(gz_node_output(graph, node, 0, GZ_F32, gated->shape));
    return gz_node_output(graph, node, gated != NULL, GZ_F32, GZ_SHAPE(size.rows, size.units));
}

static double logit(const double *x, const double *kernel, const double *bias, gz_dense_size size, size_t u)
{
    double sum = bias ? bias[u] : 0;
    for (size_t k = 0; k < size.inputs; k++) sum += x[k] * kernel[k * size.units + u];
    return sum;
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_dense_size size = size_of(node);
    const size_t U = size.units;
    const double *bias = input_of(node, BIAS) ? in[BIAS] : NULL,
                 *gated = input_of(node, GATED) ? in[GATED] : NULL;
    for (size_t r = 0; r < size.rows; r++) {
        double *a = out[gated != NULL] + r * U;
        for (size_t u = 0; u < U; u++) a[u] = logit(in[X] + r * size.inputs, in[KERNEL], bias, size, u);
        gz_softmax_values(a, NULL, a, U);
        for (size_t u = 0; gated && u < U; u++) out[0][r * U + u] = gated[r * U + u] * a[u];
    }
}

/* To first order a share is off by as much as the two logits that are off most, times itself: at most 1. */
static void magnitude(const gz_node *node, double *const *in, double *const *out)
{
    const gz_dense_size size = size_of(node);
    const size_t U = size.units;
    const double *bias = input_of(node, BIAS) ? in[BIAS] : NULL,
                 *gated = input_of(node, GATED) ? in[GATED] : NULL;
    for (size_t r = 0; r < size.rows; r++) {
        double most = 0.5;
        for (size_t u = 0; u < U; u++)
            most = fmax(most, logit(in[X] + r * size.inputs, in[KERNEL], bias, size, u));
        for (size_t i = r * U; i < (r + 1) * U; i++) {
            out[gated != NULL][i] = 2 * most;
            if (gated) out[0][i] = 2 * most * gated[i];
        }
    }
}

/* A term for the bias; 10 of 2^-23 for the softmax, and one rounding for the product. */
static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    return (gz_limit){GZ_SUM, (double)size_of(node).inputs + 1 + 20 + 1};
}

static void launch_apart(gz_builder *builder, gz_dense_call call, const gz_tensor *gated, const gz_tensor *y)
{
    const gz_dense_size size = call.size;
    const gz_softmax_call softmax = {.x = gz_scratch(builder, size.rows * size.units),
                                     .y = call.y,
                                     .rows = size.rows,
                                     .keys = size.units,
                                     .steps = 1,
                                     .sample_rows = 1,
                                     .mask_rows = 1};
    const gz_tensor *const factors[] = {gated, call.y};
    call.y = softmax.x;
    gz_dense_launch(builder, &call);
    gz_softmax_launch(builder, &softmax);
    if (gated) gz_multiply_launch(builder, factors, 2, y);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const gz_tensor *gated = input_of(node, GATED), *y = gated ? node->out[0] : NULL;
    const gz_dense_call call = {.size = size_of(node),
                                .x = node->in[X],
                                .kernel = node->in[KERNEL],
                                .bias = input_of(node, BIAS),
                                .y = shares_of(node)};
    if (!gz_dense_launch_softmax(builder, &call, gated, y)) launch_apart(builder, call, gated, y);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const gz_dense_size size = size_of(node);
    const double values = (double)(size.rows * size.units), gated = input_of(node, GATED) ? 1 : 0;
    gz_cost cost = gz_dense_cost(size);
    cost.flop += values * (5 + gated);
    cost.bytes += 8 * values * gated;
    return cost;
}

#define CASE(R, K, U, BIAS_RANK, HEAVY)                                                  \
    {                                                                                    \
        .in = {{2, {R, K}}, {2, {K, U}}, {BIAS_RANK, {U}}, {GZ_ABSENT, {0}}}, .n_in = 4, \
        .fill_of = {GZ_FILL_UNIFORM, GZ_FILL_SMALL, GZ_FILL_UNIFORM}, .heavy = HEAVY     \
    }
#define GATES(R, K, U, RANK, ...)                                                                  \
    {                                                                                              \
        .in = {{2, {R, K}}, {2, {K, U}}, {1, {U}}, {RANK, {__VA_ARGS__}}}, .n_in = 4, .fill_of = { \
            GZ_FILL_UNIFORM,                                                                       \
            GZ_FILL_SMALL,                                                                         \
            GZ_FILL_UNIFORM,                                                                       \
            GZ_FILL_UNIFORM                                                                        \
        }                                                                                          \
    }
static const gz_case cases[] = {
    CASE(1, 1, 1, 1, false),
    CASE(1, 128, 10, 1, false),
    CASE(4, 70, 6, 1, false),
    CASE(3, 33, 7, GZ_ABSENT, false),
    CASE(2, 17, 8, GZ_ABSENT, false),
    CASE(1, 65, 131, 1, false),
    CASE(4, 31, 257, GZ_ABSENT, false),
    CASE(5, 64, 10, 1, false),
    CASE(67, 13, 100, 1, false),
    CASE(1, 515, 300, 1, false),
    CASE(3, 1031, 129, GZ_ABSENT, false),
    CASE(1, 4096, 1000, 1, true),
    GATES(1, 12, 12, 4, 1, 2, 2, 3),
    GATES(2, 60, 60, 4, 2, 3, 4, 5),
    GATES(3, 301, 301, 2, 3, 301),
    GATES(9, 35, 35, 3, 9, 5, 7),
};

const gz_op gz_op_dense_softmax = {
    .name = "dense_softmax",
    .n_out = 2,
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .limit = limit,
    .magnitude = magnitude,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
