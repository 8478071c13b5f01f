/* The launch of softmax, for the ops that contain one. Kernels: cl/softmax.cl. */
#ifndef GZ_SOFTMAX_H
#define GZ_SOFTMAX_H
#include "../graph/builder.h"
#include "ops.h"

/* The definition, of a row of N scores: a may be `score`; mask NULL: all keys, none left: zeros. */
void gz_softmax_values(const double *score, const double *mask, double *a, size_t N);

/* x, y: `rows` rows of `keys` values, sample_rows of them a sample, in blocks of `steps`. mask
   [B,mask_rows,keys], queries and centers [B,steps], each may be NULL. */
typedef struct gz_softmax_call {
    const gz_tensor *x, *mask, *queries, *centers, *y;
    size_t rows, keys, steps, sample_rows, mask_rows;
    gz_softmax_attr order;
} gz_softmax_call;
void gz_softmax_launch(gz_builder *builder, const gz_softmax_call *call);

#endif
