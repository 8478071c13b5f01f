/* The gradient of a convolution's kernel by Winograd's tiles: parts of the sum at the points, then their sum
   in order, transformed. */
#include "conv2d_winograd.h"

size_t gz_winograd_usual_parts(const gz_conv2d_size *size)
{
    enum { MANY = 4096 };
    return size->C * size->O > MANY ? 4 : 8;
}

void gz_winograd_arg_sum(gz_launch *launch, const gz_conv2d_size *size, const gz_tensor *x,
                         const gz_tensor *dy, const gz_tensor *place, const gz_tensor *u)
{
    gz_arg_tensor(launch, x);
    gz_arg_tensor(launch, dy);
    gz_arg_tensor(launch, place);
    gz_arg_tensor(launch, u);
    gz_winograd_arg_images(launch, size);
}

void gz_winograd_sum_end(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *u,
                         const gz_tensor *dkernel, size_t parts)
{
    enum { END_VECTORS = 4 };
    const size_t width = gz_builder_device(builder)->vector_width;
    gz_launch *launch =
        gz_winograd_launch(builder, size, "winograd_gradient", "winograd_kernel_gradient_end");
    gz_arg_tensor(launch, u);
    gz_arg_tensor(launch, dkernel);
    gz_arg_int(launch, size->C);
    gz_arg_int(launch, size->O);
    gz_arg_int(launch, parts);
    gz_launch_groups(launch, gz_round_groups(size->O, END_VECTORS * width), size->C, 1, 1, 1, 1);
    gz_builder_amplification(builder, GZ_WINOGRAD_AMPLIFICATION);
}

/* Each part sums into 36 C O floats of its own, and is a group. */
void gz_conv2d_winograd_sum(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *x,
                            const gz_tensor *dy, const gz_tensor *place, const gz_tensor *dkernel,
                            size_t most_parts)
{
    enum { TILES = 24, LEAST_TILES = 8 };
    const size_t n_tiles = gz_conv2d_winograd_tiles(size), wanted = gz_round_groups(n_tiles, LEAST_TILES),
                 parts = wanted < most_parts ? wanted : most_parts;
    const size_t filters = gz_round_up(size->O, gz_tile_columns(builder));
    const gz_tensor *u = gz_scratch(builder, parts * GZ_WINOGRAD_PLANES * size->C * filters);
    const gz_tensor *work =
        gz_scratch(builder, parts * gz_winograd_sum_floats(builder, size, GZ_WINOGRAD_PLANES, TILES));
    gz_launch *launch = gz_winograd_launch(builder, size, "winograd_gradient", "winograd_kernel_gradient");
    gz_arg_tensor(launch, x);
    gz_arg_tensor(launch, dy);
    gz_arg_tensor(launch, place);
    gz_arg_tensor(launch, u);
    gz_arg_tensor(launch, work);
    gz_conv2d_arg_images(launch, size);
    gz_arg_int(launch, size->before[0]);
    gz_arg_int(launch, size->before[1]);
    gz_arg_int(launch, n_tiles);
    gz_arg_int(launch, TILES);
    gz_arg_int(launch, parts);
    gz_launch_groups(launch, parts, 1, 1, 1, 1, 1);
    gz_winograd_sum_end(builder, size, u, dkernel, parts);
}
