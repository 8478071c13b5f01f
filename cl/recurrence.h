/* What the kernels of recurrent layers share. A group owns GROUP_ROWS samples for all T steps: no step waits
   for another group. The state before a step lies compact in scratch memory [GROUP_ROWS][stride], padded with
   zeros. */
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
#define WEIGHTS_DEPTH (GROUP_ROWS > TILE_ROWS ? 128 : INT_MAX)

/* `count` values of a row that may be missing. */
static inline floatv gaze_load_some(const __global float *from, int at, int count)
{
    return from ? gaze_load_part(from + at, count, 0.0f) : (floatv)(0.0f);
}

/* What is added to the products of step `step`: its own of the input, made before, or where they are made here (D > 0), x_bias, which
   may be null. */
static inline const __global float *gaze_added(const __global float *xw, const __global float *x_bias, int D, size_t step, int width)
{
    return D ? x_bias : xw + step * width;
}

#define WEIGHTS_AHEAD 48 // rows of the tile that are on their way

/* z [ROWS][TILE_VECTORS] vectors, rows z_stride floats apart, = what it holds, if `more`, + sum over k < depth of a[row][k] * w[k]. Rows of a
   are a_stride floats apart, from row `count` on the last one again. */
#define GAZE_DEFINE_STATE_TILE(NAME, ROWS)                                                                                           \
    GAZE_IN_REGISTERS void NAME(const __global float *a, size_t a_stride, int count, const __global float *w, int depth, int more,   \
                                float *z, int z_stride)                                                                              \
    {                                                                                                                                \
        const __global float *row[ROWS];                                                                                             \
        floatv c[(ROWS) * TILE_VECTORS];                                                                                             \
        _Pragma("unroll") for (int j = 0; j < (ROWS); j++) row[j] = a + min(j, count - 1) * a_stride;                                \
        _Pragma("unroll") for (int i = 0; i < (ROWS) * TILE_VECTORS; i++)                                                            \
            c[i] = more ? vloadv(i % TILE_VECTORS, z + i / TILE_VECTORS * z_stride) : (floatv)(0.0f);                                \
        for (int k = 0; k < depth; k++, w += TILE_VECTORS * GAZE_WIDTH) {                                                            \
            floatv b[TILE_VECTORS];                                                                                                  \
            if (FAR_WEIGHTS) gaze_prefetch_near(w + WEIGHTS_AHEAD * TILE_VECTORS * GAZE_WIDTH, TILE_VECTORS * GAZE_WIDTH);           \
            _Pragma("unroll") for (int v = 0; v < TILE_VECTORS; v++) b[v] = vloadv(v, w);                                            \
            _Pragma("unroll") for (int j = 0; j < (ROWS); j++)                                                                       \
            {                                                                                                                        \
                const floatv t = row[j][k];                                                                                          \
                _Pragma("unroll") for (int v = 0; v < TILE_VECTORS; v++) c[j * TILE_VECTORS + v] =                                   \
                    fma(t, b[v], c[j * TILE_VECTORS + v]);                                                                           \
            }                                                                                                                        \
        }                                                                                                                            \
        _Pragma("unroll") for (int i = 0; i < (ROWS) * TILE_VECTORS; i++)                                                            \
            vstorev(c[i], i % TILE_VECTORS, z + i / TILE_VECTORS * z_stride);                                                        \
    }

GAZE_DEFINE_STATE_TILE(gaze_state_tile, TILE_ROWS)
#if LAST_ROWS < TILE_ROWS
GAZE_DEFINE_STATE_TILE(gaze_state_last_tile, LAST_ROWS)
#endif

/* The same for all rows of a group, of which `count` >= 1 exist, and any depth. */
GAZE_APART void gaze_state_rows(const __global float *a, size_t a_stride, int count, const __global float *w, int depth, int more, float *z,
                                int z_stride)
{
    for (int k = 0, now; k < depth; k += now, more = 1) {
        const __global float *weights = w + (size_t)k * TILE_VECTORS * GAZE_WIDTH;
        now = min(depth - k, WEIGHTS_DEPTH);
        for (int r = 0; r + TILE_ROWS <= GROUP_ROWS && r < count; r += TILE_ROWS)
            gaze_state_tile(a + r * a_stride + k, a_stride, count - r, weights, now, more, z + r * z_stride, z_stride);
#if LAST_ROWS < TILE_ROWS
        const int r = GROUP_ROWS - LAST_ROWS;
        if (r < count) gaze_state_last_tile(a + r * a_stride + k, a_stride, count - r, weights, now, more, z + r * z_stride, z_stride);
#endif
    }
}

/* The block's part of x * its kernel + state * kernel for all rows: z [GROUP_ROWS][gates * UNIT_VECTORS]. x [rows][D], rows x_stride floats
   apart. Without a state: any is 0. */
static inline void gaze_state_products(const __global float *x, size_t x_stride, int D, const __global float *state, int stride, int rows,
                                       const __global float *w, int U, int gates, int any, float *z)
{
    const int vectors = gates * UNIT_VECTORS, lanes = vectors * GAZE_WIDTH;
    for (int i = 0; !D && !any && i < GROUP_ROWS * vectors; i++) vstorev((floatv)(0.0f), i, z);
    for (int v = 0; v < vectors; v += TILE_VECTORS, w += (D + U) * TILE_VECTORS * GAZE_WIDTH) {
        gaze_state_rows(x, x_stride, rows, w, D, 0, z + v * GAZE_WIDTH, lanes);
        gaze_state_rows(state, stride, rows, w + (size_t)D * TILE_VECTORS * GAZE_WIDTH, any ? U : 0, D, z + v * GAZE_WIDTH, lanes);
    }
}

/* The states of `rows` samples, from [B,U] or zeros, padded. Rows that don't exist become zeros. */
static inline void gaze_state_start(const __global float *from, __global float *state, int rows, int U,
                                    int stride)
{
    for (int r = 0; r < GROUP_ROWS; r++)
        for (int u = 0; u < stride; u += GAZE_WIDTH)
            vstorev(from && r < rows ? gaze_load_part(from + (size_t)r * U + u, U - u, 0.0f) : (floatv)(0.0f),
                    0, state + r * stride + u);
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
        gaze_state_rows(a, width, rows, w, width, 0, z, UNITS);
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
