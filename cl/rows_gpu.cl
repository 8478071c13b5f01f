/* One value of each row of x [R,C], and gradients that need one, for GPUs: a group has one long row or several
   short ones. As cl/reduce.cl, cl/channel_pool.cl, cl/rows.cl, cl/gaussian.cl and cl/one_hot.cl. */
#include "common.h"
#include "epilogue.h"
#include "group_gpu.h"

__kernel void sum_last_group(__global const float *restrict x, __global float *restrict y, float divisor,
                             int C, int R, int lanes, __local float *shared)
{
    GAZE_EACH_ROW(R)
    {
        float sum = 0.0f;
        GAZE_EACH_OF_ROW(c, C) sum += x[r * C + c];
        sum = gaze_fold_sum(sum, shared, width, 1);
        if (r < (size_t)R && lane == 0) y[r] = sum / divisor;
    }
}

__kernel void max_last_group(__global const float *restrict x, __global float *restrict y, int C, int R,
                             int lanes, __local float *shared)
{
    GAZE_EACH_ROW(R)
    {
        float most = -INFINITY;
        GAZE_EACH_OF_ROW(c, C) most = GAZE_MORE(most, x[r * C + c]);
        most = gaze_fold_max(most, shared, width, 1);
        if (r < (size_t)R && lane == 0) y[r] = most;
    }
}

/* dy is shared equally among the row's maxima. */
__kernel void max_last_gradient_group(__global const float *restrict x, __global const float *restrict dy,
                                      __global float *restrict dx, int C, int R, int lanes,
                                      __local float *shared)
{
    GAZE_EACH_ROW(R)
    {
        float most = -INFINITY, equals = 0.0f;
        GAZE_EACH_OF_ROW(c, C) most = GAZE_MORE(most, x[r * C + c]);
        most = gaze_fold_max(most, shared, width, 1);
        GAZE_EACH_OF_ROW(c, C) equals += x[r * C + c] == most ? 1.0f : 0.0f;
        equals = gaze_fold_sum(equals, shared, width, 1);
        GAZE_EACH_OF_ROW(c, C) dx[r * C + c] = x[r * C + c] == most ? dy[r] / equals : 0.0f;
    }
}

/* Mean and maximum. */
__kernel void channel_pool_group(__global const float *restrict x, __global float *restrict y, int C, int R,
                                 int lanes, __local float *shared)
{
    GAZE_EACH_ROW(R)
    {
        float sum = 0.0f, most = -INFINITY;
        GAZE_EACH_OF_ROW(c, C)
        {
            sum += x[r * C + c];
            most = GAZE_MORE(most, x[r * C + c]);
        }
        sum = gaze_fold_sum(sum, shared, width, 1);
        most = gaze_fold_max(most, shared, width, 1);
        if (r < (size_t)R && lane == 0) {
            y[2 * r] = sum / (float)C;
            y[2 * r + 1] = most;
        }
    }
}

/* As channel_pool_gradient_slabs. */
__kernel void channel_pool_gradient_group(__global const float *x, __global const float *restrict d,
                                          __global const float *dy, __global const float *restrict s,
                                          __global float *dx, int activation, int repeat, int C, int R,
                                          int lanes, __local float *shared)
{
    GAZE_EACH_ROW(R)
    {
        float most = -INFINITY, equals = 0.0f;
        GAZE_EACH_OF_ROW(c, C) most = GAZE_MORE(most, x[r * C + c]);
        most = gaze_fold_max(most, shared, width, 1);
        GAZE_EACH_OF_ROW(c, C) equals += x[r * C + c] == most ? 1.0f : 0.0f;
        equals = gaze_fold_sum(equals, shared, width, 1);
        GAZE_EACH_OF_ROW(c, C)
        {
            const size_t at = r * C + c;
            float sum = d[2 * r] / (float)C + (x[at] == most ? d[2 * r + 1] / equals : 0.0f);
            if (dy) sum = fma(s[r], dy[r / repeat * C + c], sum);
            dx[at] = gaze_epilogue_gradient1(activation, x[at], sum);
        }
    }
}

/* The gradients of sums: the same value all along an axis, a work-item an element. x [B,M,C]. */
__kernel void sum_gradient_elements(__global const float *restrict dy, __global float *restrict dx,
                                    float divisor, int B, int M, int C)
{
    const size_t at = get_global_id(0), b = at / C / M;
    if (b < (size_t)B) dx[at] = dy[b * C + at % C] / divisor;
}

/* y[r] = factor sum_d x[r] z[r / repeat] */
__kernel void row_dot_group(__global const float *restrict x, __global const float *restrict z,
                            __global float *restrict y, float factor, int repeat, int D, int R, int lanes,
                            __local float *shared)
{
    GAZE_EACH_ROW(R)
    {
        float sum = 0.0f;
        GAZE_EACH_OF_ROW(d, D) sum = fma(x[r * D + d], z[r / repeat * D + d], sum);
        sum = gaze_fold_sum(sum, shared, width, 1);
        if (r < (size_t)R && lane == 0) y[r] = factor * sum;
    }
}

/* dp[r] = 2 narrow sum_n dy y (n - p) */
__kernel void gaussian_center_group(const __global float *restrict y, const __global float *restrict dy,
                                    const __global float *restrict p, __global float *restrict dp, int R,
                                    int N, float narrow, int lanes, __local float *shared)
{
    GAZE_EACH_ROW(R)
    {
        float sum = 0.0f;
        GAZE_EACH_OF_ROW(n, N) sum = fma(y[r * N + n] * dy[r * N + n], (float)n - p[r], sum);
        sum = gaze_fold_sum(sum, shared, width, 1);
        if (r < (size_t)R && lane == 0) dp[r] = 2.0f * narrow * sum;
    }
}

/* y[r] = 1 at the first of the largest positive values of x[r], 0 elsewhere */
__kernel void one_hot_max_group(const __global float *restrict x, __global float *restrict y, int R, int N,
                                int lanes, __local float *shared)
{
    GAZE_EACH_ROW(R)
    {
        float top = 0.0f;
        int place = N;
        GAZE_EACH_OF_ROW(n, N)
            if (x[r * N + n] > top) {
                top = x[r * N + n];
                place = n;
            }
        place = gaze_fold_first_max(top, place, shared, width);
        GAZE_EACH_OF_ROW(n, N) y[r * N + n] = n == place ? 1.0f : 0.0f;
    }
}

/* y[r] = steps of row r that count */
__kernel void mask_count_group(__global const int *restrict mask, __global float *restrict y, int R, int T,
                               int lanes, __local float *shared)
{
    GAZE_EACH_ROW(R)
    {
        float count = 0.0f;
        GAZE_EACH_OF_ROW(t, T) count += mask[r * T + t] != 0 ? 1.0f : 0.0f;
        count = gaze_fold_sum(count, shared, width, 1);
        if (r < (size_t)R && lane == 0) y[r] = count;
    }
}
