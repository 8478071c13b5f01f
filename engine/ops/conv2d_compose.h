/* Two convolutions in a row with nothing between them are one convolution: of kernels a [ah,aw,C,M] and
   b [bh,bw,M,O], strides 1 and no padding, kernel y [ah+bh-1,aw+bw-1,C,O]. */
#ifndef GZ_CONV2D_COMPOSE_H
#define GZ_CONV2D_COMPOSE_H
#include "../graph/builder.h"
#include "ops.h"

typedef struct gz_compose_size {
    size_t a[2], b[2], y[2]; /* taps: y, x */
    size_t C, M, O;
} gz_compose_size;

/* Inputs of conv2d_compose; a_bias [M] may be left out, b_bias [O] too. Outputs y and, with a_bias, y_bias
   [O]. */
enum { GZ_COMPOSE_A, GZ_COMPOSE_B, GZ_COMPOSE_A_BIAS, GZ_COMPOSE_B_BIAS };

gz_compose_size gz_compose_size_of(gz_shape a, gz_shape b);
void gz_compose_arg_size(gz_launch *launch, const gz_compose_size *size);
/* Multiplications and additions of y; the gradient of a takes as many, that of b too. */
double gz_compose_flop(const gz_compose_size *size);
/* The kernel of CPUs wants a vector of filters; the one whose items make a value each does for all. */
bool gz_compose_by_vectors(gz_builder *builder, const gz_compose_size *size);

/* Is the composed convolution, of P x Q pixels, far less work than the two of `a` and `b`? */
bool gz_compose_pays(const gz_compose_size *size, size_t P, size_t Q);

#endif
