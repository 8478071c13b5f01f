/* Keras' Rescaling: y = scale x + offset, two numbers that are not trained. */
#include "layer.h"

typedef struct rescaling_options {
    double scale, offset;
} rescaling_options;

static gaze_status read(gz_json *json, void *to)
{
    rescaling_options *options = to;
    GZ_TRY(gz_json_number_in(json, "scale", -1e30, 1e30, 1, &options->scale));
    return gz_json_number_in(json, "offset", -1e30, 1e30, 0, &options->offset);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    (void)layer, (void)n_in;
    const rescaling_options *options = from;
    gz_graph *graph = gz_build_graph(b);
    gz_tensor *ones, *parts[2];
    if (in->x->dtype != GZ_F32)
        return gz_layer_fail(layer, "its input '%s' holds ids, expected float32 values", layer->inputs[0]);
    *out = *in;
    if (options->scale != 1) GZ_TRY(gz_scale(graph, in->x, options->scale, &out->x));
    if (options->offset == 0) return GAZE_OK;
    GZ_TRY(gz_graph_tensor(graph, GZ_INPUT, GZ_CONSTANT_ONE, GZ_F32, in->x->shape, &ones));
    parts[0] = out->x;
    GZ_TRY(gz_scale(graph, ones, options->offset, &parts[1]));
    return gz_add_all(graph, parts, 2, &out->x);
}

const gz_layer_type gz_layer_rescaling = {"rescaling", sizeof(rescaling_options), 1, 1, read, build};
