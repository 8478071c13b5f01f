/* Sums over tiles, for the gradients of Winograd's convolution: dU = V^T D, D being A dy A^T. */
#ifndef GAZE_WINOGRAD_SUMS_H
#define GAZE_WINOGRAD_SUMS_H

#include "winograd_tiles.h"

/* A tile's row of d has GAZE_WHOLE(O) floats: vectors of filters, each with its own place as in u, so that none lies in two lines of
   the cache. */
#define GAZE_IN_SUM_ROWS(start, o, T) (start)

/* c[i] += sum over the tiles of row[i] times two vectors of d; rows are `C` floats apart, those of d `d_row`. What the next register
   tile will add to, from `next` on, is asked for meanwhile. */
GAZE_IN_REGISTERS void gaze_wide_tile(source *row, int C, source d, int d_row, int tiles, source next, int filters, floatv *c)
{
    for (int t = 0; t < tiles; t++, d += d_row) {
        const floatv b0 = vloadv(0, d), b1 = vloadv(1, d);
        if (t < PANEL_ROWS) gaze_prefetch_near(next + t * filters, TILE_COLUMNS);
#pragma unroll
        for (int i = 0; i < PANEL_ROWS; i++) {
            const floatv a = row[i][t * C];
            c[i] = fma(a, b0, c[i]);
            c[PANEL_ROWS + i] = fma(a, b1, c[PANEL_ROWS + i]);
        }
    }
}

/* c[i] += sum over the tiles of row[i] times one vector of d, `C` and `d_row` floats apart. */
GAZE_IN_REGISTERS void gaze_narrow_tile(source *row, int C, source d, int d_row, int tiles, floatv *c)
{
    for (int t = 0; t < tiles; t++, d += d_row) {
        const floatv b = vloadv(0, d);
#pragma unroll
        for (int i = 0; i < PANEL_ROWS; i++) c[i] = fma((floatv)(row[i][t * C]), b, c[i]);
    }
}

/* u [C][filters] += or = V^T D of some tiles, by register tiles of PANEL_ROWS channels x TILE_COLUMNS filters. Each vector of filters
   has its own place in d and u. The last tile of channels overlaps the one before: rows that are summed already are not stored again. */
GAZE_APART void gaze_sum_tiles(source v, source d, int tiles, int C, int O, bool add, __global float *u)
{
    const int filters = (O + TILE_COLUMNS - 1) / TILE_COLUMNS * TILE_COLUMNS, d_row = GAZE_WHOLE(O);
    for (int channel = 0; channel < C; channel += PANEL_ROWS) {
        const int c0 = min(channel, C - PANEL_ROWS);
        for (int n = 0; n < filters; n += TILE_COLUMNS) {
            __global float *at = u + (size_t)c0 * filters + n, *below = u + (size_t)(c0 + PANEL_ROWS) * filters;
            source row[PANEL_ROWS];
            floatv c[2 * PANEL_ROWS];
#pragma unroll
            for (int i = 0; i < PANEL_ROWS; i++) {
                row[i] = v + c0 + i;
                c[i] = add ? vloadv(0, at + i * filters) : (floatv)0.0f;
                c[PANEL_ROWS + i] = add ? vloadv(1, at + i * filters) : (floatv)0.0f;
            }
            if (gaze_is_narrow(n / TILE_COLUMNS, O))
                gaze_narrow_tile(row, C, d + n, d_row, tiles, c);
            else
                gaze_wide_tile(row, C, d + n, d_row, tiles, n + TILE_COLUMNS < filters ? at + TILE_COLUMNS : below, filters, c);
#pragma unroll
            for (int i = 0; i < PANEL_ROWS; i++) {
                if (c0 + i < channel) continue;
                vstorev(c[i], 0, at + i * filters);
                vstorev(c[PANEL_ROWS + i], 1, at + i * filters);
            }
        }
    }
}

/* The value of dy at pixel i, j of a tile. place: dy [.,Q/2,O] are the gradients of the maxima of windows of 2x2, and place says which
   of its four pixels each goes to. */
GAZE_IN_REGISTERS floatv gaze_gradient_at(source dy, const __global int *place, int i, int j, int Q, int O)
{
    if (!place) return vloadv(0, dy + (i * Q + j) * O);
    const int at = (i / 2 * (Q / 2) + j / 2) * O;
    return select((floatv)0.0f, vloadv(0, dy + at), gaze_places(place + at) == (i % 2 * 2 + j % 2));
}

/* d [PLANES] vectors, `stride` floats apart: A dy A^T of one vector of filters of the tile that starts at dy, of which rows x columns
   pixels exist. */
#define GAZE_DEFINE_SPREAD_VECTOR(NAME, SPACE)                                                                                  \
    GAZE_IN_REGISTERS void NAME(source dy, const __global int *place, int rows, int columns, int Q, int O, SPACE float *d,      \
                                int stride)                                                                                     \
    {                                                                                                                           \
        const bool inside = rows >= SIDE && columns >= SIDE;                                                                    \
        floatv e[SIDE * EDGE], f[EDGE];                                                                                         \
        UNROLL for (int i = 0; i < SIDE; i++)                                                                                   \
        {                                                                                                                       \
            floatv g[SIDE];                                                                                                     \
            UNROLL for (int j = 0; j < SIDE; j++)                                                                               \
                g[j] = inside || (i < rows && j < columns) ? gaze_gradient_at(dy, place, i, j, Q, O) : (floatv)0.0f;            \
            gaze_winograd_spread(g, 1, SIDE, e + i * EDGE, 1);                                                                  \
        }                                                                                                                       \
        UNROLL for (int j = 0; j < EDGE; j++)                                                                                   \
        {                                                                                                                       \
            gaze_winograd_spread(e + j, EDGE, SIDE, f, 1);                                                                      \
            UNROLL for (int i = 0; i < EDGE; i++) vstorev(f[i], 0, d + (i * EDGE + j) * stride);                                \
        }                                                                                                                       \
    }

/* The same of all filters. */
#define GAZE_DEFINE_SPREAD(NAME, SPACE, PLACE)                                                                                  \
    GAZE_DEFINE_SPREAD_VECTOR(NAME##_vector, SPACE)                                                                             \
    GAZE_APART void NAME(source dy, const __global int *place, int rows, int columns, int Q, int O, SPACE float *d, int T,      \
                         int stride)                                                                                            \
    {                                                                                                                           \
        for (int start = 0; start < O; start += GAZE_WIDTH) {                                                                   \
            const int o = gaze_vector_start(start, O);                                                                          \
            NAME##_vector(dy + o, place ? place + o : place, rows, columns, Q, O, d + PLACE(start, o, T), stride);              \
        }                                                                                                                       \
    }

#endif
