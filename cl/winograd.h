/* Winograd's F(4x4,3x3) in one dimension (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016, with the points
   0, 1, -1, 2, -2, infinity). Two dimensions: the same on columns, then on rows. Elements of d are `step` apart; o may be d. */
#ifndef GAZE_WINOGRAD_H
#define GAZE_WINOGRAD_H

#define SIDE 4            // of an output tile
#define EDGE (SIDE + 2)   // of an input tile
#define PLANES (EDGE * EDGE)

/* o [6] = B^T d [6] */
static inline void gaze_winograd_input(const floatv *d, floatv *o, int step)
{
    const floatv d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step];
    const floatv a = fma((floatv)-4.0f, d2, d4), b = fma((floatv)-4.0f, d1, d3);
    const floatv e = d4 - d2, f = 2.0f * (d3 - d1);
    o[0] = fma((floatv)4.0f, d[0], fma((floatv)-5.0f, d2, d4));
    o[5 * step] = fma((floatv)4.0f, d1, fma((floatv)-5.0f, d3, d[5 * step]));
    o[step] = a + b;
    o[2 * step] = a - b;
    o[3 * step] = e + f;
    o[4 * step] = e - f;
}

/* o [4] = A^T d [6] */
static inline void gaze_winograd_output(const floatv *d, floatv *o, int step)
{
    const floatv d0 = d[0], d5 = d[5 * step], s1 = d[step] + d[2 * step], m1 = d[step] - d[2 * step];
    const floatv s2 = d[3 * step] + d[4 * step], m2 = d[3 * step] - d[4 * step];
    o[0] = d0 + s1 + s2;
    o[step] = fma((floatv)2.0f, m2, m1);
    o[2 * step] = fma((floatv)4.0f, s2, s1);
    o[3 * step] = fma((floatv)8.0f, m2, m1) + d5;
}

/* o [6] = G g [3] */
static inline void gaze_winograd_filter(const floatv *g, int g_step, floatv *o, int o_step)
{
    const floatv g0 = g[0], g1 = g[g_step], g2 = g[2 * g_step];
    const floatv a = (g0 + g2) * (-1.0f / 6.0f), b = fma((floatv)4.0f, g2, g0) * (1.0f / 24.0f);
    o[0] = 0.25f * g0;
    o[o_step] = fma((floatv)(-1.0f / 6.0f), g1, a);
    o[2 * o_step] = fma((floatv)(1.0f / 6.0f), g1, a);
    o[3 * o_step] = fma((floatv)(1.0f / 12.0f), g1, b);
    o[4 * o_step] = fma((floatv)(-1.0f / 12.0f), g1, b);
    o[5 * o_step] = g2;
}

/* o [6] = A d [4] */
static inline void gaze_winograd_spread(const floatv *d, int d_step, floatv *o, int o_step)
{
    const floatv d0 = d[0], d1 = d[d_step], d2 = d[2 * d_step], d3 = d[3 * d_step];
    const floatv a = d0 + d2, b = d1 + d3, e = fma((floatv)4.0f, d2, d0), f = 2.0f * fma((floatv)4.0f, d3, d1);
    o[0] = d0;
    o[o_step] = a + b;
    o[2 * o_step] = a - b;
    o[3 * o_step] = e + f;
    o[4 * o_step] = e - f;
    o[5 * o_step] = d3;
}

/* o [3] = G^T d [6] */
static inline void gaze_winograd_gather(const floatv *d, int d_step, floatv *o, int o_step)
{
    const floatv d1 = d[d_step], d2 = d[2 * d_step], d3 = d[3 * d_step], d4 = d[4 * d_step];
    const floatv s1 = (d1 + d2) * (-1.0f / 6.0f), m1 = (d2 - d1) * (1.0f / 6.0f), s2 = d3 + d4, m2 = d3 - d4;
    o[0] = fma((floatv)0.25f, d[0], fma((floatv)(1.0f / 24.0f), s2, s1));
    o[o_step] = fma((floatv)(1.0f / 12.0f), m2, m1);
    o[2 * o_step] = fma((floatv)(1.0f / 6.0f), s2, s1) + d[5 * d_step];
}

/* o [3] = elements 0, 2, 4 of B d, d [6]; elements 1, 3, 5. */
static inline void gaze_winograd_even(const floatv *d, int d_step, floatv *o, int o_step)
{
    const floatv d0 = d[0], s1 = d[d_step] + d[2 * d_step], s2 = d[3 * d_step] + d[4 * d_step];
    o[0] = 4.0f * d0;
    o[o_step] = fma((floatv)-5.0f, d0, fma((floatv)-4.0f, s1, -s2));
    o[2 * o_step] = d0 + s1 + s2;
}

static inline void gaze_winograd_odd(const floatv *d, int d_step, floatv *o, int o_step)
{
    const floatv m1 = d[d_step] - d[2 * d_step], m2 = d[3 * d_step] - d[4 * d_step], d5 = d[5 * d_step];
    o[0] = fma((floatv)4.0f, d5, fma((floatv)-4.0f, m1, -2.0f * m2));
    o[o_step] = fma((floatv)-5.0f, d5, fma((floatv)2.0f, m2, m1));
    o[2 * o_step] = d5;
}

/* v [PLANES][stride]: B^T x B of the tile of an image x [H,W,C] whose first element is [h0,w0], zeros outside: rows, then columns
   of what the rows left in v. Unrolled, they were no faster, and took PoCL's compiler five times as long. */
#define GAZE_DEFINE_TRANSFORM(NAME, SPACE)                                                                             \
    GAZE_APART void NAME(const __global float *x, int H, int W, int C, int h0, int w0, SPACE float *v, int stride)     \
    {                                                                                                                  \
        uint columns = 0;                                                                                              \
        for (int j = 0; j < EDGE; j++) columns |= (uint)(w0 + j) < (uint)W ? 1u << j : 0u;                             \
        for (int start = 0; start < C; start += GAZE_WIDTH) {                                                          \
            const int c = min(start, C - GAZE_WIDTH);                                                                  \
            _Pragma("nounroll") for (int i = 0; i < EDGE; i++)                                                         \
            {                                                                                                          \
                const __global float *row = x + ((ptrdiff_t)(h0 + i) * W + w0) * C + c;                                \
                const uint there = (uint)(h0 + i) < (uint)H ? columns : 0u;                                            \
                SPACE float *to = v + i * EDGE * stride + c;                                                           \
                floatv d[EDGE];                                                                                        \
                _Pragma("unroll") for (int j = 0; j < EDGE; j++)                                                       \
                    d[j] = there >> j & 1 ? vloadv(0, row + j * C) : (floatv)0.0f;                                     \
                gaze_winograd_input(d, d, 1);                                                                          \
                _Pragma("unroll") for (int j = 0; j < EDGE; j++) vstorev(d[j], 0, to + j * stride);                    \
            }                                                                                                          \
            _Pragma("nounroll") for (int j = 0; j < EDGE; j++)                                                         \
            {                                                                                                          \
                SPACE float *at = v + j * stride + c;                                                                  \
                floatv d[EDGE];                                                                                        \
                _Pragma("unroll") for (int i = 0; i < EDGE; i++) d[i] = vloadv(0, at + i * EDGE * stride);             \
                gaze_winograd_input(d, d, 1);                                                                          \
                _Pragma("unroll") for (int i = 0; i < EDGE; i++) vstorev(d[i], 0, at + i * EDGE * stride);             \
            }                                                                                                          \
        }                                                                                                              \
    }

GAZE_DEFINE_TRANSFORM(gaze_transform_input_local, __local)
GAZE_DEFINE_TRANSFORM(gaze_transform_input_global, __global)

/* One plane: m [T][TILE_COLUMNS] = v [T][C] u [C][TILE_COLUMNS] */
GAZE_APART void gaze_multiply_plane(const __local float *v, source u, int tiles, int C, __local float *m)
{
    for (int t = 0; t < tiles; t += TILE_ROWS) {
        const __local float *row[TILE_ROWS];
        floatv c[2 * TILE_ROWS];
        __local float *to = m + t * TILE_COLUMNS;
#pragma unroll
        for (int i = 0; i < TILE_ROWS; i++) {
            row[i] = v + (t + i) * C;
            c[i] = c[TILE_ROWS + i] = 0.0f;
        }
        gaze_tile_local(row, 0, 1, u, GAZE_WIDTH, TILE_COLUMNS, C, c);
#pragma unroll
        for (int i = 0; i < TILE_ROWS; i++) {
            vstorev(c[i], 2 * i, to);
            vstorev(c[TILE_ROWS + i], 2 * i + 1, to);
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

/* d [PLANES][stride]: A dy A^T of the tile that starts at dy, of which rows x columns pixels exist. */
#define GAZE_DEFINE_SPREAD(NAME, SPACE)                                                                                \
    GAZE_APART void NAME(source dy, const __global int *place, int rows, int columns, int Q, int O, SPACE float *d,    \
                         int stride)                                                                                   \
    {                                                                                                                  \
        const bool inside = rows >= SIDE && columns >= SIDE;                                                           \
        for (int start = 0; start < O; start += GAZE_WIDTH) {                                                          \
            const int o = gaze_vector_start(start, O);                                                                 \
            floatv e[SIDE * EDGE], f[EDGE];                                                                            \
            _Pragma("unroll") for (int i = 0; i < SIDE; i++)                                                           \
            {                                                                                                          \
                floatv g[SIDE];                                                                                        \
                _Pragma("unroll") for (int j = 0; j < SIDE; j++)                                                       \
                    g[j] = inside || (i < rows && j < columns)                                                         \
                               ? gaze_gradient_at(dy + o, place ? place + o : place, i, j, Q, O)                       \
                               : (floatv)0.0f;                                                                         \
                gaze_winograd_spread(g, 1, e + i * EDGE, 1);                                                           \
            }                                                                                                          \
            _Pragma("unroll") for (int j = 0; j < EDGE; j++)                                                           \
            {                                                                                                          \
                gaze_winograd_spread(e + j, EDGE, f, 1);                                                               \
                _Pragma("unroll") for (int i = 0; i < EDGE; i++) vstorev(f[i], 0, d + (i * EDGE + j) * stride + o);    \
            }                                                                                                          \
        }                                                                                                              \
    }

#endif
