/* Where a finished tile of Winograd's convolution goes: to y, as the maxima of its windows, into a sum. */
#ifndef GAZE_WINOGRAD_STORE_H
#define GAZE_WINOGRAD_STORE_H

#include "winograd.h"

/* The part of a tile that lies inside y, whose rows are Q pixels long. */
GAZE_IN_REGISTERS void gaze_store_output(const floatv *o, __global float *y, int rows, int columns, int Q, int O)
{
#pragma unroll
    for (int i = 0; i < SIDE; i++)
#pragma unroll
        for (int j = 0; j < SIDE; j++)
            if (i < rows && j < columns) vstorev(o[i * SIDE + j], 0, y + (i * Q + j) * O);
}

/* The same of the maxima of its windows of 2x2, in the order of max_pool2d. SIDE is even. */
GAZE_IN_REGISTERS void gaze_store_pooled(const floatv *o, __global float *y, __global int *place, int rows, int columns, int Q, int O)
{
#pragma unroll
    for (int i = 0; i < SIDE / 2; i++)
#pragma unroll
        for (int j = 0; j < SIDE / 2; j++) {
            const floatv *w = o + 2 * i * SIDE + 2 * j;
            const floatv most = GAZE_MORE(GAZE_MORE(GAZE_MORE(w[0], w[1]), w[SIDE]), w[SIDE + 1]);
            if (i >= rows || j >= columns) continue;
            vstorev(most, 0, y + (i * Q + j) * O);
            if (place) gaze_store_places(gaze_place_of_max(w[0], w[1], w[SIDE], w[SIDE + 1]), place + (i * Q + j) * O);
        }
}

/* The sum of the part of a tile that has rows x columns pixels. */
GAZE_IN_REGISTERS floatv gaze_sum_output(const floatv *o, int rows, int columns)
{
    floatv sum = 0.0f;
#pragma unroll
    for (int i = 0; i < SIDE; i++)
#pragma unroll
        for (int j = 0; j < SIDE; j++) sum += i < rows && j < columns ? o[i * SIDE + j] : (floatv)0.0f;
    return sum;
}

/* One vector of filters of a tile, of which y has rows x columns pixels. sum or y may be null. */
GAZE_IN_REGISTERS void gaze_store_finished(const floatv *tile, int pooled, __global float *y, __global int *place, __global float *sum,
                                           int rows, int columns, int Q, int O)
{
    if (sum) vstorev(gaze_sum_output(tile, rows, columns), 0, sum);
    if (pooled)
        gaze_store_pooled(tile, y, place, rows / 2, columns / 2, Q / 2, O);
    else if (y)
        gaze_store_output(tile, y, rows, columns, Q, O);
}

#endif
