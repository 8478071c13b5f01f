/* batch_normalization in training: x [...,C], gamma and beta [C] or none, mask int32 [...] or none -> y =
   gamma (x - mean) / sqrt(variance + epsilon) + beta, and the mean and the population variance of each
   channel over the rows that count (Ioffe and Szegedy 2015, algorithm 1). */
#include "batch_normalization.h"

enum { X, GAMMA, BETA, MASK };
enum { Y, MEAN, VARIANCE };

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 1, 4));
    GZ_TRY(gz_expect_channels(node, GAMMA, "gamma", true));
    GZ_TRY(gz_expect_channels(node, BETA, "beta", true));
    GZ_TRY(gz_batch_expect_mask(node, MASK));
    const gz_shape channels = GZ_SHAPE(gz_normalization_width(node));
    GZ_TRY(gz_node_output(graph, node, Y, GZ_F32, node->in[X]->shape));
    GZ_TRY(gz_node_output(graph, node, MEAN, GZ_F32, channels));
    GZ_TRY(gz_node_output(graph, node, VARIANCE, GZ_F32, channels));
    node->out[MEAN]->saved = node->out[VARIANCE]->saved = true;
    return GAZE_OK;
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t R = gz_normalization_rows(node), C = gz_normalization_width(node);
    const double *mask = node->in[MASK] ? in[MASK] : NULL;
    for (size_t c = 0; c < C; c++) {
        gz_batch_channel of = {0, 0, in[GAMMA] ? in[GAMMA][c] : 1, in[BETA] ? in[BETA][c] : 0};
        const double n = gz_batch_count(mask, R);
        for (size_t r = 0; r < R; r++)
            if (!mask || mask[r] != 0) of.mean += in[X][r * C + c] / n;
        for (size_t r = 0; r < R; r++)
            if (!mask || mask[r] != 0)
                of.variance += (in[X][r * C + c] - of.mean) * (in[X][r * C + c] - of.mean) / n;
        gz_batch_normalize(node, in[X], of, c, out[Y]);
        out[MEAN][c] = of.mean;
        out[VARIANCE][c] = of.variance;
    }
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const size_t C = gz_normalization_width(node);
    const gz_tensor *rest = gz_scratch(builder, C), *parts;
    const gz_slabs slabs = gz_batch_slabs(node, builder);
    parts = gz_scratch(builder, slabs.groups * 4 * C);
    gz_launch *launch = gz_batch_launch(
        builder, (gz_batch_kernels){"batch_moments_slabs", "batch_moments_items", "batch_moments_group"});
    gz_arg_tensor(launch, node->in[X]);
    gz_arg_tensor(launch, node->in[MASK]);
    gz_arg_tensor(launch, parts);
    gz_batch_launch_slabs(node, builder, launch, slabs);

    launch = gz_batch_launch(
        builder, (gz_batch_kernels){"batch_moments_end", "batch_moments_end", "batch_moments_end_group"});
    gz_arg_tensor(launch, parts);
    gz_arg_tensor(launch, node->out[MEAN]);
    gz_arg_tensor(launch, rest);
    gz_arg_tensor(launch, node->out[VARIANCE]);
    gz_batch_launch_end(node, builder, launch, slabs);
    const gz_tensor *const statistics[3] = {node->out[MEAN], rest, node->out[VARIANCE]};
    gz_batch_apply(node, builder, statistics, node->in[GAMMA], node->in[BETA]);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node) { return gz_normalization_cost(node, 8); }
static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    gz_tensor *out[3],
        *in[] = {node->in[X], node->in[GAMMA], dout[Y], node->out[MEAN], node->out[VARIANCE], node->in[MASK]};
    const gz_normalization_attr attr = {gz_epsilon_of(node)};
    if (!dout[Y]) return GAZE_OK;
    GZ_TRY(gz_graph_node(graph, &gz_op_batch_normalization_gradient, &attr, sizeof attr, in, 6, out, 3));
    for (size_t i = X; i <= BETA; i++)
        if (wanted[i]) din[i] = out[i];
    return GAZE_OK;
}

/* A mean may be far smaller than the values that it is of (whose mean size the reference gives from absolute
 * values). */
static gz_limit limit(const gz_node *node, size_t i)
{
    if (i == Y) return gz_normalization_limit(node, i);
    return i == MEAN ? (gz_limit){GZ_SUM, (double)gz_normalization_rows(node)} : (gz_limit){GZ_RELATIVE, 8};
}

gaze_status gz_batch_normalization(gz_graph *g, const gz_batch_inputs *in, double epsilon, gz_tensor *out[3])
{
    const gz_normalization_attr attr = {epsilon};
    return gz_graph_node(g, &gz_op_batch_normalization, &attr, sizeof attr,
                         (gz_tensor *[]){in->x, in->gamma, in->beta, in->mask}, 4, out, 3);
}

static const gz_normalization_attr usual = {1e-3}, small = {1e-5};
#define CASE(ATTR, FILL, C, G, B, M, RANK, ...)                                                             \
    {                                                                                                       \
        .in = {{RANK, {__VA_ARGS__, C}}, {G, {C}}, {B, {C}}, {M, {__VA_ARGS__}}}, .n_in = 4, .attr = &ATTR, \
        .fill_of = {FILL, GZ_FILL_UNIFORM, 0}, .dtype = {GZ_F32, GZ_F32, GZ_F32, GZ_I32}, .index_limit = 2  \
    }
static const gz_case cases[] = {
    CASE(usual, GZ_FILL_UNIFORM, 1, 1, 1, GZ_ABSENT, 2, 1),
    CASE(usual, GZ_FILL_UNIFORM, 2, 1, 1, GZ_ABSENT, 3, 3, 5),
    CASE(usual, GZ_FILL_UNIFORM, 31, GZ_ABSENT, 1, 1, 2, 65),
    CASE(usual, GZ_FILL_WIDE, 33, 1, GZ_ABSENT, GZ_ABSENT, 2, 127),
    CASE(small, GZ_FILL_OFFSET, 65, 1, 1, GZ_ABSENT, 4, 2, 31, 33),
    CASE(small, GZ_FILL_OFFSET, 3, 1, 1, 2, 3, 2, 1031),
    CASE(usual, GZ_FILL_UNIFORM, 64, 1, 1, 2, 3, 4, 16),
    CASE(usual, GZ_FILL_INTEGER, 7, GZ_ABSENT, GZ_ABSENT, GZ_ABSENT, 2, 64),
    {.in = {{4, {64, 26, 26, 32}}, {1, {32}}, {1, {32}}, {GZ_ABSENT, {0}}},
     .n_in = 4,
     .attr = &usual,
     .heavy = true},
};

const gz_op gz_op_batch_normalization = {
    .name = "batch_normalization",
    .n_out = 3,
    .attr_bytes = sizeof(gz_normalization_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .gradient = gradient,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
