/* Masks: int32, 0 where a step does not count. */
#include "common.h"

#define loadi(pointer)         GAZE_JOIN(vload, GAZE_WIDTH)(0, pointer)
#define storei(value, pointer) GAZE_JOIN(vstore, GAZE_WIDTH)(value, 0, pointer)

/* y = a and b, a or b: 0 or 1 */
#define DEFINE(name, BOTH)                                                                               \
    GAZE_ONE name##_slabs(GAZE_HERE __global const int *a, __global const int *b, __global int *y,       \
                          int count, int slab)                                                           \
    {                                                                                                    \
        const size_t first = GAZE_AT(0) * (size_t)slab, last = min(first + slab, (size_t)count);         \
        size_t at = first;                                                                               \
        for (; at + GAZE_WIDTH <= last; at += GAZE_WIDTH)                                                \
            storei(((loadi(a + at) != 0) BOTH(loadi(b + at) != 0)) & 1, y + at);                         \
        for (; at < last; at++) y[at] = (a[at] != 0) BOTH(b[at] != 0);                                   \
    }                                                                                                    \
    __kernel void name##_items(__global const int *a, __global const int *b, __global int *y, int count) \
    {                                                                                                    \
        const size_t at = get_global_id(0);                                                              \
        if (at < (size_t)count) y[at] = (a[at] != 0) BOTH(b[at] != 0);                                   \
    }

DEFINE(mask_and, &)
DEFINE(mask_or, |)

/* y = a != 0 */
GAZE_ONE not_equal_zero_slabs(GAZE_HERE __global const int *a, __global int *y, int count, int slab)
{
    const size_t first = GAZE_AT(0) * (size_t)slab, last = min(first + slab, (size_t)count);
    size_t at = first;
    for (; at + GAZE_WIDTH <= last; at += GAZE_WIDTH) storei((loadi(a + at) != 0) & 1, y + at);
    for (; at < last; at++) y[at] = a[at] != 0;
}

__kernel void not_equal_zero_items(__global const int *a, __global int *y, int count)
{
    const size_t at = get_global_id(0);
    if (at < (size_t)count) y[at] = a[at] != 0;
}

/* y = x > 0.5; x is int32 where `whole`. */
GAZE_ONE threshold_slabs(GAZE_HERE __global const float *x, __global int *y, int whole, int count, int slab)
{
    const size_t first = GAZE_AT(0) * (size_t)slab, last = min(first + slab, (size_t)count);
    size_t at = first;
    for (; at + GAZE_WIDTH <= last; at += GAZE_WIDTH) {
        const floatv v = vloadv(0, x + at);
        storei((whole ? as_intv(v) > 0 : v > 0.5f) & 1, y + at);
    }
    for (; at < last; at++) y[at] = whole ? as_int(x[at]) > 0 : x[at] > 0.5f;
}

__kernel void threshold_items(__global const float *x, __global int *y, int whole, int count)
{
    const size_t at = get_global_id(0);
    if (at < (size_t)count) y[at] = whole ? as_int(x[at]) > 0 : x[at] > 0.5f;
}

/* y[b] = steps of row b that count */
__kernel void mask_count(__global const int *restrict mask, __global float *restrict y, int B, int T)
{
    const size_t b = get_global_id(0);
    if (b >= (size_t)B) return;
    int count = 0;
    for (int t = 0; t < T; t++) count += mask[b * T + t] != 0;
    y[b] = count;
}

/* y[r] = x[r], or zeros where mask[r] is 0. y may be x: no restrict. */
GAZE_ONE mask_rows_slabs(GAZE_HERE __global const float *x, __global const int *mask, __global float *y, int rows,
                         int D, int slab)
{
    const size_t first = GAZE_AT(0) * (size_t)slab, last = min(first + slab, (size_t)rows);
    for (size_t r = first; r < last; r++) {
        const int there = mask[r];
        int d = 0;
        for (; d + GAZE_WIDTH <= D; d += GAZE_WIDTH)
            vstorev(there ? vloadv(0, x + r * D + d) : (floatv)(0.0f), 0, y + r * D + d);
        for (; d < D; d++) y[r * D + d] = there ? x[r * D + d] : 0.0f;
    }
}

__kernel void mask_rows_items(__global const float *x, __global const int *mask, __global float *y, int rows,
                              int D)
{
    const size_t at = get_global_id(0);
    if (at < (size_t)rows * D) y[at] = mask[at / D] ? x[at] : 0.0f;
}
