/* y = sum, product or multiple of INPUTS tensors, element by element. y may be one of the inputs: no
 * restrict. */
#include "common.h"

#ifndef INPUTS
#define INPUTS 2 // tensors read
#endif

#define EACH_2(F)    F(1)
#define EACH_3(F)    EACH_2(F) F(2)
#define EACH_4(F)    EACH_3(F) F(3)
#define EACH_5(F)    EACH_4(F) F(4)
#define EACH_6(F)    EACH_5(F) F(5)
#define EACH_7(F)    EACH_6(F) F(6)
#define EACH_8(F)    EACH_7(F) F(7)
#define EACH_FURTHER GAZE_JOIN(EACH_, INPUTS)

#define PARAMETER(i)  , __global const float *x##i
#define ADD_V(i)      +vloadv(i0, x##i + at)
#define ADD_1(i)      +x##i[at]
#define MULTIPLY_V(i) *vloadv(i0, x##i + at)
#define MULTIPLY_1(i) *x##i[at]

#define DEFINE(name, TERM_V, TERM_1)                                                                     \
    GAZE_ONE name##_slabs(GAZE_HERE __global const float *x0 EACH_FURTHER(PARAMETER), __global float *y, \
                          int count, int slab)                                                           \
    {                                                                                                    \
        const size_t i0 = 0, first = GAZE_AT(0) * (size_t)slab,                                          \
                     last = min(first + slab, (size_t)count);                                            \
        size_t at = first;                                                                               \
        for (; at + GAZE_WIDTH <= last; at += GAZE_WIDTH)                                                \
            vstorev(vloadv(i0, x0 + at) EACH_FURTHER(TERM_V), i0, y + at);                               \
        for (; at < last; at++) y[at] = x0[at] EACH_FURTHER(TERM_1);                                     \
    }                                                                                                    \
    __kernel void name##_items(__global const float *x0 EACH_FURTHER(PARAMETER), __global float *y,      \
                               int count)                                                                \
    {                                                                                                    \
        const size_t at = get_global_id(0);                                                              \
        if (at < (size_t)count) y[at] = x0[at] EACH_FURTHER(TERM_1);                                     \
    }

DEFINE(add, ADD_V, ADD_1)
DEFINE(multiply, MULTIPLY_V, MULTIPLY_1)

GAZE_ONE scale_slabs(GAZE_HERE __global const float *x, __global float *y, float factor, int count, int slab)
{
    const size_t first = GAZE_AT(0) * (size_t)slab, last = min(first + slab, (size_t)count);
    size_t at = first;
    for (; at + GAZE_WIDTH <= last; at += GAZE_WIDTH) vstorev(factor * vloadv(0, x + at), 0, y + at);
    for (; at < last; at++) y[at] = factor * x[at];
}

__kernel void scale_items(__global const float *x, __global float *y, float factor, int count)
{
    const size_t at = get_global_id(0);
    if (at < (size_t)count) y[at] = factor * x[at];
}
