/* Convolutions with fewer channels or filters than a vector holds. */
#include "common.h"
#include "conv2d.h"

/* The sums of a tile of pixels, from one block of weights, activated. */
static inline void gaze_few_sums(const __local float *const *row, const __local int *offset, source weight, int taps, floatv bias0,
                                 floatv bias1, int activation, floatv *c)
{
    gaze_fill_tile(c, bias0, bias1);
    for (int k = 0; k < taps; k++) gaze_tile_local(row, offset[k], 0, weight + k * TILE_COLUMNS, GAZE_WIDTH, 0, 1, c);
    gaze_activate(activation, c, 2 * TILE_ROWS);
}

/* Where the taps of a window lie in a copy of rows, `wide` pixels each. */
GAZE_APART void gaze_few_offsets(int kh, int kw, int ey, int ex, int wide, int C, __local int *offset)
{
    for (int k = 0; k < kh * kw * C; k++) offset[k] = (k / (kw * C) * ey * wide + k / C % kw * ex) * C + k % C;
}

/* Few channels: a tile's pixels are read from a copy of the rows of x that a group's `rows` rows of y see, with zeros around;
   w as conv2d_pack leaves it. in [(rows-1)*sy + (kh-1)*ey + 1][wide][C], offset [kh*kw*C]. */
GAZE_APART void gaze_conv2d_few_channels(int i0, int i1, source x, source w, source bias, __global float *restrict y, IMAGES,
                                         WINDOW, int rows, int activation, __local float *in, __local int *offset)
{
    const int p0 = i0 * rows, count = min(rows, P - p0), wide = (Q - 1) * sx + (kw - 1) * ex + 1;
    const int pixels = count * Q, taps = kh * kw * C, blocks = (O + TILE_COLUMNS - 1) / TILE_COLUMNS;
    const size_t b = i1;
    for (int i = 0; i < (count - 1) * sy + (kh - 1) * ey + 1; i++)
        gaze_stage_row(x + b * H * W * C, H, W, C, 0, C, p0 * sy - top + i, left, wide, in + i * wide * C);
    gaze_few_offsets(kh, kw, ey, ex, wide, C, offset);
    y += (b * P + p0) * Q * O;
    int p = 0, q = 0;
    for (int m = 0; m < pixels; m += TILE_ROWS) {
        const __local float *row[TILE_ROWS];
        if (q + TILE_ROWS < Q) {
            const __local float *at = in + (p * sy * wide + q * sx) * C;
#pragma unroll
            for (int i = 0; i < TILE_ROWS; i++) row[i] = at + i * sx * C;
            q += TILE_ROWS;
        } else {
#pragma unroll
            for (int i = 0; i < TILE_ROWS; i++) {
                row[i] = in + (p * sy * wide + q * sx) * C;
                if (m + i + 1 < pixels && ++q == Q) {
                    q = 0;
                    p++;
                }
            }
        }
        for (int n = 0; n < blocks; n++) {
            const int o0 = gaze_vector_start(n * TILE_COLUMNS, O), o1 = gaze_vector_start(n * TILE_COLUMNS + GAZE_WIDTH, O);
            const floatv bias0 = gaze_load_or_zero(bias, o0), bias1 = gaze_load_or_zero(bias, o1);
            floatv c[2 * TILE_ROWS];
            gaze_few_sums(row, offset, w + (size_t)n * taps * TILE_COLUMNS, taps, bias0, bias1, activation, c);
            gaze_store_pixels(c, y, m, pixels, O, o0, o1);
        }
    }
}

GAZE_ONE conv2d_few_channels(source x, source w, source bias, __global float *restrict y, IMAGES, WINDOW, int rows,
                             int activation, __local float *in, __local int *offset)
{
    gaze_conv2d_few_channels(get_global_id(0), get_global_id(1), x, w, bias, y, H, W, C, P, Q, O,
                             kh, kw, sy, sx, ey, ex, top, left, rows, activation, in, offset);
}

/* out [2][Q][TILE_COLUMNS]: two rows of y, for one block of filters. Pixels of the copy are `right` floats apart, rows of y
   `down`. The last tile may end behind them. */
GAZE_APART void gaze_few_two_rows(const __local float *in, int down, int right, const __local int *offset, source weight, int taps,
                                  floatv bias0, floatv bias1, int activation, int Q, __local float *out)
{
    for (int m = 0; m < 2 * Q; m += TILE_ROWS) {
        const __local float *row[TILE_ROWS];
        floatv c[2 * TILE_ROWS];
#pragma unroll
        for (int i = 0; i < TILE_ROWS; i++) {
            const int j = min(m + i, 2 * Q - 1), below = j >= Q;
            row[i] = in + below * down + (j - below * Q) * right;
        }
        gaze_few_sums(row, offset, weight, taps, bias0, bias1, activation, c);
#pragma unroll
        for (int i = 0; i < TILE_ROWS; i++) {
            vstorev(c[i], 2 * (m + i), out);
            vstorev(c[TILE_ROWS + i], 2 * (m + i) + 1, out);
        }
    }
}

/* y [Q/2][O]: the maxima of windows of 2x2 of two rows, in the order of max_pool2d. */
GAZE_APART void gaze_pool_two_rows(const __local float *rows, int Q, __global float *y, int O, int o0, int o1)
{
    for (int q = 0; q < Q / 2; q++, y += O)
        for (int h = 0; h < 2; h++) {
            const __local float *at = rows + 2 * q * TILE_COLUMNS + h * GAZE_WIDTH, *below = at + Q * TILE_COLUMNS;
            const floatv top = GAZE_MORE(vloadv(0, at), vloadv(0, at + TILE_COLUMNS));
            const floatv three = GAZE_MORE(top, vloadv(0, below)), most = GAZE_MORE(three, vloadv(0, below + TILE_COLUMNS));
            vstorev(most, 0, y + (h ? o1 : o0));
        }
}

/* The same, and the maxima of windows of 2x2: y [B,P/2,Q/2,O]. rows is even; out [2 Q + TILE_ROWS - 1][TILE_COLUMNS]. */
GAZE_ONE conv2d_few_channels_pooled(source x, source w, source bias, __global float *restrict y, IMAGES, WINDOW, int rows,
                                    int activation, __local float *in, __local int *offset, __local float *out)
{
    const int p0 = get_global_id(0) * rows, count = min(rows, P / 2 * 2 - p0), wide = (Q - 1) * sx + (kw - 1) * ex + 1;
    const int taps = kh * kw * C, blocks = (O + TILE_COLUMNS - 1) / TILE_COLUMNS;
    const size_t b = get_global_id(1);
    for (int i = 0; i < (count - 1) * sy + (kh - 1) * ey + 1; i++)
        gaze_stage_row(x + b * H * W * C, H, W, C, 0, C, p0 * sy - top + i, left, wide, in + i * wide * C);
    gaze_few_offsets(kh, kw, ey, ex, wide, C, offset);
    for (int p = 0; p < count; p += 2)
        for (int n = 0; n < blocks; n++) {
            const int o0 = gaze_vector_start(n * TILE_COLUMNS, O), o1 = gaze_vector_start(n * TILE_COLUMNS + GAZE_WIDTH, O);
            gaze_few_two_rows(in + p * sy * wide * C, sy * wide * C, sx * C, offset, w + (size_t)n * taps * TILE_COLUMNS, taps,
                              gaze_load_or_zero(bias, o0), gaze_load_or_zero(bias, o1), activation, Q, out);
            gaze_pool_two_rows(out, Q, y + ((b * (P / 2) + (p0 + p) / 2) * (Q / 2)) * O, O, o0, o1);
        }
}

/* The first `count` elements of a vector, `step` floats apart. */
static inline void gaze_store_spread(floatv value, __global float *to, int step, int count)
{
    if (step == 1 && count == GAZE_WIDTH) {
        vstorev(value, 0, to);
        return;
    }
    float part[GAZE_WIDTH];
    vstorev(value, 0, part);
    for (int i = 0; i < count; i++) to[i * step] = part[i];
}

/* Few channels and few filters: vectors along the pixels of a row, TILE_ROWS of them for one filter at a time; w as it comes.
   in [(rows-1)*sy + (kh-1)*ey + 1][C][sx][run], offset [kh*kw*C]. */
GAZE_APART void gaze_conv2d_few_filters(int i0, int i1, source x, source w, source bias, __global float *restrict y, IMAGES,
                                        WINDOW, int rows, int activation, int run, __local float *in, __local int *offset)
{
    const int p0 = i0 * rows, count = min(rows, P - p0), wide = (Q - 1) * sx + (kw - 1) * ex + 1;
    const int line = C * sx * run, taps = kh * kw * C, across = (Q + GAZE_WIDTH - 1) / GAZE_WIDTH, vectors = count * across;
    const size_t b = i1;
    for (int i = 0; i < (count - 1) * sy + (kh - 1) * ey + 1; i++)
        gaze_stage_planes(x + b * H * W * C, H, W, C, p0 * sy - top + i, left, wide, sx, run, in + i * line);
    for (int k = 0; k < taps; k++) {
        const int v = k / C % kw * ex;
        offset[k] = k / (kw * C) * ey * line + (k % C * sx + v % sx) * run + v / sx;
    }
    y += (b * P + p0) * Q * O;
    for (int m = 0; m < vectors; m += TILE_ROWS) {
        const __local float *row[TILE_ROWS];
        int pixel[TILE_ROWS];
#pragma unroll
        for (int i = 0; i < TILE_ROWS; i++) {
            const int j = min(m + i, vectors - 1), p = j / across, q = max(min(j % across * GAZE_WIDTH, Q - GAZE_WIDTH), 0);
            row[i] = in + p * sy * line + q;
            pixel[i] = p * Q + q;
        }
        for (int o = 0; o < O; o++) {
            const float start = bias ? bias[o] : 0.0f;
            floatv c[TILE_ROWS];
#pragma unroll
            for (int i = 0; i < TILE_ROWS; i++) c[i] = start;
            for (int k = 0; k < taps; k++) {
                const floatv weight = w[k * O + o];
                const int at = offset[k];
#pragma unroll
                for (int i = 0; i < TILE_ROWS; i++) c[i] = fma(weight, vloadv(0, row[i] + at), c[i]);
            }
            gaze_activate(activation, c, TILE_ROWS);
#pragma unroll
            for (int i = 0; i < TILE_ROWS; i++)
                gaze_store_spread(c[i], y + (size_t)pixel[i] * O + o, O, min(Q, GAZE_WIDTH));
        }
    }
}

GAZE_ONE conv2d_few_filters(source x, source w, source bias, __global float *restrict y, IMAGES, WINDOW, int rows,
                            int activation, int run, __local float *in, __local int *offset)
{
    gaze_conv2d_few_filters(get_global_id(0), get_global_id(1), x, w, bias, y, H, W, C, P, Q, O,
                            kh, kw, sy, sx, ey, ex, top, left, rows, activation, run, in, offset);
}

/* w [taps,C,O] -> packed [O][taps][vectors][GAZE_WIDTH], the channels that the last vector repeats being zero; then C zeros.
   A work-item packs one tap of one filter. */
GAZE_ONE conv2d_pack_dot(source w, __global float *restrict packed, int taps, int C, int O)
{
    const int o = get_global_id(0), tap = get_global_id(1), vectors = (C + GAZE_WIDTH - 1) / GAZE_WIDTH;
    __global float *to = packed + ((size_t)o * taps + tap) * vectors * GAZE_WIDTH;
    for (int j = 0; j < vectors; j++) {
        const int first = gaze_vector_start(j * GAZE_WIDTH, C);
        for (int i = 0; i < GAZE_WIDTH; i++)
            to[j * GAZE_WIDTH + i] = first + i >= j * GAZE_WIDTH ? w[((size_t)tap * C + first + i) * O + o] : 0.0f;
    }
    if (o == 0 && tap == 0)
        for (int c = 0; c < C; c++) packed[(size_t)O * taps * vectors * GAZE_WIDTH + c] = 0.0f;
}

/* Few filters, many channels: dot products along the channels, of TILE_ROWS pixels with two filters. A group owns `strip` tiles. */
GAZE_APART void gaze_conv2d_dot(int i0, source x, source w, source bias, __global float *restrict y, IMAGES, WINDOW, int pixels,
                                int strip, int activation)
{
    const int from = i0 * strip * TILE_ROWS, to = min(from + strip * TILE_ROWS, pixels);
    const int vectors = (C + GAZE_WIDTH - 1) / GAZE_WIDTH, step = kh * kw * vectors * GAZE_WIDTH;
    source zeros = w + (size_t)O * step;
    for (int m = from; m < to; m += TILE_ROWS) {
        source origin[TILE_ROWS], row[TILE_ROWS];
        int h[TILE_ROWS], v[TILE_ROWS];
#pragma unroll
        for (int i = 0; i < TILE_ROWS; i++) {
            const int j = min(m + i, pixels - 1);
            h[i] = j / Q % P * sy - top;
            v[i] = j % Q * sx - left;
            origin[i] = x + (((ptrdiff_t)(j / Q / P) * H + h[i]) * W + v[i]) * C;
        }
        for (int o = 0; o < O; o += 2) {
            const int second = o + 1 < O ? step : 0;
            source weight = w + (size_t)o * step;
            floatv c[2 * TILE_ROWS];
            gaze_fill_tile(c, 0.0f, 0.0f);
            for (int r = 0; r < kh; r++)
                for (int s = 0; s < kw; s++) {
                    gaze_see(origin, h, v, r * ey, s * ex, H, W, C, zeros, row);
                    for (int j = 0; j < vectors; j++, weight += GAZE_WIDTH) {
                        const int at = gaze_vector_start(j * GAZE_WIDTH, C);
                        const floatv w0 = vloadv(0, weight), w1 = vloadv(0, weight + second);
#pragma unroll
                        for (int i = 0; i < TILE_ROWS; i++) {
                            const floatv a = vloadv(0, row[i] + at);
                            c[i] = fma(a, w0, c[i]);
                            c[TILE_ROWS + i] = fma(a, w1, c[TILE_ROWS + i]);
                        }
                    }
                }
            float sum[2 * TILE_ROWS];
#pragma unroll
            for (int i = 0; i < 2 * TILE_ROWS; i++) sum[i] = gaze_sumv(c[i]);
#pragma nounroll
            for (int i = 0; i < 2 * TILE_ROWS; i++) {
                const int f = i < TILE_ROWS ? o : min(o + 1, O - 1), j = min(m + i % TILE_ROWS, pixels - 1);
                y[(size_t)j * O + f] = gaze_epilogue1(activation, bias ? sum[i] + bias[f] : sum[i]);
            }
        }
    }
}

GAZE_ONE conv2d_dot(source x, source w, source bias, __global float *restrict y, IMAGES, WINDOW, int pixels, int strip,
                    int activation)
{
    gaze_conv2d_dot(get_global_id(0), x, w, bias, y, H, W, C, P, Q, O, kh, kw, sy, sx, ey, ex, top, left, pixels, strip,
                    activation);
}
