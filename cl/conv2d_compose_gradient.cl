/* The gradients of a, b and a_bias from those of y and y_bias, which conv2d_compose.cl makes of them. Kernels ending in _items make one
   value each; the others, for CPUs, a vector of filters at a time. */
#include "compose.h"
#include "conv2d.h"

/* The gradient of b at tap `tap`, channel m, filters from o on; and that of a at tap `tap` of channel c, or, behind its last tap, of
   its bias: channel m, sums over all filters. */
#define GAZE_DEFINE_COMPOSE_GRADIENT(S, FLOAT)                                                                                      \
    GAZE_IN_REGISTERS void gaze_compose_b##S(source a, source a_bias, source dy, source dy_bias, __global float *db,                \
                                             SIZES, int tap, int m, int o)                                                          \
    {                                                                                                                               \
        const int kw = aw + bw - 1, s = tap / bw, t = tap % bw;                                                                     \
        FLOAT sum = dy_bias ? a_bias[m] * GAZE_JOIN(GAZE_LOAD, S)(dy_bias + o) : 0.0f;                                              \
        for (int i = 0; i < ah; i++)                                                                                                \
            for (int j = 0; j < aw; j++)                                                                                            \
                for (int c = 0; c < C; c++) {                                                                                       \
                    source from = dy + ((size_t)((i + s) * kw + j + t) * C + c) * O + o;                                            \
                    sum = fma((FLOAT)(a[((size_t)(i * aw + j) * C + c) * M + m]), GAZE_JOIN(GAZE_LOAD, S)(from), sum);              \
                }                                                                                                                   \
        GAZE_JOIN(GAZE_STORE, S)(sum, db + ((size_t)tap * M + m) * O + o);                                                          \
    }                                                                                                                               \
    GAZE_IN_REGISTERS float gaze_compose_a##S(source b, source dy, source dy_bias, SIZES, int tap, int c, int m)                    \
    {                                                                                                                               \
        const int kw = aw + bw - 1, i = tap / aw, j = tap % aw;                                                                     \
        float sum = 0.0f;                                                                                                           \
        for (int s = 0; s < bh; s++)                                                                                                \
            for (int t = 0; t < bw; t++)                                                                                            \
                sum += gaze_dot##S(i < ah ? dy + ((size_t)((i + s) * kw + j + t) * C + c) * O : dy_bias,                            \
                                   b + ((size_t)(s * bw + t) * M + m) * O, O);                                                      \
        return sum;                                                                                                                 \
    }

static inline float gaze_dot1(source x, source y, int n)
{
    float sum = 0.0f;
    for (int i = 0; i < n; i++) sum = fma(x[i], y[i], sum);
    return sum;
}
GAZE_DEFINE_COMPOSE_GRADIENT(1, float)

__kernel void conv2d_compose_b_items(source a, source a_bias, source dy, source dy_bias, __global float *restrict db, SIZES)
{
    const size_t at = get_global_id(0);
    if (at < (size_t)bh * bw * M * O) gaze_compose_b1(a, a_bias, dy, dy_bias, db, SIZES_OF, at / O / M, at / O % M, at % O);
}

__kernel void conv2d_compose_a_items(source b, source dy, source dy_bias, __global float *restrict da,
                                     __global float *restrict da_bias, SIZES)
{
    const size_t at = get_global_id(0), all = (size_t)ah * aw * C * M;
    if (at < all)
        da[at] = gaze_compose_a1(b, dy, dy_bias, SIZES_OF, at / M / C, at / M % C, at % M);
    else if (da_bias && at < all + M)
        da_bias[at - all] = gaze_compose_a1(b, dy, dy_bias, SIZES_OF, ah * aw, 0, at - all);
}

#ifndef GAZE_NO_CPU
static inline float gaze_dotV(source x, source y, int n)
{
    const int whole = n / GAZE_WIDTH * GAZE_WIDTH;
    floatv sum = 0.0f;
    for (int i = 0; i < whole; i += GAZE_WIDTH) sum = fma(vloadv(0, x + i), vloadv(0, y + i), sum);
    return gaze_sumv(sum) + gaze_dot1(x + whole, y + whole, n - whole);
}
GAZE_DEFINE_COMPOSE_GRADIENT(V, floatv)

GAZE_ONE conv2d_compose_b(GAZE_HERE source a, source a_bias, source dy, source dy_bias, __global float *restrict db, SIZES)
{
    const int tap = GAZE_AT(0), m = GAZE_AT(1);
    for (int o = 0; o < O; o += GAZE_WIDTH) gaze_compose_bV(a, a_bias, dy, dy_bias, db, SIZES_OF, tap, m, gaze_vector_start(o, O));
}

GAZE_ONE conv2d_compose_a(GAZE_HERE source b, source dy, source dy_bias, __global float *restrict da,
                          __global float *restrict da_bias, SIZES)
{
    const int tap = GAZE_AT(0), c = GAZE_AT(1), taps = ah * aw;
    if (c > 0 && tap == taps) return;
    __global float *to = tap < taps ? da + ((size_t)tap * C + c) * M : da_bias;
    for (int m = 0; m < M; m++) to[m] = gaze_compose_aV(b, dy, dy_bias, SIZES_OF, tap, c, m);
}
#endif
