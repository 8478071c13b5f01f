/* What the kernels of recurrent layers share. A group owns TILE_ROWS samples for all T steps: no step waits
   for another group. The state before a step lies compact in scratch memory [TILE_ROWS][stride], padded with
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
#ifndef UNIT_VECTORS
#define UNIT_VECTORS 2 // vectors of units in a block, each with all its gates
#endif
#ifndef FAR_WEIGHTS
#define FAR_WEIGHTS 0 // 1: every step reads them from the second cache, which gives them faster when asked before
#endif
#define UNITS (UNIT_VECTORS * GAZE_WIDTH)

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

/* The rows that a register tile reads: `count`, `stride` floats apart; after them the last again. */
GAZE_IN_REGISTERS void gaze_rows_of(const __global float **row, const __global float *from, size_t stride, int count)
{
#pragma unroll
    for (int j = 0; j < TILE_ROWS; j++) row[j] = from + min(j, count - 1) * stride;
}

#define WEIGHTS_AHEAD 48 // rows of the tile that are on their way

/* c[j][v] += sum over k of row[j][k] * w[k][v]. */
GAZE_IN_REGISTERS void gaze_add_steps(floatv *c, const __global float *const *row, const __global float *w, int count)
{
    for (int k = 0; k < count; k++, w += TILE_VECTORS * GAZE_WIDTH) {
        floatv b[TILE_VECTORS];
        if (FAR_WEIGHTS) gaze_prefetch_near(w + WEIGHTS_AHEAD * TILE_VECTORS * GAZE_WIDTH, TILE_VECTORS * GAZE_WIDTH);
#pragma unroll
        for (int v = 0; v < TILE_VECTORS; v++) b[v] = vloadv(v, w);
#pragma unroll
        for (int j = 0; j < TILE_ROWS; j++) {
            const floatv t = row[j][k];
#pragma unroll
            for (int v = 0; v < TILE_VECTORS; v++)
                c[j * TILE_VECTORS + v] = fma(t, b[v], c[j * TILE_VECTORS + v]);
        }
    }
}

/* z[j][v] = x's products and a's with the rows of w, D and then `count`; z's rows are z_stride floats apart. */
static inline void gaze_state_tile(const __global float *const *x, int D, const __global float *const *a, int count,
                                   const __global float *w, float *z, int z_stride)
{
    floatv c[TILE_ROWS * TILE_VECTORS];
#pragma unroll
    for (int i = 0; i < TILE_ROWS * TILE_VECTORS; i++) c[i] = 0.0f;
    gaze_add_steps(c, x, w, D);
    gaze_add_steps(c, a, w + (size_t)D * TILE_VECTORS * GAZE_WIDTH, count);
#pragma unroll
    for (int j = 0; j < TILE_ROWS; j++)
#pragma unroll
        for (int v = 0; v < TILE_VECTORS; v++) vstorev(c[j * TILE_VECTORS + v], v, z + j * z_stride);
}

/* The block's part of x * its kernel + state * kernel for all rows: z [TILE_ROWS][gates * UNIT_VECTORS]. Without a state: any is 0. */
static inline void gaze_state_products(const __global float *const *x, int D, const __global float *state, int stride,
                                       const __global float *w, int U, int gates, int any, float *z)
{
    const int vectors = gates * UNIT_VECTORS, lanes = vectors * GAZE_WIDTH;
    const __global float *rows[TILE_ROWS];
    gaze_rows_of(rows, state, stride, TILE_ROWS);
    for (int v = 0; v < vectors; v += TILE_VECTORS, w += (D + U) * TILE_VECTORS * GAZE_WIDTH)
        gaze_state_tile(x, D, rows, any ? U : 0, w, z + v * GAZE_WIDTH, lanes);
}

/* The states of `rows` samples, from [B,U] or zeros, padded. Rows that don't exist become zeros. */
static inline void gaze_state_start(const __global float *from, __global float *state, int rows, int U,
                                    int stride)
{
    for (int r = 0; r < TILE_ROWS; r++)
        for (int u = 0; u < stride; u += GAZE_WIDTH)
            vstorev(from && r < rows ? gaze_load_part(from + (size_t)r * U + u, U - u, 0.0f) : (floatv)(0.0f),
                    0, state + r * stride + u);
}

/* The gradients of the gates, one after the other [TILE_ROWS][gates * padded units], start as zeros: rows
   that don't exist stay so. */
static inline void gaze_gradient_start(__global float *a, int width)
{
    for (int i = 0; i < TILE_ROWS * width; i += GAZE_WIDTH) vstorev((floatv)(0.0f), 0, a + i);
}

/* carry += a * kernel^T. Blocks of TILE_VECTORS vectors; width = gates * padded. */
static inline void gaze_gradient_products(const __global float *a, int width, const __global float *w, int U,
                                          int stride, __global float *carry)
{
    GAZE_ALIGNED float z[TILE_ROWS * TILE_VECTORS * GAZE_WIDTH];
    const __global float *rows[TILE_ROWS];
    gaze_rows_of(rows, a, width, TILE_ROWS);
    for (int u = 0; u < U; u += UNITS, w += (size_t)width * UNITS) {
        gaze_state_tile(rows, 0, rows, width, w, z, UNITS);
        for (int i = 0; i < TILE_ROWS * TILE_VECTORS; i++) {
            __global float *to = carry + i / TILE_VECTORS * stride + u;
            vstorev(vloadv(i % TILE_VECTORS, to) + vloadv(i, z), i % TILE_VECTORS, to);
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
