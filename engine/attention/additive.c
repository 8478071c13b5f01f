/* Keras' AdditiveAttention: y = softmax(score) v, score = sum_d scale_d tanh(q_d + k_d); scale is 1 without
   "use_scale". Bahdanau's attention (2014, eq. 6) without its two matrices: see bahdanau.c. */
#include "query_key.h"

typedef struct additive_options {
    bool use_scale, causal;
} additive_options;

static gaze_status read(gz_json *json, void *to)
{
    additive_options *options = to;
    GZ_TRY(gz_json_bool(json, "use_scale", true, &options->use_scale));
    return gz_mask_read(json, &options->causal);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    const additive_options *options = from;
    gz_query_key seen;
    gz_tensor *scale = NULL, *scores;
    GZ_TRY(gz_query_key_see(b, layer, in, n_in, &seen));
    GZ_TRY(gz_query_key_expect_equal(layer, &seen));
    const size_t D = seen.q->shape.dim[2];
    if (options->use_scale)
        GZ_TRY(gz_build_weight(b, layer, "scale", GZ_SHAPE(D), GZ_INIT_GLOROT_UNIFORM, &scale));
    GZ_TRY(gz_additive_scores(gz_build_graph(b), seen.q, seen.k, scale, &scores));
    return gz_query_key_attend(b, layer, "additive", &seen, options->causal, scores, out);
}

const gz_attention_kind gz_attention_additive = {"additive", sizeof(additive_options), 1, 3, read, build};
