/* Quotient and rest together, of numbers below 2^32: by a product, which has no branch, so that it can leave a loop. */
#ifndef GAZE_DIVIDE_H
#define GAZE_DIVIDE_H

typedef struct gaze_divisor {
    uint by, factor;
} gaze_divisor;

static inline gaze_divisor gaze_divisor_of(int by)
{
    gaze_divisor d = {max(by, 1), 0xFFFFFFFFu / (uint)max(by, 1)};
    return d;
}

/* (2^32 - 1) / by, rounded down, makes the quotient one too small at most. */
static inline uint2 gaze_divide(uint n, gaze_divisor d)
{
    const uint quotient = mul_hi(n, d.factor), rest = n - quotient * d.by, more = rest >= d.by;
    return (uint2)(quotient + more, rest - more * d.by);
}

static inline uint2 gaze_split(uint n, int by) { return gaze_divide(n, gaze_divisor_of(by)); }

#endif
