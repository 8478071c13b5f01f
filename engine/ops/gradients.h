/* Reverse-mode differentiation as more nodes of the same graph. */
#ifndef GZ_GRADIENTS_H
#define GZ_GRADIENTS_H
#include "../graph/op.h"

/* Appends the backward nodes of the scalar `loss` [1] and returns in gradients[i] the gradient of parameters[i]
   (marked is_gradient; NULL where loss does not depend on it). Contributions are added in a fixed order. */
gaze_status gz_graph_gradients(gz_graph *graph, gz_tensor *loss, gz_tensor *const *parameters, size_t n_parameters,
                               gz_tensor **gradients);

#endif
