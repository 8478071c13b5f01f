/* What grad_cam.c and grad_cam_map.c share. */
#ifndef GZ_API_GRAD_CAM_H
#define GZ_API_GRAD_CAM_H
#include "derived.h"

/* The number of the layer `name`, or of the last convolution for NULL or "", of a model whose first output
 * has a score a class. */
gaze_status gz_grad_cam_layer(const gaze_model *model, const char *name, size_t *layer);

#endif
