/* Blocks of rows, shared by concatenate, slice and slice_gradient: a tensor is seen as [rows, axis * step].
 */
#ifndef GZ_BLOCK_H
#define GZ_BLOCK_H
#include "ops.h"
#include "slabs.h"

const gz_axis_attr *gz_axis_of(const gz_node *node);

/* Product of the dimensions before the axis; values in one row; values that a step along the axis takes. */
size_t gz_block_rows(gz_shape shape, size_t axis);
size_t gz_block_row(gz_shape shape, size_t axis);
size_t gz_block_step(gz_shape shape, size_t axis);

/* Refuses an axis that input 0 doesn't have, and the batch. */
gaze_status gz_block_expect_axis(const gz_node *node);

/* `width` values of each of `rows` rows, from one tensor to another. */
typedef struct gz_block {
    size_t rows, width, from_stride, from_first, to_stride, to_first;
} gz_block;
void gz_block_copy(gz_block block, const double *from, double *to);
void gz_block_launch(gz_builder *builder, gz_block block, const gz_tensor *from, const gz_tensor *to);

/* Slabs of whole rows, or of columns where there are few rows, as the last two arguments, and the groups. */
void gz_block_slabs(gz_builder *builder, gz_launch *launch, size_t rows, size_t width);

#endif
