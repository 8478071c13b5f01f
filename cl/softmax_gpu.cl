/* softmax over the last axis and its gradient, for GPUs: a group has one long row or several short ones. As
   cl/softmax.cl. */
#include "common.h"
#include "group_gpu.h"
#include "keys.h"

#define SEEN(n) (!key || key[n])

/* Three passes over x, of which a row's second and third find it in the cache; exponentials are made twice
   rather than stored. */
__kernel void softmax_group(const __global float *restrict x, const __global int *restrict mask,
                            const __global int *restrict queries, const __global float *restrict centers,
                            __global float *restrict y, int R, int N, int T, int sample_rows, int mask_rows,
                            int first, int causal, int window, int lanes, __local float *shared)
{
    GAZE_EACH_ROW(R)
    {
        const size_t row = r * N;
        const int2 keys =
            r < (size_t)R
                ? gaze_key_range(queries, centers, r, N, T, sample_rows, first, causal, window)
                : (int2)(0, 0);
        const __global int *key = mask ? mask + (r / sample_rows * mask_rows + r % mask_rows) * N : mask;
        float top = -INFINITY;
        gaze_total sum = {0.0f, 0.0f};
        for (int n = keys.x + lane; n < keys.y; n += width)
            if (SEEN(n)) top = fmax(top, x[row + n]);
        top = gaze_fold_max(top, shared, width, 1);
        for (int n = keys.x + lane; n < keys.y; n += width)
            if (SEEN(n)) sum = gaze_plus(sum, gaze_exp1(x[row + n] - top));
        const float total = gaze_fold_sum(sum.sum, shared, width, 1);
        GAZE_EACH_OF_ROW(n, N)
            y[row + n] = n >= keys.x && n < keys.y && SEEN(n) ? gaze_exp1(x[row + n] - top) / total : 0.0f;
    }
}

/* dx = y (dy - sum(y dy)) */
__kernel void softmax_gradient_group(const __global float *restrict y, const __global float *restrict dy,
                                     __global float *restrict dx, int R, int N, int lanes,
                                     __local float *shared)
{
    GAZE_EACH_ROW(R)
    {
        const size_t row = r * N;
        gaze_total sum = {0.0f, 0.0f};
        GAZE_EACH_OF_ROW(n, N) sum = gaze_plus_product(sum, y[row + n], dy[row + n]);
        const float total = gaze_fold_sum(sum.sum, shared, width, 1);
        GAZE_EACH_OF_ROW(n, N) dx[row + n] = y[row + n] * (dy[row + n] - total);
    }
}
