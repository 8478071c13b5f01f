/* Is an array of a device as near to the reference as op->limit says? */
#ifndef GZ_COMPARE_H
#define GZ_COMPARE_H
#include "../graph/op.h"

typedef struct gz_compared {
    gz_limit limit;
    double amplification;    /* of SUM, by the variant that ran */
    const double *magnitude; /* of SUM: sum of |a*b| behind each value */
    bool by_element;         /* RELATIVE to each value itself, not to the largest of its row */
    size_t count, row;       /* row: values along the last axis */
    const float *got;
    const double *want;
    const double
        *flushed; /* what is right too: made of inputs whose subnormals are zeros; NULL: `want` alone */
} gz_compared;

typedef struct gz_difference {
    double worst;         /* largest error as a part of its limit; infinite where the limit is 0 */
    size_t at;            /* where */
    double limit;         /* there */
    size_t n_wrong;       /* beyond the limit */
    size_t n_not_finite;  /* NaN or infinity on one side only, or another infinity */
    size_t not_finite_at; /* the first of these */
} gz_difference;

/* Subnormal numbers may have been flushed to 0, in results and in inputs (portability.md, rule 12). */
gz_difference gz_compare(const gz_compared *compared);

#endif
