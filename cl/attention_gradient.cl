/* The gradients of attention in tiles: p = exp(score - lse), dp = dy v^T and delta_i = dy_i y_i (what softmax's gradient takes
   off) give ds = p (dp - delta), dq = factor ds k, dk = factor ds^T q and dv = p^T dy: five products, each made once. A group owns
   `part` keys of one head; it goes through them HELD_KEYS at a time, whose dk and dv it sums, and for these through all queries. What it
   adds to dq stands in dq [parts][B,Tq,H,K]. */
#include "common.h"
#include "epilogue.h"
#include "partial.h"
#include "tile.h"
#include "panel.h"
#include "heads.h"

#ifndef HELD_KEYS
#define HELD_KEYS (8 * PANEL_ROWS) // whose sums are held at a time, whole tiles
#endif
#define BLOCK (HELD_KEYS < 8 * PANEL_ROWS ? HELD_KEYS : 8 * PANEL_ROWS) // keys whose weights are held at a time

GAZE_DEFINE_PANEL_TILE(gaze_weights_tile, __private, __private)

/* to [count][depth_up], zeros after `depth` and in the rows that fill the last tile */
static inline void gaze_copy_head(const __global float *from, int stride, int count, int depth, int depth_up, float *to)
{
    for (int r = 0; r < count || r % PANEL_ROWS; r++)
        for (int d = 0; d < depth_up; d += GAZE_WIDTH)
            vstorev(r < count && d < depth ? gaze_load_part(from + (size_t)r * stride + d, depth - d, 0.0f) : (floatv)(0.0f), 0,
                    to + r * depth_up + d);
}

/* panels [depth_up / TILE_COLUMNS][QUERIES][TILE_COLUMNS], zeros after `depth` */
static inline void gaze_copy_panels(const __global float *from, int stride, int count, int depth, float *panels)
{
    for (int d = 0; d < depth; d += TILE_COLUMNS)
        for (int r = 0; r < count; r++) {
            const __global float *row = from + (size_t)r * stride + d;
            float *to = panels + d * QUERIES + r * TILE_COLUMNS;
            vstorev(gaze_load_part(row, depth - d, 0.0f), 0, to);
            vstorev(depth - d > GAZE_WIDTH ? gaze_load_part(row + GAZE_WIDTH, depth - d - GAZE_WIDTH, 0.0f)
                                           : (floatv)(0.0f),
                    1, to);
        }
}

GAZE_IN_REGISTERS void gaze_open_rows(const float *a, int stride, const float **row)
{
#pragma unroll
    for (int j = 0; j < PANEL_ROWS; j++) row[j] = a + j * stride;
}

/* Rows begin..end of a matrix that will be read soon */
static inline void gaze_ask(const __global float *from, int stride, int begin, int end, int depth)
{
    for (int r = begin; r < end; r++) gaze_prefetch(from + (size_t)r * stride, depth);
}

/* p [keys][QUERIES] = 2^(factor k q^T - lse) */
GAZE_APART void gaze_make_weights(const float *k, int keys, const float *turned, int queries, int depth, float factor,
                                  const float *lse, float *p)
{
    const float *row[PANEL_ROWS];
    floatv c[2 * PANEL_ROWS];
    for (int j = 0; j < keys; j += PANEL_ROWS)
        for (int n = 0; n < queries; n += TILE_COLUMNS) {
            const floatv lse0 = vloadv(0, lse + n), lse1 = vloadv(1, lse + n);
            gaze_open_rows(k + j * KEY_DEPTH, KEY_DEPTH, row);
#pragma unroll
            for (int i = 0; i < 2 * PANEL_ROWS; i++) c[i] = 0.0f;
            gaze_weights_tile(row, 1, turned + n * depth, TILE_COLUMNS, depth, c);
#pragma unroll
            for (int i = 0; i < PANEL_ROWS; i++) {
                c[i] = gaze_exp2_lowv(fma(c[i], (floatv)(factor), -lse0));
                c[PANEL_ROWS + i] = gaze_exp2_lowv(fma(c[PANEL_ROWS + i], (floatv)(factor), -lse1));
            }
            gaze_keep_rows(c, p + j * QUERIES + n, QUERIES);
        }
}

/* ds [keys][QUERIES] = p (v dy^T - delta) */
GAZE_APART void gaze_make_differences(const float *v, int keys, const float *turned, int queries, int depth,
                                      const float *delta, const float *p, float *ds)
{
    const float *row[PANEL_ROWS];
    floatv c[2 * PANEL_ROWS];
    for (int j = 0; j < keys; j += PANEL_ROWS)
        for (int n = 0; n < queries; n += TILE_COLUMNS) {
            const floatv delta0 = vloadv(0, delta + n), delta1 = vloadv(1, delta + n);
            gaze_open_rows(v + j * VALUE_DEPTH, VALUE_DEPTH, row);
#pragma unroll
            for (int i = 0; i < PANEL_ROWS; i++) {
                c[i] = -delta0;
                c[PANEL_ROWS + i] = -delta1;
            }
            gaze_weights_tile(row, 1, turned + n * depth, TILE_COLUMNS, depth, c);
            const float *weight = p + j * QUERIES + n;
#pragma unroll
            for (int i = 0; i < PANEL_ROWS; i++) {
                c[i] *= vloadv(0, weight + i * QUERIES);
                c[PANEL_ROWS + i] *= vloadv(1, weight + i * QUERIES);
            }
            gaze_keep_rows(c, ds + j * QUERIES + n, QUERIES);
        }
}

/* sum [keys][depth] += s panels: what queries add to keys */
GAZE_APART void gaze_add_to_keys(const float *s, int keys, int queries, const float *panels, int depth, float *sum)
{
    const float *row[PANEL_ROWS];
    floatv c[2 * PANEL_ROWS];
    for (int d = 0; d < depth; d += TILE_COLUMNS)
        for (int j = 0; j < keys; j += PANEL_ROWS) {
            float *to = sum + j * depth + d;
            gaze_open_rows(s + j * QUERIES, QUERIES, row);
            gaze_load_rows(to, depth, c);
            gaze_weights_tile(row, 1, panels + d * QUERIES, TILE_COLUMNS, queries, c);
            gaze_keep_rows(c, to, depth);
        }
}

GAZE_DEFINE_MIX(gaze_add_to_queries, __private) // sum [depth][QUERIES] += k^T ds: what keys add to queries

/* What the weights of a block of queries need: lse, as an exponent of 2 (infinity: no weight), and delta */
static inline void gaze_query_sums(const __global float *y, const __global float *dy, int stride, int rows, int V,
                                   const __global float *lse, const __global int *queries, float *exponent, float *delta)
{
    for (int r = 0; r < QUERIES; r++) {
        const int seen = r < rows && !(queries && !queries[r]);
        floatv sum = 0.0f;
        for (int d = 0; seen && d < V; d += GAZE_WIDTH)
            sum = fma(gaze_load_part(y + (size_t)r * stride + d, V - d, 0.0f),
                      gaze_load_part(dy + (size_t)r * stride + d, V - d, 0.0f), sum);
        exponent[r] = seen ? lse[r] * LOG2_E : INFINITY;
        delta[r] = gaze_sumv(sum);
    }
}

/* Rows of dq: factor times the columns of sum, on top of what is there unless `fresh` */
static inline void gaze_put_queries(const float *sum, int rows, int depth, float factor, __global float *dq, int stride,
                                    int fresh)
{
    GAZE_ALIGNED float turned[QUERIES * KEY_DEPTH];
    gaze_turn_columns(sum, rows, KEY_DEPTH, turned);
    for (int r = 0; r < rows; r++)
        for (int d = 0; d < depth; d += GAZE_WIDTH) {
            __global float *to = dq + (size_t)r * stride + d;
            const floatv x = factor * vloadv(0, turned + r * KEY_DEPTH + d);
            gaze_store_part(fresh ? x : x + gaze_load_part(to, depth - d, 0.0f), to, depth - d);
        }
}

static inline void gaze_put_keys(const float *sum, int keys, int depth, int depth_up, float factor, __global float *to,
                                 int stride)
{
    for (int r = 0; r < keys; r++)
        for (int d = 0; d < depth; d += GAZE_WIDTH)
            gaze_store_part(factor * vloadv(0, sum + r * depth_up + d), to + (size_t)r * stride + d, depth - d);
}

GAZE_APART void gaze_attention_gradient(int i0, int i1, const __global float *restrict q, const __global float *restrict k,
                                        const __global float *restrict v, const __global int *restrict mask,
                                        const __global int *restrict queries, const __global float *restrict y,
                                        const __global float *restrict lse, const __global float *restrict dy,
                                        __global float *restrict dq, __global float *restrict dk,
                                        __global float *restrict dv, int Tq, int Tv, int K, int V, int H, float factor,
                                        int causal, int part, size_t count)
{
    const size_t b = i1 / H, h = i1 % H;
    const int from = i0 * part, to = min(from + part, Tv);
    GAZE_ALIGNED float keys[HELD_KEYS * KEY_DEPTH], values[HELD_KEYS * VALUE_DEPTH], sum_k[HELD_KEYS * KEY_DEPTH], sum_v[HELD_KEYS * VALUE_DEPTH];
    GAZE_ALIGNED float turned_q[KEY_DEPTH * QUERIES], turned_dy[VALUE_DEPTH * QUERIES], panels_q[KEY_DEPTH * QUERIES],
        panels_dy[VALUE_DEPTH * QUERIES];
    GAZE_ALIGNED float p[BLOCK * QUERIES], ds[BLOCK * QUERIES], sum_q[(KEY_DEPTH + PANEL_ROWS) * QUERIES], exponent[QUERIES],
        delta[QUERIES];
    q += (b * Tq * H + h) * K;
    dq += i0 * count + (b * Tq * H + h) * K;
    y += (b * Tq * H + h) * V;
    dy += (b * Tq * H + h) * V;
    lse += (size_t)i1 * Tq;
    if (mask) mask += b * Tv;
    if (queries) queries += b * Tq;
    for (int first = from; first < to; first += HELD_KEYS) {
        const int held = min(HELD_KEYS, to - first);
        const size_t key = (b * Tv + first) * H + h;
        gaze_copy_head(k + key * K, H * K, held, K, KEY_DEPTH, keys);
        gaze_copy_head(v + key * V, H * V, held, V, VALUE_DEPTH, values);
        gaze_clear(sum_k, HELD_KEYS * KEY_DEPTH);
        gaze_clear(sum_v, HELD_KEYS * VALUE_DEPTH);
        for (int i = 0; i < Tq; i += QUERIES) {
            const int rows = min(QUERIES, Tq - i);
            /* whole tiles: what lies beyond a block's keys in its last tile is added to other keys' sums */
            const int seen = (i + rows - first + PANEL_ROWS - 1) / PANEL_ROWS * PANEL_ROWS, end = causal ? min(held, seen) : held;
            /* what is read next: the next queries, or the next head's first ones */
            const size_t row = (size_t)i * H, next = i + QUERIES < Tq ? row + QUERIES * H : 1;
            gaze_clear(sum_q, (KEY_DEPTH + PANEL_ROWS) * QUERIES);
            if (end > 0) {
                gaze_turn_rows(q + row * K, H * K, rows, K, turned_q);
                gaze_turn_rows(dy + row * V, H * V, rows, V, turned_dy);
                gaze_copy_panels(q + row * K, H * K, rows, K, panels_q);
                gaze_copy_panels(dy + row * V, H * V, rows, V, panels_dy);
                gaze_query_sums(y + row * V, dy + row * V, H * V, rows, V, lse + i, queries ? queries + i : queries,
                                exponent, delta);
            }
            for (int j = 0; j < end; j += BLOCK) {
                const int n = min(BLOCK, end - j), ahead = first + j - i, ordered = causal && ahead + n > 1;
                const int ask = QUERIES * j / end, asked = QUERIES * (j + n) / end;
                gaze_ask(q + next * K, H * K, ask, asked, K);
                gaze_ask(y + next * V, H * V, ask, asked, V);
                gaze_ask(dy + next * V, H * V, ask, asked, V);
                if (next == 1) {
                    gaze_ask(k + (key + 1) * K, H * K, j, j + n, K);
                    gaze_ask(v + (key + 1) * V, H * V, j, j + n, V);
                }
                gaze_make_weights(keys + j * KEY_DEPTH, n, turned_q, rows, K, factor * LOG2_E, exponent, p);
                if (mask || ordered)
                    gaze_hide(p, n, rows, mask ? mask + first + j : mask, causal ? ahead : INT_MIN, 0.0f);
                gaze_make_differences(values + j * VALUE_DEPTH, n, turned_dy, rows, V, delta, p, ds);
                gaze_add_to_keys(p, n, rows, panels_dy, VALUE_DEPTH, sum_v + j * VALUE_DEPTH);
                gaze_add_to_keys(ds, n, rows, panels_q, KEY_DEPTH, sum_k + j * KEY_DEPTH);
                gaze_add_to_queries(keys + j * KEY_DEPTH, KEY_DEPTH, n, ds, rows, sum_q, K);
            }
            if (end > 0 || first == from) gaze_put_queries(sum_q, rows, K, factor, dq + row * K, H * K, first == from);
        }
        gaze_put_keys(sum_k, held, K, KEY_DEPTH, factor, dk + key * K, H * K);
        gaze_put_keys(sum_v, held, V, VALUE_DEPTH, 1.0f, dv + key * V, H * V);
    }
}

GAZE_ONE attention_gradient(GAZE_HERE const __global float *restrict q, const __global float *restrict k,
                            const __global float *restrict v, const __global int *restrict mask,
                            const __global int *restrict queries, const __global float *restrict y,
                            const __global float *restrict lse, const __global float *restrict dy,
                            __global float *restrict dq, __global float *restrict dk, __global float *restrict dv, int Tq,
                            int Tv, int K, int V, int H, float factor, int causal, int part, ulong count)
{
    gaze_attention_gradient(GAZE_AT(0), GAZE_AT(1), q, k, v, mask, queries, y, lse, dy, dq, dk, dv, Tq, Tv, K, V,
                            H, factor, causal, part, count);
}
