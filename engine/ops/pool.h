/* Shared by max_pool2d and average_pool2d. */
#ifndef GZ_POOL_H
#define GZ_POOL_H
#include "ops.h"
#include "../graph/builder.h"

/* x [B,H,W,C], y [B,P,Q,C]; padding before the first row and column. */
typedef struct gz_pool_size {
    size_t B, H, W, C, P, Q, before[2];
    const gz_window *window;
} gz_pool_size;

/* The size for an x of `shape`: refuses windows that don't fit, have no extent or are dilated. */
gaze_status gz_pool_size_of(const gz_node *node, gz_shape shape, gz_pool_size *size);

/* The part of window i along `axis` (0 is y) that lies inside the image. */
void gz_pool_range(const gz_pool_size *size, int axis, size_t i, size_t *first, size_t *end);

/* Arguments H, W, C, P, Q, size, stride and padding. */
void gz_pool_arguments(gz_launch *launch, const gz_pool_size *size);

/* y of x, by kernel `slabs` on the cpu family, else `items`. */
void gz_pool_launch(gz_builder *builder, const gz_pool_size *size, const gz_tensor *x, const gz_tensor *y,
                    const char *slabs, const char *items);

/* The pool itself: kernel `slabs` on the cpu family, else `items`. */
gaze_status gz_pool_prepare(const gz_node *node, gz_builder *builder, const char *slabs, const char *items);
gaze_status gz_pool_infer(gz_graph *graph, gz_node *node);
gz_cost gz_pool_cost(const gz_node *node);

#endif
