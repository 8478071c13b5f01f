#ifndef GZ_MEDIAN_H
#define GZ_MEDIAN_H
#include <stddef.h>

/* Sorts `values` (count > 0) and returns their median: other work on the machine moves a mean, not a median.
 */
double gz_median(double *values, size_t count);

/* Of at most GZ_MEDIAN_MOST values that stay in their order; 0 of none. */
enum { GZ_MEDIAN_MOST = 64 };
double gz_median_of(const double *values, size_t count);

#endif
