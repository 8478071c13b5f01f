/* Scaled dot-product attention and its gradients for any device: a work-item a row, scores made again
   wherever they are needed. Shapes as in attention.cl. */
#include "common.h"

/* factor q_i k_j; rows of heads */
static inline float gaze_score(const __global float *q, const __global float *k, int K, float factor)
{
    float sum = 0.0f;
    for (int d = 0; d < K; d++) sum = fma(q[d], k[d], sum);
    return factor * sum;
}

/* May query i see key j of this sample? */
static inline int gaze_sees(const __global int *mask, const __global int *queries, int i, int j, int causal)
{
    return (!causal || j <= i) && (!mask || mask[j]) && (!queries || queries[i]);
}

__kernel void attention_plain(const __global float *restrict q, const __global float *restrict k,
                              const __global float *restrict v, const __global int *restrict mask,
                              const __global int *restrict queries, __global float *restrict y,
                              __global float *restrict lse, int Tq, int Tv, int K, int V, int H, float factor,
                              int causal, int count)
{
    const size_t at = get_global_id(0), b = at / H / Tq, h = at / Tq % H, i = at % Tq;
    if (at >= (size_t)count) return;
    float top = -INFINITY, sum = 0.0f;
    q += ((b * Tq + i) * H + h) * K;
    y += ((b * Tq + i) * H + h) * V;
    k += (b * Tv * H + h) * K;
    v += (b * Tv * H + h) * V;
    if (mask) mask += b * Tv;
    if (queries) queries += b * Tq;
    for (int j = 0; j < Tv; j++)
        if (gaze_sees(mask, queries, i, j, causal))
            top = fmax(top, gaze_score(q, k + (size_t)j * H * K, K, factor));
    for (int d = 0; d < V; d++) y[d] = 0.0f;
    for (int j = 0; j < Tv; j++) {
        if (!gaze_sees(mask, queries, i, j, causal)) continue;
        const float e = gaze_exp1(gaze_score(q, k + (size_t)j * H * K, K, factor) - top);
        sum += e;
        for (int d = 0; d < V; d++) y[d] = fma(e, v[(size_t)j * H * V + d], y[d]);
    }
    for (int d = 0; d < V && sum > 0.0f; d++) y[d] /= sum;
    lse[at] = sum > 0.0f ? top + log(sum) : INFINITY;
}

/* delta [B,H,Tq] = sum_d dy y */
__kernel void attention_delta_plain(const __global float *restrict y, const __global float *restrict dy,
                                    __global float *restrict delta, int Tq, int V, int H, int count)
{
    const size_t at = get_global_id(0), b = at / H / Tq, h = at / Tq % H, i = at % Tq;
    if (at >= (size_t)count) return;
    const size_t row = ((b * Tq + i) * H + h) * V;
    float sum = 0.0f;
    for (int d = 0; d < V; d++) sum = fma(y[row + d], dy[row + d], sum);
    delta[at] = sum;
}

/* The weight of one pair, and factor weight (dy v - delta) */
static inline float2 gaze_pair(const __global float *q, const __global float *k, const __global float *v,
                               const __global float *dy, float lse, float delta, int K, int V, float factor)
{
    const float p = gaze_exp1(gaze_score(q, k, K, factor) - lse);
    return (float2)(p, factor * p * (gaze_score(dy, v, V, 1.0f) - delta));
}

__kernel void
attention_query_gradient_plain(const __global float *restrict q, const __global float *restrict k,
                               const __global float *restrict v, const __global int *restrict mask,
                               const __global int *restrict queries, const __global float *restrict lse,
                               const __global float *restrict delta, const __global float *restrict dy,
                               __global float *restrict dq, int Tq, int Tv, int K, int V, int H, float factor,
                               int causal, int count)
{
    const size_t at = get_global_id(0), b = at / H / Tq, h = at / Tq % H, i = at % Tq;
    if (at >= (size_t)count) return;
    q += ((b * Tq + i) * H + h) * K;
    dq += ((b * Tq + i) * H + h) * K;
    dy += ((b * Tq + i) * H + h) * V;
    k += (b * Tv * H + h) * K;
    v += (b * Tv * H + h) * V;
    if (mask) mask += b * Tv;
    if (queries) queries += b * Tq;
    for (int d = 0; d < K; d++) dq[d] = 0.0f;
    for (int j = 0; j < Tv; j++) {
        if (!gaze_sees(mask, queries, i, j, causal)) continue;
        const __global float *key = k + (size_t)j * H * K;
        const float ds = gaze_pair(q, key, v + (size_t)j * H * V, dy, lse[at], delta[at], K, V, factor).y;
        for (int d = 0; d < K; d++) dq[d] = fma(ds, key[d], dq[d]);
    }
}

__kernel void
attention_key_gradient_plain(const __global float *restrict q, const __global float *restrict k,
                             const __global float *restrict v, const __global int *restrict mask,
                             const __global int *restrict queries, const __global float *restrict lse,
                             const __global float *restrict delta, const __global float *restrict dy,
                             __global float *restrict dk, __global float *restrict dv, int Tq, int Tv, int K,
                             int V, int H, float factor, int causal, int count)
{
    const size_t at = get_global_id(0), b = at / H / Tv, h = at / Tv % H, j = at % Tv,
                 key = (b * Tv + j) * H + h;
    if (at >= (size_t)count) return;
    q += (b * Tq * H + h) * K;
    dy += (b * Tq * H + h) * V;
    lse += (b * H + h) * Tq;
    delta += (b * H + h) * Tq;
    if (mask) mask += b * Tv;
    if (queries) queries += b * Tq;
    for (int d = 0; d < K; d++) dk[key * K + d] = 0.0f;
    for (int d = 0; d < V; d++) dv[key * V + d] = 0.0f;
    for (int i = 0; i < Tq; i++) {
        if (!gaze_sees(mask, queries, i, j, causal)) continue;
        const __global float *query = q + (size_t)i * H * K, *slope = dy + (size_t)i * H * V;
        const float2 pair = gaze_pair(query, k + key * K, v + key * V, slope, lse[i], delta[i], K, V, factor);
        for (int d = 0; d < K; d++) dk[key * K + d] = fma(pair.y, query[d], dk[key * K + d]);
        for (int d = 0; d < V; d++) dv[key * V + d] = fma(pair.x, slope[d], dv[key * V + d]);
    }
}
