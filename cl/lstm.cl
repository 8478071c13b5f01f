/* Long short-term memory. Gates i f c o: c_t = f c_before + i c, h = o tanh(c_t). A masked step keeps both
 * states. */
#include "common.h"
#include "recurrence.h"

#define GATES 4
#define LANES (GATES * UNITS)

/* The gates of one row, in place of the products z, UNITS floats apart: a vector of units of each. One division for the four
   quotients, whose divisors are 1 to 2. */
static inline void gaze_lstm_gates(float *z, const __global float *xw, int U, int at, int count)
{
    floatv of[GATES], by[GATES];
#pragma unroll
    for (int g = 0; g < GATES; g++) {
        const floatv x = vloadv(0, z + g * UNITS) + gaze_load_some(xw, g * U + at, count);
        of[g] = g == 2 ? gaze_tanh_ofv(x, by + g) : gaze_sigmoid_ofv(x, by + g);
    }
    const floatv if_ = by[0] * by[1], co = by[2] * by[3], all = 1.0f / (if_ * co), by_if = all * co, by_co = all * if_;
    vstorev(of[0] * (by[1] * by_if), 0, z);
    vstorev(of[1] * (by[0] * by_if), 0, z + UNITS);
    vstorev(of[2] * (by[3] * by_co), 0, z + 2 * UNITS);
    vstorev(of[3] * (by[2] * by_co), 0, z + 3 * UNITS);
}

/* One vector of units of one row. z: the gates; at: first unit; count: units left. */
static inline void gaze_lstm_cell(const float *z, const __global float *c_before, __global float *h, __global float *c,
                                  __global float *gates, __global float *state, int U, int at, int count)
{
    const floatv i = vloadv(0, z), f = vloadv(0, z + UNITS), g = vloadv(0, z + 2 * UNITS), o = vloadv(0, z + 3 * UNITS);
    const floatv cell = fma(f, gaze_load_some(c_before, at, count), i * g), out = o * gaze_tanhv(cell);
    gaze_store_part(cell, c + at, count);
    gaze_store_part(out, h + at, count);
    vstorev(out, 0, state + at);
    for (int k = 0; gates && k < GATES; k++) gaze_store_part(vloadv(0, z + k * UNITS), gates + k * U + at, count);
}

static inline void gaze_lstm_hold(const __global float *c_before, __global float *h, __global float *c,
                                  __global float *gates, const __global float *now, __global float *state,
                                  int U, int at, int count)
{
    const floatv out = vloadv(0, now + at);
    gaze_store_part(gaze_load_some(c_before, at, count), c + at, count);
    gaze_store_part(out, h + at, count);
    vstorev(out, 0, state + at);
    for (int g = 0; gates && g < GATES; g++) gaze_store_part(0.0f, gates + g * U + at, count);
}

/* What a row writes `later`, in training, for units at .. at + count: on its way while others are multiplied. */
static inline void gaze_lstm_ask(const __global float *h, const __global float *c, const __global float *gates, size_t later, int U,
                                 int at, int count)
{
    for (int g = 0; g < GATES; g++) gaze_prefetch_to(gates + (later * GATES + g) * U + at, count);
    gaze_prefetch_to(h + later * U + at, count);
    gaze_prefetch_to(c + later * U + at, count);
}

/* xw [B,T,4U], w packed, mask [B,T], h0 c0 [B,U] -> h c [B,T,U], gates [B,T,4U]; mask, h0, c0, gates may be
   null. D > 0: xw is the input [B,T,D], whose kernel stands before the state's in w, and its bias x_bias [4U] or null. */
GAZE_ONE lstm_steps(GAZE_HERE const __global float *restrict xw, const __global float *restrict w,
                    const __global float *restrict bias, const __global int *restrict mask,
                    const __global float *restrict h0, const __global float *restrict c0,
                    __global float *restrict h, __global float *restrict c, __global float *restrict gates,
                    __global float *restrict scratch, int B, int T, int U, int backwards, int stride,
                    const __global float *restrict x_bias, int D)
{
    const int first = GAZE_AT(0) * GROUP_ROWS, rows = min(GROUP_ROWS, B - first);
    const int width = D + stride;
    __global float *now = scratch + (size_t)GAZE_AT(0) * 2 * GROUP_ROWS * width, *next = now + GROUP_ROWS * width;
    GAZE_ALIGNED float z[GROUP_ROWS * LANES];
    gaze_state_start(h0 ? h0 + (size_t)first * U : h0, now + D, rows, U, width);
    for (int s = 0; s < T; s++) {
        const int t = backwards ? T - 1 - s : s, before = backwards ? t + 1 : t - 1;
        gaze_put_input(xw + ((size_t)first * T + t) * D, (size_t)T * D, D, rows, now, width);
        for (int u = 0; u < U; u += UNITS) {
            gaze_state_products(now, width, rows, w + (size_t)u * GATES * (D + U), s > 0 || h0 ? D + U : D, D + U, GATES, z);
            const int end = min(u + UNITS, U);
            for (int r = 0; r < rows; r++)
                for (int at = u; at < end; at += GAZE_WIDTH)
                    gaze_lstm_gates(z + r * LANES + at - u, gaze_added(xw, x_bias, D, (size_t)(first + r) * T + t, GATES * U), U, at, U - at);
            for (int r = 0; r < rows; r++) {
                const size_t b = first + r, step = b * T + t;
                const __global float *c_before = s ? c + (b * T + before) * U : c0 ? c0 + b * U : c0;
                __global float *kept = gates ? gates + step * GATES * U : gates;
                if (gates && s + 1 < T) gaze_lstm_ask(h, c, gates, backwards ? step - 1 : step + 1, U, u, end - u);
                for (int at = u; at < end; at += GAZE_WIDTH)
                    if (mask && !mask[step])
                        gaze_lstm_hold(c_before, h + step * U, c + step * U, kept, now + D + r * width, next + D + r * width, U,
                                       at, U - at);
                    else
                        gaze_lstm_cell(z + r * LANES + at - u, c_before, h + step * U, c + step * U, kept,
                                       next + D + r * width, U, at, U - at);
            }
        }
        __global float *free = now;
        now = next;
        next = free;
    }
}

/* One vector of units of one row, backwards: the gradients of the gates to dz and a; dh is used up, dc
   becomes that of the step before. */
static inline void gaze_lstm_cell_gradient(const __global float *gates, const __global float *c,
                                           const __global float *c_before, floatv dh, __global float *dc,
                                           __global float *dz, __global float *a, int U, int stride, int at,
                                           int count)
{
    const floatv i = gaze_load_part(gates + at, count, 0.0f), f = gaze_load_part(gates + U + at, count, 0.0f);
    const floatv g = gaze_load_part(gates + 2 * U + at, count, 0.0f),
                 o = gaze_load_part(gates + 3 * U + at, count, 0.0f);
    const floatv t = gaze_tanhv(gaze_load_part(c + at, count, 0.0f)); /* h = o tanh(c_t) */
    const floatv d = fma(dh * o, 1.0f - t * t, vloadv(0, dc + at));   /* c_t = f c_before + i c */
    const floatv di = d * g * i * (1.0f - i), df = d * gaze_load_some(c_before, at, count) * f * (1.0f - f);
    const floatv dg = d * i * (1.0f - g * g), do_ = dh * t * o * (1.0f - o);
    vstorev(d * f, 0, dc + at);
    gaze_store_part(di, dz + at, count);
    gaze_store_part(df, dz + U + at, count);
    gaze_store_part(dg, dz + 2 * U + at, count);
    gaze_store_part(do_, dz + 3 * U + at, count);
    vstorev(di, 0, a + at);
    vstorev(df, 0, a + stride + at);
    vstorev(dg, 0, a + 2 * stride + at);
    vstorev(do_, 0, a + 3 * stride + at);
}

/* The same of the gradient: what a row reads and writes `later`, and the cell before it, where there is one. */
static inline void gaze_lstm_ask_gradient(const __global float *c_before, const __global float *gates, const __global float *dh,
                                          const __global float *dz, size_t later, int U, int at)
{
    for (int g = 0; g < GATES; g++) {
        gaze_prefetch(gates + (later * GATES + g) * U + at, GAZE_WIDTH);
        gaze_prefetch_to(dz + (later * GATES + g) * U + at, GAZE_WIDTH);
    }
    if (dh) gaze_prefetch(dh + later * U + at, GAZE_WIDTH);
    if (c_before) gaze_prefetch(c_before + at, GAZE_WIDTH);
}

/* w packed transposed, c [B,T,U], gates, mask, c0, dh dc [B,T,U] -> dz [B,T,4U], dh0 dc0 [B,U] */
GAZE_ONE lstm_gradient(GAZE_HERE const __global float *restrict w, const __global float *restrict c,
                       const __global float *restrict gates, const __global int *restrict mask,
                       const __global float *restrict c0, const __global float *restrict dh,
                       const __global float *restrict dc, __global float *restrict dz,
                       __global float *restrict dh0, __global float *restrict dc0,
                       __global float *restrict scratch, int B, int T, int U, int backwards, int initial,
                       int stride)
{
    const int first = GAZE_AT(0) * GROUP_ROWS, rows = min(GROUP_ROWS, B - first);
    __global float *a = scratch + (size_t)GAZE_AT(0) * GROUP_ROWS * (GATES + 2) * stride,
                   *carry_h = a + GROUP_ROWS * GATES * stride, *carry_c = carry_h + GROUP_ROWS * stride;
    gaze_state_start(0, carry_h, rows, stride, stride);
    gaze_state_start(0, carry_c, rows, stride, stride);
    gaze_gradient_start(a, GATES * stride);
    for (int s = T - 1; s >= 0; s--) {
        const int t = backwards ? T - 1 - s : s, before = backwards ? t + 1 : t - 1;
        for (int r = 0; r < rows; r++) {
            const size_t b = first + r, step = b * T + t;
            const __global float *c_before = s ? c + (b * T + before) * U : c0 ? c0 + b * U : c0;
            __global float *row_h = carry_h + r * stride, *row_c = carry_c + r * stride,
                           *row_a = a + r * GATES * stride;
            const int masked = mask && !mask[step];
            const size_t later = b * T + before;
            const __global float *c_later = s > 1 ? c + (backwards ? later + 1 : later - 1) * U : 0;
            for (int u = 0; u < U; u += GAZE_WIDTH) {
                if (s) gaze_lstm_ask_gradient(c_later, gates, dh, dz, later, U, u);
                const floatv d = vloadv(0, row_h + u) + gaze_load_some(dh ? dh + step * U : dh, u, U - u);
                if (dc)
                    vstorev(vloadv(0, row_c + u) + gaze_load_part(dc + step * U + u, U - u, 0.0f), 0,
                            row_c + u);
                vstorev(masked ? d : (floatv)(0.0f), 0, row_h + u);
                if (masked)
                    gaze_gradient_hold(GATES, dz + step * GATES * U, row_a, U, stride, u);
                else
                    gaze_lstm_cell_gradient(gates + step * GATES * U, c + step * U, c_before, d, row_c,
                                            dz + step * GATES * U, row_a, U, stride, u, U - u);
            }
        }
        if (s || initial) gaze_gradient_products(a, GATES * stride, rows, w, U, stride, carry_h);
    }
    gaze_gradient_end(carry_h, dh0 + (size_t)first * U, rows, U, stride, initial);
    gaze_gradient_end(carry_c, dc0 + (size_t)first * U, rows, U, stride, initial);
}

/* Plain: a group a sample, its items share the units. */
__kernel void lstm_steps_plain(const __global float *restrict xw, const __global float *restrict w,
                               const __global float *restrict bias, const __global int *restrict mask,
                               const __global float *restrict h0, const __global float *restrict c0,
                               __global float *h, __global float *c, __global float *restrict gates, int B,
                               int T, int U, int backwards)
{
    const size_t b = get_group_id(0);
    for (int s = 0; s < T; s++) {
        const int t = backwards ? T - 1 - s : s, before = backwards ? t + 1 : t - 1;
        const size_t step = b * T + t;
        const __global float *h_before = s ? h + (b * T + before) * U : h0 ? h0 + b * U : h0;
        const __global float *c_before = s ? c + (b * T + before) * U : c0 ? c0 + b * U : c0;
        for (int u = get_local_id(0); u < U; u += get_local_size(0)) {
            const float state = c_before ? c_before[u] : 0.0f;
            float g[GATES] = {0.0f, 0.0f, 0.0f, 0.0f};
            if (mask && !mask[step]) {
                h[step * U + u] = h_before ? h_before[u] : 0.0f;
                c[step * U + u] = state;
            } else {
                for (int i = 0; i < GATES; i++)
                    g[i] =
                        xw[(step * GATES + i) * U + u] + gaze_column(h_before, w + i * U + u, U, GATES * U);
                for (int i = 0; i < GATES; i++) g[i] = i == 2 ? gaze_tanh1(g[i]) : gaze_sigmoid1(g[i]);
                c[step * U + u] = fma(g[1], state, g[0] * g[2]);
                h[step * U + u] = g[3] * gaze_tanh1(c[step * U + u]);
            }
            for (int i = 0; gates && i < GATES; i++) gates[(step * GATES + i) * U + u] = g[i];
        }
        barrier(CLK_GLOBAL_MEM_FENCE);
    }
}

__kernel void lstm_gradient_plain(const __global float *restrict w, const __global float *restrict c,
                                  const __global float *restrict gates, const __global int *restrict mask,
                                  const __global float *restrict c0, const __global float *restrict dh,
                                  const __global float *restrict dc, __global float *dz, __global float *dh0,
                                  __global float *dc0, int B, int T, int U, int backwards, int initial)
{
    const size_t b = get_group_id(0);
    const int lane = get_local_id(0), lanes = get_local_size(0);
    dh0 += b * U;
    dc0 += b * U;
    for (int u = lane; u < U; u += lanes) dh0[u] = dc0[u] = 0.0f;
    for (int s = T - 1; s >= 0; s--) {
        const int t = backwards ? T - 1 - s : s, before = backwards ? t + 1 : t - 1;
        const size_t step = b * T + t;
        const __global float *c_before = s ? c + (b * T + before) * U : c0 ? c0 + b * U : c0;
        const __global float *kept = gates + step * GATES * U;
        __global float *to = dz + step * GATES * U;
        const int masked = mask && !mask[step];
        for (int u = lane; u < U; u += lanes) {
            const float d = dh0[u] + (dh ? dh[step * U + u] : 0.0f),
                        dcell = dc0[u] + (dc ? dc[step * U + u] : 0.0f);
            const float i = kept[u], f = kept[U + u], g = kept[2 * U + u], o = kept[3 * U + u];
            const float tanh_c = gaze_tanh1(c[step * U + u]),
                        total = fma(d * o, 1.0f - tanh_c * tanh_c, dcell);
            to[u] = masked ? 0.0f : total * g * i * (1.0f - i);
            to[U + u] = masked || !c_before ? 0.0f : total * c_before[u] * f * (1.0f - f);
            to[2 * U + u] = masked ? 0.0f : total * i * (1.0f - g * g);
            to[3 * U + u] = masked ? 0.0f : d * tanh_c * o * (1.0f - o);
            dc0[u] = masked ? dcell : total * f;
            dh0[u] = masked ? d : 0.0f;
        }
        barrier(CLK_GLOBAL_MEM_FENCE);
        for (int u = lane; (s || initial) && u < U; u += lanes)
            dh0[u] += gaze_row(to, w + (size_t)u * GATES * U, GATES * U);
    }
    for (int u = lane; !initial && u < U; u += lanes) dh0[u] = dc0[u] = 0.0f;
}
