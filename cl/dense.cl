/* y = x w and dx = dy w^T by register tiles. x [R,K], w [K,U], y [R,U]: R rows, K inputs, U units. Sizes are
   arguments; only the tile is built in. Sums are taken in blocks of fixed length and in a fixed order: they
   don't depend on the number of cores. */
#include "dense_packed.h"

#define DENSE_IN_PLACE (2 * TILE_ROWS)               // so few rows are not worth a panel
#define PANEL_LINES    ((PRODUCT_COLUMNS + 15) / 16) // of the cache in a row of a panel, and
#define DEPTH_LINES    (DENSE_DEPTH / 16)            // in a column

GAZE_DEFINE_PRODUCT_TILE(gaze_tile_panel, __global, __private)

/* c += the rows of tile i of `tiles` times a panel. Meanwhile the tile asks for its share of the lines of the cache that the next panel
   is made of, `row_lines` of a row, rows `stride` floats apart, a little at a time: all at once would take all of the misses that a
   core can wait for. */
GAZE_IN_REGISTERS void gaze_tile_asking(const __global float **row, const float *panel, int count, const __global float *next,
                                        int stride, int row_lines, int lines, int i, int tiles, int narrow, floatv *c)
{
    const int first = lines * i / tiles, mine = lines * (i + 1) / tiles - first;
    for (int q = 0; q < ASKED_PARTS; q++) {
        const int begin = count * q / ASKED_PARTS, some = count * (q + 1) / ASKED_PARTS - begin;
        for (int l = first + mine * q / ASKED_PARTS; l < first + mine * (q + 1) / ASKED_PARTS; l++)
            gaze_prefetch(next + (size_t)(l / row_lines) * stride + l % row_lines * 16, 1);
        gaze_tile_panel(row, 1, panel + begin * PRODUCT_COLUMNS, PRODUCT_COLUMNS, some, narrow, c);
    }
}

/* A group makes DENSE_ROWS x PRODUCT_COLUMNS of y from a part of K. y [parts][R][U]; bias (may be null) and
   activation only with one part. */
GAZE_APART void gaze_dense_tile(int i0, int i1, int i2, const __global float *restrict x, const __global float *restrict w,
                                const __global float *restrict bias, __global float *restrict y, int R, int K, int U, int part,
                                int activation)
{
    const int u = i0 * PRODUCT_COLUMNS, r = i1 * DENSE_ROWS, p = i2;
    const int rows = min(DENSE_ROWS, R - r), from = p * part, to = min(from + part, K);
    const int in_place = rows <= DENSE_IN_PLACE && u + PRODUCT_COLUMNS <= U, narrow = IS_NARROW(U - u);
    const int height = narrow ? NARROW_ROWS : TILE_ROWS, tiles = (rows + height - 1) / height;
    const __global float *row[MOST_ROWS];
    GAZE_ALIGNED float panel[DENSE_DEPTH * PRODUCT_COLUMNS], sum[DENSE_ROWS * PRODUCT_COLUMNS], start[PRODUCT_COLUMNS];
    floatv c[PRODUCT_TILE];
    gaze_open_bias(bias, u, U - u, start);
    y += ((size_t)p * R + r) * U + u;
    for (int k = from; k < to; k += DENSE_DEPTH) {
        const int count = min(DENSE_DEPTH, to - k), last = k + DENSE_DEPTH >= to;
        const __global float *block = w + (size_t)k * U + u;
        /* The next columns' first panel after the last one. */
        const int left = last ? (u + PRODUCT_COLUMNS < U ? to - from : 0) : to - k - DENSE_DEPTH;
        const __global float *next = last ? w + (size_t)from * U + u + PRODUCT_COLUMNS : block + (size_t)DENSE_DEPTH * U;
        const int lines = min(DENSE_DEPTH, left) * PANEL_LINES;
        if (!in_place) gaze_pack(block, count, U, U - u, (size_t)(K - k) * U - u, panel);
        for (int i = 0; i < rows; i += height) {
            gaze_open_tile(x + (size_t)(r + i) * K + k, K, rows - i, row, c);
            if (in_place)
                gaze_tile_in_place(row, 1, block, U, count, 0, c);
            else
                gaze_tile_asking(row, panel, count, next, U, PANEL_LINES, lines, i / height, tiles, narrow, c);
            gaze_add_block(c, sum + i * PRODUCT_COLUMNS, k == from, last);
            if (!last) continue;
            gaze_put_finished(c, 0, activation, start, 0, 0, y + (size_t)i * U, U, min(height, rows - i), min(PRODUCT_COLUMNS, U - u));
        }
    }
}

GAZE_ONE dense_tile(GAZE_HERE const __global float *restrict x, const __global float *restrict w,
                    const __global float *restrict bias, __global float *restrict y, int R, int K, int U, int part, int activation)
{
    gaze_dense_tile(GAZE_AT(0), GAZE_AT(1), GAZE_AT(2), x, w, bias, y, R, K, U, part, activation);
}

/* dx [R,K] = dy [R,U] w^T: a group makes DENSE_ROWS x PRODUCT_COLUMNS of dx. */
GAZE_APART void gaze_dense_tile_transposed(int i0, int i1, const __global float *restrict dy, const __global float *restrict w,
                                           __global float *restrict dx, int R, int K, int U)
{
    const int k = i0 * PRODUCT_COLUMNS, r = i1 * DENSE_ROWS;
    const int rows = min(DENSE_ROWS, R - r), narrow = IS_NARROW(K - k), height = narrow ? NARROW_ROWS : TILE_ROWS;
    const int tiles = (rows + height - 1) / height;
    const __global float *row[MOST_ROWS];
    GAZE_ALIGNED float panel[DENSE_DEPTH * PRODUCT_COLUMNS], sum[DENSE_ROWS * PRODUCT_COLUMNS];
    floatv c[PRODUCT_TILE];
    dx += (size_t)r * K + k;
    for (int u = 0; u < U; u += DENSE_DEPTH) {
        const int count = min(DENSE_DEPTH, U - u), last = u + DENSE_DEPTH >= U;
        const int after = last ? k + PRODUCT_COLUMNS : k; // the row that the next panel begins with
        const __global float *next = w + (size_t)after * U + (last ? 0 : u + DENSE_DEPTH);
        const int lines = clamp(K - after, 0, PRODUCT_COLUMNS) * DEPTH_LINES;
        gaze_pack_transposed(w + (size_t)k * U + u, count, U, K - k, PRODUCT_COLUMNS, panel);
        for (int i = 0; i < rows; i += height) {
            gaze_open_tile(dy + (size_t)(r + i) * U + u, U, rows - i, row, c);
            gaze_tile_asking(row, panel, count, next, U, DEPTH_LINES, lines, i / height, tiles, narrow, c);
            gaze_add_block(c, sum + i * PRODUCT_COLUMNS, u == 0, last);
            if (last) gaze_store_tile(c, dx + (size_t)i * K, K, rows - i, K - k);
        }
    }
}

GAZE_ONE dense_tile_transposed(GAZE_HERE const __global float *restrict dy, const __global float *restrict w,
                               __global float *restrict dx, int R, int K, int U)
{
    gaze_dense_tile_transposed(GAZE_AT(0), GAZE_AT(1), dy, w, dx, R, K, U);
}

/* panels [ceil(N / PRODUCT_COLUMNS)][K][PRODUCT_COLUMNS] of a matrix whose element (k, n) is at k * row + n * column, one of
   which is 1. */
GAZE_APART void gaze_dense_panels(int i0, int i1, const __global float *restrict w, __global float *restrict panels, int K,
                                  int N, int row, int column)
{
    const int n = i0 * PRODUCT_COLUMNS, k = i1 * DENSE_DEPTH, count = min(DENSE_DEPTH, K - k);
    GAZE_ALIGNED float panel[DENSE_DEPTH * PRODUCT_COLUMNS];
    if (column == 1)
        gaze_pack(w + (size_t)k * row + n, count, row, N - n, (size_t)(K - k) * row - n, panel);
    else
        gaze_pack_transposed(w + (size_t)n * column + k, count, column, N - n, PRODUCT_COLUMNS, panel);
    panels += (size_t)n * K + (size_t)k * PRODUCT_COLUMNS;
    for (int i = 0; i < PRODUCT_VECTORS * count; i++) vstorev(vloadv(i, panel), i, panels);
}

GAZE_ONE dense_panels(GAZE_HERE const __global float *restrict w, __global float *restrict panels, int K, int N, int row,
                      int column)
{
    gaze_dense_panels(GAZE_AT(0), GAZE_AT(1), w, panels, K, N, row, column);
}

/* y [R,N] = activation(x [R,K] w + bias) from the panels of w. */
GAZE_APART void gaze_dense_packed(int i0, int i1, const __global float *restrict x, const __global float *restrict panels,
                                  const __global float *restrict bias, __global float *restrict y, int R, int K, int N, int activation)
{
    gaze_dense_rows(i0, i1, x, panels, bias, 0, 0, y, R, K, N, activation, 0);
}

GAZE_ONE dense_packed(GAZE_HERE const __global float *restrict x, const __global float *restrict panels,
                      const __global float *restrict bias, __global float *restrict y, int R, int K, int N, int activation)
{
    gaze_dense_packed(GAZE_AT(0), GAZE_AT(1), x, panels, bias, y, R, K, N, activation);
}
