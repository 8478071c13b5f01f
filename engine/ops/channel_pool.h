#ifndef GZ_CHANNEL_POOL_H
#define GZ_CHANNEL_POOL_H
#include "ops.h"

/* Inputs of channel_pool_gradient: x [...,C], the gradient d [...,2] of mean and maximum, and, both or none,
   dy [...,C] and s [...]: dx = slope (d's part + s dy). Its attribute is the activation that gave x
   (GZ_LINEAR: slope 1). */
enum { GZ_POOL_X, GZ_POOL_D, GZ_POOL_DY, GZ_POOL_S };
bool gz_channel_pool_scales(const gz_node *node); /* has it dy and s? */

#endif
