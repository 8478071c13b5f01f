/* Which products of matrices CLBlast makes on a device in place of our own kernels: those that it was
   measured to make faster (gaze bench --tune). What was measured is kept on disk with the programs (cache.h),
   and counts for that device, driver and version of this library. Without it our own kernels make all of
   them, so that bits don't change by themselves. */
#ifndef GZ_PRODUCTS_H
#define GZ_PRODUCTS_H
#include "device.h"

/* [M,K] times [K,N]; turned: the matrix lies transposed. */
typedef struct gz_product_shape {
    size_t M, N, K;
    bool a_turned, b_turned;
} gz_product_shape;

typedef struct gz_product_time {
    gz_product_shape shape;
    double own_ms, library_ms; /* of one product; 0: not measured yet */
} gz_product_time;

/* MEASURED unless $GAZE_PRODUCTS is "own" or "clblast". */
typedef enum gz_products_by { GZ_PRODUCTS_MEASURED, GZ_PRODUCTS_OWN, GZ_PRODUCTS_CLBLAST } gz_products_by;
void gz_products_force(gz_device *device, gz_products_by by);

/* Is CLBlast to make this one? Remembers the shape, so that it can be measured. */
bool gz_products_by_library(gz_device *device, const gz_product_shape *shape);

/* All shapes that were measured or asked for. The list is the device's; it may move when shapes are asked
 * for. */
size_t gz_products_list(gz_device *device, gz_product_time **list);

/* At least 5 % faster: less is noise. */
bool gz_product_is_library(const gz_product_time *time);

/* Keeps what was measured. A folder that can't be written is told as a warning: it is measured again then. */
void gz_products_keep(gz_device *device);
void gz_products_free(gz_device *device);

#endif
