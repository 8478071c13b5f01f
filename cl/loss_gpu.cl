/* Cross entropies, their gradients, and the running figures of an epoch, for GPUs: a group has one long row or
   several short ones; one group adds what the rows gave. As cl/loss.cl: x or p [R,K], a label sparse (int [R])
   or dense (float [R,K]), the other pointer null. */
#include "common.h"
#include "group_gpu.h"

#define LEAST 1e-7f
#define MOST  (1.0f - 1e-7f)

/* p = softmax(x), row_loss = sum label (log(sum exp(x - top)) - (x - top)) */
__kernel void softmax_cross_entropy_group(const __global float *restrict x, const __global int *restrict sparse,
                                          const __global float *restrict dense,
                                          __global float *restrict row_loss, __global float *restrict p, int R,
                                          int K, int lanes, __local float *shared)
{
    GAZE_EACH_ROW(R)
    {
        const size_t row = r * K;
        float top = -INFINITY, loss = 0.0f;
        gaze_total sum = {0.0f, 0.0f};
        GAZE_EACH_OF_ROW(k, K) top = fmax(top, x[row + k]);
        top = gaze_fold_max(top, shared, width, 1);
        GAZE_EACH_OF_ROW(k, K) sum = gaze_plus(sum, gaze_exp1(x[row + k] - top));
        const float total = gaze_fold_sum(sum.sum, shared, width, 1), logarithm = log(total);
        GAZE_EACH_OF_ROW(k, K)
        {
            const float away = x[row + k] - top;
            p[row + k] = gaze_exp1(away) / total;
            loss = fma(dense ? dense[row + k] : sparse[r] == k ? 1.0f : 0.0f, logarithm - away, loss);
        }
        loss = gaze_fold_sum(loss, shared, width, 1);
        if (r < (size_t)R && lane == 0) row_loss[r] = loss;
    }
}

static inline float gaze_clipped_log(float p) { return log(clamp(p, LEAST, MOST)); }

/* Of a dense label. */
__kernel void cross_entropy_group(const __global float *restrict p, const __global float *restrict dense,
                                  __global float *restrict row_loss, int R, int K, int lanes,
                                  __local float *shared)
{
    GAZE_EACH_ROW(R)
    {
        float loss = 0.0f;
        GAZE_EACH_OF_ROW(k, K) loss = fma(dense[r * K + k], -gaze_clipped_log(p[r * K + k]), loss);
        loss = gaze_fold_sum(loss, shared, width, 1);
        if (r < (size_t)R && lane == 0) row_loss[r] = loss;
    }
}

/* A sparse label looks at one value of a row: a work-item a row. */
__kernel void cross_entropy_sparse(const __global float *restrict p, const __global int *restrict sparse,
                                   __global float *restrict row_loss, int R, int K)
{
    const size_t r = get_global_id(0);
    if (r < (size_t)R) row_loss[r] = -gaze_clipped_log(p[r * K + sparse[r]]);
}

/* The sum of all values, each item's share of them compensated; for a launch of one group. */
static inline float gaze_sum_of_all(const __global float *from, int n, __local float *shared)
{
    const int items = get_local_size(0);
    gaze_total sum = {0.0f, 0.0f};
    for (int i = get_local_id(0); i < n; i += items) sum = gaze_plus(sum, from[i]);
    return gaze_fold_sum(sum.sum, shared, items, 1);
}

__kernel void loss_mean_group(const __global float *restrict row_loss, __global float *restrict loss, int R,
                              int lanes, __local float *shared)
{
    const float sum = gaze_sum_of_all(row_loss, R, shared);
    if (get_global_id(0) == 0) loss[0] = sum / R;
}

/* d loss / d row_loss[r]; either pointer may be null. */
static inline float gaze_row_weight(const __global float *dloss, const __global float *drow, size_t r, int R)
{
    return (dloss ? dloss[0] / R : 0.0f) + (drow ? drow[r] : 0.0f);
}

/* dx = (p sum(label) - label) * weight */
__kernel void softmax_cross_entropy_gradient_group(
    const __global float *restrict p, const __global int *restrict sparse, const __global float *restrict dense,
    const __global float *restrict dloss, const __global float *restrict drow, __global float *restrict dx, int R,
    int K, int lanes, __local float *shared)
{
    GAZE_EACH_ROW(R)
    {
        const size_t row = r * K;
        float total = dense || lane ? 0.0f : 1.0f;
        if (dense)
            GAZE_EACH_OF_ROW(k, K) total += dense[row + k];
        total = gaze_fold_sum(total, shared, width, 1);
        GAZE_EACH_OF_ROW(k, K)
        {
            const float label = dense ? dense[row + k] : sparse[r] == k ? 1.0f : 0.0f;
            dx[row + k] = (p[row + k] * total - label) * gaze_row_weight(dloss, drow, r, R);
        }
    }
}

/* dp = -label / p * weight where p isn't clipped, else 0; a work-item an element. */
__kernel void cross_entropy_gradient_elements(const __global float *restrict p,
                                              const __global int *restrict sparse,
                                              const __global float *restrict dense,
                                              const __global float *restrict dloss,
                                              const __global float *restrict drow, __global float *restrict dp,
                                              int R, int K)
{
    const size_t at = get_global_id(0), r = at / K;
    if (r >= (size_t)R) return;
    const float label = dense ? dense[at] : sparse[r] == (int)(at % K) ? 1.0f : 0.0f, value = p[at];
    dp[at] = value < LEAST || value > MOST ? 0.0f : -label / value * gaze_row_weight(dloss, drow, r, R);
}

/* The place of the first of the largest values of row r; the first where none is larger than it. */
#define GAZE_ARG_MAX(place, x)                                                       \
    float place##_top = -INFINITY;                                                   \
    int place = 0x7FFFFF;                                                            \
    GAZE_EACH_OF_ROW(k, K) if ((x)[r * K + k] > place##_top)                         \
    {                                                                                \
        place##_top = (x)[r * K + k];                                                \
        place = k;                                                                   \
    }                                                                                \
    place = gaze_fold_first_max(place##_top, place, shared, width);                  \
    if (r < (size_t)R && (place == 0x7FFFFF || isnan((x)[r * K]))) place = 0;

/* correct[r] = 1 where the arg max of p is the label's. */
__kernel void metrics_rows_group(const __global float *restrict p, const __global int *restrict sparse,
                                 const __global float *restrict dense, __global float *restrict correct, int R,
                                 int K, int lanes, __local float *shared)
{
    GAZE_EACH_ROW(R)
    {
        const __global float *labels = dense ? dense : p;
        GAZE_ARG_MAX(best, p)
        GAZE_ARG_MAX(label, labels)
        if (r < (size_t)R && lane == 0) correct[r] = best == (dense ? label : sparse[r]) ? 1.0f : 0.0f;
    }
}

/* sums += [loss, correct, rows, 0] */
__kernel void metrics_sum_group(const __global float *restrict row_loss, const __global float *restrict correct,
                                __global float *restrict sums, int R, int lanes, __local float *shared)
{
    const float loss = gaze_sum_of_all(row_loss, R, shared), hits = gaze_sum_of_all(correct, R, shared);
    if (get_global_id(0) != 0) return;
    sums[0] += loss;
    sums[1] += hits;
    sums[2] += R;
}

/* As cl/draw.cl: base = the mean of earlier losses, or of this batch in the first step; the average moves on. */
__kernel void reinforce_base_group(__global const float *restrict loss, __global float *restrict average,
                                   __global float *restrict base, int R, float keep, int lanes,
                                   __local float *shared)
{
    const float mean = gaze_sum_of_all(loss, R, shared) / R;
    if (get_global_id(0) != 0) return;
    base[0] = average[1] > 0.0f ? average[0] / average[1] : mean;
    average[0] = fma(keep, average[0], (1.0f - keep) * mean);
    average[1] = fma(keep, average[1], 1.0f - keep);
}
