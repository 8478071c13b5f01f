/* Batch normalization: mean and variance of each channel over all rows [R,C] that count, y = gamma (x - mean)
   / sqrt(variance + epsilon) + beta, and the gradients. Sums go slab by slab of rows (parts), then over the
   slabs. Means are kept in two parts (center + rest): one float32 is too coarse where it is far larger than
   the deviation. */
#include "common.h"

#define CHAIN \
    64 // rows summed before they are added to the rest: rounding errors grow with the number of terms

#define ROWS_OF_GROUP \
    const size_t first = get_group_id(0) * (size_t)slab, last = min(first + slab, (size_t)R);
#define COUNTS(r) (!mask || mask[r])

static inline float gaze_rows_that_count(__global const int *mask, size_t first, size_t last)
{
    int n = 0;
    for (size_t r = first; r < last; r++) n += COUNTS(r) != 0;
    return n;
}

/* V: float or floatv, N of them side by side; LOAD and STORE are theirs. */
#define LOAD_V(k, p)     vloadv(k, p)
#define STORE_V(v, k, p) vstorev(v, k, p)
#define LOAD_1(k, p)     ((p)[k])
#define STORE_1(v, k, p) ((p)[k] = (v))

/* Center, rest and sum of squares of a slab: planes 0 to 2 of parts. */
#define MOMENTS(N, V, LOAD, STORE)                                                 \
    {                                                                              \
        V s[N], q[N], m[N];                                                        \
        UNROLL for (int k = 0; k < N; k++) s[k] = q[k] = 0.0f;                     \
        for (size_t r = first; r < last; r++)                                      \
            if (COUNTS(r))                                                         \
                UNROLL for (int k = 0; k < N; k++) s[k] += LOAD(k, x + r * C + c); \
        UNROLL for (int k = 0; k < N; k++) m[k] = s[k] / least_one, s[k] = 0.0f;   \
        for (size_t chain = first; chain < last; chain += CHAIN) {                 \
            V t[N], u[N];                                                          \
            UNROLL for (int k = 0; k < N; k++) t[k] = u[k] = 0.0f;                 \
            for (size_t r = chain; r < min(chain + CHAIN, last); r++)              \
                if (COUNTS(r))                                                     \
                    UNROLL for (int k = 0; k < N; k++) {                           \
                        const V d = LOAD(k, x + r * C + c) - m[k];                 \
                        t[k] += d;                                                 \
                        u[k] = fma(d, d, u[k]);                                    \
                    }                                                              \
            UNROLL for (int k = 0; k < N; k++) s[k] += t[k], q[k] += u[k];         \
        }                                                                          \
        UNROLL for (int k = 0; k < N; k++) {                                       \
            const V rest = s[k] / least_one;                                       \
            STORE(m[k], k, parts + c);                                             \
            STORE(rest, k, parts + C + c);                                         \
            STORE(q[k] - s[k] * rest, k, parts + 2 * (size_t)C + c);               \
        }                                                                          \
    }

#define COLUMNS(BODY)                                                                     \
    for (; c + 4 * GAZE_WIDTH <= C; c += 4 * GAZE_WIDTH) BODY(4, floatv, LOAD_V, STORE_V) \
    for (; c + GAZE_WIDTH <= C; c += GAZE_WIDTH) BODY(1, floatv, LOAD_V, STORE_V)         \
    for (; c < C; c++) BODY(1, float, LOAD_1, STORE_1)

/* parts [slabs][4][C]; plane 3 is the number of rows that count. */
GAZE_ONE batch_moments_slabs(GAZE_HERE __global const float *restrict x, __global const int *restrict mask,
                             __global float *restrict parts, int C, int R, int slab)
{
    ROWS_OF_GROUP
    const float n = gaze_rows_that_count(mask, first, last), least_one = fmax(n, 1.0f);
    parts += GAZE_AT(0) * 4 * (size_t)C;
    int c = 0;
    COLUMNS(MOMENTS)
    for (c = 0; c < C; c++) parts[3 * (size_t)C + c] = n;
}

__kernel void batch_moments_items(__global const float *restrict x, __global const int *restrict mask,
                                  __global float *restrict parts, int C, int R, int slab, int slabs)
{
    const size_t at = get_global_id(0), part = at / C, first = part * slab,
                 last = min(first + slab, (size_t)R);
    const int c = at % C;
    if (part >= (size_t)slabs) return;
    const float n = gaze_rows_that_count(mask, first, last), least_one = fmax(n, 1.0f);
    parts += part * 4 * C;
    MOMENTS(1, float, LOAD_1, STORE_1)
    parts[3 * (size_t)C + c] = n;
}

/* All slabs' moments together (Chan, Golub and LeVeque 1979, eq. 2.1), about the center of the first that has
 * rows. */
__kernel void batch_moments_end(__global const float *restrict parts, __global float *restrict mean,
                                __global float *restrict rest, __global float *restrict variance, int C,
                                int slabs)
{
    const size_t c = get_global_id(0), plane = C;
    if (c >= (size_t)C) return;
    float center = 0.0f, n = 0.0f, offset = 0.0f, squares = 0.0f;
    for (int s = slabs; s-- > 0;)
        if (parts[(4 * s + 3) * plane + c] > 0.0f) center = parts[4 * s * plane + c];
    for (int s = 0; s < slabs; s++) {
        __global const float *part = parts + 4 * s * plane + c;
        n += part[3 * plane];
        offset = fma(part[3 * plane], part[0] - center + part[plane], offset);
    }
    const float least_one = fmax(n, 1.0f);
    offset /= least_one;
    for (int s = 0; s < slabs; s++) {
        __global const float *part = parts + 4 * s * plane + c;
        const float d = part[0] - center + part[plane] - offset;
        squares += fma(part[3 * plane] * d, d, part[2 * plane]);
    }
    mean[c] = center + offset;
    rest[c] = offset - (mean[c] - center);
    variance[c] = fmax(squares / least_one, 0.0f);
}

/* y may be x: no restrict. mean may be null. */
#define APPLY(N, V, LOAD, STORE)                                                                \
    {                                                                                           \
        V m[N], e[N], a[N], b[N];                                                               \
        UNROLL for (int k = 0; k < N; k++) {                                                    \
            m[k] = mean ? LOAD(k, mean + c) : (V)(0.0f);                                        \
            e[k] = rest ? LOAD(k, rest + c) : (V)(0.0f);                                        \
            a[k] = (V)(1.0f) / sqrt(LOAD(k, variance + c) + epsilon);                           \
            if (gamma) a[k] *= LOAD(k, gamma + c);                                              \
            b[k] = beta ? LOAD(k, beta + c) : (V)(0.0f);                                        \
        }                                                                                       \
        for (size_t r = first; r < last; r++)                                                   \
            UNROLL for (int k = 0; k < N; k++)                                                  \
                STORE(fma(LOAD(k, x + r * C + c) - m[k] - e[k], a[k], b[k]), k, y + r * C + c); \
    }

GAZE_ONE batch_apply_slabs(GAZE_HERE __global const float *x, __global const float *mean, __global const float *rest,
                           __global const float *variance, __global const float *gamma,
                           __global const float *beta, __global float *y, float epsilon, int C, int R,
                           int slab)
{
    ROWS_OF_GROUP
    int c = 0;
    COLUMNS(APPLY)
}

__kernel void batch_apply_items(__global const float *x, __global const float *mean,
                                __global const float *rest, __global const float *variance,
                                __global const float *gamma, __global const float *beta, __global float *y,
                                float epsilon, int C, int R)
{
    const size_t at = get_global_id(0), c = at % C;
    if (at >= (size_t)R * C) return;
    const float a = (gamma ? gamma[c] : 1.0f) / sqrt(variance[c] + epsilon);
    y[at] = fma(x[at] - (mean ? mean[c] : 0.0f) - (rest ? rest[c] : 0.0f), a, beta ? beta[c] : 0.0f);
}

/* Over a slab: sums of dy, of dy (x - mean), and of x - mean where a row counts. */
#define GRADIENT_SUMS(N, V, LOAD, STORE)                                                        \
    {                                                                                           \
        V m[N], s[N], p[N], e[N];                                                               \
        UNROLL for (int k = 0; k < N; k++) m[k] = LOAD(k, mean + c), s[k] = p[k] = e[k] = 0.0f; \
        for (size_t chain = first; chain < last; chain += CHAIN) {                              \
            V t[N], u[N], v[N];                                                                 \
            UNROLL for (int k = 0; k < N; k++) t[k] = u[k] = v[k] = 0.0f;                       \
            for (size_t r = chain; r < min(chain + CHAIN, last); r++)                           \
                UNROLL for (int k = 0; k < N; k++) {                                            \
                    const V d = LOAD(k, x + r * C + c) - m[k], g = LOAD(k, dy + r * C + c);     \
                    t[k] += g;                                                                  \
                    u[k] = fma(g, d, u[k]);                                                     \
                    if (COUNTS(r)) v[k] += d;                                                   \
                }                                                                               \
            UNROLL for (int k = 0; k < N; k++) s[k] += t[k], p[k] += u[k], e[k] += v[k];        \
        }                                                                                       \
        UNROLL for (int k = 0; k < N; k++) {                                                    \
            STORE(s[k], k, parts + c);                                                          \
            STORE(p[k], k, parts + C + c);                                                      \
            STORE(e[k], k, parts + 2 * (size_t)C + c);                                          \
        }                                                                                       \
    }

GAZE_ONE batch_gradient_sums_slabs(GAZE_HERE __global const float *restrict x, __global const float *restrict dy,
                                   __global const float *restrict mean, __global const int *restrict mask,
                                   __global float *restrict parts, int C, int R, int slab)
{
    ROWS_OF_GROUP
    const float n = gaze_rows_that_count(mask, first, last);
    parts += GAZE_AT(0) * 4 * (size_t)C;
    int c = 0;
    COLUMNS(GRADIENT_SUMS)
    for (c = 0; c < C; c++) parts[3 * (size_t)C + c] = n;
}

__kernel void batch_gradient_sums_items(__global const float *restrict x, __global const float *restrict dy,
                                        __global const float *restrict mean,
                                        __global const int *restrict mask, __global float *restrict parts,
                                        int C, int R, int slab, int slabs)
{
    const size_t at = get_global_id(0), part = at / C, first = part * slab,
                 last = min(first + slab, (size_t)R);
    const int c = at % C;
    if (part >= (size_t)slabs) return;
    parts += part * 4 * C;
    GRADIENT_SUMS(1, float, LOAD_1, STORE_1)
    parts[3 * (size_t)C + c] = gaze_rows_that_count(mask, first, last);
}

/* With n the rows that count, e = mean(x - mean) the error of the mean given, s = 1 / sqrt(variance +
   epsilon): dbeta = sum dy, dgamma = s sum dy (x - mean - e), dx = a dy - (b + c (x - mean - e)) where the
   row counts, a = gamma s, b = a dbeta / n, c = a s dgamma / n. terms [4][C]: e, a, b, c. */
__kernel void batch_gradient_end(__global const float *restrict parts,
                                 __global const float *restrict variance,
                                 __global const float *restrict gamma, __global float *restrict dgamma,
                                 __global float *restrict dbeta, __global float *restrict terms,
                                 float epsilon, int C, int slabs)
{
    const size_t c = get_global_id(0), plane = C;
    if (c >= (size_t)C) return;
    float sum = 0.0f, product = 0.0f, error = 0.0f, n = 0.0f;
    for (int s = 0; s < slabs; s++) {
        __global const float *part = parts + 4 * s * plane + c;
        sum += part[0];
        product += part[plane];
        error += part[2 * plane];
        n += part[3 * plane];
    }
    const float least_one = fmax(n, 1.0f), scale = 1.0f / sqrt(variance[c] + epsilon);
    error /= least_one;
    const float slope = scale * (product - error * sum), a = gamma ? gamma[c] * scale : scale;
    dgamma[c] = slope;
    dbeta[c] = sum;
    terms[c] = error;
    terms[plane + c] = a;
    terms[2 * plane + c] = a * sum / least_one;
    terms[3 * plane + c] = a * scale * slope / least_one;
}

#define GRADIENT_APPLY(N, V, LOAD, STORE)                                                             \
    {                                                                                                 \
        V m[N], e[N], a[N], b[N], s[N];                                                               \
        UNROLL for (int k = 0; k < N; k++) {                                                          \
            m[k] = LOAD(k, mean + c);                                                                 \
            e[k] = LOAD(k, terms + c);                                                                \
            a[k] = LOAD(k, terms + C + c);                                                            \
            b[k] = LOAD(k, terms + 2 * (size_t)C + c);                                                \
            s[k] = LOAD(k, terms + 3 * (size_t)C + c);                                                \
        }                                                                                             \
        for (size_t r = first; r < last; r++)                                                         \
            UNROLL for (int k = 0; k < N; k++) {                                                      \
                const V d = LOAD(k, x + r * C + c) - m[k] - e[k], g = a[k] * LOAD(k, dy + r * C + c); \
                STORE(COUNTS(r) ? g - fma(s[k], d, b[k]) : g, k, dx + r * C + c);                     \
            }                                                                                         \
    }

GAZE_ONE batch_gradient_apply_slabs(GAZE_HERE __global const float *restrict x, __global const float *restrict dy,
                                    __global const float *restrict mean, __global const int *restrict mask,
                                    __global const float *restrict terms, __global float *restrict dx, int C,
                                    int R, int slab)
{
    ROWS_OF_GROUP
    int c = 0;
    COLUMNS(GRADIENT_APPLY)
}

__kernel void batch_gradient_apply_items(__global const float *restrict x, __global const float *restrict dy,
                                         __global const float *restrict mean,
                                         __global const int *restrict mask,
                                         __global const float *restrict terms, __global float *restrict dx,
                                         int C, int R)
{
    const size_t at = get_global_id(0), first = at / C, last = first + 1;
    const int c = at % C;
    if (first >= (size_t)R) return;
    GRADIENT_APPLY(1, float, LOAD_1, STORE_1)
}

/* state = momentum state + (1 - momentum) value */
__kernel void moving_average(__global float *restrict state, __global const float *restrict value,
                             float momentum, float other, int count)
{
    const size_t at = get_global_id(0);
    if (at < (size_t)count) state[at] = fma(momentum, state[at], other * value[at]);
}
