/* The softmax of a row. Its sum is compensated (Kahan), so that long rows sum to 1 as well as short ones. */
#ifndef GAZE_SOFTMAX_H
#define GAZE_SOFTMAX_H

/* x, and -infinity where there is no key */
static inline floatv gaze_load_keys(const __global float *x, const __global int *mask, int count)
{
    if (!mask) return gaze_load_part(x, count, -INFINITY);
    if (count >= GAZE_WIDTH)
        return select((floatv)(-INFINITY), vloadv(0, x), GAZE_JOIN(vload, GAZE_WIDTH)(0, mask) != 0);
    GAZE_ALIGNED float part[GAZE_WIDTH];
    for (int i = 0; i < GAZE_WIDTH; i++) part[i] = i < count && mask[i] ? x[i] : -INFINITY;
    return vloadv(0, part);
}

/* y [N] = softmax of x [N] over the keys that the mask leaves; mask may be null, y may be x. */
GAZE_APART void gaze_softmax_row(const __global float *x, const __global int *mask, __global float *y, int N)
{
    floatv most = -INFINITY, sum = 0.0f, lost = 0.0f;
    for (int n = 0; n < N; n += GAZE_WIDTH)
        most = fmax(most, gaze_load_keys(x + n, mask ? mask + n : mask, N - n));
    const float top = gaze_maxv(most);
    int keys = !mask;
    for (int n = 0; mask && n < N; n++) keys |= mask[n];
    for (int n = 0; n < N; n += GAZE_WIDTH) {
        floatv e = gaze_exp_lowv(gaze_load_keys(x + n, mask ? mask + n : mask, N - n) - top);
        if (!keys) e = 0.0f;
        const floatv part = e - lost, next = sum + part;
        lost = (next - sum) - part;
        sum = next;
        gaze_store_part(e, y + n, N - n);
    }
    const float factor = keys ? 1.0f / gaze_sumv(sum) : 0.0f;
    for (int n = 0; n < N; n += GAZE_WIDTH)
        gaze_store_part(gaze_load_part(y + n, N - n, 0.0f) * factor, y + n, N - n);
}

#endif
