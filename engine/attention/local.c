/* Local attention of Luong, Pham and Manning 2015, section 3.2: softmax of q k^T over the keys within
   `window` of a position p_t. Mode m: p_t = t. Mode p: p_t = S sigmoid(tanh(q position.kernel)
   position.score), S the number of values that count (eq. 9), and the weights are multiplied by a Gaussian
   around p_t of deviation window / 2 (eq. 10), so that a row sums to less than 1. The gradient reaches p_t
   through the Gaussian: the window's edge has none. */
#include "query_key.h"

#include <stdint.h>

typedef struct local_options {
    bool predicts, causal; /* predicts: mode p */
    size_t window, units;  /* U; 0: Dq */
} local_options;

static gaze_status read(gz_json *json, void *to)
{
    static const char *const modes[] = {"m", "p", NULL};
    local_options *options = to;
    size_t mode;
    GZ_TRY(gz_json_choice(json, "mode", modes, SIZE_MAX, &mode));
    options->predicts = mode == 1;
    GZ_TRY(gz_json_need_size(json, "window", 1, &options->window));
    GZ_TRY(gz_json_size(json, "units", 1, 0, &options->units));
    if (options->units && !options->predicts)
        return gz_json_fail(json, "units", "is of mode 'p' alone, expected no such key with 'm'");
    return gz_mask_read(json, &options->causal);
}

/* p [B,Tq] */
static gaze_status predict(gz_build *b, const gz_layer *layer, size_t U, const gz_query_key *seen,
                           gz_tensor **p)
{
    gz_graph *graph = gz_build_graph(b);
    const size_t B = seen->q->shape.dim[0], Tq = seen->q->shape.dim[1], Dq = seen->q->shape.dim[2];
    gz_tensor *kernel, *score, *hidden, *count;
    GZ_TRY(gz_build_weight(b, layer, "position.kernel", GZ_SHAPE(Dq, U), GZ_INIT_GLOROT_UNIFORM, &kernel));
    GZ_TRY(gz_build_weight(b, layer, "position.score", GZ_SHAPE(U, 1), GZ_INIT_GLOROT_UNIFORM, &score));
    GZ_TRY(gz_dense(graph, seen->q, kernel, NULL, GZ_TANH, &hidden));
    GZ_TRY(gz_dense(graph, hidden, score, NULL, GZ_SIGMOID, p));
    GZ_TRY(gz_graph_view(graph, *p, GZ_SHAPE(B, Tq), p));
    if (!seen->mask) return gz_scale(graph, *p, (double)seen->v->shape.dim[1], p);
    GZ_TRY(gz_mask_count(graph, seen->mask, &count));
    return gz_scale_rows(graph, *p, count, 1, p);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    static const char *const meaning[] = {"share of the attention of the row's query that the column's key "
                                          "gets; each row sums to 1 over its window",
                                          "share of the attention of the row's query that the column's key "
                                          "gets, less the farther it is from the predicted position; "
                                          "each row sums to less than 1"};
    const local_options *options = from;
    gz_graph *graph = gz_build_graph(b);
    gz_query_key seen;
    gz_tensor *p = NULL, *scores, *a;
    GZ_TRY(gz_query_key_see(b, layer, in, n_in, &seen));
    GZ_TRY(gz_query_key_expect_equal(layer, &seen));
    const size_t U = options->units ? options->units : seen.q->shape.dim[2];
    if (options->predicts) GZ_TRY(predict(b, layer, U, &seen, &p));
    GZ_TRY(gz_matmul(graph, seen.q, seen.k, &(gz_matmul_attr){.transpose_b = true, .factor = 1}, &scores));
    const gz_keys_seen keys = {
        .order = {.causal = options->causal, .windowed = true, .window = options->window},
        .mask = seen.mask,
        .centers = p};
    GZ_TRY(gz_softmax_of(graph, scores, &keys, &a));
    if (p) GZ_TRY(gz_gaussian(graph, a, p, (double)options->window / 2, &a));
    return gz_query_key_finish(b, layer, "local", meaning[options->predicts], &seen, a, out);
}

const gz_attention_kind gz_attention_local = {"local", sizeof(local_options), 1, 3, read, build};
