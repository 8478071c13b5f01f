/* y = x kept / (1 - rate). Element i keeps its value if word i % 4 of Philox(key, {i / 4, step}) reaches
   `threshold` = rate 2^32. y may be x: no restrict. */
#include "common.h"

#define ulongv         GAZE_JOIN(ulong, GAZE_WIDTH)
#define convert_ulongv GAZE_JOIN(convert_ulong, GAZE_WIDTH)
#define convert_uintv  GAZE_JOIN(convert_uint, GAZE_WIDTH)

/* gaze_philox with a counter in each lane: counters first .. first + GAZE_WIDTH - 1 of `step`. */
static inline void gaze_philox_lanes(uint2 key, ulong first, uint step, uintv *x0, uintv *x1, uintv *x2,
                                     uintv *x3)
{
    uint lane[GAZE_WIDTH];
    for (uint i = 0; i < GAZE_WIDTH; i++) lane[i] = i;
    const ulongv counter = first + convert_ulongv(GAZE_JOIN(vload, GAZE_WIDTH)(0, lane));
    *x0 = convert_uintv(counter);
    *x1 = convert_uintv(counter >> 32);
    *x2 = step;
    *x3 = 0;
#pragma unroll
    for (int round = 0; round < 10; round++) {
        const ulongv p0 = convert_ulongv(*x0) * 0xD2511F53UL, p1 = convert_ulongv(*x2) * 0xCD9E8D57UL;
        *x0 = convert_uintv(p1 >> 32) ^ *x1 ^ key.x;
        *x2 = convert_uintv(p0 >> 32) ^ *x3 ^ key.y;
        *x1 = convert_uintv(p1);
        *x3 = convert_uintv(p0);
        key += (uint2)(0x9E3779B9u, 0xBB67AE85u);
    }
}

/* a0 b0 a1 b1 ..: the first and the second half. */
#define GAZE_ZIP(low, high, a, b) \
    low.even = a.lo;              \
    low.odd = b.lo;               \
    high.even = a.hi;             \
    high.odd = b.hi;

#define DROP(i, words) \
    vstorev(select((floatv)(0.0f), vloadv(i, x + at) * scale, words >= threshold), i, y + at);

static inline float gaze_drop1(float x, size_t at, uint step, uint2 key, uint threshold, float scale)
{
    const ulong block = at / 4;
    const uint4 words = gaze_philox(key, (uint4)((uint)block, (uint)(block >> 32), step, 0));
    const uint word = at % 4 == 0 ? words.x : at % 4 == 1 ? words.y : at % 4 == 2 ? words.z : words.w;
    return word >= threshold ? x * scale : 0.0f;
}

GAZE_ONE dropout_slabs(__global const float *x, __global const int *step, __global float *y, int key_0,
                       int key_1, int threshold_, float scale, int count, int slab)
{
    const uint2 key = (uint2)(key_0, key_1);
    const uint threshold = threshold_;
    size_t at = get_group_id(0) * (size_t)slab; /* a multiple of 4 * GAZE_WIDTH */
    const size_t last = min(at + slab, (size_t)count);
    for (; at + 4 * GAZE_WIDTH <= last; at += 4 * GAZE_WIDTH) {
        uintv x0, x1, x2, x3, even_0, even_1, odd_0, odd_1, w0, w1, w2, w3;
        gaze_philox_lanes(key, at / 4, step[0], &x0, &x1, &x2, &x3);
        GAZE_ZIP(even_0, even_1, x0, x2)
        GAZE_ZIP(odd_0, odd_1, x1, x3)
        GAZE_ZIP(w0, w1, even_0, odd_0)
        GAZE_ZIP(w2, w3, even_1, odd_1)
        DROP(0, w0)
        DROP(1, w1)
        DROP(2, w2)
        DROP(3, w3)
    }
    for (; at < last; at++) y[at] = gaze_drop1(x[at], at, step[0], key, threshold, scale);
}

__kernel void dropout_items(__global const float *x, __global const int *step, __global float *y, int key_0,
                            int key_1, int threshold_, float scale, int count)
{
    const size_t at = get_global_id(0);
    if (at < (size_t)count) y[at] = gaze_drop1(x[at], at, step[0], (uint2)(key_0, key_1), threshold_, scale);
}
