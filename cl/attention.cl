/* Scaled dot-product attention in tiles, never with all the scores in memory (after Dao et al. 2022,
   "FlashAttention"): y = softmax( factor q k^T) v for each sample and head. q [B,Tq,H,K], k [B,Tv,H,K], v
   [B,Tv,H,V]; of each row the logarithm of its sum of exponentials, lse [B,H,Tq], is kept, from which the gradients
   make the weights again. A group owns QUERIES queries of one head and goes through the keys in blocks. */
#include "common.h"
#include "epilogue.h"
#include "partial.h"
#include "tile.h"
#include "panel.h"
#include "heads.h"

#define BLOCK (32 / QUERY_TILES * PANEL_ROWS) // keys at a time: their scores fit the first cache

GAZE_DEFINE_PANEL_TILE(gaze_attention_tile, __global, __private)

/* s [keys][QUERIES] = k q^T; turned: of q */
GAZE_APART void gaze_scores(const __global float *k, int stride, int keys, const float *turned, int queries, int depth,
                            float *s)
{
    const __global float *row[PANEL_ROWS];
    floatv c[2 * PANEL_ROWS];
    for (int j = 0; j < keys; j += PANEL_ROWS) {
        for (int i = j + PANEL_ROWS; i < min(j + 2 * PANEL_ROWS, keys); i++)
            gaze_prefetch(k + (size_t)i * stride, depth);
        for (int n = 0; n < queries; n += TILE_COLUMNS) {
            gaze_open_heads(k + (size_t)j * stride, stride, keys - j, row, c);
            gaze_attention_tile(row, 1, turned + n * depth, TILE_COLUMNS, depth, c);
            gaze_keep_rows(c, s + j * QUERIES + n, QUERIES);
        }
    }
}

GAZE_DEFINE_MIX(gaze_mix, __global) // sum [depth][QUERIES] += v^T s

/* One block of the online softmax of TILE_COLUMNS queries: s becomes 2^(factor s - top), top and total go on, and what was summed
   before shrinks by the difference. */
GAZE_APART void gaze_online(float *s, int keys, float factor, float *top, float *total, float *sum, int depth)
{
    floatv most0 = vloadv(0, s), most1 = vloadv(1, s), total0 = 0.0f, total1 = 0.0f;
    floatv most2 = most0, most3 = most1;
    for (int j = 1; j + 1 < keys; j += 2) {
        most0 = GAZE_MORE(most0, vloadv(0, s + j * QUERIES));
        most1 = GAZE_MORE(most1, vloadv(1, s + j * QUERIES));
        most2 = GAZE_MORE(most2, vloadv(0, s + j * QUERIES + QUERIES));
        most3 = GAZE_MORE(most3, vloadv(1, s + j * QUERIES + QUERIES));
    }
    most0 = GAZE_MORE(most0, vloadv(0, s + (keys - 1) * QUERIES));
    most1 = GAZE_MORE(most1, vloadv(1, s + (keys - 1) * QUERIES));
    most0 = GAZE_MORE(most0, most2);
    most1 = GAZE_MORE(most1, most3);
    const floatv old0 = vloadv(0, top), old1 = vloadv(1, top), scaled0 = most0 * factor, scaled1 = most1 * factor,
                 top0 = GAZE_MORE(old0, scaled0), top1 = GAZE_MORE(old1, scaled1);
    /* where no key was seen yet any base does: everything is 2^-infinity */
    const floatv base0 = select(top0, (floatv)(0.0f), top0 == -INFINITY),
                 base1 = select(top1, (floatv)(0.0f), top1 == -INFINITY);
    for (int j = 0; j < keys; j++) {
        const floatv p0 = gaze_exp2_lowv(fma(vloadv(0, s + j * QUERIES), (floatv)(factor), -base0)),
                     p1 = gaze_exp2_lowv(fma(vloadv(1, s + j * QUERIES), (floatv)(factor), -base1));
        vstorev(p0, 0, s + j * QUERIES);
        vstorev(p1, 1, s + j * QUERIES);
        total0 += p0;
        total1 += p1;
    }
    const floatv shrink0 = gaze_exp2_lowv(old0 - base0), shrink1 = gaze_exp2_lowv(old1 - base1);
    vstorev(fma(vloadv(0, total), shrink0, total0), 0, total);
    vstorev(fma(vloadv(1, total), shrink1, total1), 1, total);
    vstorev(top0, 0, top);
    vstorev(top1, 1, top);
    if (!any(shrink0 != 1.0f) && !any(shrink1 != 1.0f)) return;
    for (int d = 0; d < depth; d++) {
        vstorev(vloadv(0, sum + d * QUERIES) * shrink0, 0, sum + d * QUERIES);
        vstorev(vloadv(1, sum + d * QUERIES) * shrink1, 1, sum + d * QUERIES);
    }
}

/* sum [depth][QUERIES] to rows of y, times what is in `by`; 0 where that is */
static inline void gaze_store_queries(float *sum, const float *by, int rows, int depth, __global float *y, int stride)
{
    GAZE_ALIGNED float turned[QUERIES * VALUE_DEPTH];
    for (int d = 0; d < depth; d++)
        for (int n = 0; n < rows; n += GAZE_WIDTH) {
            const floatv factor = vloadv(0, by + n);
            float *at = sum + d * QUERIES + n;
            vstorev(select(vloadv(0, at) * factor, (floatv)(0.0f), factor == 0.0f), 0, at);
        }
    gaze_turn_columns(sum, rows, VALUE_DEPTH, turned);
    for (int r = 0; r < rows; r++)
        for (int d = 0; d < depth; d += GAZE_WIDTH)
            gaze_store_part(vloadv(0, turned + r * VALUE_DEPTH + d), y + (size_t)r * stride + d, depth - d);
}

GAZE_APART void gaze_attention(int i0, int i1, const __global float *restrict q, const __global float *restrict k,
                               const __global float *restrict v, const __global int *restrict mask,
                               const __global int *restrict queries, __global float *restrict y,
                               __global float *restrict lse, int Tq, int Tv, int K, int V, int H, float factor, int causal)
{
    const int first = i0 * QUERIES, rows = min(QUERIES, Tq - first), end = causal ? min(Tv, first + rows) : Tv;
    const size_t b = i1 / H, h = i1 % H;
    GAZE_ALIGNED float turned[KEY_DEPTH * QUERIES], s[BLOCK * QUERIES], sum[(VALUE_DEPTH + PANEL_ROWS) * QUERIES];
    GAZE_ALIGNED float top[QUERIES], total[QUERIES];
    q += ((b * Tq + first) * H + h) * K;
    k += (b * Tv * H + h) * K;
    v += (b * Tv * H + h) * V;
    y += ((b * Tq + first) * H + h) * V;
    lse += (size_t)i1 * Tq + first;
    if (mask) mask += b * Tv;
    if (queries) queries += b * Tq + first;
    gaze_turn_rows(q, H * K, rows, K, turned);
    gaze_clear(sum, (VALUE_DEPTH + PANEL_ROWS) * QUERIES);
    gaze_clear(total, QUERIES);
    for (int n = 0; n < QUERIES; n++) top[n] = -INFINITY;
    for (int j = 0; j < end; j += BLOCK) {
        const int keys = min(BLOCK, end - j), ordered = causal && j + keys > first + 1;
        for (int n = rows * j / end; n < rows * (j + keys) / end; n++) {
            gaze_prefetch_to(y + (size_t)n * H * V, V);
            gaze_prefetch(q + (size_t)(n + QUERIES) * H * K, K); /* of the next group */
        }
        gaze_scores(k + (size_t)j * H * K, H * K, keys, turned, rows, K, s);
        if (mask || ordered)
            gaze_hide(s, keys, rows, mask ? mask + j : mask, causal ? j - first : INT_MIN, -INFINITY);
        for (int n = 0; n < rows; n += TILE_COLUMNS)
            gaze_online(s + n, keys, factor * LOG2_E, top + n, total + n, sum + n, V);
        gaze_mix(v + (size_t)j * H * V, H * V, keys, s, rows, sum, V);
    }
    for (int n = 0; n < rows; n += GAZE_WIDTH) {
        const floatv sum = vloadv(0, total + n);
        vstorev(fma(vloadv(0, top + n), (floatv)(LOG_2), log(sum)), 0, top + n);
        vstorev((floatv)(1.0f) / sum, 0, total + n);
    }
    if (queries) /* apart, as gaze_load_some says */
        for (int n = 0; n < rows; n++) top[n] = queries[n] ? top[n] : -INFINITY;
    for (int n = 0; n < rows; n++) {
        const int seen = top[n] != -INFINITY;
        lse[n] = seen ? top[n] : INFINITY;
        total[n] = seen ? total[n] : 0.0f;
    }
    gaze_store_queries(sum, total, rows, V, y, H * V);
}

GAZE_ONE attention(GAZE_HERE const __global float *restrict q, const __global float *restrict k, const __global float *restrict v,
                   const __global int *restrict mask, const __global int *restrict queries, __global float *restrict y,
                   __global float *restrict lse, int Tq, int Tv, int K, int V, int H, float factor, int causal)
{
    gaze_attention(GAZE_AT(0), GAZE_AT(1), q, k, v, mask, queries, y, lse, Tq, Tv, K, V, H, factor, causal);
}
