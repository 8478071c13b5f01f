/* layer_normalization's kernels for GPUs: cl/layer_normalization_gpu.cl. */
#ifndef GZ_LAYER_NORMALIZATION_H
#define GZ_LAYER_NORMALIZATION_H
#include "normalization.h"

/* Of the gradient: x, gamma or none, dy -> dx, dgamma, dbeta. */
enum { GZ_LAYER_DY = 2 };
enum { GZ_LAYER_DX, GZ_LAYER_DGAMMA, GZ_LAYER_DBETA };

gaze_status gz_layer_normalization_gpu(const gz_node *node, gz_builder *builder);
gaze_status gz_layer_normalization_gradient_gpu(const gz_node *node, gz_builder *builder);

#endif
