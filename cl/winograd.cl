/* 3x3 convolution of stride 1 by Winograd's F(4x4,3x3), and the gradient of its input, which is the same convolution of dy with
   the filter turned. Letters of the forward direction: x [B,H,W,C], y [B,P,Q,O], T tiles a group. C and O are at least GAZE_WIDTH;
   where they are no multiple of it, the last vector overlaps the one before. */
#include "common.h"
#include "conv2d.h"
#include "winograd_tiles.h"

/* U = G g G^T of w [3,3,C,O], packed [ceil(O/TILE_COLUMNS)][PLANES][C][TILE_COLUMNS]. A work-item makes one vector of filters of
   one channel. turned: the last tap stands first in w. */
GAZE_ONE winograd_pack(GAZE_HERE source w, __global float *restrict u, int C, int O, int turned)
{
    const int n = GAZE_AT(0), c = GAZE_AT(1), o = gaze_vector_start(n * GAZE_WIDTH, O);
    floatv g[9], t[3 * EDGE], r[EDGE];
    for (int tap = 0; tap < 9; tap++) g[tap] = vloadv(0, w + ((size_t)(turned ? 8 - tap : tap) * C + c) * O + o);
    for (int s = 0; s < 3; s++) gaze_winograd_filter(g + s, 3, 3, t + s, 3);
    __global float *to = u + (((size_t)(n / 2) * PLANES) * C + c) * TILE_COLUMNS + n % 2 * GAZE_WIDTH;
    for (int i = 0; i < EDGE; i++) {
        gaze_winograd_filter(t + 3 * i, 1, 3, r, 1);
        for (int j = 0; j < EDGE; j++) vstorev(r[j], 0, to + (size_t)(i * EDGE + j) * C * TILE_COLUMNS);
    }
}

/* The part of a tile that lies inside y, whose rows are Q pixels long. */
static inline void gaze_store_output(const floatv *o, __global float *y, int rows, int columns, int Q, int O)
{
#pragma unroll
    for (int i = 0; i < SIDE; i++)
#pragma unroll
        for (int j = 0; j < SIDE; j++)
            if (i < rows && j < columns) vstorev(o[i * SIDE + j], 0, y + (i * Q + j) * O);
}

/* The same of the maxima of its windows of 2x2, in the order of max_pool2d. */
static inline void gaze_store_pooled(const floatv *o, __global float *y, __global int *place, int rows, int columns, int Q, int O)
{
#pragma unroll
    for (int i = 0; i < SIDE / 2; i++)
#pragma unroll
        for (int j = 0; j < SIDE / 2; j++) {
            const floatv *w = o + 2 * i * SIDE + 2 * j;
            const floatv most = GAZE_MORE(GAZE_MORE(GAZE_MORE(w[0], w[1]), w[SIDE]), w[SIDE + 1]);
            if (i >= rows || j >= columns) continue;
            vstorev(most, 0, y + (i * Q + j) * O);
            if (place) gaze_store_places(gaze_place_of_max(w[0], w[1], w[SIDE], w[SIDE + 1]), place + (i * Q + j) * O);
        }
}

/* The sum of the part of a tile that has rows x columns pixels. */
static inline floatv gaze_sum_output(const floatv *o, int rows, int columns)
{
    floatv sum = 0.0f;
#pragma unroll
    for (int i = 0; i < SIDE; i++)
#pragma unroll
        for (int j = 0; j < SIDE; j++) sum += i < rows && j < columns ? o[i * SIDE + j] : (floatv)0.0f;
    return sum;
}

/* One vector of filters of a tile, of which y has rows x columns pixels. sum or y may be null. */
GAZE_APART void gaze_finish_tile(const __local float *m, int stride, source bias, int activation, int pooled, __global float *y,
                                 __global int *place, __global float *sum, int rows, int columns, int Q, int O)
{
    floatv tile[SIDE * SIDE];
    gaze_transform_output(m, stride, gaze_load_or_zero(bias, 0), activation, tile);
    if (sum) vstorev(gaze_sum_output(tile, rows, columns), 0, sum);
    if (pooled)
        gaze_store_pooled(tile, y, place, rows / 2, columns / 2, Q / 2, O);
    else if (y)
        gaze_store_output(tile, y, rows, columns, Q, O);
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
