/* The gradients of additive_scores, with t = tanh(q_i + k_j): dq_i = scale sum_j dy_ij (1 - t^2), dk_j the
   same over i, and for each sample dscale = sum_ij dy_ij t. One pass makes all three: tanh is what costs. */
#include "additive_scores.h"

#include <math.h>
#include <string.h>

enum { Q = GZ_SCORES_Q, K = GZ_SCORES_K, SCALE = GZ_SCORES_SCALE, DY = GZ_SCORES_DY };
enum { DQ, DK, DSCALE };

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char text[96];
    GZ_TRY(gz_op_expect_inputs(node, 2, 4));
    GZ_TRY(gz_scores_expect(node));
    GZ_TRY(gz_op_expect_input(node, DY));
    const gz_scores_size size = gz_scores_size_of(node);
    const gz_shape scores = GZ_SHAPE(size.samples, size.queries, size.keys);
    if (!gz_shape_equal(node->in[DY]->shape, scores))
        return gz_op_fail(node, "the scores' gradient has shape %s, expected [%zu,%zu,%zu]",
                          gz_shape_text(node->in[DY]->shape, text), size.samples, size.queries, size.keys);
    GZ_TRY(gz_node_output(graph, node, DQ, GZ_F32, node->in[Q]->shape));
    GZ_TRY(gz_node_output(graph, node, DK, GZ_F32, node->in[K]->shape));
    return gz_node_output(graph, node, DSCALE, GZ_F32, GZ_SHAPE(size.samples, size.features));
}

/* Calls `add` for every sample, query, key and feature. */
typedef void visitor(const gz_node *node, double *const *in, double *const *out, size_t q, size_t k,
                     double dy, size_t d);

static void visit(const gz_node *node, double *const *in, double *const *out, visitor *add)
{
    const gz_scores_size size = gz_scores_size_of(node);
    const size_t Tq = size.queries, Tv = size.keys, D = size.features;
    memset(out[DQ], 0, size.samples * Tq * D * sizeof(double));
    memset(out[DK], 0, size.samples * Tv * D * sizeof(double));
    memset(out[DSCALE], 0, size.samples * D * sizeof(double));
    for (size_t at = 0; at < size.samples * Tq * Tv; at++) {
        const size_t query = at / Tv, sample = query / Tq, key = sample * Tv + at % Tv;
        for (size_t d = 0; d < D; d++) add(node, in, out, query * D + d, key * D + d, in[DY][at], d);
    }
}

static size_t scale_at(const gz_node *node, size_t q, size_t d)
{
    const gz_scores_size size = gz_scores_size_of(node);
    return q / size.features / size.queries * size.features + d;
}

static void add_terms(const gz_node *node, double *const *in, double *const *out, size_t q, size_t k,
                      double dy, size_t d)
{
    const double t = tanh(in[Q][q] + in[K][k]),
                 slope = (node->in[SCALE] ? in[SCALE][d] : 1) * dy * (1 - t * t);
    out[DQ][q] += slope;
    out[DK][k] += slope;
    out[DSCALE][scale_at(node, q, d)] += dy * t;
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    visit(node, in, out, add_terms);
}

/* 1 - t^2 is rounded as 1 is. */
static void add_magnitudes(const gz_node *node, double *const *in, double *const *out, size_t q, size_t k,
                           double dy, size_t d)
{
    const double slope = (node->in[SCALE] ? in[SCALE][d] : 1) * dy;
    out[DQ][q] += slope;
    out[DK][k] += slope;
    out[DSCALE][scale_at(node, q, d)] += dy;
}

static void magnitude(const gz_node *node, double *const *in, double *const *out)
{
    visit(node, in, out, add_magnitudes);
}

static gz_launch *launch_with(const gz_node *node, gz_builder *builder, const char *kernel,
                              const size_t *inputs, size_t n)
{
    gz_launch *launch = gz_launch_add(builder, "additive_scores", kernel, "%s", "");
    for (size_t i = 0; i < n; i++) gz_arg_tensor(launch, node->in[inputs[i]]);
    return launch;
}

static void prepare_plain(const gz_node *node, gz_builder *builder, gz_scores_size size)
{
    static const size_t to_q[] = {Q, K, SCALE, DY}, to_k[] = {K, Q, SCALE, DY}, to_scale[] = {Q, K, DY};
    const gz_scores_size turned = {size.samples, size.keys, size.queries, size.features};
    for (size_t i = DQ; i <= DSCALE; i++) {
        const size_t count = gz_shape_count(node->out[i]->shape);
        gz_launch *launch =
            i == DSCALE
                ? launch_with(node, builder, "additive_scores_scale_plain", to_scale, 3)
                : launch_with(node, builder, "additive_scores_gradient_plain", i == DQ ? to_q : to_k, 4);
        gz_arg_tensor(launch, node->out[i]);
        gz_scores_arguments(launch, i == DK ? turned : size);
        if (i != DSCALE) gz_arg_int(launch, i == DK);
        gz_arg_int(launch, count);
        gz_launch_items(launch, count);
    }
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    static const size_t inputs[] = {Q, K, SCALE, DY};
    const gz_scores_size size = gz_scores_size_of(node);
    if (gz_builder_family(builder) != GZ_FAMILY_CPU) {
        prepare_plain(node, builder, size);
        return gz_builder_status(builder);
    }
    const size_t width = gz_builder_device(builder)->vector_width;
    gz_launch *launch = launch_with(node, builder, "additive_scores_gradient", inputs, 4);
    for (size_t i = DQ; i <= DSCALE; i++) gz_arg_tensor(launch, node->out[i]);
    gz_scores_arguments(launch, size);
    gz_launch_groups(launch, (size.features + width - 1) / width, size.samples, 1, 1, 1, 1);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const gz_scores_size size = gz_scores_size_of(node);
    const double B = (double)size.samples, Tq = (double)size.queries, Tv = (double)size.keys,
                 D = (double)size.features;
    return (gz_cost){28 * B * Tq * Tv * D, 4 * B * (2 * (Tq + Tv) * D + Tq * Tv)};
}

/* tanh is right to 6 roundings, and so its square to 12. */
static gz_limit limit(const gz_node *node, size_t i)
{
    const gz_scores_size size = gz_scores_size_of(node);
    const size_t terms = i == DQ ? size.keys : i == DK ? size.queries : size.queries + size.keys;
    return (gz_limit){GZ_SUM, (double)terms + 16};
}

#define CASE(FILL, ...)                              \
    {                                                \
        .in = {__VA_ARGS__}, .n_in = 4, .fill = FILL \
    }
#define ONES             \
    {                    \
        GZ_ABSENT, { 0 } \
    }
static const gz_case cases[] = {
    CASE(GZ_FILL_UNIFORM, {3, {1, 1, 1}}, {3, {1, 1, 1}}, {1, {1}}, {3, {1, 1, 1}}),
    CASE(GZ_FILL_UNIFORM, {3, {2, 2, 5}}, {3, {2, 3, 5}}, ONES, {3, {2, 2, 3}}),
    CASE(GZ_FILL_WIDE, {3, {2, 7, 31}}, {3, {2, 11, 31}}, {1, {31}}, {3, {2, 7, 11}}),
    CASE(GZ_FILL_UNIFORM, {3, {3, 17, 33}}, {3, {3, 65, 33}}, {1, {33}}, {3, {3, 17, 65}}),
    CASE(GZ_FILL_UNIFORM, {3, {1, 5, 3}}, {3, {1, 523, 3}}, {1, {3}}, {3, {1, 5, 523}}),
    CASE(GZ_FILL_UNIFORM, {3, {2, 67, 32}}, {3, {2, 1, 32}}, ONES, {3, {2, 67, 1}}),
    {.in = {{3, {16, 50, 64}}, {3, {16, 50, 64}}, {1, {64}}, {3, {16, 50, 50}}}, .n_in = 4, .heavy = true},
};

const gz_op gz_op_additive_scores_gradient = {
    .name = "additive_scores_gradient",
    .n_out = 3,
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .limit = limit,
    .magnitude = magnitude,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};

gaze_status gz_additive_scores_gradient(gz_graph *g, gz_tensor *q, gz_tensor *k, gz_tensor *scale,
                                        gz_tensor *dy, gz_tensor *gradients[3])
{
    return gz_graph_node(g, &gz_op_additive_scores_gradient, NULL, 0, (gz_tensor *[]){q, k, scale, dy}, 4,
                         gradients, 3);
}
