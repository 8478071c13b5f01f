/* Constants made, and read in another shape: what shapes and masks are computed with. */
#include "operators.h"

#include <math.h>
#include <string.h>

static gaze_status input(const gz_onnx_node *node, const gz_constant **c)
{
    return gz_node_constant(node, 0, true, c);
}

static gaze_status reshaped(gz_import *im, const gz_constant *c, size_t rank, const size_t *dim,
                            gz_constant **out)
{
    gz_constant *new = gz_arena_duplicate(im->arena, c, sizeof *c), shape = {.rank = rank};
    if (!new) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < rank; i++) shape.dim[i] = new->dim[i] = dim[i];
    new->rank = rank;
    if (gz_constant_count(&shape) != gz_constant_count(c))
        return gz_refuse("a shape of %zu values for %zu", gz_constant_count(&shape), gz_constant_count(c));
    *out = new;
    return GAZE_OK;
}

gaze_status gz_onnx_fold_identity(gz_import *im, const gz_onnx_node *node)
{
    (void)im;
    const gz_value *v = gz_node_in(node, 0);
    if (!v) return gz_refuse("its input is missing");
    node->out[0]->constant = v->constant;
    return GAZE_OK;
}

gaze_status gz_onnx_fold_cast(gz_import *im, const gz_onnx_node *node)
{
    const gz_constant *c, *like;
    bool whole, truth = false;
    GZ_TRY(input(node, &c));
    if (!strcmp(node->op, "CastLike")) {
        GZ_TRY(gz_node_constant(node, 1, true, &like));
        whole = like->i != NULL;
        if (like->narrow) return gz_refuse("to bfloat16, which numbers here would have to be rounded to");
    } else {
        const int64_t to = gz_node_int(node, "to", 1);
        if (to == ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16)
            return gz_refuse("to bfloat16, which numbers here would have to be rounded to");
        truth = to == ONNX__TENSOR_PROTO__DATA_TYPE__BOOL;
        whole = to != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT && to != ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE &&
                to != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16 && to != ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16;
    }
    gz_constant **out = &node->out[0]->constant;
    if (whole == (c->i != NULL) && !truth) return gz_onnx_fold_identity(im, node);
    if (c->uniform)
        GZ_TRY(gz_constant_uniform(im->arena, whole, c->rank, c->dim, 0, out));
    else
        GZ_TRY(gz_constant_make(im->arena, whole, c->rank, c->dim, SIZE_MAX / 16, out));
    for (size_t i = 0; i < gz_constant_stored(c); i++) {
        const double value = gz_constant_at(c, i);
        gz_constant_set(*out, i, truth ? value != 0 : whole ? trunc(value) : value);
    }
    return GAZE_OK;
}

gaze_status gz_onnx_fold_constant(gz_import *im, const gz_onnx_node *node)
{
    static const char *const unread[] = {"sparse_value", "value_string", "value_strings"};
    const Onnx__AttributeProto *a;
    gz_constant **out = &node->out[0]->constant;
    for (size_t i = 0; i < 3; i++)
        if (gz_proto_attribute(node->proto, unread[i]))
            return gz_refuse("its '%s' is no array of numbers", unread[i]);
    if ((a = gz_proto_attribute(node->proto, "value")) && a->t)
        return gz_constant_read(im->arena, im->path, a->t, out);
    if ((a = gz_proto_attribute(node->proto, "value_float")))
        return gz_constant_uniform(im->arena, false, 0, NULL, (double)a->f, out);
    if ((a = gz_proto_attribute(node->proto, "value_int")))
        return gz_constant_uniform(im->arena, true, 0, NULL, (double)a->i, out);
    if ((a = gz_proto_attribute(node->proto, "value_floats"))) {
        GZ_TRY(gz_constant_make(im->arena, false, 1, &a->n_floats, SIZE_MAX / 16, out));
        for (size_t i = 0; i < a->n_floats; i++) (*out)->f[i] = a->floats[i];
        return GAZE_OK;
    }
    if (!(a = gz_proto_attribute(node->proto, "value_ints"))) return gz_refuse("it has no value");
    GZ_TRY(gz_constant_make(im->arena, true, 1, &a->n_ints, SIZE_MAX / 16, out));
    for (size_t i = 0; i < a->n_ints; i++) (*out)->i[i] = a->ints[i];
    return GAZE_OK;
}

static gaze_status sizes(const gz_onnx_node *node, size_t at, size_t *rank, size_t *dim)
{
    int64_t wanted[GZ_ONNX_RANK];
    GZ_TRY(gz_node_list(node, at, "shape", GZ_ONNX_RANK, wanted, rank));
    for (size_t i = 0; i < *rank; i++) {
        if (wanted[i] < 0) return gz_refuse("a size of %lld", (long long)wanted[i]);
        dim[i] = (size_t)wanted[i];
    }
    return GAZE_OK;
}

gaze_status gz_onnx_fold_filled(gz_import *im, const gz_onnx_node *node)
{
    const Onnx__AttributeProto *a = gz_proto_attribute(node->proto, "value");
    gz_constant *value = NULL;
    size_t rank, dim[GZ_ONNX_RANK];
    GZ_TRY(sizes(node, 0, &rank, dim));
    if (a && a->t) GZ_TRY(gz_constant_read(im->arena, im->path, a->t, &value));
    if (value && gz_constant_count(value) != 1) return gz_refuse("its value is no single number");
    return gz_constant_uniform(im->arena, value && value->i, rank, dim, value ? gz_constant_at(value, 0) : 0,
                               &node->out[0]->constant);
}

/* A constant is not repeated for every sample: that axis keeps one element, which stands for all. */
gaze_status gz_onnx_fold_expand(gz_import *im, const gz_onnx_node *node)
{
    const gz_constant *c;
    gz_value own, wish;
    size_t rank, dim[GZ_ONNX_RANK];
    GZ_TRY(input(node, &c));
    GZ_TRY(sizes(node, 1, &wish.rank, wish.dim));
    own.rank = c->rank;
    memcpy(own.dim, c->dim, sizeof c->dim);
    GZ_TRY(gz_broadcast_shape(&own, &wish, &rank, dim));
    for (size_t i = 0; i < rank && !c->uniform; i++)
        if (gz_is_sample_count(im, dim[i])) dim[i] = 1;
    return gz_constant_expand(im, c, rank, dim, &node->out[0]->constant);
}

gaze_status gz_onnx_fold_tile(gz_import *im, const gz_onnx_node *node)
{
    const gz_constant *c;
    size_t rank, dim[GZ_ONNX_RANK];
    GZ_TRY(input(node, &c));
    GZ_TRY(sizes(node, 1, &rank, dim));
    if (rank != c->rank) return gz_refuse("%zu repeats for %zu axes", rank, c->rank);
    for (size_t i = 0; i < rank; i++) {
        if (dim[i] != 1 && c->dim[i] != 1 && !c->uniform)
            return gz_refuse("it repeats an axis of %zu elements", c->dim[i]);
        if (gz_is_sample_count(im, dim[i]) && !c->uniform) dim[i] = 1;
        if (!gz_multiply(dim[i], c->dim[i], &dim[i]))
            return gz_refuse("its result is larger than any memory");
    }
    return gz_constant_expand(im, c, rank, dim, &node->out[0]->constant);
}

gaze_status gz_onnx_fold_reshape(gz_import *im, const gz_onnx_node *node)
{
    const gz_constant *c;
    int64_t wanted[GZ_ONNX_RANK];
    size_t rank, dim[GZ_ONNX_RANK], known = 1, open = SIZE_MAX;
    GZ_TRY(input(node, &c));
    GZ_TRY(gz_node_list(node, 1, "shape", GZ_ONNX_RANK, wanted, &rank));
    for (size_t i = 0; i < rank; i++) {
        if (wanted[i] < -1) return gz_refuse("a size of %lld", (long long)wanted[i]);
        if (wanted[i] == -1) open = i;
        dim[i] = wanted[i] == -1 ? 1 : wanted[i] == 0 && i < c->rank ? c->dim[i] : (size_t)wanted[i];
        if (!gz_multiply(known, dim[i], &known)) return gz_refuse("a shape that is larger than any memory");
    }
    if (open != SIZE_MAX && known) dim[open] = gz_constant_count(c) / known;
    return reshaped(im, c, rank, dim, &node->out[0]->constant);
}

gaze_status gz_onnx_fold_flatten(gz_import *im, const gz_onnx_node *node)
{
    const gz_constant *c;
    size_t dim[2] = {1, 1};
    GZ_TRY(input(node, &c));
    const int64_t axis = gz_node_int(node, "axis", 1), first = axis < 0 ? axis + (int64_t)c->rank : axis;
    for (size_t i = 0; i < c->rank; i++) dim[(int64_t)i >= first] *= c->dim[i];
    return reshaped(im, c, 2, dim, &node->out[0]->constant);
}

gaze_status gz_onnx_fold_squeeze(gz_import *im, const gz_onnx_node *node)
{
    const gz_constant *c;
    int64_t axes[GZ_ONNX_RANK];
    size_t n, rank = 0, dim[GZ_ONNX_RANK];
    GZ_TRY(input(node, &c));
    GZ_TRY(gz_node_list(node, 1, "axes", GZ_ONNX_RANK, axes, &n));
    for (size_t i = 0; i < c->rank; i++) {
        bool gone = !n && c->dim[i] == 1;
        for (size_t k = 0; k < n; k++)
            gone |= axes[k] == (int64_t)i || axes[k] + (int64_t)c->rank == (int64_t)i;
        if (!gone) dim[rank++] = c->dim[i];
    }
    return reshaped(im, c, rank, dim, &node->out[0]->constant);
}

gaze_status gz_onnx_fold_unsqueeze(gz_import *im, const gz_onnx_node *node)
{
    const gz_constant *c;
    int64_t axes[GZ_ONNX_RANK];
    size_t n, at = 0, dim[GZ_ONNX_RANK];
    GZ_TRY(input(node, &c));
    GZ_TRY(gz_node_list(node, 1, "axes", GZ_ONNX_RANK, axes, &n));
    if (c->rank + n > GZ_ONNX_RANK)
        return gz_refuse("%zu axes, expected at most %d", c->rank + n, GZ_ONNX_RANK);
    const int64_t rank = (int64_t)(c->rank + n);
    for (int64_t i = 0; i < rank; i++) {
        bool new = false;
        for (size_t k = 0; k < n; k++) new |= axes[k] == i || axes[k] + rank == i;
        if (!new &&at == c->rank) return gz_refuse("an axis is named twice");
        dim[i] = new ? 1 : c->dim[at++];
    }
    return reshaped(im, c, (size_t)rank, dim, &node->out[0]->constant);
}

gaze_status gz_onnx_fold_transpose(gz_import *im, const gz_onnx_node *node)
{
    const gz_constant *c;
    int64_t perm[GZ_ONNX_RANK];
    ptrdiff_t own[GZ_ONNX_RANK], step[GZ_ONNX_RANK];
    size_t n, dim[GZ_ONNX_RANK];
    GZ_TRY(input(node, &c));
    GZ_TRY(gz_node_ints(node, "perm", GZ_ONNX_RANK, perm, &n));
    if (n && n != c->rank) return gz_refuse("'perm' has %zu axes, its input %zu", n, c->rank);
    gz_constant_steps(c, own);
    for (size_t i = 0; i < c->rank; i++) {
        const size_t from = n ? (size_t)perm[i] : c->rank - 1 - i;
        if (from >= c->rank) return gz_refuse("'perm' is no order of its input's axes");
        dim[i] = c->dim[from];
        step[i] = own[from];
    }
    gz_constant shape = {.rank = c->rank};
    memcpy(shape.dim, dim, c->rank * sizeof *dim);
    if (gz_constant_count(&shape) != gz_constant_count(c))
        return gz_refuse("'perm' is no order of its input's axes");
    return gz_constant_pick(im->arena, c, c->rank, dim, step, 0, SIZE_MAX / 16, &node->out[0]->constant);
}

gaze_status gz_onnx_fold_range(gz_import *im, const gz_onnx_node *node)
{
    const gz_constant *c[3];
    double value[3];
    for (size_t i = 0; i < 3; i++) {
        GZ_TRY(gz_node_constant(node, i, true, &c[i]));
        if (gz_constant_count(c[i]) != 1) return gz_refuse("its inputs are no single numbers");
        value[i] = gz_constant_at(c[i], 0);
    }
    const double count = value[2] == 0 ? -1 : ceil((value[1] - value[0]) / value[2]);
    if (!(count >= 0 && count <= GZ_FOLD_LIMIT)) return gz_refuse("a range of %g numbers", count);
    const size_t n = (size_t)count;
    GZ_TRY(gz_constant_make(im->arena, c[0]->i != NULL, 1, &n, GZ_FOLD_LIMIT, &node->out[0]->constant));
    for (size_t i = 0; i < n; i++)
        gz_constant_set(node->out[0]->constant, i, value[0] + (double)i * value[2]);
    return GAZE_OK;
}

gaze_status gz_onnx_fold_trilu(gz_import *im, const gz_onnx_node *node)
{
    const gz_constant *c, *k;
    gz_constant *out;
    GZ_TRY(input(node, &c));
    GZ_TRY(gz_node_constant(node, 1, false, &k));
    if (c->rank < 2 || gz_constant_count(c) > GZ_FOLD_LIMIT)
        return gz_refuse("%zu axes, expected a matrix of at most %d values", c->rank, GZ_FOLD_LIMIT);
    const int64_t shift = k ? (int64_t)gz_constant_at(k, 0) : 0;
    const bool upper = gz_node_int(node, "upper", 1) != 0;
    const size_t rows = c->dim[c->rank - 2], columns = c->dim[c->rank - 1];
    GZ_TRY(gz_constant_make(im->arena, c->i != NULL, c->rank, c->dim, GZ_FOLD_LIMIT, &out));
    for (size_t i = 0, n = gz_constant_count(c); i < n; i++) {
        const int64_t row = (int64_t)(i / columns % rows), column = (int64_t)(i % columns);
        const bool kept = upper ? column - row >= shift : column - row <= shift;
        if (kept) gz_constant_set(out, i, gz_constant_at(c, i));
    }
    node->out[0]->constant = out;
    return GAZE_OK;
}

gaze_status gz_onnx_fold_size_of_shape(gz_import *im, const gz_onnx_node *node)
{
    return gz_onnx_size_of_shape(im, node);
}

gaze_status gz_onnx_none(gz_import *im, const gz_onnx_node *node)
{
    (void)im;
    return gz_refuse("Gaze has no layer for it; it is computed for constants only (%s)", node->op);
}

gaze_status gz_onnx_fold_none(gz_import *im, const gz_onnx_node *node)
{
    (void)im, (void)node;
    return gz_refuse("all its inputs are constants, and for those it isn't computed");
}
