/* Mean and maximum over the channels of each row of x [R,C], y [R,2], and the gradient: the mean's is spread
   evenly, the maximum's is shared equally among equals. */
#include "common.h"
#include "epilogue.h"
#include "places.h"
#include "row.h"

#define ROWS_OF_GROUP \
    const size_t first = get_group_id(0) * (size_t)slab, last = min(first + slab, (size_t)rows);

GAZE_ONE channel_pool_slabs(GAZE_HERE __global const float *restrict x, __global float *restrict y, int C, int rows,
                            int slab)
{
    ROWS_OF_GROUP
    for (size_t r = first; r < last; r++) {
        y[2 * r] = gaze_row_sum(x + r * C, C) / (float)C;
        y[2 * r + 1] = gaze_row_max(x + r * C, C);
    }
}

__kernel void channel_pool_items(__global const float *restrict x, __global float *restrict y, int C,
                                 int rows)
{
    const size_t r = get_global_id(0);
    if (r >= (size_t)rows) return;
    float sum = 0.0f, most = -INFINITY;
    for (int c = 0; c < C; c++) {
        sum += x[r * C + c];
        most = GAZE_MORE(most, x[r * C + c]);
    }
    y[2 * r] = sum / (float)C;
    y[2 * r + 1] = most;
}

/* dx = slope (d[0] / C + d[1] / equals where x is the maximum + s dy), where the slope is that of the activation
   that gave x, of one row; it is added to sums [C]. dy, place, sums may be null: no dy, all of dy, no sums. dx may be x or dy. */
GAZE_APART void gaze_channel_pool_gradient(__global const float *x, __global const float *d, __global const float *dy,
                                           float s, __global float *dx, __global const int *place, int here,
                                           __global float *sums, int activation, int C)
{
    const float most = gaze_row_max(x, C), mean = d[0] / (float)C, part = d[1] / gaze_row_count(x, most, C);
    int c = 0;
    for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH) {
        const floatv at = vloadv(0, x + c);
        floatv sum = mean + select((floatv)(0.0f), (floatv)(part), at == most);
        if (dy) sum = fma((floatv)(s), place ? gaze_at_place(dy + c, place + c, here) : vloadv(0, dy + c), sum);
        sum = gaze_epilogue_gradientv(activation, at, sum);
        vstorev(sum, 0, dx + c);
        if (sums) vstorev(vloadv(0, sums + c) + sum, 0, sums + c);
    }
    for (; c < C; c++) {
        float sum = mean + (x[c] == most ? part : 0.0f);
        if (dy && (!place || place[c] == here)) sum = fma(s, dy[c], sum);
        sum = gaze_epilogue_gradient1(activation, x[c], sum);
        dx[c] = sum;
        if (sums) sums[c] += sum;
    }
}

/* Row r of x goes with row r / repeat of dy; with place [B,H/2,W/2,C] with that of its window. sums [groups][C] or null. */
GAZE_ONE channel_pool_gradient_slabs(GAZE_HERE __global const float *x, __global const float *restrict d, __global const float *dy,
                                     __global const float *restrict s, __global float *dx, __global const int *restrict place,
                                     __global float *restrict sums, int activation, int repeat, int H, int W, int C, int rows,
                                     int slab)
{
    ROWS_OF_GROUP
    if (sums) {
        sums += GAZE_AT(0) * C;
        for (int c = 0; c < C; c++) sums[c] = 0.0f;
    }
    int row = place ? first / W : 0, w = place ? first % W : 0;
    long windows = place ? gaze_windows_of_row(row, H, W, C) : 0;
    for (size_t r = first; r < last; r++, w++) {
        if (place && w == W) {
            w = 0;
            windows = gaze_windows_of_row(++row, H, W, C);
        }
        const long from = place ? gaze_window_of_pixel(windows, w, W, C) : (long)(r / repeat) * C;
        const bool arrives = dy && from >= 0;
        gaze_channel_pool_gradient(x + r * C, d + 2 * r, arrives ? dy + from : 0, arrives ? s[r] : 0.0f, dx + r * C,
                                   arrives && place ? place + from : 0, place ? gaze_place_of_pixel(row, H, w) : 0, sums,
                                   activation, C);
    }
}

__kernel void channel_pool_gradient_items(__global const float *x, __global const float *restrict d,
                                          __global const float *dy, __global const float *restrict s, __global float *dx,
                                          int activation, int repeat, int C, int rows)
{
    const size_t r = get_global_id(0);
    if (r >= (size_t)rows) return;
    float most = -INFINITY, equals = 0.0f;
    for (int c = 0; c < C; c++) most = GAZE_MORE(most, x[r * C + c]);
    for (int c = 0; c < C; c++) equals += x[r * C + c] == most ? 1.0f : 0.0f;
    const float mean = d[2 * r] / (float)C, part = d[2 * r + 1] / equals;
    for (int c = 0; c < C; c++) {
        const size_t i = r * C + c;
        float sum = mean + (x[i] == most ? part : 0.0f);
        if (dy) sum = fma(s[r], dy[r / repeat * C + c], sum);
        dx[i] = gaze_epilogue_gradient1(activation, x[i], sum);
    }
}
