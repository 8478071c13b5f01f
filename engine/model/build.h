/* What build.c and train_graph.c share. */
#ifndef GZ_MODEL_BUILD_H
#define GZ_MODEL_BUILD_H
#include "model.h"

/* Appends label, loss and metrics to a forward graph. */
gaze_status gz_build_loss(const gz_model *model, gz_built *built);
/* Appends the gradients of all parameters and the optimizer's update. */
gaze_status gz_build_update(const gz_model *model, const gz_build_options *options, gz_built *built);

#endif
