/* Blocks of rows: concatenate and slice copy them, the gradient of slice puts zeros around them. */
#include "common.h"

static inline void gaze_copy_values(__global const float *from, __global float *to, int count)
{
    int i = 0;
    for (; i + GAZE_WIDTH <= count; i += GAZE_WIDTH) vstorev(vloadv(0, from + i), 0, to + i);
    for (; i < count; i++) to[i] = from[i];
}

static inline void gaze_zero_values(__global float *to, int count)
{
    int i = 0;
    for (; i + GAZE_WIDTH <= count; i += GAZE_WIDTH) vstorev((floatv)(0.0f), 0, to + i);
    for (; i < count; i++) to[i] = 0.0f;
}

/* A group copies columns `column_slab` wide of `row_slab` rows: row r is from + r from_stride + from_first,
 * likewise to. */
GAZE_ONE copy_block_slabs(GAZE_HERE __global const float *restrict from, __global float *restrict to, int rows,
                          int width, int from_stride, int from_first, int to_stride, int to_first,
                          int row_slab, int column_slab)
{
    const size_t first = GAZE_AT(0) * (size_t)row_slab, last = min(first + row_slab, (size_t)rows);
    const int column = GAZE_AT(1) * column_slab, count = min(column_slab, width - column);
    for (size_t r = first; r < last; r++)
        gaze_copy_values(from + r * from_stride + from_first + column, to + r * to_stride + to_first + column,
                         count);
}

__kernel void copy_block_items(__global const float *restrict from, __global float *restrict to, int rows,
                               int width, int from_stride, int from_first, int to_stride, int to_first)
{
    const size_t at = get_global_id(0), r = at / width, i = at % width;
    if (r < (size_t)rows) to[r * to_stride + to_first + i] = from[r * from_stride + from_first + i];
}

/* dx row: zeros, `width` values of dy from `first` on, zeros. The group's columns are of dx. */
GAZE_ONE place_block_slabs(GAZE_HERE __global const float *restrict dy, __global float *restrict dx, int rows,
                           int width, int stride, int first, int row_slab, int column_slab)
{
    const size_t r0 = GAZE_AT(0) * (size_t)row_slab, r1 = min(r0 + row_slab, (size_t)rows);
    const int c0 = GAZE_AT(1) * column_slab, c1 = min(c0 + column_slab, stride);
    const int v0 = clamp(first, c0, c1), v1 = clamp(first + width, c0, c1);
    for (size_t r = r0; r < r1; r++) {
        __global float *to = dx + r * stride;
        gaze_zero_values(to + c0, v0 - c0);
        gaze_copy_values(dy + r * width + (v0 - first), to + v0, v1 - v0);
        gaze_zero_values(to + v1, c1 - v1);
    }
}

__kernel void place_block_items(__global const float *restrict dy, __global float *restrict dx, int rows,
                                int width, int stride, int first)
{
    const size_t at = get_global_id(0), r = at / stride;
    const int i = (int)(at % stride) - first;
    if (r < (size_t)rows) dx[at] = i >= 0 && i < width ? dy[r * width + i] : 0.0f;
}

/* Two columns from two tensors of one, and one out of two: the mean and the maximum of spatial attention. */
GAZE_ONE interleave_slabs(GAZE_HERE __global const float *restrict a, __global const float *restrict b,
                          __global float *restrict y, int count, int slab)
{
    size_t at = GAZE_AT(0) * (size_t)slab;
    const size_t last = min(at + slab, (size_t)count);
    for (; at + GAZE_WIDTH <= last; at += GAZE_WIDTH) {
        const floatv left = vloadv(0, a + at), right = vloadv(0, b + at);
        floatv low, high;
        low.even = left.lo;
        low.odd = right.lo;
        high.even = left.hi;
        high.odd = right.hi;
        vstorev(low, 0, y + 2 * at);
        vstorev(high, 1, y + 2 * at);
    }
    for (; at < last; at++) {
        y[2 * at] = a[at];
        y[2 * at + 1] = b[at];
    }
}

GAZE_ONE pick_slabs(GAZE_HERE __global const float *restrict x, __global float *restrict y, int column, int count,
                    int slab)
{
    size_t at = GAZE_AT(0) * (size_t)slab;
    const size_t last = min(at + slab, (size_t)count);
    for (; at + GAZE_WIDTH <= last; at += GAZE_WIDTH) {
        const floatv low = vloadv(0, x + 2 * at), high = vloadv(1, x + 2 * at);
        floatv picked;
        picked.lo = column ? low.odd : low.even;
        picked.hi = column ? high.odd : high.even;
        vstorev(picked, 0, y + at);
    }
    for (; at < last; at++) y[at] = x[2 * at + column];
}
