/* y = activation(x kernel + bias): x [...,K], kernel [K,U], bias [U] or none -> y [...,U]; R = product of the
 * leading dimensions. */
#include "dense.h"

#include <math.h>
#include <string.h>

enum { X, KERNEL, BIAS };

static gz_activation_kind activation_of(const gz_node *node)
{
    return ((const gz_dense_attr *)node->attr)->activation;
}
static gz_tensor *bias_of(const gz_node *node) { return node->n_in > BIAS ? node->in[BIAS] : NULL; }

static gz_dense_size size_of(const gz_node *node)
{
    const gz_shape kernel = node->in[KERNEL]->shape;
    return (gz_dense_size){gz_shape_rows(node->in[X]->shape), kernel.dim[0], kernel.dim[1]};
}

gaze_status gz_dense_expect(const gz_node *node)
{
    char text[96];
    GZ_TRY(gz_op_expect_rank(node, KERNEL, 2));
    const gz_shape x = node->in[X]->shape;
    const size_t K = node->in[KERNEL]->shape.dim[0], U = node->in[KERNEL]->shape.dim[1];
    if (x.rank == 0 || gz_shape_last(x) != K)
        return gz_op_fail(
            node, "input has shape %s, expected %zu features in its last dimension (kernel [%zu,%zu])",
            gz_shape_text(x, text), K, K, U);
    if (bias_of(node) && !gz_shape_equal(bias_of(node)->shape, GZ_SHAPE(U)))
        return gz_op_fail(node, "bias has shape %s, expected [%zu]",
                          gz_shape_text(bias_of(node)->shape, text), U);
    return GAZE_OK;
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 2, 3));
    GZ_TRY(gz_dense_expect(node));
    if (!gz_activation_fuses(activation_of(node)))
        return gz_op_fail(node, "activation %s can't be fused, expected an op of its own",
                          gz_activation_name(activation_of(node)));
    gz_shape y = node->in[X]->shape;
    y.dim[y.rank - 1] = size_of(node).units;
    return gz_node_output(graph, node, 0, GZ_F32, y);
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_dense_size size = size_of(node);
    const size_t R = size.rows, K = size.inputs, U = size.units;
    const double *x = in[X], *kernel = in[KERNEL], *bias = bias_of(node) ? in[BIAS] : NULL;
    for (size_t r = 0; r < R; r++)
        for (size_t u = 0; u < U; u++) {
            double sum = bias ? bias[u] : 0;
            for (size_t k = 0; k < K; k++) sum += x[r * K + k] * kernel[k * U + u];
            out[0][r * U + u] = gz_activation_value(activation_of(node), sum);
        }
}

static bool saturates(gz_activation_kind kind)
{
    return kind == GZ_SIGMOID || kind == GZ_TANH || kind == GZ_ELU;
}

/* |x| |kernel| + |bias|; no activation grows faster than its input. sigmoid(0) isn't 0: its rounding adds to
 * that. */
static void magnitude(const gz_node *node, double *const *in, double *const *out)
{
    const gz_dense_size size = size_of(node);
    const size_t R = size.rows, K = size.inputs, U = size.units;
    const double offset = activation_of(node) == GZ_SIGMOID ? 1 : 0;
    for (size_t r = 0; r < R; r++)
        for (size_t u = 0; u < U; u++) {
            double sum = offset + (bias_of(node) ? in[BIAS][u] : 0);
            for (size_t k = 0; k < K; k++) sum += in[X][r * K + k] * in[KERNEL][k * U + u];
            out[0][r * U + u] = sum;
        }
}

/* A term for the bias; 3 ULP (6 roundings) for exp or tanh. */
static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    const size_t terms = size_of(node).inputs + (bias_of(node) ? 1 : 0);
    return (gz_limit){GZ_SUM, (double)terms + (saturates(activation_of(node)) ? 6 : 0)};
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    gz_dense_launch(builder, &(gz_dense_call){.size = size_of(node),
                                              .x = node->in[X],
                                              .kernel = node->in[KERNEL],
                                              .bias = bias_of(node),
                                              .y = node->out[0],
                                              .activation = activation_of(node)});
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node) { return gz_dense_cost(size_of(node)); }

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    gz_tensor *dz = dout[0];
    if (!dz) return GAZE_OK;
    if (activation_of(node) != GZ_LINEAR)
        GZ_TRY(gz_activation_gradient(graph, activation_of(node), NULL, node->out[0], dz, &dz));
    if (wanted[X]) GZ_TRY(gz_dense_input_gradient(graph, dz, node->in[KERNEL], &din[X]));
    if (wanted[KERNEL]) GZ_TRY(gz_dense_kernel_gradient(graph, node->in[X], dz, &din[KERNEL]));
    if (bias_of(node) && wanted[BIAS]) GZ_TRY(gz_bias_gradient(graph, dz, &din[BIAS]));
    return GAZE_OK;
}

static const gz_dense_attr linear = {GZ_LINEAR}, relu = {GZ_RELU}, sigmoid = {GZ_SIGMOID},
                           hyperbolic = {GZ_TANH}, elu = {GZ_ELU}, leaky = {GZ_LEAKY_RELU};

#define CASE(FILL, ATTR, R, K, U)                                                          \
    {                                                                                      \
        .in = {{2, {R, K}}, {2, {K, U}}, {1, {U}}}, .n_in = 3, .attr = &ATTR, .fill = FILL \
    }
#define HEAVY(FILL, ATTR, R, K, U)                                                                        \
    {                                                                                                     \
        .in = {{2, {R, K}}, {2, {K, U}}, {1, {U}}}, .n_in = 3, .attr = &ATTR, .fill = FILL, .heavy = true \
    }
#define NO_BIAS(FILL, ATTR, R, K, U)                                                               \
    {                                                                                              \
        .in = {{2, {R, K}}, {2, {K, U}}, {GZ_ABSENT, {0}}}, .n_in = 3, .attr = &ATTR, .fill = FILL \
    }

static const gz_case cases[] = {
    CASE(GZ_FILL_INTEGER, linear, 1, 1, 1),
    CASE(GZ_FILL_INTEGER, linear, 2, 2, 2),
    CASE(GZ_FILL_INTEGER, relu, 1, 31, 33),
    CASE(GZ_FILL_INTEGER, linear, 1, 1153, 131),
    CASE(GZ_FILL_INTEGER, relu, 3, 33, 65),
    CASE(GZ_FILL_INTEGER, linear, 4, 1031, 70),
    CASE(GZ_FILL_INTEGER, linear, 5, 63, 31),
    CASE(GZ_FILL_INTEGER, relu, 31, 64, 32),
    CASE(GZ_FILL_INTEGER, linear, 33, 65, 33),
    CASE(GZ_FILL_INTEGER, linear, 65, 257, 63),
    CASE(GZ_FILL_INTEGER, relu, 67, 1031, 37),
    CASE(GZ_FILL_INTEGER, relu, 131, 35, 197),
    CASE(GZ_FILL_INTEGER, linear, 37, 519, 1),
    CASE(GZ_FILL_INTEGER, linear, 1, 513, 7),
    CASE(GZ_FILL_INTEGER, relu, 513, 33, 37),
    CASE(GZ_FILL_UNIFORM, hyperbolic, 521, 12, 70),
    NO_BIAS(GZ_FILL_INTEGER, linear, 515, 259, 9),
    NO_BIAS(GZ_FILL_INTEGER, linear, 64, 128, 10),
    NO_BIAS(GZ_FILL_INTEGER, linear, 2, 65, 64),
    NO_BIAS(GZ_FILL_INTEGER, relu, 65, 31, 5),
    HEAVY(GZ_FILL_UNIFORM, linear, 64, 1024, 128),
    CASE(GZ_FILL_UNIFORM, hyperbolic, 257, 64, 32),
    CASE(GZ_FILL_UNIFORM, hyperbolic, 7, 3, 9),
    CASE(GZ_FILL_UNIFORM, sigmoid, 33, 17, 1),
    CASE(GZ_FILL_UNIFORM, sigmoid, 2, 100, 19),
    CASE(GZ_FILL_UNIFORM, elu, 13, 29, 41),
    CASE(GZ_FILL_UNIFORM, leaky, 1, 64, 10),
    CASE(GZ_FILL_WIDE, linear, 12, 300, 47),
    HEAVY(GZ_FILL_UNIFORM, relu, 1, 9216, 128),
    HEAVY(GZ_FILL_UNIFORM, linear, 2, 129, 17003),
    {.in = {{4, {2, 3, 5, 24}}, {2, {24, 18}}, {1, {18}}},
     .n_in = 3,
     .attr = &hyperbolic,
     .fill = GZ_FILL_UNIFORM},
    {.in = {{1, {24}}, {2, {24, 18}}, {1, {18}}}, .n_in = 3, .attr = &linear, .fill = GZ_FILL_INTEGER},
};

const gz_op gz_op_dense = {
    .name = "dense",
    .n_out = 1,
    .attr_bytes = sizeof(gz_dense_attr),
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

gaze_status gz_dense(gz_graph *g, gz_tensor *x, gz_tensor *kernel, gz_tensor *bias,
                     gz_activation_kind activation, gz_tensor **y)
{
    const gz_dense_attr attr = {activation};
    return gz_graph_node(g, &gz_op_dense, &attr, sizeof attr, (gz_tensor *[]){x, kernel, bias}, 3, y, 1);
}
