/* Shared by activation and activation_gradient. */
#ifndef GZ_ACTIVATION_H
#define GZ_ACTIVATION_H
#include "ops.h"
#include "../graph/builder.h"

gz_activation_kind gz_activation_kind_of(const gz_node *node);

/* y = activation(x), and y = dy times the slope where the activation gave, or was given, `value`. y may be an
   input. */
void gz_activation_launch(gz_builder *builder, gz_activation_kind kind, const gz_tensor *x,
                          const gz_tensor *y);
void gz_activation_gradient_launch(gz_builder *builder, gz_activation_kind kind, const gz_tensor *value,
                                   const gz_tensor *dy, const gz_tensor *y);

#endif
