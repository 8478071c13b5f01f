/* normalize_channels: batch normalization with given statistics, as in prediction: x [...,C], mean, variance,
   gamma, beta [C], of which all but x and the variance may be missing
   -> y = gamma (x - mean) / sqrt(variance + epsilon) + beta. */
#include "batch_normalization.h"

enum { X, MEAN, VARIANCE, GAMMA, BETA };

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 1, 5));
    GZ_TRY(gz_expect_channels(node, MEAN, "mean", true));
    GZ_TRY(gz_expect_channels(node, VARIANCE, "variance", false));
    GZ_TRY(gz_expect_channels(node, GAMMA, "gamma", true));
    GZ_TRY(gz_expect_channels(node, BETA, "beta", true));
    return gz_node_output(graph, node, 0, GZ_F32, node->in[0]->shape);
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    for (size_t c = 0; c < gz_normalization_width(node); c++)
        gz_batch_normalize(node, in[X],
                           (gz_batch_channel){in[MEAN] ? in[MEAN][c] : 0, in[VARIANCE][c],
                                              in[GAMMA] ? in[GAMMA][c] : 1, in[BETA] ? in[BETA][c] : 0},
                           c, out[0]);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const gz_tensor *const statistics[3] = {node->in[MEAN], NULL, node->in[VARIANCE]};
    gz_batch_apply(node, builder, statistics, node->in[GAMMA], node->in[BETA]);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node) { return gz_normalization_cost(node, 3); }

/* Of a difference: relative to what is subtracted. */
static gz_limit limit(const gz_node *node, size_t i)
{
    (void)node, (void)i;
    return (gz_limit){GZ_ABSOLUTE, 1e-6};
}

gaze_status gz_normalize_channels(gz_graph *g, const gz_batch_inputs *in, gz_tensor *mean,
                                  gz_tensor *variance, double epsilon, gz_tensor **y)
{
    const gz_normalization_attr attr = {epsilon};
    return gz_graph_node(g, &gz_op_normalize_channels, &attr, sizeof attr,
                         (gz_tensor *[]){in->x, mean, variance, in->gamma, in->beta}, 5, y, 1);
}

/* The statistics are given: each value's gradient is its own. With n = (x - mean) / sqrt(variance + epsilon):
   dx = dy gamma / sqrt(variance + epsilon), dmean = -sum dx, dvariance = -1/2 sum(dx n) / sqrt(variance +
   epsilon), dgamma = sum(dy n), dbeta = sum dy. */
static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    gz_tensor *const *in = node->in, *dy = dout[0], *variance = in[VARIANCE], *dx, *normal, *product;
    const double epsilon = gz_epsilon_of(node);
    const gz_batch_inputs scaled = {.x = dy, .gamma = in[GAMMA]}, x = {.x = in[X]};
    GZ_TRY(gz_normalize_channels(graph, &scaled, NULL, variance, epsilon, &dx));
    if (wanted[X]) din[X] = dx;
    if (wanted[BETA]) GZ_TRY(gz_bias_gradient(graph, dy, &din[BETA]));
    if (wanted[MEAN]) {
        GZ_TRY(gz_bias_gradient(graph, dx, &product));
        GZ_TRY(gz_scale(graph, product, -1, &din[MEAN]));
    }
    if (!wanted[GAMMA] && !wanted[VARIANCE]) return GAZE_OK;
    GZ_TRY(gz_normalize_channels(graph, &x, in[MEAN], variance, epsilon, &normal));
    if (wanted[GAMMA]) {
        GZ_TRY(gz_multiply_all(graph, (gz_tensor *[]){dy, normal}, 2, &product));
        GZ_TRY(gz_bias_gradient(graph, product, &din[GAMMA]));
    }
    if (!wanted[VARIANCE]) return GAZE_OK;
    GZ_TRY(gz_multiply_all(graph, (gz_tensor *[]){dx, normal}, 2, &product));
    GZ_TRY(gz_bias_gradient(graph, product, &product));
    GZ_TRY(gz_normalize_channels(graph, &(gz_batch_inputs){.x = product}, NULL, variance, epsilon, &product));
    return gz_scale(graph, product, -0.5, &din[VARIANCE]);
}

static const gz_normalization_attr usual = {1e-3};
#define CASE(FILL, C, G, B, RANK, ...)                                                                       \
    {                                                                                                        \
        .in = {{RANK, {__VA_ARGS__, C}}, {1, {C}}, {1, {C}}, {G, {C}}, {B, {C}}}, .n_in = 5, .attr = &usual, \
        .fill_of = {                                                                                         \
            FILL,                                                                                            \
            FILL,                                                                                            \
            GZ_FILL_POSITIVE,                                                                                \
            GZ_FILL_UNIFORM,                                                                                 \
            0                                                                                                \
        }                                                                                                    \
    }
static const gz_case cases[] = {
    CASE(GZ_FILL_UNIFORM, 1, 1, 1, 2, 1),
    CASE(GZ_FILL_UNIFORM, 2, 1, 1, 3, 3, 5),
    CASE(GZ_FILL_UNIFORM, 31, GZ_ABSENT, 1, 2, 65),
    CASE(GZ_FILL_OFFSET, 65, 1, GZ_ABSENT, 4, 2, 31, 33),
    CASE(GZ_FILL_INTEGER, 33, 1, 1, 2, 127),
    CASE(GZ_FILL_UNIFORM, 64, GZ_ABSENT, GZ_ABSENT, 3, 4, 16),
    {.in = {{3, {2, 7, 33}}, {GZ_ABSENT, {0}}, {1, {33}}, {1, {33}}, {GZ_ABSENT, {0}}},
     .n_in = 5,
     .attr = &usual,
     .fill_of = {0, 0, GZ_FILL_POSITIVE}},
    {.in = {{4, {64, 26, 26, 32}}, {1, {32}}, {1, {32}}, {1, {32}}, {1, {32}}},
     .n_in = 5,
     .attr = &usual,
     .fill_of = {0, 0, GZ_FILL_POSITIVE},
     .heavy = true},
};

const gz_op gz_op_normalize_channels = {
    .name = "normalize_channels",
    .n_out = 1,
    .attr_bytes = sizeof(gz_normalization_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .gradient = gradient,
    .limit = limit,
    .in_place = 1,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
