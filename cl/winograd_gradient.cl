/* Gradients of a convolution of stride 1 by Winograd's F(SIDE x SIDE, FILTER_TAPS x FILTER_TAPS): with V = B^T x B and D = A dy A^T of
   each tile, dU = sum over the tiles of V^T D, dw = G^T dU G, and dx = sum over the tiles of B (D U^T) B^T. C and O are at least
   GAZE_WIDTH. place: see gaze_gradient_at; null where dy [B,P,Q,O] is whole, and where SIDE is odd. */
#include "common.h"
#include "conv2d.h"
#include "winograd_sums.h"

GAZE_DEFINE_SPREAD(gaze_transform_gradient, __global, GAZE_IN_SUM_ROWS)
GAZE_DEFINE_SPREAD(gaze_transform_gradient_local, __local, GAZE_IN_STRIPS)

/* A group sums one part of the tiles, T at a time. u [parts][PLANES][C][filters], filters = O rounded up to TILE_COLUMNS; scratch
   [parts][PLANES * (T*C+16 + GAZE_PLANE(T, O))]: planes a multiple of 1024 bytes apart would fall into few sets of the L1 cache. */
GAZE_ONE winograd_kernel_gradient(GAZE_HERE source x, source dy, const __global int *restrict place, __global float *restrict u,
                                  __global float *restrict scratch, IMAGES, int top, int left, int n_tiles, int T, int parts)
{
    const int across = (Q + SIDE - 1) / SIDE, image = (P + SIDE - 1) / SIDE * across;
    const int step = place ? 2 : 1, g = GAZE_AT(0), d_row = GAZE_WHOLE(O), v_stride = T * C + 16, d_stride = GAZE_PLANE(T, O);
    const int from = (long)n_tiles * g / parts, to = (long)n_tiles * (g + 1) / parts;
    const size_t plane_size = (size_t)C * ((O + TILE_COLUMNS - 1) / TILE_COLUMNS * TILE_COLUMNS);
    __global float *v = scratch + (size_t)g * PLANES * (v_stride + d_stride), *d = v + PLANES * v_stride;
    u += g * PLANES * plane_size;
    for (int first = from; first < to; first += T) {
        const int tiles = min(T, to - first);
        for (int t = 0; t < tiles; t++) {
            const int b = (first + t) / image, p = (first + t) % image / across * SIDE, q = (first + t) % across * SIDE;
            gaze_transform_input_global(x + (size_t)b * H * W * C, H, W, C, p - top, q - left, v + t * C, T, v_stride);
            const size_t at = (((size_t)b * (P / step) + p / step) * (Q / step) + q / step) * O;
            gaze_transform_gradient(dy + at, place ? place + at : place, P / step * step - p, Q / step * step - q, Q, O,
                                    d + t * d_row, T, d_stride);
        }
        for (int plane = 0; plane < PLANES; plane++)
            gaze_sum_tiles(v + plane * v_stride, d + plane * d_stride, tiles, C, O, first != from, u + plane * plane_size);
    }
}

/* Vectors of filters that a work-item ends: neighbours in memory. */
#define END_VECTORS 4

/* The sum over the parts, in order, then dw = G^T dU G. A work-item makes up to END_VECTORS vectors of filters of one channel. */
GAZE_ONE winograd_kernel_gradient_end(GAZE_HERE source u, __global float *restrict dw, int C, int O, int parts)
{
    const int n0 = GAZE_AT(0) * END_VECTORS, c = GAZE_AT(1), count = min(END_VECTORS, (O + GAZE_WIDTH - 1) / GAZE_WIDTH - n0);
    const int filters = (O + TILE_COLUMNS - 1) / TILE_COLUMNS * TILE_COLUMNS;
    const size_t plane_size = (size_t)C * filters;
    floatv e[PLANES * END_VECTORS], f[FILTER_TAPS * EDGE], r[FILTER_TAPS];
    for (int plane = 0; plane < PLANES; plane++)
        for (int k = 0; k < count; k++) {
            source from = u + plane * plane_size + (size_t)c * filters + (n0 + k) * GAZE_WIDTH;
            floatv sum = 0.0f;
            for (int g = 0; g < parts; g++) sum += vloadv(0, from + g * PLANES * plane_size);
            e[plane * END_VECTORS + k] = sum;
        }
    for (int k = 0; k < count; k++) {
        const int o = gaze_vector_start((n0 + k) * GAZE_WIDTH, O);
        for (int j = 0; j < EDGE; j++) gaze_winograd_gather(e + j * END_VECTORS + k, EDGE * END_VECTORS, f + j, EDGE, FILTER_TAPS);
        for (int i = 0; i < FILTER_TAPS; i++) {
            gaze_winograd_gather(f + i * EDGE, 1, r, 1, FILTER_TAPS);
            for (int j = 0; j < FILTER_TAPS; j++) vstorev(r[j], 0, dw + ((size_t)(i * FILTER_TAPS + j) * C + c) * O + o);
        }
    }
}

/* Every second row of a tile of dx, from row i on: B on the rows of e [3][EDGE]. Pixels that an earlier tile reached are added to. */
GAZE_IN_REGISTERS void gaze_add_rows(const floatv *e, int i, __global float *dx, int H, int W, int C, int h0, uint columns, bool below,
                                     bool right)
{
#pragma unroll
    for (int k = 0; k < EDGE / 2; k++, i += 2) {
        floatv r[EDGE];
        gaze_winograd_even(e + k * EDGE, 1, r, 2);
        gaze_winograd_odd(e + k * EDGE, 1, r + 1, 2);
        if ((uint)(h0 + i) >= (uint)H) continue;
#pragma unroll
        for (int j = 0; j < EDGE; j++) {
            __global float *at = dx + (i * W + j) * C;
            if (!(columns >> j & 1)) continue;
            if ((below && i < EDGE - SIDE) || (right && j < EDGE - SIDE)) r[j] += vloadv(0, at);
            vstorev(r[j], 0, at);
        }
    }
}

/* B m B^T of a tile and a vector of channels into dx [H,W,C], where the tile starts at h0, w0. */
GAZE_APART void gaze_add_tile(const __local float *m, int stride, __global float *dx, int H, int W, int C, int h0, int w0, bool below,
                              bool right)
{
    floatv e[EDGE / 2 * EDGE];
    uint columns = 0;
    for (int j = 0; j < EDGE; j++) columns |= (uint)(w0 + j) < (uint)W ? 1u << j : 0u;
    dx += ((ptrdiff_t)h0 * W + w0) * C;
#pragma unroll
    for (int j = 0; j < EDGE; j++) {
        floatv d[EDGE];
#pragma unroll
        for (int i = 0; i < EDGE - 1; i++) d[i] = vloadv(0, m + (i * EDGE + j) * stride);
        gaze_winograd_even(d, 1, e + j, EDGE);
    }
    gaze_add_rows(e, 0, dx, H, W, C, h0, columns, below, right);
#pragma unroll
    for (int j = 0; j < EDGE; j++) {
        floatv d[EDGE];
#pragma unroll
        for (int i = 1; i < EDGE; i++) d[i] = vloadv(0, m + (i * EDGE + j) * stride);
        gaze_winograd_odd(d, 1, e + j, EDGE);
    }
    gaze_add_rows(e, 1, dx, H, W, C, h0, columns, below, right);
}

/* dx of `each` images a group, of T tiles at a time, in their order: neighbours share rows or columns of dx. u: winograd_pack's
   of the kernel, O channels to C filters. C is a multiple of GAZE_WIDTH. v [PLANES][GAZE_PLANE],
   m [PLANES][GAZE_PLANE(T, TILE_COLUMNS)]. */
GAZE_APART void gaze_winograd_input_gradient(int i0, source dy, const __global int *restrict place, source u,
                                             __global float *restrict dx, IMAGES, int top, int left, int B, int each, int T,
                                             __local float *v, __local float *m)
{
    const int across = (Q + SIDE - 1) / SIDE, image = (P + SIDE - 1) / SIDE * across, step = place ? 2 : 1;
    const int start = i0 * each * image, end = min((i0 + 1) * each, B) * image;
    const int v_stride = GAZE_PLANE(T, O), m_stride = GAZE_PLANE(T, TILE_COLUMNS);
    for (int first = start; first < end; first += T) {
        const int tiles = min(T, end - first);
        for (int t = 0; t < tiles; t++) {
            const int b = (first + t) / image, p = (first + t) % image / across * SIDE, q = (first + t) % across * SIDE;
            const size_t at = (((size_t)b * (P / step) + p / step) * (Q / step) + q / step) * O;
            gaze_transform_gradient_local(dy + at, place ? place + at : place, P / step * step - p, Q / step * step - q, Q, O,
                                          v + t * GAZE_WIDTH, T, v_stride);
        }
        gaze_clear_after(tiles, PLANES, T, O, v);
        for (int n = 0; n * TILE_COLUMNS < C; n++) {
            gaze_multiply_planes(v, u, n, first, tiles, T, O, gaze_is_narrow(n, C), m, H, W, C, 0, 0);
            for (int c = n * TILE_COLUMNS; c < min((n + 1) * TILE_COLUMNS, C); c += GAZE_WIDTH)
                for (int t = 0; t < tiles; t++) {
                    const int b = (first + t) / image, p = (first + t) % image / across * SIDE, q = (first + t) % across * SIDE;
                    gaze_add_tile(m + t * TILE_COLUMNS + c % TILE_COLUMNS, m_stride, dx + (size_t)b * H * W * C + c, H, W, C,
                                  p - top, q - left, p > 0, q > 0);
                }
        }
    }
}

GAZE_ONE winograd_input_gradient(GAZE_HERE source dy, const __global int *restrict place, source u, __global float *restrict dx,
                                 IMAGES, int top, int left, int B, int each, int T, __local float *v, __local float *m)
{
    gaze_winograd_input_gradient(GAZE_AT(0), dy, place, u, dx, H, W, C, P, Q, O, top, left, B, each, T, v, m);
}
