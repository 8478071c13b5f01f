/* softmax of each sample's scores and what its rows are used for, in one: score [B,N], x [B,N,D], mask int32
   [B,N] or none -> a [B,N] = softmax(score), and
     softmax_scale         y [B,N,D] = factor a_n x_n
     softmax_weighted_sum  y [B,D] = sum over n of a_n x_n
   For prediction: they have no gradient. */
#include "rows.h"
#include "slabs.h"
#include "softmax.h"

#include <math.h>

enum { SCORE, X, MASK };

static size_t samples_of(const gz_node *node) { return node->in[SCORE]->shape.dim[0]; }
static size_t keys_of(const gz_node *node) { return gz_shape_last(node->in[SCORE]->shape); }
static size_t width_of(const gz_node *node) { return gz_shape_last(node->in[X]->shape); }

static gaze_status expect(const gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 2, 3));
    GZ_TRY(gz_op_expect_rank(node, SCORE, 2));
    GZ_TRY(gz_op_expect_rank(node, X, 3));
    const gz_shape score = node->in[SCORE]->shape, x = node->in[X]->shape;
    if (x.dim[0] != score.dim[0] || x.dim[1] != score.dim[1])
        return gz_rows_mismatch(node, "score [B,N] and x [B,N,D]");
    if (node->in[MASK] && !gz_shape_equal(node->in[MASK]->shape, score))
        return gz_op_fail(node, "the mask's shape isn't that of the scores");
    return GAZE_OK;
}

static gaze_status scale_infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(expect(node));
    GZ_TRY(gz_node_output(graph, node, 0, GZ_F32, node->in[X]->shape));
    return gz_node_output(graph, node, 1, GZ_F32, node->in[SCORE]->shape);
}

static gaze_status sum_infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(expect(node));
    GZ_TRY(gz_node_output(graph, node, 0, GZ_F32, GZ_SHAPE(samples_of(node), width_of(node))));
    return gz_node_output(graph, node, 1, GZ_F32, node->in[SCORE]->shape);
}

static void softmaxes(const gz_node *node, double *const *in, double *a)
{
    const size_t N = keys_of(node);
    for (size_t b = 0; b < samples_of(node); b++)
        gz_softmax_values(in[SCORE] + b * N, in[MASK] ? in[MASK] + b * N : NULL, a + b * N, N);
}

static void scale_reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t rows = samples_of(node) * keys_of(node), D = width_of(node);
    softmaxes(node, in, out[1]);
    for (size_t i = 0; i < rows; i++)
        for (size_t d = 0; d < D; d++) out[0][i * D + d] = gz_factor_of(node) * out[1][i] * in[X][i * D + d];
}

static void sum_reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t N = keys_of(node), D = width_of(node);
    softmaxes(node, in, out[1]);
    for (size_t b = 0; b < samples_of(node); b++)
        for (size_t d = 0; d < D; d++) {
            double sum = 0;
            for (size_t n = b * N; n < (b + 1) * N; n++) sum += out[1][n] * in[X][n * D + d];
            out[0][b * D + d] = sum;
        }
}

static void softmax_apart(const gz_node *node, gz_builder *builder)
{
    gz_softmax_launch(builder, &(gz_softmax_call){.x = node->in[SCORE],
                                                  .mask = node->in[MASK],
                                                  .y = node->out[1],
                                                  .rows = samples_of(node),
                                                  .keys = keys_of(node),
                                                  .steps = 1,
                                                  .sample_rows = 1,
                                                  .mask_rows = 1});
}

/* Does a group of the cpu family a sample pay? */
static bool is_small(const gz_node *node, const gz_builder *builder)
{
    return gz_builder_family(builder) == GZ_FAMILY_CPU &&
           2 * sizeof(float) * keys_of(node) * width_of(node) <= GZ_ALONE_BYTES;
}

static gz_launch *launch_samples(const gz_node *node, gz_builder *builder, const char *kernel)
{
    gz_launch *launch = gz_launch_add(builder, "softmax_rows", kernel, "%s", "");
    gz_arg_tensor(launch, node->in[SCORE]);
    gz_arg_tensor(launch, node->in[MASK]);
    gz_arg_tensor(launch, node->in[X]);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_tensor(launch, node->out[1]);
    gz_arg_int(launch, keys_of(node));
    gz_arg_int(launch, width_of(node));
    gz_launch_groups(launch, samples_of(node), 1, 1, 1, 1, 1);
    return launch;
}

static gaze_status scale_prepare(const gz_node *node, gz_builder *builder)
{
    const size_t B = samples_of(node), N = keys_of(node), D = width_of(node);
    if (is_small(node, builder)) {
        gz_arg_float(launch_samples(node, builder, "softmax_scale"), gz_factor_of(node));
    } else {
        softmax_apart(node, builder);
        gz_scale_rows_launch(builder, node->in[X], node->out[1], node->out[0], gz_factor_of(node),
                             (gz_rows_size){B * N, D, 1});
    }
    return gz_builder_status(builder);
}

static gaze_status sum_prepare(const gz_node *node, gz_builder *builder)
{
    if (is_small(node, builder)) {
        launch_samples(node, builder, "softmax_weighted_sum");
    } else {
        softmax_apart(node, builder);
        gz_weighted_sum_launch(builder, node->out[1], node->in[X], node->out[0]);
    }
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node, double flop_a_value)
{
    const double scores = (double)gz_shape_count(node->in[SCORE]->shape),
                 values = (double)gz_shape_count(node->in[X]->shape),
                 made = (double)gz_shape_count(node->out[0]->shape);
    return (gz_cost){5 * scores + flop_a_value * values, 4 * (2 * scores + values + made)};
}

static gz_cost scale_cost(const gz_node *node) { return cost(node, 1); }
static gz_cost sum_cost(const gz_node *node) { return cost(node, 2); }

/* Softmax: 10 of 2^-23. A row of y has one factor, so its values are as far off as their a is from itself:
   with scores in -1..1 (the cases) every a is at least a seventh of the largest; one rounding each for the
   factor and the product. */
static gz_limit scale_limit(const gz_node *node, size_t i)
{
    (void)node;
    return (gz_limit){GZ_RELATIVE, i == 1 ? 10 : 12};
}

/* The shares of a sum add up to 1: it is no larger than the largest of its column. */
static void sum_magnitude(const gz_node *node, double *const *in, double *const *out)
{
    const size_t N = keys_of(node), D = width_of(node);
    for (size_t i = 0; i < samples_of(node) * D; i++) {
        const double *x = in[X] + i / D * N * D + i % D;
        out[0][i] = 0;
        for (size_t n = 0; n < N; n++) out[0][i] = fmax(out[0][i], x[n * D]);
    }
    softmaxes(node, in, out[1]);
}

/* Each share is off by 10 of 2^-23, 20 roundings. */
static gz_limit sum_limit(const gz_node *node, size_t i)
{
    return i == 1 ? (gz_limit){GZ_RELATIVE, 10} : (gz_limit){GZ_SUM, (double)keys_of(node) + 20};
}

static const gz_factor_attr one = {1}, many = {144};
#define MASKED .dtype = {GZ_F32, GZ_F32, GZ_I32}, .index_limit = 2
#define CASE(ATTR, B, N, D, MASK_RANK, ...)                                                             \
    {                                                                                                   \
        .in = {{2, {B, N}}, {3, {B, N, D}}, {MASK_RANK, {B, N}}}, .n_in = 3, .attr = &ATTR, __VA_ARGS__ \
    }
static const gz_case scale_cases[] = {
    CASE(one, 1, 1, 1, GZ_ABSENT, .heavy = false),
    CASE(many, 1, 144, 64, GZ_ABSENT, .heavy = false),
    CASE(one, 3, 31, 33, GZ_ABSENT, .heavy = false),
    CASE(many, 2, 33, 65, 2, MASKED),
    CASE(one, 5, 7, 13, 2, MASKED),
    CASE(many, 65, 2, 3, 2, MASKED),
    CASE(one, 1, 1031, 70, GZ_ABSENT, .heavy = true),
    CASE(many, 64, 144, 64, GZ_ABSENT, .heavy = true),
};

static const gz_case sum_cases[] = {
    CASE(one, 1, 1, 1, GZ_ABSENT, .heavy = false),
    CASE(one, 1, 50, 128, GZ_ABSENT, .heavy = false),
    CASE(one, 3, 31, 33, GZ_ABSENT, .heavy = false),
    CASE(one, 2, 33, 65, 2, MASKED),
    CASE(one, 5, 7, 13, 2, MASKED),
    CASE(one, 65, 2, 79, 2, MASKED),
    CASE(one, 1, 1031, 70, GZ_ABSENT, .heavy = true),
    CASE(one, 64, 50, 128, 2, .heavy = true, MASKED),
};

const gz_op gz_op_softmax_scale = {
    .name = "softmax_scale",
    .n_out = 2,
    .attr_bytes = sizeof(gz_factor_attr),
    .infer = scale_infer,
    .reference = scale_reference,
    .prepare = scale_prepare,
    .cost = scale_cost,
    .limit = scale_limit,
    .cases = scale_cases,
    .n_cases = sizeof scale_cases / sizeof *scale_cases,
};

const gz_op gz_op_softmax_weighted_sum = {
    .name = "softmax_weighted_sum",
    .n_out = 2,
    .infer = sum_infer,
    .reference = sum_reference,
    .prepare = sum_prepare,
    .cost = sum_cost,
    .limit = sum_limit,
    .magnitude = sum_magnitude,
    .cases = sum_cases,
    .n_cases = sizeof sum_cases / sizeof *sum_cases,
};
