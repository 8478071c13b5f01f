/* y = softmax(score) v, score = tanh(q query.kernel + k key.kernel + bias) score.kernel (Bahdanau, Cho and
   Bengio 2014, "Neural machine translation by jointly learning to align and translate", eq. 6 and appendix
   A.1.2; q is the decoder's state, and the paper has no bias). */
#include "query_key.h"

typedef struct bahdanau_options {
    size_t units; /* U; 0: Dq */
    bool causal;
} bahdanau_options;

static gaze_status read(gz_json *json, void *to)
{
    bahdanau_options *options = to;
    GZ_TRY(gz_json_size(json, "units", 1, 0, &options->units));
    return gz_mask_read(json, &options->causal);
}

static gaze_status score(gz_build *b, const gz_layer *layer, size_t U, const gz_query_key *seen,
                         gz_tensor **scores)
{
    gz_graph *graph = gz_build_graph(b);
    const size_t Dq = seen->q->shape.dim[2], Dk = seen->k->shape.dim[2];
    gz_tensor *query_kernel, *key_kernel, *bias, *score_kernel, *q, *k;
    GZ_TRY(gz_build_weight(b, layer, "query.kernel", GZ_SHAPE(Dq, U), GZ_INIT_GLOROT_UNIFORM, &query_kernel));
    GZ_TRY(gz_build_weight(b, layer, "key.kernel", GZ_SHAPE(Dk, U), GZ_INIT_GLOROT_UNIFORM, &key_kernel));
    GZ_TRY(gz_build_weight(b, layer, "bias", GZ_SHAPE(U), GZ_INIT_ZEROS, &bias));
    GZ_TRY(gz_build_weight(b, layer, "score.kernel", GZ_SHAPE(U, 1), GZ_INIT_GLOROT_UNIFORM, &score_kernel));
    GZ_TRY(gz_dense(graph, seen->q, query_kernel, NULL, GZ_LINEAR, &q));
    GZ_TRY(gz_dense(graph, seen->k, key_kernel, bias, GZ_LINEAR, &k));
    GZ_TRY(gz_graph_view(graph, score_kernel, GZ_SHAPE(U), &score_kernel));
    return gz_additive_scores(graph, q, k, score_kernel, scores);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    const bahdanau_options *options = from;
    gz_query_key seen;
    gz_tensor *scores;
    GZ_TRY(gz_query_key_see(b, layer, in, n_in, &seen));
    GZ_TRY(score(b, layer, options->units ? options->units : seen.q->shape.dim[2], &seen, &scores));
    return gz_query_key_attend(b, layer, "bahdanau", &seen, options->causal, scores, out);
}

const gz_attention_kind gz_attention_bahdanau = {"bahdanau", sizeof(bahdanau_options), 1, 3, read, build};
