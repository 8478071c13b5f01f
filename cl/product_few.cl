/* Products of matrices on a GPU with few rows: FEW_LANES items share the sums of a column and of its FEW_ROWS rows, and add theirs in
   a fixed order. b is read once, by consecutive items along the axis that is in order: k where FEW_BY_K is 1. */
#include "common.h"
#include "epilogue.h"
#include "product.h"

#ifndef FEW_BY_K
#define FEW_BY_K 0
#endif
#ifndef FEW_ROWS
#define FEW_ROWS    4  // rows of y
#define FEW_COLUMNS 32 // columns of a group
#define FEW_LANES   8  // parts of a sum in a group, a power of two
#endif
#define FEW_ITEMS (FEW_COLUMNS * FEW_LANES)

__kernel __attribute__((reqd_work_group_size(FEW_ITEMS, 1, 1))) void product_few(PRODUCT)
{
    __local float sums[FEW_ROWS * FEW_ITEMS];
    const uint item = get_local_id(0);
    const int lane = FEW_BY_K ? item % FEW_LANES : item / FEW_COLUMNS,
              column = FEW_BY_K ? item / FEW_LANES : item % FEW_COLUMNS;
    const int across = (N + FEW_COLUMNS - 1) / FEW_COLUMNS;
    const size_t group = get_group_id(0) + first, g = group / across;
    const int n = (int)(group - g * across) * FEW_COLUMNS + column, from = get_group_id(1) * part,
              to = min(from + part, K);
    PRODUCT_PAIR(g);
    b += (size_t)min(n, N - 1) * b_n;
    float c[FEW_ROWS];
#pragma unroll
    for (int i = 0; i < FEW_ROWS; i++) c[i] = 0.0f;
    for (int k = from + lane; k < to; k += FEW_LANES) {
        const float t = b[(size_t)k * b_k];
#pragma unroll
        for (int i = 0; i < FEW_ROWS; i++)
            c[i] = fma(a[(size_t)min(i, M - 1) * a_m + (size_t)k * a_k], t, c[i]);
    }
#pragma unroll
    for (int i = 0; i < FEW_ROWS; i++) sums[(i * FEW_LANES + lane) * FEW_COLUMNS + column] = c[i];
    for (int reach = FEW_LANES / 2; reach > 0; reach /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (lane < reach)
#pragma unroll
            for (int i = 0; i < FEW_ROWS; i++)
                sums[(i * FEW_LANES + lane) * FEW_COLUMNS + column] +=
                    sums[(i * FEW_LANES + lane + reach) * FEW_COLUMNS + column];
    }
    if (lane > 0 || n >= N) return;
    for (int i = 0; i < min(FEW_ROWS, M); i++) {
        const float start = bias ? bias[i * bias_m + n * bias_n] : 0.0f;
        const float sum = fma(factor, sums[i * FEW_LANES * FEW_COLUMNS + column], start);
        y[(size_t)i * y_m + (size_t)n * y_n] = gaze_epilogue1(activation, sum);
    }
}
