/* dz = slope (dy + other + factor each): what reaches a value of shape [B,...,C], times the slope of the
   activation that gave it. Made of others by gz_fuse, gradients included: it has none itself. */
#ifndef GZ_SLOPE_SUM_H
#define GZ_SLOPE_SUM_H
#include "ops.h"

/* value, dy, other: [B,...,C]; each [B,C], the same for all rows of a sample. value is NULL where the
   activation is GZ_LINEAR; of the others one is there. A second output, where it has one: db [C], dz summed
   over all rows. */
enum { GZ_SLOPE_VALUE, GZ_SLOPE_DY, GZ_SLOPE_OTHER, GZ_SLOPE_EACH, GZ_SLOPE_INPUTS };

typedef struct gz_slope_sum_attr {
    gz_activation_kind activation; /* one whose gradient needs its output alone */
    double factor;                 /* of `each` */
    bool sums;                     /* db */
} gz_slope_sum_attr;

#endif
