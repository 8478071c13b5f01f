/* Cross entropies, their gradients, and the running figures of an epoch. x or p [R,K]; a label is sparse (int
   [R]) or dense (float [R,K]): the other pointer is null. A work-item owns `rows` rows, or is alone where
   rows are summed: all right at any group size, so one variant serves every device. */
#include "common.h"
#include "partial.h"

#define LEAST 1e-7f
#define MOST  (1.0f - 1e-7f)

/* The label's vector at k. */
static inline floatv gaze_label(const __global int *sparse, const __global float *dense, size_t r, int K,
                                int k)
{
    if (dense) return gaze_load_part(dense + r * K + k, K - k, 0.0f);
    GAZE_ALIGNED float part[GAZE_WIDTH];
    for (int i = 0; i < GAZE_WIDTH; i++) part[i] = sparse[r] == k + i ? 1.0f : 0.0f;
    return vloadv(0, part);
}

/* Makes p = softmax(x) and returns the row's loss: sum label (log(sum exp(x - top)) - (x - top)). */
static inline float gaze_softmax_loss(const __global float *restrict x, const __global int *sparse,
                                      const __global float *dense, __global float *restrict p, size_t r,
                                      int K)
{
    floatv most = -INFINITY, sum = 0.0f, loss = 0.0f;
    for (int k = 0; k < K; k += GAZE_WIDTH) most = fmax(most, gaze_load_part(x + k, K - k, -INFINITY));
    const float top = gaze_maxv(most);
    for (int k = 0; k < K; k += GAZE_WIDTH) {
        const floatv e = gaze_exp_lowv(gaze_load_part(x + k, K - k, -INFINITY) - top);
        sum += e;
        gaze_store_part(e, p + k, K - k);
    }
    const float total = gaze_sumv(sum), factor = 1.0f / total, logarithm = log(total);
    for (int k = 0; k < K; k += GAZE_WIDTH) {
        gaze_store_part(gaze_load_part(p + k, K - k, 0.0f) * factor, p + k, K - k);
        if (dense)
            loss = fma(gaze_label(sparse, dense, r, K, k),
                       logarithm - (gaze_load_part(x + k, K - k, top) - top), loss);
    }
    return dense ? gaze_sumv(loss) : logarithm - (x[sparse[r]] - top);
}

__kernel void softmax_cross_entropy(const __global float *restrict x, const __global int *restrict sparse,
                                    const __global float *restrict dense, __global float *restrict row_loss,
                                    __global float *restrict p, int R, int K, int rows)
{
    const int first = get_global_id(0) * rows;
    for (int r = first; r < min(first + rows, R); r++)
        row_loss[r] = gaze_softmax_loss(x + (size_t)r * K, sparse, dense, p + (size_t)r * K, r, K);
}

__kernel void cross_entropy(const __global float *restrict p, const __global int *restrict sparse,
                            const __global float *restrict dense, __global float *restrict row_loss, int R,
                            int K, int rows)
{
    const int first = get_global_id(0) * rows;
    for (int r = first; r < min(first + rows, R); r++) {
        const __global float *row = p + (size_t)r * K;
        floatv loss = 0.0f;
        for (int k = 0; dense && k < K; k += GAZE_WIDTH)
            loss = fma(gaze_label(sparse, dense, r, K, k),
                       -log(clamp(gaze_load_part(row + k, K - k, 1.0f), LEAST, MOST)), loss);
        row_loss[r] = dense ? gaze_sumv(loss) : -log(clamp(row[sparse[r]], LEAST, MOST));
    }
}

/* The sum of n values, compensated (Kahan), in order. */
static inline float gaze_sum_in_order(const __global float *from, int n)
{
    float sum = 0.0f, lost = 0.0f;
    for (int i = 0; i < n; i++) {
        const float part = from[i] - lost, next = sum + part;
        lost = (next - sum) - part;
        sum = next;
    }
    return sum;
}

__kernel void loss_mean(const __global float *restrict row_loss, __global float *restrict loss, int R)
{
    if (get_global_id(0) == 0) loss[0] = gaze_sum_in_order(row_loss, R) / R;
}

/* d loss / d row_loss[r]; either pointer may be null. */
static inline float gaze_row_weight(const __global float *dloss, const __global float *drow, int r, int R)
{
    return (dloss ? dloss[0] / R : 0.0f) + (drow ? drow[r] : 0.0f);
}

/* dx = (p sum(label) - label) * weight */
__kernel void softmax_cross_entropy_gradient(const __global float *restrict p,
                                             const __global int *restrict sparse,
                                             const __global float *restrict dense,
                                             const __global float *restrict dloss,
                                             const __global float *restrict drow, __global float *restrict dx,
                                             int R, int K, int rows)
{
    const int first = get_global_id(0) * rows;
    for (int r = first; r < min(first + rows, R); r++) {
        const float weight = gaze_row_weight(dloss, drow, r, R);
        const size_t row = (size_t)r * K;
        floatv sum = 0.0f;
        for (int k = 0; dense && k < K; k += GAZE_WIDTH) sum += gaze_label(sparse, dense, r, K, k);
        const float total = dense ? gaze_sumv(sum) : 1.0f;
        for (int k = 0; k < K; k += GAZE_WIDTH) {
            const floatv value =
                gaze_load_part(p + row + k, K - k, 0.0f) * total - gaze_label(sparse, dense, r, K, k);
            gaze_store_part(value * weight, dx + row + k, K - k);
        }
    }
}

/* dp = -label / p * weight where p isn't clipped, else 0 */
__kernel void cross_entropy_gradient(const __global float *restrict p, const __global int *restrict sparse,
                                     const __global float *restrict dense,
                                     const __global float *restrict dloss,
                                     const __global float *restrict drow, __global float *restrict dp, int R,
                                     int K, int rows)
{
    const int first = get_global_id(0) * rows;
    for (int r = first; r < min(first + rows, R); r++) {
        const float weight = gaze_row_weight(dloss, drow, r, R);
        const size_t row = (size_t)r * K;
        for (int k = 0; k < K; k += GAZE_WIDTH) {
            const floatv value = gaze_load_part(p + row + k, K - k, 1.0f);
            const floatv slope = -gaze_label(sparse, dense, r, K, k) / value * weight;
            gaze_store_part(select(slope, (floatv)(0.0f), value < LEAST || value > MOST), dp + row + k,
                            K - k);
        }
    }
}

/* The first of the largest values. */
static inline int gaze_arg_max(const __global float *row, int K)
{
    int best = 0;
    for (int k = 1; k < K; k++)
        if (row[k] > row[best]) best = k;
    return best;
}

/* correct[r] = 1 where the arg max of p is the label's. */
__kernel void metrics_rows(const __global float *restrict p, const __global int *restrict sparse,
                           const __global float *restrict dense, __global float *restrict correct, int R,
                           int K, int rows)
{
    const int first = get_global_id(0) * rows;
    for (int r = first; r < min(first + rows, R); r++) {
        const int label = dense ? gaze_arg_max(dense + (size_t)r * K, K) : sparse[r];
        correct[r] = gaze_arg_max(p + (size_t)r * K, K) == label ? 1.0f : 0.0f;
    }
}

/* sums += [loss, correct, rows, 0] */
__kernel void metrics_sum(const __global float *restrict row_loss, const __global float *restrict correct,
                          __global float *restrict sums, int R)
{
    if (get_global_id(0) != 0) return;
    sums[0] += gaze_sum_in_order(row_loss, R);
    sums[1] += gaze_sum_in_order(correct, R);
    sums[2] += R;
}
