/* Convolution along rows (kernels 1 x 2 to 1 x 5 of stride 1), and the gradient of its kernel, by Winograd's
   F(7 - taps, taps). */
#include "conv2d_winograd.h"

static size_t n_tiles(const gz_conv2d_size *size)
{
    return size->B * size->P * gz_round_groups(size->Q, gz_conv2d_winograd_side(size));
}

/* In the gradient of a kernel that sees few pixels, sums of one or two products are off by what is rounded in
   the products beside them. */
bool gz_conv2d_can_winograd_row(const gz_conv2d_size *size, gz_builder *builder)
{
    enum { LEAST_PIXELS = 16 };
    const size_t least = gz_builder_device(builder)->vector_width;
    return size->taps[0] == 1 && size->taps[1] >= 2 && size->taps[1] < GZ_WINOGRAD_EDGE &&
           !gz_conv2d_has_stride(size) && size->dilation[1] == 1 && size->C >= least && size->O >= least &&
           size->B * size->P * size->Q >= LEAST_PIXELS &&
           gz_winograd_fits(size, builder, GZ_WINOGRAD_EDGE, GZ_TILE_ROWS);
}

/* Counted in products of a vector: those saved, the transforms of a tile, and a plane's place in memory
   (measured on two cores with AVX-512). */
bool gz_conv2d_is_winograd_row(const gz_conv2d_size *size, gz_builder *builder, bool every_run)
{
    enum { TRANSFORM = 36, PLANES = 60 };
    if (!gz_conv2d_can_winograd_row(size, builder)) return false;
    const size_t direct = size->taps[1] * size->B * size->P * size->Q, tiles = n_tiles(size);
    const size_t C = size->C, O = size->O, fixed = every_run ? PLANES : 0;
    return direct * C * O >= (GZ_WINOGRAD_EDGE * tiles + fixed) * C * O + TRANSFORM * (C + O) * tiles;
}

static void arg_rows(gz_launch *launch, const gz_conv2d_size *size)
{
    const size_t list[] = {size->W, size->C, size->Q, size->O, size->before[1], n_tiles(size)};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) gz_arg_int(launch, list[i]);
}

static gz_tensor *pack(gz_builder *builder, const gz_conv2d_call *call)
{
    enum { SHARE = 32 }; /* channels of a group */
    const gz_conv2d_size *size = &call->size;
    const size_t columns = gz_tile_columns(builder), blocks = gz_round_groups(size->O, columns);
    gz_tensor *packed =
        gz_scratch_packed(builder, call->kernel, blocks * GZ_WINOGRAD_EDGE * size->C * columns);
    gz_launch *launch = gz_winograd_launch(builder, size, "winograd_row", "winograd_row_pack");
    gz_launch_packs(launch, call->kernel);
    gz_arg_tensor(launch, call->weights);
    gz_arg_tensor(launch, packed);
    gz_arg_int(launch, size->C);
    gz_arg_int(launch, size->O);
    gz_arg_int(launch, SHARE);
    gz_launch_groups(launch, gz_round_groups(size->O, columns / 2), gz_round_groups(size->C, SHARE), 1, 1, 1,
                     1);
    return packed;
}

void gz_conv2d_winograd_row(gz_builder *builder, const gz_conv2d_call *call)
{
    const gz_conv2d_size *size = &call->size;
    const gz_winograd_split split = gz_winograd_split_of(size, builder, GZ_WINOGRAD_EDGE, n_tiles(size));
    const gz_tensor *packed = pack(builder, call);
    gz_launch *launch = gz_winograd_launch(builder, size, "winograd_row", "winograd_row");
    gz_arg_tensor(launch, call->x);
    gz_arg_tensor(launch, packed);
    gz_arg_tensor(launch, call->bias);
    gz_arg_tensor(launch, call->y);
    arg_rows(launch, size);
    gz_arg_int(launch, split.tiles);
    gz_arg_int(launch, split.shares);
    gz_arg_int(launch, call->activation);
    gz_winograd_arg_local(launch, builder, GZ_WINOGRAD_EDGE, split.tiles, size->C);
    gz_launch_groups(launch, split.groups, split.shares, 1, 1, 1, 1);
    gz_builder_amplification(builder, GZ_WINOGRAD_AMPLIFICATION);
}

/* Each part sums into 6 C O floats of its own, and is a group. */
void gz_conv2d_winograd_row_sum(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *x,
                                const gz_tensor *dy, const gz_tensor *dkernel, size_t most_parts)
{
    enum { TILES = 48, LEAST_TILES = 8 };
    const size_t all = n_tiles(size), wanted = gz_round_groups(all, LEAST_TILES),
                 parts = wanted < most_parts ? wanted : most_parts;
    const size_t width = gz_builder_device(builder)->vector_width, filters = gz_round_up(size->O, 2 * width);
    const gz_tensor *u = gz_scratch(builder, parts * GZ_WINOGRAD_EDGE * size->C * filters);
    const gz_tensor *work =
        gz_scratch(builder, parts * gz_winograd_sum_floats(builder, size, GZ_WINOGRAD_EDGE, TILES));
    gz_launch *launch = gz_winograd_launch(builder, size, "winograd_row", "winograd_row_kernel_gradient");
    gz_arg_tensor(launch, x);
    gz_arg_tensor(launch, dy);
    gz_arg_tensor(launch, u);
    gz_arg_tensor(launch, work);
    arg_rows(launch, size);
    gz_arg_int(launch, TILES);
    gz_arg_int(launch, parts);
    gz_launch_groups(launch, parts, 1, 1, 1, 1, 1);
    launch = gz_winograd_launch(builder, size, "winograd_row", "winograd_row_kernel_gradient_end");
    gz_arg_tensor(launch, u);
    gz_arg_tensor(launch, dkernel);
    gz_arg_int(launch, size->C);
    gz_arg_int(launch, size->O);
    gz_arg_int(launch, parts);
    gz_launch_groups(launch, gz_round_groups(size->O, width), size->C, 1, 1, 1, 1);
    gz_builder_amplification(builder, GZ_WINOGRAD_AMPLIFICATION);
}
