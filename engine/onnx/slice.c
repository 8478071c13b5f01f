/* Operators that take parts, or put parts together. */
#include "import.h"

#include <stdio.h>
#include <string.h>

/* Python's slice of an axis, step 1. */
static gaze_status part(gz_import *im, const gz_value *v, int64_t axis, int64_t start, int64_t end,
                        gz_value *to)
{
    size_t at;
    GZ_TRY(gz_axis(axis, v->rank, &at));
    const int64_t size = (int64_t)v->dim[at];
    start = start < 0 ? (start < -size ? 0 : start + size) : start > size ? size : start;
    end = end < 0 ? (end < -size ? 0 : end + size) : end > size ? size : end;
    if (end <= start) return gz_refuse("it takes nothing of axis %zu", at);
    return gz_take(im, v, at, (size_t)start, (size_t)(end - start), to);
}

gaze_status gz_onnx_slice(gz_import *im, const gz_onnx_node *node)
{
    gz_value *v, y;
    gz_slices cuts;
    GZ_TRY(gz_node_computed(node, 0, &v));
    GZ_TRY(gz_node_slices(node, &cuts));
    y = *v;
    for (size_t i = 0; i < cuts.n; i++) {
        if (cuts.steps[i] != 1) return gz_refuse("a step of %lld, expected 1", (long long)cuts.steps[i]);
        GZ_TRY(part(im, &y, cuts.axes[i], cuts.starts[i], cuts.ends[i], &y));
    }
    *node->out[0] = y;
    return GAZE_OK;
}

gaze_status gz_onnx_split(gz_import *im, const gz_onnx_node *node)
{
    gz_value *v;
    int64_t sizes[64];
    size_t axis, n, at = 0;
    GZ_TRY(gz_node_computed(node, 0, &v));
    GZ_TRY(gz_axis(gz_node_int(node, "axis", 0), v->rank, &axis));
    GZ_TRY(gz_node_list(node, 1, "split", 64, sizes, &n));
    if (n && n != node->n_out) return gz_refuse("%zu sizes for %zu outputs", n, node->n_out);
    const size_t each = (v->dim[axis] + node->n_out - 1) / node->n_out;
    for (size_t i = 0; i < node->n_out; i++) {
        const size_t left = v->dim[axis] - at, count = n ? (size_t)sizes[i] : each < left ? each : left;
        if (n && (sizes[i] < 1 || count > left))
            return gz_refuse("sizes that don't fit an axis of %zu", v->dim[axis]);
        if (!node->out[i]->uses) {
            at += count;
            continue;
        }
        GZ_TRY(gz_take(im, v, axis, at, count, node->out[i]));
        at += count;
    }
    return GAZE_OK;
}

/* ---- Gather ---- */

/* One element, or neighbours in their order. */
static gaze_status pick(gz_import *im, const gz_onnx_node *node, const gz_value *v, const gz_constant *index)
{
    size_t axis, rank = 0, dim[GZ_ONNX_RANK];
    const size_t n = gz_constant_count(index);
    gz_value part_of;
    GZ_TRY(gz_axis(gz_node_int(node, "axis", 0), v->rank, &axis));
    if (!index->i || !n || index->rank > 1) return gz_refuse("its indices are no list of whole numbers");
    const int64_t size = (int64_t)v->dim[axis];
    int64_t first = (int64_t)gz_constant_at(index, 0);
    first = first < 0 ? first + size : first;
    for (size_t i = 1; i < n; i++)
        if ((int64_t)gz_constant_at(index, i) != first + (int64_t)i)
            return gz_refuse("its indices are no neighbours");
    if (first < 0 || first >= size)
        return gz_refuse("index %lld of an axis of %lld", (long long)first, (long long)size);
    GZ_TRY(gz_take(im, v, axis, (size_t)first, n, &part_of));
    for (size_t i = 0; i < v->rank; i++)
        if (i != axis || index->rank) dim[rank++] = part_of.dim[i];
    return gz_reshape_value(im, &part_of, rank, dim, node->out[0]);
}

gaze_status gz_onnx_gather(gz_import *im, const gz_onnx_node *node)
{
    gz_value *v = gz_node_in(node, 0);
    const gz_constant *index;
    if (v && v->constant) return gz_embed(im, node, v->constant);
    GZ_TRY(gz_node_computed(node, 0, &v));
    GZ_TRY(gz_node_constant(node, 1, true, &index));
    return pick(im, node, v, index);
}
