/* dz = slope (dy + other + factor each), and its sum over the rows: value, dy, other, dz [rows][C], each [rows/repeat][C];
   the slope is that of the activation that gave `value`. Inputs may be null. dz may be an input: no restrict. */
#include "common.h"
#include "epilogue.h"

/* Rows of a block, whose columns are summed in registers while they are in the first cache. */
#define BLOCK_ROWS 32

/* N vectors of columns of the rows first..last - 1. */
#define SUM_COLUMNS(N)                                                                                      \
    for (; c + N * GAZE_WIDTH <= C; c += N * GAZE_WIDTH) {                                                  \
        floatv s[N];                                                                                        \
        for (int k = 0; k < N; k++) s[k] = sums ? vloadv(k, sums + c) : (floatv)0.0f;                       \
        for (size_t r = first; r < last; r++) {                                                             \
            const size_t at = r * C + c, from = r / repeat * C + c;                                         \
            for (int k = 0; k < N; k++) {                                                                   \
                floatv d = dy ? vloadv(k, dy + at) : (floatv)0.0f;                                          \
                if (other) d += vloadv(k, other + at);                                                      \
                if (each) d = fma((floatv)factor, vloadv(k, each + from), d);                               \
                if (value) d = gaze_epilogue_gradientv(activation, vloadv(k, value + at), d);               \
                vstorev(d, k, dz + at);                                                                     \
                s[k] += d;                                                                                  \
            }                                                                                               \
        }                                                                                                   \
        for (int k = 0; sums && k < N; k++) vstorev(s[k], k, sums + c);                                     \
    }

GAZE_APART void gaze_slope_sum(__global const float *value, __global const float *dy, __global const float *other,
                               __global const float *each, __global float *dz, __global float *sums, float factor,
                               int activation, int repeat, int C, size_t first, size_t last)
{
    int c = 0;
    SUM_COLUMNS(4)
    SUM_COLUMNS(1)
    for (; c < C; c++) {
        float s = sums ? sums[c] : 0.0f;
        for (size_t r = first; r < last; r++) {
            const size_t at = r * C + c;
            float d = (dy ? dy[at] : 0.0f) + (other ? other[at] : 0.0f);
            if (each) d = fma(factor, each[r / repeat * C + c], d);
            if (value) d = gaze_epilogue_gradient1(activation, value[at], d);
            dz[at] = d;
            s += d;
        }
        if (sums) sums[c] = s;
    }
}

/* A group owns `slab` rows. sums [groups][C] or null. */
GAZE_ONE slope_sum_slabs(GAZE_HERE __global const float *value, __global const float *dy, __global const float *other,
                         __global const float *each, __global float *dz, __global float *sums, float factor,
                         int activation, int repeat, int C, int rows, int slab)
{
    const size_t start = GAZE_AT(0) * (size_t)slab, end = min(start + slab, (size_t)rows);
    if (sums) {
        sums += GAZE_AT(0) * C;
        for (int c = 0; c < C; c++) sums[c] = 0.0f;
    }
    for (size_t first = start; first < end; first += BLOCK_ROWS)
        gaze_slope_sum(value, dy, other, each, dz, sums, factor, activation, repeat, C, first,
                       min(first + BLOCK_ROWS, end));
}

__kernel void slope_sum_items(__global const float *value, __global const float *dy, __global const float *other,
                              __global const float *each, __global float *dz, float factor, int activation,
                              int repeat, int C, int rows)
{
    const size_t at = get_global_id(0), r = at / C;
    if (r >= (size_t)rows) return;
    float d = (dy ? dy[at] : 0.0f) + (other ? other[at] : 0.0f);
    if (each) d = fma(factor, each[r / repeat * C + at % C], d);
    dz[at] = value ? gaze_epilogue_gradient1(activation, value[at], d) : d;
}
