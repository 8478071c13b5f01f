/* dense_fused: a product of dense, finished where its tiles are stored (dense_packed.h). */
#include "dense_packed.h"

GAZE_APART void gaze_dense_fused(int i0, int i1, const __global float *restrict x, const __global float *restrict panels,
                                 const __global float *restrict bias, const __global float *other, __global float *before,
                                 __global float *y, int R, int K, int N, int activation, int finish)
{
    gaze_dense_rows(i0, i1, x, panels, bias, other, before, y, R, K, N, activation, finish);
}

GAZE_ONE dense_fused(GAZE_HERE const __global float *restrict x, const __global float *restrict panels,
                     const __global float *restrict bias, const __global float *other, __global float *before,
                     __global float *y, int R, int K, int N, int activation, int finish)
{
    gaze_dense_fused(GAZE_AT(0), GAZE_AT(1), x, panels, bias, other, before, y, R, K, N, activation, finish);
}
