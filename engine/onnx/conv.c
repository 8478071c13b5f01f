/* Conv: conv2d, conv1d and depthwise_conv2d; kernels [O,C/groups,kh,kw] become [kh,kw,C,O]. */
#include "window.h"

#include <string.h>

typedef struct kernel {
    const gz_constant *w;
    size_t in, out, groups, each; /* channels; those of a group's input */
    size_t area;                  /* kh kw */
} kernel;

static gaze_status read_kernel(const gz_onnx_node *node, const gz_value *x, kernel *k)
{
    GZ_TRY(gz_node_constant(node, 1, true, &k->w));
    const int64_t groups = gz_node_int(node, "group", 1);
    const gz_constant *w = k->w;
    if (w->rank != x->rank || w->rank < 3 || w->i)
        return gz_refuse("its kernel has %zu axes, its input %zu, expected as many, 3 or 4", w->rank,
                         x->rank);
    k->in = x->dim[1], k->out = w->dim[0], k->each = w->dim[1];
    k->groups = groups > 0 ? (size_t)groups : 1;
    k->area = w->dim[2] * (w->rank == 4 ? w->dim[3] : 1);
    if (k->each * k->groups != k->in || k->out % k->groups || !gz_constant_count(w))
        return gz_refuse("its kernel is for %zu channels in %zu groups, its input has %zu",
                         k->each * k->groups, k->groups, k->in);
    return GAZE_OK;
}

/* Groups of several channels are one convolution whose kernel is zero between groups. */
static void fill_kernel(const kernel *k, float *to)
{
    const size_t per = k->out / k->groups;
    for (size_t o = 0; o < k->out; o++)
        for (size_t c = 0; c < k->each; c++)
            for (size_t p = 0; p < k->area; p++)
                to[(p * k->in + o / per * k->each + c) * k->out + o] =
                    (float)gz_constant_at(k->w, (o * k->each + c) * k->area + p);
}

/* [kh,kw,C,M]: ONNX's output c*M + m. */
static void fill_depthwise(const kernel *k, float *to)
{
    for (size_t o = 0; o < k->out; o++)
        for (size_t p = 0; p < k->area; p++)
            to[p * k->out + o] = (float)gz_constant_at(k->w, o * k->area + p);
}

static gaze_status add_bias(gz_import *im, const gz_onnx_node *node, gz_net_layer *layer, size_t out)
{
    const gz_constant *b;
    float *bias;
    GZ_TRY(gz_node_constant(node, 2, false, &b));
    if (!b) return gz_net_option(&im->net, layer, "use_bias", "false");
    if (b->i || gz_constant_count(b) != out)
        return gz_refuse("its bias doesn't have one value for each filter");
    GZ_TRY(gz_net_weight(&im->net, layer, "bias", 1, &out, &bias));
    for (size_t i = 0; i < out; i++) bias[i] = (float)gz_constant_at(b, i);
    return GAZE_OK;
}

static gaze_status add_kernel(gz_import *im, const kernel *k, const gz_sliding *w, bool depthwise,
                              gz_net_layer *layer)
{
    float *data;
    size_t shape[4] = {w->size[0], w->size[1], k->in, depthwise ? k->out / k->in : k->out}, rank = 4;
    if (w->axes == 1) {
        memmove(shape + 1, shape + 2, 2 * sizeof *shape);
        rank = 3;
    }
    GZ_TRY(gz_net_weight(&im->net, layer, "kernel", rank, shape, &data));
    if (depthwise)
        fill_depthwise(k, data);
    else
        fill_kernel(k, data);
    if (!depthwise) return gz_net_option(&im->net, layer, "filters", "%zu", k->out);
    return k->out == k->in ? GAZE_OK
                           : gz_net_option(&im->net, layer, "depth_multiplier", "%zu", k->out / k->in);
}

/* Sequences of which each channel is convolved by itself: images of height 1. */
static gaze_status as_images(gz_import *im, gz_value *x, gz_sliding *w)
{
    size_t dim[4] = {x->dim[0], x->dim[1], 1, x->dim[2]};
    GZ_TRY(gz_reshape_value(im, x, 4, dim, x));
    *w = (gz_sliding){.axes = 2,
                      .size = {1, w->size[0]},
                      .stride = {1, w->stride[0]},
                      .dilation = {1, w->dilation[0]},
                      .before = {0, w->before[0]},
                      .after = {0, w->after[0]},
                      .in = {1, w->in[0]},
                      .out = {1, w->out[0]},
                      .same = w->same,
                      .padded = w->padded};
    return GAZE_OK;
}

gaze_status gz_onnx_conv(gz_import *im, const gz_onnx_node *node)
{
    gz_value *input, x, *y = node->out[0];
    gz_sliding w;
    kernel k;
    GZ_TRY(gz_node_computed(node, 0, &input));
    GZ_TRY(read_kernel(node, input, &k));
    x = *input;
    GZ_TRY(gz_sliding_read(node, &x, k.w->dim + 2, &w));
    for (size_t i = 0; i < w.axes; i++)
        for (size_t j = 0; j < w.axes; j++)
            if (w.stride[i] > 1 && w.dilation[j] > 1)
                return gz_refuse("strides and dilations above 1 together");
    const bool depthwise = k.groups > 1 && k.groups == k.in, steps = depthwise && w.axes == 1;
    if (steps) GZ_TRY(as_images(im, &x, &w));
    if (w.padded && !w.same) GZ_TRY(gz_sliding_zeros(im, &w, &x));
    GZ_TRY(gz_sliding_input(im, &w, &x));
    GZ_TRY(gz_sliding_layer(im, depthwise ? "depthwise_conv" : "conv", "kernel_size", &w,
                            gz_node_name(node, 1), &x, k.out, y));
    gz_net_layer *layer = y->at.layer;
    GZ_TRY(add_kernel(im, &k, &w, depthwise, layer));
    GZ_TRY(add_bias(im, node, layer, k.out));
    if (!steps) return GAZE_OK;
    size_t dim[3] = {y->dim[0], y->dim[1], y->dim[3]};
    return gz_reshape_value(im, y, 3, dim, y);
}
