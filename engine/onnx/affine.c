/* Values times or plus constant arrays: biases, tables of positions, scales by channel. */
#include "import.h"

#include <string.h>

/* Which of x's atoms the constant has its own values for: they must be last, and are counted. */
static gaze_status put_varying_last(gz_import *im, gz_value *x, const gz_constant *c, size_t *n)
{
    gz_groups groups = {0};
    bool varies[GZ_ATOMS] = {false};
    size_t last = 0, behind = 0, at = 0;
    for (size_t axis = 0; axis < x->rank; axis++)
        for (size_t i = 0; c->dim[axis] != 1 && i < x->n_of[axis]; i++, last++)
            varies[gz_value_axis(x, axis)[i]] = true;
    if (varies[0]) return gz_refuse("a constant that differs from sample to sample");
    *n = last;
    for (size_t i = x->n_atoms - last; i < x->n_atoms; i++) behind += varies[i];
    if (behind == last) return GAZE_OK;
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t i = 1; i < x->n_atoms; i++)
            if (varies[i] == (pass == 1)) groups.atoms[at++] = i;
    groups.n = 2, groups.n_of[0] = x->n_atoms - 1 - last, groups.n_of[1] = last, groups.n_atoms = at;
    return gz_arrange(im, x, &groups);
}

/* The constant's values for the last n atoms of x, as they lie. */
static void spread(const gz_value *x, const gz_constant *c, size_t n, double factor, float *to, size_t count)
{
    size_t step[GZ_ATOMS] = {0}, along = 1;
    for (size_t axis = x->rank; axis-- > 0;) {
        size_t inside = along;
        for (size_t i = x->n_of[axis]; c->dim[axis] != 1 && i-- > 0;) {
            const size_t atom = gz_value_axis(x, axis)[i];
            step[atom] = inside;
            inside *= x->atom[atom];
        }
        along *= c->dim[axis];
    }
    for (size_t k = 0; k < count; k++) {
        size_t rest = k, from = 0;
        for (size_t i = x->n_atoms; i-- > x->n_atoms - n; rest /= x->atom[i])
            from += rest % x->atom[i] * step[i];
        to[k] = (float)(factor * gz_constant_at(c, from));
    }
}

static gaze_status add_bias(gz_import *im, gz_value *x, const float *values, size_t n)
{
    gz_net_layer *layer;
    float *bias;
    GZ_TRY(gz_net_copy(&im->net, x->at.layer, &layer));
    gaze_array *old = gz_net_find_weight(layer, layer->open_bias ? "output.bias" : "bias");
    if (old)
        bias = old->data;
    else {
        gz_net_drop_option(layer, "use_bias");
        GZ_TRY(gz_net_weight(&im->net, layer, "bias", 1, &n, &bias));
    }
    for (size_t i = 0; i < n; i++) bias[i] += values[i];
    x->at.layer = layer;
    return GAZE_OK;
}

/* A table of positions, onto the one before it where there is one. */
static gaze_status add_positions(gz_import *im, gz_value *x, const char *name, const float *values, size_t T,
                                 size_t D)
{
    gz_net_layer *layer;
    float *table;
    if (x->at.layer->type && !strcmp(x->at.layer->type, "position_embedding")) {
        GZ_TRY(gz_net_copy(&im->net, x->at.layer, &layer));
        table = layer->weights[0].data;
    } else {
        GZ_TRY(gz_net_add(&im->net, "position_embedding", name, x->at, x->at.layer->rank, x->at.layer->dim,
                          &layer));
        GZ_TRY(gz_net_weight(&im->net, layer, "embeddings", 2, (size_t[]){T, D}, &table));
    }
    for (size_t i = 0; i < T * D; i++) table[i] += values[i];
    x->at.layer = layer;
    return GAZE_OK;
}

/* The layer's values as [rows, n] or as an image of one row of them, as a layer asks for. */
static gaze_status as_rows(gz_import *im, gz_value *x, size_t n, bool image)
{
    gz_groups groups = {.n = image ? 3 : 2, .n_atoms = x->n_atoms - 1};
    for (size_t i = 0; i < groups.n_atoms; i++) groups.atoms[i] = i + 1;
    groups.n_of[groups.n - 2] = groups.n_atoms - n;
    groups.n_of[groups.n - 1] = n;
    return gz_arrange(im, x, &groups);
}

/* A convolution of 1x1 by channel: the scale is its kernel, the shift its bias. */
static gaze_status by_channel(gz_import *im, gz_value *x, const char *name, bool scales, const float *values,
                              size_t n_atoms, size_t n)
{
    gz_net_layer *layer;
    float *kernel, *bias;
    GZ_TRY(as_rows(im, x, n_atoms, true));
    GZ_TRY(gz_net_add(&im->net, "depthwise_conv2d", name, x->at, 3, x->at.layer->dim, &layer));
    GZ_TRY(gz_net_option(&im->net, layer, "kernel_size", "1"));
    GZ_TRY(gz_net_weight(&im->net, layer, "kernel", 4, (size_t[]){1, 1, n, 1}, &kernel));
    for (size_t i = 0; i < n; i++) kernel[i] = scales ? values[i] : 1;
    if (scales)
        GZ_TRY(gz_net_option(&im->net, layer, "use_bias", "false"));
    else {
        GZ_TRY(gz_net_weight(&im->net, layer, "bias", 1, &n, &bias));
        memcpy(bias, values, n * sizeof *bias);
    }
    x->at.layer = layer;
    return GAZE_OK;
}

static gaze_status shift(gz_import *im, gz_value *x, const char *name, const float *values, size_t n_atoms,
                         size_t n, bool alone)
{
    const gz_net_layer *layer = x->at.layer;
    const size_t last = layer->dim[layer->rank - 1];
    if (alone && n == last && (gz_net_is_linear(layer) || layer->open_bias))
        return add_bias(im, x, values, n);
    if (n_atoms + 1 < x->n_atoms || x->n_atoms == 2 || layer->rank < 2)
        return by_channel(im, x, name, false, values, n_atoms, n);
    if (layer->rank > 3) GZ_TRY(as_rows(im, x, 1, false));
    const size_t D = x->at.layer->dim[x->at.layer->rank - 1];
    return add_positions(im, x, name, values, n / D, D);
}

/* gamma or beta of a layer normalization that has none. */
static gaze_status complete_normalization(gz_import *im, gz_value *x, bool scales, const float *values,
                                          size_t n)
{
    gz_net_layer *layer;
    float *data;
    GZ_TRY(gz_net_copy(&im->net, x->at.layer, &layer));
    gz_net_drop_option(layer, scales ? "scale" : "center");
    GZ_TRY(gz_net_weight(&im->net, layer, scales ? "gamma" : "beta", 1, &n, &data));
    memcpy(data, values, n * sizeof *data);
    x->at.layer = layer;
    return GAZE_OK;
}

gaze_status gz_with_array(gz_import *im, const gz_onnx_node *node, const gz_value *from, size_t at,
                          bool scales, double sign, gz_value *x)
{
    gz_constant *c;
    size_t rank, dim[GZ_ONNX_RANK] = {0}, n_atoms = 0, n = 1;
    const gz_value *other = node->in[at];
    GZ_TRY(gz_broadcast_shape(from, other, &rank, dim));
    GZ_TRY(gz_broadcast(im, from, rank, dim, x));
    memset(dim, 0, sizeof dim);
    for (size_t i = 0; i < rank; i++)
        dim[i] = i + other->rank >= rank ? other->dim[i + other->rank - rank] : 1;
    ptrdiff_t step[GZ_ONNX_RANK] = {0}, own[GZ_ONNX_RANK];
    gz_constant_steps(other->constant, own);
    for (size_t i = rank - other->rank; i < rank; i++) step[i] = own[i - (rank - other->rank)];
    GZ_TRY(gz_constant_pick(im->arena, other->constant, rank, dim, step, 0, SIZE_MAX / 16, &c));
    const size_t batch = gz_value_batch_axis(x);
    if (batch != SIZE_MAX) GZ_TRY(gz_constant_of_sample(im, c, batch, &c));
    x->moment = NULL;
    GZ_TRY(gz_settle(im, x));
    GZ_TRY(put_varying_last(im, x, c, &n_atoms));
    for (size_t i = x->n_atoms - n_atoms; i < x->n_atoms; i++) n *= x->atom[i];
    if (gz_constant_count(c) != n)
        return gz_refuse("a constant of %zu values for %zu", gz_constant_count(c), n);
    float *values = gz_arena_allocate(im->arena, n * sizeof *values);
    if (!values) return GAZE_ERROR_DEVICE;
    spread(x, c, n_atoms, sign, values, n);
    const gz_net_layer *layer = x->at.layer;
    if (from->uses == 1 && n == layer->dim[layer->rank - 1] &&
        gz_net_find_option(layer, scales ? "scale" : "center") && layer->type &&
        !strcmp(layer->type, "layer_normalization") && (!scales || gz_net_find_option(layer, "center")))
        return complete_normalization(im, x, scales, values, n);
    if (scales) return by_channel(im, x, gz_node_name(node, at), true, values, n_atoms, n);
    return shift(im, x, gz_node_name(node, at), values, n_atoms, n, from->uses == 1);
}

gz_constant *gz_inverse(gz_import *im, const gz_constant *c)
{
    gz_constant *to;
    if (gz_constant_make(im->arena, false, c->rank, c->dim, SIZE_MAX / 16, &to) != GAZE_OK) return NULL;
    for (size_t i = 0, n = gz_constant_count(to); i < n; i++) to->f[i] = (float)(1 / gz_constant_at(c, i));
    return to;
}
