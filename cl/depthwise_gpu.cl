/* Convolution of every channel with a kernel of its own, on a GPU: bound by memory, so a work-item makes NEAR neighbours along a
   row for 1 or 4 channels (suffix of the kernel), and what their windows share it reads once. Items are numbered channels first,
   then ROWS rows, then places along them: a group's windows overlap in both directions and meet in the cache. Letters as in
   window.h; O is C. */
#include "common.h"
#include "axis.h"
#include "divide.h"
#include "epilogue.h"
#include "window.h"

#define NEAR 4 // neighbours along x
#define ROWS 4 // rows of neighbouring items

/* The place of an item's values along the axes of what is made, and its channels. */
#define PLACE(V_CHANNELS, AY, AX)                                                                                     \
    const uint2 lane = gaze_split(get_global_id(0), C / (V_CHANNELS)), near_row = gaze_split(lane.x, ROWS);           \
    const uint2 place = gaze_split(near_row.x, max((AX.n + NEAR - 1) / NEAR, 1));                                     \
    const uint2 strip = gaze_split(place.x, max((AY.n + ROWS - 1) / ROWS, 1));                                        \
    const int c = lane.y * (V_CHANNELS), q = place.y * NEAR, p = strip.y * ROWS + near_row.y;                         \
    const uint b = strip.x;                                                                                           \
    if (b >= (uint)samples || p >= AY.n || q >= AX.n) return;

#define COLUMN(V, LOAD, v) ((uint)(v) < (uint)width ? LOAD(line + (size_t)(v) * C) : (V)(0.0f))

/* The sums of NEAR neighbours. Where a tap moves on as far as a neighbour does, the values seen pass from one to the next. */
#define WINDOWS(V, LOAD, AY, AX)                                                                     \
    for (int r = 0; r < AY.taps; r++) {                                                              \
        const int h = AY.origin + p * AY.advance + r * AY.reach, v = AX.origin + q * AX.advance;     \
        if ((uint)h >= (uint)height) continue;                                                       \
        source line = image + (((size_t)b * height + h) * width) * C + c;                            \
        source row = w + (size_t)((AY.weight + r * AY.weight_step) * kw + AX.weight) * C + c;        \
        V seen[NEAR];                                                                                \
        UNROLL for (int k = 0; k < NEAR - 1; k++) seen[k + 1] = COLUMN(V, LOAD, v + k * AX.advance); \
        for (int s = 0; s < AX.taps; s++) {                                                          \
            const V weight = LOAD(row + (ptrdiff_t)s * AX.weight_step * C);                          \
            if (AX.reach == AX.advance) {                                                            \
                UNROLL for (int k = 0; k < NEAR - 1; k++) seen[k] = seen[k + 1];                     \
                seen[NEAR - 1] = COLUMN(V, LOAD, v + (NEAR - 1 + s) * AX.advance);                   \
            } else {                                                                                 \
                UNROLL for (int k = 0; k < NEAR; k++) seen[k] =                                      \
                    COLUMN(V, LOAD, v + k * AX.advance + s * AX.reach);                              \
            }                                                                                        \
            UNROLL for (int k = 0; k < NEAR; k++) sum[k] = fma(seen[k], weight, sum[k]);             \
        }                                                                                            \
    }

#define LOAD_1(p)     (*(p))
#define STORE_1(v, p) (*(p) = (v))
#define LOAD_4(p)     vload4(0, p)
#define STORE_4(v, p) vstore4(v, 0, p)

#define DEPTHWISE(S, V)                                                                                              \
    __kernel void depthwise_gpu_##S(source image, source w, source bias, __global float *restrict y, IMAGES, WINDOW, \
                                    int samples, int activation)                                                     \
    {                                                                                                                \
        const gaze_axis ay = gaze_axis_forward(P, kh, sy, ey, top), ax = gaze_axis_forward(Q, kw, sx, ex, left);     \
        const int height = H, width = W;                                                                             \
        PLACE(S, ay, ax)                                                                                             \
        V sum[NEAR];                                                                                                 \
        UNROLL for (int k = 0; k < NEAR; k++) sum[k] = bias ? LOAD_##S(bias + c) : (V)(0.0f);                        \
        WINDOWS(V, LOAD_##S, ay, ax)                                                                                 \
        __global float *to = y + (((size_t)b * P + p) * Q + q) * C + c;                                              \
        const float low = activation == GAZE_RELU ? 0.0f : -INFINITY;                                                \
        UNROLL for (int k = 0; k < NEAR; k++) if (q + k < Q)                                                         \
            STORE_##S(select(sum[k], (V)(low), sum[k] < low), to + (size_t)k * C);                                   \
        if (activation <= GAZE_RELU) return;                                                                         \
        /* The rarer ones from memory, so that their code is there once. */                                          \
        _Pragma("nounroll") for (int k = 0; k < min(NEAR, Q - q); k++)                                               \
            STORE_##S(gaze_epilogue_##S(activation, LOAD_##S(to + (size_t)k * C)), to + (size_t)k * C);              \
    }

#define DEPTHWISE_INPUT_GRADIENT(S, V)                                                                          \
    __kernel void depthwise_input_gradient_gpu_##S(source image, source w, __global float *restrict dx, IMAGES, \
                                                   WINDOW, int samples)                                         \
    {                                                                                                           \
        const uint2 phase = gaze_split(get_global_id(1), sx);                                                   \
        const int height = P, width = Q;                                                                        \
        const gaze_axis ay = gaze_axis_gradient(H, kh, sy, ey, top, phase.x),                                   \
                        ax = gaze_axis_gradient(W, kw, sx, ex, left, phase.y);                                  \
        PLACE(S, ay, ax)                                                                                        \
        V sum[NEAR];                                                                                            \
        UNROLL for (int k = 0; k < NEAR; k++) sum[k] = (V)(0.0f);                                               \
        WINDOWS(V, LOAD_##S, ay, ax)                                                                            \
        __global float *to = dx + (((size_t)b * H + ay.first + p * ay.step) * W + ax.first) * C + c;            \
        UNROLL for (int k = 0; k < NEAR; k++) if (q + k < ax.n)                                                 \
            STORE_##S(sum[k], to + (size_t)(q + k) * ax.step * C);                                              \
    }

/* Sums of TAPS_EACH taps, s.. of row r of the kernel (group along y), over the rows of y of a part (group along z): items along x
   have channels, those along y every so-manieth row; their sums are added in `sums` [items] in a fixed order. dw [parts][kh,kw,C]. */
#define TAPS_EACH 4
#define DEPTHWISE_KERNEL_GRADIENT(S, V)                                                                                 \
    __kernel void depthwise_kernel_gradient_gpu_##S(source x, source dy, __global float *restrict dw, IMAGES, WINDOW,   \
                                                    int count, int part, __local V *sums)                               \
    {                                                                                                                   \
        const int lane = get_local_id(0), row_lane = get_local_id(1), lanes = get_local_size(0);                        \
        const int wanted = get_global_id(0) * S, c = min(wanted, C - S), width = W;                                     \
        const uint2 tap = gaze_split(get_group_id(1), (kw + TAPS_EACH - 1) / TAPS_EACH);                                \
        const int r = tap.x, s = tap.y * TAPS_EACH;                                                                     \
        const int first = get_group_id(2) * part + row_lane, last = min((int)(get_group_id(2) + 1) * part, count);      \
        V sum[TAPS_EACH];                                                                                               \
        UNROLL for (int k = 0; k < TAPS_EACH; k++) sum[k] = (V)(0.0f);                                                  \
        for (int row = first; row < last; row += get_local_size(1)) {                                                   \
            const uint2 at = gaze_split(row, P);                                                                        \
            const int h = (int)at.y * sy - top + r * ey, v = s * ex - left;                                             \
            if ((uint)h >= (uint)H) continue;                                                                           \
            source line = x + (((size_t)at.x * H + h) * W) * C + c, from = dy + (size_t)row * Q * C + c;                \
            V seen[TAPS_EACH];                                                                                          \
            UNROLL for (int k = 0; k < TAPS_EACH - 1; k++) seen[k + 1] = COLUMN(V, LOAD_##S, v + k * ex);               \
            for (int q = 0; q < Q; q++) {                                                                               \
                const V g = LOAD_##S(from + (size_t)q * C);                                                             \
                if (ex == sx) {                                                                                         \
                    UNROLL for (int k = 0; k < TAPS_EACH - 1; k++) seen[k] = seen[k + 1];                               \
                    seen[TAPS_EACH - 1] = COLUMN(V, LOAD_##S, v + q * sx + (TAPS_EACH - 1) * ex);                       \
                } else {                                                                                                \
                    UNROLL for (int k = 0; k < TAPS_EACH; k++) seen[k] =                                                \
                        COLUMN(V, LOAD_##S, v + q * sx + k * ex);                                                       \
                }                                                                                                       \
                UNROLL for (int k = 0; k < TAPS_EACH; k++) sum[k] = fma(seen[k], g, sum[k]);                            \
            }                                                                                                           \
        }                                                                                                               \
        dw += ((size_t)get_group_id(2) * kh + r) * kw * C + c;                                                          \
        UNROLL for (int k = 0; k < TAPS_EACH; k++)                                                                      \
        {                                                                                                               \
            sums[row_lane * lanes + lane] = sum[k];                                                                     \
            for (int half_rows = get_local_size(1) / 2; half_rows > 0; half_rows /= 2) {                                \
                barrier(CLK_LOCAL_MEM_FENCE);                                                                           \
                if (row_lane < half_rows) sums[row_lane * lanes + lane] += sums[(row_lane + half_rows) * lanes + lane]; \
            }                                                                                                           \
            if (row_lane == 0 && wanted < C && s + k < kw) STORE_##S(sums[lane], dw + (size_t)(s + k) * C);             \
            barrier(CLK_LOCAL_MEM_FENCE);                                                                               \
        }                                                                                                               \
    }

/* Every function of a vector of four channels by itself. */
GAZE_DEFINE_MATH(_4, float4, int4, as_float4, as_int4)
GAZE_DEFINE_EPILOGUE(_4, float4)
#define gaze_epilogue_1 gaze_epilogue1

DEPTHWISE(1, float)
DEPTHWISE(4, float4)
DEPTHWISE_INPUT_GRADIENT(1, float)
DEPTHWISE_INPUT_GRADIENT(4, float4)
DEPTHWISE_KERNEL_GRADIENT(1, float)
DEPTHWISE_KERNEL_GRADIENT(4, float4)
