#include "range.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void minimum_and_maximum(const float *values, size_t count, double *low, double *high)
{
    *low = *high = values[0];
    for (size_t i = 1; i < count; i++) {
        if (values[i] < *low) *low = values[i];
        if (values[i] > *high) *high = values[i];
    }
}

static int ascending(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Linear between the two nearest ranks, as NumPy's default. */
static double quantile(const float *sorted, size_t count, double part)
{
    const double rank = part * (double)(count - 1);
    const size_t below = (size_t)rank, above = below + 1 < count ? below + 1 : below;
    const double t = rank - (double)below;
    return (1 - t) * sorted[below] + t * sorted[above];
}

static gaze_status percentiles(const float *values, size_t count, double *low, double *high)
{
    float *sorted;
    GZ_TRY(gz_allocate(count, sizeof *sorted, &sorted));
    memcpy(sorted, values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, ascending);
    *low = quantile(sorted, count, 0.01);
    *high = quantile(sorted, count, 0.99);
    free(sorted);
    return GAZE_OK;
}

gaze_status gz_range_make(gz_scaling scaling, const float *values, size_t count, gz_range *range)
{
    double minimum, maximum;
    minimum_and_maximum(values, count, &minimum, &maximum);
    *range = (gz_range){minimum, maximum, .meaning = "Colours run from the smallest to the largest value."};
    if (scaling == GZ_UNIT) {
        *range = (gz_range){0, 1, .meaning = "Colours run from 0 to 1."};
    } else if (scaling == GZ_PERCENTILE) {
        double low, high;
        GZ_TRY(percentiles(values, count, &low, &high));
        if (low < high)
            *range = (gz_range){low, high, .meaning = "Colours run from the 1st to the 99th percentile."};
        else
            range->meaning =
                "Colours run from the smallest to the largest value: the 1st percentile is the 99th.";
    }
    range->below = minimum < range->low;
    range->above = maximum > range->high;
    return GAZE_OK;
}

gaze_status gz_range_of(const gz_picture_options *options, const float *values, size_t count, gz_range *range)
{
    if (options->ranged) return gz_range_make(options->scaling, options->ranged, options->n_ranged, range);
    return gz_range_make(options->scaling, values, count, range);
}

double gz_range_part(const gz_range *range, double value)
{
    return (value - range->low) / (range->high - range->low);
}

void gz_range_number(const gz_range *range, double value, char text[32])
{
    const double largest = fmax(fabs(range->low), fabs(range->high));
    const int top = (int)floor(log10(largest)), step = (int)floor(log10(range->high - range->low));
    const int decimals = step < 2 ? 2 - step : 0, digits = top - step + 2;
    if (top >= 6 || decimals > 8)
        snprintf(text, 32, "%.*e", digits, value);
    else
        snprintf(text, 32, "%.*f", decimals, value);
    if (strtod(text, NULL) == 0) strcpy(text, "0"); /* neither "-0.00" nor "0.0000" */
}
