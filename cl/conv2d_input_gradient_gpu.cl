/* The gradient of a convolution's input on a GPU, as a product of matrices whose windows are never in memory. Groups as in
   conv2d_gpu.cl: numbered from `first` on, channels first; along y the parts of the sums. */
#include "common.h"
#include "tile_gpu.h"
#include "windows_gpu.h"

/* dx [samples,H,W,C]: pixels of one phase (group along z), which the same taps reach, times the kernel's rows of these taps. Element (o, c)
   of a tap of w is at o * deep + c * across. */
#define A(m, k) gaze_seen(&seen, min(row + (m), pixels - 1), k)
#define B(n, k) w[gaze_weight(&seen, k, kw, (size_t)C * O, deep) + (size_t)min(column + (n), C - 1) * across]
static inline size_t gaze_weight(const gaze_windows *seen, int k, int kw, size_t tap_floats, int deep)
{
    const int3 tap = gaze_tap(seen, k);
    const int r = seen->y.weight + tap.x * seen->y.weight_step, s = seen->x.weight + tap.y * seen->x.weight_step;
    return (r * kw + s) * tap_floats + (size_t)tap.z * deep;
}

GAZE_TILE_KERNEL conv2d_input_gradient_gpu(source dy, source w, __global float *restrict dx, IMAGES, WINDOW, int samples, int part,
                                           int first, int deep, int across)
{
    GAZE_TILE_LOCAL;
    const uint2 phase = gaze_split(get_group_id(2), sx);
    const gaze_windows seen =
        gaze_windows_of(dy, P, Q, O, gaze_axis_gradient(H, kh, sy, ey, top, phase.x),
                        gaze_axis_gradient(W, kw, sx, ex, left, phase.y));
    const int pixels = samples * seen.y.n * seen.x.n;
    const uint2 block = gaze_split(get_group_id(0) + first, (C + BLOCK_N - 1) / BLOCK_N);
    const int column = block.y * BLOCK_N, row = block.x * BLOCK_M;
    const int from = get_group_id(1) * part, to = row < pixels ? min(from + part, seen.y.taps * seen.x.taps * O) : from;
    float c[TILE_M * TILE_N];
    GAZE_TILE_ZERO(c)
    GAZE_TILE_SUM(c, from, to, A, B);
    dx += get_group_id(1) * (size_t)samples * H * W * C;
#pragma unroll
    for (int i = 0; i < TILE_M; i++) {
        const int pixel = row + GAZE_TILE_ROW(i);
        const int3 at = gaze_pixel(&seen, min(pixel, pixels - 1));
        const int h = seen.y.first + at.y * seen.y.step, v = seen.x.first + at.z * seen.x.step;
        __global float *to_pixel = dx + (((size_t)at.x * H + h) * W + v) * C;
#pragma unroll
        for (int j = 0; j < TILE_N; j++) {
            const int channel = column + GAZE_TILE_COLUMN(j);
            if (pixel < pixels && channel < C) to_pixel[channel] = c[i * TILE_N + j];
        }
    }
}
#undef A
#undef B
