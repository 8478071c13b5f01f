/* Additive scores of every query and key: y[i][j] = sum_d scale_d tanh(q_i[d] + k_j[d]). */
#include "additive_scores.h"

#include <math.h>

enum { Q = GZ_SCORES_Q, K = GZ_SCORES_K, SCALE = GZ_SCORES_SCALE };
enum { GROUP_QUERIES = 16, GROUP_KEYS = 32 }; /* as in cl/additive_scores.cl */

gz_scores_size gz_scores_size_of(const gz_node *node)
{
    const size_t *q = node->in[Q]->shape.dim;
    return (gz_scores_size){q[0], q[1], node->in[K]->shape.dim[1], q[2]};
}

gaze_status gz_scores_expect(const gz_node *node)
{
    char text[2][96];
    const gz_shape q = node->in[Q]->shape, k = node->in[K]->shape;
    if (q.rank != 3 || k.rank != 3 || q.dim[0] != k.dim[0] || q.dim[2] != k.dim[2])
        return gz_op_fail(node,
                          "found queries of shape %s and keys of shape %s, expected [batch,time,features] of "
                          "the same features",
                          gz_shape_text(q, text[0]), gz_shape_text(k, text[1]));
    if (node->in[SCALE] && !gz_shape_equal(node->in[SCALE]->shape, GZ_SHAPE(q.dim[2])))
        return gz_op_fail(node, "scale has shape %s, expected [%zu]",
                          gz_shape_text(node->in[SCALE]->shape, text[0]), q.dim[2]);
    return GAZE_OK;
}

void gz_scores_arguments(gz_launch *launch, gz_scores_size size)
{
    gz_arg_int(launch, size.queries);
    gz_arg_int(launch, size.keys);
    gz_arg_int(launch, size.features);
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 2, 3));
    GZ_TRY(gz_scores_expect(node));
    const gz_scores_size size = gz_scores_size_of(node);
    return gz_node_output(graph, node, 0, GZ_F32, GZ_SHAPE(size.samples, size.queries, size.keys));
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_scores_size size = gz_scores_size_of(node);
    const size_t Tq = size.queries, Tv = size.keys, D = size.features;
    for (size_t at = 0; at < size.samples * Tq * Tv; at++) {
        const double *q = in[Q] + at / Tv * D, *k = in[K] + (at / Tv / Tq * Tv + at % Tv) * D;
        double sum = 0;
        for (size_t d = 0; d < D; d++) sum += (node->in[SCALE] ? in[SCALE][d] : 1) * tanh(q[d] + k[d]);
        out[0][at] = sum;
    }
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    const gz_scores_size size = gz_scores_size_of(node);
    gz_launch *launch =
        gz_launch_add(builder, "additive_scores", cpu ? "additive_scores" : "additive_scores_plain", "");
    gz_arg_tensor(launch, node->in[Q]);
    gz_arg_tensor(launch, node->in[K]);
    gz_arg_tensor(launch, node->in[SCALE]);
    gz_arg_tensor(launch, node->out[0]);
    gz_scores_arguments(launch, size);
    if (cpu) {
        gz_launch_groups(launch, (size.queries + GROUP_QUERIES - 1) / GROUP_QUERIES,
                         (size.keys + GROUP_KEYS - 1) / GROUP_KEYS, size.samples, 1, 1, 1);
    } else {
        gz_arg_int(launch, gz_shape_count(node->out[0]->shape));
        gz_launch_items(launch, gz_shape_count(node->out[0]->shape));
    }
    return gz_builder_status(builder);
}

/* tanh as about 20 operations */
static gz_cost cost(const gz_node *node)
{
    const gz_scores_size size = gz_scores_size_of(node);
    const double B = (double)size.samples, Tq = (double)size.queries, Tv = (double)size.keys,
                 D = (double)size.features;
    return (gz_cost){23 * B * Tq * Tv * D, 4 * B * ((Tq + Tv) * D + Tq * Tv)};
}

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    gz_tensor *parts[3];
    GZ_TRY(gz_additive_scores_gradient(graph, node->in[Q], node->in[K], node->in[SCALE], dout[0], parts));
    if (wanted[Q]) din[Q] = parts[0];
    if (wanted[K]) din[K] = parts[1];
    return wanted[SCALE] ? gz_bias_gradient(graph, parts[2], &din[SCALE]) : GAZE_OK;
}

/* 3 ULP (6 roundings) for tanh. */
static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    return (gz_limit){GZ_SUM, (double)gz_scores_size_of(node).features + 6};
}

#define CASE(FILL, ...)                              \
    {                                                \
        .in = {__VA_ARGS__}, .n_in = 3, .fill = FILL \
    }
#define ONES             \
    {                    \
        GZ_ABSENT, { 0 } \
    }
static const gz_case cases[] = {
    CASE(GZ_FILL_UNIFORM, {3, {1, 1, 1}}, {3, {1, 1, 1}}, {1, {1}}),
    CASE(GZ_FILL_UNIFORM, {3, {2, 2, 5}}, {3, {2, 3, 5}}, ONES),
    CASE(GZ_FILL_WIDE, {3, {2, 7, 31}}, {3, {2, 11, 31}}, {1, {31}}),
    CASE(GZ_FILL_UNIFORM, {3, {3, 17, 33}}, {3, {3, 65, 33}}, {1, {33}}),
    CASE(GZ_FILL_UNIFORM, {3, {1, 33, 64}}, {3, {1, 31, 64}}, ONES),
    CASE(GZ_FILL_UNIFORM, {3, {1, 3, 523}}, {3, {1, 5, 523}}, {1, {523}}),
    CASE(GZ_FILL_WIDE, {3, {2, 1, 3}}, {3, {2, 67, 3}}, {1, {3}}),
    {.in = {{3, {16, 50, 64}}, {3, {16, 50, 64}}, {1, {64}}}, .n_in = 3, .heavy = true},
};

const gz_op gz_op_additive_scores = {
    .name = "additive_scores",
    .n_out = 1,
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .gradient = gradient,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};

gaze_status gz_additive_scores(gz_graph *g, gz_tensor *q, gz_tensor *k, gz_tensor *scale, gz_tensor **y)
{
    return gz_graph_node(g, &gz_op_additive_scores, NULL, 0, (gz_tensor *[]){q, k, scale}, 3, y, 1);
}
