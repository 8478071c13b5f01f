#include "median.h"

#include <stdlib.h>
#include <string.h>

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double gz_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_size);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

double gz_median_of(const double *values, size_t count)
{
    double copy[GZ_MEDIAN_MOST];
    if (!count) return 0;
    memcpy(copy, values, count * sizeof *copy);
    return gz_median(copy, count);
}
