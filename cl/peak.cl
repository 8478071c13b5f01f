/* Ceilings of a device (engine/bench/peak.c). The results are written so that no compiler drops the work. */
#include "common.h"

/* 12 independent chains hide the latency of fma and fit 16 registers with the two factors. */
#define GAZE_PEAK_BODY(TYPE, x, y)                                                                                     \
    TYPE c0 = 0, c1 = 1, c2 = 2, c3 = 3, c4 = 4, c5 = 5, c6 = 6, c7 = 7, c8 = 8, c9 = 9, ca = 10, cb = 11;             \
    for (int i = 0; i < rounds; i++) {                                                                                 \
        c0 = fma(c0, x, y), c1 = fma(c1, x, y), c2 = fma(c2, x, y), c3 = fma(c3, x, y);                                \
        c4 = fma(c4, x, y), c5 = fma(c5, x, y), c6 = fma(c6, x, y), c7 = fma(c7, x, y);                                \
        c8 = fma(c8, x, y), c9 = fma(c9, x, y), ca = fma(ca, x, y), cb = fma(cb, x, y);                                \
    }                                                                                                                  \
    TYPE sum = c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7 + c8 + c9 + ca + cb;

GAZE_ONE gaze_peak(GAZE_HERE __global float *out, int rounds)
{
    const floatv x = (floatv)(0.5f + (float)GAZE_AT(0) * 1e-3f), y = (floatv)(0.1f);
    GAZE_PEAK_BODY(floatv, x, y)
    out[GAZE_AT(0)] = gaze_sumv(sum);
}

__kernel void gaze_peak_plain(__global float *out, int rounds)
{
    const float x = 0.5f + (float)(get_global_id(0) % 256) * 1e-3f, y = 0.1f;
    GAZE_PEAK_BODY(float, x, y)
    out[get_global_id(0)] = sum;
}

/* `count` floats, a multiple of the width, by one item. */
GAZE_ONE gaze_copy(GAZE_HERE __global const float *restrict from, __global float *restrict to, int count)
{
    const size_t first = GAZE_AT(0) * (size_t)count;
    for (int i = 0; i < count / GAZE_WIDTH; i++) vstorev(vloadv(i, from + first), i, to + first);
}

__kernel void gaze_copy_plain(__global const float *restrict from, __global float *restrict to)
{
    vstore4(vload4(get_global_id(0), from), get_global_id(0), to);
}
