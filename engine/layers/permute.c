/* Keras' Permute: "dims" counts the axes of a sample from 1. */
#include "layer.h"

typedef struct permute_options {
    size_t order[GZ_MAX_RANK], count;
} permute_options;

static gaze_status read(gz_json *json, void *to)
{
    permute_options *options = to;
    return gz_json_sizes(json, "dims", false, GZ_MAX_RANK - 1, options->order, &options->count);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    (void)n_in;
    const permute_options *options = from;
    char text[96];
    const size_t axes = in->x->shape.rank - 1;
    bool fits = options->count == axes;
    for (size_t axis = 1; fits && axis <= axes; axis++) {
        size_t times = 0;
        for (size_t i = 0; i < options->count; i++) times += options->order[i] == axis;
        fits = times == 1;
    }
    if (!fits)
        return gz_layer_fail(layer,
                             "its input '%s' has the shape %s, so \"dims\" should name each of 1 to %zu once",
                             layer->inputs[0], gz_sample_text(in->x, text), axes);
    return gz_permute(gz_build_graph(b), in->x, options->order, options->count, &out->x);
}

const gz_layer_type gz_layer_permute = {"permute", sizeof(permute_options), 1, 1, read, build};
