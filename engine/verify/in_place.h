/* Ops that say they may write over an input (gz_op.in_place) must give the same values when they do. */
#ifndef GZ_IN_PLACE_H
#define GZ_IN_PLACE_H
#include "../graph/plan.h"
#include "trial.h"

/* Runs the trial's case so that output 0 takes the memory of input i, and writes output 0 to `values`. shared
   is false, and values are unset, where the plan doesn't share them (their sizes differ). */
gaze_status gz_run_in_place(gz_device *device, gz_family family, const gz_trial *trial, size_t i,
                            float *values, bool *shared);

#endif
