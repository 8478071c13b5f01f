/* y = x + bias, row by row. y may be x: no restrict. */
#include "common.h"

/* A group owns `column_slab` columns of `row_slab` rows. */
GAZE_ONE add_bias_slabs(GAZE_HERE __global const float *x, __global const float *bias, __global float *y, int rows,
                        int C, int row_slab, int column_slab)
{
    const size_t first = GAZE_AT(0) * (size_t)row_slab, last = min(first + row_slab, (size_t)rows);
    const int begin = GAZE_AT(1) * column_slab, end = min(begin + column_slab, C);
    for (size_t r = first; r < last; r++) {
        int c = begin;
        for (; c + GAZE_WIDTH <= end; c += GAZE_WIDTH)
            vstorev(vloadv(0, x + r * C + c) + vloadv(0, bias + c), 0, y + r * C + c);
        for (; c < end; c++) y[r * C + c] = x[r * C + c] + bias[c];
    }
}

__kernel void add_bias_items(__global const float *x, __global const float *bias, __global float *y, int rows,
                             int C)
{
    const size_t at = get_global_id(0);
    if (at < (size_t)rows * C) y[at] = x[at] + bias[at % C];
}
