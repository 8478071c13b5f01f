/* Shared by the ops on rows of D values: weighted_sum, outer_rows, row_dot, scale_rows. They are each other's
 * gradients. */
#ifndef GZ_ROWS_H
#define GZ_ROWS_H
#include "ops.h"
#include "slabs.h"

/* Row r of one tensor goes with row r / repeat of another. */
typedef struct gz_rows_size {
    size_t rows, width, repeat;
} gz_rows_size;

double gz_factor_of(const gz_node *node);

/* gz_op_fail with the shapes of the first two inputs. */
gaze_status gz_rows_mismatch(const gz_node *node, const char *expected);

/* Every input and output read or written once. */
gz_cost gz_rows_cost(const gz_node *node, double flop);

/* Arguments factor, repeat, D, rows, and one group a slab of rows, or one item each of `items`. */
gaze_status gz_rows_launch(gz_builder *builder, gz_launch *launch, double factor, gz_rows_size size,
                           size_t items);

/* y = factor s[r] x[r / repeat] */
void gz_scale_rows_launch(gz_builder *builder, const gz_tensor *x, const gz_tensor *s, const gz_tensor *y,
                          double factor, gz_rows_size size);

/* y[r] = factor sum_d x[r] z[r / repeat] */
void gz_row_dot_launch(gz_builder *builder, const gz_tensor *x, const gz_tensor *z, const gz_tensor *y,
                       double factor, gz_rows_size size);

/* y [B,D] = sum over n of a [B,n] h [B,n,D] */
void gz_weighted_sum_launch(gz_builder *builder, const gz_tensor *a, const gz_tensor *h, const gz_tensor *y);

#endif
