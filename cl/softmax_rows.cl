/* a = softmax of a sample's scores, and what its rows of x [N,D] are used for: scaled by their shares, or summed. A group owns one
   sample. score, a [B,N], x [B,N,D]; mask int [B,N] or null. */
#include "common.h"
#include "partial.h"
#include "softmax.h"
#include "weighted_sum.h"

/* y [B,N,D] = factor a_n x_n */
GAZE_ONE softmax_scale(GAZE_HERE const __global float *restrict score, const __global int *restrict mask,
                       const __global float *restrict x, __global float *restrict y, __global float *restrict a,
                       int N, int D, float factor)
{
    const size_t b = GAZE_AT(0), row = b * N;
    gaze_softmax_row(score + row, mask ? mask + row : mask, a + row, N);
    for (int n = 0; n < N; n++) {
        const __global float *from = x + (row + n) * D;
        __global float *to = y + (row + n) * D;
        const float share = factor * a[row + n];
        for (int d = 0; d < D; d += GAZE_WIDTH) gaze_store_part(share * gaze_load_part(from + d, D - d, 0.0f), to + d, D - d);
    }
}

/* y [B,D] = sum over n of a_n x_n */
GAZE_ONE softmax_weighted_sum(GAZE_HERE const __global float *restrict score, const __global int *restrict mask,
                              const __global float *restrict x, __global float *restrict y, __global float *restrict a,
                              int N, int D)
{
    const size_t b = GAZE_AT(0), row = b * N;
    gaze_softmax_row(score + row, mask ? mask + row : mask, a + row, N);
    gaze_weighted_sum(a + row, x + row * D, y + b * D, N, D, 0, D);
}
