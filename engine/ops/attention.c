/* attention: y = softmax(factor q k^T) v for each sample and head, without the scores in memory; lse keeps of
   each row the logarithm of its sum of exponentials (infinity where no key is seen), for the gradients. */
#include "attention_gpu.h"

#include <math.h>

enum {
    Q = GZ_ATTENTION_Q,
    K = GZ_ATTENTION_K,
    V = GZ_ATTENTION_V,
    MASK = GZ_ATTENTION_MASK,
    QUERIES = GZ_ATTENTION_QUERIES
};
enum { Y, LSE };
enum { LONG = 2048, VERY_LONG = 8192, LONG_DEPTH = 128 };
enum { MOST_DEPTH = 1024 }; /* deeper tiles would take megabytes of a thread's stack */

static const gz_attention_attr *attr_of(const gz_node *node) { return node->attr; }

gz_attention_size gz_attention_size_of(const gz_node *node)
{
    const size_t *q = node->in[Q]->shape.dim, *v = node->in[V]->shape.dim;
    return (gz_attention_size){q[0], q[2], q[1], v[1], q[3], v[3]};
}

static gaze_status expect_mask(const gz_node *node, size_t i, size_t T)
{
    char text[96];
    const gz_tensor *mask = node->in[i];
    if (!mask ||
        (mask->dtype == GZ_I32 && gz_shape_equal(mask->shape, GZ_SHAPE(node->in[Q]->shape.dim[0], T))))
        return GAZE_OK;
    return gz_op_fail(node, "mask %zu has shape %s, expected int32 [batch,%zu]", i,
                      gz_shape_text(mask->shape, text), T);
}

gaze_status gz_attention_expect(const gz_node *node)
{
    char text[3][96];
    const gz_shape q = node->in[Q]->shape, k = node->in[K]->shape, v = node->in[V]->shape;
    bool fit = q.rank == 4 && k.rank == 4 && v.rank == 4;
    if (fit)
        fit = q.dim[0] == k.dim[0] && q.dim[0] == v.dim[0] && q.dim[2] == k.dim[2] && q.dim[2] == v.dim[2] &&
              q.dim[3] == k.dim[3] && k.dim[1] == v.dim[1];
    if (!fit)
        return gz_op_fail(
            node, "found q, k and v of shapes %s, %s and %s, expected [B,Tq,H,K], [B,Tv,H,K] and [B,Tv,H,V]",
            gz_shape_text(q, text[0]), gz_shape_text(k, text[1]), gz_shape_text(v, text[2]));
    if (!(attr_of(node)->factor > 0))
        return gz_op_fail(node, "found factor %g, expected more than 0", attr_of(node)->factor);
    GZ_TRY(expect_mask(node, MASK, v.dim[1]));
    return expect_mask(node, QUERIES, q.dim[1]);
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 3, 5));
    GZ_TRY(gz_attention_expect(node));
    const gz_attention_size s = gz_attention_size_of(node);
    GZ_TRY(gz_node_output(graph, node, Y, GZ_F32, GZ_SHAPE(s.samples, s.queries, s.heads, s.value_depth)));
    GZ_TRY(gz_node_output(graph, node, LSE, GZ_F32, GZ_SHAPE(s.samples, s.heads, s.queries)));
    node->out[LSE]->saved = true;
    return GAZE_OK;
}

bool gz_attention_sees(const gz_node *node, double *const *in, size_t b, size_t i, size_t j)
{
    const gz_attention_size s = gz_attention_size_of(node);
    if (attr_of(node)->causal && j > i) return false;
    if (node->in[MASK] && in[MASK][b * s.values + j] == 0) return false;
    return !node->in[QUERIES] || in[QUERIES][b * s.queries + i] != 0;
}

size_t gz_attention_row(gz_attention_size size, size_t T, size_t D, size_t b, size_t h, size_t t)
{
    return ((b * T + t) * size.heads + h) * D;
}

double gz_attention_score(const gz_node *node, double *const *in, size_t b, size_t h, size_t i, size_t j)
{
    const gz_attention_size s = gz_attention_size_of(node);
    const size_t D = s.key_depth;
    const double *q = in[Q] + gz_attention_row(s, s.queries, D, b, h, i),
                 *k = in[K] + gz_attention_row(s, s.values, D, b, h, j);
    double sum = 0;
    for (size_t d = 0; d < D; d++) sum += q[d] * k[d];
    return attr_of(node)->factor * sum;
}

static double log_sum(const gz_node *node, double *const *in, size_t b, size_t h, size_t i)
{
    const size_t Tv = gz_attention_size_of(node).values;
    double top = -INFINITY, sum = 0;
    for (size_t j = 0; j < Tv; j++)
        if (gz_attention_sees(node, in, b, i, j)) top = fmax(top, gz_attention_score(node, in, b, h, i, j));
    for (size_t j = 0; j < Tv; j++)
        if (gz_attention_sees(node, in, b, i, j)) sum += exp(gz_attention_score(node, in, b, h, i, j) - top);
    return sum > 0 ? top + log(sum) : INFINITY;
}

static void reference_row(const gz_node *node, double *const *in, double *y, double lse, size_t b, size_t h,
                          size_t i)
{
    const gz_attention_size s = gz_attention_size_of(node);
    const size_t D = s.value_depth;
    for (size_t d = 0; d < D; d++) y[d] = 0;
    for (size_t j = 0; j < s.values; j++) {
        if (!gz_attention_sees(node, in, b, i, j)) continue;
        const double p = exp(gz_attention_score(node, in, b, h, i, j) - lse);
        for (size_t d = 0; d < D; d++) y[d] += p * in[V][gz_attention_row(s, s.values, D, b, h, j) + d];
    }
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_attention_size s = gz_attention_size_of(node);
    for (size_t at = 0; at < s.samples * s.heads * s.queries; at++) {
        const size_t b = at / s.heads / s.queries, h = at / s.queries % s.heads, i = at % s.queries;
        out[LSE][at] = log_sum(node, in, b, h, i);
        reference_row(node, in, out[Y] + gz_attention_row(s, s.queries, s.value_depth, b, h, i), out[LSE][at],
                      b, h, i);
    }
}

bool gz_attention_in_tiles(const gz_builder *builder, gz_attention_size size)
{
    return gz_builder_family(builder) == GZ_FAMILY_CPU && size.key_depth <= MOST_DEPTH &&
           size.value_depth <= MOST_DEPTH;
}

void gz_attention_arguments(gz_launch *launch, const gz_node *node)
{
    const gz_attention_size s = gz_attention_size_of(node);
    gz_arg_int(launch, s.queries);
    gz_arg_int(launch, s.values);
    gz_arg_int(launch, s.key_depth);
    gz_arg_int(launch, s.value_depth);
    gz_arg_int(launch, s.heads);
    gz_arg_float(launch, attr_of(node)->factor);
    gz_arg_int(launch, attr_of(node)->causal);
}

static void add_arguments(gz_launch *launch, const gz_node *node)
{
    gz_arg_tensor(launch, node->in[Q]);
    gz_arg_tensor(launch, node->in[K]);
    gz_arg_tensor(launch, node->in[V]);
    gz_arg_tensor(launch, node->in[MASK]);
    gz_arg_tensor(launch, node->in[QUERIES]);
    gz_arg_tensor(launch, node->out[Y]);
    gz_arg_tensor(launch, node->out[LSE]);
    gz_attention_arguments(launch, node);
}

gz_heads_tile gz_heads_tile_of(const gz_builder *builder)
{
    const size_t width = gz_builder_device(builder)->vector_width;
    return (gz_heads_tile){width == 16 ? 8 : 6, 2 * width};
}

/* Tiles of queries that a group owns: with more of them it reads the keys less often, which are beyond the
 * caches where there are many. */
static size_t query_tiles(gz_attention_size size)
{
    if (size.values < LONG || size.key_depth > LONG_DEPTH || size.value_depth > LONG_DEPTH) return 2;
    return size.values < VERY_LONG ? 4 : 8;
}

static void prepare_tiles(const gz_node *node, gz_builder *builder, gz_attention_size size)
{
    const size_t columns = gz_heads_tile_of(builder).columns, tiles = query_tiles(size);
    gz_launch *launch = gz_launch_add(
        builder, "attention", "attention", "-DKEY_DEPTH=%zu -DVALUE_DEPTH=%zu -DQUERY_TILES=%zu",
        gz_round_up(size.key_depth, columns), gz_round_up(size.value_depth, columns), tiles);
    add_arguments(launch, node);
    gz_launch_groups(launch, gz_groups(size.queries, tiles * columns), size.samples * size.heads, 1, 1, 1, 1);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const gz_attention_size size = gz_attention_size_of(node);
    if (gz_attention_in_tiles(builder, size)) {
        prepare_tiles(node, builder, size);
    } else if (gz_builder_is_gpu(builder)) {
        gz_attention_gpu(node, builder);
    } else {
        const size_t rows = size.samples * size.heads * size.queries;
        gz_launch *launch = gz_launch_add(builder, "attention_plain", "attention_plain", "");
        add_arguments(launch, node);
        gz_arg_int(launch, rows);
        gz_launch_items(launch, rows);
    }
    return gz_builder_status(builder);
}

static double pairs_of(gz_attention_size s)
{
    return (double)s.samples * (double)s.heads * (double)s.queries * (double)s.values;
}

static gz_cost cost(const gz_node *node)
{
    const gz_attention_size s = gz_attention_size_of(node);
    const double depth = (double)(s.key_depth + s.value_depth), tokens = (double)(s.queries + s.values);
    return (gz_cost){pairs_of(s) * (2 * depth + 5), 4 * (double)(s.samples * s.heads) * tokens * depth};
}

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    gz_tensor *in[] = {node->in[Q],       node->in[K],  node->in[V],    node->in[MASK],
                       node->in[QUERIES], node->out[Y], node->out[LSE], dout[Y]},
              *parts[3];
    if (!dout[Y]) return GAZE_OK;
    GZ_TRY(gz_graph_node(graph, &gz_op_attention_gradient, attr_of(node), sizeof(gz_attention_attr), in, 8,
                         parts, 3));
    for (size_t i = Q; i <= V; i++)
        if (wanted[i]) din[i] = parts[i];
    return GAZE_OK;
}

/* verification.md: 8 (1 + keys) eps */
static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    return (gz_limit){GZ_ABSOLUTE, 8 * (1 + (double)gz_attention_size_of(node).values) * 0x1p-23};
}

gaze_status gz_attention(gz_graph *g, gz_tensor *q, gz_tensor *k, gz_tensor *v,
                         const gz_attention_masks *masks, double factor, gz_tensor **y)
{
    const gz_attention_attr attr = {factor, masks->causal};
    return gz_graph_node(g, &gz_op_attention, &attr, sizeof attr,
                         (gz_tensor *[]){q, k, v, masks->mask, masks->queries}, 5, y, 1);
}

static const gz_attention_attr plain = {1, false}, half = {0.5, false}, causal = {0.25, true};
#define NO               \
    {                    \
        GZ_ABSENT, { 0 } \
    }
#define CASE(ATTR, FILL, ...)                                               \
    {                                                                       \
        .in = {__VA_ARGS__}, .n_in = 5, .attr = &ATTR, .fill = FILL,        \
        .dtype = {GZ_F32, GZ_F32, GZ_F32, GZ_I32, GZ_I32}, .index_limit = 2 \
    }
static const gz_case cases[] = {
    CASE(plain, GZ_FILL_UNIFORM, {4, {1, 1, 1, 1}}, {4, {1, 1, 1, 1}}, {4, {1, 1, 1, 1}}, NO, NO),
    CASE(half, GZ_FILL_UNIFORM, {4, {2, 5, 3, 7}}, {4, {2, 11, 3, 7}}, {4, {2, 11, 3, 5}}, NO, NO),
    CASE(plain, GZ_FILL_UNIFORM, {4, {1, 33, 2, 31}}, {4, {1, 65, 2, 31}}, {4, {1, 65, 2, 33}}, {2, {1, 65}},
         NO),
    CASE(half, GZ_FILL_UNIFORM, {4, {2, 65, 1, 8}}, {4, {2, 131, 1, 8}}, {4, {2, 131, 1, 67}}, {2, {2, 131}},
         {2, {2, 65}}),
    CASE(causal, GZ_FILL_UNIFORM, {4, {2, 67, 2, 16}}, {4, {2, 67, 2, 16}}, {4, {2, 67, 2, 16}}, NO, NO),
    CASE(causal, GZ_FILL_UNIFORM, {4, {3, 31, 2, 5}}, {4, {3, 257, 2, 5}}, {4, {3, 257, 2, 3}}, {2, {3, 257}},
         {2, {3, 31}}),
    CASE(causal, GZ_FILL_UNIFORM, {4, {1, 137, 1, 64}}, {4, {1, 3, 1, 64}}, {4, {1, 3, 1, 64}}, NO,
         {2, {1, 137}}),
    CASE(plain, GZ_FILL_INTEGER, {4, {1, 40, 1, 37}}, {4, {1, 300, 1, 37}}, {4, {1, 300, 1, 1}}, NO, NO),
    CASE(half, GZ_FILL_UNIFORM, {4, {1, 70, 2, 130}}, {4, {1, 67, 2, 130}}, {4, {1, 67, 2, 150}}, NO, NO),
    CASE(plain, GZ_FILL_UNIFORM, {4, {2, 3, 2, 9}}, {4, {2, 300, 2, 9}}, {4, {2, 300, 2, 133}}, {2, {2, 300}},
         NO),
    CASE(causal, GZ_FILL_UNIFORM, {4, {9, 129, 4, 34}}, {4, {9, 66, 4, 34}}, {4, {9, 66, 4, 70}},
         {2, {9, 66}}, {2, {9, 129}}),
    CASE(half, GZ_FILL_UNIFORM, {4, {1, 70, 1, 3}}, {4, {1, 2051, 1, 3}}, {4, {1, 2051, 1, 5}},
         {2, {1, 2051}}, NO),
    CASE(plain, GZ_FILL_UNIFORM, {4, {1, 131, 1, 4}}, {4, {1, 8195, 1, 4}}, {4, {1, 8195, 1, 2}}, NO, NO),
    {.in = {{4, {2, 512, 8, 32}}, {4, {2, 512, 8, 32}}, {4, {2, 512, 8, 32}}, NO, NO},
     .n_in = 5,
     .attr = &half,
     .heavy = true},
};

const gz_op gz_op_attention = {
    .name = "attention",
    .n_out = 2,
    .attr_bytes = sizeof(gz_attention_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .gradient = gradient,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
