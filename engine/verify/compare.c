#include "compare.h"

#include <float.h>
#include <math.h>

static const double UNIT = 0x1p-24; /* unit roundoff of float */

static double gamma_of(double terms) { return terms * UNIT / (1.0 - terms * UNIT); }

static double ulp_of(double want)
{
    const double magnitude = fabs(want);
    return magnitude < FLT_MIN ? 0x1p-149 : ldexp(1.0, ilogb(magnitude) - 23);
}

/* NaN for NaN, the same infinity for infinity. A sum at the end of float's range may round to either side of
 * it. */
static bool finite_agrees(float got, double want)
{
    if (isnan(want)) return isnan(got);
    if (isnan(got)) return false;
    if (isfinite(want) && fabs(want) > FLT_MAX * (1.0 - 1e-6) && fabs(want) < FLT_MAX * (1.0 + 1e-6))
        return isfinite(got) || !signbit(got) == !signbit(want);
    const float rounded = (float)want;
    return isfinite(rounded) ? isfinite(got) : got == rounded;
}

static double row_scale(const gz_compared *c, size_t i)
{
    double scale = 0;
    const size_t first = i / c->row * c->row;
    for (size_t k = first; k < first + c->row; k++)
        if (isfinite(c->want[k])) scale = fmax(scale, fabs(c->want[k]));
    return scale;
}

/* Of the two that are right the one that the device's value is nearer to. */
static double want_at(const gz_compared *c, size_t i)
{
    const double want = c->want[i], got = (double)c->got[i];
    if (!c->flushed) return want;
    const double other = c->flushed[i];
    if (finite_agrees(c->got[i], want)) return fabs(got - other) < fabs(got - want) ? other : want;
    return finite_agrees(c->got[i], other) ? other : want;
}

static double limit_at(const gz_compared *c, size_t i, double want, double scale)
{
    want = fabs(want);
    switch (c->limit.kind) {
    case GZ_EXACT: break;
    case GZ_SUM:
        return gamma_of(c->limit.amount + 2) * c->magnitude[i] * c->amplification + ulp_of(want) + FLT_MIN;
    case GZ_RELATIVE: return c->limit.amount * 0x1p-23 * fmax(want, scale) + FLT_MIN;
    case GZ_ABSOLUTE: return c->limit.amount * (1 + want) + FLT_MIN;
    }
    return 0;
}

/* Exact values are compared as floats; a denormal may have become 0. */
static double error_at(const gz_compared *c, size_t i, double want)
{
    if (c->limit.kind != GZ_EXACT) return fabs((double)c->got[i] - want);
    const float rounded = (float)want;
    if (fabsf(rounded) < FLT_MIN && c->got[i] == 0) return 0;
    return fabs((double)c->got[i] - (double)rounded);
}

static double part_of(double error, double limit)
{
    if (error == 0) return 0;
    return limit > 0 ? error / limit : INFINITY;
}

gz_difference gz_compare(const gz_compared *c)
{
    gz_difference difference = {0};
    const bool relative = c->limit.kind == GZ_RELATIVE && !c->by_element;
    double scale = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (relative && i % c->row == 0) scale = row_scale(c, i);
        const double want = want_at(c, i);
        if (!finite_agrees(c->got[i], want)) {
            if (!difference.n_not_finite++) difference.not_finite_at = i;
            continue;
        }
        if (!isfinite(c->got[i]) || !isfinite((float)want)) continue;
        const double limit = limit_at(c, i, want, scale), part = part_of(error_at(c, i, want), limit);
        if (!(part <= 1)) difference.n_wrong++;
        if (part <= difference.worst) continue;
        difference.worst = part;
        difference.at = i;
        difference.limit = limit;
    }
    return difference;
}
