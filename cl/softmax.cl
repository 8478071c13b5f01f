/* softmax over the last axis and its gradient. x [R,N]; mask int [R / mask_rows, N] or null: keys with mask 0
   get 0, a row without keys is all zeros. Sums are compensated (Kahan), so that long rows sum to 1 as well as
   short ones. */
#include "common.h"
#include "partial.h"

/* x, and -infinity where there is no key */
static inline floatv gaze_load_keys(const __global float *x, const __global int *mask, int count)
{
    if (!mask) return gaze_load_part(x, count, -INFINITY);
    float part[GAZE_WIDTH];
    for (int i = 0; i < GAZE_WIDTH; i++) part[i] = i < count && mask[i] ? x[i] : -INFINITY;
    return vloadv(0, part);
}

static inline void gaze_softmax_row(const __global float *restrict x, const __global int *restrict mask,
                                    __global float *restrict y, int N)
{
    floatv most = -INFINITY, sum = 0.0f, lost = 0.0f;
    for (int n = 0; n < N; n += GAZE_WIDTH)
        most = fmax(most, gaze_load_keys(x + n, mask ? mask + n : mask, N - n));
    const float top = gaze_maxv(most);
    int keys = !mask;
    for (int n = 0; mask && n < N; n++) keys |= mask[n];
    for (int n = 0; n < N; n += GAZE_WIDTH) {
        floatv e = gaze_expv(gaze_load_keys(x + n, mask ? mask + n : mask, N - n) - top);
        if (!keys) e = 0.0f;
        const floatv part = e - lost, next = sum + part;
        lost = (next - sum) - part;
        sum = next;
        gaze_store_part(e, y + n, N - n);
    }
    const float factor = keys ? 1.0f / gaze_sumv(sum) : 0.0f;
    for (int n = 0; n < N; n += GAZE_WIDTH)
        gaze_store_part(gaze_load_part(y + n, N - n, 0.0f) * factor, y + n, N - n);
}

/* A group owns `rows` rows. */
GAZE_ONE softmax(const __global float *restrict x, const __global int *restrict mask,
                 __global float *restrict y, int R, int N, int mask_rows, int rows)
{
    const int first = get_global_id(0) * rows;
    for (int r = first; r < min(first + rows, R); r++)
        gaze_softmax_row(x + (size_t)r * N, mask ? mask + (size_t)(r / mask_rows) * N : mask,
                         y + (size_t)r * N, N);
}

/* dx = y (dy - sum(y dy)) */
GAZE_ONE softmax_gradient(const __global float *restrict y, const __global float *restrict dy,
                          __global float *restrict dx, int R, int N, int rows)
{
    const int first = get_global_id(0) * rows;
    for (int r = first; r < min(first + rows, R); r++) {
        const size_t row = (size_t)r * N;
        floatv sum = 0.0f, lost = 0.0f;
        for (int n = 0; n < N; n += GAZE_WIDTH) {
            const floatv a = gaze_load_part(y + row + n, N - n, 0.0f),
                         b = gaze_load_part(dy + row + n, N - n, 0.0f);
            const floatv part = fma(a, b, -lost), next = sum + part;
            lost = (next - sum) - part;
            sum = next;
        }
        const float total = gaze_sumv(sum);
        for (int n = 0; n < N; n += GAZE_WIDTH) {
            const floatv a = gaze_load_part(y + row + n, N - n, 0.0f),
                         b = gaze_load_part(dy + row + n, N - n, 0.0f);
            gaze_store_part(a * (b - total), dx + row + n, N - n);
        }
    }
}

/* Plain: a work-item a row, scalar. */
__kernel void softmax_plain(const __global float *restrict x, const __global int *restrict mask,
                            __global float *restrict y, int R, int N, int mask_rows)
{
    const size_t r = get_global_id(0);
    if (r >= (size_t)R) return;
    const __global int *key = mask ? mask + r / mask_rows * N : mask;
    float top = -INFINITY, sum = 0.0f, lost = 0.0f;
    int keys = 0;
    x += r * N;
    y += r * N;
    for (int n = 0; n < N; n++)
        if (!key || key[n]) {
            top = fmax(top, x[n]);
            keys = 1;
        }
    for (int n = 0; n < N; n++) {
        y[n] = !key || key[n] ? gaze_exp1(x[n] - top) : 0.0f;
        const float part = y[n] - lost, next = sum + part;
        lost = (next - sum) - part;
        sum = next;
    }
    for (int n = 0; keys && n < N; n++) y[n] /= sum;
}

__kernel void softmax_gradient_plain(const __global float *restrict y, const __global float *restrict dy,
                                     __global float *restrict dx, int R, int N)
{
    const size_t r = get_global_id(0), row = r * N;
    if (r >= (size_t)R) return;
    float sum = 0.0f, lost = 0.0f;
    for (int n = 0; n < N; n++) {
        const float part = fma(y[row + n], dy[row + n], -lost), next = sum + part;
        lost = (next - sum) - part;
        sum = next;
    }
    for (int n = 0; n < N; n++) dx[row + n] = y[row + n] * (dy[row + n] - sum);
}
