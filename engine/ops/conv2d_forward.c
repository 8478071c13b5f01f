/* Convolution by the kernels of the cpu family. */
#include "conv2d_winograd.h"
#include "reduce.h"
#include "slope_sum.h"

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
    const size_t blocks = gz_round_groups(size->O, gz_tile_blocks(builder) * gz_tile_columns(builder)),
                 each = tiles_each(tiles, blocks);
    const gz_tensor *packed = gz_conv2d_pack(builder, size, call->kernel, call->weights);
    gz_launch *launch = begin(builder, call, "conv2d", "conv2d_direct", packed);
    gz_arg_int(launch, pixels);
    gz_arg_int(launch, each);
    gz_arg_int(launch, call->activation);
    gz_launch_groups(launch, blocks, gz_round_groups(tiles, each), 1, 1, 1, 1);
}

gz_tensor *gz_conv2d_pack_dot(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *kernel,
                              const gz_tensor *weights)
{
    const size_t taps = size->taps[0] * size->taps[1], width = gz_builder_device(builder)->vector_width;
    gz_tensor *packed =
        gz_scratch_packed(builder, kernel, size->O * taps * gz_round_up(size->C, width) + size->C);
    gz_launch *launch = gz_launch_add(builder, "conv2d_filters", "conv2d_pack_dot", "");
    gz_launch_packs(launch, kernel);
    gz_arg_tensor(launch, weights);
    gz_arg_tensor(launch, packed);
    gz_arg_int(launch, taps);
    gz_arg_int(launch, size->C);
    gz_arg_int(launch, size->O);
    gz_launch_groups(launch, size->O, taps, 1, 1, 1, 1);
    return packed;
}

/* Few filters, many channels: dot products. */
static void dot(gz_builder *builder, const gz_conv2d_call *call)
{
    const gz_conv2d_size *size = &call->size;
    const size_t pixels = size->B * size->P * size->Q, tiles = gz_round_groups(pixels, GZ_TILE_ROWS),
                 each = tiles_each(tiles, 1);
    const gz_tensor *packed = gz_conv2d_pack_dot(builder, size, call->kernel, call->weights);
    gz_launch *launch = begin(builder, call, "conv2d_filters", "conv2d_dot", packed);
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

/* A group makes strips of rows; pooled: of pairs of rows. 0: not even one fits. */
static size_t few_channels_rows(gz_builder *builder, const gz_conv2d_call *call)
{
    const gz_conv2d_size *size = &call->size;
    const size_t terms = gz_conv2d_terms(size), wide = gz_conv2d_span(size, 1, size->Q);
    const size_t blocks = gz_round_groups(size->O, gz_tile_columns(builder));
    const gz_conv2d_strip strip = {.per_row = size->Q,
                                   .tile_cost = blocks * (terms + 4) * 2 * GZ_TILE_ROWS,
                                   .copy_cost = wide * size->C,
                                   .fixed_bytes = terms * sizeof(cl_int),
                                   .row_bytes = wide * size->C * sizeof(float)};
    const size_t fit = gz_conv2d_strip_rows(size, builder, &strip);
    return call->pooled ? fit / 2 * 2 : fit;
}

static void few_channels(gz_builder *builder, const gz_conv2d_call *call)
{
    const gz_conv2d_size *size = &call->size;
    const size_t rows = few_channels_rows(builder, call);
    const gz_tensor *packed = gz_conv2d_pack(builder, size, call->kernel, call->weights);
    gz_launch *launch = begin(builder, call, "conv2d_few",
                              call->pooled ? "conv2d_few_channels_pooled" : "conv2d_few_channels", packed);
    gz_arg_int(launch, rows);
    gz_arg_int(launch, call->activation);
    gz_arg_local(launch,
                 gz_conv2d_span(size, 0, rows) * gz_conv2d_span(size, 1, size->Q) * size->C * sizeof(float));
    gz_arg_local(launch, gz_conv2d_terms(size) * sizeof(cl_int));
    gz_arg_tensor(launch, call->pooled ? call->place : call->part_sums);
    gz_launch_groups(launch, gz_round_groups(call->pooled ? size->P / 2 * 2 : size->P, rows), size->B, 1, 1,
                     1, 1);
}

static size_t few_filters_run(gz_builder *builder, const gz_conv2d_size *size)
{
    const size_t width = gz_builder_device(builder)->vector_width;
    return gz_conv2d_run(size, size->Q > width ? size->Q : width);
}

static gz_conv2d_strip few_filters_strip(gz_builder *builder, const gz_conv2d_size *size)
{
    const size_t width = gz_builder_device(builder)->vector_width, terms = gz_conv2d_terms(size);
    return (gz_conv2d_strip){.per_row = gz_round_groups(size->Q, width),
                             .tile_cost = size->O * (terms + 4) * GZ_TILE_ROWS,
                             .copy_cost = gz_conv2d_span(size, 1, size->Q) * size->C * 2,
                             .fixed_bytes = terms * sizeof(cl_int),
                             .row_bytes =
                                 size->C * size->stride[1] * few_filters_run(builder, size) * sizeof(float)};
}

static size_t few_filters_rows(gz_builder *builder, const gz_conv2d_size *size)
{
    const gz_conv2d_strip strip = few_filters_strip(builder, size);
    return gz_conv2d_strip_rows(size, builder, &strip);
}

static void few_filters(gz_builder *builder, const gz_conv2d_call *call)
{
    const gz_conv2d_size *size = &call->size;
    const gz_conv2d_strip strip = few_filters_strip(builder, size);
    const size_t rows = gz_conv2d_strip_rows(size, builder, &strip);
    gz_launch *launch = begin(builder, call, "conv2d_filters", "conv2d_few_filters", call->weights);
    gz_arg_int(launch, rows);
    gz_arg_int(launch, call->activation);
    gz_arg_int(launch, few_filters_run(builder, size));
    gz_arg_local(launch, gz_conv2d_span(size, 0, rows) * strip.row_bytes);
    gz_arg_local(launch, strip.fixed_bytes);
    gz_launch_groups(launch, gz_round_groups(size->P, rows), size->B, 1, 1, 1, 1);
}

enum { WINOGRAD, WINOGRAD_FEW, WINOGRAD_ROW, WINOGRAD_PHASES, FEW_CHANNELS, FEW_FILTERS, DOT, DIRECT, PLAIN };
static const char *const METHODS[] = {"winograd",
                                      "winograd of few channels",
                                      "winograd of rows",
                                      "winograd of phases",
                                      "few channels",
                                      "few filters",
                                      "dot products",
                                      "direct",
                                      "plain",
                                      NULL};
static gz_conv2d_function *const ADD[] = {gz_conv2d_winograd,
                                          gz_conv2d_winograd_few,
                                          gz_conv2d_winograd_row,
                                          gz_conv2d_phases,
                                          few_channels,
                                          few_filters,
                                          dot,
                                          direct,
                                          gz_conv2d_plain};

/* Of an image; a gradient of few filters is full of zeros (relu, maxima), of which direct sums are zero, too,
   and sums of tiles what the pixels around leave. */
static bool can_winograd_few(gz_builder *builder, const gz_conv2d_call *call)
{
    return call->weights == call->kernel && gz_conv2d_can_winograd_few(&call->size, builder);
}

static size_t usual_method(gz_builder *builder, const gz_conv2d_call *call, bool few_channels_fit)
{
    const size_t width = gz_builder_device(builder)->vector_width;
    const bool few_c = call->size.C < width, few_o = call->size.O < width;
    if (gz_conv2d_is_winograd(&call->size, builder)) return WINOGRAD;
    if (can_winograd_few(builder, call) && gz_conv2d_is_winograd_few(&call->size)) return WINOGRAD_FEW;
    if (gz_conv2d_is_winograd_row(&call->size, builder, !gz_builder_stays(builder, call->kernel)))
        return WINOGRAD_ROW;
    if (gz_conv2d_is_phases(&call->size, builder, gz_phases_least(&call->size, builder)))
        return WINOGRAD_PHASES;
    if (few_o && !few_c) return DOT;
    if (few_o) return few_filters_rows(builder, &call->size) ? FEW_FILTERS : PLAIN;
    return few_c && few_channels_fit ? FEW_CHANNELS : DIRECT;
}

/* Direct and with few channels a group makes a vector of filters at least, dot products have one of channels.
   Not those that are far from their best shapes: measuring takes time, too. */
static unsigned possible_methods(gz_builder *builder, const gz_conv2d_call *call, bool few_channels_fit)
{
    const gz_conv2d_size *size = &call->size;
    const size_t width = gz_builder_device(builder)->vector_width;
    unsigned possible = 0;
    if (gz_conv2d_can_winograd(size, builder)) possible |= 1u << WINOGRAD;
    if (can_winograd_few(builder, call)) possible |= 1u << WINOGRAD_FEW;
    if (gz_conv2d_can_winograd_row(size, builder)) possible |= 1u << WINOGRAD_ROW;
    if (gz_conv2d_can_phases(size, builder)) possible |= 1u << WINOGRAD_PHASES;
    if (few_channels_fit && size->O >= width && size->C <= 2 * width) possible |= 1u << FEW_CHANNELS;
    if (size->O <= width && few_filters_rows(builder, size)) possible |= 1u << FEW_FILTERS;
    if (size->C >= width && size->O <= 2 * width) possible |= 1u << DOT;
    if (size->O >= width) possible |= 1u << DIRECT;
    return possible;
}

/* Parts of y are summed where they are stored: `parts` of an image. */
static void parts_mean(gz_builder *builder, const gz_conv2d_call *call, size_t parts,
                       gz_conv2d_function *convolve)
{
    const gz_conv2d_size *size = &call->size;
    gz_conv2d_call in_parts = *call;
    in_parts.part_sums = gz_scratch(builder, size->B * parts * size->O);
    convolve(builder, &in_parts);
    gz_sum_middle_launch(builder, in_parts.part_sums, call->mean, (gz_middle){size->B, parts, size->O},
                         call->divisor);
}

static bool is_in_tiles(size_t method) { return method == WINOGRAD || method == WINOGRAD_FEW; }

static void forward_mean(gz_builder *builder, const gz_conv2d_call *call, size_t method)
{
    const gz_conv2d_size *size = &call->size;
    if (is_in_tiles(method))
        parts_mean(builder, call, gz_conv2d_winograd_tiles(size) / size->B, ADD[method]);
    else if (method == FEW_CHANNELS)
        parts_mean(builder, call, gz_round_groups(size->P, few_channels_rows(builder, call)), few_channels);
    else
        gz_conv2d_then_mean(builder, call, ADD[method]);
}

void gz_conv2d_forward(gz_builder *builder, const gz_conv2d_call *call)
{
    gz_conv2d_call apart = *call;
    apart.pooled = false;
    const bool fit = few_channels_rows(builder, &apart), fit_pooled = few_channels_rows(builder, call);
    const gz_candidates methods = {METHODS, possible_methods(builder, call, fit),
                                   usual_method(builder, call, fit)};
    const size_t method = gz_conv2d_choose(builder, methods, &call->size, false);
    if (call->pooled && !(is_in_tiles(method) && gz_conv2d_tiles_pool(&call->size)) &&
        !(method == FEW_CHANNELS && fit_pooled))
        gz_conv2d_then_pool(builder, call, ADD[method]);
    else if (call->slope && method == WINOGRAD)
        gz_conv2d_winograd_slope(builder, call);
    else if (call->mean)
        forward_mean(builder, call, method);
    else
        ADD[method](builder, call);
    if (call->slope && method != WINOGRAD) gz_slope_sum_launch(builder, call->slope);
}
