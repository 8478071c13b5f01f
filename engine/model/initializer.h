/* Initial weights: Keras' initialisers, drawn by Philox keyed by seed and the tensor's name, so that a seed
   gives the same weights on every machine. */
#ifndef GZ_MODEL_INITIALIZER_H
#define GZ_MODEL_INITIALIZER_H
#include "../layers/layer.h"

#include <stdint.h>

/* Fills values [shape]. */
gaze_status gz_initialize(gz_initializer initializer, uint64_t seed, const char *name, gz_shape shape,
                          float *values);

/* Keras' rule (compute_fans): of [in, out], of kernels [..., in, out] times the positions of the window. */
void gz_fans(gz_shape shape, double *fan_in, double *fan_out);

#endif
