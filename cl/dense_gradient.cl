/* out = a^T b by register tiles: a [R,M], b [R,N], summed over the rows. dense's kernel gradient is a = x, b
 * = dy. */
#include "common.h"
#include "epilogue.h"
#include "partial.h"
#include "tile.h"
#include "panel.h"

#ifndef BLOCK_TILES
#define BLOCK_TILES 11 // tiles whose columns of `a` are copied at once
#endif
#ifndef DEPTH
#define DEPTH 128 // rows in a panel
#endif
#define BLOCK_ROWS    (BLOCK_TILES * TILE_ROWS)
#define BLOCK_COLUMNS 128
#define ROW_FLOATS    (BLOCK_ROWS + 16) // BLOCK_ROWS in whole vectors, and no multiple of 4 KiB

GAZE_DEFINE_PANEL_TILE(gaze_tile_private_panel, __private, __private)

/* rows[r][j] = a[r][j], of which `columns` exist, `room` floats to the end of a; after them, to the end of the
   last tile, anything, but nothing uninitialised. In place rows may lie multiples of 4 KiB apart, in few sets
   of the cache. */
static inline void gaze_copy_rows(const __global float *a, int count, int stride, int columns, size_t room,
                                  float *rows)
{
    const int tiles = (min(columns, BLOCK_ROWS) + TILE_ROWS - 1) / TILE_ROWS,
              vectors = (tiles * TILE_ROWS + GAZE_WIDTH - 1) / GAZE_WIDTH;
    const int safe = gaze_safe_rows(room, vectors * GAZE_WIDTH, stride, count);
    for (int r = 0; r < safe; r++)
        for (int v = 0; v < vectors; v++)
            vstorev(vloadv(v, a + (size_t)r * stride), v, rows + r * ROW_FLOATS);
    for (int r = safe; r < count; r++)
        for (int v = 0; v < vectors; v++)
            vstorev(gaze_load_part(a + (size_t)r * stride + v * GAZE_WIDTH, columns - v * GAZE_WIDTH, 0.0f),
                    v, rows + r * ROW_FLOATS);
}

/* out (=, or += unless first) a tile, of which `rows` rows and `columns` columns exist; element (j, n) is at
 * j * row + n * column. */
static inline void gaze_put_tile(const floatv *c, __global float *out, int row, int column, int rows,
                                 int columns, int first)
{
    if (rows >= TILE_ROWS && columns >= TILE_COLUMNS && column == 1) {
#pragma unroll
        for (int j = 0; j < TILE_ROWS; j++) {
            __global float *to = out + (size_t)j * row;
            vstorev(first ? c[j] : vloadv(0, to) + c[j], 0, to);
            vstorev(first ? c[TILE_ROWS + j] : vloadv(1, to) + c[TILE_ROWS + j], 1, to);
        }
        return;
    }
    float part[TILE_ROWS * TILE_COLUMNS];
#pragma unroll
    for (int j = 0; j < TILE_ROWS; j++) {
        vstorev(c[j], 2 * j, part);
        vstorev(c[TILE_ROWS + j], 2 * j + 1, part);
    }
    for (int j = 0; j < min(rows, TILE_ROWS); j++)
        for (int n = 0; n < min(columns, TILE_COLUMNS); n++) {
            __global float *to = out + (size_t)j * row + (size_t)n * column;
            *to = part[j * TILE_COLUMNS + n] + (first ? 0.0f : *to);
        }
}

/* A group makes BLOCK_ROWS x BLOCK_COLUMNS of out from a part of the rows. out [parts], each element m * row
 * + n * column. */
GAZE_ONE dense_gradient_tile(const __global float *restrict a, const __global float *restrict b,
                             __global float *restrict out, int R, int M, int N, int part, int row, int column)
{
    const int m = get_global_id(0) * BLOCK_ROWS, first = get_global_id(1) * BLOCK_COLUMNS,
              p = get_global_id(2);
    const int from = p * part, to = min(from + part, R), rows = min(BLOCK_ROWS, M - m);
    float copy[DEPTH * ROW_FLOATS], panel[DEPTH * TILE_COLUMNS];
    out += (size_t)p * M * N;
    for (int r = from; r < to; r += DEPTH) {
        const int count = min(DEPTH, to - r);
        gaze_copy_rows(a + (size_t)r * M + m, count, M, M - m, (size_t)(R - r) * M - m, copy);
        for (int n = first; n < min(first + BLOCK_COLUMNS, N); n += TILE_COLUMNS) {
            gaze_pack(b + (size_t)r * N + n, count, N, N - n, (size_t)(R - r) * N - n, panel);
            for (int i = 0; i < rows; i += TILE_ROWS) {
                const float *element[TILE_ROWS];
                floatv c[2 * TILE_ROWS];
#pragma unroll
                for (int j = 0; j < TILE_ROWS; j++) {
                    element[j] = copy + i + j;
                    c[j] = c[TILE_ROWS + j] = 0.0f;
                }
                gaze_tile_private_panel(element, ROW_FLOATS, panel, TILE_COLUMNS, count, c);
                gaze_put_tile(c, out + (size_t)(m + i) * row + (size_t)n * column, row, column, rows - i,
                              N - n, r == from);
            }
        }
    }
}
