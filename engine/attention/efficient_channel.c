/* s = sigmoid(conv over the channels of mean x), y = x s: k neighbouring channels decide together (Wang et
   al. 2020, "ECA-Net", eq. 9). Without kernel_size, k is what eq. 12 gives for C channels: the odd number at
   log2(C) / 2 + 1 / 2. */
#include "channel.h"

#include <math.h>

typedef struct efficient_options {
    size_t kernel_size; /* 0: by eq. 12 */
} efficient_options;

static gaze_status read(gz_json *json, void *to)
{
    efficient_options *options = to;
    return gz_json_size(json, "kernel_size", 1, 0, &options->kernel_size);
}

static size_t adapted_size(size_t C)
{
    const size_t k = (size_t)fabs(log2((double)C) / 2 + 0.5);
    return k % 2 ? k : k + 1;
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    (void)n_in;
    const efficient_options *options = from;
    gz_graph *graph = gz_build_graph(b);
    GZ_TRY(gz_channel_expect(layer, in));
    const size_t B = in->x->shape.dim[0], C = gz_shape_last(in->x->shape);
    const size_t k = options->kernel_size ? options->kernel_size : adapted_size(C);
    const gz_window window = {.size = {1, k}, .stride = {1, 1}, .dilation = {1, 1}, .padding = GZ_SAME};
    gz_tensor *kernel, *s;
    GZ_TRY(gz_build_weight(b, layer, "conv.kernel", GZ_SHAPE(k, 1, 1), GZ_INIT_GLOROT_UNIFORM, &kernel));
    GZ_TRY(gz_graph_view(graph, kernel, GZ_SHAPE(1, k, 1, 1), &kernel));
    GZ_TRY(gz_reduce_middle(graph, in->x, GZ_MEAN, &s));
    GZ_TRY(gz_graph_view(graph, s, GZ_SHAPE(B, 1, C, 1), &s));
    GZ_TRY(gz_conv2d(graph, s, kernel, NULL, &window, GZ_SIGMOID, &s));
    GZ_TRY(gz_graph_view(graph, s, GZ_SHAPE(B, C), &s));
    return gz_channel_apply(b, layer, "efficient_channel", NULL, in, s, out);
}

const gz_attention_kind gz_attention_efficient_channel = {
    "efficient_channel", sizeof(efficient_options), 1, 1, read, build};
