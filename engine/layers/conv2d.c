/* Keras' Conv2D: x [B,H,W,C], kernel [kh,kw,C,filters] -> y [B,P,Q,filters]. */
#include "layer.h"

typedef struct conv2d_options {
    size_t filters;
    gz_window window;
    gz_activation_choice activation;
    bool use_bias;
} conv2d_options;

static const size_t ONE[2] = {1, 1};

static gaze_status read_window(gz_json *json, gz_window *window)
{
    GZ_TRY(gz_json_pair(json, "kernel_size", 1, NULL, window->size));
    GZ_TRY(gz_json_pair(json, "strides", 1, ONE, window->stride));
    GZ_TRY(gz_json_pair(json, "dilation_rate", 1, ONE, window->dilation));
    const bool strided = window->stride[0] > 1 || window->stride[1] > 1;
    if (strided && (window->dilation[0] > 1 || window->dilation[1] > 1))
        return gz_json_fail(json, "dilation_rate",
                            "above 1 together with \"strides\" above 1, expected one of them");
    return gz_padding_read(json, &window->padding);
}

static gaze_status read(gz_json *json, void *to)
{
    conv2d_options *options = to;
    GZ_TRY(gz_json_need_size(json, "filters", 1, &options->filters));
    GZ_TRY(read_window(json, &options->window));
    GZ_TRY(gz_activation_read(json, "activation", &options->activation));
    return gz_json_bool(json, "use_bias", true, &options->use_bias);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    (void)n_in;
    const conv2d_options *options = from;
    const gz_window *window = &options->window;
    gz_graph *graph = gz_build_graph(b);
    size_t before[2];
    GZ_TRY(gz_layer_expect_rank(layer, 0, in, 4, "an image [height, width, channels]"));
    GZ_TRY(gz_window_fit(layer, in, window, before));
    const size_t C = gz_shape_last(in->x->shape), O = options->filters;
    gz_tensor *kernel, *bias = NULL;
    GZ_TRY(gz_build_weight(b, layer, "kernel", GZ_SHAPE(window->size[0], window->size[1], C, O),
                           GZ_INIT_GLOROT_UNIFORM, &kernel));
    if (options->use_bias) GZ_TRY(gz_build_weight(b, layer, "bias", GZ_SHAPE(O), GZ_INIT_ZEROS, &bias));
    out->field = gz_field_window(&in->field, window, before);
    GZ_TRY(gz_conv2d(graph, in->x, kernel, bias, window, gz_activation_fused(options->activation), &out->x));
    return gz_activation_apply(graph, options->activation, out->x, &out->x);
}

const gz_layer_type gz_layer_conv2d = {"conv2d", sizeof(conv2d_options), 1, 1, read, build};
