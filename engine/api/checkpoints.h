/* A model with the weights of a run's checkpoints, one after the other. */
#ifndef GZ_API_CHECKPOINTS_H
#define GZ_API_CHECKPOINTS_H
#include "../train/checkpoint.h"
#include "api.h"

typedef struct gz_checkpoint_visit {
    gaze_status (*visit)(void *user, const gz_place *place);
    void (*damaged)(void *user); /* a checkpoint that is left out; gaze_message() says why */
    void *user;
} gz_checkpoint_visit;

/* Those of `steps`, as gz_checkpoint_list gives them. Afterwards, and after an error, the model has its own
   weights again. GAZE_ERROR_MODEL: a checkpoint of another model. */
gaze_status gz_api_visit_checkpoints(gaze_model *model, const char *folder, const size_t *steps, size_t count,
                                     const gz_checkpoint_visit *visit);

/* "before training", "epoch 3", "epoch 4, batch 200"; NULL: out of memory. */
const char *gz_api_moment(gz_arena *arena, const gz_place *place);

#endif
