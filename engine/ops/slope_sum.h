/* dz = slope (dy + other + factor each): what reaches a value of shape [B,...,C], times the slope of the
   activation that gave it. Made of others by gz_fuse, gradients included: it has none itself. */
#ifndef GZ_SLOPE_SUM_H
#define GZ_SLOPE_SUM_H
#include "ops.h"
#include "../graph/builder.h"

/* value, dy, other: [B,...,C]; each [B,C], the same for all rows of a sample. value is NULL where the
   activation is GZ_LINEAR; of the others one is there. A second output, where it has one: db [C], dz summed
   over all rows. */
enum { GZ_SLOPE_VALUE, GZ_SLOPE_DY, GZ_SLOPE_OTHER, GZ_SLOPE_EACH, GZ_SLOPE_INPUTS };

typedef struct gz_slope_sum_attr {
    gz_activation_kind activation; /* one whose gradient needs its output alone */
    double factor;                 /* of `each` */
    bool sums;                     /* db */
} gz_slope_sum_attr;

/* The same as a launch: any tensor but dz may be NULL; dz may be an input. */
typedef struct gz_slope_call {
    gz_activation_kind activation;
    double factor;
    const gz_tensor *value, *dy, *other, *each, *dz, *sums;
} gz_slope_call;
void gz_slope_sum_launch(gz_builder *builder, const gz_slope_call *call);

/* What it says of a value that `sum` arrives at, and of |sum|. */
double gz_slope_times(gz_activation_kind kind, double value, double sum);
double gz_slope_bound(gz_activation_kind kind, double value, double sum);

/* slope_sum of the gradient of a convolution's input: dy [B,P,Q,O], kernel [kh,kw,C,O], value, other
   [B,H,W,C] and each [B,C] -> dz [B,H,W,C], db [C]. */
enum {
    GZ_CONV_SLOPE_DY,
    GZ_CONV_SLOPE_KERNEL,
    GZ_CONV_SLOPE_VALUE,
    GZ_CONV_SLOPE_OTHER,
    GZ_CONV_SLOPE_EACH,
    GZ_CONV_SLOPE_INPUTS
};
typedef struct gz_conv2d_slope_attr {
    gz_conv2d_attr conv; /* first: a convolution's helpers read it */
    gz_slope_sum_attr slope;
} gz_conv2d_slope_attr;

#endif
