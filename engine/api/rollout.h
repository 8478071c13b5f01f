/* Attention rollout, and where a layer's tokens lie on an image. */
#ifndef GZ_API_ROLLOUT_H
#define GZ_API_ROLLOUT_H
#include "derived.h"

/* weights [T] or NULL: their sum over the rows of the rollout, [batch,T], in place of the whole of it. */
gaze_status gz_rollout(const gaze_array *maps, size_t n_maps, const float *weights, gaze_array *rollout);

/* Cells of an image that tokens stand for, in their order. */
typedef struct gz_token_grid {
    size_t size[2]; /* rows, columns */
    gaze_receptive_field field;
    bool class_token; /* one more token stands before the cells */
} gz_token_grid;

/* The nearest layer before `layer` whose features [H,W,C] are as many cells as its tokens, or one less.
 * false: there is none. */
bool gz_find_token_grid(const gaze_model *model, size_t layer, size_t tokens, gz_token_grid *grid);

#endif
