/* Constants cut, looked up and joined. */
#include "operators.h"

#include <string.h>

static gaze_status input(const gz_onnx_node *node, const gz_constant **c)
{
    return gz_node_constant(node, 0, true, c);
}

/* Elements of an axis: first, first + step, ..., `count` of them. */
static gaze_status cut(gz_import *im, const gz_constant *c, size_t axis, size_t first, ptrdiff_t stride,
                       size_t count, gz_constant **out)
{
    ptrdiff_t step[GZ_ONNX_RANK];
    size_t dim[GZ_ONNX_RANK];
    gz_constant_steps(c, step);
    memcpy(dim, c->dim, sizeof dim);
    dim[axis] = count;
    const size_t from = first * (size_t)step[axis];
    step[axis] *= stride;
    return gz_constant_pick(im->arena, c, c->rank, dim, step, from, SIZE_MAX / 16, out);
}

static int64_t clamp(int64_t x, int64_t low, int64_t high) { return x < low ? low : x > high ? high : x; }

gaze_status gz_onnx_fold_slice(gz_import *im, const gz_onnx_node *node)
{
    const gz_constant *c;
    gz_slices cuts;
    GZ_TRY(input(node, &c));
    GZ_TRY(gz_node_slices(node, &cuts));
    gz_constant *part = gz_arena_duplicate(im->arena, c, sizeof *c);
    if (!part) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < cuts.n; i++) {
        size_t axis;
        GZ_TRY(gz_axis(cuts.axes[i], c->rank, &axis));
        const int64_t size = (int64_t)part->dim[axis], step = cuts.steps[i], start = cuts.starts[i];
        if (!step || step < -size - 1 || step > INT32_MAX)
            return gz_refuse("a step of %lld", (long long)step);
        int64_t first = start < 0 ? clamp(start, -size, -1) + size : start, end = cuts.ends[i];
        if (end < 0) end = clamp(end, -size - 1, -1) + size;
        first = step > 0 ? clamp(first, 0, size) : clamp(first, -1, size - 1);
        end = step > 0 ? clamp(end, 0, size) : clamp(end, -1, size - 1);
        const int64_t reach = step > 0 ? end - first + step - 1 : first - end - step - 1;
        const int64_t count = reach > 0 ? reach / (step > 0 ? step : -step) : 0;
        GZ_TRY(cut(im, part, axis, count ? (size_t)first : 0, (ptrdiff_t)step, (size_t)count, &part));
    }
    node->out[0]->constant = part;
    return GAZE_OK;
}

gaze_status gz_onnx_fold_split(gz_import *im, const gz_onnx_node *node)
{
    const gz_constant *c;
    int64_t given[64];
    size_t axis, n, at = 0;
    GZ_TRY(input(node, &c));
    GZ_TRY(gz_axis(gz_node_int(node, "axis", 0), c->rank, &axis));
    GZ_TRY(gz_node_list(node, 1, "split", 64, given, &n));
    if (n && n != node->n_out) return gz_refuse("%zu sizes for %zu outputs", n, node->n_out);
    const size_t each = (c->dim[axis] + node->n_out - 1) / node->n_out;
    for (size_t i = 0; i < node->n_out; at += node->out[i]->constant->dim[axis], i++) {
        const size_t left = c->dim[axis] - at, count = n ? (size_t)given[i] : each < left ? each : left;
        if (count > left) return gz_refuse("sizes that don't fit an axis of %zu", c->dim[axis]);
        GZ_TRY(cut(im, c, axis, at, 1, count, &node->out[i]->constant));
    }
    return GAZE_OK;
}

gaze_status gz_onnx_fold_gather(gz_import *im, const gz_onnx_node *node)
{
    const gz_constant *c, *index;
    size_t axis, rank = 0, dim[GZ_ONNX_RANK], inner = 1;
    GZ_TRY(input(node, &c));
    GZ_TRY(gz_node_constant(node, 1, true, &index));
    GZ_TRY(gz_axis(gz_node_int(node, "axis", 0), c->rank, &axis));
    if (!index->i || c->rank - 1 + index->rank > GZ_ONNX_RANK)
        return gz_refuse("its indices are no whole numbers, or have too many axes");
    for (size_t i = 0; i < axis; i++) dim[rank++] = c->dim[i];
    for (size_t i = 0; i < index->rank; i++) dim[rank++] = index->dim[i];
    for (size_t i = axis + 1; i < c->rank; i++) inner *= dim[rank++] = c->dim[i];
    gz_constant **out = &node->out[0]->constant;
    if (c->uniform) return gz_constant_uniform(im->arena, c->i != NULL, rank, dim, gz_constant_at(c, 0), out);
    GZ_TRY(gz_constant_make(im->arena, c->i != NULL, rank, dim, GZ_FOLD_LIMIT, out));
    const size_t n = gz_constant_count(index), size = c->dim[axis];
    for (size_t i = 0, count = gz_constant_count(*out); i < count; i++) {
        int64_t at = index->i[index->uniform ? 0 : i / inner % n];
        at = at < 0 ? at + (int64_t)size : at;
        if (at < 0 || (size_t)at >= size)
            return gz_refuse("index %lld of an axis of %zu", (long long)at, size);
        const size_t from = (i / inner / n * size + (size_t)at) * inner + i % inner;
        gz_constant_set(*out, i, gz_constant_at(c, from));
        if (c->i) (*out)->i[i] = c->i[from];
    }
    return GAZE_OK;
}

gaze_status gz_onnx_fold_concat(gz_import *im, const gz_onnx_node *node)
{
    size_t axis, dim[GZ_ONNX_RANK], sum = 0, inner = 1, at = 0;
    const gz_constant *c;
    GZ_TRY(input(node, &c));
    GZ_TRY(gz_axis(gz_node_int(node, "axis", 0), c->rank, &axis));
    memcpy(dim, c->dim, sizeof dim);
    for (size_t i = 0; i < node->n_in; i++) {
        const gz_constant *part;
        GZ_TRY(gz_node_constant(node, i, true, &part));
        if (part->rank != c->rank || (part->i == NULL) != (c->i == NULL))
            return gz_refuse("its input %zu has other axes or another type than its first", i);
        for (size_t k = 0; k < c->rank; k++)
            if (k != axis && part->dim[k] != c->dim[k])
                return gz_refuse("its input %zu has another shape than its first", i);
        if (!gz_add(sum, part->dim[axis], &sum)) return gz_refuse("its result is larger than any memory");
    }
    dim[axis] = sum;
    for (size_t i = axis + 1; i < c->rank; i++) inner *= dim[i];
    gz_constant *out;
    GZ_TRY(gz_constant_make(im->arena, c->i != NULL, c->rank, dim, GZ_FOLD_LIMIT, &out));
    for (size_t i = 0; i < node->n_in; i++) {
        const gz_constant *part = node->in[i]->constant;
        const size_t own = part->dim[axis] * inner, n = gz_constant_count(part);
        for (size_t k = 0; k < n; k++) {
            const size_t to = k / own * sum * inner + at * inner + k % own;
            gz_constant_set(out, to, gz_constant_at(part, k));
            if (part->i) out->i[to] = part->i[part->uniform ? 0 : k];
        }
        at += part->dim[axis];
    }
    node->out[0]->constant = out;
    return GAZE_OK;
}
