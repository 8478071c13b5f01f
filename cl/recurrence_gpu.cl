/* Recurrent layers on a GPU: lstm, gru (its reset gate after the product) and the simple layer, by GATES; formulas as in lstm.cl,
   gru.cl and rnn.cl. A launch makes the steps from .. to - 1: all of them where a group owns all units, else one. */
#include "common.h"
#include "recurrence_gpu.h"

/* Unit u of one sample. z: the products with the state, SAMPLES apart; x: of this step; returns the new state. */
#if GATES == 4
static inline float gaze_unit(const float *z, const __global float *x, const __global float *bias, float before,
                              const __global float *c_before, __global float *c, __global float *kept, int U, int u)
{
    const float i = gaze_sigmoid1(x[u] + z[0]), f = gaze_sigmoid1(x[U + u] + z[SAMPLES]);
    const float g = gaze_tanh1(x[2 * U + u] + z[2 * SAMPLES]), o = gaze_sigmoid1(x[3 * U + u] + z[3 * SAMPLES]);
    const float cell = fma(f, c_before ? c_before[u] : 0.0f, i * g);
    c[u] = cell;
    if (kept) {
        kept[u] = i;
        kept[U + u] = f;
        kept[2 * U + u] = g;
        kept[3 * U + u] = o;
    }
    return o * gaze_tanh1(cell);
}
#elif GATES == 3
static inline float gaze_unit(const float *z, const __global float *x, const __global float *bias, float before,
                              const __global float *c_before, __global float *c, __global float *kept, int U, int u)
{
    float input[GATES], product[GATES];
#pragma unroll
    for (int g = 0; g < GATES; g++) {
        input[g] = x[g * U + u] + (bias ? bias[g * U + u] : 0.0f);
        product[g] = z[g * SAMPLES] + (bias ? bias[(GATES + g) * U + u] : 0.0f);
    }
    const float update = gaze_sigmoid1(input[0] + product[0]), reset = gaze_sigmoid1(input[1] + product[1]);
    const float n = gaze_tanh1(fma(reset, product[2], input[2]));
    if (kept) {
        kept[u] = update;
        kept[U + u] = reset;
        kept[2 * U + u] = n;
        kept[3 * U + u] = product[2];
    }
    return fma(update, before - n, n);
}
#else
static inline float gaze_unit(const float *z, const __global float *x, const __global float *bias, float before,
                              const __global float *c_before, __global float *c, __global float *kept, int U, int u)
{
    return gaze_tanh1(x[u] + z[0]);
}
#endif

/* A masked step keeps both states. */
static inline void gaze_hold(const __global float *c_before, __global float *c, __global float *kept, int U, int u)
{
    if (c) c[u] = c_before ? c_before[u] : 0.0f;
    for (int g = 0; kept && g < KEPT; g++) kept[g * U + u] = 0.0f;
}

/* The gates' products with the state, for all samples: z [GATES][SAMPLES] */
static inline void gaze_products(const __local samplev *state, const __global float *w, int count, int U, int u, float *z)
{
    samplev sum[GATES];
#pragma unroll
    for (int g = 0; g < GATES; g++) sum[g] = 0.0f;
    w += u;
#pragma unroll 4
    for (int k = 0; k < count; k++, w += GATES * U) {
        const samplev v = state[k];
#pragma unroll
        for (int g = 0; g < GATES; g++) sum[g] = fma(v, (samplev)(w[g * U]), sum[g]);
    }
#pragma unroll
    for (int g = 0; g < GATES; g++) gaze_split(sum[g], z + g * SAMPLES);
}

/* xw [B,T,GATES U], w [U,GATES U], bias [2,3U] of gru, mask [B,T], h0 c0 [B,U] -> h, c of lstm [B,T,U], gates [B,T,4U]; all but xw, w
   and h may be null. state: 2 U vectors. Group (i, j) owns samples from i SAMPLES on and `units` units from j units on. */
__kernel void recurrence_gpu(const __global float *restrict xw, const __global float *restrict w,
                             const __global float *restrict bias, const __global int *restrict mask,
                             const __global float *restrict h0, const __global float *restrict c0, __global float *h,
                             __global float *c, __global float *restrict gates, __local samplev *state, int B, int T, int U,
                             int backwards, int from, int to, int units)
{
    const int lane = get_local_id(0), lanes = get_local_size(0), begin = get_group_id(1) * units, end = min(U, begin + units);
    const size_t first = get_group_id(0) * SAMPLES, stride = (size_t)T * U;
    const int samples = min(SAMPLES, (int)(B - first));
    __local samplev *now = state, *next = state + U;
    const __global float *start = from ? h + (first * T + gaze_step_at(from - 1, T, backwards)) * U : h0 ? h0 + first * U : h0;
    for (int u = lane; u < U; u += lanes) now[u] = gaze_gather(start, from ? stride : U, samples, u);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int s = from; s < to; s++) {
        const int t = gaze_step_at(s, T, backwards), before = gaze_step_at(s - 1, T, backwards);
        for (int u = begin + lane; u < end; u += lanes) {
            float z[GATES * SAMPLES], value[SAMPLES];
            gaze_products(now, w, s || h0 ? U : 0, U, u, z);
            gaze_split(now[u], value);
#pragma unroll
            for (int r = 0; r < SAMPLES; r++) {
                const size_t b = first + r, step = b * T + t;
                if (r >= samples) continue;
                const __global float *c_before = GATES != 4 ? 0 : s ? c + (b * T + before) * U : c0 ? c0 + b * U : c0;
                __global float *cell = GATES == 4 ? c + step * U : 0, *kept = gates ? gates + step * KEPT * U : gates;
                if (mask && !mask[step])
                    gaze_hold(c_before, cell, kept, U, u);
                else
                    value[r] = gaze_unit(z + r, xw + step * GATES * U, bias, value[r], c_before, cell, kept, U, u);
                h[step * U + u] = value[r];
            }
            next[u] = gaze_collect(value);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        __local samplev *free = now;
        now = next;
        next = free;
    }
}
