/* "optimizer" of a model file. */
#ifndef GZ_MODEL_OPTIMIZER_H
#define GZ_MODEL_OPTIMIZER_H
#include "model.h"

/* {"type": WORD, ...} with Keras' keys and defaults. */
gaze_status gz_optimizer_read(gz_json *json, gz_optimizer_choice *choice);

#endif
