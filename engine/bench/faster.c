#include "faster.h"
#include "median.h"

static const double MARGIN = 0.05;

bool gz_is_faster(const double *usual, const double *other, size_t rounds, double *ratio)
{
    double ratios[GZ_MEDIAN_MOST];
    size_t won = 0;
    if (rounds > GZ_MEDIAN_MOST) rounds = GZ_MEDIAN_MOST;
    for (size_t i = 0; i < rounds; i++) {
        ratios[i] = usual[i] > 0 ? other[i] / usual[i] : 1;
        won += ratios[i] < 1;
    }
    *ratio = rounds ? gz_median(ratios, rounds) : 1;
    return rounds >= GZ_LEAST_ROUNDS && *ratio <= 1 - MARGIN && 4 * won >= 3 * rounds &&
           gz_median_of(other, rounds) <= (1 - MARGIN) * gz_median_of(usual, rounds);
}
