/* The gradient of a convolution's kernel as in cl/winograd_gradient.cl, of images of CHANNELS channels, 2 to LANES: the sums at some
   points of a tile, of all channels and a vector of filters, are in registers while a tile after the other is added. O is at least
   GAZE_WIDTH. */
#include "common.h"
#include "prefetch.h"
#include "winograd_few.h"
#include "winograd_sums.h"

#ifndef CHANNELS
#define CHANNELS 3
#endif
#define POINTS (GAZE_WIDTH == 16 ? 6 : 3) // of a column of a tile's points

GAZE_DEFINE_SPREAD_VECTOR(gaze_few_spread, __local)

/* u [PLANES][CHANNELS] vectors, those of a plane `filters` floats apart, += or = V^T D of some tiles, v [tiles][EDGE columns][EDGE
   rows][LANES] and d [PLANES][stride]. */
GAZE_APART void gaze_few_sums(const __local float *v, const __local float *d, int stride, int tiles, bool add, int filters,
                              __global float *u)
{
    for (int j = 0; j < EDGE; j++)
        for (int i0 = 0; i0 < EDGE; i0 += POINTS) {
            const __local float *tile = v + (j * EDGE + i0) * LANES, *gradient = d + (i0 * EDGE + j) * stride;
            __global float *at = u + (i0 * EDGE + j) * CHANNELS * filters;
            floatv c[POINTS * CHANNELS];
#pragma unroll
            for (int k = 0; k < POINTS * CHANNELS; k++)
                c[k] = add ? vloadv(0, at + (k / CHANNELS * EDGE * CHANNELS + k % CHANNELS) * filters) : (floatv)0.0f;
            for (int t = 0; t < tiles; t++, tile += PLANES * LANES, gradient += GAZE_WIDTH)
#pragma unroll
                for (int i = 0; i < POINTS; i++) {
                    const floatv b = vloadv(0, gradient + i * EDGE * stride);
#pragma unroll
                    for (int k = 0; k < CHANNELS; k++)
                        c[i * CHANNELS + k] = fma((floatv)(tile[i * LANES + k]), b, c[i * CHANNELS + k]);
                }
#pragma unroll
            for (int k = 0; k < POINTS * CHANNELS; k++)
                vstorev(c[k], 0, at + (k / CHANNELS * EDGE * CHANNELS + k % CHANNELS) * filters);
        }
}

/* A group sums one part of the `lines` rows of tiles of all images, T tiles at a time. u [parts][PLANES][C][filters], filters = O
   rounded up to TILE_COLUMNS; in [EDGE][pitch], v [tiles of a row][PLANES][LANES], d [PLANES][T * GAZE_WIDTH + 16]. */
GAZE_ONE winograd_few_kernel_gradient(GAZE_HERE source x, source dy, const __global int *restrict place, __global float *restrict u,
                                      IMAGES, int top, int left, int lines, int T, int pitch, int parts, __local float *in,
                                      __local float *v, __local float *d)
{
    const int across = (Q + SIDE - 1) / SIDE, down = (P + SIDE - 1) / SIDE, step = place ? 2 : 1, stride = T * GAZE_WIDTH + 16;
    const int g = GAZE_AT(0), from = (long)lines * g / parts, to = (long)lines * (g + 1) / parts;
    const int filters = (O + TILE_COLUMNS - 1) / TILE_COLUMNS * TILE_COLUMNS;
    u += (size_t)g * PLANES * C * filters;
    for (int line = from; line < to; line++) {
        const int b = line / down, p = line % down * SIDE;
        const size_t row = (((size_t)b * (P / step) + p / step) * (Q / step)) * O;
        const int share = SIDE / step * (Q / step) * O * GAZE_WIDTH / (across * GAZE_WHOLE(O)) + 1;
        size_t next = row + SIDE / step * (Q / step) * O;
        gaze_few_transform(x + (size_t)b * H * W * C, H, W, C, p - top, left, across, pitch, in, v);
        for (int first = 0; first < across; first += T)
            for (int start = 0; start < O; start += GAZE_WIDTH) {
                const int tiles = min(T, across - first), o = gaze_vector_start(start, O);
                for (int t = 0; t < tiles; t++, next += share) {
                    const int q = (first + t) * SIDE;
                    const size_t at = row + q / step * O + o;
                    gaze_prefetch(dy + next, share);
                    if (place) gaze_prefetch((source)place + next, share);
                    gaze_few_spread(dy + at, place ? place + at : place, P / step * step - p, Q / step * step - q, Q, O,
                                    d + t * GAZE_WIDTH, stride);
                }
                gaze_few_sums(v + first * PLANES * LANES, d, stride, tiles, first || line != from, filters, u + start);
            }
    }
}
