/* y = f(x), and dz = dy f'(x) from y, or from x for gelu and silu. y may be an input: no restrict. */
#include "common.h"
#include "epilogue.h"

#define GAZE_LINEAR 0
#define GAZE_GELU   6
#define GAZE_SILU   7

/* gelu(x) = max(x, 0) - |x| Phi(-|x|), with Phi(-a) = exp(-a^2 / 2) R(a); R is a rational minimax fit on
   0..14.5 (relative error 6e-9), beyond which Phi is 0 in float. a^2 / 2 is taken in two parts, as its
   rounding error would grow by exp. Measured: 5.9 ULP. silu(x) = x / (1 + exp(-x)), with exp(-|x| / 2)
   squared, so that no part of it underflows first: 4.3 ULP. */
#define DEFINE(S, FLOAT)                                                                                   \
    static inline FLOAT gaze_normal_tail##S(FLOAT a, FLOAT *e)                                             \
    {                                                                                                      \
        FLOAT half_a = 0.5f * a, h = half_a * a, p, q;                                                     \
        *e = gaze_exp_low##S(-h);                                                                          \
        *e = fma(-fma(half_a, a, -h), *e, *e);                                                             \
        p = gaze_fma##S(a, (FLOAT)(4.11630701e-3f), 4.06332689e-2f);                                       \
        p = gaze_fma##S(p, a, 1.83235354e-1f);                                                             \
        p = gaze_fma##S(p, a, 4.38295383e-1f);                                                             \
        p = gaze_fma##S(p, a, 5.00000003e-1f);                                                             \
        q = gaze_fma##S(a, (FLOAT)(1.03179318e-2f), 1.01858947e-1f);                                       \
        q = gaze_fma##S(q, a, 4.69471175e-1f);                                                             \
        q = gaze_fma##S(q, a, 1.20250426f);                                                                \
        q = gaze_fma##S(q, a, 1.67447575f);                                                                \
        q = gaze_fma##S(q, a, 1.0f);                                                                       \
        return p / q;                                                                                      \
    }                                                                                                      \
    static inline FLOAT gaze_least##S(FLOAT x, FLOAT most) { return select(x, most, x > most); }           \
    static inline FLOAT gaze_gelu##S(FLOAT x)                                                              \
    {                                                                                                      \
        FLOAT a = gaze_least##S(fabs(x), (FLOAT)(14.5f)), e, r = gaze_normal_tail##S(a, &e);               \
        return select((FLOAT)(0.0f), x, x > 0.0f) - a * r * e;                                             \
    }                                                                                                      \
    static inline FLOAT gaze_gelu_slope##S(FLOAT x)                                                        \
    {                                                                                                      \
        FLOAT a = gaze_least##S(fabs(x), (FLOAT)(14.5f)), e, r = gaze_normal_tail##S(a, &e);               \
        FLOAT tail = r * e - a * 0.398942280f * e; /* slope at -a */                                       \
        return select(tail, 1.0f - tail, x > 0.0f);                                                        \
    }                                                                                                      \
    static inline FLOAT gaze_silu##S(FLOAT x)                                                              \
    {                                                                                                      \
        FLOAT t = select(x, (FLOAT)(-200.0f), x < -200.0f), e = gaze_exp_low##S(-0.5f * fabs(t)),          \
              r = t / fma(e, e, (FLOAT)(1.0f));                                                            \
        return select(r, r * e * e, x < 0.0f);                                                             \
    }                                                                                                      \
    static inline FLOAT gaze_silu_slope##S(FLOAT x)                                                        \
    {                                                                                                      \
        FLOAT a = gaze_least##S(fabs(x), (FLOAT)(200.0f)), e = gaze_exp_low##S(-a), s = 1.0f / (1.0f + e); \
        FLOAT tail = s * e * (1.0f - a * s); /* slope at -a */                                             \
        return select(tail, 1.0f - tail, x > 0.0f);                                                        \
    }

DEFINE(1, float)
DEFINE(v, floatv)

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

GAZE_ONE activation_slabs(__global const float *x, __global float *y, int kind, int count, int slab)
{
    gaze_activation_slabs(get_group_id(0), x, y, kind, count, slab);
}

GAZE_APART void gaze_activation_gradient_slabs(int i0, __global const float *x, __global const float *dy, __global float *y,
                                               int kind, int count, int slab)
{
    size_t at = i0 * (size_t)slab;
    const size_t last = min(at + slab, (size_t)count);
    EVERY_KIND(SLOPE)
}

GAZE_ONE activation_gradient_slabs(__global const float *x, __global const float *dy, __global float *y, int kind, int count,
                                   int slab)
{
    gaze_activation_gradient_slabs(get_group_id(0), x, dy, y, kind, count, slab);
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
