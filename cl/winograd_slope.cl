/* The gradient of a convolution's input by Winograd's tiles, as in winograd.cl, and what slope_sum makes of it where a tile is
   stored: dz = slope (y + other + factor each), y being the convolution, and the sum of each tile. */
#include "common.h"
#include "conv2d.h"
#include "winograd_tiles.h"

/* One vector of filters of a tile, of which dz has rows x columns pixels. each: that of the tile's image. All but dz may be null. */
GAZE_APART void gaze_finish_slope(const __local float *m, int stride, source value, source other, source each, __global float *dz,
                                  __global float *sum, float factor, int activation, int rows, int columns, int Q, int O)
{
    const floatv row = factor * gaze_load_or_zero(each, 0);
    floatv tile[SIDE * SIDE], all = 0.0f;
    gaze_transform_output(m, stride, 0.0f, 0, tile);
    for (int i = 0; i < min(SIDE, rows); i++)
        for (int j = 0; j < min(SIDE, columns); j++) {
            const int at = (i * Q + j) * O;
            floatv d = tile[i * SIDE + j] + row;
            if (other) d += vloadv(0, other + at);
            if (value) d = gaze_epilogue_gradientv(activation, vloadv(0, value + at), d);
            vstorev(d, 0, dz + at);
            all += d;
        }
    if (sum) vstorev(all, 0, sum);
}

/* value, other, dz [B,P,Q,O]; each [B,O]; sums [n_tiles][O]. */
GAZE_APART void gaze_winograd_slope(int i0, int share, source x, source u, source value, source other, source each,
                                    __global float *restrict dz, __global float *restrict sums, IMAGES, int top, int left, int n_tiles,
                                    int T, int shares, int activation, float factor, __local float *v, __local float *m)
{
    const int across = (Q + SIDE - 1) / SIDE, image = (P + SIDE - 1) / SIDE * across;
    const int first = i0 * T, tiles = min(T, n_tiles - first), m_stride = GAZE_PLANE(T, TILE_COLUMNS);
    const int blocks = (O + TILE_COLUMNS - 1) / TILE_COLUMNS;
    gaze_transform_tiles(x, H, W, C, across, image, top, left, first, tiles, T, v);
    for (int n = blocks * share / shares; n < blocks * (share + 1) / shares; n++) {
        const bool narrow = gaze_is_narrow(n, O);
        gaze_multiply_planes(v, u, n, first, tiles, T, C, narrow, m, P, Q, O, value, dz);
        for (int h = 0; h < 2 - narrow; h++) {
            const int o = gaze_vector_start(n * TILE_COLUMNS + h * GAZE_WIDTH, O);
            for (int t = 0; t < tiles; t++) {
                const int b = (first + t) / image, p = (first + t) % image / across * SIDE, q = (first + t) % across * SIDE;
                const size_t to = (((size_t)b * P + p) * Q + q) * O + o;
                gaze_finish_slope(m + t * TILE_COLUMNS + h * GAZE_WIDTH, m_stride, value ? value + to : value,
                                  other ? other + to : other, each ? each + (size_t)b * O + o : each, dz + to,
                                  sums ? sums + (size_t)(first + t) * O + o : sums, factor, activation, P - p, Q - q, Q, O);
            }
        }
    }
}

GAZE_ONE winograd_slope(GAZE_HERE source x, source u, source value, source other, source each, __global float *restrict dz,
                        __global float *restrict sums, IMAGES, int top, int left, int n_tiles, int T, int shares, int activation,
                        float factor, __local float *v, __local float *m)
{
    gaze_winograd_slope(GAZE_AT(0), GAZE_AT(1), x, u, value, other, each, dz, sums, H, W, C, P, Q, O, top, left, n_tiles, T,
                        shares, activation, factor, v, m);
}
