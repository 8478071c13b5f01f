/* The gradient of a convolution's kernel on a GPU: dw [kh kw C, O] = windows of x, turned [kh kw C, pixels], times dy [pixels, O].
   The sum over pixels is made in parts of `part` (groups along y), dw [parts] then. Groups along x are numbered from `first` on,
   filters first, then rows of dw. */
#include "common.h"
#include "tile_gpu.h"
#include "windows_gpu.h"

#define A(m, k) gaze_seen(&seen, k, min(row + (m), terms - 1))
#define B(n, k) dy[(size_t)(k)*O + min(column + (n), O - 1)]
GAZE_TILE_KERNEL conv2d_kernel_gradient_gpu(source x, source dy, __global float *restrict dw, IMAGES, WINDOW, int pixels, int part,
                                            int first)
{
    GAZE_TILE_LOCAL;
    const uint2 block = gaze_split(get_group_id(0) + first, (O + BLOCK_N - 1) / BLOCK_N);
    const int terms = kh * kw * C;
    const int column = block.y * BLOCK_N, row = block.x * BLOCK_M;
    const int from = get_group_id(1) * part, to = min(from + part, pixels);
    const gaze_windows seen =
        gaze_windows_of(x, H, W, C, gaze_axis_forward(P, kh, sy, ey, top), gaze_axis_forward(Q, kw, sx, ex, left));
    float c[TILE_M * TILE_N];
    GAZE_TILE_ZERO(c)
    GAZE_TILE_SUM(c, from, to, A, B);
    dw += get_group_id(1) * (size_t)terms * O;
#pragma unroll
    for (int i = 0; i < TILE_M; i++)
#pragma unroll
        for (int j = 0; j < TILE_N; j++) {
            const int term = row + GAZE_TILE_ROW(i), o = column + GAZE_TILE_COLUMN(j);
            if (term < terms && o < O) dw[(size_t)term * O + o] = c[i * TILE_N + j];
        }
}
#undef A
#undef B
