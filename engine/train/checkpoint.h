/* Checkpoints: everything a run needs to go on with the same bits. One safetensors file,
   checkpoint-<step>.safetensors: weights and other state under their names, optimizer moments as
   "optimizer/<i>/<name>", the place in the run as metadata. */
#ifndef GZ_CHECKPOINT_H
#define GZ_CHECKPOINT_H
#include "../graph/store.h"

typedef struct gz_place {
    size_t step;  /* updates done */
    size_t epoch; /* epochs finished */
    size_t batch; /* batches done in the epoch that has begun */
} gz_place;

/* What must be the same for a run to go on. */
typedef struct gz_identity {
    const char *model_hash, *data_hash;
    uint64_t seed;
    size_t batch_size;
    const char *optimizer; /* kind and options as one line */
    size_t per_epoch;      /* batches; what data and batch size make of an epoch */
} gz_identity;

/* Writes the checkpoint completely or not at all, then removes all but the newest `keep` (at least 2: one
   that is damaged must not be the last). */
gaze_status gz_checkpoint_save(const char *folder, const gz_store *store, size_t moments,
                               const gz_place *place, const gz_identity *identity, size_t keep);

/* Removes the checkpoints of an earlier run, which --resume would take for this one's. */
gaze_status gz_checkpoint_clear(const char *folder);

/* Steps of the folder's checkpoints, oldest first; free() *steps. */
gaze_status gz_checkpoint_list(const char *folder, size_t **steps, size_t *count);

/* The weights of one of them go into a store for prediction. GAZE_ERROR_DATA: it is damaged;
 * GAZE_ERROR_MODEL: it is of another model. */
gaze_status gz_checkpoint_load(const char *folder, size_t step, const char *model_hash, gz_store *store,
                               gz_place *place);

/* The newest checkpoint of the folder that is whole (contents match their hash) goes into the store. *found
   is false when there is none; *place is then without meaning. A checkpoint of another model, data set, seed,
   batch size or optimizer is an error that names both, and so is a place that no such run can be at. */
gaze_status gz_checkpoint_resume(const char *folder, gz_store *store, size_t moments,
                                 const gz_identity *identity, gz_place *place, bool *found);

#endif
