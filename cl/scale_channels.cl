/* y = x s: every row of a sample times the sample's own vector. y may be x: no restrict. */
#include "common.h"

GAZE_ONE scale_channels_slabs(GAZE_HERE __global const float *x, __global const float *s, __global float *y, int N,
                              int C, int rows, int slab)
{
    const size_t first = GAZE_AT(0) * (size_t)slab, last = min(first + slab, (size_t)rows);
    for (size_t r = first; r < last; r++) {
        __global const float *from = x + r * C, *factor = s + r / N * C;
        __global float *to = y + r * C;
        int c = 0;
        for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH)
            vstorev(vloadv(0, from + c) * vloadv(0, factor + c), 0, to + c);
        for (; c < C; c++) to[c] = from[c] * factor[c];
    }
}

__kernel void scale_channels_items(__global const float *x, __global const float *s, __global float *y, int N,
                                   int C, int rows)
{
    const size_t at = get_global_id(0), r = at / C;
    if (r < (size_t)rows) y[at] = x[at] * s[r / N * C + at % C];
}
