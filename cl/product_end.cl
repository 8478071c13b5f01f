/* The end of products whose sums were made in parts. */
#include "common.h"
#include "epilogue.h"

/* y = activation(sum of the parts, in their order, + bias [N]). */
__kernel void product_end(const __global float *restrict parts, const __global float *restrict bias,
                          __global float *restrict y, int n_parts, int count, int N, int activation)
{
    const size_t i = get_global_id(0);
    if (i >= (size_t)count) return;
    float sum = 0.0f;
    for (int p = 0; p < n_parts; p++) sum += parts[(size_t)p * count + i];
    if (bias) sum += bias[i % N];
    y[i] = gaze_epilogue1(activation, sum);
}
