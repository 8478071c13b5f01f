/* Shared by depthwise_conv2d and its gradients: x [B,H,W,C], kernel [kh,kw,C], y [B,P,Q,C]. */
#ifndef GZ_DEPTHWISE_H
#define GZ_DEPTHWISE_H
#include "conv2d.h"
#include "slabs.h"

/* Of a node of the forward direction that infer has checked. */
gz_conv2d_size gz_depthwise_size(const gz_node *node);

/* y = activation(conv(x, kernel) + bias); turned: with the last tap of the kernel first. */
typedef struct gz_depthwise_call {
    gz_conv2d_size size;
    const gz_tensor *x, *kernel, *bias, *y;
    bool turned;
    gz_activation_kind activation;
} gz_depthwise_call;
void gz_depthwise_launch(gz_builder *builder, const gz_depthwise_call *call);

/* The same, never turned, and both gradients, in the families gpu and intel: depthwise_gpu.c. */
void gz_depthwise_gpu(gz_builder *builder, const gz_depthwise_call *call);
void gz_depthwise_input_gradient_gpu(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *dy,
                                     const gz_tensor *kernel, const gz_tensor *dx);
void gz_depthwise_kernel_gradient_gpu(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *x,
                                      const gz_tensor *dy, const gz_tensor *dkernel);

gz_cost gz_depthwise_cost(const gz_conv2d_size *size);

/* B, H, W, C, taps y x, stride y x, dilation y x, padding, activation, fill, heavy. */
#define GZ_DEPTHWISE_CASES(X)                                        \
    X(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, VALID, LINEAR, INTEGER, false)   \
    X(2, 5, 7, 2, 3, 3, 1, 1, 1, 1, SAME, LINEAR, INTEGER, false)    \
    X(3, 6, 5, 31, 3, 3, 1, 1, 1, 1, VALID, RELU, INTEGER, false)    \
    X(1, 9, 17, 33, 3, 3, 1, 1, 1, 1, SAME, LINEAR, INTEGER, false)  \
    X(2, 8, 13, 64, 5, 4, 1, 1, 1, 1, SAME, LINEAR, INTEGER, false)  \
    X(3, 11, 9, 65, 3, 3, 2, 2, 1, 1, SAME, LINEAR, INTEGER, false)  \
    X(1, 5, 21, 33, 3, 3, 2, 2, 1, 1, SAME, RELU, UNIFORM, false)    \
    X(1, 13, 16, 16, 2, 2, 2, 3, 1, 1, VALID, RELU, INTEGER, false)  \
    X(1, 11, 12, 17, 3, 2, 1, 1, 2, 3, SAME, LINEAR, INTEGER, false) \
    X(2, 12, 25, 8, 7, 7, 1, 1, 1, 1, SAME, LINEAR, INTEGER, false)  \
    X(3, 1, 23, 19, 1, 5, 1, 1, 1, 1, SAME, LINEAR, INTEGER, false)  \
    X(1, 3, 3, 32, 5, 5, 1, 1, 1, 1, SAME, LINEAR, INTEGER, false)   \
    X(2, 10, 11, 33, 3, 3, 1, 1, 1, 1, SAME, TANH, UNIFORM, false)   \
    X(1, 7, 13, 5, 3, 3, 2, 1, 1, 1, VALID, SIGMOID, UNIFORM, false) \
    X(2, 13, 9, 70, 3, 3, 1, 1, 2, 2, VALID, ELU, WIDE, false)       \
    X(64, 26, 26, 32, 3, 3, 1, 1, 1, 1, SAME, RELU, UNIFORM, true)   \
    X(16, 28, 28, 64, 3, 3, 2, 2, 1, 1, SAME, LINEAR, UNIFORM, true)

#endif
