/* Convolution by the kernels of the cpu family. */
#include "conv2d.h"

gz_tensor *gz_conv2d_turn(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *kernel)
{
    const size_t taps = size->taps[0] * size->taps[1];
    gz_tensor *turned = gz_scratch_packed(builder, kernel, taps * size->C * size->O);
    gz_launch *launch = gz_launch_add(builder, "conv2d", "conv2d_turn", "");
    gz_launch_packs(launch, kernel);
    gz_arg_tensor(launch, kernel);
    gz_arg_tensor(launch, turned);
    gz_arg_int(launch, taps);
    gz_arg_int(launch, size->C);
    gz_arg_int(launch, size->O);
    gz_launch_groups(launch, gz_round_groups(size->C, 8), gz_round_groups(size->O, 8), taps, 1, 1, 1);
    return turned;
}

gz_tensor *gz_conv2d_pack(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *kernel,
                          const gz_tensor *weights)
{
    enum { SHARE = 64 }; /* rows of the kernel that a group copies */
    const size_t columns = gz_tile_columns(builder), blocks = gz_round_groups(size->O, columns);
    const size_t rows = gz_conv2d_terms(size);
    gz_tensor *packed = gz_scratch_packed(builder, kernel, blocks * rows * columns + size->C);
    gz_launch *launch = gz_launch_add(builder, "conv2d", "conv2d_pack", "");
    gz_launch_packs(launch, kernel);
    gz_arg_tensor(launch, weights);
    gz_arg_tensor(launch, packed);
    gz_arg_int(launch, rows);
    gz_arg_int(launch, size->O);
    gz_arg_int(launch, SHARE);
    gz_arg_int(launch, size->C);
    gz_launch_groups(launch, blocks, gz_round_groups(rows, SHARE), 1, 1, 1, 1);
    return packed;
}

/* The arguments that all kernels of the forward direction begin with. */
static gz_launch *begin(gz_builder *builder, const gz_conv2d_call *call, const char *stem, const char *name,
                        const gz_tensor *weights)
{
    gz_launch *launch = gz_launch_add(builder, stem, name, "");
    gz_arg_tensor(launch, call->x);
    gz_arg_tensor(launch, weights);
    gz_arg_tensor(launch, call->bias);
    gz_arg_tensor(launch, call->y);
    gz_conv2d_arg_images(launch, &call->size);
    gz_conv2d_arg_window(launch, &call->size);
    return launch;
}

/* Tiles that a group makes one after the other: at most 8, but not fewer than 16 groups for it. */
static size_t tiles_each(size_t tiles, size_t blocks)
{
    const size_t each = tiles * blocks / 16;
    return each < 1 ? 1 : each > 8 ? 8 : each;
}

static void direct(gz_builder *builder, const gz_conv2d_call *call)
{
    const gz_conv2d_size *size = &call->size;
    const size_t pixels = size->B * size->P * size->Q, tiles = gz_round_groups(pixels, GZ_TILE_ROWS);
    const size_t blocks = gz_round_groups(size->O, gz_tile_columns(builder)),
                 each = tiles_each(tiles, blocks);
    const gz_tensor *packed = gz_conv2d_pack(builder, size, call->kernel, call->weights);
    gz_launch *launch = begin(builder, call, "conv2d", "conv2d_direct", packed);
    gz_arg_int(launch, pixels);
    gz_arg_int(launch, each);
    gz_arg_int(launch, call->activation);
    gz_launch_groups(launch, gz_round_groups(tiles, each), blocks, 1, 1, 1, 1);
}

/* Few filters, many channels: dot products. */
static void dot(gz_builder *builder, const gz_conv2d_call *call)
{
    const gz_conv2d_size *size = &call->size;
    const size_t taps = size->taps[0] * size->taps[1], width = gz_builder_device(builder)->vector_width;
    const size_t pixels = size->B * size->P * size->Q, tiles = gz_round_groups(pixels, GZ_TILE_ROWS),
                 each = tiles_each(tiles, 1);
    gz_tensor *packed =
        gz_scratch_packed(builder, call->kernel, size->O * taps * gz_round_up(size->C, width) + size->C);
    gz_launch *launch = gz_launch_add(builder, "conv2d_filters", "conv2d_pack_dot", "");
    gz_launch_packs(launch, call->kernel);
    gz_arg_tensor(launch, call->weights);
    gz_arg_tensor(launch, packed);
    gz_arg_int(launch, taps);
    gz_arg_int(launch, size->C);
    gz_arg_int(launch, size->O);
    gz_launch_groups(launch, size->O, taps, 1, 1, 1, 1);
    launch = begin(builder, call, "conv2d_filters", "conv2d_dot", packed);
    gz_arg_int(launch, pixels);
    gz_arg_int(launch, each);
    gz_arg_int(launch, call->activation);
    gz_launch_groups(launch, gz_round_groups(tiles, each), 1, 1, 1, 1, 1);
}

void gz_conv2d_plain(gz_builder *builder, const gz_conv2d_call *call)
{
    const size_t count = call->size.B * call->size.P * call->size.Q * call->size.O;
    gz_launch *launch = begin(builder, call, "conv2d", "conv2d_plain", call->weights);
    gz_arg_ulong(launch, count);
    gz_arg_int(launch, call->activation);
    gz_launch_items(launch, count);
}

/* A group makes strips of rows; pooled: of pairs of rows. */
static bool few_channels(gz_builder *builder, const gz_conv2d_call *call)
{
    const gz_conv2d_size *size = &call->size;
    const size_t terms = gz_conv2d_terms(size), wide = gz_conv2d_span(size, 1, size->Q);
    const size_t columns = gz_tile_columns(builder), blocks = gz_round_groups(size->O, columns);
    const size_t offset_bytes = terms * sizeof(cl_int),
                 out_bytes = call->pooled ? 2 * size->Q * columns * sizeof(float) : 0;
    const gz_conv2d_strip strip = {.per_row = size->Q,
                                   .tile_cost = blocks * (terms + 4) * 2 * GZ_TILE_ROWS,
                                   .copy_cost = wide * size->C,
                                   .fixed_bytes = offset_bytes + out_bytes,
                                   .row_bytes = wide * size->C * sizeof(float)};
    const size_t fit = gz_conv2d_strip_rows(size, builder, &strip), rows = call->pooled ? fit / 2 * 2 : fit;
    if (!rows) return false;
    const gz_tensor *packed = gz_conv2d_pack(builder, size, call->kernel, call->weights);
    gz_launch *launch = begin(builder, call, "conv2d_few",
                              call->pooled ? "conv2d_few_channels_pooled" : "conv2d_few_channels", packed);
    gz_arg_int(launch, rows);
    gz_arg_int(launch, call->activation);
    gz_arg_local(launch, gz_conv2d_span(size, 0, rows) * strip.row_bytes);
    gz_arg_local(launch, offset_bytes);
    if (call->pooled) {
        gz_arg_local(launch, out_bytes);
        gz_arg_tensor(launch, call->place);
    }
    gz_launch_groups(launch, gz_round_groups(call->pooled ? size->P / 2 * 2 : size->P, rows), size->B, 1, 1,
                     1, 1);
    return true;
}

static bool few_filters(gz_builder *builder, const gz_conv2d_call *call)
{
    const gz_conv2d_size *size = &call->size;
    const size_t width = gz_builder_device(builder)->vector_width, terms = gz_conv2d_terms(size);
    const size_t run = gz_conv2d_run(size, size->Q > width ? size->Q : width);
    const gz_conv2d_strip strip = {.per_row = gz_round_groups(size->Q, width),
                                   .tile_cost = size->O * (terms + 4) * GZ_TILE_ROWS,
                                   .copy_cost = gz_conv2d_span(size, 1, size->Q) * size->C * 2,
                                   .fixed_bytes = terms * sizeof(cl_int),
                                   .row_bytes = size->C * size->stride[1] * run * sizeof(float)};
    const size_t rows = gz_conv2d_strip_rows(size, builder, &strip);
    if (!rows) return false;
    gz_launch *launch = begin(builder, call, "conv2d_filters", "conv2d_few_filters", call->weights);
    gz_arg_int(launch, rows);
    gz_arg_int(launch, call->activation);
    gz_arg_int(launch, run);
    gz_arg_local(launch, gz_conv2d_span(size, 0, rows) * strip.row_bytes);
    gz_arg_local(launch, strip.fixed_bytes);
    gz_launch_groups(launch, gz_round_groups(size->P, rows), size->B, 1, 1, 1, 1);
    return true;
}

void gz_conv2d_forward(gz_builder *builder, const gz_conv2d_call *call)
{
    const size_t width = gz_builder_device(builder)->vector_width;
    const bool few_c = call->size.C < width, few_o = call->size.O < width;
    if (gz_conv2d_is_winograd(&call->size, builder))
        gz_conv2d_winograd(builder, call);
    else if (few_o && !few_c)
        dot(builder, call);
    else if (few_o && !few_filters(builder, call))
        gz_conv2d_plain(builder, call);
    else if (!few_o && (!few_c || !few_channels(builder, call)))
        direct(builder, call);
}

bool gz_conv2d_pooled(gz_builder *builder, const gz_conv2d_call *call)
{
    const size_t width = gz_builder_device(builder)->vector_width;
    if (!gz_conv2d_is_winograd(&call->size, builder))
        return call->size.C < width && call->size.O >= width && few_channels(builder, call);
    gz_conv2d_winograd(builder, call);
    return true;
}
