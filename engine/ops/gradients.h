/* Reverse-mode differentiation as more nodes of the same graph. */
#ifndef GZ_GRADIENTS_H
#define GZ_GRADIENTS_H
#include "../graph/op.h"

/* Appends the backward nodes of the scalar `loss` [1] and returns in gradients[i] the gradient of
   parameters[i] (marked is_gradient; NULL where loss does not depend on it). Contributions are added in a
   fixed order. */
gaze_status gz_graph_gradients(gz_graph *graph, gz_tensor *loss, gz_tensor *const *parameters,
                               size_t n_parameters, gz_tensor **gradients);

/* The same, with further gradients that reach tensors of the graph beside the loss's own (REINFORCE). */
typedef struct gz_further_gradient {
    gz_tensor *tensor, *gradient;
} gz_further_gradient;
gaze_status gz_graph_gradients_with(gz_graph *graph, gz_tensor *loss, const gz_further_gradient *further,
                                    size_t n_further, gz_tensor *const *parameters, size_t n_parameters,
                                    gz_tensor **gradients);

/* Appends the backward nodes of sum(seed from) and returns in gradients[i] the gradient of of[i], an ordinary
   value of its shape (NULL where `from` does not depend on it). seed: of from's shape, written by the host.
   The graph was made for training. */
gaze_status gz_graph_gradients_of(gz_graph *graph, gz_tensor *from, gz_tensor *seed, gz_tensor *const *of,
                                  size_t n, gz_tensor **gradients);

#endif
