#ifndef GZ_FASTER_H
#define GZ_FASTER_H
#include <stdbool.h>
#include <stddef.h>

/* Rounds in which two ways of the same were timed one after the other: is `other` faster by more than noise?
   At least 5 % in the median of the rounds and between the medians, in three rounds of four at all, and in at
   least five rounds.
   *ratio: the median of other[i] / usual[i]. */
enum { GZ_LEAST_ROUNDS = 5 };
bool gz_is_faster(const double *usual, const double *other, size_t rounds, double *ratio);

#endif
