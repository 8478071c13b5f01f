/* The axes of each sample in another order: five sizes of y (missing ones are 1, in front) and x's stride along each. */
#include "common.h"

static inline size_t gaze_permute_source(size_t at, int s1, int s2, int s3, int s4, int t0, int t1, int t2, int t3, int t4)
{
    size_t from = at % s4 * (size_t)t4;
    at /= s4;
    from += at % s3 * (size_t)t3;
    at /= s3;
    from += at % s2 * (size_t)t2;
    at /= s2;
    from += at % s1 * (size_t)t1;
    return from + at / s1 * (size_t)t0;
}

/* A group writes `slab` rows along y's last axis; i1 to i3 are the places of the row on the axes before it. */
GAZE_ONE permute_slabs(GAZE_HERE __global const float *restrict x, __global float *restrict y, int batch, int s0, int s1, int s2,
                       int s3, int s4, int t0, int t1, int t2, int t3, int t4, int slab)
{
    const size_t rows = (size_t)s0 * s1 * s2 * s3, sample = rows * s4;
    const size_t first = GAZE_AT(0) * (size_t)slab, last = min(first + slab, batch * rows);
    int i3 = first % s3, i2 = first / s3 % s2, i1 = first / s3 / s2 % s1, i0 = first % rows / s3 / s2 / s1;
    x += first / rows * sample;
    for (size_t r = first; r < last; r++) {
        __global const float *from = x + (size_t)i0 * t0 + (size_t)i1 * t1 + (size_t)i2 * t2 + (size_t)i3 * t3;
        __global float *to = y + r * s4;
        if (t4 == 1) {
            int i = 0;
            for (; i + GAZE_WIDTH <= s4; i += GAZE_WIDTH) vstorev(vloadv(0, from + i), 0, to + i);
            for (; i < s4; i++) to[i] = from[i];
        } else {
            for (int i = 0; i < s4; i++) to[i] = from[(size_t)i * t4];
        }
        if (++i3 < s3) continue;
        i3 = 0;
        if (++i2 < s2) continue;
        i2 = 0;
        if (++i1 < s1) continue;
        i1 = 0;
        if (++i0 < s0) continue;
        i0 = 0;
        x += sample;
    }
}

__kernel void permute_items(__global const float *restrict x, __global float *restrict y, int batch, int s0, int s1, int s2, int s3,
                            int s4, int t0, int t1, int t2, int t3, int t4)
{
    const size_t sample = (size_t)s0 * s1 * s2 * s3 * s4, at = get_global_id(0);
    if (at < batch * sample)
        y[at] = x[at / sample * sample + gaze_permute_source(at % sample, s1, s2, s3, s4, t0, t1, t2, t3, t4)];
}
