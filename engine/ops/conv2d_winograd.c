/* Convolution of stride 1 and 2 x 2 to 5 x 5 taps by Winograd's F(4x4,3x3) and its like. */
#include "conv2d_winograd.h"
#include "reduce.h"
#include "slope_sum.h"

size_t gz_conv2d_winograd_side(const gz_conv2d_size *size) { return GZ_WINOGRAD_EDGE + 1 - size->taps[1]; }

bool gz_conv2d_tiles_pool(const gz_conv2d_size *size) { return gz_conv2d_winograd_side(size) % 2 == 0; }

size_t gz_conv2d_winograd_tiles(const gz_conv2d_size *size)
{
    const size_t side = gz_conv2d_winograd_side(size);
    return size->B * gz_round_groups(size->P, side) * gz_round_groups(size->Q, side);
}

gz_launch *gz_winograd_launch(gz_builder *builder, const gz_conv2d_size *size, const char *stem,
                              const char *kernel)
{
    if (size->taps[1] == 3) return gz_launch_add(builder, stem, kernel, "");
    return gz_launch_add(builder, stem, kernel, "-DFILTER_TAPS=%zu", size->taps[1]);
}

/* GAZE_PLANE of cl/winograd_tiles.h: floats of a plane of tiles, of C channels or filters. */
static size_t plane_floats(gz_builder *builder, size_t tiles, size_t C)
{
    return tiles * gz_round_up(C, gz_builder_device(builder)->vector_width) + GZ_WINOGRAD_PAD;
}

bool gz_winograd_fits(const gz_conv2d_size *size, gz_builder *builder, size_t planes, size_t tiles)
{
    const size_t floats =
        plane_floats(builder, tiles, size->C) + plane_floats(builder, tiles, gz_tile_columns(builder));
    return planes * floats * sizeof(float) <= gz_builder_device(builder)->local_bytes;
}

size_t gz_winograd_sum_floats(gz_builder *builder, const gz_conv2d_size *size, size_t planes, size_t tiles)
{
    return planes * (tiles * size->C + GZ_WINOGRAD_PAD + plane_floats(builder, tiles, size->O));
}

void gz_winograd_arg_local(gz_launch *launch, gz_builder *builder, size_t planes, size_t tiles, size_t C)
{
    gz_arg_local(launch, planes * plane_floats(builder, tiles, C) * sizeof(float));
    gz_arg_local(launch, planes * plane_floats(builder, tiles, gz_tile_columns(builder)) * sizeof(float));
}

static size_t shares_of(size_t groups, size_t blocks)
{
    enum { LEAST_GROUPS = 8 };
    size_t shares = gz_round_groups(LEAST_GROUPS, groups);
    if (shares > blocks) return blocks;
    while (blocks % shares) shares++;
    return shares;
}

gz_winograd_split gz_winograd_split_of(const gz_conv2d_size *size, gz_builder *builder, size_t planes,
                                       size_t n_tiles)
{
    const bool small =
        n_tiles < 16 * GZ_TILE_ROWS || !gz_winograd_fits(size, builder, planes, 2 * GZ_TILE_ROWS);
    const size_t tiles = small ? GZ_TILE_ROWS : 2 * GZ_TILE_ROWS, groups = gz_round_groups(n_tiles, tiles);
    return (gz_winograd_split){tiles, groups,
                               shares_of(groups, gz_round_groups(size->O, gz_tile_columns(builder)))};
}

bool gz_conv2d_is_square(const gz_conv2d_size *size)
{
    for (int axis = 0; axis < 2; axis++)
        if (size->stride[axis] != 1 || size->dilation[axis] != 1) return false;
    return size->taps[0] == size->taps[1] && size->taps[0] >= 2 && size->taps[0] < GZ_WINOGRAD_EDGE;
}

/* 36 products a tile in place of 4 to 25 a pixel; the transforms want the rest of the gain. */
bool gz_conv2d_tiles_fit(const gz_conv2d_size *size)
{
    const size_t taps = size->taps[0] * size->taps[1];
    return 360 * gz_conv2d_winograd_tiles(size) <= 7 * taps * size->B * size->P * size->Q;
}

bool gz_conv2d_can_winograd(const gz_conv2d_size *size, gz_builder *builder)
{
    const size_t least = gz_builder_device(builder)->vector_width;
    return gz_conv2d_is_square(size) && size->C >= least && size->O >= least &&
           gz_winograd_fits(size, builder, GZ_WINOGRAD_PLANES, GZ_TILE_ROWS);
}

/* Of 2 x 2 taps a pixel has 4 products: of few channels and filters the transforms take as long as what is
 * saved. */
bool gz_conv2d_is_winograd(const gz_conv2d_size *size, gz_builder *builder)
{
    enum { MANY = 1024 };
    return gz_conv2d_can_winograd(size, builder) && gz_conv2d_tiles_fit(size) &&
           (size->taps[0] > 2 || size->C * size->O >= MANY);
}

gz_tensor *gz_winograd_pack(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *kernel,
                            const gz_tensor *weights, bool turned, gz_winograd_order order)
{
    const size_t columns = gz_tile_columns(builder), blocks = gz_round_groups(size->O, columns);
    gz_tensor *packed = gz_scratch_packed(builder, kernel, blocks * GZ_WINOGRAD_PLANES * size->C * columns);
    gz_launch *launch = gz_winograd_launch(builder, size, "winograd", "winograd_pack");
    gz_launch_packs(launch, kernel);
    gz_arg_tensor(launch, weights);
    gz_arg_tensor(launch, packed);
    gz_arg_int(launch, size->C);
    gz_arg_int(launch, size->O);
    gz_arg_int(launch, turned);
    gz_arg_int(launch, order.row);
    gz_arg_int(launch, order.column);
    gz_arg_int(launch, order.channel);
    gz_launch_groups(launch, 2 * blocks, size->C, 1, 1, 1, 1);
    return packed;
}

/* turned: `weights`, made from `kernel`, have their last tap first. Plane by plane. */
static gz_tensor *pack(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *kernel,
                       const gz_tensor *weights, bool turned)
{
    const size_t columns = gz_tile_columns(builder), plane = size->C * columns;
    return gz_winograd_pack(builder, size, kernel, weights, turned,
                            (gz_winograd_order){GZ_WINOGRAD_EDGE * plane, plane, columns});
}

void gz_winograd_arg_images(gz_launch *launch, const gz_conv2d_size *size)
{
    gz_conv2d_arg_images(launch, size);
    gz_arg_int(launch, size->before[0]);
    gz_arg_int(launch, size->before[1]);
}

gz_launch *gz_winograd_begin(gz_builder *builder, const gz_conv2d_call *call, const char *stem,
                             const char *kernel, const gz_tensor *packed)
{
    gz_launch *launch = gz_winograd_launch(builder, &call->size, stem, kernel);
    gz_arg_tensor(launch, call->x);
    gz_arg_tensor(launch, packed);
    gz_arg_tensor(launch, call->bias);
    gz_arg_tensor(launch, call->y);
    gz_arg_tensor(launch, call->place);
    gz_arg_tensor(launch, call->part_sums);
    gz_winograd_arg_images(launch, &call->size);
    return launch;
}

/* How many tiles there are and how groups share them. */
static void arg_tiles(gz_launch *launch, size_t n_tiles, const gz_winograd_split *split)
{
    gz_arg_int(launch, n_tiles);
    gz_arg_int(launch, split->tiles);
    gz_arg_int(launch, split->shares);
}

/* The last arguments, and the groups. */
static void share_tiles(gz_builder *builder, gz_launch *launch, const gz_conv2d_size *size,
                        const gz_winograd_split *split)
{
    gz_winograd_arg_local(launch, builder, GZ_WINOGRAD_PLANES, split->tiles, size->C);
    gz_launch_groups(launch, split->groups, split->shares, 1, 1, 1, 1);
    gz_builder_amplification(builder, GZ_WINOGRAD_AMPLIFICATION);
}

void gz_conv2d_winograd(gz_builder *builder, const gz_conv2d_call *call)
{
    const gz_conv2d_size *size = &call->size;
    const size_t n_tiles = gz_conv2d_winograd_tiles(size);
    const gz_winograd_split split = gz_winograd_split_of(size, builder, GZ_WINOGRAD_PLANES, n_tiles);
    const gz_tensor *packed = pack(builder, size, call->kernel, call->weights, false);
    gz_launch *launch = gz_winograd_begin(builder, call, "winograd", "winograd", packed);
    arg_tiles(launch, n_tiles, &split);
    gz_arg_int(launch, call->activation);
    gz_arg_int(launch, call->pooled);
    share_tiles(builder, launch, size, &split);
}

/* The sums of all tiles: of each image's, then of those. */
static void sum_tiles(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *tiles,
                      const gz_tensor *sums)
{
    const size_t n_tiles = gz_conv2d_winograd_tiles(size);
    const gz_tensor *images = gz_scratch(builder, size->B * size->O);
    gz_sum_middle_launch(builder, tiles, images, (gz_middle){size->B, n_tiles / size->B, size->O}, 1);
    gz_sum_middle_launch(builder, images, sums, (gz_middle){1, size->B, size->O}, 1);
}

void gz_conv2d_winograd_slope(gz_builder *builder, const gz_conv2d_call *call)
{
    const gz_conv2d_size *size = &call->size;
    const gz_slope_call *slope = call->slope;
    const size_t n_tiles = gz_conv2d_winograd_tiles(size);
    const gz_winograd_split split = gz_winograd_split_of(size, builder, GZ_WINOGRAD_PLANES, n_tiles);
    const gz_tensor *packed = pack(builder, size, call->kernel, call->weights, false);
    const gz_tensor *tiles = slope->sums ? gz_scratch(builder, n_tiles * size->O) : NULL;
    gz_launch *launch = gz_winograd_launch(builder, size, "winograd_slope", "winograd_slope");
    gz_arg_tensor(launch, call->x);
    gz_arg_tensor(launch, packed);
    gz_arg_tensor(launch, slope->value);
    gz_arg_tensor(launch, slope->other);
    gz_arg_tensor(launch, slope->each);
    gz_arg_tensor(launch, slope->dz);
    gz_arg_tensor(launch, tiles);
    gz_winograd_arg_images(launch, size);
    arg_tiles(launch, n_tiles, &split);
    gz_arg_int(launch, slope->activation);
    gz_arg_float(launch, slope->factor);
    share_tiles(builder, launch, size, &split);
    if (tiles) sum_tiles(builder, size, tiles, slope->sums);
}

/* Neighbouring tiles add to the same pixels of dx, so that an image is one group's: of fewer images a
   convolution makes more groups. By shapes alone. Tiles of larger kernels would share most of their pixels.
 */
bool gz_conv2d_winograd_input(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *dy,
                              const gz_tensor *place, const gz_tensor *kernel, const gz_tensor *dx)
{
    enum { LEAST_GROUPS = 8, GROUPS = 16 };
    const size_t width = gz_builder_device(builder)->vector_width;
    gz_conv2d_size turned = *size;
    turned.C = size->O;
    turned.O = size->C;
    if (size->taps[0] != 3 || !gz_conv2d_is_winograd(&turned, builder)) return false;
    if (size->C % width || size->B < LEAST_GROUPS) return false;
    const gz_conv2d_size other = gz_conv2d_size_turned(size);
    if (!place && gz_conv2d_winograd_tiles(size) >= gz_conv2d_winograd_tiles(&other)) return false;
    const bool wide = gz_winograd_fits(&turned, builder, GZ_WINOGRAD_PLANES, 2 * GZ_TILE_ROWS);
    const size_t tiles = wide ? 2 * GZ_TILE_ROWS : GZ_TILE_ROWS, each = gz_round_groups(size->B, GROUPS);
    const gz_tensor *packed = pack(builder, &turned, kernel, gz_conv2d_turn(builder, size, kernel), true);
    gz_launch *launch = gz_winograd_launch(builder, size, "winograd_gradient", "winograd_input_gradient");
    gz_arg_tensor(launch, dy);
    gz_arg_tensor(launch, place);
    gz_arg_tensor(launch, packed);
    gz_arg_tensor(launch, dx);
    gz_winograd_arg_images(launch, size);
    gz_arg_int(launch, size->B);
    gz_arg_int(launch, each);
    gz_arg_int(launch, tiles);
    gz_winograd_arg_local(launch, builder, GZ_WINOGRAD_PLANES, tiles, size->O);
    gz_launch_groups(launch, gz_round_groups(size->B, each), 1, 1, 1, 1, 1);
    gz_builder_amplification(builder, GZ_WINOGRAD_AMPLIFICATION);
    return true;
}
