/* The simple recurrent layer: h = tanh(xw + h_before * kernel). A masked step keeps the state. */
#include "common.h"
#include "recurrence.h"

/* xw [B,T,U], w packed, mask [B,T], h0 [B,U] -> h [B,T,U]; mask and h0 may be null. Arguments as those of
 * lstm.cl. */
GAZE_ONE rnn_steps(GAZE_HERE const __global float *restrict xw, const __global float *restrict w,
                   const __global float *restrict bias, const __global int *restrict mask,
                   const __global float *restrict h0, const __global float *restrict c0,
                   __global float *restrict h, __global float *restrict c, __global float *restrict gates,
                   __global float *restrict scratch, int B, int T, int U, int backwards, int stride,
                   const __global float *restrict x_bias, int D)
{
    const int first = GAZE_AT(0) * GROUP_ROWS, rows = min(GROUP_ROWS, B - first);
    const int width = D + stride;
    __global float *now = scratch + (size_t)GAZE_AT(0) * 2 * GROUP_ROWS * width, *next = now + GROUP_ROWS * width;
    GAZE_ALIGNED float z[GROUP_ROWS * UNITS];
    gaze_state_start(h0 ? h0 + (size_t)first * U : h0, now + D, rows, U, width);
    for (int s = 0; s < T; s++) {
        const int t = backwards ? T - 1 - s : s;
        gaze_put_input(xw + ((size_t)first * T + t) * D, (size_t)T * D, D, rows, now, width);
        for (int u = 0; u < U; u += UNITS) {
            gaze_state_products(now, width, rows, w + (size_t)u * (D + U), s > 0 || h0 ? D + U : D, D + U, 1, z);
            for (int r = 0; r < rows; r++) {
                const size_t step = (size_t)(first + r) * T + t;
                for (int at = u; at < min(u + UNITS, U); at += GAZE_WIDTH) {
                    floatv out = vloadv(0, now + D + r * width + at);
                    if (!mask || mask[step])
                        out = gaze_tanhv(vloadv(0, z + r * UNITS + at - u) +
                                         gaze_load_some(gaze_added(xw, x_bias, D, step, U), at, U - at));
                    gaze_store_part(out, h + step * U + at, U - at);
                    vstorev(out, 0, next + D + r * width + at);
                }
            }
        }
        __global float *free = now;
        now = next;
        next = free;
    }
}

/* w packed transposed, h [B,T,U], mask, dh [B,T,U] -> dz [B,T,U], dh0 [B,U] */
GAZE_ONE rnn_gradient(GAZE_HERE const __global float *restrict w, const __global float *restrict h,
                      const __global float *restrict gates, const __global int *restrict mask,
                      const __global float *restrict h0, const __global float *restrict dh,
                      const __global float *restrict dc, __global float *restrict dz,
                      __global float *restrict dh0, __global float *restrict extra,
                      __global float *restrict scratch, int B, int T, int U, int backwards, int initial,
                      int stride)
{
    const int first = GAZE_AT(0) * GROUP_ROWS, rows = min(GROUP_ROWS, B - first);
    __global float *a = scratch + (size_t)GAZE_AT(0) * GROUP_ROWS * 3 * stride,
                   *carry = a + GROUP_ROWS * stride;
    gaze_state_start(0, carry, rows, stride, stride);
    gaze_gradient_start(a, stride);
    for (int s = T - 1; s >= 0; s--) {
        const int t = backwards ? T - 1 - s : s;
        for (int r = 0; r < rows; r++) {
            const size_t step = (size_t)(first + r) * T + t;
            __global float *state = carry + r * stride;
            const int masked = mask && !mask[step];
            for (int u = 0; u < U; u += GAZE_WIDTH) {
                const floatv y = gaze_load_part(h + step * U + u, U - u, 0.0f);
                const floatv d = vloadv(0, state + u) + gaze_load_some(dh ? dh + step * U : dh, u, U - u);
                const floatv out = masked ? (floatv)(0.0f) : d * (1.0f - y * y);
                vstorev(masked ? d : (floatv)(0.0f), 0, state + u);
                gaze_store_part(out, dz + step * U + u, U - u);
                vstorev(out, 0, a + r * stride + u);
            }
        }
        if (s || initial) gaze_gradient_products(a, stride, rows, w, U, stride, carry);
    }
    gaze_gradient_end(carry, dh0 + (size_t)first * U, rows, U, stride, initial);
}

/* Plain: a group a sample, its items share the units. */
__kernel void rnn_steps_plain(const __global float *restrict xw, const __global float *restrict w,
                              const __global float *restrict bias, const __global int *restrict mask,
                              const __global float *restrict h0, const __global float *restrict c0,
                              __global float *h, __global float *c, __global float *gates, int B, int T,
                              int U, int backwards)
{
    const size_t b = get_group_id(0);
    for (int s = 0; s < T; s++) {
        const int t = backwards ? T - 1 - s : s, before = backwards ? t + 1 : t - 1;
        const size_t step = b * T + t;
        const __global float *h_before = s ? h + (b * T + before) * U : h0 ? h0 + b * U : h0;
        for (int u = get_local_id(0); u < U; u += get_local_size(0))
            if (mask && !mask[step])
                h[step * U + u] = h_before ? h_before[u] : 0.0f;
            else
                h[step * U + u] = gaze_tanh1(xw[step * U + u] + gaze_column(h_before, w + u, U, U));
        barrier(CLK_GLOBAL_MEM_FENCE);
    }
}

__kernel void rnn_gradient_plain(const __global float *restrict w, const __global float *restrict h,
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
        const size_t step = b * T + (backwards ? T - 1 - s : s);
        const int masked = mask && !mask[step];
        for (int u = lane; u < U; u += lanes) {
            const float y = h[step * U + u], d = dh0[u] + (dh ? dh[step * U + u] : 0.0f);
            dz[step * U + u] = masked ? 0.0f : d * (1.0f - y * y);
            dh0[u] = masked ? d : 0.0f;
        }
        barrier(CLK_GLOBAL_MEM_FENCE);
        for (int u = lane; (s || initial) && u < U; u += lanes)
            dh0[u] += gaze_row(dz + step * U, w + (size_t)u * U, U);
    }
    for (int u = lane; !initial && u < U; u += lanes) dh0[u] = 0.0f;
}
