/* The gated recurrent unit. Gates z r n; q = h_before * kernel + its bias in gate n: n = tanh(xw + bias + r
   q), h = z h_before + (1 - z) n. z, r, n and q are kept. A masked step keeps the state. Then the older form,
   whose reset gate stands before the product. */
#include "common.h"
#include "recurrence.h"

#define GATES 3
#define KEPT  4
#define LANES (GATES * UNITS)

/* Both rows of the bias [2,3U] in gate g, or one. */
static inline floatv gaze_gru_bias(const __global float *bias, int row, int g, int U, int at, int count)
{
    return gaze_load_some(bias ? bias + (row * GATES + g) * U : bias, at, count);
}

/* One vector of units of one row. z: the gates' products, UNITS floats apart; at: first unit; count: units
 * left. */
static inline void gaze_gru_cell(const float *z, const __global float *xw, const __global float *bias,
                                 const __global float *now, __global float *h, __global float *gates,
                                 __global float *state, int U, int at, int count)
{
    floatv sum[2];
    for (int g = 0; g < 2; g++)
        sum[g] = gaze_sigmoidv(
            vloadv(0, z + g * UNITS) + gaze_load_part(xw + g * U + at, count, 0.0f) +
            (gaze_gru_bias(bias, 0, g, U, at, count) + gaze_gru_bias(bias, 1, g, U, at, count)));
    const floatv q = vloadv(0, z + 2 * UNITS) + gaze_gru_bias(bias, 1, 2, U, at, count);
    const floatv x = gaze_load_part(xw + 2 * U + at, count, 0.0f) + gaze_gru_bias(bias, 0, 2, U, at, count);
    const floatv n = gaze_tanhv(fma(sum[1], q, x)), out = fma(sum[0], vloadv(0, now + at) - n, n);
    gaze_store_part(out, h + at, count);
    vstorev(out, 0, state + at);
    if (!gates) return;
    gaze_store_part(sum[0], gates + at, count);
    gaze_store_part(sum[1], gates + U + at, count);
    gaze_store_part(n, gates + 2 * U + at, count);
    gaze_store_part(q, gates + 3 * U + at, count);
}

static inline void gaze_gru_hold(__global float *h, __global float *gates, const __global float *now,
                                 __global float *state, int U, int at, int count)
{
    const floatv out = vloadv(0, now + at);
    gaze_store_part(out, h + at, count);
    vstorev(out, 0, state + at);
    for (int g = 0; gates && g < KEPT; g++) gaze_store_part(0.0f, gates + g * U + at, count);
}

/* xw [B,T,3U], w packed, bias [2,3U], mask [B,T], h0 [B,U] -> h [B,T,U], gates [B,T,4U]; bias, mask, h0 and
   gates may be null. Arguments as those of lstm.cl, but D is 0: r multiplies the state's part of the products alone. */
GAZE_ONE gru_steps(GAZE_HERE const __global float *restrict xw, const __global float *restrict w,
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
        const int t = backwards ? T - 1 - s : s;
        for (int u = 0; u < U; u += UNITS) {
            gaze_state_products(now, width, rows, w + (size_t)u * GATES * U, s > 0 || h0 ? U : 0, U, GATES, z);
            for (int r = 0; r < rows; r++) {
                const size_t step = (size_t)(first + r) * T + t;
                __global float *kept = gates ? gates + step * KEPT * U : gates;
                for (int at = u; at < min(u + UNITS, U); at += GAZE_WIDTH)
                    if (mask && !mask[step])
                        gaze_gru_hold(h + step * U, kept, now + D + r * width, next + D + r * width, U, at, U - at);
                    else
                        gaze_gru_cell(z + r * LANES + at - u, xw + step * GATES * U, bias, now + D + r * width,
                                      h + step * U, kept, next + D + r * width, U, at, U - at);
            }
        }
        __global float *free = now;
        now = next;
        next = free;
    }
}

/* One vector of units of one row, backwards: the gradients of the gates to dz, of the products to dq and a.
   Returns what goes straight to the state before. */
static inline floatv gaze_gru_cell_gradient(const __global float *kept, floatv before, floatv dh,
                                            __global float *dz, __global float *dq, __global float *a, int U,
                                            int stride, int at, int count)
{
    const floatv z = gaze_load_part(kept + at, count, 0.0f), r = gaze_load_part(kept + U + at, count, 0.0f);
    const floatv n = gaze_load_part(kept + 2 * U + at, count, 0.0f),
                 q = gaze_load_part(kept + 3 * U + at, count, 0.0f);
    const floatv dn = dh * (1.0f - z) * (1.0f - n * n), dr = dn * q * r * (1.0f - r);
    const floatv dzz = dh * (before - n) * z * (1.0f - z);
    gaze_store_part(dzz, dz + at, count);
    gaze_store_part(dr, dz + U + at, count);
    gaze_store_part(dn, dz + 2 * U + at, count);
    gaze_store_part(dzz, dq + at, count);
    gaze_store_part(dr, dq + U + at, count);
    gaze_store_part(dn * r, dq + 2 * U + at, count);
    vstorev(dzz, 0, a + at);
    vstorev(dr, 0, a + stride + at);
    vstorev(dn * r, 0, a + 2 * stride + at);
    return dh * z;
}

/* w packed transposed, h [B,T,U], gates, mask, h0, dh [B,T,U] -> dz [B,T,3U] of xw, dh0 [B,U], dq [B,T,3U] of
   the products */
GAZE_ONE gru_gradient(GAZE_HERE const __global float *restrict w, const __global float *restrict h,
                      const __global float *restrict gates, const __global int *restrict mask,
                      const __global float *restrict h0, const __global float *restrict dh,
                      const __global float *restrict dc, __global float *restrict dz,
                      __global float *restrict dh0, __global float *restrict dq,
                      __global float *restrict scratch, int B, int T, int U, int backwards, int initial,
                      int stride)
{
    const int first = GAZE_AT(0) * GROUP_ROWS, rows = min(GROUP_ROWS, B - first);
    __global float *a = scratch + (size_t)GAZE_AT(0) * GROUP_ROWS * (GATES + 2) * stride,
                   *carry = a + GROUP_ROWS * GATES * stride;
    gaze_state_start(0, carry, rows, stride, stride);
    gaze_gradient_start(a, GATES * stride);
    for (int s = T - 1; s >= 0; s--) {
        const int t = backwards ? T - 1 - s : s, before = backwards ? t + 1 : t - 1;
        for (int r = 0; r < rows; r++) {
            const size_t b = first + r, step = b * T + t;
            const __global float *h_before = s ? h + (b * T + before) * U : h0 ? h0 + b * U : h0;
            __global float *row = carry + r * stride, *row_a = a + r * GATES * stride;
            const int masked = mask && !mask[step];
            for (int u = 0; u < U; u += GAZE_WIDTH) {
                floatv d = vloadv(0, row + u) + gaze_load_some(dh ? dh + step * U : dh, u, U - u);
                if (masked) {
                    gaze_gradient_hold(GATES, dz + step * GATES * U, row_a, U, stride, u);
                    gaze_gradient_hold(GATES, dq + step * GATES * U, row_a, U, stride, u);
                } else {
                    d = gaze_gru_cell_gradient(gates + step * KEPT * U, gaze_load_some(h_before, u, U - u), d,
                                               dz + step * GATES * U, dq + step * GATES * U, row_a, U, stride,
                                               u, U - u);
                }
                vstorev(d, 0, row + u);
            }
        }
        if (s || initial) gaze_gradient_products(a, GATES * stride, rows, w, U, stride, carry);
    }
    gaze_gradient_end(carry, dh0 + (size_t)first * U, rows, U, stride, initial);
}

/* Plain: a group a sample, its items share the units. */
__kernel void gru_steps_plain(const __global float *restrict xw, const __global float *restrict w,
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
        const __global float *x = xw + step * GATES * U;
        for (int u = get_local_id(0); u < U; u += get_local_size(0)) {
            const float state = h_before ? h_before[u] : 0.0f;
            float g[KEPT] = {0.0f, 0.0f, 0.0f, 0.0f}, out = state;
            if (!mask || mask[step]) {
                float sum[GATES], input[GATES];
                for (int i = 0; i < GATES; i++) {
                    sum[i] = gaze_column(h_before, w + i * U + u, U, GATES * U) +
                             (bias ? bias[(GATES + i) * U + u] : 0.0f);
                    input[i] = x[i * U + u] + (bias ? bias[i * U + u] : 0.0f);
                }
                g[0] = gaze_sigmoid1(input[0] + sum[0]);
                g[1] = gaze_sigmoid1(input[1] + sum[1]);
                g[2] = gaze_tanh1(fma(g[1], sum[2], input[2]));
                g[3] = sum[2];
                out = fma(g[0], state - g[2], g[2]);
            }
            h[step * U + u] = out;
            for (int i = 0; gates && i < KEPT; i++) gates[(step * KEPT + i) * U + u] = g[i];
        }
        barrier(CLK_GLOBAL_MEM_FENCE);
    }
}

__kernel void gru_gradient_plain(const __global float *restrict w, const __global float *restrict h,
                                 const __global float *restrict gates, const __global int *restrict mask,
                                 const __global float *restrict h0, const __global float *restrict dh,
                                 const __global float *restrict dc, __global float *dz, __global float *dh0,
                                 __global float *dq, int B, int T, int U, int backwards, int initial)
{
    const size_t b = get_group_id(0);
    const int lane = get_local_id(0), lanes = get_local_size(0);
    dh0 += b * U;
    for (int u = lane; u < U; u += lanes) dh0[u] = 0.0f;
    for (int s = T - 1; s >= 0; s--) {
        const int t = backwards ? T - 1 - s : s, before = backwards ? t + 1 : t - 1;
        const size_t step = b * T + t;
        const __global float *h_before = s ? h + (b * T + before) * U : h0 ? h0 + b * U : h0;
        const __global float *kept = gates + step * KEPT * U;
        __global float *to = dz + step * GATES * U, *products = dq + step * GATES * U;
        const int masked = mask && !mask[step];
        for (int u = lane; u < U; u += lanes) {
            const float d = dh0[u] + (dh ? dh[step * U + u] : 0.0f), state = h_before ? h_before[u] : 0.0f;
            const float z = kept[u], r = kept[U + u], n = kept[2 * U + u], q = kept[3 * U + u];
            const float dn = masked ? 0.0f : d * (1.0f - z) * (1.0f - n * n);
            to[u] = products[u] = masked ? 0.0f : d * (state - n) * z * (1.0f - z);
            to[U + u] = products[U + u] = masked ? 0.0f : dn * q * r * (1.0f - r);
            to[2 * U + u] = dn;
            products[2 * U + u] = masked ? 0.0f : dn * r;
            dh0[u] = masked ? d : d * z;
        }
        barrier(CLK_GLOBAL_MEM_FENCE);
        for (int u = lane; (s || initial) && u < U; u += lanes)
            dh0[u] += gaze_row(products, w + (size_t)u * GATES * U, GATES * U);
    }
    for (int u = lane; !initial && u < U; u += lanes) dh0[u] = 0.0f;
}

/* The reset gate before the product: q = r h_before, n = tanh(xw + q * kernel). */
__kernel void gru_reset_before_plain(const __global float *restrict xw, const __global float *restrict w,
                                     const __global float *restrict bias, const __global int *restrict mask,
                                     const __global float *restrict h0, const __global float *restrict c0,
                                     __global float *h, __global float *c, __global float *gates, int B,
                                     int T, int U, int backwards)
{
    const size_t b = get_group_id(0);
    const int lane = get_local_id(0), lanes = get_local_size(0);
    for (int s = 0; s < T; s++) {
        const int t = backwards ? T - 1 - s : s, before = backwards ? t + 1 : t - 1;
        const size_t step = b * T + t;
        const __global float *h_before = s ? h + (b * T + before) * U : h0 ? h0 + b * U : h0;
        const __global float *x = xw + step * GATES * U;
        __global float *kept = gates + step * KEPT * U;
        const int masked = mask && !mask[step];
        for (int u = lane; u < U; u += lanes) {
            for (int i = 0; i < 2; i++)
                kept[i * U + u] =
                    masked ? 0.0f
                           : gaze_sigmoid1(x[i * U + u] + gaze_column(h_before, w + i * U + u, U, GATES * U));
            kept[3 * U + u] = h_before ? kept[U + u] * h_before[u] : 0.0f;
        }
        barrier(CLK_GLOBAL_MEM_FENCE);
        for (int u = lane; u < U; u += lanes) {
            const float state = h_before ? h_before[u] : 0.0f;
            const float n =
                masked ? 0.0f
                       : gaze_tanh1(x[2 * U + u] + gaze_column(kept + 3 * U, w + 2 * U + u, U, GATES * U));
            kept[2 * U + u] = n;
            h[step * U + u] = masked ? state : fma(kept[u], state - n, n);
        }
        barrier(CLK_GLOBAL_MEM_FENCE);
    }
}

__kernel void
gru_reset_before_gradient_plain(const __global float *restrict w, const __global float *restrict h,
                                const __global float *restrict gates, const __global int *restrict mask,
                                const __global float *restrict h0, const __global float *restrict dh,
                                const __global float *restrict dc, __global float *dz, __global float *dh0,
                                __global float *extra, int B, int T, int U, int backwards, int initial)
{
    const size_t b = get_group_id(0);
    const int lane = get_local_id(0), lanes = get_local_size(0);
    dh0 += b * U;
    for (int u = lane; u < U; u += lanes) dh0[u] = 0.0f;
    for (int s = T - 1; s >= 0; s--) {
        const int t = backwards ? T - 1 - s : s, before = backwards ? t + 1 : t - 1;
        const size_t step = b * T + t;
        const __global float *h_before = s ? h + (b * T + before) * U : h0 ? h0 + b * U : h0;
        const __global float *kept = gates + step * KEPT * U;
        __global float *to = dz + step * GATES * U;
        const int masked = mask && !mask[step];
        for (int u = lane; u < U; u += lanes) {
            const float d = dh0[u] + (dh ? dh[step * U + u] : 0.0f), state = h_before ? h_before[u] : 0.0f;
            const float z = kept[u], n = kept[2 * U + u];
            to[u] = masked ? 0.0f : d * (state - n) * z * (1.0f - z);
            to[2 * U + u] = masked ? 0.0f : d * (1.0f - z) * (1.0f - n * n);
            dh0[u] = masked ? d : d * z;
        }
        barrier(CLK_GLOBAL_MEM_FENCE);
        for (int u = lane; u < U; u += lanes) {
            const float r = kept[U + u], state = h_before ? h_before[u] : 0.0f;
            const float d = masked ? 0.0f : gaze_row(to + 2 * U, w + ((size_t)u * GATES + 2) * U, U);
            to[U + u] = masked ? 0.0f : d * state * r * (1.0f - r);
            dh0[u] += d * r;
        }
        barrier(CLK_GLOBAL_MEM_FENCE);
        for (int u = lane; (s || initial) && u < U; u += lanes)
            dh0[u] += gaze_row(to, w + (size_t)u * GATES * U, 2 * U);
    }
    for (int u = lane; !initial && u < U; u += lanes) dh0[u] = 0.0f;
}
