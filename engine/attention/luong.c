/* y = softmax(score) v with one of the scores of Luong, Pham and Manning 2015, "Effective approaches to
   attention-based neural machine translation", section 3.1. dot: q k^T; general: q general.kernel k^T;
   concat: tanh([q; k] concat.kernel) score.kernel, the rows of q first. */
#include "query_key.h"

#include <stdint.h>

typedef enum luong_score { SCORE_DOT, SCORE_GENERAL, SCORE_CONCAT } luong_score;

typedef struct luong_options {
    luong_score score;
    size_t units; /* U; 0: Dq */
    bool causal;
    gz_tiled tiled;
} luong_options;

static gaze_status read(gz_json *json, void *to)
{
    static const char *const scores[] = {
        [SCORE_DOT] = "dot", [SCORE_GENERAL] = "general", [SCORE_CONCAT] = "concat", NULL};
    luong_options *options = to;
    size_t choice;
    GZ_TRY(gz_json_choice(json, "score", scores, SIZE_MAX, &choice));
    options->score = (luong_score)choice;
    GZ_TRY(gz_json_size(json, "units", 1, 0, &options->units));
    if (options->units && options->score != SCORE_CONCAT)
        return gz_json_fail(json, "units", "is of score 'concat' alone, expected no such key with '%s'",
                            scores[choice]);
    if (options->score != SCORE_CONCAT) GZ_TRY(gz_tiled_read(json, &options->tiled));
    return gz_mask_read(json, &options->causal);
}

/* q general.kernel */
static gaze_status turn_query(gz_build *b, const gz_layer *layer, gz_query_key *seen)
{
    const size_t Dq = seen->q->shape.dim[2], Dk = seen->k->shape.dim[2];
    gz_tensor *kernel;
    GZ_TRY(gz_build_weight(b, layer, "general.kernel", GZ_SHAPE(Dq, Dk), GZ_INIT_GLOROT_UNIFORM, &kernel));
    return gz_dense(gz_build_graph(b), seen->q, kernel, NULL, GZ_LINEAR, &seen->q);
}

/* tokens times some of the kernel's rows; the parts of q and k are added later, key by key. */
static gaze_status project(gz_graph *graph, gz_tensor *tokens, gz_tensor *kernel, size_t first, gz_tensor **y)
{
    const size_t D = tokens->shape.dim[2], U = kernel->shape.dim[1];
    gz_tensor *rows;
    GZ_TRY(gz_graph_view(graph, kernel, GZ_SHAPE(1, kernel->shape.dim[0], U), &rows));
    GZ_TRY(gz_slice(graph, rows, 1, first, D, &rows));
    GZ_TRY(gz_graph_view(graph, rows, GZ_SHAPE(D, U), &rows));
    return gz_dense(graph, tokens, rows, NULL, GZ_LINEAR, y);
}

static gaze_status score_concat(gz_build *b, const gz_layer *layer, size_t U, const gz_query_key *seen,
                                gz_tensor **scores)
{
    gz_graph *graph = gz_build_graph(b);
    const size_t Dq = seen->q->shape.dim[2], Dk = seen->k->shape.dim[2];
    gz_tensor *kernel, *score_kernel, *q, *k;
    GZ_TRY(gz_build_weight(b, layer, "concat.kernel", GZ_SHAPE(Dq + Dk, U), GZ_INIT_GLOROT_UNIFORM, &kernel));
    GZ_TRY(gz_build_weight(b, layer, "score.kernel", GZ_SHAPE(U, 1), GZ_INIT_GLOROT_UNIFORM, &score_kernel));
    GZ_TRY(project(graph, seen->q, kernel, 0, &q));
    GZ_TRY(project(graph, seen->k, kernel, Dq, &k));
    GZ_TRY(gz_graph_view(graph, score_kernel, GZ_SHAPE(U), &score_kernel));
    return gz_additive_scores(graph, q, k, score_kernel, scores);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    const luong_options *options = from;
    gz_query_key seen;
    gz_tensor *scores;
    GZ_TRY(gz_query_key_see(b, layer, in, n_in, &seen));
    const size_t U = options->units ? options->units : seen.q->shape.dim[2];
    if (options->score == SCORE_CONCAT) {
        GZ_TRY(score_concat(b, layer, U, &seen, &scores));
        return gz_query_key_attend(b, layer, "luong", &seen, options->causal, scores, out);
    }
    if (options->score == SCORE_GENERAL) GZ_TRY(turn_query(b, layer, &seen));
    GZ_TRY(gz_query_key_expect_equal(layer, &seen));
    return gz_query_key_multiply(b, layer, "luong", &seen, options->causal, options->tiled, out);
}

const gz_attention_kind gz_attention_luong = {"luong", sizeof(luong_options), 1, 3, read, build};
