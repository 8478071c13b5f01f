/* Shared by layer_normalization, batch_normalization and their gradients. */
#ifndef GZ_NORMALIZATION_H
#define GZ_NORMALIZATION_H
#include "ops.h"
#include "slabs.h"

static inline size_t gz_normalization_rows(const gz_node *node) { return gz_shape_rows(node->in[0]->shape); }
static inline size_t gz_normalization_width(const gz_node *node) { return gz_shape_last(node->in[0]->shape); }
static inline double gz_epsilon_of(const gz_node *node)
{
    return ((const gz_normalization_attr *)node->attr)->epsilon;
}

/* Input i is [C], one value a channel; it may be missing where `optional`. */
gaze_status gz_expect_channels(const gz_node *node, size_t i, const char *what, bool optional);
/* Input i has the shape of x. */
gaze_status gz_expect_like_x(const gz_node *node, size_t i, const char *what);

/* Inputs read once, outputs written once, and `flop` a value of x. */
gz_cost gz_normalization_cost(const gz_node *node, double flop);

/* verification.md: 5e-7 of normalised values, which are about 1. */
gz_limit gz_normalization_limit(const gz_node *node, size_t i);

#endif
