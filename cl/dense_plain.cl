/* The products and sums of dense for any device: one work-item an element, scalar. */
#include "common.h"
#include "epilogue.h"

/* out[m][n] = activation(sum over l of a(m,l) b(l,n) + bias[n]); one work-item an element, the steps say how
 * a and b lie. */
__kernel void dense_plain(const __global float *restrict a, const __global float *restrict b,
                          const __global float *restrict bias, __global float *restrict out, int M, int N,
                          int L, int a_m, int a_l, int b_l, int b_n, int activation)
{
    const size_t i = get_global_id(0), m = i / N, n = i % N;
    if (m >= (size_t)M) return;
    const __global float *p = a + m * a_m, *q = b + n * b_n;
    float sum = 0.0f;
    for (int l = 0; l < L; l++) sum = fma(p[(size_t)l * a_l], q[(size_t)l * b_l], sum);
    out[i] = gaze_epilogue1(activation, bias ? sum + bias[n] : sum);
}

/* db[u] = sum of dy[r][u] over all rows; one work-item a unit. */
__kernel void bias_gradient_plain(const __global float *restrict dy, __global float *restrict db, int R,
                                  int U)
{
    const int u = get_global_id(0);
    if (u >= U) return;
    float sum = 0.0f;
    for (int r = 0; r < R; r++) sum += dy[(size_t)r * U + u];
    db[u] = sum;
}
