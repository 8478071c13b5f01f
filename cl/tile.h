/* The register tile of the convolutions: TILE_ROWS rows of A times two vectors of B, summed over k.
   Loops over the tile have constant bounds and are unrolled, so that its arrays live in registers. */
#ifndef GAZE_TILE_H
#define GAZE_TILE_H

/* 6 rows need 15 registers, which x86 without AVX-512 just has. 12 rows of 16 floats, an address each, were no faster on Zen 4 (AVX-512):
   few channels 15 % slower; 6 rows of 8 floats there 10 to 20 % slower than 6 rows of 16. winograd_tiles.h takes 12. */
#ifndef TILE_ROWS
#define TILE_ROWS 6 // rows of the register tile
#endif
#define PANEL_ROWS   (GAZE_WIDTH == 16 ? 8 : 6) // the same of tiles of attention and of Winograd's sums, as gz_heads_tile_of has it
#define TILE_COLUMNS (2 * GAZE_WIDTH)

/* c[i] += sum over k of row[i][at + k * step] * b[k * b_step], and c[ROWS + i] with b's vector `second` floats further on. */
#define GAZE_DEFINE_TILE(NAME, SPACE, ROWS)                                                                           \
    GAZE_IN_REGISTERS void NAME(const SPACE float *const *row, int at, int step, const __global float *b, int second, \
                            int b_step, int count, floatv *c)                                                         \
    {                                                                                                                 \
        for (int k = 0; k < count; k++, at += step, b += b_step) {                                                    \
            const floatv b0 = vloadv(0, b), b1 = vloadv(0, b + second);                                               \
            UNROLL for (int i = 0; i < (ROWS); i++)                                                                   \
            {                                                                                                         \
                const floatv a = row[i][at];                                                                          \
                c[i] = fma(a, b0, c[i]);                                                                              \
                c[(ROWS) + i] = fma(a, b1, c[(ROWS) + i]);                                                            \
            }                                                                                                         \
        }                                                                                                             \
    }

GAZE_DEFINE_TILE(gaze_tile_global, __global, TILE_ROWS)
GAZE_DEFINE_TILE(gaze_tile_local, __local, TILE_ROWS)

/* The same with b's vectors `second`, `third` and `fourth` floats further on, c [4][TILE_ROWS]: ten loads for 24 products in place of
   16 (tiles.h). For 32 registers. */
#define GAZE_DEFINE_TILE_OF_FOUR(NAME, SPACE)                                                                                    \
    GAZE_IN_REGISTERS void NAME(const SPACE float *const *row, int at, int step, const __global float *b, int second, int third, \
                                int fourth, int b_step, int count, floatv *c)                                                    \
    {                                                                                                                            \
        for (int k = 0; k < count; k++, at += step, b += b_step) {                                                               \
            const floatv b0 = vloadv(0, b), b1 = vloadv(0, b + second), b2 = vloadv(0, b + third), b3 = vloadv(0, b + fourth);   \
            UNROLL for (int i = 0; i < TILE_ROWS; i++)                                                                           \
            {                                                                                                                    \
                const floatv a = row[i][at];                                                                                     \
                c[i] = fma(a, b0, c[i]);                                                                                         \
                c[TILE_ROWS + i] = fma(a, b1, c[TILE_ROWS + i]);                                                                 \
                c[2 * TILE_ROWS + i] = fma(a, b2, c[2 * TILE_ROWS + i]);                                                         \
                c[3 * TILE_ROWS + i] = fma(a, b3, c[3 * TILE_ROWS + i]);                                                         \
            }                                                                                                                    \
        }                                                                                                                        \
    }

GAZE_DEFINE_TILE_OF_FOUR(gaze_four_global, __global)
GAZE_DEFINE_TILE_OF_FOUR(gaze_four_local, __local)

/* c[i] += row[i][at] * b: one step of a tile where there is no second vector. */
#define GAZE_DEFINE_STEP(NAME, SPACE, ROWS)                                                 \
    GAZE_IN_REGISTERS void NAME(const SPACE float *const *row, int at, floatv b, floatv *c) \
    {                                                                                       \
        UNROLL for (int i = 0; i < (ROWS); i++) c[i] = fma((floatv)(row[i][at]), b, c[i]);  \
    }

GAZE_DEFINE_STEP(gaze_step_global, __global, TILE_ROWS)
GAZE_DEFINE_STEP(gaze_step_local, __local, TILE_ROWS)

/* For activations that are not just a comparison. By value: arrays that such a function sees would be in memory all the time. */
GAZE_APART floatv gaze_activate_vector(int activation, floatv x) { return gaze_epiloguev(activation, x); }

/* Applies the activation to the n vectors of c. Linear and relu, the common ones, stay in registers. */
GAZE_IN_REGISTERS void gaze_activate(int activation, floatv *c, int n)
{
    const float low = activation == GAZE_RELU ? 0.0f : -INFINITY;
#pragma unroll
    for (int i = 0; i < n; i++) c[i] = select(c[i], (floatv)low, c[i] < low);
    if (activation <= GAZE_RELU) return;
#pragma unroll
    for (int i = 0; i < n; i++) c[i] = gaze_activate_vector(activation, c[i]);
}

#endif
