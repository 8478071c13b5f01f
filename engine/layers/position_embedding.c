/* y_t = x_t + P_t: x [B,T,D], or an image's T cells [B,H,W,D] row by row; P the first T rows of embeddings
   [sequence_length,D]. (KerasHub's layer of this name gives P without adding it.) */
#include "layer.h"

typedef struct position_options {
    size_t length; /* 0: the steps of the input */
} position_options;

static gaze_status read(gz_json *json, void *to)
{
    position_options *options = to;
    return gz_json_size(json, "sequence_length", 1, 0, &options->length);
}

/* The first T of S rows, as one row [T*D]. */
static gaze_status first_rows(gz_graph *graph, gz_tensor *embeddings, size_t T, gz_tensor **row)
{
    const size_t S = embeddings->shape.dim[0], D = embeddings->shape.dim[1];
    GZ_TRY(gz_graph_view(graph, embeddings, GZ_SHAPE(1, S * D), row));
    if (T < S) GZ_TRY(gz_slice(graph, *row, 1, 0, T * D, row));
    return gz_graph_view(graph, *row, GZ_SHAPE(T * D), row);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    (void)n_in;
    const position_options *options = from;
    gz_graph *graph = gz_build_graph(b);
    const gz_shape x = in->x->shape;
    if (x.rank != 4)
        GZ_TRY(gz_layer_expect_rank(layer, 0, in, 3, "[time, features] or [height, width, channels]"));
    const size_t B = x.dim[0], D = gz_shape_last(x), T = gz_shape_count(x) / B / D,
                 S = options->length ? options->length : T;
    gz_tensor *embeddings, *positions, *rows;
    if (T > S)
        return gz_layer_fail(
            layer, "its input '%s' has %zu steps, \"sequence_length\" is %zu: expected at most that many",
            layer->inputs[0], T, S);
    GZ_TRY(gz_build_weight(b, layer, "embeddings", GZ_SHAPE(S, D), GZ_INIT_GLOROT_UNIFORM, &embeddings));
    GZ_TRY(first_rows(graph, embeddings, T, &positions));
    GZ_TRY(gz_graph_view(graph, in->x, GZ_SHAPE(B, T * D), &rows));
    *out = *in;
    GZ_TRY(gz_add_bias(graph, rows, positions, &rows));
    return gz_graph_view(graph, rows, x, &out->x);
}

const gz_layer_type gz_layer_position_embedding = {
    "position_embedding", sizeof(position_options), 1, 1, read, build};
