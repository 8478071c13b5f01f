/* The weights of a model in a store, and in a safetensors file. */
#ifndef GZ_MODEL_WEIGHTS_H
#define GZ_MODEL_WEIGHTS_H
#include "model.h"
#include "../graph/store.h"

/* Declares the weights of a build, and GZ_SUMS. */
gaze_status gz_weights_declare(const gz_built *built, gz_store *store);

/* Initial values, into an allocated store. */
gaze_status gz_weights_initialize(const gz_built *built, uint64_t seed, gz_store *store);

/* What else a checkpoint of a run holds: moments of the optimizer under names that begin so, and GZ_SUMS. */
#define GZ_MOMENT_PREFIX "optimizer/"

/* From a file that holds exactly the weights of this build, or from a checkpoint. GAZE_ERROR_MODEL names file
   and tensor: missing, not expected, or of another shape or type; nothing is written then. */
gaze_status gz_weights_load(const char *path, const gz_built *built, gz_store *store);

gaze_status gz_weights_save(const char *path, const gz_model *model, const gz_built *built,
                            const gz_store *store);

/* The trainable values, and all. */
void gz_weights_count(const gz_built *built, size_t *trainable, size_t *all);

#endif
