/* Gradient of 2-D convolution by its input where the stride is more than 1 (else it is a convolution of dy, see conv2d_turn):
   dx[b,h,v,c] = sum over taps and filters of dy[b,p,q,o] w[r,s,c,o] where p*sy - top + r*ey = h, q*sx - left + s*ex = v. */
#include "common.h"
#include "conv2d.h"

/* Any device: one work-item an element of dx. */
__kernel void conv2d_input_gradient_plain(source dy, source w, __global float *restrict dx, IMAGES, WINDOW, ulong count)
{
    const size_t index = get_global_id(0);
    if (index >= count) return;
    const int c = index % C, v = index / C % W, h = index / C / W % H;
    const size_t b = index / C / W / H;
    float sum = 0.0f;
    for (int r = 0; r < kh; r++)
        for (int s = 0; s < kw; s++) {
            const int py = h + top - r * ey, qx = v + left - s * ex, p = py / sy, q = qx / sx;
            if (py < 0 || qx < 0 || p * sy != py || q * sx != qx || p >= P || q >= Q) continue;
            source from = dy + ((b * P + p) * Q + q) * O, weight = w + ((size_t)(r * kw + s) * C + c) * O;
            for (int o = 0; o < O; o++) sum = fma(from[o], weight[o], sum);
        }
    dx[index] = sum;
}

/* What the taps bring to a tile of pixels of one phase: `tile` [2][TILE_ROWS] vectors, or [4][TILE_ROWS] of a pair of blocks, as
   conv2d_direct's, the second one's weights `next` floats further on. dots: as dot products of a channel, and of that whose weights are
   `next` floats further on: vectors that have to be summed. */
GAZE_APART void gaze_strided_tile(const source *origin, const int *p, const int *q, int phase_y, int phase_x, int P, int Q, int O, int kh,
                                  int kw, int sy, int sx, int ey, int ex, source w, int next, int pair, int dots, source zeros,
                                  float *tile)
{
    source row[TILE_ROWS];
    floatv c[TILE_BLOCKS * 2 * TILE_ROWS];
#pragma unroll
    for (int i = 0; i < TILE_BLOCKS * 2 * TILE_ROWS; i++) c[i] = 0.0f;
    for (int r = 0; r < kh; r++) {
        const int up = (phase_y - r * ey) / sy;
        if (up * sy != phase_y - r * ey) continue;
        for (int s = 0; s < kw; s++) {
            const int across = (phase_x - s * ex) / sx;
            if (across * sx != phase_x - s * ex) continue;
            gaze_see(origin, p, q, up, across, P, Q, O, zeros, false, row);
            source weight = w + (size_t)(kh * kw - 1 - (r * kw + s)) * (dots ? GAZE_WHOLE(O) : O * TILE_COLUMNS);
            if (dots) {
                gaze_dots(row, weight, next, O, c);
                continue;
            }
#if GAZE_WIDTH == 16
            if (pair) {
                gaze_four_global(row, 0, 1, weight, GAZE_WIDTH, next, next + GAZE_WIDTH, TILE_COLUMNS, O, c);
                continue;
            }
#endif
            gaze_tile_global(row, 0, 1, weight, GAZE_WIDTH, TILE_COLUMNS, O, c);
        }
    }
#pragma unroll
    for (int i = 0; i < TILE_BLOCKS * 2 * TILE_ROWS; i++) vstorev(c[i], i, tile);
}

/* dx where the stride is more than 1: pixels of one phase, (h + top) % sy and (v + left) % sx, are reached by the same taps and make
   the tiles of conv2d_direct. w: turned, then packed, as O channels to C filters; dots: as conv2d_dot's, for fewer channels than a vector
   holds. A group owns `strip` tiles of one phase, of TILE_BLOCKS blocks of channels or of all. */
GAZE_APART void gaze_conv2d_input_gradient_strided(int i0, int i1, int i2, source dy, source w,
                                                   __global float *restrict dx, IMAGES, WINDOW, int B, int strip, int dots)
{
    const int phase_y = i1 / sx, phase_x = i1 % sx;
    const int n0 = i0 * TILE_BLOCKS, blocks = (C + TILE_COLUMNS - 1) / TILE_COLUMNS, each = gaze_is_pair(n0, C) ? 2 : 1;
    const int h0 = (phase_y + sy - top % sy) % sy, v0 = (phase_x + sx - left % sx) % sx;
    const int tall = (H - h0 + sy - 1) / sy, wide = (W - v0 + sx - 1) / sx, pixels = h0 < H && v0 < W ? B * tall * wide : 0;
    const int from = i2 * strip * TILE_ROWS, to = min(from + strip * TILE_ROWS, pixels);
    const int block = kh * kw * (dots ? GAZE_WHOLE(O) : O * TILE_COLUMNS); // of w; dots: of one channel
    source zeros = w + (size_t)(dots ? C : blocks) * block;
    if (from >= to) return;
    const int p0 = (h0 + top - phase_y) / sy, q0 = (v0 + left - phase_x) / sx;
    int b = from / wide / tall, h = from / wide % tall, v = from % wide;
    for (int m = from; m < to; m += TILE_ROWS) {
        source origin[TILE_ROWS];
        __global float *out[TILE_ROWS];
        int p[TILE_ROWS], q[TILE_ROWS];
        GAZE_ALIGNED float tile[TILE_BLOCKS * 2 * TILE_ROWS * GAZE_WIDTH];
        for (int i = 0; i < TILE_ROWS; i++) {
            p[i] = h + p0;
            q[i] = v + q0;
            origin[i] = dy + (((ptrdiff_t)b * P + p[i]) * Q + q[i]) * O;
            out[i] = dx + (((size_t)b * H + h0 + h * sy) * W + v0 + v * sx) * C;
            if (m + i + 1 < pixels) gaze_next_pixel(&b, &h, &v, tall, wide);
        }
        for (int c = 0; dots && c < C; c += 2) {
            gaze_strided_tile(origin, p, q, phase_y, phase_x, P, Q, O, kh, kw, sy, sx, ey, ex, w + (size_t)c * block,
                              c + 1 < C ? block : 0, 0, 1, zeros, tile);
            for (int i = 0; i < min(2, C - c) * TILE_ROWS; i++) out[i % TILE_ROWS][c + i / TILE_ROWS] = gaze_sumv(vloadv(i, tile));
        }
        for (int n = n0; !dots && n < min(n0 + TILE_BLOCKS, blocks); n += each) {
            gaze_strided_tile(origin, p, q, phase_y, phase_x, P, Q, O, kh, kw, sy, sx, ey, ex, w + (size_t)n * block, block, each == 2, 0,
                              zeros, tile);
            for (int i = 0; i < 2 * each * TILE_ROWS; i++)
                vstorev(vloadv(i, tile), 0, out[i % TILE_ROWS] + gaze_vector_start(n * TILE_COLUMNS + i / TILE_ROWS * GAZE_WIDTH, C));
        }
    }
}

GAZE_ONE conv2d_input_gradient_strided(GAZE_HERE source dy, source w, __global float *restrict dx, IMAGES, WINDOW, int B,
                                       int strip, int dots)
{
    gaze_conv2d_input_gradient_strided(GAZE_AT(0), GAZE_AT(1), GAZE_AT(2), dy, w, dx,
                                       H, W, C, P, Q, O, kh, kw, sy, sx, ey, ex, top, left, B, strip, dots);
}
