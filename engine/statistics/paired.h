/* Means, spreads and Student's paired t-test. Knows base alone. */
#ifndef GZ_PAIRED_H
#define GZ_PAIRED_H
#include "../gaze.h"

double gz_mean(const double *x, size_t n);
/* Of a sample: the squares are divided by n - 1; NaN below two values. */
double gz_deviation(const double *x, size_t n);

/* How likely a |t| at least as large is in Student's distribution, both tails (Abramowitz and Stegun 1964,
   26.7.3 and 26.7.4). freedom: whole degrees, at least 1. */
double gz_student_p(double t, size_t freedom);
/* The t > 0 whose gz_student_p is p, for p in 0..1 without the ends. */
double gz_student_t(double p, size_t freedom);

/* Fills all of *test; see gaze_paired. */
void gz_paired_test(const double *a, const double *b, size_t n, gaze_paired *test);

#endif
