/* The gradients of attention. With p = exp(score - lse), dp = dy v^T and delta_i = dy_i y_i (the sum that
   softmax's gradient takes off): ds = factor p (dp - delta), dq = ds k, dk = ds^T q, dv = p^T dy. The scores
   are made again: in tiles once, elsewhere once for each side. */
#include "attention_gpu.h"

#include <math.h>
#include <string.h>

enum {
    Q = GZ_ATTENTION_Q,
    K = GZ_ATTENTION_K,
    V = GZ_ATTENTION_V,
    MASK = GZ_ATTENTION_MASK,
    QUERIES = GZ_ATTENTION_QUERIES,
    Y = GZ_ATTENTION_Y,
    LSE = GZ_ATTENTION_LSE,
    DY = GZ_ATTENTION_DY
};
enum { DQ, DK, DV };
enum { HELD_FLOATS = 32768, LEAST_GROUPS = 16 };

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char text[3][96];
    GZ_TRY(gz_op_expect_inputs(node, 3, 8));
    GZ_TRY(gz_attention_expect(node));
    for (size_t i = Y; i <= DY; i++) GZ_TRY(gz_op_expect_input(node, i));
    const gz_attention_size s = gz_attention_size_of(node);
    const gz_shape y = GZ_SHAPE(s.samples, s.queries, s.heads, s.value_depth),
                   lse = GZ_SHAPE(s.samples, s.heads, s.queries);
    if (!gz_shape_equal(node->in[Y]->shape, y) || !gz_shape_equal(node->in[DY]->shape, y) ||
        !gz_shape_equal(node->in[LSE]->shape, lse))
        return gz_op_fail(
            node,
            "found an output, its gradient and row sums of shapes %s, %s and %s that do not fit the inputs",
            gz_shape_text(node->in[Y]->shape, text[0]), gz_shape_text(node->in[DY]->shape, text[1]),
            gz_shape_text(node->in[LSE]->shape, text[2]));
    for (size_t i = Q; i <= V; i++) GZ_TRY(gz_node_output(graph, node, i, GZ_F32, node->in[i]->shape));
    return GAZE_OK;
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

static void add_pair(const gz_node *node, double *const *in, double *const *out, size_t b, size_t h, size_t i,
                     size_t j)
{
    const gz_attention_size s = gz_attention_size_of(node);
    const size_t query = gz_attention_row(s, s.queries, s.key_depth, b, h, i),
                 key = gz_attention_row(s, s.values, s.key_depth, b, h, j),
                 y = gz_attention_row(s, s.queries, s.value_depth, b, h, i),
                 value = gz_attention_row(s, s.values, s.value_depth, b, h, j);
    const double p =
        exp(gz_attention_score(node, in, b, h, i, j) - in[LSE][(b * s.heads + h) * s.queries + i]);
    const double dp = dot(in[DY] + y, in[V] + value, s.value_depth),
                 delta = dot(in[DY] + y, in[Y] + y, s.value_depth);
    const double ds = ((const gz_attention_attr *)node->attr)->factor * p * (dp - delta);
    for (size_t d = 0; d < s.key_depth; d++) {
        out[DQ][query + d] += ds * in[K][key + d];
        out[DK][key + d] += ds * in[Q][query + d];
    }
    for (size_t d = 0; d < s.value_depth; d++) out[DV][value + d] += p * in[DY][y + d];
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_attention_size s = gz_attention_size_of(node);
    for (size_t i = DQ; i <= DV; i++) memset(out[i], 0, gz_shape_count(node->out[i]->shape) * sizeof(double));
    for (size_t g = 0; g < s.samples * s.heads; g++)
        for (size_t i = 0; i < s.queries; i++)
            for (size_t j = 0; j < s.values; j++)
                if (gz_attention_sees(node, in, g / s.heads, i, j))
                    add_pair(node, in, out, g / s.heads, g % s.heads, i, j);
}

static const gz_tensor *make_delta(const gz_node *node, gz_builder *builder, gz_attention_size s)
{
    const size_t rows = s.samples * s.heads * s.queries;
    const gz_tensor *delta = gz_scratch(builder, rows);
    gz_launch *launch = gz_launch_add(builder, "attention_plain", "attention_delta_plain", "%s", "");
    gz_arg_tensor(launch, node->in[Y]);
    gz_arg_tensor(launch, node->in[DY]);
    gz_arg_tensor(launch, delta);
    gz_arg_int(launch, s.queries);
    gz_arg_int(launch, s.value_depth);
    gz_arg_int(launch, s.heads);
    gz_arg_int(launch, rows);
    gz_launch_items(launch, rows);
    return delta;
}

static void add_tensors(gz_launch *launch, const gz_tensor *const *tensors, size_t n)
{
    for (size_t i = 0; i < n; i++) gz_arg_tensor(launch, tensors[i]);
}

/* Keys whose sums a group holds: as many as fit the second cache with all else, in whole blocks or at least
 * tiles (cl/attention_gradient.cl). */
static size_t keys_held(gz_heads_tile tile, size_t key_depth, size_t value_depth)
{
    const size_t block = 8 * tile.rows, keys = HELD_FLOATS / 2 / (key_depth + value_depth);
    if (keys >= block) return keys / block * block;
    return keys > tile.rows ? keys / tile.rows * tile.rows : tile.rows;
}

/* A head's keys are split where there are few heads; the parts of dq are then summed. */
static void prepare_tiles(const gz_node *node, gz_builder *builder, gz_attention_size s)
{
    const gz_heads_tile tile = gz_heads_tile_of(builder);
    const size_t key_depth = gz_round_up(s.key_depth, tile.columns),
                 value_depth = gz_round_up(s.value_depth, tile.columns),
                 keys = keys_held(tile, key_depth, value_depth), G = s.samples * s.heads,
                 count = gz_shape_count(node->in[Q]->shape);
    const gz_parts parts = gz_parts_of(s.values, gz_groups(LEAST_GROUPS, G), keys);
    const gz_tensor *dq = parts.count > 1 ? gz_scratch(builder, parts.count * count) : node->out[DQ];
    const gz_tensor *tensors[] = {
        node->in[Q],   node->in[K],  node->in[V], node->in[MASK], node->in[QUERIES], node->in[Y],
        node->in[LSE], node->in[DY], dq,          node->out[DK],  node->out[DV]};
    gz_launch *launch =
        gz_launch_add(builder, "attention_gradient", "attention_gradient",
                      "-DKEY_DEPTH=%zu -DVALUE_DEPTH=%zu -DHELD_KEYS=%zu", key_depth, value_depth, keys);
    add_tensors(launch, tensors, sizeof tensors / sizeof *tensors);
    gz_attention_arguments(launch, node);
    gz_arg_int(launch, parts.part);
    gz_arg_ulong(launch, count);
    gz_launch_groups(launch, parts.count, G, 1, 1, 1, 1);
    if (parts.count > 1)
        gz_dense_end(builder, dq, parts.count, NULL, node->out[DQ], s.samples * s.queries,
                     s.heads * s.key_depth, GZ_LINEAR);
}

static void prepare_plain(const gz_node *node, gz_builder *builder, gz_attention_size s,
                          const gz_tensor *delta)
{
    const gz_tensor *inputs[] = {node->in[Q],       node->in[K],   node->in[V], node->in[MASK],
                                 node->in[QUERIES], node->in[LSE], delta,       node->in[DY]};
    for (int side = 0; side < 2; side++) {
        const size_t rows = s.samples * s.heads * (side ? s.values : s.queries);
        gz_launch *launch =
            gz_launch_add(builder, "attention_plain",
                          side ? "attention_key_gradient_plain" : "attention_query_gradient_plain", "%s", "");
        add_tensors(launch, inputs, sizeof inputs / sizeof *inputs);
        gz_arg_tensor(launch, node->out[side ? DK : DQ]);
        if (side) gz_arg_tensor(launch, node->out[DV]);
        gz_attention_arguments(launch, node);
        gz_arg_int(launch, rows);
        gz_launch_items(launch, rows);
    }
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const gz_attention_size s = gz_attention_size_of(node);
    if (gz_builder_is_gpu(builder)) {
        gz_attention_gradient_gpu(node, builder);
        return gz_builder_status(builder);
    }
    if (gz_attention_in_tiles(builder, s))
        prepare_tiles(node, builder, s);
    else
        prepare_plain(node, builder, s, make_delta(node, builder, s));
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const gz_attention_size s = gz_attention_size_of(node);
    const double pairs = (double)s.samples * (double)s.heads * (double)s.queries * (double)s.values;
    const double key = (double)s.key_depth, value = (double)s.value_depth,
                 tokens = (double)(s.queries + s.values);
    return (gz_cost){2 * pairs * (3 * key + 2 * value + 4),
                     8 * (double)(s.samples * s.heads) * tokens * (key + value)};
}

/* verification.md: 32 (1 + keys) eps; sums over queries are as long as there are queries. */
static gz_limit limit(const gz_node *node, size_t i)
{
    const gz_attention_size s = gz_attention_size_of(node);
    const size_t terms = i == DQ || s.queries < s.values ? s.values : s.queries;
    return (gz_limit){GZ_ABSOLUTE, 32 * (1 + (double)terms) * 0x1p-23};
}

static const gz_attention_attr plain = {1, false}, half = {0.5, false}, causal = {0.25, true},
                               small = {0.0875, false};
#define NO               \
    {                    \
        GZ_ABSENT, { 0 } \
    }
#define CASE(ATTR, B, TQ, TV, H, K, V, ...)                                                           \
    {                                                                                                 \
        .in = {{4, {B, TQ, H, K}}, {4, {B, TV, H, K}}, {4, {B, TV, H, V}}, __VA_ARGS__,               \
               {4, {B, TQ, H, V}}, {3, {B, H, TQ}},    {4, {B, TQ, H, V}}},                           \
        .n_in = 8, .attr = &ATTR, .dtype = {GZ_F32, GZ_F32, GZ_F32, GZ_I32, GZ_I32}, .index_limit = 2 \
    }
static const gz_case cases[] = {
    CASE(plain, 1, 1, 1, 1, 1, 1, NO, NO),
    CASE(half, 2, 5, 11, 3, 7, 5, NO, NO),
    CASE(plain, 1, 33, 65, 2, 31, 33, {2, {1, 65}}, NO),
    CASE(half, 2, 65, 131, 1, 8, 67, {2, {2, 131}}, {2, {2, 65}}),
    CASE(causal, 2, 67, 67, 2, 16, 16, NO, NO),
    CASE(causal, 3, 31, 257, 2, 5, 3, {2, {3, 257}}, {2, {3, 31}}),
    CASE(causal, 1, 137, 3, 1, 64, 64, NO, {2, {1, 137}}),
    CASE(half, 1, 300, 40, 1, 37, 1, NO, NO),
    CASE(small, 1, 70, 67, 2, 130, 150, NO, NO),
    CASE(causal, 1, 3, 300, 2, 9, 133, {2, {1, 300}}, NO),
    CASE(small, 9, 129, 66, 4, 34, 70, {2, {9, 66}}, NO),
    CASE(causal, 1, 300, 600, 1, 33, 5, NO, NO),
    {.in = {{4, {2, 257, 4, 32}},
            {4, {2, 257, 4, 32}},
            {4, {2, 257, 4, 32}},
            NO,
            NO,
            {4, {2, 257, 4, 32}},
            {3, {2, 4, 257}},
            {4, {2, 257, 4, 32}}},
     .n_in = 8,
     .attr = &half,
     .heavy = true},
};

const gz_op gz_op_attention_gradient = {
    .name = "attention_gradient",
    .n_out = 3,
    .attr_bytes = sizeof(gz_attention_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
