/* Convolutions by Winograd's tiles, cl/winograd*.cl, and their gradients. */
#ifndef GZ_CONV2D_WINOGRAD_H
#define GZ_CONV2D_WINOGRAD_H

#include "conv2d.h"

/* 2 x 2 to 5 x 5 taps side by side, without stride? Do Winograd's tiles fit the image well enough to save
 * something? */
bool gz_conv2d_is_square(const gz_conv2d_size *size);
bool gz_conv2d_tiles_fit(const gz_conv2d_size *size);
/* Can kernels go by Winograd's F(4x4,3x3) on this device? Is it usually worth it? Of a vector of channels at
 * least; _few: of 4 at most. */
bool gz_conv2d_can_winograd_few(const gz_conv2d_size *size, gz_builder *builder);
bool gz_conv2d_can_winograd_few_sum(const gz_conv2d_size *size, gz_builder *builder);
bool gz_conv2d_is_winograd_few(const gz_conv2d_size *size);
bool gz_conv2d_can_winograd(const gz_conv2d_size *size, gz_builder *builder);
bool gz_conv2d_is_winograd(const gz_conv2d_size *size, gz_builder *builder);
size_t gz_conv2d_winograd_tiles(const gz_conv2d_size *size);
size_t gz_conv2d_winograd_side(const gz_conv2d_size *size); /* of a tile of y */
bool gz_conv2d_tiles_pool(const gz_conv2d_size *size);      /* no window of 2 x 2 lies in two tiles */
/* A launch of a kernel whose tiles are for so many taps. */
gz_launch *gz_winograd_launch(gz_builder *builder, const gz_conv2d_size *size, const char *stem,
                              const char *kernel);
/* The size of images, and what stands before them. */
void gz_winograd_arg_images(gz_launch *launch, const gz_conv2d_size *size);
enum { GZ_WINOGRAD_EDGE = 6 /* of a tile of x */, GZ_WINOGRAD_PLANES = 36, GZ_WINOGRAD_AMPLIFICATION = 128 };

/* How a Winograd convolution of so many planes goes, in groups of `tiles` tiles. Groups of the same tiles
   share the blocks of filters where there are few tiles; each of the `shares` repeats the transform. */
typedef struct gz_winograd_split {
    size_t tiles, groups, shares;
} gz_winograd_split;
gz_winograd_split gz_winograd_split_of(const gz_conv2d_size *size, gz_builder *builder, size_t planes,
                                       size_t n_tiles);
enum { GZ_WINOGRAD_PAD = 16 }; /* floats between planes, see cl/winograd.cl */
/* Do groups of so many tiles fit local memory? */
bool gz_winograd_fits(const gz_conv2d_size *size, gz_builder *builder, size_t planes, size_t tiles);
/* Its two arguments: the tiles of C channels, and their products. */
void gz_winograd_arg_local(gz_launch *launch, gz_builder *builder, size_t planes, size_t tiles, size_t C);
/* Floats that a part of a kernel's gradient works in: planes of tiles of x, in rows of C, and of dy. */
size_t gz_winograd_sum_floats(gz_builder *builder, const gz_conv2d_size *size, size_t planes, size_t tiles);

/* `weights` (made from `kernel`; turned: the last tap first) at the points; how many floats rows and columns
   of planes and channels are apart in a block of filters. */
typedef struct gz_winograd_order {
    size_t row, column, channel;
} gz_winograd_order;
gz_tensor *gz_winograd_pack(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *kernel,
                            const gz_tensor *weights, bool turned, gz_winograd_order order);

/* Can, and should, kernels 1 x 2 to 1 x 5 go by Winograd's F(7 - taps, taps) along rows? every_run: 6 planes
   of C x O are written in every run, as where weights don't stay. */
bool gz_conv2d_can_winograd_row(const gz_conv2d_size *size, gz_builder *builder);
bool gz_conv2d_is_winograd_row(const gz_conv2d_size *size, gz_builder *builder, bool every_run);

/* A convolution's launch, and its arguments up to the size of the images and what stands before them. */
gz_launch *gz_winograd_begin(gz_builder *builder, const gz_conv2d_call *call, const char *stem,
                             const char *kernel, const gz_tensor *packed);
void gz_conv2d_winograd(gz_builder *builder, const gz_conv2d_call *call);
void gz_conv2d_winograd_few(gz_builder *builder, const gz_conv2d_call *call);
void gz_conv2d_winograd_row(gz_builder *builder, const gz_conv2d_call *call); /* not pooled */
/* With a slope; no bias, no activation. */
void gz_conv2d_winograd_slope(gz_builder *builder, const gz_conv2d_call *call);
/* dx from dy and the kernel, as one pass over dy; false, and nothing was added, where that can't be or is
   slower than a convolution of dy. */
bool gz_conv2d_winograd_input(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *dy,
                              const gz_tensor *place, const gz_tensor *kernel, const gz_tensor *dx);
/* With a stride: by the tiles of its phases (conv2d_phases.c). Can it, and should it, where a tile has at
   most 1 / `least` of the direct method's products? The transforms and the copies want a half of them; the
   kernels for few channels are as fast up to a third. */
bool gz_conv2d_can_phases(const gz_conv2d_size *size, gz_builder *builder);
bool gz_conv2d_is_phases(const gz_conv2d_size *size, gz_builder *builder, size_t least);
enum { GZ_PHASES_HALF = 2, GZ_PHASES_THIRD = 3 };
static inline size_t gz_phases_least(const gz_conv2d_size *size, gz_builder *builder)
{
    return size->C < gz_builder_device(builder)->vector_width ? GZ_PHASES_THIRD : GZ_PHASES_HALF;
}
void gz_conv2d_phases(gz_builder *builder, const gz_conv2d_call *call);
/* dx of dy as it is without places; dkernel. */
void gz_conv2d_phases_input(gz_builder *builder, const gz_conv2d_input_call *call, const gz_tensor *dy);
void gz_conv2d_phases_sum(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *x,
                          const gz_tensor *dy, const gz_tensor *dkernel);
/* dkernel, in so many parts at most, by shapes alone; usually fewer where the sums are many. place may be
   NULL, _row_sum is for the whole dy. */
size_t gz_winograd_usual_parts(const gz_conv2d_size *size);
void gz_conv2d_winograd_sum(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *x,
                            const gz_tensor *dy, const gz_tensor *place, const gz_tensor *dkernel,
                            size_t most_parts);
/* Of images of few channels. */
void gz_conv2d_winograd_few_sum(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *x,
                                const gz_tensor *dy, const gz_tensor *place, const gz_tensor *dkernel);
/* The arguments of a kernel that makes sums at the points, u, up to the size of the images. */
void gz_winograd_arg_sum(gz_launch *launch, const gz_conv2d_size *size, const gz_tensor *x,
                         const gz_tensor *dy, const gz_tensor *place, const gz_tensor *u);
/* dkernel of the parts of the sums at the points, u [parts][36][C][filters in whole tiles]. */
void gz_winograd_sum_end(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *u,
                         const gz_tensor *dkernel, size_t parts);
void gz_conv2d_winograd_row_sum(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *x,
                                const gz_tensor *dy, const gz_tensor *dkernel, size_t most_parts);

#endif
