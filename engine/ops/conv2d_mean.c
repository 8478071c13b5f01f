/* conv2d and the mean, or the sum, over all pixels after it, without the values between: x [B,H,W,C], kernel
   [kh,kw,C,O], bias [O] or none -> [B,O]. conv2d_mean_values also gives the values y [B,P,Q,O], and has a
   gradient. */
#include "conv2d.h"
#include "conv2d_mean.h"
#include "reduce.h"

enum { X, KERNEL, BIAS };
enum { MEAN, Y };

static const gz_conv2d_mean_attr *attr_of(const gz_node *node) { return node->attr; }
static gz_tensor *bias_of(const gz_node *node) { return node->n_in > BIAS ? node->in[BIAS] : NULL; }

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 2, 3));
    GZ_TRY(gz_op_expect_rank(node, X, 4));
    GZ_TRY(gz_op_expect_rank(node, KERNEL, 4));
    GZ_TRY(gz_conv2d_expect_kernel(node));
    if (attr_of(node)->reduction == GZ_MAX)
        return gz_op_fail(node, "found a maximum, expected a mean or a sum");
    gz_conv2d_size size = gz_conv2d_size_forward(node);
    GZ_TRY(gz_conv2d_size_check(node, &size));
    GZ_TRY(gz_node_output(graph, node, MEAN, GZ_F32, GZ_SHAPE(size.B, size.O)));
    if (node->n_out == 1) return GAZE_OK;
    return gz_node_output(graph, node, Y, GZ_F32, GZ_SHAPE(size.B, size.P, size.Q, size.O));
}

static double divisor_of(const gz_node *node)
{
    const gz_conv2d_size z = gz_conv2d_size_forward(node);
    return attr_of(node)->reduction == GZ_MEAN ? (double)(z.P * z.Q) : 1;
}

/* activation(start + what the reference says of conv2d) and its mean. */
static void means(const gz_node *node, double *const *in, double *const *out, gz_activation_kind kind,
                  double start)
{
    const gz_conv2d_size z = gz_conv2d_size_forward(node);
    const size_t pixels = z.P * z.Q;
    for (size_t i = 0; i < z.B * z.O; i++) {
        const size_t b = i / z.O, o = i % z.O;
        out[MEAN][i] = 0;
        for (size_t p = 0; p < pixels; p++) {
            const double sum = start + (bias_of(node) ? in[BIAS][o] : 0) +
                               gz_conv2d_sum_at(&z, in[X], in[KERNEL], b, p / z.Q, p % z.Q, o),
                         y = gz_activation_value(kind, sum);
            out[MEAN][i] += y / divisor_of(node);
            if (node->n_out > Y) out[Y][(b * pixels + p) * z.O + o] = y;
        }
    }
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    means(node, in, out, attr_of(node)->conv.activation, 0);
}

/* As conv2d's. */
static void magnitude(const gz_node *node, double *const *in, double *const *out)
{
    means(node, in, out, GZ_LINEAR, attr_of(node)->conv.activation == GZ_SIGMOID ? 1 : 0);
}

static gz_limit limit(const gz_node *node, size_t i)
{
    const gz_conv2d_size size = gz_conv2d_size_forward(node);
    gz_limit limit = gz_conv2d_limit(&size, bias_of(node) != NULL, attr_of(node)->conv.activation);
    if (i == MEAN) limit.amount += (double)(size.P * size.Q);
    return limit;
}

void gz_conv2d_then_mean(gz_builder *builder, const gz_conv2d_call *call, gz_conv2d_function *convolve)
{
    const gz_conv2d_size *size = &call->size;
    const size_t pixels = size->P * size->Q;
    gz_conv2d_call apart = *call;
    apart.mean = NULL;
    if (!apart.y) apart.y = gz_scratch(builder, size->B * pixels * size->O);
    convolve(builder, &apart);
    gz_sum_middle_launch(builder, apart.y, call->mean, (gz_middle){size->B, pixels, size->O}, call->divisor);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const gz_conv2d_call call = {.size = gz_conv2d_size_forward(node),
                                 .x = node->in[X],
                                 .kernel = node->in[KERNEL],
                                 .weights = node->in[KERNEL],
                                 .bias = bias_of(node),
                                 .y = node->n_out > Y ? node->out[Y] : NULL,
                                 .activation = attr_of(node)->conv.activation,
                                 .mean = node->out[MEAN],
                                 .divisor = divisor_of(node)};
    gz_conv2d_of_family(builder, &call);
    return gz_builder_status(builder);
}

/* What reaches the values, by the mean and past it. */
static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    const gz_reduce_attr reduce = {attr_of(node)->reduction, node->out[Y]->shape};
    gz_tensor *dy = dout[Y], *rows;
    if (dout[MEAN]) {
        GZ_TRY(gz_graph_node(graph, &gz_op_reduce_middle_gradient, &reduce, sizeof reduce,
                             (gz_tensor *[]){[GZ_REDUCE_X] = NULL, [GZ_REDUCE_DY] = dout[MEAN]}, 2, &rows,
                             1));
        if (dy)
            GZ_TRY(gz_add_all(graph, (gz_tensor *[]){rows, dy}, 2, &dy));
        else
            dy = rows;
    }
    return dy ? gz_conv2d_gradients(graph, node, node->out[Y], dy, NULL, wanted, din) : GAZE_OK;
}

/* y is counted where it is written. */
static gz_cost cost(const gz_node *node)
{
    const gz_conv2d_size size = gz_conv2d_size_forward(node);
    const double values = (double)(size.B * size.P * size.Q * size.O);
    gz_cost cost = gz_conv2d_cost(&size);
    cost.flop += values;
    if (node->n_out == 1) cost.bytes -= 4 * values;
    return cost;
}

#define CASE(B, H, W, C, O, K, PADDING, ACTIVATION, REDUCTION, FILL, HEAVY)                                 \
    {                                                                                                       \
        .in = {{4, {B, H, W, C}}, {4, {K, K, C, O}}, {(B) == 3 ? GZ_ABSENT : 1, {O}}}, .n_in = 3,           \
        .attr =                                                                                             \
            &(const gz_conv2d_mean_attr){{{{K, K}, {1, 1}, {1, 1}, GZ_##PADDING}, GZ_##ACTIVATION, {H, W}}, \
                                         GZ_##REDUCTION},                                                   \
        .fill = GZ_FILL_##FILL, .heavy = HEAVY                                                              \
    }
static const gz_case cases[] = {
    CASE(1, 1, 1, 1, 1, 1, VALID, LINEAR, MEAN, INTEGER, false),
    CASE(1, 6, 6, 8, 8, 3, VALID, LINEAR, SUM_ALL, INTEGER, false),
    CASE(3, 9, 9, 16, 16, 3, SAME, RELU, MEAN, UNIFORM, false),
    CASE(1, 10, 13, 31, 33, 3, VALID, LINEAR, SUM_ALL, UNIFORM, false),
    CASE(2, 7, 8, 65, 70, 3, SAME, RELU, MEAN, UNIFORM, false),
    CASE(2, 9, 7, 3, 33, 3, SAME, TANH, MEAN, UNIFORM, false),
    CASE(2, 9, 7, 1, 33, 3, SAME, TANH, MEAN, UNIFORM, false),
    CASE(2, 21, 37, 3, 16, 3, SAME, RELU, SUM_ALL, INTEGER, false),
    CASE(4, 40, 33, 1, 70, 3, SAME, RELU, MEAN, UNIFORM, false),
    CASE(16, 10, 19, 2, 33, 3, VALID, TANH, MEAN, UNIFORM, false),
    CASE(2, 5, 6, 20, 17, 5, VALID, SIGMOID, MEAN, UNIFORM, false),
    CASE(2, 9, 10, 20, 33, 5, SAME, RELU, MEAN, UNIFORM, false),
    CASE(2, 10, 11, 33, 20, 4, SAME, TANH, SUM_ALL, UNIFORM, false),
    CASE(2, 13, 9, 16, 47, 3, SAME, LEAKY_RELU, SUM_ALL, UNIFORM, false),
    CASE(8, 16, 16, 32, 64, 3, SAME, RELU, MEAN, UNIFORM, true),
};

const gz_op gz_op_conv2d_mean = {
    .name = "conv2d_mean",
    .n_out = 1,
    .attr_bytes = sizeof(gz_conv2d_mean_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .limit = limit,
    .magnitude = magnitude,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};

const gz_op gz_op_conv2d_mean_values = {
    .name = "conv2d_mean_values",
    .n_out = 2,
    .attr_bytes = sizeof(gz_conv2d_mean_attr),
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
