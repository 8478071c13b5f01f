/* Scaled dot-product attention in tiles, never with all the scores in memory (after Dao et al. 2022,
   "FlashAttention"): y = softmax( factor q k^T) v for each sample and head. q [B,Tq,H,K], k [B,Tv,H,K], v
   [B,Tv,H,V]; forward keeps of each row the logarithm of its sum of exponentials, lse [B,H,Tq], from which
   the gradients make the weights again. A group owns ROWS rows of one head and goes through the other side in
   blocks. That side comes in panels (attention_panels): TILE_COLUMNS columns of a matrix, row after row. */
#include "common.h"
#include "epilogue.h"
#include "partial.h"
#include "tile.h"
#include "panel.h"
#include "tiles.h"

#ifndef KEY_DEPTH
#define KEY_DEPTH TILE_COLUMNS // K, rounded up to TILE_COLUMNS
#endif
#ifndef VALUE_DEPTH
#define VALUE_DEPTH TILE_COLUMNS // V, likewise
#endif
#define ROWS  (4 * TILE_ROWS)
#define BLOCK 128 // columns at a time, a multiple of TILE_COLUMNS
#define PANEL 256 // rows of a panel copied at a time

GAZE_DEFINE_PANEL_TILE(gaze_attention_tile, __global, __global)
GAZE_DEFINE_PANEL_TILE(gaze_attention_inner, __private, __global)

/* panels [G][ceil(columns / TILE_COLUMNS)][rows][TILE_COLUMNS] of matrices of which one step is 1: element
 * (r, n) at r row + n column */
GAZE_ONE attention_panels(const __global float *restrict from, __global float *restrict panels, int rows,
                          int columns, int H, int batch, int head, int row, int column)
{
    const int n = get_group_id(0) * TILE_COLUMNS, there = columns - n;
    const size_t g = get_group_id(1);
    float panel[PANEL * TILE_COLUMNS];
    from += g / H * batch + g % H * head + (size_t)n * column;
    panels += (g * ((columns + TILE_COLUMNS - 1) / TILE_COLUMNS) + get_group_id(0)) * rows * TILE_COLUMNS;
    for (int r = 0; r < rows; r += PANEL) {
        const int count = min(PANEL, rows - r);
        if (column == 1)
            gaze_pack(from + (size_t)r * row, count, row, there, (size_t)(rows - r - 1) * row + there, panel);
        else
            gaze_pack_transposed(from + r, count, column, there, panel);
        for (int i = 0; i < 2 * count; i++) vstorev(vloadv(i, panel), i, panels + (size_t)r * TILE_COLUMNS);
    }
}

/* to[i][0..TILE_COLUMNS) = factor a[i] panel, for `rows` rows of a, `depth` long; rows of `to` are BLOCK
 * apart */
static inline void gaze_products(const __global float *a, int stride, int rows, const __global float *panel,
                                 int depth, float factor, float *to)
{
    const __global float *row[TILE_ROWS];
    floatv c[2 * TILE_ROWS];
    for (int i = 0; i < rows; i += TILE_ROWS) {
        gaze_open_tile(a + (size_t)i * stride, stride, rows - i, row, c);
        gaze_attention_tile(row, 1, panel, TILE_COLUMNS, depth, c);
#pragma unroll
        for (int j = 0; j < TILE_ROWS; j++) {
            vstorev(c[j] * factor, 0, to + (i + j) * BLOCK);
            vstorev(c[TILE_ROWS + j] * factor, 1, to + (i + j) * BLOCK);
        }
    }
}

/* A block of scores: columns from `first` on of all panels */
static inline void gaze_block_products(const __global float *a, int stride, int rows,
                                       const __global float *panels, int first, int count, int depth,
                                       float factor, float *to)
{
    for (int n = 0; n < count; n += TILE_COLUMNS)
        gaze_products(a, stride, rows, panels + (size_t)(first + n) * depth, depth, factor, to + n);
}

/* sum[i] += s[i][0..count) times rows `first`.. of panels of a matrix of `length` rows and `depth` columns,
 * rounded up */
static inline void gaze_add_products(const float *s, int rows, const __global float *panels, int first,
                                     int count, int length, int depth, float *sum)
{
    for (int n = 0; n < depth; n += TILE_COLUMNS)
        for (int i = 0; i < rows; i += TILE_ROWS) {
            const float *row[TILE_ROWS];
            floatv c[2 * TILE_ROWS];
            float *to = sum + i * depth + n;
#pragma unroll
            for (int j = 0; j < TILE_ROWS; j++) {
                row[j] = s + (i + j) * BLOCK;
                c[j] = vloadv(0, to + j * depth);
                c[TILE_ROWS + j] = vloadv(1, to + j * depth);
            }
            gaze_attention_inner(row, 1, panels + (size_t)n * length + (size_t)first * TILE_COLUMNS,
                                 TILE_COLUMNS, count, c);
#pragma unroll
            for (int j = 0; j < TILE_ROWS; j++) {
                vstorev(c[j], 0, to + j * depth);
                vstorev(c[TILE_ROWS + j], 1, to + j * depth);
            }
        }
}

static inline void gaze_clear(float *sum, int count)
{
    for (int i = 0; i < count; i += GAZE_WIDTH) vstorev((floatv)(0.0f), 0, sum + i);
}

/* Rows of a sum to memory, times `factor` each */
static inline void gaze_store_row(const float *sum, float factor, __global float *to, int count)
{
    for (int d = 0; d < count; d += GAZE_WIDTH)
        gaze_store_part(factor * vloadv(0, sum + d), to + d, count - d);
}

/* Which of the columns n.. of a row count: begin <= n < end, and not 0 in mask (of the first column), where
 * there is one */
static inline intv gaze_seen(int n, int begin, int end, const __global int *mask)
{
    int seen[GAZE_WIDTH];
    for (int i = 0; i < GAZE_WIDTH; i++)
        seen[i] = n + i >= begin && n + i < end && (!mask || mask[n + i]) ? -1 : 0;
    return GAZE_JOIN(vload, GAZE_WIDTH)(0, seen);
}

static inline int gaze_all_seen(int n, int begin, int end, const __global int *mask)
{
    return n >= begin && n + GAZE_WIDTH <= end && !mask;
}

/* One block of a row's online softmax: s becomes exp(s - top), top and sum go on; returns by how much what
 * was summed before shrinks. */
static inline float gaze_online_row(float *s, int end, const __global int *mask, int count, float *top,
                                    float *sum)
{
    floatv most = *top, total = 0.0f;
    for (int n = 0; n < count; n += GAZE_WIDTH) {
        floatv x = vloadv(0, s + n);
        if (!gaze_all_seen(n, 0, end, mask)) {
            x = select((floatv)(-INFINITY), x, gaze_seen(n, 0, end, mask));
            vstorev(x, 0, s + n);
        }
        most = fmax(most, x);
    }
    const float now = gaze_maxv(most),
                shrink = *top == now || *top == -INFINITY ? 1.0f : gaze_exp_low1(*top - now);
    const float base = now == -INFINITY ? 0.0f : now;
    for (int n = 0; n < count; n += GAZE_WIDTH) {
        const floatv e = gaze_exp_lowv(vloadv(0, s + n) - base);
        vstorev(e, 0, s + n);
        total += e;
    }
    *sum = *sum * shrink + gaze_sumv(total);
    *top = now;
    return shrink;
}

GAZE_ONE attention(const __global float *restrict q, const __global float *restrict keys,
                   const __global float *restrict values, const __global int *restrict mask,
                   const __global int *restrict queries, __global float *restrict y,
                   __global float *restrict lse, int Tq, int Tv, int K, int V, int H, float factor,
                   int causal)
{
    const int first = get_group_id(0) * ROWS, rows = min(ROWS, Tq - first);
    const size_t g = get_group_id(1), b = g / H, h = g % H;
    const int end = causal ? min(Tv, first + rows) : Tv;
    float s[ROWS * BLOCK], sum[ROWS * VALUE_DEPTH], top[ROWS], total[ROWS];
    q += ((b * Tq + first) * H + h) * K;
    y += ((b * Tq + first) * H + h) * V;
    lse += g * Tq + first;
    keys += g * ((Tv + TILE_COLUMNS - 1) / TILE_COLUMNS) * K * TILE_COLUMNS;
    values += g * Tv * VALUE_DEPTH;
    if (mask) mask += b * Tv;
    if (queries) queries += b * Tq + first;
    gaze_clear(sum, ROWS * VALUE_DEPTH);
    for (int r = 0; r < rows; r++) {
        top[r] = -INFINITY;
        total[r] = 0.0f;
    }
    for (int k = 0; k < end; k += BLOCK) {
        const int count = min(BLOCK, end - k);
        gaze_block_products(q, H * K, rows, keys, k, count, K, factor, s);
        for (int r = 0; r < rows; r++) {
            const int seen = queries && !queries[r] ? 0 : causal ? clamp(first + r + 1 - k, 0, count) : count;
            const float shrink =
                gaze_online_row(s + r * BLOCK, seen, mask ? mask + k : mask, count, top + r, total + r);
            if (shrink == 1.0f) continue;
            for (int d = 0; d < VALUE_DEPTH; d += GAZE_WIDTH)
                vstorev(shrink * vloadv(0, sum + r * VALUE_DEPTH + d), 0, sum + r * VALUE_DEPTH + d);
        }
        gaze_add_products(s, rows, values, k, count, Tv, VALUE_DEPTH, sum);
    }
    for (int r = 0; r < rows; r++) {
        gaze_store_row(sum + r * VALUE_DEPTH, total[r] > 0.0f ? 1.0f / total[r] : 0.0f, y + (size_t)r * H * V,
                       V);
        lse[r] = total[r] > 0.0f ? top[r] + log(total[r]) : INFINITY;
    }
}

/* delta [B,H,Tq] = sum_d dy y: what softmax's gradient takes off */
__kernel void attention_delta(const __global float *restrict y, const __global float *restrict dy,
                              __global float *restrict delta, int Tq, int V, int H, int count)
{
    const size_t at = get_global_id(0), b = at / H / Tq, h = at / Tq % H, i = at % Tq;
    if (at >= (size_t)count) return;
    const size_t row = ((b * Tq + i) * H + h) * V;
    floatv sum = 0.0f;
    for (int d = 0; d < V; d += GAZE_WIDTH)
        sum = fma(gaze_load_part(y + row + d, V - d, 0.0f), gaze_load_part(dy + row + d, V - d, 0.0f), sum);
    delta[at] = gaze_sumv(sum);
}

/* The weights p = exp(s - lse) and ds = factor p (dp - delta) of a row over `count` columns, of which begin
   <= n < end and those in mask count; in place of s and dp. lse and delta: of the columns, or (stride 0) of
   the row. */
static inline void gaze_weigh_row(float *s, float *dp, const __global float *lse, const __global float *delta,
                                  int stride, int begin, int end, const __global int *mask, int count,
                                  int there, float factor)
{
    for (int n = 0; n < count; n += GAZE_WIDTH) {
        const floatv l = stride ? gaze_load_part(lse + n, there - n, INFINITY) : (floatv)(lse[0]);
        const floatv take = stride ? gaze_load_part(delta + n, there - n, 0.0f) : (floatv)(delta[0]);
        floatv p = gaze_exp_lowv(vloadv(0, s + n) - l), d = factor * p * (vloadv(0, dp + n) - take);
        if (!gaze_all_seen(n, begin, end, mask)) {
            const intv seen = gaze_seen(n, begin, end, mask);
            p = select((floatv)(0.0f), p, seen);
            d = select((floatv)(0.0f), d, seen);
        }
        vstorev(p, 0, s + n);
        vstorev(d, 0, dp + n);
    }
}

/* dq = ds k: a group owns ROWS queries. turned_keys, turned_values: panels of k^T and v^T; keys: of k. */
GAZE_ONE attention_query_gradient(const __global float *restrict q, const __global float *restrict dy,
                                  const __global float *restrict turned_keys,
                                  const __global float *restrict turned_values,
                                  const __global float *restrict keys, const __global int *restrict mask,
                                  const __global int *restrict queries, const __global float *restrict lse,
                                  const __global float *restrict delta, __global float *restrict dq, int Tq,
                                  int Tv, int K, int V, int H, float factor, int causal)
{
    const int first = get_group_id(0) * ROWS, rows = min(ROWS, Tq - first),
              tiles = (Tv + TILE_COLUMNS - 1) / TILE_COLUMNS;
    const size_t g = get_group_id(1), b = g / H, h = g % H;
    const int end = causal ? min(Tv, first + rows) : Tv;
    float s[ROWS * BLOCK], dp[ROWS * BLOCK], sum[ROWS * KEY_DEPTH];
    q += ((b * Tq + first) * H + h) * K;
    dq += ((b * Tq + first) * H + h) * K;
    dy += ((b * Tq + first) * H + h) * V;
    lse += g * Tq + first;
    delta += g * Tq + first;
    turned_keys += g * tiles * K * TILE_COLUMNS;
    turned_values += g * tiles * V * TILE_COLUMNS;
    keys += g * Tv * KEY_DEPTH;
    if (mask) mask += b * Tv;
    if (queries) queries += b * Tq + first;
    gaze_clear(sum, ROWS * KEY_DEPTH);
    for (int k = 0; k < end; k += BLOCK) {
        const int count = min(BLOCK, end - k);
        gaze_block_products(q, H * K, rows, turned_keys, k, count, K, factor, s);
        gaze_block_products(dy, H * V, rows, turned_values, k, count, V, 1.0f, dp);
        for (int r = 0; r < rows; r++) {
            const int seen = queries && !queries[r] ? 0 : causal ? clamp(first + r + 1 - k, 0, count) : count;
            gaze_weigh_row(s + r * BLOCK, dp + r * BLOCK, lse + r, delta + r, 0, 0, seen,
                           mask ? mask + k : mask, count, count, factor);
        }
        gaze_add_products(dp, rows, keys, k, count, Tv, KEY_DEPTH, sum);
    }
    for (int r = 0; r < rows; r++) gaze_store_row(sum + r * KEY_DEPTH, 1.0f, dq + (size_t)r * H * K, K);
}

/* dk = ds^T q and dv = p^T dy: a group owns ROWS keys. turned_queries, turned_dy: panels of q^T and dy^T;
   query_panels, dy_panels: of q and dy. */
GAZE_ONE attention_key_gradient(const __global float *restrict k, const __global float *restrict v,
                                const __global float *restrict turned_queries,
                                const __global float *restrict turned_dy,
                                const __global float *restrict query_panels,
                                const __global float *restrict dy_panels, const __global int *restrict mask,
                                const __global int *restrict queries, const __global float *restrict lse,
                                const __global float *restrict delta, __global float *restrict dk,
                                __global float *restrict dv, int Tq, int Tv, int K, int V, int H,
                                float factor, int causal)
{
    const int first = get_group_id(0) * ROWS, rows = min(ROWS, Tv - first),
              tiles = (Tq + TILE_COLUMNS - 1) / TILE_COLUMNS;
    const size_t g = get_group_id(1), b = g / H, h = g % H;
    float s[ROWS * BLOCK], dp[ROWS * BLOCK], sum_k[ROWS * KEY_DEPTH], sum_v[ROWS * VALUE_DEPTH];
    k += ((b * Tv + first) * H + h) * K;
    dk += ((b * Tv + first) * H + h) * K;
    v += ((b * Tv + first) * H + h) * V;
    dv += ((b * Tv + first) * H + h) * V;
    lse += g * Tq;
    delta += g * Tq;
    turned_queries += g * tiles * K * TILE_COLUMNS;
    turned_dy += g * tiles * V * TILE_COLUMNS;
    query_panels += g * Tq * KEY_DEPTH;
    dy_panels += g * Tq * VALUE_DEPTH;
    if (mask) mask += b * Tv + first;
    if (queries) queries += b * Tq;
    gaze_clear(sum_k, ROWS * KEY_DEPTH);
    gaze_clear(sum_v, ROWS * VALUE_DEPTH);
    for (int i = causal ? first / BLOCK * BLOCK : 0; i < Tq; i += BLOCK) {
        const int count = min(BLOCK, Tq - i);
        gaze_block_products(k, H * K, rows, turned_queries, i, count, K, factor, s);
        gaze_block_products(v, H * V, rows, turned_dy, i, count, V, 1.0f, dp);
        for (int r = 0; r < rows; r++) {
            const int begin = causal ? max(first + r - i, 0) : 0, end = mask && !mask[r] ? 0 : count;
            gaze_weigh_row(s + r * BLOCK, dp + r * BLOCK, lse + i, delta + i, 1, begin, end,
                           queries ? queries + i : queries, count, count, factor);
        }
        gaze_add_products(s, rows, dy_panels, i, count, Tq, VALUE_DEPTH, sum_v);
        gaze_add_products(dp, rows, query_panels, i, count, Tq, KEY_DEPTH, sum_k);
    }
    for (int r = 0; r < rows; r++) {
        gaze_store_row(sum_k + r * KEY_DEPTH, 1.0f, dk + (size_t)r * H * K, K);
        gaze_store_row(sum_v + r * VALUE_DEPTH, 1.0f, dv + (size_t)r * H * V, V);
    }
}
