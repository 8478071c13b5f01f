/* y = f(x), and dz = dy f'(x) from y, or from x for gelu and silu. y may be an input: no restrict. */
#include "common.h"
#include "epilogue.h"
#include "smooth.h"

/* One loop a kind: the choice is made once. F(S, at) is the value at index `at`. */
#define LOOP(kind, F)                                                                      \
    case kind:                                                                             \
        for (; at + GAZE_WIDTH <= last; at += GAZE_WIDTH) vstorev(F(v, LOADV), 0, y + at); \
        for (; at < last; at++) y[at] = F(1, LOAD1);                                       \
        break;
#define LOADV(p) vloadv(0, p + at)
#define LOAD1(p) p[at]

#define VALUE_LINEAR(S, LOAD)     LOAD(x)
#define VALUE_RELU(S, LOAD)       gaze_epilogue##S(GAZE_RELU, LOAD(x))
#define VALUE_SIGMOID(S, LOAD)    gaze_epilogue##S(GAZE_SIGMOID, LOAD(x))
#define VALUE_TANH(S, LOAD)       gaze_epilogue##S(GAZE_TANH, LOAD(x))
#define VALUE_ELU(S, LOAD)        gaze_epilogue##S(GAZE_ELU, LOAD(x))
#define VALUE_LEAKY_RELU(S, LOAD) gaze_epilogue##S(GAZE_LEAKY_RELU, LOAD(x))
#define VALUE_GELU(S, LOAD)       gaze_gelu##S(LOAD(x))
#define VALUE_SILU(S, LOAD)       gaze_silu##S(LOAD(x))

#define SLOPE_LINEAR(S, LOAD)     LOAD(dy)
#define SLOPE_RELU(S, LOAD)       gaze_epilogue_gradient##S(GAZE_RELU, LOAD(x), LOAD(dy))
#define SLOPE_SIGMOID(S, LOAD)    gaze_epilogue_gradient##S(GAZE_SIGMOID, LOAD(x), LOAD(dy))
#define SLOPE_TANH(S, LOAD)       gaze_epilogue_gradient##S(GAZE_TANH, LOAD(x), LOAD(dy))
#define SLOPE_ELU(S, LOAD)        gaze_epilogue_gradient##S(GAZE_ELU, LOAD(x), LOAD(dy))
#define SLOPE_LEAKY_RELU(S, LOAD) gaze_epilogue_gradient##S(GAZE_LEAKY_RELU, LOAD(x), LOAD(dy))
#define SLOPE_GELU(S, LOAD)       LOAD(dy) * gaze_gelu_slope##S(LOAD(x))
#define SLOPE_SILU(S, LOAD)       LOAD(dy) * gaze_silu_slope##S(LOAD(x))

#define EVERY_KIND(WHAT)                         \
    switch (kind) {                              \
        LOOP(GAZE_LINEAR, WHAT##_LINEAR)         \
        LOOP(GAZE_RELU, WHAT##_RELU)             \
        LOOP(GAZE_SIGMOID, WHAT##_SIGMOID)       \
        LOOP(GAZE_TANH, WHAT##_TANH)             \
        LOOP(GAZE_ELU, WHAT##_ELU)               \
        LOOP(GAZE_LEAKY_RELU, WHAT##_LEAKY_RELU) \
        LOOP(GAZE_GELU, WHAT##_GELU)             \
        LOOP(GAZE_SILU, WHAT##_SILU)             \
    }

GAZE_APART void gaze_activation_slabs(int i0, __global const float *x, __global float *y, int kind, int count, int slab)
{
    size_t at = i0 * (size_t)slab;
    const size_t last = min(at + slab, (size_t)count);
    EVERY_KIND(VALUE)
}

GAZE_ONE activation_slabs(GAZE_HERE __global const float *x, __global float *y, int kind, int count, int slab)
{
    gaze_activation_slabs(GAZE_AT(0), x, y, kind, count, slab);
}

GAZE_APART void gaze_activation_gradient_slabs(int i0, __global const float *x, __global const float *dy, __global float *y,
                                               int kind, int count, int slab)
{
    size_t at = i0 * (size_t)slab;
    const size_t last = min(at + slab, (size_t)count);
    EVERY_KIND(SLOPE)
}

GAZE_ONE activation_gradient_slabs(GAZE_HERE __global const float *x, __global const float *dy, __global float *y, int kind,
                                   int count, int slab)
{
    gaze_activation_gradient_slabs(GAZE_AT(0), x, dy, y, kind, count, slab);
}

#undef LOOP
#define LOOP(kind, F) \
    case kind: y[at] = F(1, LOAD1); break;

__kernel void activation_items(__global const float *x, __global float *y, int kind, int count)
{
    const size_t at = get_global_id(0);
    if (at >= (size_t)count) return;
    EVERY_KIND(VALUE)
}

__kernel void activation_gradient_items(__global const float *x, __global const float *dy, __global float *y,
                                        int kind, int count)
{
    const size_t at = get_global_id(0);
    if (at >= (size_t)count) return;
    EVERY_KIND(SLOPE)
}
