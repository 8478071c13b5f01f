/* Tiles of attention on a GPU: a group of LANES_X x LANES_Y items makes a tile of ROWS x KEYS scores, an item (x, y) of it
   4 x 4, which stay in its registers: c[i] holds columns 4 x .. 4 x + 3 of row 4 y + i. What comes from global memory goes
   through local memory, DEPTH at a time, in float4 of neighbouring rows, so that 16 products cost two local loads. */
#ifndef GAZE_ATTENTION_GPU_H
#define GAZE_ATTENTION_GPU_H

#ifndef LANES_X
#define LANES_X 16 // items of a group across a tile
#endif
#ifndef LANES_Y
#define LANES_Y 16 // and down
#endif
#ifndef COLUMNS
#define COLUMNS 4 // columns of a vector of an item's sums: 2 or 4
#endif
#ifndef VECTORS
#define VECTORS 1 // such vectors
#endif
#define LANES   (LANES_X * LANES_Y)
#define ROWS    (4 * LANES_Y)
#define KEYS    (4 * LANES_X)
#define DEPTH   16
#define WIDE    (LANES_X * COLUMNS * VECTORS)   // columns of a group's sums
#define STEP    (KEYS < DEPTH ? KEYS : DEPTH)   // of a tile's keys, multiplied at a time
#define columnv GAZE_JOIN(float, COLUMNS)
#define STRIDE  (LANES_Y + 1)                   // float4 between two columns of a turned tile of rows

/* Family intel: the LANES_X items of a row are a subgroup, where the extension is; eight lanes, since an item needs more
   than the 64 registers that each of sixteen has. */
#if defined(GAZE_SUBGROUPS) && defined(cl_intel_subgroups) && defined(cl_intel_required_subgroup_size) && LANES_X == 8
#pragma OPENCL EXTENSION cl_intel_subgroups : enable
#define GAZE_IN_SUBGROUPS
#define GAZE_ATTENTION_KERNEL                                                                                         \
    __attribute__((intel_reqd_sub_group_size(8))) __attribute__((reqd_work_group_size(LANES, 1, 1))) __kernel void
#else
#define GAZE_ATTENTION_KERNEL __attribute__((reqd_work_group_size(LANES, 1, 1))) __kernel void
#endif

GAZE_DEFINE_MATH(4x, float4, int4, as_float4, as_int4)

/* Local memory, in float4: rows and columns to multiply (the columns' place also holds what is summed up), and the weights,
   turned: those of row 4 y + i in column n are [n * STRIDE + y].s<i>. */
#define COPIED_ROWS (DEPTH * STRIDE > LANES ? DEPTH * STRIDE : LANES)
#define COPIED_COLUMNS                                                                                                \
    (DEPTH * (LANES_X + 1) > STEP * WIDE / 4 ? DEPTH * (LANES_X + 1) : (STEP * WIDE + 3) / 4)
#define WEIGHTS (KEYS * STRIDE)

/* Which tile of which sum of which head a group works on: group number `at` of `tiles` tiles of rows and `blocks` of
   columns. */
typedef struct gaze_place {
    size_t head;
    int first, column; /* row, and column of the sums */
} gaze_place;
static inline gaze_place gaze_place_of(size_t at, int tiles, int blocks)
{
    const size_t tile = at / blocks;
    gaze_place place;
    place.head = tile / tiles;
    place.column = (int)(at - tile * blocks) * WIDE;
    place.first = (tiles - 1 - (int)(tile - place.head * tiles)) * ROWS; /* a causal head's longest rows first */
    return place;
}

/* to[d][r] = from[r][d] for d < DEPTH, r < 4 lanes; zeros for what doesn't exist. */
static inline void gaze_copy_turned(const __global float *from, size_t stride, int rows, int depth, int lanes,
                                    __local float4 *to)
{
    __local float *at = (__local float *)to;
#pragma unroll 2
    for (int i = get_local_id(0); i < DEPTH * 4 * lanes; i += LANES) {
        const int d = i % DEPTH, r = i / DEPTH;
        at[d * 4 * (lanes + 1) + r] = d < depth && r < rows ? from[(size_t)r * stride + d] : 0.0f;
    }
}

/* c = a b^T for a tile: rows of a and of b, `depth` long. Local memory is free afterwards. */
static inline void gaze_score_tile(const __global float *a, size_t a_stride, int a_rows, const __global float *b,
                                   size_t b_stride, int b_rows, int depth, __local float4 *rows, __local float4 *columns,
                                   float4 *c)
{
    const int item = get_local_id(0), x = item % LANES_X, y = item / LANES_X;
#pragma unroll
    for (int i = 0; i < 4; i++) c[i] = 0.0f;
    for (int d = 0; d < depth; d += DEPTH) {
        gaze_copy_turned(a + d, a_stride, a_rows, depth - d, LANES_Y, rows);
        gaze_copy_turned(b + d, b_stride, b_rows, depth - d, LANES_X, columns);
        barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll 2
        for (int k = 0; k < DEPTH; k++) {
            const float4 p = rows[k * STRIDE + y], q = columns[k * (LANES_X + 1) + x];
            c[0] = fma(p.s0, q, c[0]);
            c[1] = fma(p.s1, q, c[1]);
            c[2] = fma(p.s2, q, c[2]);
            c[3] = fma(p.s3, q, c[3]);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
}

/* The item's 4 x 4 weights to local memory; gaze_add_products waits for those of all items. */
static inline void gaze_put_weights(const float4 *c, __local float4 *weights)
{
    const int item = get_local_id(0), x = item % LANES_X, y = item / LANES_X;
    weights += 4 * x * STRIDE + y;
    weights[0] = (float4)(c[0].s0, c[1].s0, c[2].s0, c[3].s0);
    weights[STRIDE] = (float4)(c[0].s1, c[1].s1, c[2].s1, c[3].s1);
    weights[2 * STRIDE] = (float4)(c[0].s2, c[1].s2, c[2].s2, c[3].s2);
    weights[3 * STRIDE] = (float4)(c[0].s3, c[1].s3, c[2].s3, c[3].s3);
}

/* sum += weights b: `rows` rows of b, one a key, of which WIDE columns from b on are taken and `there` exist. Vector v of an
   item's sums, of row i at sum[4 v + i], begins at column (v LANES_X + x) COLUMNS. Local memory is free afterwards. */
static inline void gaze_add_products(const __global float *b, size_t stride, int rows, int there,
                                     const __local float4 *weights, __local float4 *copy, columnv *sum)
{
    const int item = get_local_id(0), x = item % LANES_X, y = item / LANES_X;
    __local float *to = (__local float *)copy;
    const __local columnv *from = (const __local columnv *)copy;
    for (int n = 0; n < min(rows, KEYS); n += STEP) {
#pragma unroll 2
        for (int i = get_local_id(0); i < STEP * WIDE; i += LANES) {
            const int k = n + i / WIDE, column = i % WIDE;
            to[i] = k < rows && column < there ? b[(size_t)k * stride + column] : 0.0f;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll 2
        for (int k = 0; k < STEP; k++) {
            const float4 w = weights[(n + k) * STRIDE + y];
#pragma unroll
            for (int v = 0; v < VECTORS; v++) {
                const columnv q = from[(k * VECTORS + v) * LANES_X + x];
                sum[4 * v] = fma(w.s0, q, sum[4 * v]);
                sum[4 * v + 1] = fma(w.s1, q, sum[4 * v + 1]);
                sum[4 * v + 2] = fma(w.s2, q, sum[4 * v + 2]);
                sum[4 * v + 3] = fma(w.s3, q, sum[4 * v + 3]);
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
}

/* The sums of four rows, times `factor` each, to rows of memory: `rows` rows and `there` columns exist from `to` on. */
static inline void gaze_store_sums(const columnv *sum, float4 factor, __global float *to, size_t stride, int rows, int there)
{
    const int item = get_local_id(0), x = item % LANES_X, y = item / LANES_X;
    float by[4], part[COLUMNS];
    vstore4(factor, 0, by);
#pragma unroll
    for (int v = 0; v < VECTORS; v++)
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const int row = 4 * y + i, column = (v * LANES_X + x) * COLUMNS;
            GAZE_JOIN(vstore, COLUMNS)(by[i] * sum[4 * v + i], 0, part);
#pragma unroll
            for (int n = 0; n < COLUMNS; n++)
                if (row < rows && column + n < there) to[row * stride + column + n] = part[n];
        }
}

/* Four values of a row of numbers, of which `there` exist. */
static inline float4 gaze_load_four(const __global float *from, int there, float other)
{
    return (float4)(there > 0 ? from[0] : other, there > 1 ? from[1] : other, there > 2 ? from[2] : other,
                    there > 3 ? from[3] : other);
}

/* -1 for those of four places that exist and count in mask, where there is one. */
static inline int4 gaze_count_four(const __global int *mask, int there)
{
    return (int4)(there > 0 && (!mask || mask[0]) ? -1 : 0, there > 1 && (!mask || mask[1]) ? -1 : 0,
                  there > 2 && (!mask || mask[2]) ? -1 : 0, there > 3 && (!mask || mask[3]) ? -1 : 0);
}

#endif
