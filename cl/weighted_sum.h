/* The rows of a sample, added with a weight each. */
#ifndef GAZE_WEIGHTED_SUM_H
#define GAZE_WEIGHTED_SUM_H

/* y[d] = sum over n of a[n] h[n][d] for d in first..last-1: 4 vectors of columns at a time, what is left of them one by one. */
static inline void gaze_weighted_sum(const __global float *restrict a, const __global float *restrict h, __global float *restrict y,
                                     int N, int D, int first, int last)
{
    int d = first;
    for (; d + 4 * GAZE_WIDTH <= last; d += 4 * GAZE_WIDTH) {
        floatv s0 = 0.0f, s1 = 0.0f, s2 = 0.0f, s3 = 0.0f;
        for (int n = 0; n < N; n++) {
            const __global float *row = h + (size_t)n * D + d;
            const floatv w = a[n];
            s0 = fma(w, vloadv(0, row), s0);
            s1 = fma(w, vloadv(1, row), s1);
            s2 = fma(w, vloadv(2, row), s2);
            s3 = fma(w, vloadv(3, row), s3);
        }
        vstorev(s0, 0, y + d);
        vstorev(s1, 1, y + d);
        vstorev(s2, 2, y + d);
        vstorev(s3, 3, y + d);
    }
    for (; d + GAZE_WIDTH <= last; d += GAZE_WIDTH) {
        floatv sum = 0.0f;
        for (int n = 0; n < N; n++) sum = fma((floatv)(a[n]), vloadv(0, h + (size_t)n * D + d), sum);
        vstorev(sum, 0, y + d);
    }
    for (; d < last; d++) {
        float sum = 0.0f;
        for (int n = 0; n < N; n++) sum = fma(a[n], h[(size_t)n * D + d], sum);
        y[d] = sum;
    }
}

#endif
