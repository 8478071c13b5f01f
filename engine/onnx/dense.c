/* MatMul and Gemm with weights: dense layers. */
#include "import.h"

#include <stdio.h>
#include <string.h>

/* For each row of the kernel as the layer reads its input: the row that ONNX means. The last n atoms of v lie
   in memory in another order than ONNX reads them. */
static size_t row_of(const gz_value *v, size_t n, const size_t *reading, size_t row)
{
    size_t index[GZ_ATOMS], onnx = 0;
    for (size_t i = v->n_atoms; i-- > v->n_atoms - n;) {
        index[i] = row % v->atom[i];
        row /= v->atom[i];
    }
    for (size_t i = 0; i < n; i++) onnx = onnx * v->atom[reading[i]] + index[reading[i]];
    return onnx;
}

static void copy_kernel(const gz_value *v, size_t n, const size_t *reading, const gz_constant *c, size_t K,
                        size_t U, bool transposed, double scale, float *kernel)
{
    for (size_t k = 0; k < K; k++) {
        const size_t row = row_of(v, n, reading, k);
        for (size_t u = 0; u < U; u++)
            kernel[k * U + u] = (float)(scale * gz_constant_at(c, transposed ? u * K + row : row * U + u));
    }
}

static void read_units(gz_value *v, size_t first, size_t n, size_t U)
{
    size_t read = 0;
    for (size_t i = 0; i < first; i++) read += v->n_of[i];
    v->n_atoms -= n;
    v->rank = first + 1;
    v->dim[first] = U;
    v->n_of[first] = U != 1;
    if (U == 1) return;
    v->order[read] = v->n_atoms;
    v->atom[v->n_atoms++] = U;
}

/* The product behind attention by heads is the attention's own last one. */
static gaze_status end_attention(gz_import *im, gz_value *v, const float *kernel, size_t D)
{
    gz_net_layer *layer;
    GZ_TRY(gz_net_copy(&im->net, v->at.layer, &layer));
    memcpy(gz_net_find_weight(layer, "output.kernel")->data, kernel, D * D * sizeof *kernel);
    layer->open_end = false;
    layer->open_bias = true;
    v->at.layer = layer;
    return GAZE_OK;
}

gaze_status gz_dense_value(gz_import *im, const gz_value *v, size_t first, const gz_constant *kernel,
                           size_t U, bool transposed, double scale, const char *name, gz_value *to)
{
    size_t n = 0, dim[GZ_NET_RANK], K;
    gz_net_layer *layer;
    float *data;
    *to = *v;
    GZ_TRY(gz_settle(im, to));
    GZ_TRY(gz_arrange_last(im, to, first));
    const gz_net_layer *before = to->at.layer;
    K = before->dim[before->rank - 1];
    if (K * U != gz_constant_count(kernel) || kernel->i || !K || !U)
        return gz_refuse("its kernel has %zu values, expected %zu times %zu", gz_constant_count(kernel), K,
                         U);
    for (size_t axis = first; axis < to->rank; axis++) n += to->n_of[axis];
    memcpy(dim, before->dim, sizeof dim);
    dim[before->rank - 1] = U;
    GZ_TRY(gz_net_add(&im->net, "dense", name, to->at, before->rank, dim, &layer));
    GZ_TRY(gz_net_option(&im->net, layer, "units", "%zu", U));
    GZ_TRY(gz_net_option(&im->net, layer, "use_bias", "false"));
    GZ_TRY(gz_net_weight(&im->net, layer, "kernel", 2, (size_t[]){K, U}, &data));
    copy_kernel(to, n, gz_value_axis(to, first), kernel, K, U, transposed, scale, data);
    if (before->open_end && before->rank == 2 && U == K)
        GZ_TRY(end_attention(im, to, data, U));
    else
        to->at.layer = layer;
    read_units(to, first, n, U);
    return GAZE_OK;
}

/* x W: over the last axis of x. */
static gaze_status multiply_right(gz_import *im, const gz_onnx_node *node, gz_value *x, const gz_constant *w)
{
    if (!x->rank) return gz_refuse("its input is a single number, expected at least one axis");
    const size_t rows = x->dim[x->rank - 1];
    size_t used = 1;
    for (size_t i = 0; i + 2 < w->rank; i++) used *= w->dim[i];
    if (used != 1 || w->rank < 1 || w->dim[w->rank - (w->rank > 1 ? 2 : 1)] != rows)
        return gz_refuse("its weights are no matrix of %zu rows, the same for all", rows);
    const size_t U = w->rank > 1 ? w->dim[w->rank - 1] : 1;
    size_t dim[GZ_ONNX_RANK], rank = x->rank;
    gz_value y;
    GZ_TRY(gz_dense_value(im, x, x->rank - 1, w, U, false, 1, gz_node_name(node, 1), &y));
    memcpy(dim, y.dim, sizeof dim);
    while (rank < w->rank && rank < GZ_ONNX_RANK) { /* axes of size 1 in front */
        memmove(dim + 1, dim, rank * sizeof *dim);
        dim[0] = 1;
        rank++;
    }
    if (w->rank == 1) rank--;
    return gz_reshape_value(im, &y, rank, dim, node->out[0]);
}

/* W x: over the last axis but one of x. */
static gaze_status multiply_left(gz_import *im, const gz_onnx_node *node, gz_value *x, const gz_constant *w)
{
    size_t axes[GZ_ONNX_RANK];
    gz_value turned;
    if (w->rank != 2 || x->rank < 2 || x->dim[x->rank - 2] != w->dim[1])
        return gz_refuse("its weights are no matrix of as many columns as its input has rows");
    for (size_t i = 0; i < x->rank; i++) axes[i] = i;
    axes[x->rank - 1] = x->rank - 2, axes[x->rank - 2] = x->rank - 1;
    gz_value_transpose(x, axes, &turned);
    GZ_TRY(gz_dense_value(im, &turned, x->rank - 1, w, w->dim[0], true, 1, gz_node_name(node, 0), &turned));
    gz_value_transpose(&turned, axes, node->out[0]);
    return GAZE_OK;
}

gaze_status gz_onnx_matmul(gz_import *im, const gz_onnx_node *node)
{
    gz_value *a = gz_node_in(node, 0), *b = gz_node_in(node, 1);
    if (a && b && !a->constant && !b->constant) return gz_scores_start(im, node);
    if (a && a->constant) {
        GZ_TRY(gz_node_computed(node, 1, &b));
        return multiply_left(im, node, b, a->constant);
    }
    GZ_TRY(gz_node_computed(node, 0, &a));
    if (!b) return gz_refuse("its input 1 is missing");
    return multiply_right(im, node, a, b->constant);
}

/* C of Gemm as the bias of its dense layer: one value for each unit. */
static gaze_status add_c(gz_import *im, const gz_constant *c, double beta, gz_net_layer *layer, size_t U)
{
    float *bias;
    const size_t n = gz_constant_count(c);
    if (c->i || (n != U && n != 1) || (n == U && c->rank && c->dim[c->rank - 1] != U))
        return gz_refuse("its C has %zu values, expected one for each of the %zu units", n, U);
    if (layer->open_bias) {
        bias = gz_net_find_weight(layer, "output.bias")->data;
    } else {
        gz_net_drop_option(layer, "use_bias");
        GZ_TRY(gz_net_weight(&im->net, layer, "bias", 1, &U, &bias));
    }
    for (size_t i = 0; i < U; i++) bias[i] = (float)(beta * gz_constant_at(c, n == 1 ? 0 : i));
    return GAZE_OK;
}

gaze_status gz_onnx_gemm(gz_import *im, const gz_onnx_node *node)
{
    gz_value *a, turned;
    const gz_constant *b, *c;
    const bool transposed = gz_node_int(node, "transB", 0) != 0;
    GZ_TRY(gz_node_computed(node, 0, &a));
    GZ_TRY(gz_node_constant(node, 1, true, &b));
    GZ_TRY(gz_node_constant(node, 2, false, &c));
    if (a->rank != 2 || b->rank != 2)
        return gz_refuse("its inputs have %zu and %zu axes, expected 2", a->rank, b->rank);
    turned = *a;
    if (gz_node_int(node, "transA", 0)) gz_value_transpose(a, (size_t[]){1, 0}, &turned);
    const size_t U = b->dim[transposed ? 0 : 1];
    const size_t K = b->dim[transposed ? 1 : 0];
    if (K != turned.dim[1])
        return gz_refuse("sums of %zu products by its first input, of %zu by its second", turned.dim[1], K);
    GZ_TRY(gz_dense_value(im, &turned, 1, b, U, transposed, gz_node_float(node, "alpha", 1),
                          gz_node_name(node, 1), node->out[0]));
    return c ? add_c(im, c, gz_node_float(node, "beta", 1), node->out[0]->at.layer, U) : GAZE_OK;
}
