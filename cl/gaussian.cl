/* y[r][n] = a[r][n] exp(-(n - p[r])^2 / (2 deviation^2)), and its gradient with respect to p. narrow = 1 / (2
 * deviation^2). */
#include "common.h"
#include "partial.h"

static inline floatv gaze_lanes(float first)
{
    GAZE_ALIGNED float lane[GAZE_WIDTH];
    for (int i = 0; i < GAZE_WIDTH; i++) lane[i] = first + i;
    return vloadv(0, lane);
}

/* y may be a: no restrict. A group owns `rows` rows. */
GAZE_ONE gaussian(GAZE_HERE const __global float *a, const __global float *p, __global float *y, int R, int N,
                  float narrow, int rows)
{
    const size_t first = GAZE_AT(0) * (size_t)rows, last = min(first + rows, (size_t)R);
    for (size_t r = first; r < last; r++)
        for (int n = 0; n < N; n += GAZE_WIDTH) {
            const floatv far = gaze_lanes(n) - p[r];
            gaze_store_part(gaze_load_part(a + r * N + n, N - n, 0.0f) * gaze_expv(-narrow * far * far),
                            y + r * N + n, N - n);
        }
}

/* dp[r] = 2 narrow sum_n dy y (n - p) */
GAZE_ONE gaussian_center(GAZE_HERE const __global float *restrict y, const __global float *restrict dy,
                         const __global float *restrict p, __global float *restrict dp, int R, int N,
                         float narrow, int rows)
{
    const size_t first = GAZE_AT(0) * (size_t)rows, last = min(first + rows, (size_t)R);
    for (size_t r = first; r < last; r++) {
        floatv sum = 0.0f;
        for (int n = 0; n < N; n += GAZE_WIDTH)
            sum =
                fma(gaze_load_part(y + r * N + n, N - n, 0.0f) * gaze_load_part(dy + r * N + n, N - n, 0.0f),
                    gaze_lanes(n) - p[r], sum);
        dp[r] = 2.0f * narrow * gaze_sumv(sum);
    }
}

__kernel void gaussian_plain(const __global float *a, const __global float *p, __global float *y, int R,
                             int N, float narrow)
{
    const size_t at = get_global_id(0), r = at / N;
    if (r >= (size_t)R) return;
    const float far = (float)(at % N) - p[r];
    y[at] = a[at] * gaze_exp1(-narrow * far * far);
}

__kernel void gaussian_center_plain(const __global float *restrict y, const __global float *restrict dy,
                                    const __global float *restrict p, __global float *restrict dp, int R,
                                    int N, float narrow)
{
    const size_t r = get_global_id(0);
    if (r >= (size_t)R) return;
    float sum = 0.0f;
    for (int n = 0; n < N; n++) sum = fma(y[r * N + n] * dy[r * N + n], (float)n - p[r], sum);
    dp[r] = 2.0f * narrow * sum;
}
