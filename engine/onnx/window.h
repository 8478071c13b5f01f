/* Windows of convolutions and pools, over images [N,C,H,W] and, as images of height 1, sequences [N,C,T]. */
#ifndef GZ_ONNX_WINDOW_H
#define GZ_ONNX_WINDOW_H
#include "import.h"

typedef struct gz_sliding {
    size_t axes; /* 1 or 2 */
    size_t size[2], stride[2], dilation[2], before[2], after[2], in[2], out[2];
    bool same;   /* Keras' "same" pads as much */
    bool padded; /* something is */
} gz_sliding;

/* Attributes of the node, for an input of v's shape; kernel: the sizes where the node has no kernel_shape, or
 * NULL. */
gaze_status gz_sliding_read(const gz_onnx_node *node, const gz_value *v, const size_t *kernel, gz_sliding *w);

/* v as [H,W,C], or [T,C]. */
gaze_status gz_sliding_input(gz_import *im, const gz_sliding *w, gz_value *v);
/* Zeros around it, as much as the window asks for; then nothing is left to pad. */
gaze_status gz_sliding_zeros(gz_import *im, gz_sliding *w, gz_value *v);

/* The layer of this window over v (conv, max_pool, average_pool: 1d or 2d is put behind), with kernel_size or
   pool_size, strides and padding; `to` reads what it makes. */
gaze_status gz_sliding_layer(gz_import *im, const char *type, const char *size_key, const gz_sliding *w,
                             const char *name, const gz_value *v, size_t channels, gz_value *to);

#endif
