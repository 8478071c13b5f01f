/* Convolution along rows, and its gradients, by Winograd's F(SIDE,FILTER_TAPS): kernels 1 x FILTER_TAPS of stride 1. A tile is SIDE
   neighbouring pixels of one row of y; the rows of all images stand one after the other. Letters: x [rows,W,C], w [FILTER_TAPS,C,O],
   y [rows,Q,O], T tiles a group. C and O are at least GAZE_WIDTH. The gradient of the input is the same convolution of dy with the
   filter turned. */
#include "common.h"
#include "conv2d.h"
#include "winograd_sums.h"

/* U = G g of w, packed [ceil(O/TILE_COLUMNS)][EDGE][C][TILE_COLUMNS]. A work-item makes one vector of filters of `share` channels. */
GAZE_ONE winograd_row_pack(GAZE_HERE source w, __global float *restrict u, int C, int O, int share)
{
    const int n = GAZE_AT(0), c0 = GAZE_AT(1) * share, o = gaze_vector_start(n * GAZE_WIDTH, O);
    __global float *to = u + (size_t)(n / 2) * EDGE * C * TILE_COLUMNS + n % 2 * GAZE_WIDTH;
    for (int c = c0; c < min(c0 + share, C); c++) {
        floatv g[FILTER_TAPS], r[EDGE];
#pragma unroll
        for (int s = 0; s < FILTER_TAPS; s++) g[s] = vloadv(0, w + ((size_t)s * C + c) * O + o);
        gaze_winograd_filter(g, 1, FILTER_TAPS, r, 1);
#pragma unroll
        for (int i = 0; i < EDGE; i++) vstorev(r[i], 0, to + ((size_t)i * C + c) * TILE_COLUMNS);
    }
}

/* v [EDGE][stride]: B^T x of the EDGE pixels of a row x [W,C] from w0 on, zeros outside. */
#define GAZE_DEFINE_ROW_TRANSFORM(NAME, SPACE, PLACE)                                                    \
    GAZE_APART void NAME(source x, int W, int C, int w0, SPACE float *v, int T, int stride)              \
    {                                                                                                    \
        const bool inside = w0 >= 0 && w0 + EDGE <= W;                                                   \
        x += (ptrdiff_t)w0 * C;                                                                          \
        for (int start = 0; start < C; start += GAZE_WIDTH) {                                            \
            const int c = gaze_vector_start(start, C);                                                   \
            floatv d[EDGE];                                                                              \
            UNROLL for (int j = 0; j < EDGE; j++)                                                        \
                d[j] = inside || (uint)(w0 + j) < (uint)W ? vloadv(0, x + j * C + c) : (floatv)0.0f;     \
            gaze_winograd_input(d, d, 1);                                                                \
            UNROLL for (int j = 0; j < EDGE; j++) vstorev(d[j], 0, v + j * stride + PLACE(start, c, T)); \
        }                                                                                                \
    }

GAZE_DEFINE_ROW_TRANSFORM(gaze_transform_row_local, __local, GAZE_IN_STRIPS)
GAZE_DEFINE_ROW_TRANSFORM(gaze_transform_row_global, __global, GAZE_IN_ROWS)

/* One vector of filters of a tile, of which y has `pixels` pixels: A^T m + bias, activated. */
GAZE_APART void gaze_finish_row(const __local float *m, int stride, source bias, int activation, __global float *y, int pixels, int O)
{
    const floatv start = gaze_load_or_zero(bias, 0);
    floatv d[EDGE], o[SIDE];
#pragma unroll
    for (int j = 0; j < EDGE; j++) d[j] = vloadv(0, m + j * stride);
    gaze_winograd_output(d, o, SIDE);
#pragma unroll
    for (int j = 0; j < SIDE; j++) o[j] += start;
    gaze_activate(activation, o, SIDE);
#pragma unroll
    for (int j = 0; j < SIDE; j++)
        if (j < pixels) vstorev(o[j], 0, y + j * O);
}

/* A group takes T tiles through transform, EDGE products for TILE_COLUMNS filters at a time, and inverse; in y direction the groups
   share the filters. v [EDGE][GAZE_PLANE] and m [EDGE][GAZE_PLANE(T, TILE_COLUMNS)], as in winograd.cl. */
GAZE_APART void gaze_winograd_row(int i0, int share, source x, source u, source bias, __global float *restrict y, int W, int C, int Q,
                                  int O, int left, int n_tiles, int T, int shares, int activation, __local float *v, __local float *m)
{
    const int across = (Q + SIDE - 1) / SIDE, first = i0 * T, tiles = min(T, n_tiles - first);
    const int blocks = (O + TILE_COLUMNS - 1) / TILE_COLUMNS, v_stride = GAZE_PLANE(T, C), m_stride = GAZE_PLANE(T, TILE_COLUMNS);
    for (int t = 0; t < tiles; t++) {
        const int row = (first + t) / across, q = (first + t) % across * SIDE;
        gaze_transform_row_local(x + (size_t)row * W * C, W, C, q - left, v + t * GAZE_WIDTH, T, v_stride);
    }
    gaze_clear_after(tiles, EDGE, T, C, v);
    for (int n = blocks * share / shares; n < blocks * (share + 1) / shares; n++) {
        const bool narrow = gaze_is_narrow(n, O);
        for (int plane = 0; plane < EDGE; plane++)
            gaze_multiply_plane(v + plane * v_stride, u + ((size_t)n * EDGE + plane) * C * TILE_COLUMNS, tiles, T, C, narrow,
                                m + plane * m_stride);
        for (int h = 0; h < 2 - narrow; h++) {
            const int o = gaze_vector_start(n * TILE_COLUMNS + h * GAZE_WIDTH, O);
            for (int t = 0; t < tiles; t++) {
                const int row = (first + t) / across, q = (first + t) % across * SIDE;
                gaze_finish_row(m + t * TILE_COLUMNS + h * GAZE_WIDTH, m_stride, bias ? bias + o : bias, activation,
                                y + ((size_t)row * Q + q) * O + o, Q - q, O);
            }
        }
    }
}

GAZE_ONE winograd_row(GAZE_HERE source x, source u, source bias, __global float *restrict y, int W, int C, int Q, int O, int left,
                      int n_tiles, int T, int shares, int activation, __local float *v, __local float *m)
{
    gaze_winograd_row(GAZE_AT(0), GAZE_AT(1), x, u, bias, y, W, C, Q, O, left, n_tiles, T, shares, activation, v, m);
}

/* d [EDGE][stride]: A dy of a tile that starts at dy, of which `pixels` pixels exist. */
GAZE_APART void gaze_spread_row(source dy, int pixels, int O, __global float *d, int stride)
{
    for (int start = 0; start < O; start += GAZE_WIDTH) {
        const int o = gaze_vector_start(start, O);
        floatv g[SIDE], f[EDGE];
#pragma unroll
        for (int j = 0; j < SIDE; j++) g[j] = j < pixels ? vloadv(0, dy + j * O + o) : (floatv)0.0f;
        gaze_winograd_spread(g, 1, SIDE, f, 1);
#pragma unroll
        for (int j = 0; j < EDGE; j++) vstorev(f[j], 0, d + j * stride + start);
    }
}

/* A group sums one part of the tiles, T at a time. u [parts][EDGE][C][filters] and scratch
   [parts][EDGE * (T*C+16 + GAZE_PLANE(T, O))], as in winograd_gradient.cl. */
GAZE_ONE winograd_row_kernel_gradient(GAZE_HERE source x, source dy, __global float *restrict u, __global float *restrict scratch,
                                      int W, int C, int Q, int O, int left, int n_tiles, int T, int parts)
{
    const int across = (Q + SIDE - 1) / SIDE, g = GAZE_AT(0), d_row = GAZE_WHOLE(O), v_stride = T * C + 16, d_stride = GAZE_PLANE(T, O);
    const int from = (long)n_tiles * g / parts, to = (long)n_tiles * (g + 1) / parts;
    const size_t plane_size = (size_t)C * ((O + TILE_COLUMNS - 1) / TILE_COLUMNS * TILE_COLUMNS);
    __global float *v = scratch + (size_t)g * EDGE * (v_stride + d_stride), *d = v + EDGE * v_stride;
    u += g * EDGE * plane_size;
    for (int first = from; first < to; first += T) {
        const int tiles = min(T, to - first);
        for (int t = 0; t < tiles; t++) {
            const int row = (first + t) / across, q = (first + t) % across * SIDE;
            gaze_transform_row_global(x + (size_t)row * W * C, W, C, q - left, v + t * C, T, v_stride);
            gaze_spread_row(dy + ((size_t)row * Q + q) * O, Q - q, O, d + t * d_row, d_stride);
        }
        for (int plane = 0; plane < EDGE; plane++)
            gaze_sum_tiles(v + plane * v_stride, d + plane * d_stride, tiles, C, O, first != from, u + plane * plane_size);
    }
}

/* The sum over the parts, in order, then dw = G^T dU. A work-item makes one vector of filters of one channel. */
GAZE_ONE winograd_row_kernel_gradient_end(GAZE_HERE source u, __global float *restrict dw, int C, int O, int parts)
{
    const int n = GAZE_AT(0), c = GAZE_AT(1), o = gaze_vector_start(n * GAZE_WIDTH, O);
    const int filters = (O + TILE_COLUMNS - 1) / TILE_COLUMNS * TILE_COLUMNS;
    const size_t plane_size = (size_t)C * filters;
    floatv e[EDGE], r[FILTER_TAPS];
#pragma unroll
    for (int plane = 0; plane < EDGE; plane++) {
        source from = u + plane * plane_size + (size_t)c * filters + n * GAZE_WIDTH;
        e[plane] = 0.0f;
        for (int g = 0; g < parts; g++) e[plane] += vloadv(0, from + g * EDGE * plane_size);
    }
    gaze_winograd_gather(e, 1, r, 1, FILTER_TAPS);
#pragma unroll
    for (int s = 0; s < FILTER_TAPS; s++) vstorev(r[s], 0, dw + ((size_t)s * C + c) * O + o);
}
