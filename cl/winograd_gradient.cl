/* Gradient of a 3x3 kernel of stride 1 by Winograd's F(4x4,3x3): with V = B^T x B and D = A dy A^T of each tile, dU = sum over the tiles
   of V^T D, dw = G^T dU G. C and O are at least GAZE_WIDTH. */
#include "common.h"
#include "conv2d.h"
#include "winograd.h"

/* d [PLANES][stride]: A dy A^T of the tile that starts at dy, of which rows x columns pixels exist. */
GAZE_APART void gaze_transform_gradient(source dy, int rows, int columns, int Q, int O, __global float *d, int stride)
{
    const bool inside = rows >= SIDE && columns >= SIDE;
    for (int start = 0; start < O; start += GAZE_WIDTH) {
        const int o = gaze_vector_start(start, O);
        floatv e[SIDE * EDGE], f[EDGE];
#pragma unroll
        for (int i = 0; i < SIDE; i++) {
            floatv g[SIDE];
#pragma unroll
            for (int j = 0; j < SIDE; j++)
                g[j] = inside || (i < rows && j < columns) ? vloadv(0, dy + (i * Q + j) * O + o) : (floatv)0.0f;
            gaze_winograd_spread(g, 1, e + i * EDGE, 1);
        }
#pragma unroll
        for (int j = 0; j < EDGE; j++) {
            gaze_winograd_spread(e + j, EDGE, f, 1);
#pragma unroll
            for (int i = 0; i < EDGE; i++) vstorev(f[i], 0, d + (i * EDGE + j) * stride + o);
        }
    }
}

GAZE_DEFINE_TILE(gaze_tile_of_panel_rows, __global, PANEL_ROWS)

/* u [C][filters] += or = V^T D of some tiles, by register tiles of PANEL_ROWS channels x TILE_COLUMNS filters. Each vector of filters
   has its own place in u. The last tile of channels overlaps the one before: rows that are summed already are not stored again. */
GAZE_APART void gaze_sum_tiles(source v, source d, int tiles, int C, int O, bool add, __global float *u)
{
    const int filters = (O + TILE_COLUMNS - 1) / TILE_COLUMNS * TILE_COLUMNS;
    for (int channel = 0; channel < C; channel += PANEL_ROWS) {
        const int c0 = min(channel, C - PANEL_ROWS);
        for (int n = 0; n < filters; n += TILE_COLUMNS) {
            const int o0 = gaze_vector_start(n, O), o1 = gaze_vector_start(n + GAZE_WIDTH, O);
            __global float *at = u + (size_t)c0 * filters + n;
            source row[PANEL_ROWS];
            floatv c[2 * PANEL_ROWS];
#pragma unroll
            for (int i = 0; i < PANEL_ROWS; i++) {
                row[i] = v + c0 + i;
                c[i] = add ? vloadv(0, at + i * filters) : (floatv)0.0f;
                c[PANEL_ROWS + i] = add ? vloadv(1, at + i * filters) : (floatv)0.0f;
            }
            gaze_tile_of_panel_rows(row, 0, C, d + o0, o1 - o0, O, tiles, c);
#pragma unroll
            for (int i = 0; i < PANEL_ROWS; i++) {
                if (c0 + i < channel) continue;
                vstorev(c[i], 0, at + i * filters);
                vstorev(c[PANEL_ROWS + i], 1, at + i * filters);
            }
        }
    }
}

/* A group sums one part of the tiles, T at a time. u [parts][PLANES][C][filters], filters = O rounded up to TILE_COLUMNS;
   scratch [parts][PLANES * (T*C+16 + T*O+16)]: planes a multiple of 1024 bytes apart would fall into few sets of the L1 cache. */
GAZE_ONE winograd_kernel_gradient(source x, source dy, __global float *restrict u, __global float *restrict scratch, IMAGES, int top,
                                  int left, int n_tiles, int T, int parts)
{
    const int across = (Q + SIDE - 1) / SIDE, image = (P + SIDE - 1) / SIDE * across;
    const int g = get_global_id(0), v_stride = T * C + 16, d_stride = T * O + 16;
    const int from = (long)n_tiles * g / parts, to = (long)n_tiles * (g + 1) / parts;
    const size_t plane_size = (size_t)C * ((O + TILE_COLUMNS - 1) / TILE_COLUMNS * TILE_COLUMNS);
    __global float *v = scratch + (size_t)g * PLANES * (v_stride + d_stride), *d = v + PLANES * v_stride;
    u += g * PLANES * plane_size;
    for (int first = from; first < to; first += T) {
        const int tiles = min(T, to - first);
        for (int t = 0; t < tiles; t++) {
            const int b = (first + t) / image, p = (first + t) % image / across * SIDE, q = (first + t) % across * SIDE;
            gaze_transform_input_global(x + (size_t)b * H * W * C, H, W, C, p - top, q - left, v + t * C, v_stride);
            gaze_transform_gradient(dy + (((size_t)b * P + p) * Q + q) * O, P - p, Q - q, Q, O, d + t * O, d_stride);
        }
        for (int plane = 0; plane < PLANES; plane++)
            gaze_sum_tiles(v + plane * v_stride, d + plane * d_stride, tiles, C, O, first != from, u + plane * plane_size);
    }
}

/* The sum over the parts, in order, then dw = G^T dU G. A work-item makes one vector of filters of one channel. */
GAZE_ONE winograd_kernel_gradient_end(source u, __global float *restrict dw, int C, int O, int parts)
{
    const int n = get_global_id(0), c = get_global_id(1), o = gaze_vector_start(n * GAZE_WIDTH, O);
    const int filters = (O + TILE_COLUMNS - 1) / TILE_COLUMNS * TILE_COLUMNS;
    const size_t plane_size = (size_t)C * filters;
    floatv e[PLANES], f[3 * EDGE], r[3];
    for (int plane = 0; plane < PLANES; plane++) {
        source from = u + plane * plane_size + (size_t)c * filters + n * GAZE_WIDTH;
        e[plane] = 0.0f;
        for (int g = 0; g < parts; g++) e[plane] += vloadv(0, from + g * PLANES * plane_size);
    }
    for (int j = 0; j < EDGE; j++) gaze_winograd_gather(e + j, EDGE, f + j, EDGE);
    for (int i = 0; i < 3; i++) {
        gaze_winograd_gather(f + i * EDGE, 1, r, 1);
        for (int j = 0; j < 3; j++) vstorev(r[j], 0, dw + ((size_t)(i * 3 + j) * C + c) * O + o);
    }
}
