/* Convolution of stride 1 by Winograd's F(SIDE x SIDE, FILTER_TAPS x FILTER_TAPS), and the gradient of its input, which is the same
   convolution of dy with the filter turned. Letters of the forward direction: x [B,H,W,C], y [B,P,Q,O], T tiles a group. C and O are at
   least GAZE_WIDTH; where they are no multiple of it, the last vector overlaps the one before. */
#include "common.h"
#include "conv2d.h"
#include "winograd_store.h"
#include "winograd_tiles.h"

/* U = G g G^T of w [FILTER_TAPS,FILTER_TAPS,C,O], packed [ceil(O/TILE_COLUMNS)][PLANES][C][TILE_COLUMNS], or in another order of rows
   and columns of planes and of channels, which are so many floats apart in a block of filters. A work-item makes one vector of filters
   of one channel. turned: the last tap stands first in w. */
GAZE_ONE winograd_pack(GAZE_HERE source w, __global float *restrict u, int C, int O, int turned, int row, int column, int channel)
{
    const int n = GAZE_AT(0), c = GAZE_AT(1), o = gaze_vector_start(n * GAZE_WIDTH, O), last = FILTER_TAPS * FILTER_TAPS - 1;
    __global float *to = u + (size_t)(n / 2) * PLANES * C * TILE_COLUMNS + (size_t)c * channel + n % 2 * GAZE_WIDTH;
    floatv g[FILTER_TAPS * FILTER_TAPS], t[FILTER_TAPS * EDGE], r[EDGE];
    for (int tap = 0; tap <= last; tap++) g[tap] = vloadv(0, w + ((size_t)(turned ? last - tap : tap) * C + c) * O + o);
    for (int s = 0; s < FILTER_TAPS; s++) gaze_winograd_filter(g + s, FILTER_TAPS, FILTER_TAPS, t + s, FILTER_TAPS);
    for (int i = 0; i < EDGE; i++) {
        gaze_winograd_filter(t + FILTER_TAPS * i, 1, FILTER_TAPS, r, 1);
        for (int j = 0; j < EDGE; j++) vstorev(r[j], 0, to + (size_t)i * row + (size_t)j * column);
    }
}

/* One vector of filters of a tile, of which y has rows x columns pixels. sum or y may be null. */
GAZE_APART void gaze_finish_tile(const __local float *m, int stride, source bias, int activation, int pooled, __global float *y,
                                 __global int *place, __global float *sum, int rows, int columns, int Q, int O)
{
    floatv tile[SIDE * SIDE];
    gaze_transform_output(m, stride, gaze_load_or_zero(bias, 0), activation, tile);
    gaze_store_finished(tile, pooled, y, place, sum, rows, columns, Q, O);
}

/* A group takes T tiles through transform, PLANES products for TILE_COLUMNS filters at a time, and inverse; in y direction the
   groups share the filters. pooled: y [B,P/2,Q/2,O] gets the maxima of windows of 2x2, rounded down, and place, unless it is null,
   where in its window each lies. sums [n_tiles][O], unless it is null, gets the sum of each tile's pixels; y may be null then.
   v [PLANES][GAZE_PLANE] and m [PLANES][GAZE_PLANE(T, TILE_COLUMNS)]. */
GAZE_APART void gaze_winograd(int i0, int share, source x, source u, source bias, __global float *restrict y,
                              __global int *restrict place, __global float *restrict sums, IMAGES, int top, int left, int n_tiles,
                              int T, int shares, int activation, int pooled, __local float *v, __local float *m)
{
    const int across = (Q + SIDE - 1) / SIDE, image = (P + SIDE - 1) / SIDE * across;
    const int first = i0 * T, tiles = min(T, n_tiles - first), m_stride = GAZE_PLANE(T, TILE_COLUMNS);
    const int blocks = (O + TILE_COLUMNS - 1) / TILE_COLUMNS;
    gaze_transform_tiles(x, H, W, C, across, image, top, left, first, tiles, T, v);
    for (int n = blocks * share / shares; n < blocks * (share + 1) / shares; n++) {
        const bool narrow = gaze_is_narrow(n, O);
        gaze_multiply_planes(v, u, n, first, tiles, T, C, narrow, m, P, Q, O, 0, pooled ? 0 : y);
        for (int h = 0; h < 2 - narrow; h++) {
            const int o = gaze_vector_start(n * TILE_COLUMNS + h * GAZE_WIDTH, O), step = pooled ? 2 : 1;
            for (int t = 0; t < tiles; t++) {
                const int b = (first + t) / image, p = (first + t) % image / across * SIDE, q = (first + t) % across * SIDE;
                const size_t to = (((size_t)b * (P / step) + p / step) * (Q / step) + q / step) * O + o;
                gaze_finish_tile(m + t * TILE_COLUMNS + h * GAZE_WIDTH, m_stride, bias ? bias + o : bias, activation, pooled,
                                 y ? y + to : y, place ? place + to : place, sums ? sums + (size_t)(first + t) * O + o : sums,
                                 P - p, Q - q, Q, O);
            }
        }
    }
}

GAZE_ONE winograd(GAZE_HERE source x, source u, source bias, __global float *restrict y, __global int *restrict place,
                  __global float *restrict sums, IMAGES, int top, int left, int n_tiles, int T, int shares, int activation,
                  int pooled, __local float *v, __local float *m)
{
    gaze_winograd(GAZE_AT(0), GAZE_AT(1), x, u, bias, y, place, sums, H, W, C, P, Q, O, top, left, n_tiles, T, shares,
                  activation, pooled, v, m);
}
