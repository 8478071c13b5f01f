#include "window.h"

#include <stdio.h>
#include <string.h>

static gaze_status read_sizes(const gz_onnx_node *node, const char *name, size_t n, size_t fallback,
                              size_t *values)
{
    int64_t found[4];
    size_t count;
    GZ_TRY(gz_node_ints(node, name, 2, found, &count));
    for (size_t i = 0; i < n; i++) {
        values[i] = count ? (size_t)found[i < count ? i : 0] : fallback;
        if ((count && count != n) || !values[i] || values[i] > 100000)
            return gz_refuse("'%s' doesn't have one size of at least 1 for each of %zu axes", name, n);
    }
    return GAZE_OK;
}

/* What auto_pad asks for: as much as makes ceil(in / stride) of it. */
static gaze_status pad_same(gz_sliding *w, bool upper)
{
    for (size_t i = 0; i < w->axes; i++) {
        if (w->stride[i] > 1 && gz_is_open(w->in[i]))
            return gz_refuse("auto_pad of a size that the file leaves open");
        const size_t reach = (w->size[i] - 1) * w->dilation[i] + 1, out = (w->in[i] - 1) / w->stride[i] + 1,
                     needs = (out - 1) * w->stride[i] + reach,
                     total = needs > w->in[i] ? needs - w->in[i] : 0;
        w->before[i] = upper ? total / 2 : total - total / 2;
        w->after[i] = total - w->before[i];
    }
    return GAZE_OK;
}

static gaze_status read_pads(const gz_onnx_node *node, gz_sliding *w)
{
    int64_t pads[4] = {0};
    size_t count;
    const char *word = gz_node_text(node, "auto_pad", "NOTSET");
    if (!strcmp(word, "SAME_UPPER") || !strcmp(word, "SAME_LOWER")) return pad_same(w, word[5] == 'U');
    GZ_TRY(gz_node_ints(node, "pads", 4, pads, &count));
    if (!strcmp(word, "VALID")) count = 0;
    if (count && count != 2 * w->axes)
        return gz_refuse("'pads' has %zu numbers, expected %zu", count, 2 * w->axes);
    for (size_t i = 0; i < w->axes; i++) {
        const int64_t before = count ? pads[i] : 0, after = count ? pads[i + w->axes] : 0;
        if (before < 0 || after < 0 || before > 100000 || after > 100000)
            return gz_refuse("'pads' are below 0, or too large");
        w->before[i] = (size_t)before;
        w->after[i] = (size_t)after;
    }
    return GAZE_OK;
}

/* Keras' "same" for this axis: half of what is needed, the odd one behind. An open size is known to need it
 * only for a stride of 1. */
static bool is_same(const gz_sliding *w, size_t i)
{
    const size_t reach = (w->size[i] - 1) * w->dilation[i] + 1, out = (w->in[i] - 1) / w->stride[i] + 1,
                 needs = (out - 1) * w->stride[i] + reach, total = needs > w->in[i] ? needs - w->in[i] : 0;
    if (w->stride[i] > 1 && gz_is_open(w->in[i])) return reach == 1 && !w->before[i] && !w->after[i];
    return w->before[i] == total / 2 && w->after[i] == total - total / 2;
}

static void see_padding(gz_sliding *w)
{
    w->same = true;
    w->padded = false;
    for (size_t i = 0; i < w->axes; i++) {
        w->same = w->same && is_same(w, i);
        w->padded = w->padded || w->before[i] || w->after[i];
    }
}

static gaze_status see_outputs(gz_sliding *w, bool ceil_mode)
{
    for (size_t i = 0; i < w->axes; i++) {
        const size_t reach = (w->size[i] - 1) * w->dilation[i] + 1,
                     whole = w->in[i] + w->before[i] + w->after[i];
        if (whole < reach) return gz_refuse("its window of %zu doesn't fit into %zu", reach, whole);
        const size_t left = (whole - reach) % w->stride[i];
        w->out[i] = (whole - reach) / w->stride[i] + 1;
        if (!ceil_mode || !left) continue;
        if (gz_is_open(w->in[i])) return gz_refuse("ceil_mode over a size that the file leaves open");
        if (w->out[i] * w->stride[i] >= w->in[i] + w->before[i]) continue; /* it would begin in the padding */
        w->after[i] += w->stride[i] - left;
        w->out[i]++;
    }
    see_padding(w);
    return GAZE_OK;
}

gaze_status gz_sliding_read(const gz_onnx_node *node, const gz_value *v, const size_t *kernel, gz_sliding *w)
{
    if (v->rank != 3 && v->rank != 4)
        return gz_refuse("its input has %zu axes, expected 4 (images) or 3 (sequences)", v->rank);
    *w = (gz_sliding){.axes = v->rank - 2, .in = {v->dim[2], v->rank == 4 ? v->dim[3] : 1}};
    if (kernel)
        memcpy(w->size, kernel, w->axes * sizeof *kernel);
    else
        GZ_TRY(read_sizes(node, "kernel_shape", w->axes, 0, w->size));
    GZ_TRY(read_sizes(node, "strides", w->axes, 1, w->stride));
    GZ_TRY(read_sizes(node, "dilations", w->axes, 1, w->dilation));
    for (size_t i = 0; i < w->axes; i++)
        if (!w->in[i] || !w->size[i])
            return gz_refuse("axis %zu of its input has %zu elements, and its window %zu", i, w->in[i],
                             w->size[i]);
    GZ_TRY(read_pads(node, w));
    return see_outputs(w, gz_node_int(node, "ceil_mode", 0) != 0);
}

gaze_status gz_sliding_input(gz_import *im, const gz_sliding *w, gz_value *v)
{
    GZ_TRY(gz_settle(im, v));
    if (!gz_value_place_batch(v, 0)) return gz_refuse("the batch is not the first axis of its input");
    if (w->axes == 2) return gz_arrange_axes(im, v, 3, (size_t[]){1, 1, 1}, (size_t[]){2, 3, 1});
    return gz_arrange_axes(im, v, 2, (size_t[]){1, 1}, (size_t[]){2, 1});
}

/* Reads the layer's [H,W,C] or [T,C] as [N,C,H,W] or [N,C,T]. */
static void read_channels_first(gz_value *v, gz_net_at at, size_t axes, size_t batch)
{
    static const size_t image[] = {0, 3, 1, 2}, steps[] = {0, 2, 1};
    gz_value_of_layer(v, at, batch);
    gz_value_transpose(v, axes == 2 ? image : steps, v);
}

gaze_status gz_sliding_zeros(gz_import *im, gz_sliding *w, gz_value *v)
{
    char text[128];
    size_t dim[3];
    if (!w->padded) return GAZE_OK;
    GZ_TRY(gz_sliding_input(im, w, v));
    if (w->axes == 1) {
        GZ_TRY(gz_pad(im, v, 2, w->before[0], w->after[0], v));
    } else {
        const size_t *from = v->at.layer->dim;
        for (size_t i = 0; i < 2; i++) dim[i] = from[i] + w->before[i] + w->after[i];
        dim[2] = from[2];
        snprintf(text, sizeof text, "[[%zu, %zu], [%zu, %zu]]", w->before[0], w->after[0], w->before[1],
                 w->after[1]);
        GZ_TRY(gz_layer_plain(im, "zero_padding2d", v, &(gz_option){"padding", text}, 1, 3, dim, &v->at));
        read_channels_first(v, v->at, 2, v->atom[0]);
    }
    for (size_t i = 0; i < w->axes; i++) {
        w->in[i] += w->before[i] + w->after[i];
        w->before[i] = w->after[i] = 0;
    }
    see_padding(w);
    return GAZE_OK;
}

static gaze_status add_sizes(gz_import *im, gz_net_layer *layer, const char *key, size_t axes,
                             const size_t *size, size_t unless)
{
    if (size[0] == unless && (axes == 1 || size[1] == unless)) return GAZE_OK;
    if (axes == 1 || size[0] == size[1]) return gz_net_option(&im->net, layer, key, "%zu", size[0]);
    return gz_net_option(&im->net, layer, key, "[%zu, %zu]", size[0], size[1]);
}

gaze_status gz_sliding_layer(gz_import *im, const char *type, const char *size_key, const gz_sliding *w,
                             const char *name, const gz_value *v, size_t channels, gz_value *to)
{
    gz_net_layer *layer;
    const bool is_pool = !strcmp(size_key, "pool_size");
    const char *word = gz_arena_format(im->arena, "%s%zud", type, w->axes);
    size_t dim[3] = {w->out[0], w->axes == 2 ? w->out[1] : channels, channels};
    if (!word) return GAZE_ERROR_DEVICE;
    GZ_TRY(gz_net_add(&im->net, word, name, v->at, w->axes + 1, dim, &layer));
    GZ_TRY(add_sizes(im, layer, size_key, w->axes, w->size, 0));
    GZ_TRY(add_sizes(im, layer, "strides", w->axes, w->stride, is_pool ? 0 : 1));
    if (!is_pool) GZ_TRY(add_sizes(im, layer, "dilation_rate", w->axes, w->dilation, 1));
    if (w->padded) GZ_TRY(gz_net_option(&im->net, layer, "padding", "\"same\""));
    read_channels_first(to, (gz_net_at){layer, NULL}, w->axes, v->atom[0]);
    return GAZE_OK;
}
