/* Products of matrices on a GPU by tiles: for dense, its gradients and matmul. TILE_A_BY_K: a_k is 1, else a_m is; TILE_B_BY_K: b_k
   is 1, else b_n is. */
#include "common.h"
#include "epilogue.h"
#include "product.h"
#include "tile_gpu.h"

#define A_M (TILE_A_BY_K ? (size_t)a_m : 1)
#define A_K (TILE_A_BY_K ? 1 : (size_t)a_k)
#define B_N (TILE_B_BY_K ? (size_t)b_n : 1)
#define B_K (TILE_B_BY_K ? 1 : (size_t)b_k)


#define A(m, k) a[min((m), rows - 1) * A_M + (k) * A_K]
#define B(n, k) b[min((n), columns - 1) * B_N + (k) * B_K]
GAZE_TILE_KERNEL product_gpu(PRODUCT)
{
    GAZE_TILE_LOCAL;
    const int across = (N + BLOCK_N - 1) / BLOCK_N, down = (M + BLOCK_M - 1) / BLOCK_M;
    const size_t group = get_group_id(0) + first, line = group / across, g = line / down;
    const int n = (int)(group - line * across) * BLOCK_N, m = (int)(line - g * down) * BLOCK_M;
    const int rows = M - m, columns = N - n, from = get_group_id(1) * part, to = min(from + part, K);
    PRODUCT_PAIR(g);
    a += m * A_M;
    b += n * B_N;
    y += (size_t)m * y_m + n;
    float c[TILE_M * TILE_N];
    GAZE_TILE_ZERO(c)
    GAZE_TILE_SUM(c, from, to, A, B);
    const float low = activation == GAZE_RELU ? 0.0f : -INFINITY;
#pragma unroll
    for (int j = 0; j < TILE_N; j++) {
        const int column = GAZE_TILE_COLUMN(j);
        const float start = bias && column < columns ? bias[n + column] : 0.0f;
#pragma unroll
        for (int i = 0; i < TILE_M; i++) {
            const float sum = fma(factor, c[i * TILE_N + j], start);
            if (GAZE_TILE_ROW(i) < rows && column < columns)
                y[(size_t)GAZE_TILE_ROW(i) * y_m + column] = select(sum, low, sum < low);
        }
    }
    if (activation <= GAZE_RELU) return;
    /* The rarer ones from memory, so that their code is there once and not for each sum. */
#pragma nounroll
    for (int i = 0; i < TILE_M * TILE_N; i++) {
        const int row = GAZE_TILE_ROW(i / TILE_N), column = GAZE_TILE_COLUMN(i % TILE_N);
        __global float *at = y + (size_t)row * y_m + column;
        if (row < rows && column < columns) *at = gaze_epilogue1(activation, *at);
    }
}
#undef A
#undef B
