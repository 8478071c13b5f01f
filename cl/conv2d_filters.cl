/* Convolutions with fewer filters than a vector holds. */
#include "common.h"
#include "conv2d.h"

/* The first `count` elements of a vector, `step` floats apart. */
static inline void gaze_store_spread(floatv value, __global float *to, int step, int count)
{
    if (step == 1 && count == GAZE_WIDTH) {
        vstorev(value, 0, to);
        return;
    }
    GAZE_ALIGNED float part[GAZE_WIDTH];
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

GAZE_ONE conv2d_few_filters(GAZE_HERE source x, source w, source bias, __global float *restrict y, IMAGES, WINDOW, int rows,
                            int activation, int run, __local float *in, __local int *offset)
{
    gaze_conv2d_few_filters(GAZE_AT(0), GAZE_AT(1), x, w, bias, y, H, W, C, P, Q, O,
                            kh, kw, sy, sx, ey, ex, top, left, rows, activation, run, in, offset);
}

/* w [taps,C,O] -> packed [O][taps][vectors][GAZE_WIDTH], the channels that the last vector repeats being zero; then C zeros.
   A work-item packs one tap of one filter. */
GAZE_ONE conv2d_pack_dot(GAZE_HERE source w, __global float *restrict packed, int taps, int C, int O)
{
    const int o = GAZE_AT(0), tap = GAZE_AT(1), vectors = (C + GAZE_WIDTH - 1) / GAZE_WIDTH;
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
    const int step = kh * kw * GAZE_WHOLE(C);
    source zeros = w + (size_t)O * step;
    int b = from / Q / P, p = from / Q % P, q = from % Q;
    for (int m = from; m < to; m += TILE_ROWS) {
        source origin[TILE_ROWS], row[TILE_ROWS];
        int h[TILE_ROWS], v[TILE_ROWS];
        gaze_open_pixels(x, H, W, C, P, Q, O, sy, sx, top, left, m, pixels, &b, &p, &q, origin, h, v);
        const bool all = gaze_all_inside(h, v, (kh - 1) * ey, (kw - 1) * ex, H, W);
        for (int o = 0; o < O; o += 2) {
            const int second = o + 1 < O ? step : 0;
            source weight = w + (size_t)o * step;
            floatv c[2 * TILE_ROWS];
            gaze_fill_tile(c, 0.0f, 0.0f);
            for (int r = 0; r < kh; r++)
                for (int s = 0; s < kw; s++, weight += GAZE_WHOLE(C)) {
                    gaze_see(origin, h, v, r * ey, s * ex, H, W, C, zeros, all, row);
                    gaze_dots(row, weight, second, C, c);
                }
            GAZE_ALIGNED float sum[2 * TILE_ROWS];
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

GAZE_ONE conv2d_dot(GAZE_HERE source x, source w, source bias, __global float *restrict y, IMAGES, WINDOW, int pixels, int strip,
                    int activation)
{
    gaze_conv2d_dot(GAZE_AT(0), x, w, bias, y, H, W, C, P, Q, O, kh, kw, sy, sx, ey, ex, top, left, pixels, strip,
                    activation);
}
