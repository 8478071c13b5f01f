/* Keras' MaxPooling1D and AveragePooling1D: the pools of an image of height 1. */
#include "layer.h"

static gaze_status read(gz_json *json, void *to)
{
    return gz_window1d_read(json, "pool_size", "strides", 2, true, to);
}

typedef gaze_status pool_op(gz_graph *graph, gz_tensor *x, const gz_window *window, gz_tensor **y);

static gaze_status build(gz_build *b, const gz_layer *layer, const gz_window *window, const gz_flow *in,
                         pool_op *op, gz_flow *out)
{
    gz_flow image;
    gz_tensor *y;
    size_t before[2];
    GZ_TRY(gz_steps_as_image(b, layer, in, &image));
    GZ_TRY(gz_window_fit(layer, &image, window, before));
    GZ_TRY(op(gz_build_graph(b), image.x, window, &y));
    return gz_image_as_steps(b, y, &out->x);
}

static gaze_status build_max(gz_build *b, const gz_layer *layer, const void *options, const gz_flow *in,
                             size_t n_in, gz_flow *out)
{
    (void)n_in;
    return build(b, layer, options, in, gz_max_pool2d, out);
}

static gaze_status build_average(gz_build *b, const gz_layer *layer, const void *options, const gz_flow *in,
                                 size_t n_in, gz_flow *out)
{
    (void)n_in;
    return build(b, layer, options, in, gz_average_pool2d, out);
}

const gz_layer_type gz_layer_max_pool1d = {"max_pool1d", sizeof(gz_window), 1, 1, read, build_max};
const gz_layer_type gz_layer_average_pool1d = {"average_pool1d", sizeof(gz_window), 1, 1, read,
                                               build_average};
