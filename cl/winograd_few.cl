/* Convolution of stride 1 of images of up to LANES channels by Winograd's tiles: each column of a tile's products, of 2 to 4
   terms, is transformed back as soon as it is made, so that products never leave the registers. O is at least GAZE_WIDTH; where it
   is no multiple, the last vector of filters overlaps the one before. u: winograd_pack's, in the order in which it is read,
   [ceil(O/TILE_COLUMNS)][EDGE columns][C][EDGE rows][TILE_COLUMNS]. */
#include "common.h"
#include "winograd_few.h"
#include "winograd_store.h"
#include "winograd_tiles.h"

/* Tiles whose columns are made at once, each of two vectors of filters. A tile's elements are read once for both; of one tile, filters
   are operands in memory. */
#define SIDE_BY_SIDE (GAZE_WIDTH == 16 ? 2 : 1)

/* A^T m of SIDE_BY_SIDE tiles and two vectors of filters: d [SIDE_BY_SIDE][2][SIDE][EDGE]. The product at the points 1, 1 is a term of
   every pixel, with a factor of 1: its sum begins with the bias. */
GAZE_IN_REGISTERS void gaze_few_columns(const __local float **tile, source u, int C, floatv bias0, floatv bias1, floatv *d)
{
    _Pragma("nounroll") for (int j = 0; j < EDGE; j++)
    {
        floatv m[2 * SIDE_BY_SIDE * EDGE], f[SIDE];
#pragma unroll
        for (int i = 0; i < 2 * SIDE_BY_SIDE * EDGE; i++) m[i] = 0.0f;
#pragma unroll
        for (int k = 0; k < SIDE_BY_SIDE && j == 1; k++) m[2 * k * EDGE + 1] = bias0, m[(2 * k + 1) * EDGE + 1] = bias1;
        for (int c = 0; c < C; c++, u += EDGE * TILE_COLUMNS)
#pragma unroll
            for (int i = 0; i < EDGE; i++)
#pragma unroll
                for (int k = 0; k < SIDE_BY_SIDE; k++) {
                    const floatv a = tile[k][i * LANES + c];
                    m[2 * k * EDGE + i] = fma(a, vloadv(2 * i, u), m[2 * k * EDGE + i]);
                    m[(2 * k + 1) * EDGE + i] = fma(a, vloadv(2 * i + 1, u), m[(2 * k + 1) * EDGE + i]);
                }
#pragma unroll
        for (int k = 0; k < 2 * SIDE_BY_SIDE; k++) {
            gaze_winograd_output(m + k * EDGE, f, SIDE);
#pragma unroll
            for (int i = 0; i < SIDE; i++) d[(k * SIDE + i) * EDGE + j] = f[i];
        }
#pragma unroll
        for (int k = 0; k < SIDE_BY_SIDE; k++) tile[k] += EDGE * LANES;
    }
}

/* Two vectors of filters of a row of tiles v, of which y has `rows` rows of Q pixels; the second is `second` floats behind the first, or 0:
   there is none. sum or y may be null. */
GAZE_APART void gaze_few_row(const __local float *v, int across, source u, int C, floatv bias0, floatv bias1, int activation, int pooled,
                             __global float *y, __global int *place, __global float *sum, int second, int rows, int Q, int O)
{
    const int right = SIDE / (pooled ? 2 : 1) * O;
    for (int first = 0; first < across; first += SIDE_BY_SIDE) {
        const __local float *tile[SIDE_BY_SIDE];
        floatv d[2 * SIDE_BY_SIDE * SIDE * EDGE];
#pragma unroll
        for (int k = 0; k < SIDE_BY_SIDE; k++) {
            tile[k] = v + min(first + k, across - 1) * PLANES * LANES;
            if (y && !pooled) gaze_ask_for_tile(0, y, (first + k + SIDE_BY_SIDE) * right, Q, O);
        }
        gaze_few_columns(tile, u, C, bias0, bias1, d);
        for (int k = 0; k < 2 * min(SIDE_BY_SIDE, across - first); k++) {
            const int t = first + k / 2, to = t * right + k % 2 * second;
            floatv o[SIDE * SIDE];
            if (k % 2 && !second) continue;
            gaze_transform_rows(d + k * SIDE * EDGE, 0.0f, activation, o);
            gaze_store_finished(o, pooled, y ? y + to : y, place ? place + to : place, sum ? sum + t * O + k % 2 * second : sum, rows,
                                Q - t * SIDE, Q, O);
        }
    }
}

/* A group makes `rows` rows of tiles of an image, for all filters. y, place, sums: as in winograd. in [EDGE][pitch] and v [tiles of a
   row][PLANES][LANES]. */
GAZE_ONE winograd_few_channels(GAZE_HERE source x, source u, source bias, __global float *restrict y, __global int *restrict place,
                               __global float *restrict sums, IMAGES, int top, int left, int rows, int pitch, int activation,
                               int pooled, __local float *in, __local float *v)
{
    const int across = (Q + SIDE - 1) / SIDE, down = (P + SIDE - 1) / SIDE, step = pooled ? 2 : 1;
    const size_t b = GAZE_AT(1);
    for (int r = GAZE_AT(0) * rows; r < min((int)(GAZE_AT(0) + 1) * rows, down); r++) {
        source filters = u;
        const size_t at = (b * (P / step) + r * SIDE / step) * (Q / step) * O, tile = (b * down + r) * across * O;
        gaze_few_transform(x + b * H * W * C, H, W, C, r * SIDE - top, left, across, pitch, in, v);
        for (int o = 0; o < O; o += TILE_COLUMNS, filters += PLANES * C * TILE_COLUMNS) {
            const int o0 = gaze_vector_start(o, O), o1 = gaze_vector_start(o + GAZE_WIDTH, O);
            gaze_few_row(v, across, filters, C, gaze_load_or_zero(bias, o0), gaze_load_or_zero(bias, o1), activation, pooled,
                         y ? y + at + o0 : y, place ? place + at + o0 : place, sums ? sums + tile + o0 : sums, o1 - o0, P - r * SIDE,
                         Q, O);
        }
    }
}
