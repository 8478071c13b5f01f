/* Vectors of which only the first elements exist in memory: the ends of rows. */
#ifndef GAZE_PARTIAL_H
#define GAZE_PARTIAL_H

GAZE_APART floatv gaze_load_tail(const __global float *from, int count, float other)
{
    GAZE_ALIGNED float part[GAZE_WIDTH];
    for (int i = 0; i < GAZE_WIDTH; i++) part[i] = i < count ? from[i] : other;
    return vloadv(0, part);
}

GAZE_APART void gaze_store_tail(floatv value, __global float *to, int count)
{
    GAZE_ALIGNED float part[GAZE_WIDTH];
    vstorev(value, 0, part);
    for (int i = 0; i < count; i++) to[i] = part[i];
}

/* `count` elements (or all, if there are more); `other` in place of the missing ones. */
static inline floatv gaze_load_part(const __global float *from, int count, float other)
{
    return count >= GAZE_WIDTH ? vloadv(0, from) : gaze_load_tail(from, count, other);
}

/* The same from `at` on of what may be null: then zeros. A choice for each element becomes a masked load, of null too, which takes
   processors hundreds of cycles. */
static inline floatv gaze_load_some(const __global float *from, int at, int count)
{
    return from ? gaze_load_part(from + at, count, 0.0f) : (floatv)(0.0f);
}

static inline void gaze_store_part(floatv value, __global float *to, int count)
{
    if (count >= GAZE_WIDTH)
        vstorev(value, 0, to);
    else
        gaze_store_tail(value, to, count);
}

#endif
