/* softmax over the last axis and its gradient. x [R,N]: blocks of T rows, queries t = first..first+T-1,
   sample_rows of them a sample. Keys that a mask, the causal order or the window leaves out get 0; a row without keys is all zeros.
   Sums are compensated (Kahan), so that long rows sum to 1 as well as short ones. */
#include "common.h"
#include "keys.h"
#include "partial.h"
#include "softmax.h"

/* A group owns `rows` rows. mask [B,mask_rows,N] or null. */
GAZE_APART void gaze_softmax(int i0, const __global float *restrict x, const __global int *restrict mask,
                             const __global int *restrict queries, const __global float *restrict centers,
                             __global float *restrict y, int R, int N, int T, int sample_rows, int mask_rows, int first,
                             int causal, int window, int rows)
{
    const int from = i0 * rows;
    for (int r = from; r < min(from + rows, R); r++) {
        const int2 keys = gaze_key_range(queries, centers, r, N, T, sample_rows, first, causal, window);
        const __global int *key =
            mask ? mask + ((size_t)r / sample_rows * mask_rows + r % mask_rows) * N + keys.x : mask;
        __global float *to = y + (size_t)r * N;
        for (int n = 0; n < keys.x; n += GAZE_WIDTH) gaze_store_part(0.0f, to + n, keys.x - n);
        gaze_softmax_row(x + (size_t)r * N + keys.x, key, to + keys.x, keys.y - keys.x);
        for (int n = keys.y; n < N; n += GAZE_WIDTH) gaze_store_part(0.0f, to + n, N - n);
    }
}

GAZE_ONE softmax(GAZE_HERE const __global float *restrict x, const __global int *restrict mask,
                 const __global int *restrict queries, const __global float *restrict centers, __global float *restrict y, int R,
                 int N, int T, int sample_rows, int mask_rows, int first, int causal, int window, int rows)
{
    gaze_softmax(GAZE_AT(0), x, mask, queries, centers, y, R, N, T, sample_rows, mask_rows, first, causal, window, rows);
}

/* dx = y (dy - sum(y dy)) */
GAZE_ONE softmax_gradient(GAZE_HERE const __global float *restrict y, const __global float *restrict dy,
                          __global float *restrict dx, int R, int N, int rows)
{
    const int first = GAZE_AT(0) * rows;
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
                            const __global int *restrict queries, const __global float *restrict centers,
                            __global float *restrict y, int R, int N, int T, int sample_rows, int mask_rows,
                            int first, int causal, int window)
{
    const size_t r = get_global_id(0);
    if (r >= (size_t)R) return;
    const int2 range = gaze_key_range(queries, centers, r, N, T, sample_rows, first, causal, window);
    const __global int *key = mask ? mask + (r / sample_rows * mask_rows + r % mask_rows) * N : mask;
    float top = -INFINITY, sum = 0.0f, lost = 0.0f;
    int keys = 0;
    x += r * N;
    y += r * N;
    for (int n = range.x; n < range.y; n++)
        if (!key || key[n]) {
            top = fmax(top, x[n]);
            keys = 1;
        }
    for (int n = 0; n < N; n++) {
        y[n] = n >= range.x && n < range.y && (!key || key[n]) ? gaze_exp1(x[n] - top) : 0.0f;
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
