/* softmax of each sample's scores and the scaling of its rows, in one: score [B,N], mask int32 [B,N] or none,
   x [B,N,D]
   -> y [B,N,D] = factor a_n x_n and a [B,N] = softmax(score). For prediction: it has no gradient. */
#include "rows.h"
#include "slabs.h"
#include "softmax.h"

#include <math.h>

enum { SCORE, X, MASK };

static size_t samples_of(const gz_node *node) { return node->in[SCORE]->shape.dim[0]; }
static size_t keys_of(const gz_node *node) { return gz_shape_last(node->in[SCORE]->shape); }
static size_t width_of(const gz_node *node) { return gz_shape_last(node->in[X]->shape); }

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 2, 3));
    GZ_TRY(gz_op_expect_rank(node, SCORE, 2));
    GZ_TRY(gz_op_expect_rank(node, X, 3));
    const gz_shape score = node->in[SCORE]->shape, x = node->in[X]->shape;
    if (x.dim[0] != score.dim[0] || x.dim[1] != score.dim[1])
        return gz_rows_mismatch(node, "score [B,N] and x [B,N,D]");
    GZ_TRY(gz_node_output(graph, node, 0, GZ_F32, x));
    if (node->in[MASK] && !gz_shape_equal(node->in[MASK]->shape, score))
        return gz_op_fail(node, "the mask's shape isn't that of the scores");
    return gz_node_output(graph, node, 1, GZ_F32, score);
}

static void softmax(const double *score, const double *mask, double *a, size_t N)
{
    double top = -INFINITY, sum = 0;
    for (size_t n = 0; n < N; n++)
        if (!mask || mask[n] != 0) top = fmax(top, score[n]);
    for (size_t n = 0; n < N; n++) sum += a[n] = !mask || mask[n] != 0 ? exp(score[n] - top) : 0;
    for (size_t n = 0; n < N; n++) a[n] = sum > 0 ? a[n] / sum : 0;
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t N = keys_of(node), D = width_of(node);
    for (size_t b = 0; b < samples_of(node); b++) {
        softmax(in[SCORE] + b * N, in[MASK] ? in[MASK] + b * N : NULL, out[1] + b * N, N);
        for (size_t i = b * N; i < (b + 1) * N; i++)
            for (size_t d = 0; d < D; d++)
                out[0][i * D + d] = gz_factor_of(node) * out[1][i] * in[X][i * D + d];
    }
}

static void prepare_apart(const gz_node *node, gz_builder *builder)
{
    const size_t B = samples_of(node), N = keys_of(node), D = width_of(node);
    const gz_softmax_call call = {.x = node->in[SCORE],
                                  .mask = node->in[MASK],
                                  .y = node->out[1],
                                  .rows = B,
                                  .keys = N,
                                  .steps = 1,
                                  .sample_rows = 1,
                                  .mask_rows = 1};
    gz_softmax_launch(builder, &call);
    gz_scale_rows_launch(builder, node->in[X], node->out[1], node->out[0], gz_factor_of(node),
                         (gz_rows_size){B * N, D, 1});
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const size_t N = keys_of(node), D = width_of(node);
    if (gz_builder_family(builder) != GZ_FAMILY_CPU || 2 * sizeof(float) * N * D > GZ_ALONE_BYTES) {
        prepare_apart(node, builder);
        return gz_builder_status(builder);
    }
    gz_launch *launch = gz_launch_add(builder, "softmax_scale", "softmax_scale", "");
    gz_arg_tensor(launch, node->in[SCORE]);
    gz_arg_tensor(launch, node->in[MASK]);
    gz_arg_tensor(launch, node->in[X]);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_tensor(launch, node->out[1]);
    gz_arg_float(launch, gz_factor_of(node));
    gz_arg_int(launch, N);
    gz_arg_int(launch, D);
    gz_launch_groups(launch, samples_of(node), 1, 1, 1, 1, 1);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const double scores = (double)gz_shape_count(node->in[SCORE]->shape),
                 values = (double)gz_shape_count(node->in[X]->shape);
    return (gz_cost){5 * scores + values, 8 * (scores + values)};
}

/* a as softmax. A row of y has one factor, so its values are as far off as their a is from itself: with
   scores in -1..1 (the cases) every a is at least a seventh of the largest; one rounding each for the factor
   and the product. */
static gz_limit limit(const gz_node *node, size_t i)
{
    (void)node;
    return (gz_limit){GZ_RELATIVE, i == 1 ? 10 : 12};
}

static const gz_factor_attr one = {1}, many = {144};
#define MASKED .dtype = {GZ_F32, GZ_F32, GZ_I32}, .index_limit = 2
#define CASE(ATTR, B, N, D, MASK_RANK, ...)                                                             \
    {                                                                                                   \
        .in = {{2, {B, N}}, {3, {B, N, D}}, {MASK_RANK, {B, N}}}, .n_in = 3, .attr = &ATTR, __VA_ARGS__ \
    }
static const gz_case cases[] = {
    CASE(one, 1, 1, 1, GZ_ABSENT, .heavy = false),
    CASE(many, 1, 144, 64, GZ_ABSENT, .heavy = false),
    CASE(one, 3, 31, 33, GZ_ABSENT, .heavy = false),
    CASE(many, 2, 33, 65, 2, MASKED),
    CASE(one, 5, 7, 13, 2, MASKED),
    CASE(many, 65, 2, 3, 2, MASKED),
    CASE(one, 1, 1031, 70, GZ_ABSENT, .heavy = true),
    CASE(many, 64, 144, 64, GZ_ABSENT, .heavy = true),
};

const gz_op gz_op_softmax_scale = {
    .name = "softmax_scale",
    .n_out = 2,
    .attr_bytes = sizeof(gz_factor_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
