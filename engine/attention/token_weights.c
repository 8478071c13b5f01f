#include "token_weights.h"

gaze_status gz_tokens_read(gz_json *json, void *to)
{
    gz_token_options *options = to;
    return gz_json_size(json, "units", 1, 0, &options->units);
}

static gaze_status see_tokens(gz_build *b, const gz_layer *layer, const gz_flow *in, gz_tensor **h)
{
    const gz_shape s = in->x->shape;
    if (s.rank != 4)
        GZ_TRY(gz_layer_expect_rank(layer, 0, in, 3, "[time, features] or [height, width, channels]"));
    const size_t D = gz_shape_last(s);
    return gz_graph_view(gz_build_graph(b), in->x, GZ_SHAPE(s.dim[0], gz_shape_count(s) / s.dim[0] / D, D),
                         h);
}

/* u . tanh(W h + b): [B,N,D] -> [B,N] */
static gaze_status score_tokens(gz_build *b, const gz_layer *layer, size_t U, gz_tensor *h, gz_tensor **score)
{
    gz_graph *graph = gz_build_graph(b);
    const size_t B = h->shape.dim[0], N = h->shape.dim[1], D = h->shape.dim[2];
    gz_tensor *hidden_kernel, *hidden_bias, *score_kernel, *hidden;
    GZ_TRY(
        gz_build_weight(b, layer, "hidden.kernel", GZ_SHAPE(D, U), GZ_INIT_GLOROT_UNIFORM, &hidden_kernel));
    GZ_TRY(gz_build_weight(b, layer, "hidden.bias", GZ_SHAPE(U), GZ_INIT_ZEROS, &hidden_bias));
    GZ_TRY(gz_build_weight(b, layer, "score.kernel", GZ_SHAPE(U, 1), GZ_INIT_GLOROT_UNIFORM, &score_kernel));
    GZ_TRY(gz_dense(graph, h, hidden_kernel, hidden_bias, GZ_TANH, &hidden));
    GZ_TRY(gz_dense(graph, hidden, score_kernel, NULL, GZ_LINEAR, score));
    return gz_graph_view(graph, *score, GZ_SHAPE(B, N), score);
}

gaze_status gz_tokens_build(gz_build *b, const gz_layer *layer, const gz_token_options *options,
                            const char *kind, const char *part, const gz_flow *in, gz_tokens *tokens)
{
    gz_graph *graph = gz_build_graph(b);
    gz_tensor *score, *map, *mask = in->mask;
    GZ_TRY(see_tokens(b, layer, in, &tokens->h));
    const size_t U = options->units ? options->units : gz_shape_last(in->x->shape);
    GZ_TRY(score_tokens(b, layer, U, tokens->h, &score));
    if (mask) GZ_TRY(gz_graph_view(graph, mask, score->shape, &mask));
    GZ_TRY(gz_softmax(graph, score, mask, &tokens->a));

    const bool image = in->x->shape.rank == 4;
    const gz_map_note note = {
        .kind = kind,
        .axes = GAZE_MAP_POSITIONS,
        .meaning = image ? "share of the attention that this cell gets; all cells sum to 1"
                         : "share of the attention that this step gets; all steps sum to 1",
        .sums_to_one = true,
        .field = in->field,
    };
    gz_shape shape = in->x->shape;
    shape.rank--;
    GZ_TRY(gz_graph_view(graph, tokens->a, shape, &map));
    return gz_build_map(b, layer, part, map, &note);
}
