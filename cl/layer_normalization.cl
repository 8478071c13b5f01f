/* y = gamma (x - mean) / sqrt(variance + epsilon) + beta, row by row, and its gradients. The mean is kept in
   two parts (center + rest): one float32 is too coarse where it is far larger than the deviation. */
#include "common.h"
#include "total.h"

typedef struct gaze_statistics {
    float center, rest, scale;
} gaze_statistics;

static inline float gaze_center_of(__global const float *x, int C)
{
    floatv a = 0.0f, b = 0.0f;
    float end = 0.0f;
    int c = 0;
    for (; c + 2 * GAZE_WIDTH <= C; c += 2 * GAZE_WIDTH) {
        a += vloadv(0, x + c);
        b += vloadv(1, x + c);
    }
    for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH) a += vloadv(0, x + c);
    for (; c < C; c++) end += x[c];
    return (gaze_sumv(a + b) + end) / C;
}

/* What remains of the mean beside the center, and 1 / sqrt(variance + epsilon). */
static inline void gaze_deviation_of(__global const float *x, int C, float epsilon, gaze_statistics *row)
{
    floatv a = 0.0f, b = 0.0f, aa = 0.0f, bb = 0.0f;
    float end = 0.0f, ends = 0.0f;
    const float center = row->center;
    int c = 0;
    for (; c + 2 * GAZE_WIDTH <= C; c += 2 * GAZE_WIDTH) {
        const floatv d = vloadv(0, x + c) - center, e = vloadv(1, x + c) - center;
        a += d;
        b += e;
        aa = fma(d, d, aa);
        bb = fma(e, e, bb);
    }
    for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH) {
        const floatv d = vloadv(0, x + c) - center;
        a += d;
        aa = fma(d, d, aa);
    }
    for (; c < C; c++) {
        const float d = x[c] - center;
        end += d;
        ends = fma(d, d, ends);
    }
    row->rest = (gaze_sumv(a + b) + end) / C;
    const float variance = (gaze_sumv(aa + bb) + ends) / C - row->rest * row->rest;
    row->scale = 1.0f / sqrt(fmax(variance, 0.0f) + epsilon);
}

/* Of `count` rows: what one waits for the others needn't. */
#define ROWS_AT_ONCE 4
static inline void gaze_statistics_of(__global const float *x, int count, int C, float epsilon, gaze_statistics *rows)
{
    for (int i = 0; i < count; i++) rows[i].center = gaze_center_of(x + i * C, C);
    for (int i = 0; i < count; i++) gaze_deviation_of(x + i * C, C, epsilon, rows + i);
}

#define NORMAL(x)  (((x)-row.center - row.rest) * row.scale)
#define GAMMA_V(c) (gamma ? vloadv(0, gamma + (c)) : (floatv)(1.0f))
#define BETA_V(c)  (beta ? vloadv(0, beta + (c)) : (floatv)(0.0f))
#define GAMMA_1(c) (gamma ? gamma[c] : 1.0f)
#define BETA_1(c)  (beta ? beta[c] : 0.0f)
#define ROWS_OF_GROUP \
    const size_t first = GAZE_AT(0) * (size_t)slab, last = min(first + slab, (size_t)R);

GAZE_ONE layer_normalization_slabs(GAZE_HERE __global const float *x, __global const float *gamma,
                                   __global const float *beta, __global float *y, float epsilon, int C, int R,
                                   int slab)
{
    ROWS_OF_GROUP
    for (size_t r = first; r < last; r += ROWS_AT_ONCE) {
        const int count = min((size_t)ROWS_AT_ONCE, last - r);
        gaze_statistics rows[ROWS_AT_ONCE];
        gaze_statistics_of(x + r * C, count, C, epsilon, rows);
        for (int i = 0; i < count; i++) {
            __global const float *from = x + (r + i) * C;
            __global float *to = y + (r + i) * C;
            const gaze_statistics row = rows[i];
            int c = 0;
            for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH)
                vstorev(fma(NORMAL(vloadv(0, from + c)), GAMMA_V(c), BETA_V(c)), 0, to + c);
            for (; c < C; c++) to[c] = fma(NORMAL(from[c]), GAMMA_1(c), BETA_1(c));
        }
    }
}

/* dx = scale (h - mean(h) - n mean(h n)), h = gamma dy, n = (x - mean) scale; parts [groups][2][C]: sums of
   dy n and of dy over the group's rows. */
GAZE_ONE layer_normalization_gradient_slabs(GAZE_HERE __global const float *restrict x,
                                            __global const float *restrict gamma,
                                            __global const float *restrict dy, __global float *restrict dx,
                                            __global float *restrict parts, float epsilon, int C, int R,
                                            int slab)
{
    ROWS_OF_GROUP
    __global float *dgamma = parts + GAZE_AT(0) * 2 * (size_t)C, *dbeta = dgamma + C;
    for (int c = 0; c < 2 * C; c++) dgamma[c] = 0.0f;
    for (size_t r = first; r < last; r += ROWS_AT_ONCE) {
        const int count = min((size_t)ROWS_AT_ONCE, last - r);
        gaze_statistics rows[ROWS_AT_ONCE];
        float means[ROWS_AT_ONCE], slopes[ROWS_AT_ONCE];
        gaze_statistics_of(x + r * C, count, C, epsilon, rows);
        for (int i = 0; i < count; i++) {
            __global const float *from = x + (r + i) * C, *down = dy + (r + i) * C;
            const gaze_statistics row = rows[i];
            floatv sum = 0.0f, product = 0.0f;
            float end = 0.0f, products = 0.0f;
            int c = 0;
            for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH) {
                const floatv d = vloadv(0, down + c), h = d * GAMMA_V(c), n = NORMAL(vloadv(0, from + c));
                sum += h;
                product = fma(h, n, product);
                vstorev(fma(d, n, vloadv(0, dgamma + c)), 0, dgamma + c);
                vstorev(vloadv(0, dbeta + c) + d, 0, dbeta + c);
            }
            for (; c < C; c++) {
                const float d = down[c], h = d * GAMMA_1(c), n = NORMAL(from[c]);
                end += h;
                products = fma(h, n, products);
                dgamma[c] = fma(d, n, dgamma[c]);
                dbeta[c] += d;
            }
            means[i] = (gaze_sumv(sum) + end) / C;
            slopes[i] = (gaze_sumv(product) + products) / C;
        }
        for (int i = 0; i < count; i++) {
            __global const float *from = x + (r + i) * C, *down = dy + (r + i) * C;
            __global float *to = dx + (r + i) * C;
            const gaze_statistics row = rows[i];
            const float mean = means[i], slope = slopes[i];
            int c = 0;
            for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH) {
                const floatv h = vloadv(0, down + c) * GAMMA_V(c) - mean;
                vstorev(fma(NORMAL(vloadv(0, from + c)), (floatv)(-slope), h) * row.scale, 0, to + c);
            }
            for (; c < C; c++) to[c] = fma(NORMAL(from[c]), -slope, down[c] * GAMMA_1(c) - mean) * row.scale;
        }
    }
}

/* parts [count][2][C] -> dgamma [C], dbeta [C]; a group folds `columns` of the 2 C sums. */
GAZE_ONE fold_parts_slabs(GAZE_HERE __global const float *restrict parts, __global float *restrict dgamma,
                          __global float *restrict dbeta, int count, int C, int columns)
{
    const int begin = GAZE_AT(0) * columns, end = min(begin + columns, C);
    for (int second = 0; second < 2; second++) {
        __global float *to = second ? dbeta : dgamma;
        __global const float *from = parts + second * C;
        int c = begin;
        for (; c + GAZE_WIDTH <= end; c += GAZE_WIDTH) {
            floatv sum = 0.0f;
            for (int i = 0; i < count; i++) sum += vloadv(0, from + (size_t)i * 2 * C + c);
            vstorev(sum, 0, to + c);
        }
        for (; c < end; c++) {
            float sum = 0.0f;
            for (int i = 0; i < count; i++) sum += from[(size_t)i * 2 * C + c];
            to[c] = sum;
        }
    }
}

/* Plain: statistics [R][3] are the center, rest and scale of each row. Sums are compensated (Kahan). */
static inline gaze_statistics gaze_plain_statistics(__global const float *x, int C, float epsilon)
{
    gaze_total sum = {0.0f, 0.0f}, rest = sum, squares = sum;
    gaze_statistics row;
    for (int c = 0; c < C; c++) sum = gaze_plus(sum, x[c]);
    row.center = sum.sum / C;
    for (int c = 0; c < C; c++) {
        const float d = x[c] - row.center;
        rest = gaze_plus(rest, d);
        squares = gaze_plus(squares, d * d);
    }
    row.rest = rest.sum / C;
    row.scale = 1.0f / sqrt(fmax(squares.sum / C - row.rest * row.rest, 0.0f) + epsilon);
    return row;
}

__kernel void layer_normalization_items(__global const float *x, __global const float *gamma,
                                        __global const float *beta, __global float *y, float epsilon, int C,
                                        int R)
{
    const size_t r = get_global_id(0);
    if (r >= (size_t)R) return;
    const gaze_statistics row = gaze_plain_statistics(x + r * C, C, epsilon);
    for (int c = 0; c < C; c++) y[r * C + c] = fma(NORMAL(x[r * C + c]), GAMMA_1(c), BETA_1(c));
}

__kernel void
layer_normalization_gradient_items(__global const float *restrict x, __global const float *restrict gamma,
                                   __global const float *restrict dy, __global float *restrict dx,
                                   __global float *restrict statistics, float epsilon, int C, int R)
{
    const size_t r = get_global_id(0);
    if (r >= (size_t)R) return;
    const gaze_statistics row = gaze_plain_statistics(x + r * C, C, epsilon);
    float mean = 0.0f, slope = 0.0f;
    for (int c = 0; c < C; c++) {
        const float h = dy[r * C + c] * GAMMA_1(c);
        mean += h;
        slope = fma(h, NORMAL(x[r * C + c]), slope);
    }
    mean /= C;
    slope /= C;
    for (int c = 0; c < C; c++)
        dx[r * C + c] = fma(NORMAL(x[r * C + c]), -slope, dy[r * C + c] * GAMMA_1(c) - mean) * row.scale;
    statistics[3 * r] = row.center;
    statistics[3 * r + 1] = row.rest;
    statistics[3 * r + 2] = row.scale;
}

/* parts [slabs][2][C] */
__kernel void layer_normalization_parts_items(__global const float *restrict x,
                                              __global const float *restrict dy,
                                              __global const float *restrict statistics,
                                              __global float *restrict parts, int C, int R, int slab,
                                              int slabs)
{
    const size_t at = get_global_id(0), part = at / C, c = at % C;
    if (part >= (size_t)slabs) return;
    const size_t last = min((part + 1) * slab, (size_t)R);
    float dgamma = 0.0f, dbeta = 0.0f;
    for (size_t r = part * slab; r < last; r++) {
        const gaze_statistics row = {statistics[3 * r], statistics[3 * r + 1], statistics[3 * r + 2]};
        dgamma = fma(dy[r * C + c], NORMAL(x[r * C + c]), dgamma);
        dbeta += dy[r * C + c];
    }
    parts[part * 2 * C + c] = dgamma;
    parts[part * 2 * C + C + c] = dbeta;
}

__kernel void fold_parts_items(__global const float *restrict parts, __global float *restrict dgamma,
                               __global float *restrict dbeta, int count, int C)
{
    const size_t c = get_global_id(0);
    if (c >= (size_t)C) return;
    float first = 0.0f, second = 0.0f;
    for (int i = 0; i < count; i++) {
        first += parts[(size_t)i * 2 * C + c];
        second += parts[(size_t)i * 2 * C + C + c];
    }
    dgamma[c] = first;
    dbeta[c] = second;
}
