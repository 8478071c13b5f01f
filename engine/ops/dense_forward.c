/* Which kernels make a product with a matrix of weights. */
#include "dense.h"
#include "product_gpu.h"

/* Enough groups for many cores also where there are few rows and columns: 32 with parts of K. */
static gz_parts tile_parts(gz_dense_size size)
{
    const size_t groups = gz_groups(size.rows, 64) * gz_groups(size.units, 32);
    return gz_parts_of(size.inputs, gz_groups(32, groups), 256);
}

static void add_sizes(gz_launch *launch, gz_dense_size size)
{
    gz_arg_int(launch, size.rows);
    gz_arg_int(launch, size.inputs);
    gz_arg_int(launch, size.units);
}

/* To y where K is in one part, else sums of the parts to scratch memory, which comes back. */
static const gz_tensor *add_arguments(gz_builder *builder, gz_launch *launch, const gz_dense_call *call,
                                      gz_parts parts)
{
    const bool whole = parts.count == 1;
    const gz_tensor *sums =
        whole ? NULL : gz_scratch(builder, parts.count * call->size.rows * call->size.units);
    gz_arg_tensor(launch, call->x);
    gz_arg_tensor(launch, call->kernel);
    gz_arg_tensor(launch, whole ? call->bias : NULL);
    gz_arg_tensor(launch, whole ? call->y : sums);
    add_sizes(launch, call->size);
    gz_arg_int(launch, parts.part);
    gz_arg_int(launch, whole ? call->activation : GZ_LINEAR);
    return sums;
}

static void end(gz_builder *builder, const gz_dense_call *call, gz_parts parts, const gz_tensor *sums)
{
    if (sums)
        gz_dense_end(builder, sums, parts.count, call->bias, call->y, call->size.rows, call->size.units,
                     call->activation);
}

static void launch_tiles(gz_builder *builder, const gz_dense_call *call)
{
    const gz_dense_tile tile = gz_dense_tile_of(builder);
    const gz_parts parts = tile_parts(call->size);
    gz_launch *launch = gz_launch_add(builder, "dense", "dense_tile", "");
    const gz_tensor *sums = add_arguments(builder, launch, call, parts);
    gz_launch_groups(launch, gz_groups(call->size.units, tile.columns),
                     gz_groups(call->size.rows, tile.block_rows), parts.count, 1, 1, 1);
    end(builder, call, parts, sums);
}

/* 64 Ki weights a part, but no more parts than make some hundred groups (of 64 columns, whatever the device's
   are), and 4 for the sum's accuracy. */
static gz_parts stream_parts(gz_dense_size size)
{
    const size_t groups = 512 / gz_groups(size.units, 64), most = groups < 4 ? 4 : groups,
                 worth = gz_groups(size.inputs * size.units, 65536);
    return gz_parts_of(size.inputs, worth < most ? worth : most, 16);
}

/* Reads the kernel once, in order. */
static const gz_tensor *launch_stream(gz_builder *builder, const gz_dense_call *call, gz_parts parts)
{
    const size_t rows = call->size.rows == 1 ? 1 : GZ_DENSE_FEW_ROWS,
                 columns = (rows == 1 ? 8 : 2) * gz_builder_device(builder)->vector_width;
    gz_launch *launch =
        gz_launch_add(builder, "dense_few", "dense_stream", rows == 1 ? "" : "-DSTREAM_ROWS=%zu", rows);
    const gz_tensor *sums = add_arguments(builder, launch, call, parts);
    gz_launch_groups(launch, gz_groups(call->size.units, columns), gz_groups(call->size.rows, rows),
                     parts.count, 1, 1, 1);
    return sums;
}

static void stream(gz_builder *builder, const gz_dense_call *call)
{
    const gz_parts parts = stream_parts(call->size);
    end(builder, call, parts, launch_stream(builder, call, parts));
}

static gz_matrix kernel_of(const gz_dense_call *call)
{
    return (gz_matrix){call->kernel, call->size.units, 1};
}

static void dots(gz_builder *builder, const gz_dense_call *call)
{
    gz_dense_dots(builder, call->x, kernel_of(call), call->bias, (gz_matrix){call->y, call->size.units, 1},
                  call->size.rows, call->size.units, call->size.inputs, call->activation);
}

void gz_dense_panels(gz_builder *builder, const gz_dense_call *call)
{
    gz_dense_packed(builder, call, kernel_of(call), call->size.rows, call->size.units, call->size.inputs);
}

enum { DOTS, STREAM, PANELS, TILES };
static const char *const METHODS[] = {"dot products", "stream", "panels", "tiles", NULL};
static void (*const ADD[])(gz_builder *builder, const gz_dense_call *call) = {dots, stream, gz_dense_panels,
                                                                              launch_tiles};

bool gz_dense_usually_packs(const gz_builder *builder, const gz_dense_call *call)
{
    return call->size.units >= GZ_DENSE_FEW_COLUMNS && call->size.rows > GZ_DENSE_FEW_ROWS &&
           tile_parts(call->size).count == 1 && gz_dense_packs(builder, call->kernel, call->size.rows);
}

static gz_candidates methods_of(const gz_builder *builder, const gz_dense_call *call)
{
    enum { STREAM_MOST_ROWS = 32 };
    const gz_dense_size size = call->size;
    gz_candidates c = {METHODS, 1u << PANELS | 1u << TILES, TILES};
    if (size.units <= GZ_DENSE_DOT_UNITS) c.possible |= 1u << DOTS;
    if (size.rows <= STREAM_MOST_ROWS) c.possible |= 1u << STREAM;
    if (size.units < GZ_DENSE_FEW_COLUMNS)
        c.usual = DOTS;
    else if (size.rows <= GZ_DENSE_FEW_ROWS)
        c.usual = STREAM;
    else if (gz_dense_usually_packs(builder, call))
        c.usual = PANELS;
    return c;
}

void gz_dense_launch(gz_builder *builder, const gz_dense_call *call)
{
    const gz_dense_size size = call->size;
    const gz_matrix x = {call->x, size.inputs, 1}, kernel = kernel_of(call);
    if (gz_builder_is_gpu(builder))
        gz_product_gpu_one(builder, x, kernel, call->bias, call->y, size.rows, size.units, size.inputs,
                           call->activation);
    else if (gz_builder_family(builder) != GZ_FAMILY_CPU)
        gz_dense_plain(builder, x, kernel, call->bias, call->y, size.rows, size.units, size.inputs,
                       call->activation);
    else
        ADD[gz_dense_choose(builder, methods_of(builder, call), size)](builder, call);
}

/* The product and the softmax of its rows in one launch. */
static void launch_softmax(gz_builder *builder, const gz_dense_call *call, const gz_tensor *gated,
                           const gz_tensor *y)
{
    gz_launch *launch = gz_launch_add(builder, "dense_few", "dense_softmax", "");
    gz_arg_tensor(launch, call->x);
    gz_arg_tensor(launch, call->kernel);
    gz_arg_tensor(launch, call->bias);
    gz_arg_tensor(launch, gated);
    gz_arg_tensor(launch, y);
    gz_arg_tensor(launch, call->y);
    add_sizes(launch, call->size);
    gz_launch_groups(launch, call->size.rows, 1, 1, 1, 1, 1);
}

/* The sum of the parts, and its softmax. */
static void end_softmax(gz_builder *builder, const gz_dense_call *call, gz_parts parts, const gz_tensor *sums,
                        const gz_tensor *gated, const gz_tensor *y)
{
    gz_launch *launch = gz_launch_add(builder, "dense_few", "dense_end_softmax", "");
    gz_arg_tensor(launch, sums);
    gz_arg_tensor(launch, call->bias);
    gz_arg_tensor(launch, gated);
    gz_arg_tensor(launch, y);
    gz_arg_tensor(launch, call->y);
    gz_arg_int(launch, parts.count);
    gz_arg_int(launch, call->size.rows);
    gz_arg_int(launch, call->size.units);
    gz_launch_groups(launch, call->size.rows, 1, 1, 1, 1, 1);
}

bool gz_dense_launch_softmax(gz_builder *builder, const gz_dense_call *call, const gz_tensor *gated,
                             const gz_tensor *y)
{
    const gz_parts parts = stream_parts(call->size);
    const bool dots = call->size.units < GZ_DENSE_FEW_COLUMNS;
    if (gz_builder_family(builder) != GZ_FAMILY_CPU || call->size.rows > GZ_DENSE_FEW_ROWS) return false;
    if (dots || parts.count == 1)
        launch_softmax(builder, call, gated, y);
    else
        end_softmax(builder, call, parts, launch_stream(builder, call, parts), gated, y);
    return true;
}
