/* What the searches for attention in parts share: looking back from a layer. */
#ifndef GZ_ONNX_KINDS_H
#define GZ_ONNX_KINDS_H
#include "net.h"

bool gz_kind_is_type(const gz_net_layer *l, const char *type);
/* Has it this option with this JSON? */
bool gz_kind_says(const gz_net_layer *l, const char *key, const char *json);
/* What stands before layers that only see it in another shape. */
gz_net_layer *gz_kind_source(gz_net_layer *l);
/* The same of input i; NULL where that is a state. */
gz_net_layer *gz_kind_input(gz_net_layer *l, size_t i);
/* Values of a sample. */
size_t gz_kind_count(const gz_net_layer *l);
/* It is attention now that reads x, without options and weights yet. */
void gz_kind_become(gz_net_layer *l, gz_net_layer *x);

/* Is it x times softmax(tanh(x W + b) u), the shares of x's positions? */
bool gz_kind_is_additive(gz_net_layer *l);

/* kinds_gate.c: l is x times s. */
gaze_status gz_kind_find_gate(gz_net *net, gz_net_layer *l, gz_net_layer *x, gz_net_layer *s, bool *done);

#endif
