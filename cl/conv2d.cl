/* 2-D convolution y = activation(conv(x, w) + bias) of any window, stride and dilation: on any device, and by register tiles.
   bias may be null. */
#include "common.h"
#include "conv2d.h"

/* Any device: one work-item an element of y. */
__kernel void conv2d_plain(source x, source w, source bias, __global float *restrict y, IMAGES, WINDOW, ulong count, int activation)
{
    const size_t index = get_global_id(0);
    if (index >= count) return;
    const int o = index % O, q = index / O % Q, p = index / O / Q % P;
    const size_t b = index / O / Q / P;
    float sum = 0.0f;
    for (int r = 0; r < kh; r++)
        for (int s = 0; s < kw; s++) {
            const int h = p * sy - top + r * ey, v = q * sx - left + s * ex;
            if (h < 0 || h >= H || v < 0 || v >= W) continue;
            source from = x + ((b * H + h) * W + v) * C, weight = w + (size_t)(r * kw + s) * C * O + o;
            for (int c = 0; c < C; c++) sum = fma(from[c], weight[(size_t)c * O], sum);
        }
    y[index] = gaze_epilogue1(activation, bias ? sum + bias[o] : sum);
}

/* w [taps,C,O] -> turned [taps,O,C], the last tap first: with it the gradient of x is a convolution of dy. A work-item turns
   8 x 8 channels and filters of a tap. */
GAZE_ONE conv2d_turn(GAZE_HERE source w, __global float *restrict turned, int taps, int C, int O)
{
    const int c0 = GAZE_AT(0) * 8, o0 = GAZE_AT(1) * 8, tap = GAZE_AT(2);
    w += (size_t)tap * C * O;
    turned += (size_t)(taps - 1 - tap) * C * O;
    for (int o = o0; o < min(o0 + 8, O); o++)
        for (int c = c0; c < min(c0 + 8, C); c++) turned[(size_t)o * C + c] = w[(size_t)c * O + o];
}

/* w [taps,C,O] -> turned [taps,O,C], the last tap first where `reversed`. */
__kernel void conv2d_turn_items(source w, __global float *restrict turned, int taps, int C, int O, int reversed)
{
    const size_t at = get_global_id(0);
    if (at >= (size_t)taps * C * O) return;
    const int c = at % C, o = at / C % O, tap = at / C / O;
    turned[at] = w[((size_t)(reversed ? taps - 1 - tap : tap) * C + c) * O + o];
}

/* w [rows = taps*C, O] -> packed [ceil(O/TILE_COLUMNS)][rows][TILE_COLUMNS], then `zeros` zeros. A work-item packs `share` rows of
   one block. */
GAZE_ONE conv2d_pack(GAZE_HERE source w, __global float *restrict packed, int rows, int O, int share, int zeros)
{
    const int n = GAZE_AT(0), from = GAZE_AT(1) * share, to = min(from + share, rows);
    const int blocks = (O + TILE_COLUMNS - 1) / TILE_COLUMNS;
    const int o0 = gaze_vector_start(n * TILE_COLUMNS, O), o1 = gaze_vector_start(n * TILE_COLUMNS + GAZE_WIDTH, O);
    __global float *block = packed + (size_t)n * rows * TILE_COLUMNS;
    for (int k = from; k < to; k++) {
        vstorev(vloadv(0, w + (size_t)k * O + o0), 2 * k, block);
        vstorev(vloadv(0, w + (size_t)k * O + o1), 2 * k + 1, block);
    }
    if (n == 0 && from == 0)
        for (int i = 0; i < zeros; i++) packed[(size_t)rows * blocks * TILE_COLUMNS + i] = 0.0f;
}

/* What the taps bring to a tile of pixels, of which rows h and columns v the first tap sees: `tile` [2][TILE_ROWS] vectors. `weight` a
   block of w; `zeros` behind all of them. single: the second vector would make the first one again. Functions of their own, with
   pixels and sums in memory: nothing but the sums lives in registers then. */
GAZE_APART void gaze_direct_block(const source *origin, const int *h, const int *v, int H, int W, int C, int kh, int kw, int ey, int ex,
                                  source weight, int single, source zeros, float *tile)
{
    const bool all = gaze_all_inside(h, v, (kh - 1) * ey, (kw - 1) * ex, H, W);
    source row[TILE_ROWS];
    floatv c[2 * TILE_ROWS];
    gaze_fill_tile(c, 0.0f, 0.0f);
    for (int r = 0; r < kh; r++)
        for (int s = 0; s < kw; s++, weight += C * TILE_COLUMNS) {
            gaze_see(origin, h, v, r * ey, s * ex, H, W, C, zeros, all, row);
            if (single)
                for (int k = 0; k < C; k++) gaze_step_global(row, k, vloadv(2 * k, weight), c);
            else
                gaze_tile_global(row, 0, 1, weight, GAZE_WIDTH, TILE_COLUMNS, C, c);
        }
#pragma unroll
    for (int i = 0; i < TILE_ROWS; i++) {
        vstorev(c[i], i, tile);
        vstorev(single ? c[i] : c[TILE_ROWS + i], TILE_ROWS + i, tile);
    }
}

/* The same of a block and the next one, `block` floats further on: tile [4][TILE_ROWS]. */
GAZE_APART void gaze_direct_pair(const source *origin, const int *h, const int *v, int H, int W, int C, int kh, int kw, int ey, int ex,
                                 source weight, int block, source zeros, float *tile)
{
    const bool all = gaze_all_inside(h, v, (kh - 1) * ey, (kw - 1) * ex, H, W);
    source row[TILE_ROWS];
    floatv c[4 * TILE_ROWS];
#pragma unroll
    for (int i = 0; i < 4 * TILE_ROWS; i++) c[i] = 0.0f;
    for (int r = 0; r < kh; r++)
        for (int s = 0; s < kw; s++, weight += C * TILE_COLUMNS) {
            gaze_see(origin, h, v, r * ey, s * ex, H, W, C, zeros, all, row);
            gaze_four_global(row, 0, 1, weight, GAZE_WIDTH, block, block + GAZE_WIDTH, TILE_COLUMNS, C, c);
        }
#pragma unroll
    for (int i = 0; i < 4 * TILE_ROWS; i++) vstorev(c[i], i, tile);
}

/* Pixels m, .. of y [pixels][O] from the vectors [TILE_ROWS] of a tile whose filters begin at o; after the last pixel the last again. */
GAZE_APART void gaze_put_pixels(const float *tile, source bias, int activation, __global float *y, int m, int pixels, int O, int o)
{
    const floatv first = gaze_load_or_zero(bias, o);
    const float low = activation == GAZE_RELU ? 0.0f : -INFINITY;
    for (int i = 0; i < TILE_ROWS; i++) {
        floatv value = vloadv(i, tile) + first;
        value = activation <= GAZE_RELU ? select(value, (floatv)low, value < low) : gaze_epiloguev(activation, value);
        vstorev(value, 0, y + (size_t)min(m + i, pixels - 1) * O + o);
    }
}

/* Register tiles of TILE_ROWS pixels x TILE_COLUMNS filters, w packed. Pixels are numbered over the whole batch, so that a tile may
   cross rows and images; a tap outside the image reads the zeros behind w. A group owns `strip` tiles of TILE_BLOCKS blocks of
   filters. */
GAZE_APART void gaze_conv2d_direct(int i0, int i1, source x, source w, source bias, __global float *restrict y, IMAGES,
                                   WINDOW, int pixels, int strip, int activation)
{
    const int n0 = i0 * TILE_BLOCKS, blocks = (O + TILE_COLUMNS - 1) / TILE_COLUMNS, each = gaze_is_pair(n0, O) ? 2 : 1;
    const int from = i1 * strip * TILE_ROWS, to = min(from + strip * TILE_ROWS, pixels), block = kh * kw * C * TILE_COLUMNS;
    source zeros = w + (size_t)blocks * block;
    int b = from / Q / P, p = from / Q % P, q = from % Q;
    for (int m = from; m < to; m += TILE_ROWS) {
        source origin[TILE_ROWS];
        int h[TILE_ROWS], v[TILE_ROWS];
        GAZE_ALIGNED float tile[4 * TILE_ROWS * GAZE_WIDTH];
        gaze_open_pixels(x, H, W, C, P, Q, O, sy, sx, top, left, m, pixels, &b, &p, &q, origin, h, v);
        for (int n = n0; n < min(n0 + TILE_BLOCKS, blocks); n += each) {
            source weight = w + (size_t)n * block;
            if (each == 2)
                gaze_direct_pair(origin, h, v, H, W, C, kh, kw, ey, ex, weight, block, zeros, tile);
            else
                gaze_direct_block(origin, h, v, H, W, C, kh, kw, ey, ex, weight, n * TILE_COLUMNS + GAZE_WIDTH >= O, zeros, tile);
            for (int i = 0; i < 2 * each; i++)
                gaze_put_pixels(tile + i * TILE_ROWS * GAZE_WIDTH, bias, activation, y, m, pixels, O,
                                gaze_vector_start(n * TILE_COLUMNS + i * GAZE_WIDTH, O));
        }
    }
}

GAZE_ONE conv2d_direct(GAZE_HERE source x, source w, source bias, __global float *restrict y, IMAGES, WINDOW, int pixels,
                       int strip, int activation)
{
    gaze_conv2d_direct(GAZE_AT(0), GAZE_AT(1), x, w, bias, y, H, W, C, P, Q, O,
                       kh, kw, sy, sx, ey, ex, top, left, pixels, strip, activation);
}
