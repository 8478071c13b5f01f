/* Products of matrices in the families gpu and intel: dense, its gradients, matmul. Kernels:
 * cl/product_gpu.cl. */
#ifndef GZ_PRODUCT_GPU_H
#define GZ_PRODUCT_GPU_H
#include "dense.h"

/* Element (i, j) of matrix `head` of sample `sample` is at sample * batch + head * head + i * row + j *
 * column; row or column is 1. */
typedef struct gz_matrices {
    const gz_tensor *tensor;
    size_t batch, head, row, column;
} gz_matrices;

/* y [M,N] = activation(factor a [M,K] b [K,N] + bias [N]), for `samples` times `heads` pairs of matrices;
   y.column is 1, and the matrices of y are all of its tensor. */
typedef struct gz_product {
    gz_matrices a, b, y;
    const gz_tensor *bias; /* or NULL */
    size_t M, N, K, samples, heads;
    double factor;
    gz_activation_kind activation;
} gz_product;

/* Can CLBlast make it? By CLBlast. */
bool gz_product_library_can(gz_builder *builder, const gz_product *product);
void gz_product_by_library(gz_builder *builder, const gz_product *product);

void gz_product_gpu(gz_builder *builder, const gz_product *product);

/* The same for one pair. */
void gz_product_gpu_one(gz_builder *builder, gz_matrix a, gz_matrix b, const gz_tensor *bias,
                        const gz_tensor *y, size_t M, size_t N, size_t K, gz_activation_kind activation);

/* y [...,N] = activation(sum of the parts, in their order, + bias [N] or NULL); each part has as many
   elements as y, whose own shape may be any. */
void gz_product_add_parts(gz_builder *builder, const gz_tensor *sums, size_t n_parts, const gz_tensor *bias,
                          size_t N, const gz_tensor *y, gz_activation_kind activation);

#endif
