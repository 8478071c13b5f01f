/* The gradients of attention on a GPU, in tiles as the forward pass: first delta; then dq, where a group owns ROWS queries and
   goes through the keys; then dk and dv, where it owns ROWS keys and goes through the queries. No group adds to what another
   one writes. Shapes and formulas as in attention.cl and engine/ops/attention_gradient.c. */
#include "common.h"
#include "attention_gpu.h"

/* delta [B,H,Tq] = sum_d dy y: LANES_X items a row, LANES_Y rows a group */
GAZE_ATTENTION_KERNEL
attention_delta_gpu(const __global float *restrict y_, const __global float *restrict dy, __global float *restrict delta,
                    int Tq, int V, int H, ulong count)
{
    __local float parts[LANES];
    const int item = get_local_id(0), x = item % LANES_X, y = item / LANES_X;
    const size_t at = get_group_id(0) * LANES_Y + y, g = at / Tq, b = g / H, h = g - b * H, i = at - g * Tq;
    const size_t row = ((b * Tq + i) * H + h) * V;
    float sum = 0.0f;
    if (at < count)
        for (int d = x; d < V; d += LANES_X) sum = fma(y_[row + d], dy[row + d], sum);
    parts[item] = sum;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (x || at >= count) return;
    for (int n = 1; n < LANES_X; n++) sum += parts[y * LANES_X + n];
    delta[at] = sum;
}

/* The weights p of four pairs, 0 where they don't count */
static inline float4 gaze_weights_of(float4 score, float4 lse, int4 seen)
{
    return select((float4)(0.0f), gaze_exp4x(score - lse), seen);
}

/* factor p (dp - delta) */
static inline float4 gaze_slope(float4 p, float4 dp, float4 delta, float factor, int4 seen)
{
    return select((float4)(0.0f), factor * p * (dp - delta), seen);
}

GAZE_ATTENTION_KERNEL
attention_query_gradient_gpu(const __global float *restrict q, const __global float *restrict k,
                             const __global float *restrict v, const __global int *restrict mask,
                             const __global int *restrict queries, const __global float *restrict lse,
                             const __global float *restrict delta, const __global float *restrict dy,
                             __global float *restrict dq, int Tq, int Tv, int K, int V, int H, float factor, int causal,
                             int tiles, int blocks, ulong before)
{
    __local float4 rows[COPIED_ROWS], columns[COPIED_COLUMNS], weights[WEIGHTS];
    const int item = get_local_id(0), x = item % LANES_X, y = item / LANES_X;
    const gaze_place place = gaze_place_of(before + get_group_id(0), tiles, blocks);
    const size_t b = place.head / H, h = place.head - b * H, key_row = (size_t)H * K, value_row = (size_t)H * V;
    const int first = place.first, row = first + 4 * y, there = min(ROWS, Tq - first), end = causal ? min(Tv, first + there) : Tv;
    const int4 counts = gaze_count_four(queries ? queries + b * Tq + row : queries, Tq - row);
    const int4 last = counts & (causal ? min((int4)(Tv), row + (int4)(1, 2, 3, 4)) : (int4)(Tv));
    lse += place.head * Tq + row;
    delta += place.head * Tq + row;
    float4 c[4], dp[4];
    columnv sum[4 * VECTORS];
#pragma unroll
    for (int i = 0; i < 4 * VECTORS; i++) sum[i] = 0.0f;
    q += ((b * Tq + first) * H + h) * K;
    dq += ((b * Tq + first) * H + h) * K + place.column;
    dy += ((b * Tq + first) * H + h) * V;
    k += (b * Tv * H + h) * K;
    v += (b * Tv * H + h) * V;
    for (int n = 0; n < end; n += KEYS, k += KEYS * key_row, v += KEYS * value_row) {
        const int key = n + 4 * x;
        gaze_score_tile(q, key_row, there, k, key_row, Tv - n, K, rows, columns, c);
        gaze_score_tile(dy, value_row, there, v, value_row, Tv - n, V, rows, columns, dp);
        const int4 keys = key + (int4)(0, 1, 2, 3), there_keys = gaze_count_four(mask ? mask + b * Tv + key : mask, Tv - key);
        const float4 sums = gaze_load_four(lse, Tq - row, INFINITY), take = gaze_load_four(delta, Tq - row, 0.0f);
#define ROW(i)                                                                                                        \
    {                                                                                                                 \
        const int4 seen = there_keys & (keys < last.s##i);                                                            \
        c[i] = gaze_slope(gaze_weights_of(c[i] * factor, sums.s##i, seen), dp[i], take.s##i, factor, seen);           \
    }
        ROW(0) ROW(1) ROW(2) ROW(3)
#undef ROW
        gaze_put_weights(c, weights);
        gaze_add_products(k + place.column, key_row, end - n, K - place.column, weights, columns, sum);
    }
    gaze_store_sums(sum, 1.0f, dq, key_row, there, K - place.column);
}

/* Blocks of columns of both, as many as the wider one has. */
GAZE_ATTENTION_KERNEL
attention_key_gradient_gpu(const __global float *restrict q, const __global float *restrict k,
                           const __global float *restrict v, const __global int *restrict mask,
                           const __global int *restrict queries, const __global float *restrict lse,
                           const __global float *restrict delta, const __global float *restrict dy,
                           __global float *restrict dk, __global float *restrict dv, int Tq, int Tv, int K, int V, int H,
                           float factor, int causal, int tiles, int blocks, ulong before)
{
    __local float4 rows[COPIED_ROWS], columns[COPIED_COLUMNS], weights[WEIGHTS];
    const int item = get_local_id(0), x = item % LANES_X, y = item / LANES_X;
    const gaze_place place = gaze_place_of(before + get_group_id(0), tiles, blocks);
    const size_t b = place.head / H, h = place.head - b * H, key_row = (size_t)H * K, value_row = (size_t)H * V;
    const int first = place.first, row = first + 4 * y, there = min(ROWS, Tv - first);
    const int4 counts = gaze_count_four(mask ? mask + b * Tv + row : mask, Tv - row),
               from = causal ? row + (int4)(0, 1, 2, 3) : (int4)(0); /* the first query that sees a key */
    float4 c[4], dp[4];
    columnv sum_k[4 * VECTORS], sum_v[4 * VECTORS];
#pragma unroll
    for (int i = 0; i < 4 * VECTORS; i++) sum_k[i] = sum_v[i] = 0.0f;
    k += ((b * Tv + first) * H + h) * K;
    v += ((b * Tv + first) * H + h) * V;
    dk += ((b * Tv + first) * H + h) * K + place.column;
    dv += ((b * Tv + first) * H + h) * V + place.column;
    q += (b * Tq * H + h) * K;
    dy += (b * Tq * H + h) * V;
    lse += place.head * Tq;
    delta += place.head * Tq;
    for (int n = causal ? first / KEYS * KEYS : 0; n < Tq; n += KEYS) {
        const int query = n + 4 * x;
        const __global float *these = q + n * key_row, *slopes = dy + n * value_row;
        gaze_score_tile(k, key_row, there, these, key_row, Tq - n, K, rows, columns, c);
        gaze_score_tile(v, value_row, there, slopes, value_row, Tq - n, V, rows, columns, dp);
        const int4 asks = query + (int4)(0, 1, 2, 3),
                   there_asks = gaze_count_four(queries ? queries + b * Tq + query : queries, Tq - query);
        const float4 sums = gaze_load_four(lse + query, Tq - query, INFINITY),
                     take = gaze_load_four(delta + query, Tq - query, 0.0f);
#define ROW(i)                                                                                                        \
    {                                                                                                                 \
        const int4 seen = there_asks & (asks >= from.s##i) & counts.s##i;                                             \
        c[i] = gaze_weights_of(c[i] * factor, sums, seen);                                                            \
        dp[i] = gaze_slope(c[i], dp[i], take, factor, seen);                                                          \
    }
        ROW(0) ROW(1) ROW(2) ROW(3)
#undef ROW
        gaze_put_weights(c, weights);
        gaze_add_products(slopes + place.column, value_row, Tq - n, V - place.column, weights, columns, sum_v);
        gaze_put_weights(dp, weights);
        gaze_add_products(these + place.column, key_row, Tq - n, K - place.column, weights, columns, sum_k);
    }
    gaze_store_sums(sum_k, 1.0f, dk, key_row, there, K - place.column);
    gaze_store_sums(sum_v, 1.0f, dv, value_row, there, V - place.column);
}
