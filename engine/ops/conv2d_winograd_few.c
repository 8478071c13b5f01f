/* Convolution of stride 1 of images of few channels by Winograd's tiles: cl/winograd_few.cl. */
#include "conv2d_winograd.h"

enum { LANES = 4 /* as in the kernels */, SUM_TILES = 8 };

static size_t tiles_along(const gz_conv2d_size *size, size_t pixels)
{
    return gz_round_groups(pixels, gz_conv2d_winograd_side(size));
}

static size_t pitch_of(const gz_conv2d_size *size, gz_builder *builder)
{
    const size_t side = gz_conv2d_winograd_side(size),
                 pixels = gz_round_up(size->Q, side) + GZ_WINOGRAD_EDGE - side;
    return gz_round_up(pixels * size->C + LANES, gz_builder_device(builder)->vector_width);
}

static size_t pixel_bytes(const gz_conv2d_size *size, gz_builder *builder)
{
    return GZ_WINOGRAD_EDGE * pitch_of(size, builder) * sizeof(float);
}

static size_t tile_bytes(const gz_conv2d_size *size)
{
    return tiles_along(size, size->Q) * GZ_WINOGRAD_PLANES * LANES * sizeof(float);
}

bool gz_conv2d_can_winograd_few(const gz_conv2d_size *size, gz_builder *builder)
{
    return gz_conv2d_is_square(size) && size->C <= LANES &&
           size->O >= gz_builder_device(builder)->vector_width &&
           pixel_bytes(size, builder) + tile_bytes(size) <= gz_builder_device(builder)->local_bytes;
}

/* A tile's gradients of a vector of filters, SUM_TILES of them at a time. */
static size_t sum_bytes(gz_builder *builder)
{
    const size_t plane = SUM_TILES * gz_builder_device(builder)->vector_width + GZ_WINOGRAD_PAD;
    return GZ_WINOGRAD_PLANES * plane * sizeof(float);
}

bool gz_conv2d_can_winograd_few_sum(const gz_conv2d_size *size, gz_builder *builder)
{
    return size->C > 1 && gz_conv2d_can_winograd_few(size, builder) &&
           pixel_bytes(size, builder) + tile_bytes(size) + sum_bytes(builder) <=
               gz_builder_device(builder)->local_bytes;
}

/* Of a single channel, and of 2 x 2 taps, the transforms take as long as what they save; of 5 x 5 a tile has
   few pixels for them. */
bool gz_conv2d_is_winograd_few(const gz_conv2d_size *size)
{
    const size_t taps = size->taps[0];
    return size->C > 1 && (taps == 3 || taps == 4) && gz_conv2d_tiles_fit(size);
}

/* Column by column of the tiles. */
static gz_tensor *pack(gz_builder *builder, const gz_conv2d_call *call)
{
    const size_t columns = gz_tile_columns(builder), channel = GZ_WINOGRAD_EDGE * columns;
    return gz_winograd_pack(builder, &call->size, call->kernel, call->weights, false,
                            (gz_winograd_order){columns, call->size.C * channel, channel});
}

/* Rows of tiles that a group makes: an eighth of an image where there are few images. */
static size_t rows_of(const gz_conv2d_size *size)
{
    enum { MANY = 16, SHARES = 8 };
    const size_t rows = tiles_along(size, size->P);
    return size->B >= MANY ? rows : gz_round_groups(rows, SHARES);
}

void gz_conv2d_winograd_few(gz_builder *builder, const gz_conv2d_call *call)
{
    const gz_conv2d_size *size = &call->size;
    const size_t rows = rows_of(size);
    gz_launch *launch =
        gz_winograd_begin(builder, call, "winograd_few", "winograd_few_channels", pack(builder, call));
    gz_arg_int(launch, rows);
    gz_arg_int(launch, pitch_of(size, builder));
    gz_arg_int(launch, call->activation);
    gz_arg_int(launch, call->pooled);
    gz_arg_local(launch, pixel_bytes(size, builder));
    gz_arg_local(launch, tile_bytes(size));
    gz_launch_groups(launch, gz_round_groups(tiles_along(size, size->P), rows), size->B, 1, 1, 1, 1);
    gz_builder_amplification(builder, GZ_WINOGRAD_AMPLIFICATION);
}

void gz_conv2d_winograd_few_sum(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *x,
                                const gz_tensor *dy, const gz_tensor *place, const gz_tensor *dkernel)
{
    enum { MOST_PARTS = 16 };
    const size_t lines = size->B * tiles_along(size, size->P),
                 parts = lines < MOST_PARTS ? lines : MOST_PARTS;
    const size_t filters = gz_round_up(size->O, gz_tile_columns(builder));
    const gz_tensor *u = gz_scratch(builder, parts * GZ_WINOGRAD_PLANES * size->C * filters);
    gz_launch *launch = gz_launch_add(builder, "winograd_few_gradient", "winograd_few_kernel_gradient",
                                      "-DFILTER_TAPS=%zu -DCHANNELS=%zu", size->taps[1], size->C);
    gz_winograd_arg_sum(launch, size, x, dy, place, u);
    gz_arg_int(launch, lines);
    gz_arg_int(launch, SUM_TILES);
    gz_arg_int(launch, pitch_of(size, builder));
    gz_arg_int(launch, parts);
    gz_arg_local(launch, pixel_bytes(size, builder));
    gz_arg_local(launch, tile_bytes(size));
    gz_arg_local(launch, sum_bytes(builder));
    gz_launch_groups(launch, parts, 1, 1, 1, 1, 1);
    gz_winograd_sum_end(builder, size, u, dkernel, parts);
}
