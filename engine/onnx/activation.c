/* Functions of single values. What Gaze has no word for is put together from what it has; every
   identity here is exact. */
#include "operators.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

gaze_status gz_activate(gz_import *im, const gz_value *v, const char *word, gz_value *to)
{
    char text[32];
    *to = *v;
    GZ_TRY(gz_settle(im, to));
    snprintf(text, sizeof text, "\"%s\"", word);
    return gz_layer_plain(im, "activation", to, &(gz_option){"activation", text}, 1, to->at.layer->rank,
                          to->at.layer->dim, &to->at);
}

/* factor * x + offset */
static gz_value scaled(const gz_value *x, double factor, double offset)
{
    gz_value y = *x;
    y.factor *= factor;
    y.offset = y.offset * factor + offset;
    return y;
}

/* factor * word(inner x + shift) */
static gaze_status apply(gz_import *im, const gz_value *x, const char *word, double inner, double shift,
                         double factor, gz_value *to)
{
    const gz_value in = scaled(x, inner, shift);
    GZ_TRY(gz_activate(im, &in, word, to));
    *to = scaled(to, factor, 0);
    return GAZE_OK;
}

static gaze_status sum(gz_import *im, const gz_value *a, const gz_value *b, gz_value *to)
{
    return gz_merge_values(im, "add", (const gz_value *const[]){a, b}, 2, to);
}

/* min(max(x, low), high) = low + relu(x - low) - relu(x - high); either end may be open. */
static gaze_status clip(gz_import *im, const gz_value *x, double low, double high, gz_value *to)
{
    gz_value above, over;
    if (!(low <= high)) return gz_refuse("its least value %g is not below its largest %g", low, high);
    if (low == -INFINITY && high == INFINITY) return *to = *x, GAZE_OK;
    if (low == -INFINITY) { /* high - relu(high - x) */
        GZ_TRY(apply(im, x, "relu", -1, high, -1, to));
        return *to = scaled(to, 1, high), GAZE_OK;
    }
    GZ_TRY(apply(im, x, "relu", 1, -low, 1, &above));
    if (high == INFINITY) return *to = scaled(&above, 1, low), GAZE_OK;
    GZ_TRY(apply(im, x, "relu", 1, -high, -1, &over));
    GZ_TRY(sum(im, &above, &over, to));
    return *to = scaled(to, 1, low), GAZE_OK;
}

/* positive * relu(x) - slope * relu(-x) */
static gaze_status leaky(gz_import *im, const gz_value *x, double slope, gz_value *to)
{
    gz_value up, down;
    if (slope == (double)0.2f) return gz_activate(im, x, "leaky_relu", to); /* Gaze's and Keras' own slope */
    GZ_TRY(apply(im, x, "relu", 1, 0, 1, &up));
    GZ_TRY(apply(im, x, "relu", -1, 0, -slope, &down));
    return sum(im, &up, &down, to);
}

/* gamma (relu(x) + alpha elu(-relu(-x))) */
static gaze_status elu(gz_import *im, const gz_value *x, double alpha, double gamma, gz_value *to)
{
    gz_value up, down;
    if (alpha == 1) return apply(im, x, "elu", 1, 0, gamma, to);
    GZ_TRY(apply(im, x, "relu", 1, 0, gamma, &up));
    GZ_TRY(apply(im, x, "relu", -1, 0, -1, &down));
    GZ_TRY(apply(im, &down, "elu", 1, 0, alpha * gamma, &down));
    return sum(im, &up, &down, to);
}

static gaze_status hard_sigmoid(gz_import *im, const gz_value *x, double alpha, double beta, gz_value *to)
{
    const gz_value line = scaled(x, alpha, beta);
    return clip(im, &line, 0, 1, to);
}

static gaze_status times(gz_import *im, const gz_value *a, const gz_value *b, gz_value *to)
{
    return gz_merge_values(im, "multiply", (const gz_value *const[]){a, b}, 2, to);
}

/* x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) */
static gaze_status gelu_tanh(gz_import *im, const gz_value *x, gz_value *to)
{
    gz_value cube, inner, half = scaled(x, 0.5, 0);
    GZ_TRY(gz_merge_values(im, "multiply", (const gz_value *const[]){x, x, x}, 3, &cube));
    cube = scaled(&cube, 0.044715, 0);
    GZ_TRY(sum(im, x, &cube, &inner));
    GZ_TRY(apply(im, &inner, "tanh", sqrt(2 / acos(-1.0)), 0, 1, &inner));
    inner = scaled(&inner, 1, 1);
    return times(im, &half, &inner, to);
}

/* ---- Operators ---- */

#define SIMPLE(name, word)                                              \
    gaze_status gz_onnx_##name(gz_import *im, const gz_onnx_node *node) \
    {                                                                   \
        gz_value *x;                                                    \
        GZ_TRY(gz_node_computed(node, 0, &x));                          \
        return gz_activate(im, x, word, node->out[0]);                  \
    }
SIMPLE(relu, "relu")
SIMPLE(sigmoid, "sigmoid")
SIMPLE(tanh, "tanh")

gaze_status gz_onnx_leaky_relu(gz_import *im, const gz_onnx_node *node)
{
    gz_value *x;
    GZ_TRY(gz_node_computed(node, 0, &x));
    return leaky(im, x, gz_node_float(node, "alpha", (double)0.01f), node->out[0]);
}

gaze_status gz_onnx_prelu(gz_import *im, const gz_onnx_node *node)
{
    gz_value *x;
    const gz_constant *slope;
    double value;
    GZ_TRY(gz_node_computed(node, 0, &x));
    GZ_TRY(gz_node_constant(node, 1, true, &slope));
    if (gz_constant_is_uniform(slope, &value)) return leaky(im, x, value, node->out[0]);
    gz_value up, down; /* relu(x) - slope relu(-x) */
    GZ_TRY(apply(im, x, "relu", 1, 0, 1, &up));
    GZ_TRY(apply(im, x, "relu", -1, 0, -1, &down));
    GZ_TRY(gz_with_constant(im, node, gz_onnx_mul, &down, slope, &down));
    return sum(im, &up, &down, node->out[0]);
}

gaze_status gz_onnx_elu(gz_import *im, const gz_onnx_node *node)
{
    gz_value *x;
    GZ_TRY(gz_node_computed(node, 0, &x));
    return elu(im, x, gz_node_float(node, "alpha", 1), 1, node->out[0]);
}

gaze_status gz_onnx_selu(gz_import *im, const gz_onnx_node *node)
{
    gz_value *x;
    GZ_TRY(gz_node_computed(node, 0, &x));
    return elu(im, x, gz_node_float(node, "alpha", (double)1.67326319f),
               gz_node_float(node, "gamma", (double)1.05070102f), node->out[0]);
}

gaze_status gz_onnx_hard_sigmoid(gz_import *im, const gz_onnx_node *node)
{
    gz_value *x;
    GZ_TRY(gz_node_computed(node, 0, &x));
    return hard_sigmoid(im, x, gz_node_float(node, "alpha", (double)0.2f), gz_node_float(node, "beta", 0.5),
                        node->out[0]);
}

gaze_status gz_onnx_hard_swish(gz_import *im, const gz_onnx_node *node)
{
    gz_value *x, gate;
    GZ_TRY(gz_node_computed(node, 0, &x));
    GZ_TRY(hard_sigmoid(im, x, 1.0 / 6, 0.5, &gate));
    return times(im, x, &gate, node->out[0]);
}

gaze_status gz_onnx_swish(gz_import *im, const gz_onnx_node *node)
{
    gz_value *x;
    const double alpha = gz_node_float(node, "alpha", 1);
    GZ_TRY(gz_node_computed(node, 0, &x));
    if (alpha == 0) return gz_refuse("its alpha is 0");
    return apply(im, x, "silu", alpha, 0, 1 / alpha, node->out[0]);
}

gaze_status gz_onnx_gelu(gz_import *im, const gz_onnx_node *node)
{
    gz_value *x;
    GZ_TRY(gz_node_computed(node, 0, &x));
    if (strcmp(gz_node_text(node, "approximate", "none"), "tanh"))
        return gz_activate(im, x, "gelu", node->out[0]);
    return gelu_tanh(im, x, node->out[0]);
}

gaze_status gz_onnx_abs(gz_import *im, const gz_onnx_node *node)
{
    gz_value *x;
    GZ_TRY(gz_node_computed(node, 0, &x));
    return leaky(im, x, -1, node->out[0]);
}

gaze_status gz_onnx_neg(gz_import *im, const gz_onnx_node *node)
{
    gz_value *x;
    GZ_TRY(gz_node_computed(node, 0, &x));
    *node->out[0] = scaled(x, -1, 0);
    return gz_moment_negative(im, x, node->out[0]);
}

static gaze_status bound(const gz_onnx_node *node, size_t i, const char *name, double fallback, double *value)
{
    const gz_constant *c;
    *value = gz_node_float(node, name, fallback);
    GZ_TRY(gz_node_constant(node, i, false, &c));
    if (c && !gz_constant_is_uniform(c, value)) return gz_refuse("its bounds are no single numbers");
    if (fabs(*value) > 1e38) *value = *value > 0 ? INFINITY : -INFINITY;
    return GAZE_OK;
}

gaze_status gz_onnx_clip(gz_import *im, const gz_onnx_node *node)
{
    gz_value *x;
    double low, high;
    GZ_TRY(gz_node_computed(node, 0, &x));
    GZ_TRY(bound(node, 1, "min", -INFINITY, &low));
    GZ_TRY(bound(node, 2, "max", INFINITY, &high));
    return clip(im, x, low, high, node->out[0]);
}

/* Of one computed value and numbers; of two computed values max(a, b) = a + relu(b - a). */
static gaze_status extreme(gz_import *im, const gz_onnx_node *node, bool largest)
{
    gz_value *a, *b, difference, rest;
    double value;
    if (node->n_in == 1) {
        GZ_TRY(gz_node_computed(node, 0, &a));
        return *node->out[0] = *a, GAZE_OK;
    }
    if (node->n_in != 2) return gz_refuse("%zu inputs, expected 2", node->n_in);
    const size_t known = gz_node_in(node, 0) && gz_node_in(node, 0)->constant ? 0 : 1;
    GZ_TRY(gz_node_computed(node, 1 - known, &a));
    b = gz_node_in(node, known);
    if (b && b->constant) {
        if (!gz_constant_is_uniform(b->constant, &value))
            return gz_refuse("a constant that is no single number");
        return clip(im, a, largest ? value : -INFINITY, largest ? INFINITY : value, node->out[0]);
    }
    GZ_TRY(gz_node_computed(node, known, &b));
    const gz_value minus = scaled(a, largest ? -1 : 1, 0), plus = scaled(b, largest ? 1 : -1, 0);
    GZ_TRY(sum(im, &plus, &minus, &difference));
    GZ_TRY(apply(im, &difference, "relu", 1, 0, largest ? 1 : -1, &rest));
    return sum(im, a, &rest, node->out[0]);
}

gaze_status gz_onnx_max(gz_import *im, const gz_onnx_node *node) { return extreme(im, node, true); }

gaze_status gz_onnx_min(gz_import *im, const gz_onnx_node *node) { return extreme(im, node, false); }

gaze_status gz_onnx_erf(gz_import *im, const gz_onnx_node *node)
{
    (void)im;
    gz_value *x;
    GZ_TRY(gz_node_computed(node, 0, &x));
    *node->out[0] = *x;
    node->out[0]->erf = x;
    node->out[0]->factor = 1;
    node->out[0]->offset = 0;
    return GAZE_OK;
}

/* 1 - erf: no operator of ONNX, but tf2onnx leaves Keras' gelu like that. */
gaze_status gz_onnx_erfc(gz_import *im, const gz_onnx_node *node)
{
    GZ_TRY(gz_onnx_erf(im, node));
    node->out[0]->factor = -1;
    node->out[0]->offset = 1;
    return GAZE_OK;
}
