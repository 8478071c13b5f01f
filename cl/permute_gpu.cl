/* The axes of each sample in another order where x's last axis, a, isn't y's, b: a tile of both goes through
   local memory, so that reads and writes are side by side. */
#include "common.h"

/* Three other axes have sizes s0 to s2, strides x0 to x2 in x and y0 to y2 in y. A group has a tile of `tile` by
   `tile` values, its rows one float further apart: columns of them lie in different banks. */
__kernel void permute_tiles(__global const float *restrict x, __global float *restrict y, int A, int B,
                            int x_of_b, int y_of_a, int s0, int s1, int s2, int x0, int x1, int x2, int y0,
                            int y1, int y2, int tile, __local float *shared)
{
    const int items = get_local_size(0), row = tile + 1;
    const size_t blocks_a = (A + tile - 1) / tile, blocks_b = (B + tile - 1) / tile;
    size_t at = get_group_id(0);
    const int b = at % blocks_b * tile, a = at / blocks_b % blocks_a * tile;
    at /= blocks_b * blocks_a;
    const size_t i2 = at % s2, i1 = at / s2 % s1, i0 = at / s2 / s1 % s0, sample = at / s2 / s1 / s0;
    const size_t first = sample * A * B * s0 * s1 * s2;
    x += first + i0 * x0 + i1 * x1 + i2 * x2 + a + (size_t)b * x_of_b;
    y += first + i0 * y0 + i1 * y1 + i2 * y2 + b + (size_t)a * y_of_a;
    for (int i = get_local_id(0); i < tile * tile; i += items) {
        const int along_a = i % tile, along_b = i / tile;
        if (a + along_a < A && b + along_b < B)
            shared[along_b * row + along_a] = x[along_a + (size_t)along_b * x_of_b];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = get_local_id(0); i < tile * tile; i += items) {
        const int along_b = i % tile, along_a = i / tile;
        if (a + along_a < A && b + along_b < B)
            y[along_b + (size_t)along_a * y_of_a] = shared[along_b * row + along_a];
    }
}
