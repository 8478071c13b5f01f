/* A run's place in its checkpoint's metadata: no number is believed that the others contradict. */
#ifndef GZ_TRAIN_PLACE_H
#define GZ_TRAIN_PLACE_H
#include "../io/safetensors.h"
#include "checkpoint.h"

/* "step", "epoch" and "batch" as whole numbers; step is the one in the file's name. GAZE_ERROR_DATA names the
   file, the field, what was found and what was expected. */
gaze_status gz_place_read(const char *path, const gz_safetensors *file, size_t step, gz_place *place);

/* A place that a run of `per_epoch` batches an epoch can be at. */
gaze_status gz_place_check(const char *path, const gz_place *place, size_t per_epoch);

#endif
