/* Keras' RepeatVector: x [B,D] -> y [B,n,D], the same vector n times. */
#include "layer.h"

typedef struct repeat_options {
    size_t n;
} repeat_options;

static gaze_status read(gz_json *json, void *to)
{
    repeat_options *options = to;
    return gz_json_need_size(json, "n", 1, &options->n);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    (void)n_in;
    const repeat_options *options = from;
    gz_graph *graph = gz_build_graph(b);
    gz_tensor *ones;
    GZ_TRY(gz_layer_expect_rank(layer, 0, in, 2, "[features]"));
    GZ_TRY(gz_graph_tensor(graph, GZ_INPUT, GZ_CONSTANT_ONE, GZ_F32,
                           GZ_SHAPE(in->x->shape.dim[0], options->n), &ones));
    return gz_outer_rows(graph, ones, in->x, &out->x);
}

const gz_layer_type gz_layer_repeat_vector = {"repeat_vector", sizeof(repeat_options), 1, 1, read, build};
