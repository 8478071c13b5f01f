#ifndef GZ_CHANNEL_POOL_H
#define GZ_CHANNEL_POOL_H
#include "ops.h"

/* Inputs of channel_pool_gradient: x [...,C], the gradient d [...,2] of mean and maximum, and, both or none,
   dy [...,C] and s [...]: dx = slope (d's part + s dy). dy may be [B,C], the same for all rows of a sample,
   or, with places, what reaches maxima of windows of 2x2 of x [B,H,W,C]: both [B,H/2,W/2,C], as of
   places_gradient. Its attribute is the activation that gave x (GZ_LINEAR: slope 1). A second output, where
   it has one: db [C], dx summed over all rows. */
enum { GZ_POOL_X, GZ_POOL_D, GZ_POOL_DY, GZ_POOL_S, GZ_POOL_PLACE, GZ_POOL_INPUTS };
bool gz_channel_pool_scales(const gz_node *node); /* has it dy and s? */

typedef struct gz_channel_pool_attr {
    gz_activation_kind activation;
    bool sums; /* the second output */
} gz_channel_pool_attr;

#endif
