/* Nodes whose values between nobody else reads become one node, with one kernel. */
#ifndef GZ_FUSE_H
#define GZ_FUSE_H
#include "../graph/graph.h"

/* Call it before gradients are added.
   - two conv2d without padding and stride, with no activation between, where one does far less work ->
     conv2d_compose, which makes their common kernel and bias, and one conv2d. Their weights stay two: each
   gets its own gradient. Values differ by rounding from those of the two.
   - embedding and the dense that reads it -> the dense of the whole table and an embedding that takes rows of
     that, where the table has fewer rows than are taken; in predictions, which make that once after weights
     are loaded, up to 32 times as many
   - conv2d of stride 1 and the max_pool2d of 2x2 that reads it -> conv2d_max_pool2d, in training
     conv2d_max_pool2d_places; scale_rows likewise -> scale_rows_max_pool2d, scale_rows_max_pool2d_places
   - reduce_middle, a mean or a sum, of conv2d -> conv2d_mean; in training, and where others read the values,
     conv2d_mean_values, which gives both; of add or
     scale_rows -> a reduce_middle of each term, weighted_sum: the values between aren't written, nor their
     gradients. Sums have another order. */
gaze_status gz_fuse_forward(gz_graph *graph);

/* That, and in predictions (in training a gradient reads the values between, too):
   - softmax over [B,N] and the scale_rows or weighted_sum that reads it -> softmax_scale,
     softmax_weighted_sum
   - dense of few rows and the softmax that reads it, and what that multiplies -> dense_softmax
   A softmax is still given. In training:
   - what reaches x by channel_pool and by a product with a factor a row, and the slope of the activation that
     gave x -> channel_pool_gradient
   - the sum of what reaches x, a mean's gradient among it, and that slope -> slope_sum
   - the bias_gradient of either's output -> a second output of it
   - conv2d_input_gradient and the slope_sum of it -> conv2d_slope_sum
   - row_dot and channel_pool_gradient of what reaches an image from maxima -> of the maxima's gradient and
     places
   In both:
   - dense and the activation that reads it -> dense with that, of gelu and silu dense_fused
   - a sum of dense and another, of the gradient of its input and another, and that gradient times a slope ->
     dense_fused
   - the gradients of a dense's kernel and its bias -> dense_weights_gradient
   - a dense and the recurrence that reads it -> recurrence
   A tensor with `keep` stays what it was: values are the same with and without, but for a conv2d that is kept
   instead of composed, and for terms of a mean. Call it when the graph is complete. */
gaze_status gz_fuse(gz_graph *graph);

#endif
