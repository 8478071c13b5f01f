/* Sums, maxima and their gradients over the rows of x [B,R,C], for GPUs: a group has some columns of a slab of
   rows, and a second launch adds the slabs. As cl/reduce.cl, cl/rows.cl and cl/dense_few.cl. */
#include "common.h"
#include "group_gpu.h"

/* y [B,slabs,C]; a [B,R] or null: each row's weight. */
__kernel void column_sums_group(__global const float *restrict x, __global const float *restrict a,
                                __global float *restrict y, float divisor, int R, int C, int slab, int slabs,
                                int lanes, __local float *shared)
{
    GAZE_PLACE_OF_COLUMNS
    GAZE_EACH_COLUMN
    {
        float sum = 0.0f;
        GAZE_EACH_ROW_OF_COLUMN(r)
            sum = fma(a ? a[sample * R + r] : 1.0f, x[(sample * R + r) * C + c], sum);
        sum = GAZE_FOLD_COLUMN(gaze_fold_sum, sum);
        if (GAZE_HAS_COLUMN && depth == 0) y[(sample * slabs + slab_at) * C + c] = sum / divisor;
    }
}

/* y [B,slabs,C] */
__kernel void column_max_group(__global const float *restrict x, __global float *restrict y, int R, int C,
                               int slab, int slabs, int lanes, __local float *shared)
{
    GAZE_PLACE_OF_COLUMNS
    GAZE_EACH_COLUMN
    {
        float most = -INFINITY;
        GAZE_EACH_ROW_OF_COLUMN(r)
        {
            const float value = x[(sample * R + r) * C + c];
            most = GAZE_MORE(most, value);
        }
        most = GAZE_FOLD_COLUMN(gaze_fold_max, most);
        if (GAZE_HAS_COLUMN && depth == 0) y[(sample * slabs + slab_at) * C + c] = most;
    }
}

/* dy [B,C] is shared equally among a column's maxima; one slab. */
__kernel void column_max_gradient_group(__global const float *restrict x, __global const float *restrict dy,
                                        __global float *restrict dx, int R, int C, int slab, int slabs,
                                        int lanes, __local float *shared)
{
    GAZE_PLACE_OF_COLUMNS
    GAZE_EACH_COLUMN
    {
        const size_t at = sample * R * C + c;
        float most = -INFINITY, equals = 0.0f;
        GAZE_EACH_ROW_OF_COLUMN(r)
        {
            const float value = x[at + r * C];
            most = GAZE_MORE(most, value);
        }
        most = GAZE_FOLD_COLUMN(gaze_fold_max, most);
        GAZE_EACH_ROW_OF_COLUMN(r) equals += x[at + r * C] == most ? 1.0f : 0.0f;
        equals = GAZE_FOLD_COLUMN(gaze_fold_sum, equals);
        GAZE_EACH_ROW_OF_COLUMN(r) dx[at + r * C] = x[at + r * C] == most ? dy[sample * C + c] / equals : 0.0f;
    }
}
