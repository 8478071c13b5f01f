/* Shared by reduce_middle, reduce_last and their gradients. */
#ifndef GZ_REDUCE_H
#define GZ_REDUCE_H
#include "ops.h"
#include "../graph/builder.h"
#include "group_gpu.h"

gz_reduction gz_reduction_of(const gz_node *node);

/* Of `count` values that lie `stride` apart. */
double gz_reduce_values(gz_reduction reduction, const double *x, size_t count, size_t stride);
/* dx of the same values; x is NULL unless the reduction is GZ_MAX, which shares dy equally among equals. */
void gz_reduce_values_gradient(gz_reduction reduction, const double *x, double dy, double *dx, size_t count,
                               size_t stride);

/* Exact for a maximum, else a sum of `count` terms. */
gz_limit gz_reduce_limit(gz_reduction reduction, size_t count);
/* A quotient where there is one. */
gz_limit gz_reduce_gradient_limit(const gz_node *node, size_t i);

/* Makes y [...,values] of one input x [...,C]; a scalar is an error. */
gaze_status gz_reduce_last_infer(gz_graph *graph, gz_node *node, size_t values);

/* x [B,M,C] */
typedef struct gz_middle {
    size_t B, M, C;
} gz_middle;
/* y [B,C]: the sums over M, divided. */
void gz_sum_middle_launch(gz_builder *builder, const gz_tensor *x, const gz_tensor *y, gz_middle size,
                          double divisor);

/* Inputs of a gradient: x, of attr->x's shape, which is forgotten unless the reduction is GZ_MAX; dy, of
 * shape `dy`. Makes dx. */
enum { GZ_REDUCE_X, GZ_REDUCE_DY };
gaze_status gz_reduce_gradient_infer(gz_graph *graph, gz_node *node, gz_shape dy);
gaze_status gz_reduce_gradient_node(gz_graph *graph, const gz_op *op, const gz_node *forward, gz_tensor *dy,
                                    gz_tensor **dx);
/* The gpu families' gradient of a sum or a mean of x [B,M,C] over M: dy [B,C] divided, in every row. */
void gz_sum_gradient_gpu(gz_builder *builder, const gz_node *node, gz_columns x);
gz_cost gz_reduce_cost(const gz_node *node);

#endif
