#include "faster.h"
#include "median.h"

#include <string.h>

enum { MOST_ROUNDS = 64 };
static const double MARGIN = 0.05;

static double median_of(const double *values, size_t rounds)
{
    double copy[MOST_ROUNDS];
    memcpy(copy, values, rounds * sizeof *copy);
    return gz_median(copy, rounds);
}

bool gz_is_faster(const double *usual, const double *other, size_t rounds, double *ratio)
{
    double ratios[MOST_ROUNDS];
    size_t won = 0;
    if (rounds > MOST_ROUNDS) rounds = MOST_ROUNDS;
    for (size_t i = 0; i < rounds; i++) {
        ratios[i] = usual[i] > 0 ? other[i] / usual[i] : 1;
        won += ratios[i] < 1;
    }
    *ratio = rounds ? gz_median(ratios, rounds) : 1;
    return rounds >= GZ_LEAST_ROUNDS && *ratio <= 1 - MARGIN && 4 * won >= 3 * rounds &&
           median_of(other, rounds) <= (1 - MARGIN) * median_of(usual, rounds);
}
