/* Every op against its reference in double: on a device (gz_verify_case), and its gradient against
   differences (gz_gradient_check). Knows ops and graph. Data is random but fixed: it depends on the op's name
   and the case's number alone. */
#ifndef GZ_VERIFY_H
#define GZ_VERIFY_H
#include "../graph/plan.h"
#include "../ops/ops.h"
#include "failures.h"

/* Starts as {0}; calls add to it. */
typedef struct gz_verify_result {
    size_t checks, failed;
    double worst;          /* largest error as a part of its limit */
    double ms;             /* of the second runs, when all kernels are built */
    char where[400];       /* first failure: "y[3,2,1] is .., expected .., limit .."; "" if none */
    gz_failures *failures; /* every failure in full; NULL: not wanted */
} gz_verify_result;

/* Runs one case of an op with kernels of `family`, as in training and as in prediction, each twice. Checks,
   each counted: plan     the kernels build and run values   every output, and every input that the op
   updates, is within op->limit of the reference finite   NaN and infinities are where the reference has them,
   and nowhere else guards   the words around every tensor are unchanged inputs   what the op only reads is
   unchanged repeat   the second run gives the same bits in place the same values where the output takes over
   an input's memory (gz_op.in_place) Outputs and scratch are NaN before each run. A failed check is GAZE_OK
   with result->failed raised. */
gaze_status gz_verify_case(gz_device *device, gz_family family, const gz_op *op, const gz_case *c,
                           gz_verify_result *result);

/* The same of a case in training or in prediction, by the candidate of this name (graph/choice.h). One check
   more: that it could be taken. */
gaze_status gz_verify_candidate(gz_device *device, gz_family family, const gz_op *op, const gz_case *c,
                                bool training, const char *candidate, gz_verify_result *result);

/* The gradient that op->gradient appends, evaluated in double, against central differences (eps 1e-6) of
   sum(w * outputs), w random: |difference| <= 1e-5 + 1e-3 |gradient| (verification.md). Elements of large
   inputs are sampled. One check an input. Nothing is checked where the op has no gradient or the case is
   heavy. */
gaze_status gz_gradient_check(const gz_op *op, const gz_case *c, gz_verify_result *result);

/* Counts a check; keeps the message of the first that fails, and adds it to result->failures. */
void gz_verify_count(gz_verify_result *result, bool passed, const char *format, ...) GZ_PRINTF(3, 4);

#endif
