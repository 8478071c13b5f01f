/* Whole steps of sequences [B,T,D] moved or left out. A group of the cpu family takes `slab` of the B*T rows.
 */
#include "common.h"

static inline void gaze_set_step(const __global float *restrict from, __global float *restrict to, int D)
{
    int d = 0;
    for (; d + GAZE_WIDTH <= D; d += GAZE_WIDTH)
        vstorev(from ? vloadv(0, from + d) : (floatv)(0.0f), 0, to + d);
    for (; d < D; d++) to[d] = from ? from[d] : 0.0f;
}

/* Where step `at` of y comes from: the step before it in x, `first` [B,D], or nothing. */
static inline const __global float *gaze_shifted(const __global float *x, const __global float *first,
                                                 size_t at, int T, int D, int backwards)
{
    const int t = at % T, first_step = backwards ? t == T - 1 : t == 0;
    if (!first_step) return x + (backwards ? at + 1 : at - 1) * D;
    return first ? first + at / T * D : first;
}

static inline size_t gaze_reversed(size_t at, int T) { return at - at % T + (T - 1 - at % T); }

/* Has a step that counts come, up to step `at`? */
static inline int gaze_begun(const __global int *mask, size_t at, int T, int backwards)
{
    const size_t sample = at - at % T, from = backwards ? at : sample, to = backwards ? sample + T - 1 : at;
    int any = 0;
    for (size_t i = from; i <= to; i++) any |= mask[i];
    return any;
}

#define SLAB_LOOP \
    for (size_t at = GAZE_AT(0) * (size_t)slab, last = min(at + slab, (size_t)rows); at < last; at++)

GAZE_ONE shift_time_slabs(GAZE_HERE const __global float *restrict x, const __global float *restrict first,
                          __global float *restrict y, int rows, int T, int D, int backwards, int slab)
{
    SLAB_LOOP gaze_set_step(gaze_shifted(x, first, at, T, D, backwards), y + at * D, D);
}

GAZE_ONE reverse_time_slabs(GAZE_HERE const __global float *restrict x, const __global float *restrict none,
                            __global float *restrict y, int rows, int T, int D, int backwards, int slab)
{
    SLAB_LOOP gaze_set_step(x + gaze_reversed(at, T) * D, y + at * D, D);
}

GAZE_ONE after_first_slabs(GAZE_HERE const __global float *restrict x, const __global int *restrict mask,
                           __global float *restrict y, int rows, int T, int D, int backwards, int slab)
{
    SLAB_LOOP gaze_set_step(gaze_begun(mask, at, T, backwards) ? x + at * D : 0, y + at * D, D);
}

__kernel void shift_time_items(const __global float *restrict x, const __global float *restrict first,
                               __global float *restrict y, int rows, int T, int D, int backwards)
{
    const size_t i = get_global_id(0), at = i / D;
    if (at >= (size_t)rows) return;
    const __global float *from = gaze_shifted(x, first, at, T, D, backwards);
    y[i] = from ? from[i % D] : 0.0f;
}

__kernel void reverse_time_items(const __global float *restrict x, const __global float *restrict none,
                                 __global float *restrict y, int rows, int T, int D, int backwards)
{
    const size_t i = get_global_id(0), at = i / D;
    if (at < (size_t)rows) y[i] = x[gaze_reversed(at, T) * D + i % D];
}

__kernel void after_first_items(const __global float *restrict x, const __global int *restrict mask,
                                __global float *restrict y, int rows, int T, int D, int backwards)
{
    const size_t i = get_global_id(0), at = i / D;
    if (at < (size_t)rows) y[i] = gaze_begun(mask, at, T, backwards) ? x[i] : 0.0f;
}
