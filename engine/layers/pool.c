/* Keras' MaxPooling2D and AveragePooling2D. */
#include "layer.h"

static gaze_status read(gz_json *json, void *to)
{
    static const size_t TWO[2] = {2, 2};
    gz_window *window = to;
    window->dilation[0] = window->dilation[1] = 1;
    GZ_TRY(gz_json_pair(json, "pool_size", 1, TWO, window->size));
    GZ_TRY(gz_json_pair(json, "strides", 1, window->size, window->stride));
    return gz_padding_read(json, &window->padding);
}

typedef gaze_status pool_op(gz_graph *graph, gz_tensor *x, const gz_window *window, gz_tensor **y);

static gaze_status build(gz_build *b, const gz_layer *layer, const gz_window *window, const gz_flow *in,
                         pool_op *op, gz_flow *out)
{
    size_t before[2];
    GZ_TRY(gz_layer_expect_rank(layer, 0, in, 4, "an image [height, width, channels]"));
    GZ_TRY(gz_window_fit(layer, in, window, before));
    out->field = gz_field_window(&in->field, window, before);
    return op(gz_build_graph(b), in->x, window, &out->x);
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

const gz_layer_type gz_layer_max_pool2d = {"max_pool2d", sizeof(gz_window), 1, 1, read, build_max};
const gz_layer_type gz_layer_average_pool2d = {"average_pool2d", sizeof(gz_window), 1, 1, read,
                                               build_average};
