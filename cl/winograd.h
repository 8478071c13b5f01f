/* Winograd's (Toom and Cook's) convolution in one dimension with the points 0, 1, -1, 2, -2, infinity (Lavin and Gray, "Fast Algorithms
   for Convolutional Neural Networks", 2016): of n taps, 7 - n outputs of 6 inputs by 6 products. B depends on the points alone; G and A
   hold their powers. F(4x4,3x3): the same on columns, then on rows. Elements of d are `step` apart; o may be d. */
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

/* The values of the polynomial with the coefficients d [n], `step` apart, at 1, -1, 2, -2. n is a constant. */
GAZE_IN_REGISTERS void gaze_winograd_evaluate(const floatv *d, int step, int n, floatv *at)
{
    floatv even1 = d[0], odd1 = d[step], even2 = d[0], odd2 = 2.0f * d[step];
#pragma unroll
    for (int i = 2; i < n; i++)
        if (i % 2) {
            odd1 += d[i * step];
            odd2 = fma((floatv)(1 << i), d[i * step], odd2);
        } else {
            even1 += d[i * step];
            even2 = fma((floatv)(1 << i), d[i * step], even2);
        }
    at[0] = even1 + odd1;
    at[1] = even1 - odd1;
    at[2] = even2 + odd2;
    at[3] = even2 - odd2;
}

/* Turned: o [n] of what stands at 1 and -1 (sum s1, difference m1) and at 2 and -2. */
GAZE_IN_REGISTERS void gaze_winograd_interpolate(floatv s1, floatv m1, floatv s2, floatv m2, floatv *o, int step, int n)
{
    o[0] = s1 + s2;
#pragma unroll
    for (int i = 1; i < n; i++) o[i * step] = fma((floatv)(1 << i), i % 2 ? m2 : s2, i % 2 ? m1 : s1);
}

/* o [n] = A^T d [6]; n is SIDE in two dimensions */
GAZE_IN_REGISTERS void gaze_winograd_output(const floatv *d, floatv *o, int n)
{
    gaze_winograd_interpolate(d[1] + d[2], d[1] - d[2], d[3] + d[4], d[3] - d[4], o, 1, n);
    o[0] += d[0];
    o[n - 1] += d[5];
}

/* o [6] = A d [n] */
GAZE_IN_REGISTERS void gaze_winograd_spread(const floatv *d, int d_step, int n, floatv *o, int o_step)
{
    floatv at[4];
    gaze_winograd_evaluate(d, d_step, n, at);
    o[0] = d[0];
#pragma unroll
    for (int i = 0; i < 4; i++) o[(i + 1) * o_step] = at[i];
    o[5 * o_step] = d[(n - 1) * d_step];
}

/* o [6] = G g [n]; n is 3 in two dimensions */
GAZE_IN_REGISTERS void gaze_winograd_filter(const floatv *g, int g_step, int n, floatv *o, int o_step)
{
    floatv at[4];
    gaze_winograd_evaluate(g, g_step, n, at);
    o[0] = 0.25f * g[0];
#pragma unroll
    for (int i = 0; i < 4; i++) o[(i + 1) * o_step] = at[i] * (i < 2 ? -1.0f / 6.0f : 1.0f / 24.0f);
    o[5 * o_step] = g[(n - 1) * g_step];
}

/* o [n] = G^T d [6] */
GAZE_IN_REGISTERS void gaze_winograd_gather(const floatv *d, int d_step, floatv *o, int o_step, int n)
{
    const floatv a = d[d_step] * (-1.0f / 6.0f), b = d[2 * d_step] * (-1.0f / 6.0f);
    const floatv e = d[3 * d_step] * (1.0f / 24.0f), f = d[4 * d_step] * (1.0f / 24.0f);
    gaze_winograd_interpolate(a + b, a - b, e + f, e - f, o, o_step, n);
    o[0] = fma((floatv)0.25f, d[0], o[0]);
    o[(n - 1) * o_step] += d[5 * d_step];
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

/* Does block n of TILE_COLUMNS filters have but one vector? */
static inline bool gaze_is_narrow(int n, int O) { return n * TILE_COLUMNS + GAZE_WIDTH >= O; }

/* One plane: m [T][TILE_COLUMNS] = v [T][C] u [C][TILE_COLUMNS]; only the first vector of filters where narrow. */
GAZE_APART void gaze_multiply_plane(const __local float *v, source u, int tiles, int C, bool narrow, __local float *m)
{
    for (int t = 0; t < tiles; t += TILE_ROWS) {
        const __local float *row[TILE_ROWS];
        floatv c[2 * TILE_ROWS];
        __local float *to = m + t * TILE_COLUMNS;
#pragma unroll
        for (int i = 0; i < TILE_ROWS; i++) {
            row[i] = v + min(t + i, tiles - 1) * C; // no row that was never written
            c[i] = c[TILE_ROWS + i] = 0.0f;
        }
        if (narrow)
            for (int k = 0; k < C; k++) gaze_step_local(row, k, vloadv(2 * k, u), c);
        else
            gaze_tile_local(row, 0, 1, u, GAZE_WIDTH, TILE_COLUMNS, C, c);
#pragma unroll
        for (int i = 0; i < TILE_ROWS; i++) {
            vstorev(c[i], 2 * i, to);
            vstorev(c[TILE_ROWS + i], 2 * i + 1, to);
        }
    }
}

/* Tiles first, first + 1, .. of x [B,H,W,C], `across` in a row of y and `image` in one image, to v [PLANES][T*C+16]: planes a multiple
   of 1024 bytes apart would fall into few sets of the L1 cache. */
GAZE_APART void gaze_transform_tiles(const __global float *x, int H, int W, int C, int across, int image, int top, int left, int first,
                                     int tiles, int T, __local float *v)
{
    for (int t = 0; t < tiles; t++) {
        const int b = (first + t) / image, p = (first + t) % image / across * SIDE, q = (first + t) % across * SIDE;
        gaze_transform_input_local(x + (size_t)b * H * W * C, H, W, C, p - top, q - left, v + t * C, T * C + 16);
    }
}

/* m [PLANES][T*TILE_COLUMNS+16] of block n of filters. */
GAZE_APART void gaze_multiply_planes(const __local float *v, const __global float *u, int n, int tiles, int T, int C, bool narrow,
                                     __local float *m)
{
    u += (size_t)n * PLANES * C * TILE_COLUMNS;
    for (int plane = 0; plane < PLANES; plane++)
        gaze_multiply_plane(v + plane * (T * C + 16), u + (size_t)plane * C * TILE_COLUMNS, tiles, C, narrow,
                            m + plane * (T * TILE_COLUMNS + 16));
}

/* y of one tile and one vector of filters: A^T m A + bias, activated. */
static inline void gaze_transform_output(const __local float *m, int stride, floatv bias, int activation, floatv *o)
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
#pragma unroll
    for (int i = 0; i < SIDE; i++) {
        gaze_winograd_output(d + i * EDGE, o + i * SIDE, SIDE);
#pragma unroll
        for (int j = 0; j < SIDE; j++) o[i * SIDE + j] += bias;
    }
    gaze_activate(activation, o, SIDE * SIDE);
}

GAZE_DEFINE_TILE(gaze_tile_of_panel_rows, __global, PANEL_ROWS)

/* c[i] += sum over the tiles of row[i] times one vector of d, both `C` and `O` floats apart. */
GAZE_IN_REGISTERS void gaze_narrow_tile(source *row, int C, source d, int O, int tiles, floatv *c)
{
    for (int t = 0; t < tiles; t++, d += O) {
        const floatv b = vloadv(0, d);
#pragma unroll
        for (int i = 0; i < PANEL_ROWS; i++) c[i] = fma((floatv)(row[i][t * C]), b, c[i]);
    }
}

/* u [C][filters] += or = V^T D of some tiles, by register tiles of PANEL_ROWS channels x TILE_COLUMNS filters. Each vector of filters
   has its own place in u. The last tile of channels overlaps the one before: rows that are summed already are not stored again. */
GAZE_APART void gaze_sum_tiles(source v, source d, int tiles, int C, int O, bool add, __global float *u)
{
    const int filters = (O + TILE_COLUMNS - 1) / TILE_COLUMNS * TILE_COLUMNS;
    for (int channel = 0; channel < C; channel += PANEL_ROWS) {
        const int c0 = min(channel, C - PANEL_ROWS);
        for (int n = 0; n < filters; n += TILE_COLUMNS) {
            const int o0 = gaze_vector_start(n, O), o1 = gaze_vector_start(n + GAZE_WIDTH, O);
            __global float *at = u + (size_t)c0 * filters + n;
            source row[PANEL_ROWS];
            floatv c[2 * PANEL_ROWS];
#pragma unroll
            for (int i = 0; i < PANEL_ROWS; i++) {
                row[i] = v + c0 + i;
                c[i] = add ? vloadv(0, at + i * filters) : (floatv)0.0f;
                c[PANEL_ROWS + i] = add ? vloadv(1, at + i * filters) : (floatv)0.0f;
            }
            if (gaze_is_narrow(n / TILE_COLUMNS, O))
                gaze_narrow_tile(row, C, d + o0, O, tiles, c);
            else
                gaze_tile_of_panel_rows(row, 0, C, d + o0, o1 - o0, O, tiles, c);
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
                gaze_winograd_spread(g, 1, SIDE, e + i * EDGE, 1);                                                     \
            }                                                                                                          \
            _Pragma("unroll") for (int j = 0; j < EDGE; j++)                                                           \
            {                                                                                                          \
                gaze_winograd_spread(e + j, EDGE, SIDE, f, 1);                                                         \
                _Pragma("unroll") for (int i = 0; i < EDGE; i++) vstorev(f[i], 0, d + (i * EDGE + j) * stride + o);    \
            }                                                                                                          \
        }                                                                                                              \
    }

#endif
