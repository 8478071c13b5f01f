/* out = a^T b by register tiles: a [R,M], b [R,N], summed over the rows. dense's kernel gradient is a = x, b
 * = dy. */
#include "common.h"
#include "epilogue.h"
#include "partial.h"
#include "tile.h"
#include "panel.h"
#include "tiles.h"

#define GRADIENT_ROWS    144                  // columns of `a` that are copied at once: two blocks of gz_dense_tile_of
#define GRADIENT_COLUMNS 128
#define GRADIENT_DEPTH   128                    // rows in a panel
#define COPY_FLOATS      (GRADIENT_ROWS + 16)   // GRADIENT_ROWS in whole vectors, and no multiple of 4 KiB

GAZE_DEFINE_PRODUCT_TILE(gaze_gradient_panel, __private, __private)

/* rows[r][j] = a[r][j], of which `columns` exist, `room` floats to the end of a. In place rows may lie multiples of 4 KiB apart, in
   few sets of the cache. */
static inline void gaze_copy_rows(const __global float *a, int count, int stride, int columns, size_t room,
                                  float *rows)
{
    const int vectors = (min(columns, GRADIENT_ROWS) + GAZE_WIDTH - 1) / GAZE_WIDTH;
    const int safe = gaze_safe_rows(room, vectors * GAZE_WIDTH, stride, count);
    for (int r = 0; r < safe; r++)
        for (int v = 0; v < vectors; v++)
            vstorev(vloadv(v, a + (size_t)r * stride), v, rows + r * COPY_FLOATS);
    for (int r = safe; r < count; r++)
        for (int v = 0; v < vectors; v++)
            vstorev(gaze_load_part(a + (size_t)r * stride + v * GAZE_WIDTH, columns - v * GAZE_WIDTH, 0.0f),
                    v, rows + r * COPY_FLOATS);
}

/* `rows` and `columns` of a tile in memory to out, element (j, n) at j * row + n * column. */
GAZE_APART void gaze_turn_tile_part(const float *tile, int height, __global float *out, int row, int column, int rows, int columns)
{
    for (int j = 0; j < rows; j++)
        for (int u = 0; u < columns; u += GAZE_WIDTH)
            for (int n = 0; n < min(GAZE_WIDTH, columns - u); n++)
                out[(size_t)j * row + (size_t)(u + n) * column] = tile[u * height + j * GAZE_WIDTH + n];
}

/* A tile of out, of which `rows` rows and `columns` columns exist; one of row and column is 1. */
GAZE_IN_REGISTERS void gaze_put_tile(const floatv *c, __global float *out, int row, int column, int rows, int columns)
{
    if (column == 1) {
        gaze_store_tile(c, out, row, rows, columns);
        return;
    }
    const int height = IS_NARROW(columns) ? NARROW_ROWS : TILE_ROWS;
    GAZE_ALIGNED float tile[PRODUCT_TILE * GAZE_WIDTH];
    gaze_keep_tile(c, tile);
    gaze_turn_tile_part(tile, height, out, row, column, min(rows, height), min(columns, PRODUCT_COLUMNS));
}

/* total [PRODUCT_COLUMNS] += the rows of a panel. */
static inline void gaze_add_panel(const float *panel, int count, float *total)
{
    for (int v = 0; v < PRODUCT_VECTORS; v++) {
        floatv sum = vloadv(v, total);
        for (int k = 0; k < count; k++) sum += vloadv(k * PRODUCT_VECTORS + v, panel);
        vstorev(sum, v, total);
    }
}

/* A group makes GRADIENT_ROWS x GRADIENT_COLUMNS of out from a part of the rows. out [parts], each element m * row
   + n * column. The first groups of the columns make the sums of b's rows, b_sums [parts][N], which may be null. */
GAZE_APART void gaze_dense_gradient_tile(int i0, int i1, int i2, const __global float *restrict a,
                                         const __global float *restrict b, __global float *restrict out,
                                         __global float *restrict b_sums, int R, int M, int N, int part, int row, int column)
{
    const int m = i0 * GRADIENT_ROWS, first = i1 * GRADIENT_COLUMNS,
              p = i2;
    const int from = p * part, to = min(from + part, R), rows = min(GRADIENT_ROWS, M - m);
    const int columns = min(GRADIENT_COLUMNS, N - first);
    const int least = IS_NARROW(columns) ? NARROW_ROWS : TILE_ROWS;
    const int tiles = (rows + least - 1) / least * ((columns + PRODUCT_COLUMNS - 1) / PRODUCT_COLUMNS);
    GAZE_ALIGNED float copy[GRADIENT_DEPTH * COPY_FLOATS], panel[GRADIENT_DEPTH * PRODUCT_COLUMNS], total[GRADIENT_COLUMNS];
    GAZE_ALIGNED float sum[GRADIENT_ROWS * GRADIENT_COLUMNS]; // here, as rows of out may lie multiples of 4 KiB apart too
    for (int j = 0; j < GRADIENT_COLUMNS; j++) total[j] = 0.0f;
    out += (size_t)p * M * N;
    for (int r = from; r < to; r += GRADIENT_DEPTH) {
        /* A tile asks for some rows of the next block, of a before the first half of its product and of b before the second. */
        const int count = min(GRADIENT_DEPTH, to - r), asked = count / tiles + 1, last = r + GRADIENT_DEPTH >= to;
        int next = r + count;
        gaze_copy_rows(a + (size_t)r * M + m, count, M, M - m, (size_t)(R - r) * M - m, copy);
        for (int n = first; n < first + columns; n += PRODUCT_COLUMNS) {
            gaze_pack(b + (size_t)r * N + n, count, N, N - n, (size_t)(R - r) * N - n, panel);
            if (b_sums && m == 0) gaze_add_panel(panel, count, total + n - first);
            const int narrow = IS_NARROW(N - n), height = narrow ? NARROW_ROWS : TILE_ROWS;
            for (int i = 0; i < rows; i += height) {
                const float *element[MOST_ROWS];
                floatv c[PRODUCT_TILE];
#pragma unroll
                for (int j = 0; j < MOST_ROWS; j++) element[j] = copy + min(i + j, rows - 1); // the last one for those that aren't there
#pragma unroll
                for (int j = 0; j < PRODUCT_TILE; j++) c[j] = 0.0f;
                for (int q = 0; q < 2; q++) {
                    const int begin = q * (count / 2), some = q ? count - begin : count / 2;
                    for (int l = next; l < min(next + asked, to); l++)
                        gaze_prefetch(q ? b + (size_t)l * N + first : a + (size_t)l * M + m, q ? columns : rows);
                    gaze_gradient_panel(element, COPY_FLOATS, panel + begin * PRODUCT_COLUMNS, PRODUCT_COLUMNS, some, narrow, c);
                }
                next += asked;
                gaze_add_block(c, sum + (n - first) * GRADIENT_ROWS + i * PRODUCT_COLUMNS, r == from, last);
                if (last) gaze_put_tile(c, out + (size_t)(m + i) * row + (size_t)n * column, row, column, rows - i, N - n);
            }
        }
    }
    for (int j = 0; b_sums && m == 0 && j < columns; j++) b_sums[(size_t)p * N + first + j] = total[j];
}

GAZE_ONE dense_gradient_tile(GAZE_HERE const __global float *restrict a, const __global float *restrict b,
                             __global float *restrict out, __global float *restrict b_sums, int R, int M, int N, int part, int row,
                             int column)
{
    gaze_dense_gradient_tile(GAZE_AT(0), GAZE_AT(1), GAZE_AT(2), a, b, out, b_sums, R, M, N, part, row, column);
}
