/* What the caller gives for the model's inputs: matched by name and checked. */
#ifndef GZ_API_INPUTS_H
#define GZ_API_INPUTS_H
#include "api.h"

typedef struct gz_inputs {
    const gaze_array **arrays; /* [n_inputs], in the model's order */
    gz_shape *shapes;          /* [n_inputs] of one sample */
    size_t batch;
} gz_inputs;

/* GAZE_ERROR_USAGE or GAZE_ERROR_DATA says what was given wrong. gz_inputs_free the result, also after an
 * error. */
gaze_status gz_inputs_match(const gaze_model *model, const gaze_array *given, size_t n_given,
                            gz_inputs *inputs);
void gz_inputs_free(gz_inputs *inputs);

/* Is it of the type and shape of an input of the model? Then the shape of one sample. */
gaze_status gz_input_expect(const gaze_array *expected, const gaze_array *given, gz_shape *sample);

/* Samples from `first` on, as many as the build's batch, as gz_plan_lend: nothing but the plan may fail until
   results were read. */
gaze_status gz_inputs_lend(const gz_inputs *inputs, const gaze_model *model, const gz_built *built,
                           gz_plan *plan, size_t first);

/* Bytes of the first `samples` samples of x [B,...]. */
size_t gz_samples_bytes(const gz_tensor *x, size_t samples);

const char *gz_type_name(gaze_dtype dtype); /* "float32" */

enum { GZ_DEFAULT_PIECE = 64 }; /* samples that run together when nothing else was asked for */

#endif
