/* How the gpu families share the work of reductions: work-groups with a tree in local memory. The kernels are
   those that include cl/group_gpu.h; `lanes` and the local memory are their last arguments. */
#ifndef GZ_GROUP_GPU_H
#define GZ_GROUP_GPU_H
#include "../graph/builder.h"

/* Items of a group: a power of two, at most 256, what the device has and its local memory holds. A driver
   that allows a kernel fewer gets half as many, and so on. */
size_t gz_group_items(const gz_builder *builder);

/* Rows of `width` values: about 4 values an item where there are rows enough to fill the device, else one. */
void gz_launch_group_rows(const gz_builder *builder, gz_launch *launch, size_t rows, size_t width);

/* Rows of `width` values whose places a kernel counts in float32: fewer than 2^24. */
bool gz_group_counts(size_t width);

/* x [B,R,C], reduced over R: the rows of a sample lie in slabs, each of them summed by groups of its own, by
   shape alone. */
typedef struct gz_columns {
    size_t samples, rows, columns;
    size_t slab, slabs; /* rows of a slab; how many there are */
} gz_columns;
gz_columns gz_columns_of(size_t samples, size_t rows, size_t columns);
/* All rows of a sample in one slab. */
gz_columns gz_columns_whole(size_t samples, size_t rows, size_t columns);
/* Arguments R, C, rows of a slab, slabs, lanes, local memory; and the groups. */
void gz_launch_group_columns(const gz_builder *builder, gz_launch *launch, gz_columns columns);

/* y [B,C] = sum of x [B,R,C] over the rows, each times its weight a [B,R] where `a` isn't NULL; divided by
   `divisor`. */
typedef struct gz_column_sums {
    const gz_tensor *x, *a, *y;
    size_t samples, rows, columns;
    double divisor;
} gz_column_sums;
void gz_column_sums_gpu(gz_builder *builder, const gz_column_sums *sums);
/* y [B,C] = the maximum of x [B,R,C] over the rows */
void gz_column_max_gpu(gz_builder *builder, const gz_tensor *x, const gz_tensor *y, gz_columns whole);

#endif
