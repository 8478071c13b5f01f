/* y[r] = 1 at the first of the largest positive values of x[r], 0 elsewhere. A work-item owns `rows` rows: N
 * is short. */
#include "common.h"

__kernel void one_hot_max(const __global float *restrict x, __global float *restrict y, int R, int N,
                          int rows)
{
    const size_t first = get_global_id(0) * (size_t)rows, last = min(first + rows, (size_t)R);
    for (size_t r = first; r < last; r++) {
        float top = 0.0f;
        int best = -1;
        for (int n = 0; n < N; n++)
            if (x[r * N + n] > top) {
                top = x[r * N + n];
                best = n;
            }
        for (int n = 0; n < N; n++) y[r * N + n] = n == best ? 1.0f : 0.0f;
    }
}
