/* The sums of batch normalization and its gradient over the rows [R,C] that count, for GPUs: a group has some
   columns of a slab of rows, and a second launch joins the slabs. As cl/batch_normalization.cl, means kept in
   two parts (center + rest). */
#include "common.h"
#include "group_gpu.h"

#define COUNTS(r) (!mask || mask[r])

/* parts [slabs][4][C]: center, rest, sum of squares, rows that count */
__kernel void batch_moments_group(__global const float *restrict x, __global const int *restrict mask,
                                  __global float *restrict parts, int R, int C, int slab, int slabs, int lanes,
                                  __local float *shared)
{
    GAZE_PLACE_OF_COLUMNS
    GAZE_EACH_COLUMN
    {
        gaze_total sum = {0.0f, 0.0f}, off = sum, squares = sum;
        float n = 0.0f;
        GAZE_EACH_ROW_OF_COLUMN(r) if (COUNTS(r))
        {
            sum = gaze_plus(sum, x[r * C + c]);
            n += 1.0f;
        }
        n = GAZE_FOLD_COLUMN(gaze_fold_sum, n);
        const float least_one = fmax(n, 1.0f), center = GAZE_FOLD_COLUMN(gaze_fold_sum, sum.sum) / least_one;
        GAZE_EACH_ROW_OF_COLUMN(r) if (COUNTS(r))
        {
            const float d = x[r * C + c] - center;
            off = gaze_plus(off, d);
            squares = gaze_plus_product(squares, d, d);
        }
        const float total = GAZE_FOLD_COLUMN(gaze_fold_sum, off.sum), rest = total / least_one;
        const float square = GAZE_FOLD_COLUMN(gaze_fold_sum, squares.sum) - total * rest;
        if (GAZE_HAS_COLUMN && depth == 0) {
            __global float *part = parts + slab_at * 4 * C + c;
            part[0] = center;
            part[C] = rest;
            part[2 * (size_t)C] = square;
            part[3 * (size_t)C] = n;
        }
    }
}

#define PLANE(s, k) parts[((s)*4 + (k)) * (size_t)C + c]

/* All slabs' moments together (Chan, Golub and LeVeque 1979, eq. 2.1), about the center of the first that has
   rows: R slabs, in one. */
__kernel void batch_moments_end_group(__global const float *restrict parts, __global float *restrict mean,
                                      __global float *restrict rest, __global float *restrict variance, int R,
                                      int C, int slab, int slabs, int lanes, __local float *shared)
{
    GAZE_PLACE_OF_COLUMNS
    GAZE_EACH_COLUMN
    {
        gaze_total offsets = {0.0f, 0.0f}, squares = offsets;
        float left = 0.0f, n = 0.0f;
        GAZE_EACH_ROW_OF_COLUMN(s)
        if (left == 0.0f && PLANE(s, 3) > 0.0f) left = R - s;
        left = GAZE_FOLD_COLUMN(gaze_fold_max, left);
        const float center = GAZE_HAS_COLUMN && left > 0.0f ? PLANE(R - (int)left, 0) : 0.0f;
        GAZE_EACH_ROW_OF_COLUMN(s)
        {
            n += PLANE(s, 3);
            offsets = gaze_plus_product(offsets, PLANE(s, 3), PLANE(s, 0) - center + PLANE(s, 1));
        }
        n = fmax(GAZE_FOLD_COLUMN(gaze_fold_sum, n), 1.0f);
        const float offset = GAZE_FOLD_COLUMN(gaze_fold_sum, offsets.sum) / n;
        GAZE_EACH_ROW_OF_COLUMN(s)
        {
            const float d = PLANE(s, 0) - center + PLANE(s, 1) - offset;
            squares = gaze_plus(squares, fma(PLANE(s, 3) * d, d, PLANE(s, 2)));
        }
        const float square = GAZE_FOLD_COLUMN(gaze_fold_sum, squares.sum);
        if (GAZE_HAS_COLUMN && depth == 0) {
            mean[c] = center + offset;
            rest[c] = offset - (mean[c] - center);
            variance[c] = fmax(square / n, 0.0f);
        }
    }
}

/* parts [slabs][4][C]: sums of dy, of dy (x - mean), of x - mean where a row counts, rows that count */
__kernel void batch_gradient_sums_group(__global const float *restrict x, __global const float *restrict dy,
                                        __global const float *restrict mean, __global const int *restrict mask,
                                        __global float *restrict parts, int R, int C, int slab, int slabs,
                                        int lanes, __local float *shared)
{
    GAZE_PLACE_OF_COLUMNS
    GAZE_EACH_COLUMN
    {
        gaze_total sum = {0.0f, 0.0f}, product = sum, error = sum;
        const float m = GAZE_HAS_COLUMN ? mean[c] : 0.0f;
        float n = 0.0f;
        GAZE_EACH_ROW_OF_COLUMN(r)
        {
            const float d = x[r * C + c] - m, g = dy[r * C + c];
            sum = gaze_plus(sum, g);
            product = gaze_plus_product(product, g, d);
            error = gaze_plus(error, COUNTS(r) ? d : 0.0f);
            n += COUNTS(r) ? 1.0f : 0.0f;
        }
        const float s = GAZE_FOLD_COLUMN(gaze_fold_sum, sum.sum), p = GAZE_FOLD_COLUMN(gaze_fold_sum, product.sum),
                    e = GAZE_FOLD_COLUMN(gaze_fold_sum, error.sum);
        n = GAZE_FOLD_COLUMN(gaze_fold_sum, n);
        if (GAZE_HAS_COLUMN && depth == 0) {
            __global float *part = parts + slab_at * 4 * C + c;
            part[0] = s;
            part[C] = p;
            part[2 * (size_t)C] = e;
            part[3 * (size_t)C] = n;
        }
    }
}

/* As batch_gradient_end, of R slabs in one. terms [4][C]: e, a, b, c of dx = a dy - (b + c (x - mean - e)). */
__kernel void batch_gradient_end_group(__global const float *restrict parts,
                                       __global const float *restrict variance,
                                       __global const float *restrict gamma, __global float *restrict dgamma,
                                       __global float *restrict dbeta, __global float *restrict terms,
                                       float epsilon, int R, int C, int slab, int slabs, int lanes,
                                       __local float *shared)
{
    GAZE_PLACE_OF_COLUMNS
    GAZE_EACH_COLUMN
    {
        gaze_total sums = {0.0f, 0.0f}, products = sums, errors = sums;
        float n = 0.0f;
        GAZE_EACH_ROW_OF_COLUMN(s)
        {
            sums = gaze_plus(sums, PLANE(s, 0));
            products = gaze_plus(products, PLANE(s, 1));
            errors = gaze_plus(errors, PLANE(s, 2));
            n += PLANE(s, 3);
        }
        const float sum = GAZE_FOLD_COLUMN(gaze_fold_sum, sums.sum),
                    product = GAZE_FOLD_COLUMN(gaze_fold_sum, products.sum),
                    error = GAZE_FOLD_COLUMN(gaze_fold_sum, errors.sum);
        n = fmax(GAZE_FOLD_COLUMN(gaze_fold_sum, n), 1.0f);
        if (GAZE_HAS_COLUMN && depth == 0) {
            const float scale = 1.0f / sqrt(variance[c] + epsilon), a = gamma ? gamma[c] * scale : scale;
            const float slope = scale * (product - error / n * sum);
            dgamma[c] = slope;
            dbeta[c] = sum;
            terms[c] = error / n;
            terms[(size_t)C + c] = a;
            terms[2 * (size_t)C + c] = a * sum / n;
            terms[3 * (size_t)C + c] = a * scale * slope / n;
        }
    }
}
