#include "import.h"

#include <string.h>

static gaze_status add_weight(gz_import *im, gz_net_layer *layer, const char *name, const gz_constant *c,
                              size_t n)
{
    float *data;
    if (c->i || gz_constant_count(c) != n)
        return gz_refuse("its %s has %zu values, expected %zu", name, gz_constant_count(c), n);
    GZ_TRY(gz_net_weight(&im->net, layer, name, 1, &n, &data));
    for (size_t i = 0; i < n; i++) data[i] = (float)gz_constant_at(c, i);
    return GAZE_OK;
}

gaze_status gz_onnx_batch_normalization(gz_import *im, const gz_onnx_node *node)
{
    static const char *const names[] = {"gamma", "beta", "moving_mean", "moving_variance"};
    gz_value *x, v, turned;
    gz_net_layer *layer;
    size_t to[GZ_ONNX_RANK], back[GZ_ONNX_RANK], n = 0;
    GZ_TRY(gz_node_computed(node, 0, &x));
    if (x->rank < 2) return gz_refuse("its input has no channels");
    if (gz_node_int(node, "training_mode", 0))
        return gz_refuse("it is in training mode; export the model for inference");
    for (size_t i = 0; i < x->rank; i++)
        if (i != 1) to[n++] = i;
    to[n] = 1;
    for (size_t i = 0; i < x->rank; i++) back[to[i]] = i;
    v = *x;
    GZ_TRY(gz_settle(im, &v));
    gz_value_transpose(&v, to, &turned);
    GZ_TRY(gz_arrange_last(im, &turned, x->rank - 1));
    const gz_net_layer *before = turned.at.layer;
    GZ_TRY(gz_net_add(&im->net, "batch_normalization", gz_node_name(node, 1), turned.at, before->rank,
                      before->dim, &layer));
    GZ_TRY(gz_net_option(&im->net, layer, "epsilon", "%.9g", gz_node_float(node, "epsilon", (double)1e-5f)));
    GZ_TRY(gz_net_option(&im->net, layer, "momentum", "%.9g", gz_node_float(node, "momentum", (double)0.9f)));
    for (size_t i = 0; i < 4; i++) {
        const gz_constant *c;
        GZ_TRY(gz_node_constant(node, i + 1, true, &c));
        GZ_TRY(add_weight(im, layer, names[i], c, x->dim[1]));
    }
    turned.at.layer = layer;
    gz_value_transpose(&turned, back, node->out[0]);
    return GAZE_OK;
}

/* A constant over the last axes, as the layer's input has them in memory. */
static gaze_status add_arranged(gz_import *im, gz_net_layer *layer, const char *name, const gz_value *v,
                                size_t axis, const gz_constant *c)
{
    gz_constant *wide;
    size_t n = 1, order[GZ_ATOMS], reading[GZ_ATOMS], n_atoms = 0, dim[GZ_ATOMS], step[GZ_ATOMS];
    GZ_TRY(gz_constant_expand(im, c, v->rank - axis, v->dim + axis, &wide));
    const size_t *atoms = gz_value_axis(v, axis);
    for (size_t a = axis; a < v->rank; a++)
        for (size_t i = 0; i < v->n_of[a]; i++) reading[n_atoms++] = *atoms++;
    for (size_t i = n_atoms; i-- > 0;) step[i] = n, n *= v->atom[reading[i]];
    for (size_t i = 0; i < n_atoms; i++) /* reading[i] is the (i)th axis of c, and lies at this place */
        order[reading[i] - (v->n_atoms - n_atoms)] = i;
    float *data;
    GZ_TRY(gz_net_weight(&im->net, layer, name, 1, &n, &data));
    for (size_t i = 0; i < n_atoms; i++) dim[i] = v->atom[v->n_atoms - n_atoms + i];
    for (size_t k = 0; k < n; k++) {
        size_t rest = k, from = 0;
        for (size_t i = n_atoms; i-- > 0; rest /= dim[i]) from += rest % dim[i] * step[order[i]];
        data[k] = (float)gz_constant_at(wide, from);
    }
    return GAZE_OK;
}

gaze_status gz_onnx_layer_normalization(gz_import *im, const gz_onnx_node *node)
{
    gz_value *x, *y = node->out[0];
    gz_net_layer *layer;
    const gz_constant *scale, *bias;
    size_t axis;
    GZ_TRY(gz_node_computed(node, 0, &x));
    GZ_TRY(gz_axis(gz_node_int(node, "axis", -1), x->rank, &axis));
    GZ_TRY(gz_node_constant(node, 1, true, &scale));
    GZ_TRY(gz_node_constant(node, 2, false, &bias));
    for (size_t i = 1; i < node->n_out; i++)
        if (node->out[i] && node->out[i]->uses) return gz_refuse("its mean or deviation is read");
    *y = *x;
    GZ_TRY(gz_settle(im, y));
    GZ_TRY(gz_arrange_last(im, y, axis));
    const gz_net_layer *before = y->at.layer;
    GZ_TRY(gz_net_add(&im->net, "layer_normalization", gz_node_name(node, 1), y->at, before->rank,
                      before->dim, &layer));
    GZ_TRY(gz_net_option(&im->net, layer, "epsilon", "%.9g", gz_node_float(node, "epsilon", (double)1e-5f)));
    GZ_TRY(add_arranged(im, layer, "gamma", y, axis, scale));
    if (bias)
        GZ_TRY(add_arranged(im, layer, "beta", y, axis, bias));
    else
        GZ_TRY(gz_net_option(&im->net, layer, "center", "false"));
    y->at.layer = layer;
    return GAZE_OK;
}
