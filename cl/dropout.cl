/* y = x kept / (1 - rate). Element i keeps its value if word i % 4 of Philox(key, {i / 4, step}) reaches
   `threshold` = rate 2^32. y may be x: no restrict. */
#include "common.h"

#if GAZE_WIDTH == 4
#define GAZE_PAIRS 2
#elif GAZE_WIDTH == 8
#define GAZE_PAIRS 4
#else
#define GAZE_PAIRS 8
#endif
#define pairsv    GAZE_JOIN(ulong, GAZE_PAIRS) /* the same vector, two words an element */
#define as_pairsv GAZE_JOIN(as_ulong, GAZE_PAIRS)
#define as_uintv  GAZE_JOIN(as_uint, GAZE_WIDTH)

/* Low and high words of x * factor: products of the even and the odd words, put together again. */
static inline void gaze_multiply_words(uintv x, ulong factor, uintv *low, uintv *high)
{
    const pairsv left = (as_pairsv(x) & 0xFFFFFFFFUL) * factor, right = (as_pairsv(x) >> 32) * factor;
    *low = as_uintv((left & 0xFFFFFFFFUL) | (right << 32));
    *high = as_uintv((left >> 32) | (right & 0xFFFFFFFF00000000UL));
}

/* gaze_philox with a counter in each lane: counters first .. first + GAZE_WIDTH - 1 of `step`; first is a
 * multiple of GAZE_WIDTH. */
static inline void gaze_philox_lanes(uint2 key, ulong first, uint step, uintv *x0, uintv *x1, uintv *x2,
                                     uintv *x3)
{
    uint lane[GAZE_WIDTH];
    for (uint i = 0; i < GAZE_WIDTH; i++) lane[i] = i;
    *x0 = (uint)first + GAZE_JOIN(vload, GAZE_WIDTH)(0, lane);
    *x1 = (uint)(first >> 32);
    *x2 = step;
    *x3 = 0;
#pragma unroll
    for (int round = 0; round < 10; round++) {
        uintv low_0, high_0, low_2, high_2;
        gaze_multiply_words(*x0, 0xD2511F53UL, &low_0, &high_0);
        gaze_multiply_words(*x2, 0xCD9E8D57UL, &low_2, &high_2);
        *x0 = high_2 ^ *x1 ^ key.x;
        *x2 = high_0 ^ *x3 ^ key.y;
        *x1 = low_2;
        *x3 = low_0;
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

GAZE_APART void gaze_dropout_slabs(int i0, __global const float *x, __global const int *step, __global float *y, int key_0,
                                   int key_1, int threshold_, float scale, int count, int slab)
{
    const uint2 key = (uint2)(key_0, key_1);
    const uint threshold = threshold_;
    size_t at = i0 * (size_t)slab; /* a multiple of 4 * GAZE_WIDTH */
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

GAZE_ONE dropout_slabs(GAZE_HERE __global const float *x, __global const int *step, __global float *y, int key_0, int key_1,
                       int threshold_, float scale, int count, int slab)
{
    gaze_dropout_slabs(GAZE_AT(0), x, step, y, key_0, key_1, threshold_, scale, count, slab);
}

__kernel void dropout_items(__global const float *x, __global const int *step, __global float *y, int key_0,
                            int key_1, int threshold_, float scale, int count)
{
    const size_t at = get_global_id(0);
    if (at < (size_t)count) y[at] = gaze_drop1(x[at], at, step[0], (uint2)(key_0, key_1), threshold_, scale);
}
