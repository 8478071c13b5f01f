/* Convolutions with fewer channels than a vector holds: a tile's pixels are read from a copy of the rows of x that a group's rows of
   y see, with zeros around; w as conv2d_pack leaves it. in [(rows-1)*sy + (kh-1)*ey + 1][wide][C], offset [kh*kw*C]. */
#include "common.h"
#include "conv2d.h"
#include "prefetch.h"

/* The places of a tile's pixels in the copy: `q` is the first one's column; returns that of the next tile. Pixels are `right` floats
   apart, rows of Q of them `down`; of `left` pixels the last stands for those behind it. */
GAZE_IN_REGISTERS int gaze_few_places(const __local float **in, int down, int right, int Q, int q, int left, const __local float **row)
{
    const __local float *at = *in;
    if (q + TILE_ROWS < Q && TILE_ROWS < left) {
#pragma unroll
        for (int i = 0; i < TILE_ROWS; i++) row[i] = at + i * right;
        *in = at + TILE_ROWS * right;
        return q + TILE_ROWS;
    }
#pragma unroll
    for (int i = 0; i < TILE_ROWS; i++) {
        row[i] = at;
        if (i + 1 < left) at += ++q < Q ? right : down - (Q - 1) * right;
        if (q == Q) q = 0;
    }
    *in = at;
    return q;
}

/* The sum of a tile's first `count` pixels. */
GAZE_IN_REGISTERS floatv gaze_sum_pixels(const floatv *c, int count)
{
    floatv sum = 0.0f;
#pragma unroll
    for (int i = 0; i < TILE_ROWS; i++) sum += i < count ? c[i] : (floatv)0.0f;
    return sum;
}

#define PIXELS_AHEAD 24 // whose place in memory is asked for while others are made

/* out [pixels][..], `stride` floats apart: one block of filters of `pixels` pixels; its second vector is `second` floats behind the
   first. sum, of the same vectors: over all pixels. Either may be null. A block that is just one vector is summed for two taps at a
   time. */
GAZE_APART void gaze_few_two(const __local float *in, int down, int right, int Q, const __local int *offset, int taps, source weight,
                             floatv bias0, floatv bias1, int activation, int pixels, __global float *out, int stride, int second,
                             __global float *sum)
{
    floatv sum0 = 0.0f, sum1 = 0.0f;
    for (int m = 0, q = 0; m < pixels; m += TILE_ROWS) {
        const __local float *row[TILE_ROWS];
        floatv c[2 * TILE_ROWS];
        q = gaze_few_places(&in, down, right, Q, q, pixels - m, row);
        for (int i = 0; i < TILE_ROWS && out; i++)
            gaze_prefetch_to(out + (size_t)(m + PIXELS_AHEAD + i) * stride, TILE_COLUMNS);
        gaze_fill_tile(c, bias0, bias1);
        for (int k = 0; k < taps; k++)
            gaze_tile_local(row, offset[k], 0, weight + k * TILE_COLUMNS, GAZE_WIDTH, 0, 1, c);
        gaze_activate(activation, c, 2 * TILE_ROWS);
        if (sum) {
            sum0 += gaze_sum_pixels(c, pixels - m);
            sum1 += gaze_sum_pixels(c + TILE_ROWS, pixels - m);
        }
#pragma unroll
        for (int i = 0; i < TILE_ROWS && out; i++) {
            __global float *to = out + (size_t)min(m + i, pixels - 1) * stride;
            vstorev(c[i], 0, to);
            vstorev(c[TILE_ROWS + i], 0, to + second);
        }
    }
    if (sum) {
        vstorev(sum0, 0, sum);
        vstorev(sum1, 0, sum + second);
    }
}

/* The same of one vector. */
GAZE_APART void gaze_few_one(const __local float *in, int down, int right, int Q, const __local int *offset, int taps, source weight,
                             floatv bias, int activation, int pixels, __global float *out, int stride, __global float *sum)
{
    floatv sums = 0.0f;
    for (int m = 0, q = 0; m < pixels; m += TILE_ROWS) {
        const __local float *row[TILE_ROWS];
        floatv c[2 * TILE_ROWS];
        int k = 0;
        q = gaze_few_places(&in, down, right, Q, q, pixels - m, row);
        gaze_fill_tile(c, bias, 0.0f);
        for (; k + 2 <= taps; k += 2) {
            gaze_step_local(row, offset[k], vloadv(2 * k, weight), c);
            gaze_step_local(row, offset[k + 1], vloadv(2 * k + 2, weight), c + TILE_ROWS);
        }
        if (k < taps) gaze_step_local(row, offset[k], vloadv(2 * k, weight), c);
#pragma unroll
        for (int i = 0; i < TILE_ROWS; i++) c[i] += c[TILE_ROWS + i];
        gaze_activate(activation, c, TILE_ROWS);
        if (sum) sums += gaze_sum_pixels(c, pixels - m);
#pragma unroll
        for (int i = 0; i < TILE_ROWS && out; i++)
            vstorev(c[i], 0, out + (size_t)min(m + i, pixels - 1) * stride);
    }
    if (sum) vstorev(sums, 0, sum);
}

/* The copy, and where the taps of a window lie in it. */
GAZE_APART void gaze_few_stage(source x, int H, int W, int C, int h0, int left, int rows, int wide, int kh, int kw, int ey, int ex,
                               __local float *in, __local int *offset)
{
    for (int i = 0; i < rows; i++) gaze_stage_row(x, H, W, C, 0, C, h0 + i, left, wide, in + i * wide * C);
    for (int k = 0; k < kh * kw * C; k++) offset[k] = (k / (kw * C) * ey * wide + k / C % kw * ex) * C + k % C;
}

/* A group owns `rows` rows of y. sums [B,groups an image,O], unless it is null, gets the sum of their pixels; y may be null then. */
GAZE_ONE conv2d_few_channels(GAZE_HERE source x, source w, source bias, __global float *restrict y, IMAGES, WINDOW, int rows,
                             int activation, __local float *in, __local int *offset, __global float *restrict sums)
{
    const int p0 = GAZE_AT(0) * rows, count = min(rows, P - p0), wide = (Q - 1) * sx + (kw - 1) * ex + 1, taps = kh * kw * C;
    const int down = sy * wide * C, right = sx * C;
    const size_t b = GAZE_AT(1);
    gaze_few_stage(x + b * H * W * C, H, W, C, p0 * sy - top, left, (count - 1) * sy + (kh - 1) * ey + 1, wide, kh, kw, ey, ex, in,
                   offset);
    const size_t first = (b * P + p0) * Q * O, strip = (b * ((P + rows - 1) / rows) + GAZE_AT(0)) * O;
    for (int o = 0; o < O; o += TILE_COLUMNS, w += taps * TILE_COLUMNS) {
        const int o0 = gaze_vector_start(o, O), o1 = gaze_vector_start(o + GAZE_WIDTH, O);
        __global float *to = y ? y + first + o0 : y, *sum = sums ? sums + strip + o0 : sums;
        const floatv bias0 = gaze_load_or_zero(bias, o0), bias1 = gaze_load_or_zero(bias, o1);
        if (o0 == o1)
            gaze_few_one(in, down, right, Q, offset, taps, w, bias0, activation, count * Q, to, O, sum);
        else
            gaze_few_two(in, down, right, Q, offset, taps, w, bias0, bias1, activation, count * Q, to, O, o1 - o0, sum);
    }
}

/* The pixels of a window, with 32 registers of two, are a tile, whose maxima never leave it. */
#define WINDOWS       (GAZE_WIDTH == 16 ? 2 : 1)
#define WINDOW_PIXELS (4 * WINDOWS)

/* The pixels of WINDOWS windows from `first` on, window by window; of `count` windows the last stands for those behind it. */
GAZE_IN_REGISTERS void gaze_window_places(const __local float *in, int down, int right, int first, int count, const __local float **row)
{
#pragma unroll
    for (int i = 0; i < WINDOW_PIXELS; i++)
        row[i] = in + i % 4 / 2 * down + (2 * min(first + i / 4, count - 1) + i % 2) * right;
}

/* c [WINDOW_PIXELS] to maxima y and place [count][O]. */
GAZE_IN_REGISTERS void gaze_store_windows(const floatv *c, int first, int count, __global float *y, __global int *place, int O)
{
#pragma unroll
    for (int n = 0; n < WINDOWS; n++) {
        const floatv *w = c + 4 * n;
        const int to = min(first + n, count - 1) * O;
        vstorev(GAZE_MORE(GAZE_MORE(GAZE_MORE(w[0], w[1]), w[2]), w[3]), 0, y + to);
        if (place) gaze_store_places(gaze_place_of_max(w[0], w[1], w[2], w[3]), place + to);
    }
}

GAZE_DEFINE_TILE(gaze_window_tile, __local, WINDOW_PIXELS)
GAZE_DEFINE_STEP(gaze_window_step, __local, WINDOW_PIXELS)

/* Two rows of y, and their windows: a block of two vectors of filters, the second `second` floats behind the first. */
GAZE_APART void gaze_few_windows_two(const __local float *in, int down, int right, int count, const __local int *offset, int taps,
                                     source weight, floatv bias0, floatv bias1, int activation, __global float *y,
                                     __global int *place, int O, int second)
{
    for (int first = 0; first < count; first += WINDOWS) {
        const __local float *row[WINDOW_PIXELS];
        floatv c[2 * WINDOW_PIXELS];
        gaze_window_places(in, down, right, first, count, row);
#pragma unroll
        for (int i = 0; i < WINDOW_PIXELS; i++) c[i] = bias0, c[WINDOW_PIXELS + i] = bias1;
        for (int k = 0; k < taps; k++)
            gaze_window_tile(row, offset[k], 0, weight + k * TILE_COLUMNS, GAZE_WIDTH, 0, 1, c);
        gaze_activate(activation, c, 2 * WINDOW_PIXELS);
        gaze_store_windows(c, first, count, y, place, O);
        gaze_store_windows(c + WINDOW_PIXELS, first, count, y + second, place ? place + second : place, O);
    }
}

/* Of one vector, which is summed for two taps at a time. */
GAZE_APART void gaze_few_windows_one(const __local float *in, int down, int right, int count, const __local int *offset, int taps,
                                     source weight, floatv bias, int activation, __global float *y, __global int *place, int O)
{
    for (int first = 0; first < count; first += WINDOWS) {
        const __local float *row[WINDOW_PIXELS];
        floatv c[2 * WINDOW_PIXELS];
        int k = 0;
        gaze_window_places(in, down, right, first, count, row);
#pragma unroll
        for (int i = 0; i < WINDOW_PIXELS; i++) c[i] = bias, c[WINDOW_PIXELS + i] = 0.0f;
        for (; k + 2 <= taps; k += 2) {
            gaze_window_step(row, offset[k], vloadv(2 * k, weight), c);
            gaze_window_step(row, offset[k + 1], vloadv(2 * k + 2, weight), c + WINDOW_PIXELS);
        }
        if (k < taps) gaze_window_step(row, offset[k], vloadv(2 * k, weight), c);
#pragma unroll
        for (int i = 0; i < WINDOW_PIXELS; i++) c[i] += c[WINDOW_PIXELS + i];
        gaze_activate(activation, c, WINDOW_PIXELS);
        gaze_store_windows(c, first, count, y, place, O);
    }
}

/* The maxima of windows of 2x2 of the same: y, place [B,P/2,Q/2,O]. rows is even. */
GAZE_ONE conv2d_few_channels_pooled(GAZE_HERE source x, source w, source bias, __global float *restrict y, IMAGES, WINDOW,
                                    int rows, int activation, __local float *in, __local int *offset, __global int *restrict place)
{
    const int p0 = GAZE_AT(0) * rows, count = min(rows, P / 2 * 2 - p0), wide = (Q - 1) * sx + (kw - 1) * ex + 1,
              taps = kh * kw * C;
    const int down = sy * wide * C, right = sx * C;
    const size_t b = GAZE_AT(1);
    gaze_few_stage(x + b * H * W * C, H, W, C, p0 * sy - top, left, (count - 1) * sy + (kh - 1) * ey + 1, wide, kh, kw, ey, ex, in,
                   offset);
    size_t at = (b * (P / 2) + p0 / 2) * (Q / 2) * O;
    for (int p = 0; p < count; p += 2, in += 2 * down, at += Q / 2 * O) {
        source weight = w;
        for (int o = 0; o < O; o += TILE_COLUMNS, weight += taps * TILE_COLUMNS) {
            const int o0 = gaze_vector_start(o, O), o1 = gaze_vector_start(o + GAZE_WIDTH, O);
            const floatv bias0 = gaze_load_or_zero(bias, o0), bias1 = gaze_load_or_zero(bias, o1);
            __global float *to = y + at + o0;
            __global int *places = place ? place + at + o0 : place;
            if (o0 == o1)
                gaze_few_windows_one(in, down, right, Q / 2, offset, taps, weight, bias0, activation, to, places, O);
            else
                gaze_few_windows_two(in, down, right, Q / 2, offset, taps, weight, bias0, bias1, activation, to, places, O, o1 - o0);
        }
    }
}
