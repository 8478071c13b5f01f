/* In which order parts of an input are taken away, and what a curve comes to. Knows base alone. */
#ifndef GZ_ORDER_H
#define GZ_ORDER_H
#include "../base/memory.h"
#include "../base/philox.h"

/* Numbers of the parts from the largest score on. Equal scores are in random order, by key and stream, so
   that no side of the input comes first; scores that are not numbers come last. */
gaze_status gz_order(const float *scores, size_t count, gz_key key, uint64_t stream, uint32_t *order);

/* Area under curve [steps + 1] over 0..1, by trapezoids. */
double gz_area(const double *curve, size_t steps);

#endif
