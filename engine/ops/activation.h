/* Shared by activation and activation_gradient. */
#ifndef GZ_ACTIVATION_H
#define GZ_ACTIVATION_H
#include "ops.h"
#include "../graph/builder.h"

gz_activation_kind gz_activation_kind_of(const gz_node *node);

/* Kernel `slabs` on the cpu family, else `items`, with inputs, output, kind and count. */
gaze_status gz_activation_launch(const gz_node *node, gz_builder *builder, const char *slabs,
                                 const char *items);

#endif
