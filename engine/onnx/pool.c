/* MaxPool, AveragePool and the global pools. */
#include "window.h"

#include <string.h>

/* Is what the layer makes at least 0, so that zeros are seen by no maximum? Looks at `budget` layers. */
static bool is_positive(const gz_net_layer *layer, size_t *budget)
{
    static const char *const keep[] = {"max_pool2d", "average_pool2d", "max_pool1d",  "average_pool1d",
                                       "flatten",    "reshape",        "permute",     "zero_padding2d",
                                       "cropping2d", "repeat_vector",  "concatenate", "add",
                                       "multiply"};
    bool keeps = false;
    if (!*budget) return false;
    --*budget;
    const char *word = gz_net_find_option(layer, "activation");
    if (word && (!strcmp(word, "\"relu\"") || !strcmp(word, "\"sigmoid\"") || !strcmp(word, "\"softmax\"")))
        return true;
    for (size_t i = 0; layer->type && i < sizeof keep / sizeof *keep; i++)
        keeps |= !strcmp(layer->type, keep[i]);
    if (!keeps) return false;
    for (size_t i = 0; i < layer->n_inputs; i++)
        if (layer->inputs[i].part || !is_positive(layer->inputs[i].layer, budget)) return false;
    return true;
}

/* A padding of half the window all around: every place has its window with "same", and steps of one element
   take those that the stride leaves. */
static bool is_centred(const gz_sliding *w)
{
    for (size_t i = 0; i < w->axes; i++)
        if (w->size[i] % 2 == 0 || w->before[i] != w->size[i] / 2 ||
            (w->out[i] - 1) * w->stride[i] >= w->in[i])
            return false;
    return true;
}

static gaze_status centred(gz_import *im, const gz_sliding *w, gz_value *x, size_t C, gz_value *y)
{
    gz_sliding all = *w, step = *w;
    for (size_t i = 0; i < w->axes; i++) {
        all.stride[i] = step.size[i] = 1;
        all.out[i] = w->in[i];
    }
    step.padded = false;
    GZ_TRY(gz_sliding_layer(im, "max_pool", "pool_size", &all, NULL, x, C, y));
    gz_value between = *y;
    GZ_TRY(gz_sliding_input(im, w, &between));
    return gz_sliding_layer(im, "max_pool", "pool_size", &step, NULL, &between, C, y);
}

static gaze_status expect_plain(const gz_onnx_node *node, const gz_sliding *w)
{
    for (size_t i = 0; i < w->axes; i++)
        if (w->dilation[i] != 1) return gz_refuse("dilations above 1");
    if (node->n_out > 1 && node->out[1] && node->out[1]->uses)
        return gz_refuse("its second output is read, the places of the maxima");
    return GAZE_OK;
}

gaze_status gz_onnx_max_pool(gz_import *im, const gz_onnx_node *node)
{
    gz_value *input, x;
    gz_sliding w;
    GZ_TRY(gz_node_computed(node, 0, &input));
    x = *input;
    GZ_TRY(gz_sliding_read(node, &x, NULL, &w));
    GZ_TRY(expect_plain(node, &w));
    GZ_TRY(gz_sliding_input(im, &w, &x));
    const size_t C = x.dim[1];
    size_t budget = 1000;
    const bool positive = w.padded && !w.same && is_positive(x.at.layer, &budget);
    if (w.padded && !w.same && is_centred(&w) && !positive) return centred(im, &w, &x, C, node->out[0]);
    if (w.padded && !w.same) {
        if (!positive)
            return gz_refuse("its padding is not that of Keras' \"same\", nor half its window, and its input "
                             "may be below 0");
        GZ_TRY(gz_sliding_zeros(im, &w, &x));
        GZ_TRY(gz_sliding_input(im, &w, &x));
    }
    return gz_sliding_layer(im, "max_pool", "pool_size", &w, NULL, &x, C, node->out[0]);
}

gaze_status gz_onnx_average_pool(gz_import *im, const gz_onnx_node *node)
{
    gz_value *input, x;
    gz_sliding w;
    const bool counts = gz_node_int(node, "count_include_pad", 0) != 0;
    GZ_TRY(gz_node_computed(node, 0, &input));
    x = *input;
    GZ_TRY(gz_sliding_read(node, &x, NULL, &w));
    GZ_TRY(expect_plain(node, &w));
    if (counts && w.padded && gz_node_int(node, "ceil_mode", 0))
        return gz_refuse("ceil_mode with count_include_pad");
    if (w.padded && !counts && !w.same)
        return gz_refuse("its padding, which is not counted, is not that of Keras' \"same\"");
    if (counts) GZ_TRY(gz_sliding_zeros(im, &w, &x));
    GZ_TRY(gz_sliding_input(im, &w, &x));
    return gz_sliding_layer(im, "average_pool", "pool_size", &w, NULL, &x, x.dim[1], node->out[0]);
}

static gaze_status global(gz_import *im, const gz_onnx_node *node, const char *what)
{
    gz_value *x;
    bool over[GZ_ONNX_RANK] = {false};
    GZ_TRY(gz_node_computed(node, 0, &x));
    if (x->rank < 3) return gz_refuse("its input has %zu axes, expected 3 or 4", x->rank);
    for (size_t i = 2; i < x->rank; i++) over[i] = true;
    GZ_TRY(gz_pool_axes(im, x, over, what, node->out[0]));
    node->out[0]->moment = NULL;
    return strcmp(what, "average") ? GAZE_OK : gz_moment_mean(im, x, over, node->out[0]);
}

gaze_status gz_onnx_global_average_pool(gz_import *im, const gz_onnx_node *node)
{
    return global(im, node, "average");
}

gaze_status gz_onnx_global_max_pool(gz_import *im, const gz_onnx_node *node)
{
    return global(im, node, "max");
}
