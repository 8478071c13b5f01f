/* Keras' MultiHeadAttention (Vaswani et al. 2017, section 3.2): for each head softmax(Q K^T / sqrt(key_dim))
   V, with Q = q query.kernel + query.bias and so on, then all heads times output.kernel, plus output.bias.
   Heads are never copied apart: Q, K and V stay [B,T,H,K], and the products step over them. */
#include "query_key.h"

#include <math.h>

typedef struct multi_head_options {
    size_t num_heads, key_dim, value_dim;
    bool use_bias, causal;
    gz_tiled tiled;
} multi_head_options;

static gaze_status read(gz_json *json, void *to)
{
    multi_head_options *options = to;
    bool causal;
    GZ_TRY(gz_json_need_size(json, "num_heads", 1, &options->num_heads));
    GZ_TRY(gz_json_need_size(json, "key_dim", 1, &options->key_dim));
    GZ_TRY(gz_json_size(json, "value_dim", 1, options->key_dim, &options->value_dim));
    GZ_TRY(gz_json_bool(json, "use_bias", true, &options->use_bias));
    GZ_TRY(gz_json_bool(json, "causal", false, &causal));
    GZ_TRY(gz_mask_read(json, &options->causal));
    options->causal |= causal;
    return gz_tiled_read(json, &options->tiled);
}

/* x [B,T,D] -> [B,T,H,K] */
static gaze_status project(gz_build *b, const gz_layer *layer, const char *part, bool use_bias, gz_tensor *x,
                           size_t H, size_t K, gz_tensor **y)
{
    gz_graph *graph = gz_build_graph(b);
    const size_t B = x->shape.dim[0], T = x->shape.dim[1], D = x->shape.dim[2];
    gz_tensor *kernel, *bias = NULL;
    const char *kernel_name = gz_arena_format(graph->arena, "%s.kernel", part),
               *bias_name = gz_arena_format(graph->arena, "%s.bias", part);
    if (!kernel_name || !bias_name) return GAZE_ERROR_DEVICE;
    GZ_TRY(gz_build_weight(b, layer, kernel_name, GZ_SHAPE(D, H, K), GZ_INIT_GLOROT_UNIFORM, &kernel));
    if (use_bias) GZ_TRY(gz_build_weight(b, layer, bias_name, GZ_SHAPE(H, K), GZ_INIT_ZEROS, &bias));
    GZ_TRY(gz_graph_view(graph, kernel, GZ_SHAPE(D, H * K), &kernel));
    if (bias) GZ_TRY(gz_graph_view(graph, bias, GZ_SHAPE(H * K), &bias));
    GZ_TRY(gz_dense(graph, x, kernel, bias, GZ_LINEAR, y));
    return gz_graph_view(graph, *y, GZ_SHAPE(B, T, H, K), y);
}

/* heads [B,T,H,V] -> [B,T,D] */
static gaze_status join_heads(gz_build *b, const gz_layer *layer, bool use_bias, gz_tensor *heads, size_t D,
                              gz_tensor **y)
{
    gz_graph *graph = gz_build_graph(b);
    const size_t B = heads->shape.dim[0], T = heads->shape.dim[1], H = heads->shape.dim[2],
                 V = heads->shape.dim[3];
    gz_tensor *kernel, *bias = NULL;
    GZ_TRY(gz_build_weight(b, layer, "output.kernel", GZ_SHAPE(H, V, D), GZ_INIT_GLOROT_UNIFORM, &kernel));
    if (use_bias) GZ_TRY(gz_build_weight(b, layer, "output.bias", GZ_SHAPE(D), GZ_INIT_ZEROS, &bias));
    GZ_TRY(gz_graph_view(graph, kernel, GZ_SHAPE(H * V, D), &kernel));
    GZ_TRY(gz_graph_view(graph, heads, GZ_SHAPE(B, T, H * V), &heads));
    return gz_dense(graph, heads, kernel, bias, GZ_LINEAR, y);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    const multi_head_options *o = from;
    gz_query_key seen;
    gz_tensor *q, *k, *v, *heads;
    GZ_TRY(gz_query_key_see(b, layer, in, n_in, &seen));
    GZ_TRY(gz_query_key_join_key_mask(b, &seen));
    GZ_TRY(project(b, layer, "query", o->use_bias, seen.q, o->num_heads, o->key_dim, &q));
    GZ_TRY(project(b, layer, "key", o->use_bias, seen.k, o->num_heads, o->key_dim, &k));
    GZ_TRY(project(b, layer, "value", o->use_bias, seen.v, o->num_heads, o->value_dim, &v));
    const size_t B = seen.q->shape.dim[0], Tq = seen.q->shape.dim[1], Tv = seen.v->shape.dim[1];
    const gz_scaled scaled = {
        .q = q,
        .k = k,
        .v = v,
        .factor = 1 / sqrt((double)o->key_dim),
        .masks = {seen.mask, seen.query_mask, o->causal},
        .tiled = o->tiled,
        .map_shape = GZ_SHAPE(B, o->num_heads, Tq, Tv),
        .note = {.kind = "multi_head",
                 .axes = GAZE_MAP_QUERY_KEY,
                 .meaning = "share of the attention of the row's query that the column's key gets in this "
                            "head; each row sums to 1",
                 .field = in->field},
    };
    GZ_TRY(gz_scaled_attend(b, layer, &scaled, &heads));
    *out = *in;
    GZ_TRY(join_heads(b, layer, o->use_bias, heads, gz_shape_last(in->x->shape), &out->x));
    return gz_graph_view(gz_build_graph(b), out->x, in->x->shape, &out->x);
}

const gz_attention_kind gz_attention_multi_head = {"multi_head", sizeof(multi_head_options), 1, 3, read,
                                                   build};
