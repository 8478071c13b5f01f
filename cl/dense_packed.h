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

#define DENSE_ROWS  (GAZE_WIDTH == 16 ? 64 : 66) // rows that share a panel, as gz_dense_tile_of has it
#define DENSE_DEPTH 256                          // summed elements in a panel

GAZE_DEFINE_PANEL_TILE(gaze_tile_in_place, __global, __global)

GAZE_IN_REGISTERS void gaze_add_bias(floatv *c, const float *bias)
{
    const floatv bias0 = vloadv(0, bias), bias1 = vloadv(1, bias);
#pragma unroll
    for (int j = 0; j < PANEL_ROWS; j++) {
        c[j] += bias0;
        c[PANEL_ROWS + j] += bias1;
    }
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

/* Rows of two whole vectors: the choice is made once, and several vectors are on their way at a time. */
#define FINISH_ROWS(KIND, WHAT)                                                                                  \
    if (activation == KIND && finish == WHAT) {                                                                  \
        for (int j = 0; j < rows; j++, part += TILE_COLUMNS) {                                                   \
            const floatv x0 = vloadv(0, part), x1 = vloadv(1, part);                                             \
            const size_t at = (size_t)j * stride;                                                                \
            vstorev(gaze_finish(WHAT, KIND, x0, WHAT == FINISH_SLOPE ? vloadv(0, other + at) : x0), 0, to + at); \
            vstorev(gaze_finish(WHAT, KIND, x1, WHAT == FINISH_SLOPE ? vloadv(1, other + at) : x1), 1, to + at); \
        }                                                                                                        \
        return;                                                                                                  \
    }

/* `rows` and `columns` of a tile, `part` [PANEL_ROWS][TILE_COLUMNS], to y; other is read where `finish` does. */
GAZE_APART void gaze_finish_tile(int finish, int activation, const float *part, const __global float *other, __global float *to,
                                 int stride, int rows, int columns)
{
    if (columns == TILE_COLUMNS) {
        FINISH_ROWS(GAZE_GELU, FINISH_ACTIVATE)
        FINISH_ROWS(GAZE_GELU, FINISH_SLOPE)
        FINISH_ROWS(GAZE_SILU, FINISH_ACTIVATE)
        FINISH_ROWS(GAZE_SILU, FINISH_SLOPE)
    }
    for (int j = 0; j < rows; j++)
        for (int u = 0; u < columns; u += GAZE_WIDTH) {
            const size_t at = (size_t)j * stride + u;
            const floatv x = vloadv(0, part + j * TILE_COLUMNS + u);
            const floatv second = finish == FINISH_ACTIVATE ? x : gaze_load_part(other + at, columns - u, 0.0f);
            gaze_store_part(gaze_finish(finish, activation, x, second), to + at, columns - u);
        }
}

/* A whole tile is added to without leaving the registers. */
GAZE_IN_REGISTERS void gaze_add_tile(floatv *c, const __global float *other, int stride)
{
#pragma unroll
    for (int j = 0; j < PANEL_ROWS; j++) {
        c[j] += vloadv(0, other + (size_t)j * stride);
        c[PANEL_ROWS + j] += vloadv(1, other + (size_t)j * stride);
    }
}

/* c to `to`, finished. */
GAZE_IN_REGISTERS void gaze_put_finished(floatv *c, int finish, int activation, const __global float *other, __global float *to,
                                         int stride, int rows, int columns)
{
    const int whole = rows == PANEL_ROWS && columns == TILE_COLUMNS;
    if (finish == FINISH_ADD && whole) gaze_add_tile(c, other, stride);
    if (finish == 0 || (finish == FINISH_ADD && whole)) {
        gaze_store_tile(c, to, stride, rows, columns);
        return;
    }
    GAZE_ALIGNED float part[PANEL_ROWS * TILE_COLUMNS];
    gaze_spill_tile(c, part);
    gaze_finish_tile(finish, activation, part, other, to, stride, rows, columns);
}

/* y [R,N] = activation(x [R,K] w + bias) from the panels of w, finished: a group makes DENSE_ROWS x TILE_COLUMNS. before [R,N]: where
   what is finished is kept, or null, as may be bias and other [R,N]. The groups of a row ask for the next DENSE_ROWS rows of x, or,
   where there are none that could use panels again, for the part of a panel that comes next; and each tile, row by row in the course
   of its product, for what it reads and writes at its end: more at once would take all of the misses that a core can wait for, and
   the panel needs some. */
GAZE_IN_REGISTERS void gaze_dense_rows(int i0, int i1, const __global float *x, const __global float *panels,
                                       const __global float *bias, const __global float *other, __global float *before,
                                       __global float *y, int R, int K, int N, int activation, int finish)
{
    const int n = i0 * TILE_COLUMNS, r = i1 * DENSE_ROWS, columns = min(TILE_COLUMNS, N - n);
    const int rows = min(DENSE_ROWS, R - r), plain = finish <= FINISH_ADD ? activation : 0;
    const int steps = (K + DENSE_DEPTH - 1) / DENSE_DEPTH * (DENSE_ROWS / PANEL_ROWS), groups = (N + TILE_COLUMNS - 1) / TILE_COLUMNS;
    const int next_rows = clamp(R - r - DENSE_ROWS, 0, DENSE_ROWS), share = next_rows * K / (groups * steps) + 1;
    const int tiles = (rows + PANEL_ROWS - 1) / PANEL_ROWS,
              ahead = R > DENSE_ROWS ? 0 : (DENSE_DEPTH * TILE_COLUMNS / (tiles * PANEL_ROWS) + 15) / 16 * 16;
    const __global float *row[PANEL_ROWS], *next = x + (size_t)(r + DENSE_ROWS) * K + i0 * steps * share;
    GAZE_ALIGNED float sum[DENSE_ROWS * TILE_COLUMNS], start[TILE_COLUMNS];
    floatv c[2 * PANEL_ROWS];
    for (int j = 0; j < TILE_COLUMNS; j++) start[j] = bias && j < columns ? bias[n + j] : 0.0f;
    panels += (size_t)n * K;
    for (int k = 0; k < K; k += DENSE_DEPTH) {
        const int count = min(DENSE_DEPTH, K - k), last = k + DENSE_DEPTH >= K;
        const __global float *panel = panels + (size_t)k * TILE_COLUMNS, *later = panel + (size_t)count * TILE_COLUMNS;
        for (int i = 0; i < rows; i += PANEL_ROWS, next += share) {
            const size_t at = (size_t)(r + i) * N + n;
            const int there = min(PANEL_ROWS, rows - i);
            gaze_open_tile(x + (size_t)(r + i) * K + k, K, there, row, c);
            if (next_rows) gaze_prefetch(next, share);
            for (int part = 0; part < PANEL_ROWS; part++, later += ahead) {
                const int from = count * part / PANEL_ROWS, some = count * (part + 1) / PANEL_ROWS - from;
                const size_t end = at + (size_t)part * N;
                if (last && part < there) gaze_prefetch_to(y + end, columns);
                if (last && part < there && before) gaze_prefetch_to(before + end, columns);
                if (last && part < there && other) gaze_prefetch(other + end, columns);
                gaze_prefetch(later, ahead);
                gaze_tile_in_place(row, 1, panel + from * TILE_COLUMNS, TILE_COLUMNS, some, c);
#pragma unroll
                for (int j = 0; j < PANEL_ROWS; j++) row[j] += some;
            }
            gaze_add_block(c, sum + i * TILE_COLUMNS, k == 0, last);
            if (!last) continue;
            gaze_add_bias(c, start);
            gaze_activate(plain, c, 2 * PANEL_ROWS);
            if (before) gaze_store_tile(c, before + at, N, there, columns);
            gaze_put_finished(c, finish, activation, other ? other + at : 0, y + at, N, there, columns);
        }
    }
}

#endif
