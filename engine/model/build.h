/* What build.c and train_graph.c share. */
#ifndef GZ_MODEL_BUILD_H
#define GZ_MODEL_BUILD_H
#include "model.h"

/* Appends label, loss and metrics to a forward graph. */
gaze_status gz_build_loss(const gz_model *model, gz_built *built);
/* Appends the gradients of all parameters and the optimizer's update. */
gaze_status gz_build_update(const gz_model *model, const gz_build_options *options, gz_built *built);

/* A model with "decode" must have an output [B,T,K], one row for each step of the input that it writes. */
gaze_status gz_decode_check(const gz_model *model, const gz_built *built);

#endif
