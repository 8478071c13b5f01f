/* Sums that keep what their rounding lost. */
#ifndef GAZE_TOTAL_H
#define GAZE_TOTAL_H

/* A sum with what its rounding lost so far (Kahan 1965). */
typedef struct gaze_total {
    float sum, lost;
} gaze_total;

static inline gaze_total gaze_plus(gaze_total total, float value)
{
    const float part = value - total.lost, next = total.sum + part;
    return (gaze_total){next, (next - total.sum) - part};
}

/* total + a b, with one rounding less */
static inline gaze_total gaze_plus_product(gaze_total total, float a, float b)
{
    const float part = fma(a, b, -total.lost), next = total.sum + part;
    return (gaze_total){next, (next - total.sum) - part};
}

#endif
