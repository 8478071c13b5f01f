/* Tiles of an image on their way through Winograd's convolution: transformed, multiplied by the filters, transformed back. */
#ifndef GAZE_WINOGRAD_TILES_H
#define GAZE_WINOGRAD_TILES_H

#include "prefetch.h"
#include "winograd.h"

/* Floats of a plane of strips. */
#define GAZE_PLANE(T, C) (GAZE_WHOLE(C) * (T) + 16)

/* Where vectors of channels stand. Products read strips, [vector][T][GAZE_WIDTH] of T tiles: the rows of a register tile are as far
   apart whatever C is, one address does for all of them. Sums over tiles read rows of C floats. */
#define GAZE_IN_STRIPS(start, c, T) ((start) * (T))
#define GAZE_IN_ROWS(start, c, T) (c)

/* v [PLANES][stride]: B^T x B of the tile of an image x [H,W,C] whose first element is [h0,w0], zeros outside: rows, then columns
   of what the rows left in v. Unrolled, they were no faster, and took PoCL's compiler five times as long. */
#define GAZE_DEFINE_TRANSFORM(NAME, SPACE, PLACE)                                                                         \
    GAZE_APART void NAME(const __global float *x, int H, int W, int C, int h0, int w0, SPACE float *v, int T, int stride) \
    {                                                                                                                     \
        uint columns = 0;                                                                                                 \
        for (int j = 0; j < EDGE; j++) columns |= (uint)(w0 + j) < (uint)W ? 1u << j : 0u;                                \
        for (int start = 0; start < C; start += GAZE_WIDTH) {                                                             \
            const int c = min(start, C - GAZE_WIDTH);                                                                     \
            SPACE float *strip = v + PLACE(start, c, T);                                                                  \
            _Pragma("nounroll") for (int i = 0; i < EDGE; i++)                                                            \
            {                                                                                                             \
                const __global float *row = x + ((ptrdiff_t)(h0 + i) * W + w0) * C + c;                                   \
                const uint there = (uint)(h0 + i) < (uint)H ? columns : 0u;                                               \
                SPACE float *to = strip + i * EDGE * stride;                                                              \
                floatv d[EDGE];                                                                                           \
                UNROLL for (int j = 0; j < EDGE; j++)                                                                     \
                    d[j] = there >> j & 1 ? vloadv(0, row + j * C) : (floatv)0.0f;                                        \
                gaze_winograd_input(d, d, 1);                                                                             \
                UNROLL for (int j = 0; j < EDGE; j++) vstorev(d[j], 0, to + j * stride);                                  \
            }                                                                                                             \
            _Pragma("nounroll") for (int j = 0; j < EDGE; j++)                                                            \
            {                                                                                                             \
                SPACE float *at = strip + j * stride;                                                                     \
                floatv d[EDGE];                                                                                           \
                UNROLL for (int i = 0; i < EDGE; i++) d[i] = vloadv(0, at + i * EDGE * stride);                           \
                gaze_winograd_input(d, d, 1);                                                                             \
                UNROLL for (int i = 0; i < EDGE; i++) vstorev(d[i], 0, at + i * EDGE * stride);                           \
            }                                                                                                             \
        }                                                                                                                 \
    }

GAZE_DEFINE_TRANSFORM(gaze_transform_input_local, __local, GAZE_IN_STRIPS)
GAZE_DEFINE_TRANSFORM(gaze_transform_input_global, __global, GAZE_IN_ROWS)

/* Does block n of TILE_COLUMNS filters have but one vector? */
static inline bool gaze_is_narrow(int n, int O) { return n * TILE_COLUMNS + GAZE_WIDTH >= O; }

#define GAZE_AHEAD 64 // channels of u on their way from the second cache: 12 tiles use them up as fast as it gives them unasked

/* ROWS tiles times a block of filters: m [ROWS][TILE_COLUMNS] = v [vectors][T][GAZE_WIDTH] u [C][TILE_COLUMNS]; only the first
   vector of filters where narrow. The last strip begins with channels of the one before where C is no multiple of GAZE_WIDTH. */
#define GAZE_DEFINE_PLANE_TILE(NAME, ROWS)                                                              \
    GAZE_APART void NAME(const __local float *v, source u, int T, int C, bool narrow, __local float *m) \
    {                                                                                                   \
        floatv c[2 * ROWS];                                                                             \
        UNROLL for (int i = 0; i < 2 * ROWS; i++) c[i] = 0.0f;                                          \
        for (int start = 0; start < C; start += GAZE_WIDTH, v += T * GAZE_WIDTH) {                      \
            const int before = start - min(start, C - GAZE_WIDTH);                                      \
            if (narrow)                                                                                 \
                for (int k = before; k < GAZE_WIDTH; k++, u += TILE_COLUMNS) {                          \
                    const floatv b = vloadv(0, u);                                                      \
                    UNROLL for (int i = 0; i < ROWS; i++)                                               \
                        c[i] = fma((floatv)(v[i * GAZE_WIDTH + k]), b, c[i]);                           \
                }                                                                                       \
            else                                                                                        \
                for (int k = before; k < GAZE_WIDTH; k++, u += TILE_COLUMNS) {                          \
                    gaze_prefetch_near(u + GAZE_AHEAD * TILE_COLUMNS, TILE_COLUMNS);                    \
                    const floatv b0 = vloadv(0, u), b1 = vloadv(1, u);                                  \
                    UNROLL for (int i = 0; i < ROWS; i++)                                               \
                    {                                                                                   \
                        const floatv a = v[i * GAZE_WIDTH + k];                                         \
                        c[i] = fma(a, b0, c[i]);                                                        \
                        c[ROWS + i] = fma(a, b1, c[ROWS + i]);                                          \
                    }                                                                                   \
                }                                                                                       \
        }                                                                                               \
        UNROLL for (int i = 0; i < ROWS; i++)                                                           \
        {                                                                                               \
            vstorev(c[i], 2 * i, m);                                                                    \
            vstorev(c[ROWS + i], 2 * i + 1, m);                                                         \
        }                                                                                               \
    }

GAZE_DEFINE_PLANE_TILE(gaze_multiply_few, TILE_ROWS)
#if GAZE_WIDTH == 16
GAZE_DEFINE_PLANE_TILE(gaze_multiply_many, 2 * TILE_ROWS)
#endif

/* One plane: m [T][TILE_COLUMNS], of which rows after the last tile get anything. */
GAZE_IN_REGISTERS void gaze_multiply_plane(const __local float *v, source u, int tiles, int T, int C, bool narrow, __local float *m)
{
    int t = 0;
#if GAZE_WIDTH == 16
    for (; t + TILE_ROWS < tiles; t += 2 * TILE_ROWS)
        gaze_multiply_many(v + t * GAZE_WIDTH, u, T, C, narrow, m + t * TILE_COLUMNS);
#endif
    for (; t < tiles; t += TILE_ROWS) gaze_multiply_few(v + t * GAZE_WIDTH, u, T, C, narrow, m + t * TILE_COLUMNS);
}

/* Zeros in the rows of v [planes][vectors][T][GAZE_WIDTH] that a register tile reads behind the last of `tiles`. */
GAZE_APART void gaze_clear_after(int tiles, int planes, int T, int C, __local float *v)
{
    const int stride = GAZE_PLANE(T, C), end = (tiles + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
    for (int plane = 0; plane < planes && tiles < end; plane++)
        for (int start = 0; start < C; start += GAZE_WIDTH)
            for (int t = tiles; t < end; t++) vstorev((floatv)0.0f, t, v + plane * stride + start * T);
}

/* Tiles first, first + 1, .. of x [B,H,W,C], `across` in a row of y and `image` in one image, to v [PLANES][GAZE_PLANE]: planes a multiple
   of 1024 bytes apart would fall into few sets of the L1 cache. */
GAZE_APART void gaze_transform_tiles(const __global float *x, int H, int W, int C, int across, int image, int top, int left, int first,
                                     int tiles, int T, __local float *v)
{
    const int stride = GAZE_PLANE(T, C);
    for (int t = 0; t < tiles; t++) {
        const int b = (first + t) / image, p = (first + t) % image / across * SIDE, q = (first + t) % across * SIDE;
        gaze_transform_input_local(x + (size_t)b * H * W * C, H, W, C, p - top, q - left, v + t * GAZE_WIDTH, T, stride);
    }
    gaze_clear_after(tiles, PLANES, T, C, v);
}

/* Where tile number t of images [B,P,Q,O] begins. */
static inline size_t gaze_tile_start(int t, int P, int Q, int O)
{
    const int across = (Q + SIDE - 1) / SIDE, image = (P + SIDE - 1) / SIDE * across;
    return (((size_t)(t / image) * P + t % image / across * SIDE) * Q + t % across * SIDE) * O;
}

/* Two vectors of filters of a tile of images whose rows are Q pixels long. Either may be null. */
static inline void gaze_ask_for_tile(const __global float *read, const __global float *write, size_t at, int Q, int O)
{
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            if (read) gaze_prefetch(read + at + (i * Q + j) * O, TILE_COLUMNS);
            if (write) gaze_prefetch_to(write + at + (i * Q + j) * O, TILE_COLUMNS);
        }
}

/* m [PLANES][GAZE_PLANE(T, TILE_COLUMNS)] of block n of filters, of tiles first, .. of images [B,P,Q,O]. What will be read and written
   there, where the tiles are finished, is asked for meanwhile; either may be null. */
GAZE_APART void gaze_multiply_planes(const __local float *v, const __global float *u, int n, int first, int tiles, int T, int C,
                                     bool narrow, __local float *m, int P, int Q, int O, const __global float *read,
                                     const __global float *write)
{
    const int stride = GAZE_PLANE(T, C);
    int asked = read || write ? 0 : tiles;
    u += (size_t)n * PLANES * C * TILE_COLUMNS;
    for (int plane = 0; plane < PLANES; plane++) {
        gaze_multiply_plane(v + plane * stride, u + (size_t)plane * C * TILE_COLUMNS, tiles, T, C, narrow,
                            m + plane * GAZE_PLANE(T, TILE_COLUMNS));
        for (; asked < tiles && asked * PLANES < (plane + 1) * tiles; asked++)
            gaze_ask_for_tile(read, write, gaze_tile_start(first + asked, P, Q, O) + n * TILE_COLUMNS, Q, O);
    }
}

/* Of the columns A^T m [SIDE][EDGE] of a tile: its SIDE x SIDE pixels, A^T m A + bias, activated. */
GAZE_IN_REGISTERS void gaze_transform_rows(const floatv *d, floatv bias, int activation, floatv *o)
{
#pragma unroll
    for (int i = 0; i < SIDE; i++) {
        gaze_winograd_output(d + i * EDGE, o + i * SIDE, SIDE);
#pragma unroll
        for (int j = 0; j < SIDE; j++) o[i * SIDE + j] += bias;
    }
    gaze_activate(activation, o, SIDE * SIDE);
}

/* y of one tile and one vector of filters: A^T m A + bias, activated. */
GAZE_IN_REGISTERS void gaze_transform_output(const __local float *m, int stride, floatv bias, int activation, floatv *o)
{
    floatv d[SIDE * EDGE];
#pragma unroll
    for (int j = 0; j < EDGE; j++) {
        floatv e[EDGE];
#pragma unroll
        for (int i = 0; i < EDGE; i++) e[i] = vloadv(0, m + (i * EDGE + j) * stride);
        floatv f[SIDE];
        gaze_winograd_output(e, f, SIDE);
#pragma unroll
        for (int i = 0; i < SIDE; i++) d[i * EDGE + j] = f[i];
    }
    gaze_transform_rows(d, bias, activation, o);
}

#endif
