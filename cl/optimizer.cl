/* Keras 3's updates, element by element over a slab. hyper: [0] the learning rate, [1] with Adam's bias
   correction. Zeros (the padding between tensors) stay zeros: every update of p = 0, g = 0 with zero moments
   is 0. */
#include "common.h"

/* m = momentum m - lr g; p += m, or with Nesterov p += momentum m - lr g. Without momentum p -= lr g. */
#define DEFINE_SGD(S, FLOAT)                                                                              \
    static inline FLOAT gaze_sgd##S(FLOAT p, FLOAT g, FLOAT *m, float rate, float momentum, int nesterov) \
    {                                                                                                     \
        const FLOAT step = g * rate;                                                                      \
        *m = *m * momentum - step;                                                                        \
        return p + (nesterov ? *m * momentum - step : *m);                                                \
    }
DEFINE_SGD(1, float)
DEFINE_SGD(v, floatv)

/* p -= p decay lr; m += (g - m)(1 - beta_1); v += (g^2 - v)(1 - beta_2); p -= m lr' / (sqrt(v) + epsilon) */
#define DEFINE_ADAM(S, FLOAT)                                                                            \
    static inline FLOAT gaze_adam##S(FLOAT p, FLOAT g, FLOAT *m, FLOAT *v, float decay, float corrected, \
                                     float rest_1, float rest_2, float epsilon)                          \
    {                                                                                                    \
        p -= p * decay;                                                                                  \
        *m += (g - *m) * rest_1;                                                                         \
        *v += (g * g - *v) * rest_2;                                                                     \
        return p - *m * corrected / (sqrt(*v) + epsilon);                                                \
    }
DEFINE_ADAM(1, float)
DEFINE_ADAM(v, floatv)

/* v = rho v + (1 - rho) g^2; a = rho a + (1 - rho) g; step = lr g / sqrt(v - a^2 + epsilon) (a only where
   centered); m = momentum m + step; p -= m */
#define DEFINE_RMSPROP(S, FLOAT)                                                                    \
    static inline FLOAT gaze_rmsprop##S(FLOAT p, FLOAT g, FLOAT *v, FLOAT *m, FLOAT *a, float rate, \
                                        float rho, float rest, float average_rest, float momentum,  \
                                        float epsilon)                                              \
    {                                                                                               \
        *v = rho * *v + rest * g * g;                                                               \
        *a = rho * *a + average_rest * g;                                                           \
        *m = momentum * *m + rate * g / sqrt(*v - *a * *a + epsilon);                               \
        return p - *m;                                                                              \
    }
DEFINE_RMSPROP(1, float)
DEFINE_RMSPROP(v, floatv)

/* A work-item owns `chunk` elements: whole vectors, then what is left. */
#define FOR_ALL                                  \
    size_t i = (size_t)get_global_id(0) * chunk; \
    const size_t end = min(i + chunk, (size_t)n)

/* m null: no momentum (0). */
__kernel void sgd(__global float *restrict p, const __global float *restrict g,
                  const __global float *restrict hyper, __global float *restrict m, int n, int chunk,
                  float momentum, int nesterov)
{
    FOR_ALL;
    for (; i + GAZE_WIDTH <= end; i += GAZE_WIDTH) {
        floatv mean = m ? vloadv(0, m + i) : (floatv)(0.0f);
        vstorev(gaze_sgdv(vloadv(0, p + i), vloadv(0, g + i), &mean, hyper[0], momentum, nesterov), 0, p + i);
        if (m) vstorev(mean, 0, m + i);
    }
    for (; i < end; i++) {
        float mean = m ? m[i] : 0.0f;
        p[i] = gaze_sgd1(p[i], g[i], &mean, hyper[0], momentum, nesterov);
        if (m) m[i] = mean;
    }
}

__kernel void adam(__global float *restrict p, const __global float *restrict g,
                   const __global float *restrict hyper, __global float *restrict m,
                   __global float *restrict v, int n, int chunk, float weight_decay, float rest_1,
                   float rest_2, float epsilon)
{
    FOR_ALL;
    const float decay = weight_decay * hyper[0];
    for (; i + GAZE_WIDTH <= end; i += GAZE_WIDTH) {
        floatv mean = vloadv(0, m + i), square = vloadv(0, v + i);
        vstorev(gaze_adamv(vloadv(0, p + i), vloadv(0, g + i), &mean, &square, decay, hyper[1], rest_1,
                           rest_2, epsilon),
                0, p + i);
        vstorev(mean, 0, m + i);
        vstorev(square, 0, v + i);
    }
    for (; i < end; i++) {
        float mean = m[i], square = v[i];
        p[i] = gaze_adam1(p[i], g[i], &mean, &square, decay, hyper[1], rest_1, rest_2, epsilon);
        m[i] = mean;
        v[i] = square;
    }
}

/* m null: no momentum (0). a null: not centered (average_rest 0). */
__kernel void rmsprop(__global float *restrict p, const __global float *restrict g,
                      const __global float *restrict hyper, __global float *restrict v,
                      __global float *restrict m, __global float *restrict a, int n, int chunk, float rho,
                      float rest, float average_rest, float momentum, float epsilon)
{
    FOR_ALL;
    for (; i + GAZE_WIDTH <= end; i += GAZE_WIDTH) {
        floatv square = vloadv(0, v + i), mean = m ? vloadv(0, m + i) : (floatv)(0.0f),
               average = a ? vloadv(0, a + i) : (floatv)(0.0f);
        vstorev(gaze_rmspropv(vloadv(0, p + i), vloadv(0, g + i), &square, &mean, &average, hyper[0], rho,
                              rest, average_rest, momentum, epsilon),
                0, p + i);
        vstorev(square, 0, v + i);
        if (m) vstorev(mean, 0, m + i);
        if (a) vstorev(average, 0, a + i);
    }
    for (; i < end; i++) {
        float square = v[i], mean = m ? m[i] : 0.0f, average = a ? a[i] : 0.0f;
        p[i] = gaze_rmsprop1(p[i], g[i], &square, &mean, &average, hyper[0], rho, rest, average_rest,
                             momentum, epsilon);
        v[i] = square;
        if (m) m[i] = mean;
        if (a) a[i] = average;
    }
}
