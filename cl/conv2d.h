/* What the convolutions of the cpu family share; letters as in window.h. Vectors of filters (or channels) number 0, 1, ..; where
   their count is no multiple of GAZE_WIDTH the last overlaps the one before
   and both store the same. */
#ifndef GAZE_CONV2D_H
#define GAZE_CONV2D_H
#include "epilogue.h"
#include "places.h"
#include "tile.h"
#include "window.h"

/* Blocks of TILE_COLUMNS filters that a tile makes at once, as gz_tile_blocks has it, where all of their vectors exist. */
#define TILE_BLOCKS (GAZE_WIDTH == 16 ? 2 : 1)

static inline bool gaze_is_pair(int block, int count) { return TILE_BLOCKS == 2 && (block + 2) * TILE_COLUMNS - GAZE_WIDTH < count; }

/* Where the vector that would start at `first` starts, if there are `count` floats. */
static inline int gaze_vector_start(int first, int count) { return min(first, count - GAZE_WIDTH); }

static inline floatv gaze_load_or_zero(source from, int at) { return from ? vloadv(0, from + at) : (floatv)0.0f; }

/* All rows of a tile begin with the same two vectors. */
GAZE_IN_REGISTERS void gaze_fill_tile(floatv *c, floatv first, floatv second)
{
#pragma unroll
    for (int i = 0; i < TILE_ROWS; i++) {
        c[i] = first;
        c[TILE_ROWS + i] = second;
    }
}

/* Do pixels `down` rows and `right` columns and less from all of a tile's, at h, v, lie inside an image of H x W? */
static inline bool gaze_all_inside(const int *h, const int *v, int down, int right, int H, int W)
{
    bool all = true;
    for (int i = 0; i < TILE_ROWS; i++) all &= h[i] >= 0 && v[i] >= 0 && h[i] + down < H && v[i] + right < W;
    return all;
}

/* From pixel h, v of image b to the one after it, where images have tall x wide. */
static inline void gaze_next_pixel(int *b, int *h, int *v, int tall, int wide)
{
    if (++*v < wide) return;
    *v = 0;
    if (++*h < tall) return;
    *h = 0;
    ++*b;
}

/* A tile's pixels of y, from number m of `pixels` on, of which b, p, q is the place and moves on: where their windows begin. After the last
   pixel the last again. */
GAZE_IN_REGISTERS void gaze_open_pixels(source x, IMAGES, int sy, int sx, int top, int left, int m, int pixels, int *b, int *p, int *q,
                                        source *origin, int *h, int *v)
{
    for (int i = 0; i < TILE_ROWS; i++) {
        h[i] = *p * sy - top;
        v[i] = *q * sx - left;
        origin[i] = x + (((ptrdiff_t)*b * H + h[i]) * W + v[i]) * C;
        if (m + i + 1 < pixels) gaze_next_pixel(b, p, q, P, Q);
    }
}

/* The pixels that a tap sees, `down` rows and `right` columns from those at h, v of an image of H x W pixels of C floats;
   `zeros` outside. all: none is. */
GAZE_IN_REGISTERS void gaze_see(const source *origin, const int *h, const int *v, int down, int right, int H, int W, int C, source zeros,
                            bool all, source *row)
{
    const int at = (down * W + right) * C;
    if (all) {
#pragma unroll
        for (int i = 0; i < TILE_ROWS; i++) row[i] = origin[i] + at;
        return;
    }
#pragma unroll
    for (int i = 0; i < TILE_ROWS; i++) {
        const bool inside = (uint)(h[i] + down) < (uint)H && (uint)(v[i] + right) < (uint)W;
        row[i] = inside ? origin[i] + at : zeros;
    }
}

/* c[i] += the products of row i's C channels with `weight`, a vector of channels after the other, and c[TILE_ROWS + i] with the weights
   `second` floats further on. A channel that the last vector repeats has the weight zero there. */
GAZE_IN_REGISTERS void gaze_dots(const source *row, source weight, int second, int C, floatv *c)
{
    for (int first = 0; first < C; first += GAZE_WIDTH, weight += GAZE_WIDTH) {
        const int at = gaze_vector_start(first, C);
        const floatv w0 = vloadv(0, weight), w1 = vloadv(0, weight + second);
#pragma unroll
        for (int i = 0; i < TILE_ROWS; i++) {
            const floatv a = vloadv(0, row[i] + at);
            c[i] = fma(a, w0, c[i]);
            c[TILE_ROWS + i] = fma(a, w1, c[TILE_ROWS + i]);
        }
    }
}

/* to [wide][n]: channels first..first+n-1 of row h of an image x [H,W,C], from column -left on, zeros outside. */
GAZE_APART void gaze_stage_row(source x, int H, int W, int C, int first, int n, int h, int left, int wide, __local float *to)
{
    const int v0 = (uint)h < (uint)H ? min(left, wide) : wide, v1 = max(min(W + left, wide), v0);
    source from = x + ((ptrdiff_t)h * W - left) * C + first;
    for (int j = 0; j < v0 * n; j++) to[j] = 0.0f;
    if (n == C)
        for (int j = v0 * n; j < v1 * n; j++) to[j] = from[j];
    else
        for (int v = v0; v < v1; v++)
            for (int c = 0; c < n; c++) to[v * n + c] = from[(ptrdiff_t)v * C + c];
    for (int j = v1 * n; j < wide * n; j++) to[j] = 0.0f;
}

/* The same in planes: to [C][step][run] holds channel c and column v at [c][v % step][v / step], so that the pixels that one tap
   sees lie together; zeros outside the image up to the end of the runs. */
GAZE_APART void gaze_stage_planes(source x, int H, int W, int C, int h, int left, int wide, int step, int run, __local float *to)
{
    const int v0 = min(left, wide), v1 = min(W + left, wide);
    source from = x + ((ptrdiff_t)h * W - left) * C;
    for (int j = 0; j < C * step * run; j++) to[j] = 0.0f;
    if ((uint)h >= (uint)H) return;
    for (int c = 0; c < C; c++)
        for (int v = v0, phase = v0 % step, at = v0 / step; v < v1; v++) {
            to[(c * step + phase) * run + at] = from[v * C + c];
            if (++phase == step) {
                phase = 0;
                at++;
            }
        }
}

#endif
