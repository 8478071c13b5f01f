/* Keras' Attention: y = softmax(score) v, score = scale q k^T (Luong, Pham and Manning 2015, section 3.1,
   "dot"; no 1 / sqrt(D)), or with "score_mode": "concat" concat_score_weight sum_d tanh(scale (q_d + k_d)).
   scale is 1 without "use_scale". */
#include "query_key.h"

typedef struct dot_options {
    bool use_scale, concat, causal;
    gz_tiled tiled;
} dot_options;

static gaze_status read(gz_json *json, void *to)
{
    static const char *const modes[] = {"dot", "concat", NULL};
    dot_options *options = to;
    size_t mode;
    GZ_TRY(gz_json_bool(json, "use_scale", false, &options->use_scale));
    GZ_TRY(gz_json_choice(json, "score_mode", modes, 0, &mode));
    options->concat = mode == 1;
    if (!options->concat) GZ_TRY(gz_tiled_read(json, &options->tiled));
    return gz_mask_read(json, &options->causal);
}

static gaze_status score_concat(gz_build *b, const gz_layer *layer, gz_tensor *scale,
                                const gz_query_key *seen, gz_tensor **scores)
{
    gz_graph *graph = gz_build_graph(b);
    gz_tensor *weight, *k = seen->k;
    if (scale) GZ_TRY(gz_scale_by(graph, k, scale, &k));
    GZ_TRY(gz_build_weight(b, layer, "concat_score_weight", (gz_shape){.rank = 0}, GZ_INIT_ONES, &weight));
    GZ_TRY(gz_additive_scores(graph, seen->q, k, NULL, scores));
    return gz_scale_by(graph, *scores, weight, scores);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    const dot_options *options = from;
    gz_query_key seen;
    gz_tensor *scale = NULL, *scores;
    GZ_TRY(gz_query_key_see(b, layer, in, n_in, &seen));
    GZ_TRY(gz_query_key_expect_equal(layer, &seen));
    if (options->use_scale) {
        GZ_TRY(gz_build_weight(b, layer, "scale", (gz_shape){.rank = 0}, GZ_INIT_ONES, &scale));
        GZ_TRY(gz_scale_by(gz_build_graph(b), seen.q, scale, &seen.q));
    }
    if (!options->concat)
        return gz_query_key_multiply(b, layer, "dot", &seen, options->causal, options->tiled, out);
    GZ_TRY(score_concat(b, layer, scale, &seen, &scores));
    return gz_query_key_attend(b, layer, "dot", &seen, options->causal, scores, out);
}

const gz_attention_kind gz_attention_dot = {"dot", sizeof(dot_options), 1, 3, read, build};
