/* What the kernels of recurrent layers share. A group owns GROUP_ROWS samples for all T steps: no step waits
   for another group. What a step multiplies lies compact in scratch memory [GROUP_ROWS][D + padded units]: its input, where it is
   multiplied here, and the state before it. */
#ifndef GAZE_RECURRENCE_H
#define GAZE_RECURRENCE_H
#include "partial.h"
#include "prefetch.h"

#ifndef TILE_ROWS
#define TILE_ROWS 6 // rows of the register tile
#endif
#ifndef TILE_VECTORS
#define TILE_VECTORS 2 // native vectors of the tile; TILE_ROWS * TILE_VECTORS accumulators
#endif
#ifndef GROUP_ROWS
#define GROUP_ROWS TILE_ROWS // samples of a group: whole tiles and one of the rows that are left
#endif
#ifndef UNIT_VECTORS
#define UNIT_VECTORS 2 // vectors of units in a block, each with all its gates
#endif
#ifndef FAR_WEIGHTS
#define FAR_WEIGHTS 0 // 1: every step reads them from the second cache, which gives them faster when asked before
#endif
#define UNITS     (UNIT_VECTORS * GAZE_WIDTH)
#define LAST_ROWS ((GROUP_ROWS - 1) % TILE_ROWS + 1)
/* Rows of the weights that all tiles of a group read before the next ones: they stay in the first cache meanwhile. */
#define WEIGHTS_DEPTH (GROUP_ROWS > TILE_ROWS ? 192 : INT_MAX)

/* What is added to the products of step `step`: its own of the input, made before, or where they are made here (D > 0), x_bias, which
   may be null. */
static inline const __global float *gaze_added(const __global float *xw, const __global float *x_bias, int D, size_t step, int width)
{
    return D ? x_bias : xw + step * width;
}

#define WEIGHTS_AHEAD 48 // rows of the tile that are on their way

/* z [ROWS][TILE_VECTORS] vectors, rows z_stride floats apart, = what it holds, if `more`, + sum over k < depth of a[row][k] * w[k]. Rows of a
   are a_stride floats apart, from row `count` on the last one again. */
#define GAZE_DEFINE_STATE_TILE(NAME, ROWS)                                                                                         \
    GAZE_IN_REGISTERS void NAME(const __global float *a, size_t a_stride, int count, const __global float *w, int depth, int more, \
                                float *z, int z_stride)                                                                            \
    {                                                                                                                              \
        const __global float *row[ROWS];                                                                                           \
        floatv c[(ROWS) * TILE_VECTORS];                                                                                           \
        UNROLL for (int j = 0; j < (ROWS); j++) row[j] = a + min(j, count - 1) * a_stride;                                         \
        UNROLL for (int i = 0; i < (ROWS) * TILE_VECTORS; i++)                                                                     \
            c[i] = more ? vloadv(i % TILE_VECTORS, z + i / TILE_VECTORS * z_stride) : (floatv)(0.0f);                              \
        for (int k = 0; k < depth; k++, w += TILE_VECTORS * GAZE_WIDTH) {                                                          \
            floatv b[TILE_VECTORS];                                                                                                \
            if (FAR_WEIGHTS) gaze_prefetch_near(w + WEIGHTS_AHEAD * TILE_VECTORS * GAZE_WIDTH, TILE_VECTORS * GAZE_WIDTH);         \
            UNROLL for (int v = 0; v < TILE_VECTORS; v++) b[v] = vloadv(v, w);                                                     \
            UNROLL for (int j = 0; j < (ROWS); j++)                                                                                \
            {                                                                                                                      \
                const floatv t = row[j][k];                                                                                        \
                UNROLL for (int v = 0; v < TILE_VECTORS; v++) c[j * TILE_VECTORS + v] =                                            \
                    fma(t, b[v], c[j * TILE_VECTORS + v]);                                                                         \
            }                                                                                                                      \
        }                                                                                                                          \
        UNROLL for (int i = 0; i < (ROWS) * TILE_VECTORS; i++)                                                                     \
            vstorev(c[i], i % TILE_VECTORS, z + i / TILE_VECTORS * z_stride);                                                      \
    }

GAZE_DEFINE_STATE_TILE(gaze_state_tile, TILE_ROWS)
#if LAST_ROWS < TILE_ROWS
GAZE_DEFINE_STATE_TILE(gaze_state_last_tile, LAST_ROWS)
#endif

/* The same for all rows of a group, of which `count` >= 1 exist, and any depth, 0 too: z holds nothing before. */
GAZE_APART void gaze_state_rows(const __global float *a, size_t a_stride, int count, const __global float *w, int depth, float *z,
                                int z_stride)
{
    int k = 0, now;
    do {
        const __global float *weights = w + (size_t)k * TILE_VECTORS * GAZE_WIDTH;
        now = min(depth - k, WEIGHTS_DEPTH);
        for (int r = 0; r + TILE_ROWS <= GROUP_ROWS && r < count; r += TILE_ROWS)
            gaze_state_tile(a + r * a_stride + k, a_stride, count - r, weights, now, k > 0, z + r * z_stride, z_stride);
#if LAST_ROWS < TILE_ROWS
        const int r = GROUP_ROWS - LAST_ROWS;
        if (r < count) gaze_state_last_tile(a + r * a_stride + k, a_stride, count - r, weights, now, k > 0, z + r * z_stride, z_stride);
#endif
    } while ((k += now) < depth);
}

/* The block's part of [input, state] * their kernels for all rows: z [GROUP_ROWS][gates * UNIT_VECTORS]. a's rows are `width` floats apart, of
   which `depth` count; w has `all` rows. */
static inline void gaze_state_products(const __global float *a, int width, int rows, const __global float *w, int depth, int all, int gates,
                                       float *z)
{
    const int vectors = gates * UNIT_VECTORS;
    for (int v = 0; v < vectors; v += TILE_VECTORS, w += (size_t)all * TILE_VECTORS * GAZE_WIDTH)
        gaze_state_rows(a, width, rows, w, depth, z + v * GAZE_WIDTH, vectors * GAZE_WIDTH);
}

/* The inputs [D] of a step, `x_stride` floats apart, before the states. */
static inline void gaze_put_input(const __global float *x, size_t x_stride, int D, int rows, __global float *to, int width)
{
    for (int r = 0; r < rows; r++)
        for (int d = 0; d < D; d += GAZE_WIDTH) gaze_store_part(gaze_load_part(x + r * x_stride + d, D - d, 0.0f), to + r * width + d, D - d);
}

/* The states of `rows` samples, from [B,U] or zeros, padded, their rows `width` floats apart. */
static inline void gaze_state_start(const __global float *from, __global float *state, int rows, int U, int width)
{
    for (int r = 0; r < rows; r++)
        for (int u = 0; u < U; u += GAZE_WIDTH)
            vstorev(from ? gaze_load_part(from + (size_t)r * U + u, U - u, 0.0f) : (floatv)(0.0f), 0, state + (size_t)r * width + u);
}

/* The gradients of the gates, one after the other [GROUP_ROWS][gates * padded units], start as zeros: rows
   that don't exist stay so. */
static inline void gaze_gradient_start(__global float *a, int width)
{
    for (int i = 0; i < GROUP_ROWS * width; i += GAZE_WIDTH) vstorev((floatv)(0.0f), 0, a + i);
}

/* carry += a * kernel^T. Blocks of TILE_VECTORS vectors; width = gates * padded. */
static inline void gaze_gradient_products(const __global float *a, int width, int rows, const __global float *w, int U,
                                          int stride, __global float *carry)
{
    GAZE_ALIGNED float z[GROUP_ROWS * UNITS];
    for (int u = 0; u < U; u += UNITS, w += (size_t)width * UNITS) {
        gaze_state_rows(a, width, rows, w, width, z, UNITS);
        for (int i = 0; i < rows * UNIT_VECTORS; i++) {
            __global float *to = carry + i / UNIT_VECTORS * stride + u;
            vstorev(vloadv(i % UNIT_VECTORS, to) + vloadv(i, z), i % UNIT_VECTORS, to);
        }
    }
}

/* A masked step: no gradient of its gates. */
static inline void gaze_gradient_hold(int gates, __global float *dz, __global float *a, int U, int stride,
                                      int at)
{
    for (int g = 0; g < gates; g++) {
        gaze_store_part(0.0f, dz + g * U + at, U - at);
        vstorev((floatv)(0.0f), 0, a + g * stride + at);
    }
}

/* The gradient of the initial state; zeros where there is none. */
static inline void gaze_gradient_end(const __global float *carry, __global float *to, int rows, int U,
                                     int stride, int initial)
{
    for (int r = 0; r < rows; r++)
        for (int u = 0; u < U; u += GAZE_WIDTH)
            gaze_store_part(initial ? vloadv(0, carry + r * stride + u) : (floatv)(0.0f),
                            to + (size_t)r * U + u, U - u);
}

/* Plain: a column of state * kernel, and a row of the gates' gradients * kernel^T. */
static inline float gaze_column(const __global float *state, const __global float *w, int U, int width)
{
    float sum = 0.0f;
    for (int k = 0; state && k < U; k++) sum = fma(state[k], w[(size_t)k * width], sum);
    return sum;
}
static inline float gaze_row(const __global float *d, const __global float *w, int width)
{
    float sum = 0.0f;
    for (int j = 0; j < width; j++) sum = fma(d[j], w[j], sum);
    return sum;
}

#endif
