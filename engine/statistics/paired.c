#include "paired.h"

#include <math.h>

static const double PI = 3.14159265358979323846;
static const double ROUNDING = 1e-12; /* differences that vary less are all the same */

double gz_mean(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += x[i];
    return sum / (double)n;
}

double gz_deviation(const double *x, size_t n)
{
    const double mean = gz_mean(x, n);
    double squares = 0;
    if (n < 2) return NAN;
    for (size_t i = 0; i < n; i++) squares += (x[i] - mean) * (x[i] - mean);
    return sqrt(squares / (double)(n - 1));
}

/* A(t|v) is sin(a) times a sum over powers of cos(a), a = atan(t / sqrt(v)), and for odd v, apart from its
   first term a, also times cos(a). */
double gz_student_p(double t, size_t freedom)
{
    const double angle = atan(fabs(t) / sqrt((double)freedom)), c = cos(angle), s = sin(angle);
    const bool odd = freedom % 2;
    double term = odd ? c : 1, sum = freedom > 1 ? term : 0;
    for (size_t k = odd ? 3 : 2; k < freedom; k += 2) {
        term *= c * c * (double)(k - 1) / (double)k;
        sum += term;
    }
    return 1 - (odd ? 2 / PI * (angle + s * sum) : s * sum);
}

double gz_student_t(double p, size_t freedom)
{
    double low = 0, high = 1;
    while (gz_student_p(high, freedom) > p) high *= 2;
    for (int i = 0; i < 200; i++) {
        const double middle = (low + high) / 2;
        *(gz_student_p(middle, freedom) > p ? &low : &high) = middle;
    }
    return (low + high) / 2;
}

static void differences(const double *a, const double *b, gaze_paired *test)
{
    double mean = 0, squares = 0;
    for (size_t i = 0; i < test->n; i++) mean += (a[i] - b[i]) / (double)test->n;
    for (size_t i = 0; i < test->n; i++) squares += (a[i] - b[i] - mean) * (a[i] - b[i] - mean);
    test->difference = mean;
    test->difference_sd = test->n > 1 ? sqrt(squares / (double)(test->n - 1)) : NAN;
}

void gz_paired_test(const double *a, const double *b, size_t n, gaze_paired *test)
{
    *test = (gaze_paired){.n = n,
                          .mean = {gz_mean(a, n), gz_mean(b, n)},
                          .sd = {gz_deviation(a, n), gz_deviation(b, n)},
                          .t = NAN,
                          .p = NAN,
                          .needed = NAN,
                          .low = NAN,
                          .high = NAN};
    differences(a, b, test);
    if (!(test->difference_sd > ROUNDING * fabs(test->difference))) return;
    const double error = test->difference_sd / sqrt((double)n);
    test->t = test->difference / error;
    test->p = gz_student_p(test->t, n - 1);
    test->needed = gz_student_t(0.05, n - 1) * error;
    test->low = test->difference - test->needed;
    test->high = test->difference + test->needed;
}
