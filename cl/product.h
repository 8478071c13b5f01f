/* The arguments of the products on a GPU (product_gpu.cl, product_few.cl): y = activation(factor a b + bias) for many pairs of
   matrices, or, with several parts of K, y [parts] of sums that product_end adds. Element (m, k) of pair g = sample * H + head is
   at sample * a_batch + head * a_head + m * a_m + k * a_k of a, likewise in b and y. bias [N] where bias_n is 1, [M] where bias_m is;
   or null. Groups are numbered from `first` (long products are several launches): columns first, then rows, then pairs. */
#ifndef GAZE_PRODUCT_H
#define GAZE_PRODUCT_H

#define PRODUCT                                                                                                       \
    const __global float *restrict a, const __global float *restrict b, const __global float *restrict bias,          \
        __global float *restrict y, int M, int N, int K, int part, int H, int first, int activation, float factor,    \
        int a_batch, int a_head, int a_m, int a_k, int b_batch, int b_head, int b_k, int b_n, int y_batch,            \
        int y_head, int y_m, int y_n, ulong y_part, int bias_m, int bias_n
/* The pair's matrices, and the part's sums. */
#define PRODUCT_PAIR(g)                                                                                               \
    const size_t sample = (g) / H, head = (g) - sample * H;                                                           \
    a += sample * a_batch + head * a_head;                                                                            \
    b += sample * b_batch + head * b_head;                                                                            \
    y += sample * y_batch + head * y_head + get_group_id(1) * y_part

#endif
