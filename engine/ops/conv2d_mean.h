#ifndef GZ_CONV2D_MEAN_H
#define GZ_CONV2D_MEAN_H
#include "ops.h"

typedef struct gz_conv2d_mean_attr {
    gz_conv2d_attr conv;    /* first: a convolution's helpers read it */
    gz_reduction reduction; /* GZ_MEAN or GZ_SUM_ALL */
} gz_conv2d_mean_attr;

#endif
