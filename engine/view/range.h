/* Which values the two ends of the colours stand for, and the numbers beside a colour bar. */
#ifndef GZ_RANGE_H
#define GZ_RANGE_H
#include "view.h"

typedef struct gz_range {
    double low, high;
    bool below, above;   /* some values lie beyond an end and take its colour */
    const char *meaning; /* a sentence for the caption */
} gz_range;

/* values: finite, not all equal. */
gaze_status gz_range_make(gz_scaling scaling, const float *values, size_t count, gz_range *range);

/* The range that `options` ask for: of options->ranged, or of these values. */
gaze_status gz_range_of(const gz_picture_options *options, const float *values, size_t count,
                        gz_range *range);

/* 0 at low, 1 at high; not clipped. */
double gz_range_part(const gz_range *range, double value);

/* The value with as many digits as tell it from its neighbours on the bar. */
void gz_range_number(const gz_range *range, double value, char text[32]);

#endif
