/* y = factor a b for G = B * H pairs of matrices, by register tiles: a [M,K], b [K,N], y [M,N]. Element (m,
   k) of a is at a_m m + a_k k from its matrix, and one of a_m, a_k is 1; rows of b are b_k apart, or its
   columns b_n (transposed). Sums are taken in blocks of fixed length and order. */
#include "common.h"
#include "epilogue.h"
#include "partial.h"
#include "tile.h"
#include "panel.h"
#include "tiles.h"

#ifndef BLOCK_TILES
#define BLOCK_TILES 8 // tiles of rows that share a panel
#endif
#ifndef DEPTH
#define DEPTH 256 // summed elements in a panel
#endif
#define BLOCK_ROWS    (BLOCK_TILES * TILE_ROWS)
#define IN_PLACE_ROWS (2 * TILE_ROWS) // so few rows are not worth a panel

GAZE_DEFINE_PRODUCT(gaze_matmul_panel, TILE_ROWS, PRODUCT_VECTORS, __global, __private)
GAZE_DEFINE_PRODUCT(gaze_matmul_in_place, TILE_ROWS, PRODUCT_VECTORS, __global, __global)

/* BLOCK_ROWS x PRODUCT_COLUMNS of one product, of which `rows` and `columns` exist; a, b and y point to the
 * block's. */
GAZE_APART void gaze_matmul_block(const __global float *restrict a, const __global float *restrict b,
                                     __global float *restrict y, int rows, int columns, int K, int a_m,
                                     int a_k, int b_k, int b_n, int y_m, float factor)
{
    const int in_place = b_n == 1 && rows <= IN_PLACE_ROWS && columns >= PRODUCT_COLUMNS;
    const __global float *row[TILE_ROWS];
    GAZE_ALIGNED float panel[DEPTH * PRODUCT_COLUMNS], sum[BLOCK_ROWS * PRODUCT_COLUMNS];
    floatv c[PRODUCT_TILE];
    for (int k = 0; k < K; k += DEPTH) {
        const int count = min(DEPTH, K - k), last = k + DEPTH >= K;
        const __global float *block = b + (size_t)k * b_k;
        if (b_n != 1)
            gaze_pack_transposed(block, count, b_n, columns, PRODUCT_COLUMNS, panel);
        else if (!in_place)
            gaze_pack(block, count, b_k, columns, (size_t)(K - k - 1) * b_k + columns, panel);
        for (int i = 0; i < rows; i += TILE_ROWS) {
            gaze_open_tile(a + (size_t)i * a_m + (size_t)k * a_k, a_m, rows - i, row, c);
            if (in_place)
                gaze_matmul_in_place(row, a_k, block, b_k, count, c);
            else
                gaze_matmul_panel(row, a_k, panel, PRODUCT_COLUMNS, count, c);
            gaze_add_block(c, sum + i * PRODUCT_COLUMNS, k == 0, last);
            if (!last) continue;
#pragma unroll
            for (int j = 0; j < PRODUCT_TILE; j++) c[j] *= factor;
            gaze_store_tile(c, y + (size_t)i * y_m, y_m, rows - i, columns);
        }
    }
}

/* A group makes a block of `pairs` products. Matrix h of sample b begins at b * ..._batch + h * ..._head. */
GAZE_ONE matmul(GAZE_HERE const __global float *restrict a, const __global float *restrict b,
                __global float *restrict y, int M, int N, int K, int H, int G, int pairs, int a_batch,
                int a_head, int a_m, int a_k, int b_batch, int b_head, int b_k, int b_n, int y_batch,
                int y_head, int y_m, float factor)
{
    const int n = GAZE_AT(0) * PRODUCT_COLUMNS, m = GAZE_AT(1) * BLOCK_ROWS,
              first = GAZE_AT(2) * pairs;
    for (size_t g = first; g < (size_t)min(first + pairs, G); g++) {
        const size_t s = g / H, h = g % H;
        gaze_matmul_block(a + s * a_batch + h * a_head + (size_t)m * a_m,
                          b + s * b_batch + h * b_head + (size_t)n * b_n,
                          y + s * y_batch + h * y_head + (size_t)m * y_m + n, min(BLOCK_ROWS, M - m), N - n,
                          K, a_m, a_k, b_k, b_n, y_m, factor);
    }
}

/* Plain: a work-item an element. */
__kernel void matmul_plain(const __global float *restrict a, const __global float *restrict b,
                           __global float *restrict y, int M, int N, int K, int H, int G, int pairs,
                           int a_batch, int a_head, int a_m, int a_k, int b_batch, int b_head, int b_k,
                           int b_n, int y_batch, int y_head, int y_m, float factor)
{
    const size_t i = get_global_id(0), n = i % N, m = i / N % M, g = i / N / M, s = g / H, h = g % H;
    if (g >= (size_t)G) return;
    a += s * a_batch + h * a_head + m * a_m;
    b += s * b_batch + h * b_head + n * b_n;
    float sum = 0.0f;
    for (int k = 0; k < K; k++) sum = fma(a[(size_t)k * a_k], b[(size_t)k * b_k], sum);
    y[s * y_batch + h * y_head + m * y_m + n] = factor * sum;
}
