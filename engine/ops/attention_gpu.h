/* Attention and its gradients on a GPU. Kernels: cl/attention_gpu.cl, cl/attention_gradient_gpu.cl. */
#ifndef GZ_ATTENTION_GPU_H
#define GZ_ATTENTION_GPU_H
#include "attention.h"

void gz_attention_gpu(const gz_node *node, gz_builder *builder);
void gz_attention_gradient_gpu(const gz_node *node, gz_builder *builder);

#endif
