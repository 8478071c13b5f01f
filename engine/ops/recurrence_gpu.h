/* How a GPU's groups share a recurrence. Kernels: cl/recurrence_gpu.cl, cl/recurrence_gradient_gpu.cl. */
#ifndef GZ_RECURRENCE_GPU_H
#define GZ_RECURRENCE_GPU_H
#include "recurrence.h"

typedef struct gz_recurrence_share {
    size_t samples, units, lanes; /* of a group: 1, 2 or 4 samples; units; work-items */
    size_t steps;                 /* of a launch */
} gz_recurrence_share;

/* `vectors` for each unit, of as many floats as a group has samples, lie in local memory; `steps` to make.
   false: there are no kernels for this kind, or not enough local memory. */
bool gz_recurrence_share_of(const gz_builder *builder, gz_recurrence_kind kind, gz_recurrence_size size,
                            size_t vectors, size_t steps, gz_recurrence_share *share);

/* A launch with its parameters and groups; arguments follow. */
gz_launch *gz_recurrence_gpu_launch(gz_builder *builder, const char *stem, const char *kernel,
                                    gz_recurrence_size size, gz_recurrence_share share);

/* The kernel [U,G U] turned, [G U,U]. */
const gz_tensor *gz_recurrence_turn_gpu(gz_builder *builder, const gz_tensor *kernel, gz_recurrence_size size,
                                        gz_recurrence_share share);

#endif
