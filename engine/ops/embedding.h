/* What embedding and its kernels for GPUs share. */
#ifndef GZ_EMBEDDING_H
#define GZ_EMBEDDING_H
#include "../graph/builder.h"
#include "ops.h"

/* ids [N], dy [N,D] -> dtable [V,D] */
typedef struct gz_embedding_sums {
    const gz_tensor *ids, *dy, *dtable;
    size_t positions, width;
} gz_embedding_sums;
/* The rows of the table that have positions; the table is all zeros before. */
void gz_embedding_gradient_gpu(gz_builder *builder, const gz_embedding_sums *sums);

#endif
