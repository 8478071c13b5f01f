/* Maps that are worked out from a whole model rather than made by one of its layers:
 * "gradcam[:LAYER[:CLASS]]", "rollout[:mean|:QUERY]". */
#ifndef GZ_API_DERIVED_H
#define GZ_API_DERIVED_H
#include "inputs.h"

typedef struct gz_derived gz_derived;

/* A way to work maps out, by the first word of their names. */
typedef struct gz_derivation {
    const char *word;
    /* words: what follows the first ':', or NULL. Fills all but how and info.name's memory, which find makes.
     */
    gaze_status (*describe)(gaze_model *model, const char *words, gz_derived *map);
    gaze_status (*run)(gaze_model *model, const gz_derived *map, const gaze_array *inputs, size_t n_inputs,
                       size_t batch_size, gaze_array *values);
} gz_derivation;

struct gz_derived {
    gaze_map_info info;
    const gz_derivation *how;
    const void *own; /* what describe noted for run, in the model's memory */
    gz_derived *next;
};

extern const gz_derivation gz_grad_cam, gz_rollout_maps;

/* *map NULL: no such word. The model's, as long as it is open. An error: the word is one of these, but what
 * follows it is wrong. */
gaze_status gz_derived_find(gaze_model *model, const char *name, const gz_derived **map);

#endif
