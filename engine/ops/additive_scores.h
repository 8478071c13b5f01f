/* What additive_scores and its gradients share. */
#ifndef GZ_ADDITIVE_SCORES_H
#define GZ_ADDITIVE_SCORES_H
#include "../graph/builder.h"
#include "ops.h"

/* Inputs of both; the gradients' fourth is dy. */
enum { GZ_SCORES_Q, GZ_SCORES_K, GZ_SCORES_SCALE, GZ_SCORES_DY };

typedef struct gz_scores_size {
    size_t samples, queries, keys, features;
} gz_scores_size;

gz_scores_size gz_scores_size_of(const gz_node *node);
/* q [B,Tq,D], k [B,Tv,D], scale [D] or none. */
gaze_status gz_scores_expect(const gz_node *node);
void gz_scores_arguments(gz_launch *launch, gz_scores_size size);

#endif
