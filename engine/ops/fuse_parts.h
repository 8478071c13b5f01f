/* What the files that fuse nodes share. */
#ifndef GZ_FUSE_PARTS_H
#define GZ_FUSE_PARTS_H
#include "fuse.h"
#include "ops.h"

/* Of each tensor with memory of its own: the nodes that read it, and whether the host does. */
typedef struct gz_use {
    size_t readers;
    bool keep;
} gz_use;

/* The node of `op` that makes input i of `node`, if nobody else reads that, nor the host. */
gz_node *gz_hidden_maker(const gz_node *node, size_t i, const gz_op *op, const gz_use *uses);

/* `node` does what `maker` did, which is no more, and goes on with the values: what reads its output needn't
   know. */
void gz_take_over(gz_node *node, gz_node *maker);

/* The `count` last nodes of the list move in front of node number `at`, in their order. */
void gz_move_last_to(gz_graph *graph, size_t at, size_t count);

/* `node` makes a second output, for its gradient alone. */
gaze_status gz_give_saved(gz_graph *graph, gz_node *node, gz_dtype dtype, gz_shape shape);

/* A dense that is node number `at`, and the embedding before it. */
gaze_status gz_fuse_embedding(gz_graph *graph, size_t at, gz_use *uses);

/* A conv2d and that before it. */
gaze_status gz_fuse_conv2d(gz_graph *graph, gz_node *node, const gz_use *uses);

/* A max_pool2d, and the conv2d or the scale_rows before it. */
gaze_status gz_fuse_pool(gz_graph *graph, gz_node *pool, const gz_use *uses);
/* The places_gradient that input i is, or NULL; one reader of it less. */
gz_node *gz_placed_maker(const gz_node *node, size_t i);
void gz_read_placed(gz_node *maker, gz_use *uses);
/* A row_dot of that. */
void gz_fuse_places(gz_node *dot, gz_use *uses);

/* A mean or sum over the middle axes that is node number `at`, and what made its terms. */
gaze_status gz_fuse_mean(gz_graph *graph, size_t at, const gz_use *uses);

/* What reaches a value and the slope of the activation that gave it, and the bias's gradient with that. */
gaze_status gz_fuse_slope(gz_graph *graph, gz_node *node, const gz_use *uses);
/* Then, a slope_sum and the convolution's gradient that reaches it. */
gaze_status gz_fuse_conv2d_slope(gz_graph *graph, gz_node *slope, const gz_use *uses);

/* A dense, or the gradient of a dense's input, and what `node` does with it; the gradients of its weights;
   the dense that makes a recurrence's products. */
gaze_status gz_fuse_dense(gz_graph *graph, gz_node *node, const gz_use *uses);

#endif
