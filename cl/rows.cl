/* Rows of D values with one factor each: weighted_sum, outer_rows, row_dot, scale_rows. */
#include "common.h"
#include "weighted_sum.h"

/* y[r] = factor s[r] x[r / repeat]. y may be x where repeat is 1: no restrict. */
static inline void gaze_scale_row(__global const float *x, __global float *y, float s, int D)
{
    int d = 0;
    for (; d + GAZE_WIDTH <= D; d += GAZE_WIDTH) vstorev(s * vloadv(0, x + d), 0, y + d);
    for (; d < D; d++) y[d] = s * x[d];
}

GAZE_ONE scale_rows_slabs(GAZE_HERE __global const float *x, __global const float *s, __global float *y, float factor,
                          int repeat, int D, int rows, int slab)
{
    const size_t first = GAZE_AT(0) * (size_t)slab, last = min(first + slab, (size_t)rows);
    for (size_t r = first; r < last; r++) gaze_scale_row(x + r / repeat * D, y + r * D, factor * s[r], D);
}

__kernel void scale_rows_items(__global const float *x, __global const float *s, __global float *y,
                               float factor, int repeat, int D, int rows)
{
    const size_t at = get_global_id(0), r = at / D;
    if (r < (size_t)rows) y[at] = factor * s[r] * x[r / repeat * D + at % D];
}

/* y[r] = factor sum_d x[r] z[r / repeat] */
static inline float gaze_dot(__global const float *x, __global const float *z, int D)
{
    floatv a = 0.0f, b = 0.0f;
    float sum = 0.0f;
    int d = 0;
    for (; d + 2 * GAZE_WIDTH <= D; d += 2 * GAZE_WIDTH) {
        a = fma(vloadv(0, x + d), vloadv(0, z + d), a);
        b = fma(vloadv(1, x + d), vloadv(1, z + d), b);
    }
    for (; d + GAZE_WIDTH <= D; d += GAZE_WIDTH) a = fma(vloadv(0, x + d), vloadv(0, z + d), a);
    for (; d < D; d++) sum = fma(x[d], z[d], sum);
    return sum + gaze_sumv(a + b);
}

GAZE_ONE row_dot_slabs(GAZE_HERE __global const float *restrict x, __global const float *restrict z,
                       __global float *restrict y, float factor, int repeat, int D, int rows, int slab)
{
    const size_t first = GAZE_AT(0) * (size_t)slab, last = min(first + slab, (size_t)rows);
    for (size_t r = first; r < last; r++) y[r] = factor * gaze_dot(x + r * D, z + r / repeat * D, D);
}

__kernel void row_dot_items(__global const float *restrict x, __global const float *restrict z,
                            __global float *restrict y, float factor, int repeat, int D, int rows)
{
    const size_t r = get_global_id(0);
    if (r >= (size_t)rows) return;
    float sum = 0.0f;
    for (int d = 0; d < D; d++) sum = fma(x[r * D + d], z[r / repeat * D + d], sum);
    y[r] = factor * sum;
}

/* y[b] = sum_n a[b,n] h[b,n]. A group owns up to 4 vectors of columns of one sample. */
GAZE_ONE weighted_sum_columns(GAZE_HERE __global const float *restrict a, __global const float *restrict h,
                              __global float *restrict y, int N, int D, int B)
{
    const size_t blocks = (D + 4 * GAZE_WIDTH - 1) / (4 * GAZE_WIDTH), b = GAZE_AT(0) / blocks;
    const int first = GAZE_AT(0) % blocks * 4 * GAZE_WIDTH;
    gaze_weighted_sum(a + b * N, h + b * N * D, y + b * D, N, D, first, min(first + 4 * GAZE_WIDTH, D));
}

__kernel void weighted_sum_items(__global const float *restrict a, __global const float *restrict h,
                                 __global float *restrict y, int N, int D, int B)
{
    const size_t at = get_global_id(0), b = at / D, d = at % D;
    if (b >= (size_t)B) return;
    float sum = 0.0f;
    for (int n = 0; n < N; n++) sum = fma(a[b * N + n], h[(b * N + n) * D + d], sum);
    y[at] = sum;
}
