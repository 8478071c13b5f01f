/* What permute and its kernel for GPUs share. */
#ifndef GZ_PERMUTE_H
#define GZ_PERMUTE_H
#include "../graph/builder.h"
#include "ops.h"

enum { GZ_PERMUTE_AXES = GZ_MAX_RANK - 1 }; /* of a sample */

/* Axes of the output, all of them (those that are missing come first, of size 1), and how far x moves along
 * each. */
typedef struct gz_permute_walk {
    size_t size[GZ_PERMUTE_AXES], stride[GZ_PERMUTE_AXES];
} gz_permute_walk;

/* Do x's and y's last axes differ, so that tiles of both are worth it? */
bool gz_permute_tiles(const gz_permute_walk *walk);
void gz_permute_gpu(gz_builder *builder, const gz_permute_walk *walk, const gz_tensor *x, const gz_tensor *y);

#endif
