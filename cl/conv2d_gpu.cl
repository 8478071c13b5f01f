/* 2-D convolution on a GPU: y [pixels,O] = activation(windows of x [pixels, kh kw C] times w [kh kw C, O] + bias), the windows never
   in memory. Groups are numbered from `first` on (a long convolution is several launches), filters first, then pixels; along y
   they make the parts of `part` terms of a sum, y [parts] then. bias may be null. */
#include "common.h"
#include "epilogue.h"
#include "tile_gpu.h"
#include "windows_gpu.h"

#define A(m, k) gaze_seen(&seen, min(row + (m), pixels - 1), k)
#define B(n, k) w[(size_t)(k)*O + min(column + (n), O - 1)]
GAZE_TILE_KERNEL conv2d_gpu(source x, source w, source bias, __global float *restrict y, IMAGES, WINDOW, int pixels, int part, int first,
                            int activation)
{
    GAZE_TILE_LOCAL;
    const uint2 block = gaze_split(get_group_id(0) + first, (O + BLOCK_N - 1) / BLOCK_N);
    const int column = block.y * BLOCK_N, row = block.x * BLOCK_M;
    const int from = get_group_id(1) * part, to = min(from + part, kh * kw * C);
    const gaze_windows seen =
        gaze_windows_of(x, H, W, C, gaze_axis_forward(P, kh, sy, ey, top), gaze_axis_forward(Q, kw, sx, ex, left));
    float c[TILE_M * TILE_N];
    GAZE_TILE_ZERO(c)
    GAZE_TILE_SUM(c, from, to, A, B);
    y += get_group_id(1) * (size_t)pixels * O;
    const float low = activation == GAZE_RELU ? 0.0f : -INFINITY;
#pragma unroll
    for (int j = 0; j < TILE_N; j++) {
        const int o = column + GAZE_TILE_COLUMN(j);
        const float start = bias && o < O ? bias[o] : 0.0f;
#pragma unroll
        for (int i = 0; i < TILE_M; i++) {
            const int pixel = row + GAZE_TILE_ROW(i);
            const float sum = c[i * TILE_N + j] + start;
            if (pixel < pixels && o < O) y[(size_t)pixel * O + o] = select(sum, low, sum < low);
        }
    }
    if (activation <= GAZE_RELU) return;
    /* The rarer ones from memory, so that their code is there once and not for each sum. */
#pragma nounroll
    for (int i = 0; i < TILE_M * TILE_N; i++) {
        const int pixel = row + GAZE_TILE_ROW(i / TILE_N), o = column + GAZE_TILE_COLUMN(i % TILE_N);
        __global float *at = y + (size_t)pixel * O + o;
        if (pixel < pixels && o < O) *at = gaze_epilogue1(activation, *at);
    }
}
#undef A
#undef B
