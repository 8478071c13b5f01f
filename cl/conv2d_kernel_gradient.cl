/* Gradients of 2-D convolution by its kernel: dw[r,s,c,o] = sum over pixels [b,p,q] of x[b, p*sy - top + r*ey, q*sx - left + s*ex, c]
   dy[b,p,q,o]. */
#include "common.h"
#include "conv2d.h"
#include "prefetch.h"

/* Any device: one work-item an element of dw; a sum of B*P*Q products, one sum a row of pixels. */
__kernel void conv2d_kernel_gradient_plain(source x, source dy, __global float *restrict dw, IMAGES, WINDOW, ulong count, int B)
{
    const size_t index = get_global_id(0);
    if (index >= count) return;
    const int o = index % O, c = index / O % C, s = index / O / C % kw, r = index / O / C / kw;
    float sum = 0.0f;
    for (int b = 0; b < B; b++)
        for (int p = 0; p < P; p++) {
            const int h = p * sy - top + r * ey;
            if (h < 0 || h >= H) continue;
            float line = 0.0f;
            for (int q = 0; q < Q; q++) {
                const int v = q * sx - left + s * ex;
                if (v < 0 || v >= W) continue;
                line = fma(x[(((size_t)b * H + h) * W + v) * C + c], dy[(((size_t)b * P + p) * Q + q) * O + o], line);
            }
            sum += line;
        }
    dw[index] = sum;
}

/* As gaze_tile_local, of one vector: the even k go to c[i], the odd ones to c[TILE_ROWS + i]. */
GAZE_IN_REGISTERS void gaze_sum_by_two(const __local float *const *row, int at, int step, source b, int b_step, int count, floatv *c)
{
    int k = 0;
    for (; k + 2 <= count; k += 2, at += 2 * step, b += 2 * b_step) {
        gaze_step_local(row, at, vloadv(0, b), c);
        gaze_step_local(row, at + step, vloadv(0, b + b_step), c + TILE_ROWS);
    }
    if (k < count) gaze_step_local(row, at, vloadv(0, b), c);
}

/* to [count][Q][O]: rows p0.. of what reaches the pixels [P,Q,O] of one sample from maxima dy at their places [P/2,Q/2,O]. */
GAZE_APART void gaze_spread_rows(source dy, const __global int *place, int P, int Q, int O, int p0, int count, __global float *to)
{
    for (int p = p0; p < p0 + count; p++) {
        const long windows = gaze_windows_of_row(p, P, Q, O);
        for (int q = 0; q < Q; q++, to += O) {
            const long from = gaze_window_of_pixel(windows, q, Q, O);
            const int here = gaze_place_of_pixel(p, P, q);
            for (int start = 0; start < O; start += GAZE_WIDTH) {
                const int o = gaze_vector_start(start, O);
                vstorev(from < 0 ? (floatv)0.0f : gaze_at_place(dy + from + o, place + from + o, here), 0, to + o);
            }
        }
    }
}

/* at [TILE_ROWS][2] vectors += what `count` rows of Q pixels bring to taps whose pixels begin at `offset` of in, `step` floats apart,
   from two vectors of their gradients, `second` floats apart, pixels O apart. second 0: there is one. */
GAZE_APART void gaze_gradient_block(const __local float *in, const __local int *offset, int line, int sy, int step, source gradient, int O,
                                    int second, int Q, int count, __local float *at)
{
    const __local float *row[TILE_ROWS];
    floatv c[2 * TILE_ROWS];
#pragma unroll
    for (int i = 0; i < TILE_ROWS; i++) {
        row[i] = in + offset[i];
        c[i] = vloadv(2 * i, at);
        c[TILE_ROWS + i] = vloadv(2 * i + 1, at);
    }
    for (int p = 0; p < count; p++)
        if (second == 0)
            gaze_sum_by_two(row, p * sy * line, step, gradient + (size_t)p * Q * O, O, Q, c);
        else
            gaze_tile_local(row, p * sy * line, step, gradient + (size_t)p * Q * O, second, O, Q, c);
#pragma unroll
    for (int i = 0; i < TILE_ROWS; i++) {
        vstorev(c[i], 2 * i, at);
        vstorev(c[TILE_ROWS + i], 2 * i + 1, at);
    }
}

/* The same of two blocks, the second one's sums `block` floats further on and its last vector of gradients `fourth`. */
GAZE_APART void gaze_gradient_pair(const __local float *in, const __local int *offset, int line, int sy, int step, source gradient, int O,
                                   int fourth, int Q, int count, __local float *at, int block)
{
    const __local float *row[TILE_ROWS];
    floatv c[4 * TILE_ROWS];
#pragma unroll
    for (int i = 0; i < TILE_ROWS; i++) {
        row[i] = in + offset[i];
#pragma unroll
        for (int v = 0; v < 4; v++) c[v * TILE_ROWS + i] = vloadv(2 * i + v % 2, at + v / 2 * block);
    }
    for (int p = 0; p < count; p++)
        gaze_four_local(row, p * sy * line, step, gradient + (size_t)p * Q * O, GAZE_WIDTH, TILE_COLUMNS, fourth, O, Q, c);
#pragma unroll
    for (int i = 0; i < TILE_ROWS; i++)
#pragma unroll
        for (int v = 0; v < 4; v++) vstorev(c[v * TILE_ROWS + i], 2 * i + v % 2, at + v / 2 * block);
}

/* A part of dw by register tiles of TILE_ROWS taps (r,s,c) x TILE_COLUMNS filters, summed along the pixels of `rows` rows of dy. A group
   owns one part of the B * ceil(P/rows) strips (x), up to n_channels channels (y) and blocks_each blocks of filters (z). place, unless it
   is null: dy are gradients of maxima [B,P/2,Q/2,O], which are spread to spread [parts][rows][Q][O], a strip at a time. A group that
   makes all filters asks for the next strip's dy meanwhile, each tile for a part of it.
   part [parts][kh,kw,C,O], in [(rows-1)*sy + (kh-1)*ey + 1][wide][n_channels], sum [blocks_each][taps][TILE_COLUMNS] and offset
   [taps], taps = kh*kw*n_channels rounded up to TILE_ROWS: those beyond the window repeat the first, and are dropped. */
GAZE_APART void gaze_conv2d_kernel_gradient_tile(int i0, int i1, int i2, source x, source dy, const __global int *restrict place,
                                                 __global float *spread, __global float *restrict part, IMAGES, WINDOW, int parts, int strips,
                                                 int rows, int n_channels, int blocks_each, __local float *in,
                                                 __local float *sum, __local int *offset)
{
    const int g = i0, per_image = (P + rows - 1) / rows;
    const int from = (long)strips * g / parts, to = (long)strips * (g + 1) / parts, wide = (Q - 1) * sx + (kw - 1) * ex + 1;
    const int first = i1 * n_channels, channels = min(n_channels, C - first), line = wide * channels;
    const int block0 = i2 * blocks_each, blocks = min(blocks_each, (O + TILE_COLUMNS - 1) / TILE_COLUMNS - block0);
    const int used = kh * kw * channels, taps = (used + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
    for (int k = 0; k < taps; k++) {
        const int t = k < used ? k : 0;
        offset[k] = t / (kw * channels) * ey * line + t / channels % kw * ex * channels + t % channels;
    }
    for (int i = 0; i < blocks * taps * 2; i++) vstorev((floatv)0.0f, i, sum);
    for (int strip = from; strip < to; strip++) {
        const int b = strip / per_image, p0 = strip % per_image * rows, count = min(rows, P - p0);
        for (int i = 0; i < (count - 1) * sy + (kh - 1) * ey + 1; i++)
            gaze_stage_row(x + (size_t)b * H * W * C, H, W, C, first, channels, p0 * sy - top + i, left, wide, in + i * line);
        const __global float *strip_dy = dy + ((size_t)b * P + p0) * Q * O, *next = strip_dy + (size_t)count * Q * O;
        const int ahead = place || blocks * TILE_COLUMNS < O ? 0 : (count * Q * O - 1) / (blocks * (taps / TILE_ROWS)) + 1;
        if (place) {
            const size_t sample = (size_t)b * (P / 2) * (Q / 2) * O;
            __global float *to = spread + (size_t)g * rows * Q * O;
            gaze_spread_rows(dy + sample, place + sample, P, Q, O, p0, count, to);
            strip_dy = to;
        }
        for (int n = 0, each; n < blocks; n += each) {
            const int o = (block0 + n) * TILE_COLUMNS, o0 = gaze_vector_start(o, O), o1 = gaze_vector_start(o + GAZE_WIDTH, O);
            each = n + 1 < blocks && gaze_is_pair(block0 + n, O) ? 2 : 1;
            for (int k = 0; k < taps; k += TILE_ROWS, next += each * ahead) {
                __local float *at = sum + (n * taps + k) * TILE_COLUMNS;
                gaze_prefetch(next, each * ahead);
                if (each == 2)
                    gaze_gradient_pair(in, offset + k, line, sy, sx * channels, strip_dy + o, O,
                                       gaze_vector_start(o + TILE_COLUMNS + GAZE_WIDTH, O) - o, Q, count, at, taps * TILE_COLUMNS);
                else
                    gaze_gradient_block(in, offset + k, line, sy, sx * channels, strip_dy + o0, O, o1 - o0, Q, count, at);
            }
        }
    }
    for (int n = 0; n < blocks; n++) {
        const int o = (block0 + n) * TILE_COLUMNS, o0 = gaze_vector_start(o, O), o1 = gaze_vector_start(o + GAZE_WIDTH, O);
        for (int k = 0; k < used; k++) {
            const __local float *at = sum + (n * taps + k) * TILE_COLUMNS;
            __global float *out = part + (((size_t)g * kh * kw + k / channels) * C + first + k % channels) * O;
            if (o0 == o1) { // of one vector: what another group makes, too, has other bits there
                for (int i = o - o0; i < GAZE_WIDTH; i++) out[o0 + i] = at[i] + at[GAZE_WIDTH + i];
                continue;
            }
            vstorev(vloadv(0, at), 0, out + o0);
            vstorev(vloadv(1, at), 0, out + o1);
        }
    }
}

GAZE_ONE conv2d_kernel_gradient_tile(GAZE_HERE source x, source dy, const __global int *restrict place, __global float *spread,
                                     __global float *restrict part, IMAGES, WINDOW, int parts, int strips,
                                     int rows, int n_channels, int blocks_each, __local float *in, __local float *sum,
                                     __local int *offset)
{
    gaze_conv2d_kernel_gradient_tile(GAZE_AT(0), GAZE_AT(1), GAZE_AT(2), x, dy, place, spread, part,
                                     H, W, C, P, Q, O, kh, kw, sy, sx, ey, ex, top, left, parts, strips, rows, n_channels,
                                     blocks_each, in, sum, offset);
}

/* A part of dw where channels and filters are few: vectors along the pixels of a row, TILE_ROWS taps (r,s,c) of one filter at a time.
   A group owns a part of the B * strips strips of `rows` rows of dy. in [(rows-1)*sy + (kh-1)*ey + 1][C][sx][run],
   gradient [rows][O][length] with length = Q rounded up to GAZE_WIDTH, sum [O][taps][GAZE_WIDTH] and offset [taps],
   taps = kh*kw*C rounded up to TILE_ROWS. */
GAZE_APART void gaze_conv2d_kernel_gradient_few(int i0, source x, source dy, __global float *restrict part, IMAGES, WINDOW,
                                                int parts, int strips, int rows, int run, __local float *in,
                                                __local float *gradient, __local float *sum, __local int *offset)
{
    const int g = i0, per_image = (P + rows - 1) / rows;
    const int from = (long)strips * g / parts, to = (long)strips * (g + 1) / parts, wide = (Q - 1) * sx + (kw - 1) * ex + 1;
    const int line = C * sx * run, length = GAZE_WHOLE(Q);
    const int used = kh * kw * C, taps = (used + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
    for (int k = 0; k < taps; k++) {
        const int t = k < used ? k : 0, v = t / C % kw * ex;
        offset[k] = t / (kw * C) * ey * line + (t % C * sx + v % sx) * run + v / sx;
    }
    for (int i = 0; i < O * taps; i++) vstorev((floatv)0.0f, i, sum);
    for (int strip = from; strip < to; strip++) {
        const int b = strip / per_image, p0 = strip % per_image * rows, count = min(rows, P - p0);
        for (int i = 0; i < (count - 1) * sy + (kh - 1) * ey + 1; i++)
            gaze_stage_planes(x + (size_t)b * H * W * C, H, W, C, p0 * sy - top + i, left, wide, sx, run, in + i * line);
        for (int p = 0; p < count; p++)
            gaze_stage_planes(dy + (size_t)b * P * Q * O, P, Q, O, p0 + p, 0, Q, 1, length, gradient + p * O * length);
        for (int o = 0; o < O; o++)
            for (int k = 0; k < taps; k += TILE_ROWS) {
                const __local float *row[TILE_ROWS];
                floatv c[TILE_ROWS];
#pragma unroll
                for (int i = 0; i < TILE_ROWS; i++) {
                    row[i] = in + offset[k + i];
                    c[i] = vloadv(o * taps + k + i, sum);
                }
                for (int p = 0; p < count; p++)
                    for (int q = 0; q < Q; q += GAZE_WIDTH) {
                        const floatv d = vloadv(0, gradient + (p * O + o) * length + q);
#pragma unroll
                        for (int i = 0; i < TILE_ROWS; i++) c[i] = fma(vloadv(0, row[i] + p * sy * line + q), d, c[i]);
                    }
#pragma unroll
                for (int i = 0; i < TILE_ROWS; i++) vstorev(c[i], o * taps + k + i, sum);
            }
    }
    for (int o = 0; o < O; o++)
        for (int k = 0; k < used; k++) part[((size_t)g * used + k) * O + o] = gaze_sumv(vloadv(o * taps + k, sum));
}

GAZE_ONE conv2d_kernel_gradient_few(GAZE_HERE source x, source dy, __global float *restrict part, IMAGES, WINDOW, int parts,
                                    int strips, int rows, int run, __local float *in, __local float *gradient, __local float *sum,
                                    __local int *offset)
{
    gaze_conv2d_kernel_gradient_few(GAZE_AT(0), x, dy, part, H, W, C, P, Q, O,
                                    kh, kw, sy, sx, ey, ex, top, left, parts, strips, rows, run, in, gradient, sum, offset);
}

/* dw = the sum of the parts, in order. part [parts][taps,C,O], or with swap [parts][taps,O,C] and the last tap first.
   A work-item sums one row of O. */
GAZE_ONE conv2d_kernel_gradient_sum(GAZE_HERE source part, __global float *restrict dw, int taps, int C, int O, int parts,
                                    int swap)
{
    const int tap = GAZE_AT(1), c = GAZE_AT(0);
    const size_t size = (size_t)taps * C * O, step = swap ? C : 1;
    source from = part + (swap ? (size_t)(taps - 1 - tap) * C * O + c : ((size_t)tap * C + c) * O);
    __global float *to = dw + ((size_t)tap * C + c) * O;
    int o = 0;
    if (!swap)
        for (; o + GAZE_WIDTH <= O; o += GAZE_WIDTH) {
            floatv sum = 0.0f;
            for (int g = 0; g < parts; g++) sum += vloadv(0, from + g * size + o);
            vstorev(sum, 0, to + o);
        }
    for (; o < O; o++) {
        float sum = 0.0f;
        for (int g = 0; g < parts; g++) sum += from[g * size + o * step];
        to[o] = sum;
    }
}
