/* Products with few rows or few columns, sums over rows, and the sum of parts. Bound by memory: each matrix
 * is read once, in order. */
#include "common.h"
#include "epilogue.h"
#include "partial.h"
#include "softmax.h"

#ifndef STREAM_ROWS
#define STREAM_ROWS 1 // rows of x that one pass over w serves: 1 or 4
#endif
#if STREAM_ROWS == 1
#define STREAM_VECTORS 8 // columns in native vectors; STREAM_ROWS * STREAM_VECTORS accumulators
#else
#define STREAM_VECTORS 2
#endif
#define STREAM_COLUMNS (STREAM_VECTORS * GAZE_WIDTH)
#define DOT_ROWS       32  // rows that dense_dots makes at a time
#define DOT_UNITS      8   // most columns
#define DOT_DEPTH      512 // summed elements at a time
#define END_COLUMNS    1024
#define END_ROWS       16

/* STREAM_COLUMNS columns of y from all of x and w. x null: ones. */
GAZE_APART void gaze_stream_block(const __global float *restrict x, int x_stride, int last,
                                     const __global float *restrict w, int count, int U, floatv *restrict sum)
{
    floatv c[STREAM_ROWS * STREAM_VECTORS];
#pragma unroll
    for (int i = 0; i < STREAM_ROWS * STREAM_VECTORS; i++) c[i] = 0.0f;
    for (int k = 0; k < count; k++) {
        const __global float *b = w + (size_t)k * U;
#pragma unroll
        for (int i = 0; i < STREAM_ROWS; i++) {
            const floatv a = x ? x[(size_t)min(i, last) * x_stride + k] : 1.0f;
#pragma unroll
            for (int v = 0; v < STREAM_VECTORS; v++)
                c[i * STREAM_VECTORS + v] = fma(a, vloadv(v, b), c[i * STREAM_VECTORS + v]);
        }
    }
#pragma unroll
    for (int i = 0; i < STREAM_ROWS * STREAM_VECTORS; i++) sum[i] = c[i];
}

/* One vector of columns, of which `columns` exist; the first `safe` rows of w may be read beyond them. */
GAZE_APART void gaze_stream_vector(const __global float *restrict x, int x_stride, int last,
                                      const __global float *restrict w, int count, int U, int columns,
                                      int safe, floatv *restrict sum)
{
    floatv c[STREAM_ROWS];
#pragma unroll
    for (int i = 0; i < STREAM_ROWS; i++) c[i] = 0.0f;
    for (int k = 0; k < count; k++) {
        const __global float *b = w + (size_t)k * U;
        const floatv t = k < safe ? vloadv(0, b) : gaze_load_part(b, columns, 0.0f);
#pragma unroll
        for (int i = 0; i < STREAM_ROWS; i++)
            c[i] = fma((floatv)(x ? x[(size_t)min(i, last) * x_stride + k] : 1.0f), t, c[i]);
    }
#pragma unroll
    for (int i = 0; i < STREAM_ROWS; i++) sum[i] = c[i];
}

/* A vector of a row: sums of a part, or all of y = activation(sum + bias) where there is one part. */
GAZE_APART void gaze_store_sum(floatv sum, const __global float *bias, int activation, __global float *y, int count)
{
    if (bias) sum += gaze_load_part(bias, count, 0.0f);
    gaze_store_part(gaze_epiloguev(activation, sum), y, count);
}

/* STREAM_COLUMNS columns of y from `first` on, in `rows` rows, from `count` rows of w [count][U], which is not read beyond its
   `left` rows. bias may be null. */
static inline void gaze_stream_columns(const __global float *restrict x, int x_stride, const __global float *restrict w, int count,
                                       int left, const __global float *restrict bias, __global float *restrict y, int rows, int U,
                                       int first, int activation)
{
    floatv sum[STREAM_ROWS * STREAM_VECTORS];
    if (first + STREAM_COLUMNS <= U) {
        gaze_stream_block(x, x_stride, rows - 1, w + first, count, U, sum);
        for (int i = 0; i < rows; i++)
            for (int v = 0; v < STREAM_VECTORS; v++)
                gaze_store_sum(sum[i * STREAM_VECTORS + v], bias ? bias + first + v * GAZE_WIDTH : 0, activation,
                               y + (size_t)i * U + first + v * GAZE_WIDTH, GAZE_WIDTH);
        return;
    }
    for (int u = first; u < U; u += GAZE_WIDTH) {
        const size_t there = (size_t)left * U - u; /* floats of w from here to its end */
        const size_t safe = there < GAZE_WIDTH ? 0 : (there - GAZE_WIDTH) / U + 1;
        gaze_stream_vector(x, x_stride, rows - 1, w + u, count, U, U - u, (int)min(safe, (size_t)count), sum);
        for (int i = 0; i < rows; i++)
            gaze_store_sum(sum[i], bias ? bias + u : 0, activation, y + (size_t)i * U + u, U - u);
    }
}

/* A group: STREAM_COLUMNS columns and STREAM_ROWS rows of y from a part of K. y [parts][R][U]. bias may be
   null; with several parts it is, and activation is linear. */
static inline void gaze_stream(int i0, int i1, int i2, const __global float *restrict x, const __global float *restrict w,
                               const __global float *restrict bias, __global float *restrict y, int R, int K, int U, int part,
                               int activation)
{
    const int first = i0 * STREAM_COLUMNS, r = i1 * STREAM_ROWS, p = i2, from = p * part;
    if (x) x += (size_t)r * K + from;
    gaze_stream_columns(x, K, w + (size_t)from * U, min(part, K - from), K - from, bias, y + ((size_t)p * R + r) * U,
                        min(STREAM_ROWS, R - r), U, first, activation);
}

GAZE_ONE dense_stream(GAZE_HERE const __global float *restrict x, const __global float *restrict w,
                      const __global float *restrict bias, __global float *restrict y, int R, int K, int U,
                      int part, int activation)
{
    gaze_stream(GAZE_AT(0), GAZE_AT(1), GAZE_AT(2), x, w, bias, y, R, K, U, part, activation);
}

/* db [parts][U] = sums over the rows of dy [R,U] */
GAZE_ONE bias_gradient(GAZE_HERE const __global float *restrict dy, __global float *restrict db, int R, int U, int part)
{
    gaze_stream(GAZE_AT(0), GAZE_AT(1), GAZE_AT(2), 0, dy, 0, db, 1, R, U, part, 0);
}

/* `count` values of a row of y = activation(sum of the n parts + bias), of parts that are `apart` floats apart. bias may be null. */
static inline void gaze_end(const __global float *restrict parts, size_t apart, int n, const __global float *restrict bias,
                            __global float *restrict y, int count, int activation)
{
    for (int u = 0; u < count; u += GAZE_WIDTH) {
        floatv sum = 0.0f;
        for (int p = 0; p < n; p++) sum += gaze_load_part(parts + p * apart + u, count - u, 0.0f);
        gaze_store_sum(sum, bias ? bias + u : 0, activation, y + u, count - u);
    }
}

/* y [R,U] = activation(sum of the parts + bias) */
GAZE_ONE dense_end(GAZE_HERE const __global float *restrict parts, const __global float *restrict bias,
                   __global float *restrict y, int n, int R, int U, int activation)
{
    const int first = GAZE_AT(0) * END_COLUMNS, r = GAZE_AT(1) * END_ROWS;
    for (int i = r; i < min(r + END_ROWS, R); i++)
        gaze_end(parts + (size_t)i * U + first, (size_t)R * U, n, bias ? bias + first : 0, y + (size_t)i * U + first,
                 min(END_COLUMNS, U - first), activation);
}

/* The products of a row with one column of the panel. */
static inline float gaze_dot(const __global float *restrict a, const float *restrict b, int count)
{
    floatv sum = 0.0f;
    int l = 0;
    for (; l + GAZE_WIDTH <= count; l += GAZE_WIDTH) sum = fma(vloadv(0, a + l), vloadv(0, b + l), sum);
    float end = 0.0f;
    for (; l < count; l++) end = fma(a[l], b[l], end);
    return gaze_sumv(sum) + end;
}

/* y(m,j) = activation(sum over l of a[m][l] b(l,j) + bias[j]) for at most DOT_UNITS columns j: dot products
   along the rows of a. b(l,j) = b[l * b_l + j * b_j], y(m,j) = y[m * y_m + j * y_j]. */
GAZE_APART void gaze_dense_dots(int i0, const __global float *restrict a, const __global float *restrict b,
                                const __global float *restrict bias, __global float *restrict y, int M, int L, int J, int b_l,
                                int b_j, int y_m, int y_j, int activation, int group_rows)
{
    const int first = i0 * group_rows, end = min(first + group_rows, M);
    GAZE_ALIGNED float panel[DOT_UNITS * DOT_DEPTH], sum[DOT_UNITS * DOT_ROWS];
    for (int m = first; m < end; m += DOT_ROWS) {
        const int rows = min(DOT_ROWS, end - m);
        for (int i = 0; i < J * DOT_ROWS; i++) sum[i] = bias ? bias[i / DOT_ROWS] : 0.0f;
        for (int l = 0; l < L; l += DOT_DEPTH) {
            const int count = min(DOT_DEPTH, L - l);
            if (m == first || L > DOT_DEPTH)
                for (int j = 0; j < J; j++)
                    for (int s = 0; s < count; s++)
                        panel[j * DOT_DEPTH + s] = b[(size_t)(l + s) * b_l + (size_t)j * b_j];
            for (int i = 0; i < rows; i++)
                for (int j = 0; j < J; j++)
                    sum[j * DOT_ROWS + i] += gaze_dot(a + (size_t)(m + i) * L + l, panel + j * DOT_DEPTH, count);
        }
        for (int j = 0; j < J * DOT_ROWS; j += GAZE_WIDTH)
            vstorev(gaze_epiloguev(activation, vloadv(0, sum + j)), 0, sum + j);
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < J; j++) y[(size_t)(m + i) * y_m + (size_t)j * y_j] = sum[j * DOT_ROWS + i];
    }
}

GAZE_ONE dense_dots(GAZE_HERE const __global float *restrict a, const __global float *restrict b,
                    const __global float *restrict bias, __global float *restrict y, int M, int L, int J, int b_l, int b_j, int y_m,
                    int y_j, int activation, int group_rows)
{
    gaze_dense_dots(GAZE_AT(0), a, b, bias, y, M, L, J, b_l, b_j, y_m, y_j, activation, group_rows);
}

/* The end of a row z [U]: a = softmax(z), which may stand in a's place, and y = gated a where there is something gated. */
static inline void gaze_end_softmax(__global float *a, const __global float *restrict gated, __global float *restrict y, int U)
{
    gaze_softmax_row(a, 0, a, U);
    for (int u = 0; gated && u < U; u += GAZE_WIDTH)
        gaze_store_part(gaze_load_part(gated + u, U - u, 0.0f) * gaze_load_part(a + u, U - u, 0.0f), y + u, U - u);
}

/* a = softmax(x w + bias), y = gated a: a group a row. bias and gated may be null. */
GAZE_ONE dense_softmax(GAZE_HERE const __global float *restrict x, const __global float *restrict w,
                       const __global float *restrict bias, const __global float *restrict gated,
                       __global float *restrict y, __global float *a, int R, int K, int U)
{
    const size_t r = GAZE_AT(0);
    x += r * K;
    a += r * U;
    if (U < DOT_UNITS)
        gaze_dense_dots(0, x, w, bias, a, 1, K, U, U, 1, U, 1, 0, 1);
    else
        for (int first = 0; first < U; first += STREAM_COLUMNS)
            gaze_stream_columns(x, K, w, K, K, bias, a, 1, U, first, 0);
    gaze_end_softmax(a, gated ? gated + r * U : 0, y + r * U, U);
}

/* The same from sums of parts. */
GAZE_ONE dense_end_softmax(GAZE_HERE const __global float *restrict parts, const __global float *restrict bias,
                           const __global float *restrict gated, __global float *restrict y, __global float *a, int n,
                           int R, int U)
{
    const size_t r = GAZE_AT(0);
    gaze_end(parts + r * U, (size_t)R * U, n, bias, a + r * U, U, 0);
    gaze_end_softmax(a + r * U, gated ? gated + r * U : 0, y + r * U, U);
}
