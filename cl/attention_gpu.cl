/* Scaled dot-product attention on a GPU: a group owns ROWS queries of a head and WIDE columns of the values, and goes
   through the keys tile by tile with an online softmax. Shapes as in attention.cl. */
#include "common.h"
#include "attention_gpu.h"

/* The largest and the sum over the LANES_X items of a row; each item has four rows. The largest: */
static inline float4 gaze_across_most(float4 mine, __local float4 *exchange)
{
#ifdef GAZE_IN_SUBGROUPS
    return (float4)(sub_group_reduce_max(mine.s0), sub_group_reduce_max(mine.s1), sub_group_reduce_max(mine.s2),
                    sub_group_reduce_max(mine.s3));
#else
    const int item = get_local_id(0), first = item / LANES_X * LANES_X;
    exchange[item] = mine;
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll 2
    for (int i = 0; i < LANES_X; i++) mine = fmax(mine, exchange[first + i]);
    return mine;
#endif
}

static inline float4 gaze_across_sum(float4 mine, __local float4 *exchange)
{
    const int item = get_local_id(0), first = item / LANES_X * LANES_X;
    exchange[item] = mine;
    barrier(CLK_LOCAL_MEM_FENCE);
    mine = exchange[first];
#pragma nounroll
    for (int i = 1; i < LANES_X; i++) mine += exchange[first + i];
    return mine;
}

/* The weights of a row's four keys, before the division */
static inline float4 gaze_weigh(float4 c, float factor, int4 seen, float base)
{
    return gaze_exp4x(select((float4)(-INFINITY), c * factor, seen) - base);
}

static inline float gaze_most_of(float4 c, float factor, int4 seen)
{
    const float4 s = select((float4)(-INFINITY), c * factor, seen);
    return fmax(fmax(s.s0, s.s1), fmax(s.s2, s.s3));
}

static inline float gaze_sum_of(float4 c) { return (c.s0 + c.s1) + (c.s2 + c.s3); }

GAZE_ATTENTION_KERNEL
attention_gpu(const __global float *restrict q, const __global float *restrict k, const __global float *restrict v,
              const __global int *restrict mask, const __global int *restrict queries, __global float *restrict y_,
              __global float *restrict lse, int Tq, int Tv, int K, int V, int H, float factor, int causal, int tiles,
              int blocks, ulong before)
{
    __local float4 rows[COPIED_ROWS], columns[COPIED_COLUMNS], weights[WEIGHTS];
    const int item = get_local_id(0), x = item % LANES_X, y = item / LANES_X;
    const gaze_place place = gaze_place_of(before + get_group_id(0), tiles, blocks);
    const size_t b = place.head / H, h = place.head - b * H;
    const int first = place.first, row = first + 4 * y, there = min(ROWS, Tq - first), end = causal ? min(Tv, first + there) : Tv;
    const int4 row_seen = gaze_count_four(queries ? queries + b * Tq + row : queries, Tq - row);
    const int4 last = row_seen & (causal ? min((int4)(Tv), row + (int4)(1, 2, 3, 4)) : (int4)(Tv));
    float4 top = -INFINITY, total = 0.0f, c[4];
    columnv sum[4 * VECTORS];
#pragma unroll
    for (int i = 0; i < 4 * VECTORS; i++) sum[i] = 0.0f;
    q += ((b * Tq + first) * H + h) * K;
    k += (b * Tv * H + h) * K;
    v += (b * Tv * H + h) * V + place.column;
    y_ += ((b * Tq + first) * H + h) * V + place.column;
    for (int n = 0; n < end; n += KEYS, k += (size_t)KEYS * H * K, v += (size_t)KEYS * H * V) {
        const int key = n + 4 * x;
        gaze_score_tile(q, (size_t)H * K, there, k, (size_t)H * K, Tv - n, K, rows, columns, c);
        const int4 keys = key + (int4)(0, 1, 2, 3), counts = gaze_count_four(mask ? mask + b * Tv + key : mask, Tv - key);
        const int4 seen0 = counts & (keys < last.s0), seen1 = counts & (keys < last.s1), seen2 = counts & (keys < last.s2),
                   seen3 = counts & (keys < last.s3);
        const float4 most = (float4)(gaze_most_of(c[0], factor, seen0), gaze_most_of(c[1], factor, seen1),
                                     gaze_most_of(c[2], factor, seen2), gaze_most_of(c[3], factor, seen3));
        const float4 now = fmax(top, gaze_across_most(most, rows));
        const float4 base = select(now, (float4)(0.0f), now == -INFINITY), shrink = gaze_exp4x(top - base);
        c[0] = gaze_weigh(c[0], factor, seen0, base.s0);
        c[1] = gaze_weigh(c[1], factor, seen1, base.s1);
        c[2] = gaze_weigh(c[2], factor, seen2, base.s2);
        c[3] = gaze_weigh(c[3], factor, seen3, base.s3);
        total = fma(total, shrink, (float4)(gaze_sum_of(c[0]), gaze_sum_of(c[1]), gaze_sum_of(c[2]), gaze_sum_of(c[3])));
        top = now;
#pragma unroll
        for (int i = 0; i < VECTORS; i++) {
            sum[4 * i] *= shrink.s0;
            sum[4 * i + 1] *= shrink.s1;
            sum[4 * i + 2] *= shrink.s2;
            sum[4 * i + 3] *= shrink.s3;
        }
        gaze_put_weights(c, weights);
        gaze_add_products(v, (size_t)H * V, end - n, V - place.column, weights, columns, sum);
    }
    total = gaze_across_sum(total, rows);
    const int4 none = !(total > 0.0f);
    gaze_store_sums(sum, select(1.0f / total, (float4)(0.0f), none), y_, (size_t)H * V, there, V - place.column);
    if (x || place.column) return;
    const float4 logs = select(top + log(total), (float4)(INFINITY), none);
    lse += place.head * Tq + row;
    if (row < Tq) lse[0] = logs.s0;
    if (row + 1 < Tq) lse[1] = logs.s1;
    if (row + 2 < Tq) lse[2] = logs.s2;
    if (row + 3 < Tq) lse[3] = logs.s3;
}
