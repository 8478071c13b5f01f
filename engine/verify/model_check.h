/* A whole model against itself: the gradient of every weight against differences, in double on the
   references; and, on a device, outputs, maps and gradients against the references. Knows models. Inputs are
   random but fixed, between -1 and 1; where they are ids, ids that there are. */
#ifndef GZ_MODEL_CHECK_H
#define GZ_MODEL_CHECK_H
#include "../model/model.h"
#include "verify.h"

typedef struct gz_model_check_options {
    size_t batch;           /* 0: 2 */
    const gz_shape *inputs; /* [n_inputs] of one sample, nothing open */
    gz_device *device;      /* NULL: the references alone */
    size_t memory_limit;
    const gz_store *weights; /* values to check with; NULL: random ones */
    size_t samples;          /* values of a weight that are moved, at most; 0: 16, fewer in a large model */
    gaze_verify_function *line; /* one a weight, output and map; NULL */
    void *user;
} gz_model_check_options;

/* Adds to *result; a failed check is GAZE_OK with result->failed raised. Limits. Gradients against central
   differences (eps 1e-6) of sum(w * outputs) in training mode, w random: verification.md's 1e-5 + 1e-3
   |gradient|. On the device: 1e-5 + 1e-3 of the tensor's largest value. */
gaze_status gz_model_check(const gz_model *model, const gz_model_check_options *options,
                           gz_verify_result *result);

#endif
