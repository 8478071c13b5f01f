/* The gradient of recurrence_gpu.cl, from the last step to the first. Of each step first comes the product with the gradients of
   the step after, which the group has in local memory, then the cells. Step -1 is the initial state. */
#include "common.h"
#include "recurrence_gpu.h"

/* w [U,width] -> turned [width,U] */
__kernel void recurrence_turn_gpu(const __global float *restrict w, __global float *restrict turned, int U, int width)
{
    const size_t at = get_global_id(0), j = at / U, u = at - j * U;
    if (j < (size_t)width) turned[at] = w[u * width + j];
}

/* Unit u of one sample: from d, all that reaches its state, the gradients of the gates (of their products, where those are others,
   to `products`) go to memory and to `a`. Returns what goes straight to the state before. kept: of this step; state: c of lstm,
   otherwise h; carried: dc of lstm. */
#if GATES == 4
static inline float gaze_unit_gradient(float d, const __global float *kept, const __global float *state,
                                       const __global float *before, __global float *carried, const __global float *dc,
                                       __global float *dz, __global float *products, float *a, int last, int masked, int U,
                                       int u)
{
    const float dcell = (last ? 0.0f : carried[u]) + (dc ? dc[u] : 0.0f);
    const float i = kept[u], f = kept[U + u], g = kept[2 * U + u], o = kept[3 * U + u];
    const float t = gaze_tanh1(state[u]), total = fma(d * o, 1.0f - t * t, dcell); /* h = o tanh(c), c = f c_before + i g */
    a[0] = masked ? 0.0f : total * g * i * (1.0f - i);
    a[SAMPLES] = masked || !before ? 0.0f : total * before[u] * f * (1.0f - f);
    a[2 * SAMPLES] = masked ? 0.0f : total * i * (1.0f - g * g);
    a[3 * SAMPLES] = masked ? 0.0f : d * t * o * (1.0f - o);
    carried[u] = masked ? dcell : total * f;
#pragma unroll
    for (int n = 0; n < GATES; n++) dz[n * U + u] = a[n * SAMPLES];
    return masked ? d : 0.0f;
}
#elif GATES == 3
static inline float gaze_unit_gradient(float d, const __global float *kept, const __global float *state,
                                       const __global float *before, __global float *carried, const __global float *dc,
                                       __global float *dz, __global float *products, float *a, int last, int masked, int U,
                                       int u)
{
    const float z = kept[u], r = kept[U + u], n = kept[2 * U + u], q = kept[3 * U + u];
    const float dn = masked ? 0.0f : d * (1.0f - z) * (1.0f - n * n); /* h = z before + (1 - z) n, n = tanh(x + r q) */
    a[0] = masked ? 0.0f : d * ((before ? before[u] : 0.0f) - n) * z * (1.0f - z);
    a[SAMPLES] = masked ? 0.0f : dn * q * r * (1.0f - r);
    a[2 * SAMPLES] = masked ? 0.0f : dn * r;
    dz[u] = products[u] = a[0];
    dz[U + u] = products[U + u] = a[SAMPLES];
    dz[2 * U + u] = dn;
    products[2 * U + u] = a[2 * SAMPLES];
    return masked ? d : d * z;
}
#else
static inline float gaze_unit_gradient(float d, const __global float *kept, const __global float *state,
                                       const __global float *before, __global float *carried, const __global float *dc,
                                       __global float *dz, __global float *products, float *a, int last, int masked, int U,
                                       int u)
{
    const float y = state[u];
    a[0] = dz[u] = masked ? 0.0f : d * (1.0f - y * y);
    return masked ? d : 0.0f;
}
#endif

/* What comes to state u by the gates of the step after, added to what came straight to it (dh0). */
static inline void gaze_carry(const __local samplev *a, const __global float *turned, __global float *dh0, int samples, int U,
                              int u)
{
    samplev sum = 0.0f;
    float part[SAMPLES];
    turned += u;
#pragma unroll 4
    for (int j = 0; j < GATES * U; j++, turned += U) sum = fma(a[j], (samplev)(turned[0]), sum);
    gaze_split(sum, part);
#pragma unroll
    for (int r = 0; r < SAMPLES; r++)
        if (r < samples) dh0[(size_t)r * U + u] += part[r];
}

/* turned [GATES U,U], state [B,T,U] (c of lstm, otherwise h), gates [B,T,4U], mask, before0 [B,U], dh dc [B,T,U] -> dz [B,T,GATES U],
   dh0 [B,U], extra (dc0 [B,U] of lstm; of gru the gradient of the products). Steps from .. to, both included, downwards; local_a:
   GATES U vectors. */
__kernel void recurrence_gradient_gpu(const __global float *restrict turned, const __global float *restrict state,
                                      const __global float *restrict gates, const __global int *restrict mask,
                                      const __global float *restrict before0, const __global float *restrict dh,
                                      const __global float *restrict dc, __global float *dz, __global float *dh0,
                                      __global float *extra, __local samplev *local_a, int B, int T, int U, int backwards,
                                      int initial, int from, int to, int units)
{
    const int lane = get_local_id(0), lanes = get_local_size(0), begin = get_group_id(1) * units, end = min(U, begin + units);
    const size_t first = get_group_id(0) * SAMPLES;
    const int samples = min(SAMPLES, (int)(B - first)), width = GATES * U;
    const __global float *after = (GATES == 3 ? extra : dz) + (first * T + gaze_step_at(from + 1, T, backwards)) * width;
    dh0 += first * U;
    for (int j = lane; from < T - 1 && j < width; j += lanes) local_a[j] = gaze_gather(after, (size_t)T * width, samples, j);
    for (int s = from; s >= to; s--) {
        const int t = gaze_step_at(s, T, backwards), before = gaze_step_at(s - 1, T, backwards), last = s == T - 1;
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int u = begin + lane; !last && (s >= 0 || initial) && u < end; u += lanes)
            gaze_carry(local_a, turned, dh0, samples, U, u);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int u = begin + lane; s >= 0 && u < end; u += lanes) {
            float a[GATES * SAMPLES];
#pragma unroll
            for (int r = 0; r < SAMPLES; r++) {
                const size_t b = first + r, step = b * T + t;
#pragma unroll
                for (int g = 0; g < GATES; g++) a[g * SAMPLES + r] = 0.0f;
                if (r >= samples) continue;
                const float d = (last ? 0.0f : dh0[(size_t)r * U + u]) + (dh ? dh[step * U + u] : 0.0f);
                dh0[(size_t)r * U + u] = gaze_unit_gradient(
                    d, gates ? gates + step * KEPT * U : gates, state + step * U,
                    s         ? state + (b * T + before) * U
                    : before0 ? before0 + b * U
                              : before0,
                    GATES == 4 ? extra + b * U : extra, dc ? dc + step * U : dc, dz + step * width,
                    GATES == 3 ? extra + step * width : extra, a + r, last, mask && !mask[step], U, u);
            }
#pragma unroll
            for (int g = 0; g < GATES; g++) local_a[g * U + u] = gaze_collect(a + g * SAMPLES);
        }
    }
    if (to >= 0 || initial) return;
    for (int u = begin + lane; u < end; u += lanes)
        for (int r = 0; r < samples; r++) {
            dh0[(size_t)r * U + u] = 0.0f;
            if (GATES == 4) extra[(first + r) * U + u] = 0.0f;
        }
}
