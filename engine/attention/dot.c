/* Keras' Attention: y = softmax(score) v, score = scale q k^T (Luong, Pham and Manning 2015, section 3.1,
   "dot"; no 1 / sqrt(D)), or with "score_mode": "concat" concat_score_weight sum_d tanh(scale (q_d + k_d)).
   scale is 1 without "use_scale". */
#include "query_key.h"

typedef struct dot_options {
    bool use_scale, concat, causal;
} dot_options;

static gaze_status read(gz_json *json, void *to)
{
    static const char *const modes[] = {"dot", "concat", NULL};
    dot_options *options = to;
    size_t mode;
    GZ_TRY(gz_json_bool(json, "use_scale", false, &options->use_scale));
    GZ_TRY(gz_json_choice(json, "score_mode", modes, 0, &mode));
    options->concat = mode == 1;
    return gz_mask_read(json, &options->causal);
}

static gaze_status score(gz_build *b, const gz_layer *layer, const dot_options *options, gz_tensor *q,
                         gz_tensor *k, gz_tensor **scores)
{
    gz_graph *graph = gz_build_graph(b);
    const gz_shape one = {.rank = 0};
    gz_tensor *scale = NULL, *weight;
    if (options->use_scale) GZ_TRY(gz_build_weight(b, layer, "scale", one, GZ_INIT_ONES, &scale));
    if (scale) GZ_TRY(gz_scale_by(graph, q, scale, &q));
    if (!options->concat)
        return gz_matmul(graph, q, k, &(gz_matmul_attr){.transpose_b = true, .factor = 1}, scores);
    if (scale) GZ_TRY(gz_scale_by(graph, k, scale, &k));
    GZ_TRY(gz_build_weight(b, layer, "concat_score_weight", one, GZ_INIT_ONES, &weight));
    GZ_TRY(gz_additive_scores(graph, q, k, NULL, scores));
    return gz_scale_by(graph, *scores, weight, scores);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    const dot_options *options = from;
    gz_query_key seen;
    gz_tensor *scores;
    GZ_TRY(gz_query_key_see(b, layer, in, n_in, &seen));
    GZ_TRY(gz_query_key_expect_equal(layer, &seen));
    GZ_TRY(score(b, layer, options, seen.q, seen.k, &scores));
    return gz_query_key_attend(b, layer, "dot", &seen, options->causal, scores, out);
}

const gz_attention_kind gz_attention_dot = {"dot", sizeof(dot_options), 1, 3, read, build};
