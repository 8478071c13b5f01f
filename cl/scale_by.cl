/* y = s[0] x. y may be x: no restrict. */
#include "common.h"

GAZE_ONE scale_by_slabs(GAZE_HERE __global const float *x, __global const float *s, __global float *y, int count,
                        int slab)
{
    const size_t first = GAZE_AT(0) * (size_t)slab, last = min(first + slab, (size_t)count);
    const float factor = s[0];
    size_t at = first;
    for (; at + GAZE_WIDTH <= last; at += GAZE_WIDTH) vstorev(factor * vloadv(0, x + at), 0, y + at);
    for (; at < last; at++) y[at] = factor * x[at];
}

__kernel void scale_by_items(__global const float *x, __global const float *s, __global float *y, int count)
{
    const size_t at = get_global_id(0);
    if (at < (size_t)count) y[at] = s[0] * x[at];
}
