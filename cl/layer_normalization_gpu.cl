/* y = gamma (x - mean) / sqrt(variance + epsilon) + beta, row by row, and its gradients, for GPUs: a group has
   one long row or several short ones. As cl/layer_normalization.cl, the mean kept in two parts (center + rest).
   Passes over a row after the first find it in the cache. */
#include "common.h"
#include "group_gpu.h"

typedef struct gaze_row_statistics {
    float center, rest, scale;
} gaze_row_statistics;

#define NORMAL(x) (((x)-row.center - row.rest) * row.scale)
#define GAMMA(c)  (gamma ? gamma[c] : 1.0f)

/* Of the row x; `mine` is how many values the item goes to: C, or 0 where it has no row. */
static inline gaze_row_statistics gaze_group_statistics(__global const float *x, int mine, int C, float epsilon,
                                                    int lane, int width, __local float *shared)
{
    gaze_total sum = {0.0f, 0.0f}, rest = sum, squares = sum;
    gaze_row_statistics row;
    for (int c = lane; c < mine; c += width) sum = gaze_plus(sum, x[c]);
    row.center = gaze_fold_sum(sum.sum, shared, width, 1) / C;
    for (int c = lane; c < mine; c += width) {
        const float d = x[c] - row.center;
        rest = gaze_plus(rest, d);
        squares = gaze_plus_product(squares, d, d);
    }
    row.rest = gaze_fold_sum(rest.sum, shared, width, 1) / C;
    const float variance = gaze_fold_sum(squares.sum, shared, width, 1) / C - row.rest * row.rest;
    row.scale = 1.0f / sqrt(fmax(variance, 0.0f) + epsilon);
    return row;
}

/* y may be x: no restrict. */
__kernel void layer_normalization_group(__global const float *x, __global const float *gamma,
                                        __global const float *beta, __global float *y, float epsilon, int C,
                                        int R, int lanes, __local float *shared)
{
    GAZE_EACH_ROW(R)
    {
        __global const float *from = x + r * C;
        const gaze_row_statistics row =
            gaze_group_statistics(from, r < (size_t)R ? C : 0, C, epsilon, lane, width, shared);
        GAZE_EACH_OF_ROW(c, C) y[r * C + c] = fma(NORMAL(from[c]), GAMMA(c), beta ? beta[c] : 0.0f);
    }
}

/* dx = scale (h - mean(h) - n mean(h n)), h = gamma dy, n = (x - mean) scale; statistics [R][3] of the rows */
__kernel void layer_normalization_gradient_group(__global const float *restrict x,
                                                 __global const float *restrict gamma,
                                                 __global const float *restrict dy, __global float *restrict dx,
                                                 __global float *restrict statistics, float epsilon, int C,
                                                 int R, int lanes, __local float *shared)
{
    GAZE_EACH_ROW(R)
    {
        const size_t at = r * C;
        const gaze_row_statistics row =
            gaze_group_statistics(x + at, r < (size_t)R ? C : 0, C, epsilon, lane, width, shared);
        float mean = 0.0f, slope = 0.0f;
        GAZE_EACH_OF_ROW(c, C)
        {
            const float h = dy[at + c] * GAMMA(c);
            mean += h;
            slope = fma(h, NORMAL(x[at + c]), slope);
        }
        mean = gaze_fold_sum(mean, shared, width, 1) / C;
        slope = gaze_fold_sum(slope, shared, width, 1) / C;
        GAZE_EACH_OF_ROW(c, C)
            dx[at + c] = fma(NORMAL(x[at + c]), -slope, dy[at + c] * GAMMA(c) - mean) * row.scale;
        if (r < (size_t)R && lane == 0) {
            statistics[3 * r] = row.center;
            statistics[3 * r + 1] = row.rest;
            statistics[3 * r + 2] = row.scale;
        }
    }
}

/* dgamma, dbeta [slabs][C]: sums of dy n and of dy over the rows of each slab. */
__kernel void layer_normalization_parts_group(__global const float *restrict x,
                                              __global const float *restrict dy,
                                              __global const float *restrict statistics,
                                              __global float *restrict dgamma, __global float *restrict dbeta,
                                              int R, int C, int slab, int slabs, int lanes,
                                              __local float *shared)
{
    GAZE_PLACE_OF_COLUMNS
    GAZE_EACH_COLUMN
    {
        float product = 0.0f, sum = 0.0f;
        GAZE_EACH_ROW_OF_COLUMN(r)
        {
            const gaze_row_statistics row = {statistics[3 * r], statistics[3 * r + 1], statistics[3 * r + 2]};
            product = fma(dy[r * C + c], NORMAL(x[r * C + c]), product);
            sum += dy[r * C + c];
        }
        product = GAZE_FOLD_COLUMN(gaze_fold_sum, product);
        sum = GAZE_FOLD_COLUMN(gaze_fold_sum, sum);
        if (GAZE_HAS_COLUMN && depth == 0) {
            dgamma[slab_at * C + c] = product;
            dbeta[slab_at * C + c] = sum;
        }
    }
}
