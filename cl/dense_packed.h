/* Products of dense from panels of its weights, and what becomes of their sums: dense_packed (dense.cl) and dense_fused. Two kernels,
   as the code that finishes, with gelu and silu in it, takes PoCL 0.2 s to compile. */
#ifndef GAZE_DENSE_PACKED_H
#define GAZE_DENSE_PACKED_H
#include "common.h"
#include "epilogue.h"
#include "smooth.h"
#include "partial.h"
#include "tile.h"
#include "panel.h"
#include "tiles.h"

#define DENSE_ROWS  72                             // rows that share a panel, whole tiles, as gz_dense_tile_of has it
#define DENSE_DEPTH (GAZE_WIDTH == 16 ? 128 : 256) // summed elements in a panel: 32 or 16 KiB

GAZE_DEFINE_PRODUCT_TILE(gaze_tile_in_place, __global, __global)

/* start [PRODUCT_COLUMNS] = `columns` of a bias from column `at` on, or zeros where it is null */
static inline void gaze_open_bias(const __global float *bias, int at, int columns, float *start)
{
    for (int j = 0; j < PRODUCT_COLUMNS; j += GAZE_WIDTH) vstorev(gaze_load_some(bias, at + j, columns - j), 0, start + j);
}

/* What becomes of the sums. The numbers are gz_finish's (engine/ops/dense.h). */
#define FINISH_ADD      1 // activation(sum + bias) + other
#define FINISH_SLOPE    2 // sum times the activation's slope at `other`
#define FINISH_ACTIVATE 3 // gelu or silu of sum + bias

static inline floatv gaze_finish(int finish, int activation, floatv x, floatv other)
{
    if (finish == FINISH_ADD) return x + other;
    return finish == FINISH_SLOPE ? gaze_slopev(activation, other, x) : gaze_valuev(activation, x);
}

/* Whole vectors: the choice is made once, and two vectors are on their way at a time. */
#define FINISH_ROWS(KIND, WHAT)                                                                                                  \
    if (activation == KIND && finish == WHAT) {                                                                                  \
        for (int j = 0; j < rows; j++)                                                                                           \
            for (int u = 0; u < columns; u += 2 * GAZE_WIDTH) {                                                                  \
                const size_t at = (size_t)j * stride + u;                                                                        \
                const floatv x0 = vloadv(0, tile + u * height + j * GAZE_WIDTH) + vloadv(0, bias + u);                           \
                const floatv x1 = vloadv(0, tile + (u + GAZE_WIDTH) * height + j * GAZE_WIDTH) + vloadv(1, bias + u);            \
                if (before) vstorev(x0, 0, before + at);                                                                         \
                if (before) vstorev(x1, 1, before + at);                                                                         \
                vstorev(gaze_finish(WHAT, KIND, x0, WHAT == FINISH_SLOPE ? vloadv(0, other + at) : x0), 0, to + at);             \
                vstorev(gaze_finish(WHAT, KIND, x1, WHAT == FINISH_SLOPE ? vloadv(1, other + at) : x1), 1, to + at);             \
            }                                                                                                                    \
        return;                                                                                                                  \
    }

/* `rows` and `columns` of a tile in memory, with bias [PRODUCT_COLUMNS], to y; before may be null, other is read where `finish` does. */
GAZE_APART void gaze_finish_tile(int finish, int activation, const float *tile, int height, const float *bias,
                                 const __global float *other, __global float *before, __global float *to, int stride, int rows,
                                 int columns)
{
    if (columns % (2 * GAZE_WIDTH) == 0) {
        FINISH_ROWS(GAZE_GELU, FINISH_ACTIVATE)
        FINISH_ROWS(GAZE_GELU, FINISH_SLOPE)
        FINISH_ROWS(GAZE_SILU, FINISH_ACTIVATE)
        FINISH_ROWS(GAZE_SILU, FINISH_SLOPE)
    }
    for (int j = 0; j < rows; j++)
        for (int u = 0; u < columns; u += GAZE_WIDTH) {
            const size_t at = (size_t)j * stride + u;
            const floatv sum = vloadv(0, tile + u * height + j * GAZE_WIDTH) + vloadv(0, bias + u);
            const floatv x = finish <= FINISH_ADD ? gaze_epiloguev(activation, sum) : sum;
            if (before) gaze_store_part(x, before + at, columns - u);
            if (finish) {
                const floatv second = finish == FINISH_ACTIVATE ? x : gaze_load_part(other + at, columns - u, 0.0f);
                gaze_store_part(gaze_finish(finish, activation, x, second), to + at, columns - u);
            } else
                gaze_store_part(x, to + at, columns - u);
        }
}

/* c and bias to `to`, finished: `rows` and `columns` of it exist. What is common doesn't leave the registers. */
GAZE_IN_REGISTERS void gaze_put_finished(floatv *c, int finish, int activation, const float *bias, const __global float *other,
                                         __global float *before, __global float *to, int stride, int rows, int columns)
{
    if (finish == 0 && !before && activation <= GAZE_RELU && rows == TILE_ROWS && columns == PRODUCT_COLUMNS) {
        const float low = activation == GAZE_RELU ? 0.0f : -INFINITY;
#pragma unroll
        for (int i = 0; i < PRODUCT_TILE; i++) {
            c[i] += vloadv(i / TILE_ROWS, bias);
            c[i] = select(c[i], (floatv)low, c[i] < low);
        }
        gaze_store_whole_tile(c, to, stride);
        return;
    }
    GAZE_ALIGNED float tile[PRODUCT_TILE * GAZE_WIDTH];
    gaze_keep_tile(c, tile);
    gaze_finish_tile(finish, activation, tile, IS_NARROW(columns) ? NARROW_ROWS : TILE_ROWS, bias, other, before, to, stride, rows,
                     columns);
}

/* y [R,N] = activation(x [R,K] w + bias) from the panels of w, finished: a group makes DENSE_ROWS x PRODUCT_COLUMNS. before [R,N]: where
   what is finished is kept, or null, as may be bias and other [R,N]. The groups of a row ask for the next DENSE_ROWS rows of x and
   for the part of a panel that comes next; and each tile, row by row in the course of its product, for what it reads and writes at its
   end: more at once would take all of the misses that a core can wait for, and the panel needs some. */
GAZE_IN_REGISTERS void gaze_dense_rows(int i0, int i1, const __global float *x, const __global float *panels,
                                       const __global float *bias, const __global float *other, __global float *before,
                                       __global float *y, int R, int K, int N, int activation, int finish)
{
    const int n = i0 * PRODUCT_COLUMNS, r = i1 * DENSE_ROWS, columns = min(PRODUCT_COLUMNS, N - n);
    const int rows = min(DENSE_ROWS, R - r), narrow = IS_NARROW(columns), height = narrow ? NARROW_ROWS : TILE_ROWS;
    const int steps = (K + DENSE_DEPTH - 1) / DENSE_DEPTH * (DENSE_ROWS / height), groups = (N + PRODUCT_COLUMNS - 1) / PRODUCT_COLUMNS;
    const int next_rows = clamp(R - r - DENSE_ROWS, 0, DENSE_ROWS), share = next_rows * K / (groups * steps) + 1;
    const int tiles = (rows + height - 1) / height, ahead = (DENSE_DEPTH * PRODUCT_COLUMNS / (tiles * ASKED_PARTS) + 15) / 16 * 16;
    const __global float *row[MOST_ROWS], *next = x + (size_t)(r + DENSE_ROWS) * K + i0 * steps * share;
    GAZE_ALIGNED float sum[DENSE_ROWS * PRODUCT_COLUMNS], start[PRODUCT_COLUMNS];
    floatv c[PRODUCT_TILE];
    gaze_open_bias(bias, n, columns, start);
    panels += (size_t)n * K;
    for (int k = 0; k < K; k += DENSE_DEPTH) {
        const int count = min(DENSE_DEPTH, K - k), last = k + DENSE_DEPTH >= K;
        const __global float *panel = panels + (size_t)k * PRODUCT_COLUMNS, *later = panel + (size_t)count * PRODUCT_COLUMNS;
        for (int i = 0; i < rows; i += height, next += share) {
            const size_t at = (size_t)(r + i) * N + n;
            const int there = min(height, rows - i);
            gaze_open_tile(x + (size_t)(r + i) * K + k, K, there, row, c);
            if (next_rows) gaze_prefetch(next, share);
            for (int part = 0; part < ASKED_PARTS; part++, later += ahead) {
                const int from = count * part / ASKED_PARTS, some = count * (part + 1) / ASKED_PARTS - from;
                const size_t end = at + (size_t)part * N;
                if (last && part < there) gaze_prefetch_to(y + end, columns);
                if (last && part < there && before) gaze_prefetch_to(before + end, columns);
                if (last && part < there && other) gaze_prefetch(other + end, columns);
                gaze_prefetch(later, ahead);
                gaze_tile_in_place(row, 1, panel + from * PRODUCT_COLUMNS, PRODUCT_COLUMNS, some, narrow, c);
            }
            gaze_add_block(c, sum + i * PRODUCT_COLUMNS, k == 0, last);
            if (!last) continue;
            gaze_put_finished(c, finish, activation, start, other ? other + at : 0, before ? before + at : 0, y + at, N, there, columns);
        }
    }
}

#endif
