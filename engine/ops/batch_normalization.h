/* Shared by batch_normalization, its gradient and normalize_channels. */
#ifndef GZ_BATCH_NORMALIZATION_H
#define GZ_BATCH_NORMALIZATION_H
#include "normalization.h"

/* Input i is int32, one value for each row of x, or missing. */
gaze_status gz_batch_expect_mask(const gz_node *node, size_t i);

/* References: rows that count, at least 1; and channel c of y. */
typedef struct gz_batch_channel {
    double mean, variance, gamma, beta;
} gz_batch_channel;
double gz_batch_count(const double *mask, size_t R);
void gz_batch_normalize(const gz_node *node, const double *x, gz_batch_channel of, size_t c, double *y);

/* Rows of x in slabs, the same for the items of other families. */
gz_slabs gz_batch_slabs(const gz_node *node, const gz_builder *builder);
/* A kernel each for the cpu family, plain, and the gpu families, and a launch of the one that is wanted. */
typedef struct gz_batch_kernels {
    const char *slabs, *items, *group;
} gz_batch_kernels;
gz_launch *gz_batch_launch(gz_builder *builder, gz_batch_kernels kernel);
/* What joins the slabs: arguments C and slabs, an item a channel, or what the gpu families have for them. */
void gz_batch_launch_end(const gz_node *node, gz_builder *builder, gz_launch *launch, gz_slabs slabs);
/* Arguments C, rows and rows of a slab (and the slabs, for items), and the groups. */
void gz_batch_launch_slabs(const gz_node *node, gz_builder *builder, gz_launch *launch, gz_slabs slabs);

/* y from x with statistics: mean, what is to be added to it, variance; all but the variance may be NULL, as
   may gamma and beta. */
void gz_batch_apply(const gz_node *node, gz_builder *builder, const gz_tensor *const statistics[3],
                    const gz_tensor *gamma, const gz_tensor *beta);

#endif
