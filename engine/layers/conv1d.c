/* Keras' Conv1D: x [B,T,C], kernel [k,C,filters] -> y [B,S,filters]: the convolution of an image of height 1.
 */
#include "layer.h"

typedef struct conv1d_options {
    size_t filters;
    gz_window window; /* of height 1 */
    gz_activation_choice activation;
    bool use_bias;
} conv1d_options;

/* Keras writes [k] or k. */
static gaze_status read_length(gz_json *json, const char *key, size_t fallback, size_t pair[2])
{
    size_t count = 0;
    pair[0] = 1;
    if (!gz_json_has(json, key)) {
        if (!fallback) return gz_json_need_size(json, key, 1, &pair[1]);
        pair[1] = fallback;
        return GAZE_OK;
    }
    if (!cJSON_IsArray(gz_json_get(json, key))) return gz_json_size(json, key, 1, fallback, &pair[1]);
    GZ_TRY(gz_json_sizes(json, key, false, 1, &pair[1], &count));
    return count ? GAZE_OK : gz_json_fail(json, key, "found [], expected a whole number of at least 1");
}

gaze_status gz_window1d_read(gz_json *json, const char *size_key, const char *stride_key,
                             size_t size_fallback, bool stride_is_size, gz_window *window)
{
    window->dilation[0] = window->dilation[1] = 1;
    GZ_TRY(read_length(json, size_key, size_fallback, window->size));
    GZ_TRY(read_length(json, stride_key, stride_is_size ? window->size[1] : 1, window->stride));
    return gz_padding_read(json, &window->padding);
}

gaze_status gz_steps_as_image(gz_build *b, const gz_layer *layer, const gz_flow *in, gz_flow *image)
{
    GZ_TRY(gz_layer_expect_rank(layer, 0, in, 3, "[time, features]"));
    const gz_shape s = in->x->shape;
    *image = (gz_flow){0};
    return gz_graph_view(gz_build_graph(b), in->x, GZ_SHAPE(s.dim[0], 1, s.dim[1], s.dim[2]), &image->x);
}

gaze_status gz_image_as_steps(gz_build *b, gz_tensor *image, gz_tensor **steps)
{
    const gz_shape s = image->shape;
    return gz_graph_view(gz_build_graph(b), image, GZ_SHAPE(s.dim[0], s.dim[2], s.dim[3]), steps);
}

static gaze_status read(gz_json *json, void *to)
{
    conv1d_options *options = to;
    GZ_TRY(gz_json_need_size(json, "filters", 1, &options->filters));
    GZ_TRY(gz_window1d_read(json, "kernel_size", "strides", 0, false, &options->window));
    GZ_TRY(read_length(json, "dilation_rate", 1, options->window.dilation));
    if (options->window.stride[1] > 1 && options->window.dilation[1] > 1)
        return gz_json_fail(json, "dilation_rate",
                            "above 1 together with \"strides\" above 1, expected one of them");
    GZ_TRY(gz_activation_read(json, "activation", &options->activation));
    return gz_json_bool(json, "use_bias", true, &options->use_bias);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    (void)n_in;
    const conv1d_options *options = from;
    gz_graph *graph = gz_build_graph(b);
    gz_flow image;
    gz_tensor *kernel, *bias = NULL, *y;
    size_t before[2];
    GZ_TRY(gz_steps_as_image(b, layer, in, &image));
    GZ_TRY(gz_window_fit(layer, &image, &options->window, before));
    const size_t k = options->window.size[1], C = gz_shape_last(in->x->shape), O = options->filters;
    GZ_TRY(gz_build_weight(b, layer, "kernel", GZ_SHAPE(k, C, O), GZ_INIT_GLOROT_UNIFORM, &kernel));
    if (options->use_bias) GZ_TRY(gz_build_weight(b, layer, "bias", GZ_SHAPE(O), GZ_INIT_ZEROS, &bias));
    GZ_TRY(gz_graph_view(graph, kernel, GZ_SHAPE(1, k, C, O), &kernel));
    GZ_TRY(gz_conv2d(graph, image.x, kernel, bias, &options->window, gz_activation_fused(options->activation),
                     &y));
    GZ_TRY(gz_activation_apply(graph, options->activation, y, &y));
    return gz_image_as_steps(b, y, &out->x);
}

const gz_layer_type gz_layer_conv1d = {"conv1d", sizeof(conv1d_options), 1, 1, read, build};
