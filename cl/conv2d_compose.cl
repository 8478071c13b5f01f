/* Two convolutions in a row, with nothing between them, as one: y = a then b, kernels a [ah,aw,C,M], b [bh,bw,M,O] and y
   [ah+bh-1,aw+bw-1,C,O], biases a_bias [M] and b_bias, y_bias [O]. Kernels ending in _items make one value each; the others, for
   CPUs, a vector of filters at a time. */
#include "compose.h"
#include "conv2d.h"

/* The sums over the taps s, t of b of the products of its M channels and those of a, from which each step of a tap leads `down` or
   `right` floats back. Filters of b from its o on. */
#define GAZE_DEFINE_COMPOSE(S, FLOAT)                                                                                               \
    GAZE_IN_REGISTERS FLOAT gaze_compose_at##S(source a, int down, int right, source b, int s0, int s1, int t0, int t1, int bw,     \
                                               int M, int O)                                                                        \
    {                                                                                                                               \
        FLOAT sum = 0.0f;                                                                                                           \
        for (int s = s0; s < s1; s++)                                                                                               \
            for (int t = t0; t < t1; t++) {                                                                                         \
                source from = a - (ptrdiff_t)s * down - (ptrdiff_t)t * right, with = b + (size_t)(s * bw + t) * M * O;              \
                for (int m = 0; m < M; m++) sum = fma((FLOAT)(from[m]), GAZE_JOIN(GAZE_LOAD, S)(with + (size_t)m * O), sum);        \
            }                                                                                                                       \
        return sum;                                                                                                                 \
    }                                                                                                                               \
    /* Filters from o on: of tap `tap` of channel c of y, or, behind its last tap, of its bias. */                                  \
    GAZE_IN_REGISTERS void gaze_compose_tap##S(source a, source b, source a_bias, source b_bias, __global float *y,                 \
                                               __global float *y_bias, SIZES, int tap, int c, int o)                                \
    {                                                                                                                               \
        const int kw = aw + bw - 1, i = tap / kw, j = tap % kw;                                                                     \
        if (i == ah + bh - 1) {                                                                                                     \
            const FLOAT sum = gaze_compose_at##S(a_bias, 0, 0, b + o, 0, bh, 0, bw, bw, M, O);                                      \
            GAZE_JOIN(GAZE_STORE, S)(b_bias ? sum + GAZE_JOIN(GAZE_LOAD, S)(b_bias + o) : sum, y_bias + o);                         \
            return;                                                                                                                 \
        }                                                                                                                           \
        const FLOAT sum = gaze_compose_at##S(a + ((size_t)(i * aw + j) * C + c) * M, aw * C * M, C * M, b + o, max(0, i - ah + 1),  \
                                             min(bh, i + 1), max(0, j - aw + 1), min(bw, j + 1), bw, M, O);                         \
        GAZE_JOIN(GAZE_STORE, S)(sum, y + ((size_t)tap * C + c) * O + o);                                                           \
    }
GAZE_DEFINE_COMPOSE(1, float)

__kernel void conv2d_compose_items(source a, source b, source a_bias, source b_bias, __global float *restrict y,
                                   __global float *restrict y_bias, SIZES)
{
    const size_t at = get_global_id(0), all = (size_t)(ah + bh - 1) * (aw + bw - 1) * C * O;
    if (at < all)
        gaze_compose_tap1(a, b, a_bias, b_bias, y, y_bias, SIZES_OF, at / O / C, at / O % C, at % O);
    else if (y_bias && at < all + O)
        gaze_compose_tap1(a, b, a_bias, b_bias, y, y_bias, SIZES_OF, (ah + bh - 1) * (aw + bw - 1), 0, at - all);
}

#ifndef GAZE_NO_CPU
GAZE_DEFINE_COMPOSE(V, floatv)

GAZE_ONE conv2d_compose(GAZE_HERE source a, source b, source a_bias, source b_bias, __global float *restrict y,
                        __global float *restrict y_bias, SIZES)
{
    const int tap = GAZE_AT(0), c = GAZE_AT(1);
    if (c > 0 && tap == (ah + bh - 1) * (aw + bw - 1)) return;
    for (int o = 0; o < O; o += GAZE_WIDTH)
        gaze_compose_tapV(a, b, a_bias, b_bias, y, y_bias, SIZES_OF, tap, c, gaze_vector_start(o, O));
}
#endif
