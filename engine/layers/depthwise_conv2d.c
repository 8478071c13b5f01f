/* Keras' DepthwiseConv2D: x [B,H,W,C], kernel [kh,kw,C,depth_multiplier] -> y [B,P,Q,C*depth_multiplier];
   output channel = input channel * depth_multiplier + m. */
#include "layer.h"

typedef struct depthwise_options {
    size_t multiplier;
    gz_window window;
    gz_activation_choice activation;
    bool use_bias;
} depthwise_options;

static gaze_status read(gz_json *json, void *to)
{
    static const size_t ONE[2] = {1, 1};
    depthwise_options *options = to;
    gz_window *window = &options->window;
    GZ_TRY(gz_json_pair(json, "kernel_size", 1, NULL, window->size));
    GZ_TRY(gz_json_pair(json, "strides", 1, ONE, window->stride));
    GZ_TRY(gz_json_pair(json, "dilation_rate", 1, ONE, window->dilation));
    if ((window->stride[0] > 1 || window->stride[1] > 1) &&
        (window->dilation[0] > 1 || window->dilation[1] > 1))
        return gz_json_fail(json, "dilation_rate",
                            "above 1 together with \"strides\" above 1, expected one of them");
    GZ_TRY(gz_padding_read(json, &window->padding));
    GZ_TRY(gz_json_size(json, "depth_multiplier", 1, 1, &options->multiplier));
    GZ_TRY(gz_activation_read(json, "activation", &options->activation));
    return gz_json_bool(json, "use_bias", true, &options->use_bias);
}

/* Every channel M times, one beside the other: the outer product of all values with ones. */
static gaze_status repeat_channels(gz_graph *graph, gz_tensor *x, size_t M, gz_tensor **repeated)
{
    const gz_shape s = x->shape;
    const size_t B = s.dim[0];
    gz_tensor *values, *ones;
    *repeated = x;
    if (M == 1) return GAZE_OK;
    GZ_TRY(gz_graph_view(graph, x, GZ_SHAPE(B, gz_shape_count(s) / B), &values));
    GZ_TRY(gz_graph_tensor(graph, GZ_INPUT, GZ_CONSTANT_ONE, GZ_F32, GZ_SHAPE(B, M), &ones));
    GZ_TRY(gz_outer_rows(graph, values, ones, repeated));
    return gz_graph_view(graph, *repeated, GZ_SHAPE(B, s.dim[1], s.dim[2], s.dim[3] * M), repeated);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    (void)n_in;
    const depthwise_options *options = from;
    const gz_window *window = &options->window;
    gz_graph *graph = gz_build_graph(b);
    size_t before[2];
    GZ_TRY(gz_layer_expect_rank(layer, 0, in, 4, "an image [height, width, channels]"));
    GZ_TRY(gz_window_fit(layer, in, window, before));
    const size_t kh = window->size[0], kw = window->size[1], C = gz_shape_last(in->x->shape),
                 M = options->multiplier;
    gz_tensor *x, *kernel, *bias = NULL;
    GZ_TRY(gz_build_weight(b, layer, "kernel", GZ_SHAPE(kh, kw, C, M), GZ_INIT_GLOROT_UNIFORM, &kernel));
    if (options->use_bias) GZ_TRY(gz_build_weight(b, layer, "bias", GZ_SHAPE(C * M), GZ_INIT_ZEROS, &bias));
    out->field = gz_field_window(&in->field, window, before);
    GZ_TRY(repeat_channels(graph, in->x, M, &x));
    GZ_TRY(gz_graph_view(graph, kernel, GZ_SHAPE(kh, kw, C * M), &kernel));
    GZ_TRY(gz_depthwise_conv2d(graph, x, kernel, bias, window, gz_activation_fused(options->activation),
                               &out->x));
    return gz_activation_apply(graph, options->activation, out->x, &out->x);
}

const gz_layer_type gz_layer_depthwise_conv2d = {
    "depthwise_conv2d", sizeof(depthwise_options), 1, 1, read, build};
