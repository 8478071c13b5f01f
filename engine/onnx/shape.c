/* Operators that are another reading of the same values. */
#include "operators.h"

#include <string.h>

gaze_status gz_onnx_identity(gz_import *im, const gz_onnx_node *node)
{
    (void)im;
    const gz_value *v = gz_node_in(node, 0);
    if (!v) return gz_refuse("its input is missing");
    for (size_t i = 1; i < node->n_out; i++)
        if (node->out[i] && node->out[i]->uses) return gz_refuse("its second output is read");
    *node->out[0] = *v;
    return GAZE_OK;
}

/* Of a model that predicts. */
static gaze_status expect_no_training(const gz_onnx_node *node)
{
    const gz_constant *training;
    GZ_TRY(gz_node_constant(node, 2, false, &training));
    if (training && (!gz_constant_count(training) || gz_constant_at(training, 0) != 0))
        return gz_refuse("it is in training mode; export the model for inference");
    return GAZE_OK;
}

gaze_status gz_onnx_dropout(gz_import *im, const gz_onnx_node *node)
{
    GZ_TRY(expect_no_training(node));
    return gz_onnx_identity(im, node);
}

gaze_status gz_onnx_fold_dropout(gz_import *im, const gz_onnx_node *node)
{
    GZ_TRY(expect_no_training(node));
    return gz_onnx_fold_identity(im, node);
}

/* Numbers stay float32: to another float type and back nothing is done. Ids stay ids; what would reckon with
   them refuses. */
gaze_status gz_onnx_cast(gz_import *im, const gz_onnx_node *node)
{
    gz_value *v;
    GZ_TRY(gz_node_computed(node, 0, &v));
    const int64_t to = gz_node_int(node, "to", ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
    const bool ids = to == ONNX__TENSOR_PROTO__DATA_TYPE__INT32 || to == ONNX__TENSOR_PROTO__DATA_TYPE__INT64,
               reals =
                   to == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT || to == ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE;
    if (v->at.layer->whole ? !ids && !reals : !reals)
        return gz_refuse("from whole numbers to others or back, or to a narrow type");
    return gz_onnx_identity(im, node);
}

static gaze_status target(const gz_onnx_node *node, const gz_value *v, size_t *rank, size_t *dim)
{
    int64_t wanted[GZ_ONNX_RANK];
    const bool zeros = gz_node_int(node, "allowzero", 0) != 0;
    size_t open = SIZE_MAX, known = 1, count = 1;
    GZ_TRY(gz_node_list(node, 1, "shape", GZ_ONNX_RANK, wanted, rank));
    for (size_t i = 0; i < v->rank; i++)
        if (!gz_multiply(count, v->dim[i], &count)) return gz_refuse("its input is too large");
    for (size_t i = 0; i < *rank; i++) {
        if (wanted[i] == -1) open = i;
        if (wanted[i] < -1 || (wanted[i] == 0 && (zeros || i >= v->rank)))
            return gz_refuse("a shape with %lld", (long long)wanted[i]);
        dim[i] = wanted[i] == 0 ? v->dim[i] : wanted[i] == -1 ? 1 : (size_t)wanted[i];
        if (!gz_multiply(known, dim[i], &known) || !known)
            return gz_refuse("a shape that is larger than any memory");
    }
    if (open != SIZE_MAX && count % known) return gz_refuse("a shape that doesn't fit %zu values", count);
    if (open != SIZE_MAX) dim[open] = count / known;
    return GAZE_OK;
}

gaze_status gz_onnx_reshape(gz_import *im, const gz_onnx_node *node)
{
    gz_value *v;
    size_t rank, dim[GZ_ONNX_RANK];
    GZ_TRY(gz_node_readable(node, 0, &v));
    GZ_TRY(target(node, v, &rank, dim));
    return gz_reshape_value(im, v, rank, dim, node->out[0]);
}

gaze_status gz_onnx_flatten(gz_import *im, const gz_onnx_node *node)
{
    gz_value *v;
    size_t axis, dim[2] = {1, 1};
    int64_t at = gz_node_int(node, "axis", 1);
    GZ_TRY(gz_node_readable(node, 0, &v));
    if (at == (int64_t)v->rank)
        axis = v->rank;
    else
        GZ_TRY(gz_axis(at, v->rank, &axis));
    for (size_t i = 0; i < v->rank; i++)
        if (!gz_multiply(dim[i >= axis], v->dim[i], &dim[i >= axis]))
            return gz_refuse("its input is too large");
    return gz_reshape_value(im, v, 2, dim, node->out[0]);
}

static gaze_status read_axes(const gz_onnx_node *node, size_t rank, bool *chosen, size_t *n)
{
    int64_t axes[GZ_ONNX_RANK];
    GZ_TRY(gz_node_list(node, 1, "axes", GZ_ONNX_RANK, axes, n));
    memset(chosen, 0, GZ_ONNX_RANK * sizeof *chosen);
    for (size_t i = 0; i < *n; i++) {
        size_t axis;
        GZ_TRY(gz_axis(axes[i], rank, &axis));
        chosen[axis] = true;
    }
    return GAZE_OK;
}

gaze_status gz_onnx_squeeze(gz_import *im, const gz_onnx_node *node)
{
    gz_value *v;
    bool chosen[GZ_ONNX_RANK];
    size_t n, rank = 0, dim[GZ_ONNX_RANK];
    GZ_TRY(gz_node_readable(node, 0, &v));
    GZ_TRY(read_axes(node, v->rank, chosen, &n));
    for (size_t i = 0; i < v->rank; i++) {
        const bool gone = n ? chosen[i] : v->dim[i] == 1 && i != gz_value_batch_axis(v);
        if (gone && v->dim[i] != 1) return gz_refuse("axis %zu has %zu elements, expected 1", i, v->dim[i]);
        if (!gone) dim[rank++] = v->dim[i];
    }
    return gz_reshape_value(im, v, rank, dim, node->out[0]);
}

gaze_status gz_onnx_unsqueeze(gz_import *im, const gz_onnx_node *node)
{
    gz_value *v;
    bool chosen[GZ_ONNX_RANK];
    int64_t axes[GZ_ONNX_RANK];
    size_t n, at = 0, dim[GZ_ONNX_RANK];
    GZ_TRY(gz_node_readable(node, 0, &v));
    GZ_TRY(gz_node_list(node, 1, "axes", GZ_ONNX_RANK, axes, &n));
    if (v->rank + n > GZ_ONNX_RANK)
        return gz_refuse("%zu axes, expected at most %d", v->rank + n, GZ_ONNX_RANK);
    GZ_TRY(read_axes(node, v->rank + n, chosen, &n));
    for (size_t i = 0; i < v->rank + n; i++) {
        if (!chosen[i] && at == v->rank) return gz_refuse("an axis is named twice");
        dim[i] = chosen[i] ? 1 : v->dim[at++];
    }
    return gz_reshape_value(im, v, v->rank + n, dim, node->out[0]);
}

gaze_status gz_onnx_transpose(gz_import *im, const gz_onnx_node *node)
{
    (void)im;
    int64_t given[GZ_ONNX_RANK];
    size_t n, axes[GZ_ONNX_RANK];
    bool seen[GZ_ONNX_RANK] = {false};
    gz_value *v;
    GZ_TRY(gz_node_readable(node, 0, &v));
    GZ_TRY(gz_node_ints(node, "perm", GZ_ONNX_RANK, given, &n));
    if (n && n != v->rank) return gz_refuse("'perm' has %zu axes, its input %zu", n, v->rank);
    for (size_t i = 0; i < v->rank; i++) {
        axes[i] = n ? (size_t)given[i] : v->rank - 1 - i;
        if (axes[i] >= v->rank || seen[axes[i]]) return gz_refuse("'perm' is no order of its input's axes");
        seen[axes[i]] = true;
    }
    gz_value_transpose(v, axes, node->out[0]);
    return GAZE_OK;
}

static gaze_status read_sizes(const gz_onnx_node *node, size_t *n, size_t *dim)
{
    int64_t sizes[GZ_ONNX_RANK];
    GZ_TRY(gz_node_list(node, 1, "shape", GZ_ONNX_RANK, sizes, n));
    for (size_t i = 0; i < *n; i++) {
        if (sizes[i] < 1) return gz_refuse("a size of %lld", (long long)sizes[i]);
        dim[i] = (size_t)sizes[i];
    }
    return GAZE_OK;
}

gaze_status gz_onnx_expand(gz_import *im, const gz_onnx_node *node)
{
    gz_value *v, wish = {.rank = 0};
    size_t rank, dim[GZ_ONNX_RANK];
    GZ_TRY(gz_node_computed(node, 0, &v));
    GZ_TRY(read_sizes(node, &wish.rank, wish.dim));
    GZ_TRY(gz_broadcast_shape(v, &wish, &rank, dim));
    return gz_broadcast(im, v, rank, dim, node->out[0]);
}

/* Only of axes with one element, which is what Expand does. */
gaze_status gz_onnx_tile(gz_import *im, const gz_onnx_node *node)
{
    gz_value *v;
    size_t n, dim[GZ_ONNX_RANK];
    GZ_TRY(gz_node_computed(node, 0, &v));
    GZ_TRY(read_sizes(node, &n, dim));
    if (n != v->rank) return gz_refuse("%zu repeats for %zu axes", n, v->rank);
    for (size_t i = 0; i < n; i++) {
        if (dim[i] != 1 && v->dim[i] != 1) return gz_refuse("it repeats an axis of %zu elements", v->dim[i]);
        if (dim[i] == 1) dim[i] = v->dim[i];
    }
    return gz_broadcast(im, v, n, dim, node->out[0]);
}

gaze_status gz_onnx_size_of_shape(gz_import *im, const gz_onnx_node *node)
{
    const gz_value *v = gz_node_in(node, 0);
    gz_constant *c;
    if (!v) return gz_refuse("its input is missing");
    int64_t first = gz_node_int(node, "start", 0), last = gz_node_int(node, "end", (int64_t)v->rank);
    const int64_t rank = (int64_t)v->rank;
    first = first < 0 ? first + rank : first;
    last = last < 0 ? last + rank : last;
    first = first < 0 ? 0 : first > rank ? rank : first;
    last = last < first ? first : last > rank ? rank : last;
    GZ_TRY(gz_constant_make(im->arena, true, 1, (size_t[]){(size_t)(last - first)}, GZ_ONNX_RANK, &c));
    for (int64_t i = first; i < last; i++) c->i[i - first] = (int64_t)v->dim[i];
    node->out[0]->constant = c;
    return GAZE_OK;
}
