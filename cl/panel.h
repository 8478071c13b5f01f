/* Panels: blocks of a matrix copied to private memory, so that a register tile reads them one vector after the other: [count][width],
   the width whole vectors. Needs partial.h and tile.h. */
#ifndef GAZE_PANEL_H
#define GAZE_PANEL_H

#include "prefetch.h"

#define ASKED_PARTS 8 // of a tile's product, between which memory is asked for; at least its rows

/* c [VECTORS][ROWS] += sum over k of row[i][k * step] * b[k * b_step]: b is a panel (b_step its width), or the matrix. */
#define GAZE_DEFINE_PRODUCT(NAME, ROWS, VECTORS, SPACE, SPACE_B)                                                        \
    GAZE_IN_REGISTERS void NAME(const SPACE float *const *row, int step, const SPACE_B float *b, int b_step, int count, \
                                floatv *c)                                                                              \
    {                                                                                                                   \
        int at = 0;                                                                                                     \
        for (int k = 0; k < count; k++, at += step, b += b_step) {                                                      \
            floatv right[VECTORS];                                                                                      \
            UNROLL for (int v = 0; v < VECTORS; v++) right[v] = vloadv(v, b);                                           \
            UNROLL for (int i = 0; i < ROWS; i++)                                                                       \
            {                                                                                                           \
                const floatv left = row[i][at];                                                                         \
                UNROLL for (int v = 0; v < VECTORS; v++) c[v * ROWS + i] = fma(left, right[v], c[v * ROWS + i]);        \
            }                                                                                                           \
        }                                                                                                               \
    }

/* The same of PANEL_ROWS rows and two vectors. */
#define GAZE_DEFINE_PANEL_TILE(NAME, SPACE, SPACE_B) GAZE_DEFINE_PRODUCT(NAME, PANEL_ROWS, 2, SPACE, SPACE_B)

/* How many of `count` rows, `stride` floats apart, have `width` floats before the end of their matrix, which
   is `room` floats away: so many may be read in whole vectors, although a row may be shorter. */
static inline int gaze_safe_rows(size_t room, int width, int stride, int count)
{
    return room < (size_t)width ? 0 : (int)min((room - width) / stride + 1, (size_t)count);
}

#define UNPACK_LOW(a, b)  (float8)(a.s0, b.s0, a.s1, b.s1, a.s4, b.s4, a.s5, b.s5)
#define UNPACK_HIGH(a, b) (float8)(a.s2, b.s2, a.s3, b.s3, a.s6, b.s6, a.s7, b.s7)
#define PAIRS_LOW(a, b)   (float8)(a.s01, b.s01, a.s45, b.s45)
#define PAIRS_HIGH(a, b)  (float8)(a.s23, b.s23, a.s67, b.s67)

/* to[i * step + j] = element i of rj, for i, j < 8 */
static inline void gaze_turn8(float8 r0, float8 r1, float8 r2, float8 r3, float8 r4, float8 r5, float8 r6, float8 r7,
                              float *to, int step)
{
    const float8 a0 = UNPACK_LOW(r0, r1), a1 = UNPACK_HIGH(r0, r1), a2 = UNPACK_LOW(r2, r3), a3 = UNPACK_HIGH(r2, r3);
    const float8 a4 = UNPACK_LOW(r4, r5), a5 = UNPACK_HIGH(r4, r5), a6 = UNPACK_LOW(r6, r7), a7 = UNPACK_HIGH(r6, r7);
    const float8 b0 = PAIRS_LOW(a0, a2), b1 = PAIRS_HIGH(a0, a2), b2 = PAIRS_LOW(a1, a3), b3 = PAIRS_HIGH(a1, a3);
    const float8 b4 = PAIRS_LOW(a4, a6), b5 = PAIRS_HIGH(a4, a6), b6 = PAIRS_LOW(a5, a7), b7 = PAIRS_HIGH(a5, a7);
    vstore8((float8)(b0.lo, b4.lo), 0, to);
    vstore8((float8)(b1.lo, b5.lo), 0, to + step);
    vstore8((float8)(b2.lo, b6.lo), 0, to + 2 * step);
    vstore8((float8)(b3.lo, b7.lo), 0, to + 3 * step);
    vstore8((float8)(b0.hi, b4.hi), 0, to + 4 * step);
    vstore8((float8)(b1.hi, b5.hi), 0, to + 5 * step);
    vstore8((float8)(b2.hi, b6.hi), 0, to + 6 * step);
    vstore8((float8)(b3.hi, b7.hi), 0, to + 7 * step);
}

/* to[i * step + j] = from[j * stride + i] for i, j < 8; rows after `last` repeat it. */
static inline void gaze_transpose8(const __global float *from, int stride, int last, float *to, int step)
{
#define ROW(j) vload8(0, from + (size_t)min(j, last) * stride)
    gaze_turn8(ROW(0), ROW(1), ROW(2), ROW(3), ROW(4), ROW(5), ROW(6), ROW(7), to, step);
#undef ROW
}

/* panel[k][j] = from[j][k]; rows `stride` floats apart, of which `columns` exist. */
GAZE_APART void gaze_pack_transposed(const __global float *from, int count, int stride, int columns, int width, float *panel)
{
    int k = 0;
    for (; k + 8 <= count; k += 8)
        for (int j = 0; j < width; j += 8) {
            const int first = min(j, columns - 1);
            gaze_transpose8(from + (size_t)first * stride + k, stride, columns - 1 - first,
                            panel + k * width + j, width);
        }
    for (; k < count; k++)
        for (int j = 0; j < width; j++)
            panel[k * width + j] = from[(size_t)min(j, columns - 1) * stride + k];
}

#endif
