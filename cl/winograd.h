/* Winograd's (Toom and Cook's) convolution in one dimension with the points 0, 1, -1, 2, -2, infinity (Lavin and Gray, "Fast Algorithms
   for Convolutional Neural Networks", 2016): of n taps, 7 - n outputs of 6 inputs by 6 products. B depends on the points alone; G and A
   hold their powers. In two dimensions (F(4x4,3x3), F(2x2,5x5), ..) the same on columns, then on rows. Elements of d are `step` apart;
   o may be d. */
#ifndef GAZE_WINOGRAD_H
#define GAZE_WINOGRAD_H

#ifndef FILTER_TAPS
#define FILTER_TAPS 3 // of the kernel, along each axis that it has: 2 to 5
#endif
#define EDGE   6                        // of an input tile
#define SIDE   (EDGE + 1 - FILTER_TAPS) // of an output tile
#define PLANES (EDGE * EDGE)

/* o [6] = B^T d [6] */
static inline void gaze_winograd_input(const floatv *d, floatv *o, int step)
{
    const floatv d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step];
    const floatv a = fma((floatv)-4.0f, d2, d4), b = fma((floatv)-4.0f, d1, d3);
    const floatv e = d4 - d2, f = 2.0f * (d3 - d1);
    o[0] = fma((floatv)4.0f, d[0], fma((floatv)-5.0f, d2, d4));
    o[5 * step] = fma((floatv)4.0f, d1, fma((floatv)-5.0f, d3, d[5 * step]));
    o[step] = a + b;
    o[2 * step] = a - b;
    o[3 * step] = e + f;
    o[4 * step] = e - f;
}

/* The values of the polynomial with the coefficients d [n], `step` apart, at 1, -1, 2, -2. n is a constant. */
GAZE_IN_REGISTERS void gaze_winograd_evaluate(const floatv *d, int step, int n, floatv *at)
{
    floatv even1 = d[0], odd1 = d[step], even2 = d[0], odd2 = 2.0f * d[step];
#pragma unroll
    for (int i = 2; i < n; i++)
        if (i % 2) {
            odd1 += d[i * step];
            odd2 = fma((floatv)(1 << i), d[i * step], odd2);
        } else {
            even1 += d[i * step];
            even2 = fma((floatv)(1 << i), d[i * step], even2);
        }
    at[0] = even1 + odd1;
    at[1] = even1 - odd1;
    at[2] = even2 + odd2;
    at[3] = even2 - odd2;
}

/* Turned: o [n] of what stands at 1 and -1 (sum s1, difference m1) and at 2 and -2. */
GAZE_IN_REGISTERS void gaze_winograd_interpolate(floatv s1, floatv m1, floatv s2, floatv m2, floatv *o, int step, int n)
{
    o[0] = s1 + s2;
#pragma unroll
    for (int i = 1; i < n; i++) o[i * step] = fma((floatv)(1 << i), i % 2 ? m2 : s2, i % 2 ? m1 : s1);
}

/* o [n] = A^T d [6]; n is SIDE */
GAZE_IN_REGISTERS void gaze_winograd_output(const floatv *d, floatv *o, int n)
{
    gaze_winograd_interpolate(d[1] + d[2], d[1] - d[2], d[3] + d[4], d[3] - d[4], o, 1, n);
    o[0] += d[0];
    o[n - 1] += d[5];
}

/* o [6] = A d [n] */
GAZE_IN_REGISTERS void gaze_winograd_spread(const floatv *d, int d_step, int n, floatv *o, int o_step)
{
    floatv at[4];
    gaze_winograd_evaluate(d, d_step, n, at);
    o[0] = d[0];
#pragma unroll
    for (int i = 0; i < 4; i++) o[(i + 1) * o_step] = at[i];
    o[5 * o_step] = d[(n - 1) * d_step];
}

/* o [6] = G g [n]; n is FILTER_TAPS */
GAZE_IN_REGISTERS void gaze_winograd_filter(const floatv *g, int g_step, int n, floatv *o, int o_step)
{
    floatv at[4];
    gaze_winograd_evaluate(g, g_step, n, at);
    o[0] = 0.25f * g[0];
#pragma unroll
    for (int i = 0; i < 4; i++) o[(i + 1) * o_step] = at[i] * (i < 2 ? -1.0f / 6.0f : 1.0f / 24.0f);
    o[5 * o_step] = g[(n - 1) * g_step];
}

/* o [n] = G^T d [6] */
GAZE_IN_REGISTERS void gaze_winograd_gather(const floatv *d, int d_step, floatv *o, int o_step, int n)
{
    const floatv a = d[d_step] * (-1.0f / 6.0f), b = d[2 * d_step] * (-1.0f / 6.0f);
    const floatv e = d[3 * d_step] * (1.0f / 24.0f), f = d[4 * d_step] * (1.0f / 24.0f);
    gaze_winograd_interpolate(a + b, a - b, e + f, e - f, o, o_step, n);
    o[0] = fma((floatv)0.25f, d[0], o[0]);
    o[(n - 1) * o_step] += d[5 * d_step];
}

/* o [3] = elements 0, 2, 4 of B d, d [6]; elements 1, 3, 5. */
static inline void gaze_winograd_even(const floatv *d, int d_step, floatv *o, int o_step)
{
    const floatv d0 = d[0], s1 = d[d_step] + d[2 * d_step], s2 = d[3 * d_step] + d[4 * d_step];
    o[0] = 4.0f * d0;
    o[o_step] = fma((floatv)-5.0f, d0, fma((floatv)-4.0f, s1, -s2));
    o[2 * o_step] = d0 + s1 + s2;
}

static inline void gaze_winograd_odd(const floatv *d, int d_step, floatv *o, int o_step)
{
    const floatv m1 = d[d_step] - d[2 * d_step], m2 = d[3 * d_step] - d[4 * d_step], d5 = d[5 * d_step];
    o[0] = fma((floatv)4.0f, d5, fma((floatv)-4.0f, m1, -2.0f * m2));
    o[o_step] = fma((floatv)-5.0f, d5, fma((floatv)2.0f, m2, m1));
    o[2 * o_step] = d5;
}

#endif
