/* The gradient of a convolution's kernel by the kernels of the cpu family: parts of the sum, then their sum
   in order. The parts depend on shapes alone, so that results don't depend on the number of cores; some parts
   are good for accuracy, too. */
#include "conv2d_winograd.h"

typedef struct task {
    gz_conv2d_size size;
    const gz_tensor *x, *dy, *place, *dkernel;
    bool swapped; /* x and dy have changed places: the sum is turned in the end */
} task;

static gz_launch *begin(gz_builder *builder, const task *t, const char *name, const gz_tensor *out)
{
    gz_launch *launch = gz_launch_add(builder, "conv2d_kernel_gradient", name, "");
    gz_arg_tensor(launch, t->x);
    gz_arg_tensor(launch, t->dy);
    gz_arg_tensor(launch, out);
    gz_conv2d_arg_images(launch, &t->size);
    gz_conv2d_arg_window(launch, &t->size);
    return launch;
}

static void sum_parts(gz_builder *builder, const task *t, const gz_tensor *part, size_t parts)
{
    const size_t taps = t->size.taps[0] * t->size.taps[1];
    const size_t C = t->swapped ? t->size.O : t->size.C, O = t->swapped ? t->size.C : t->size.O;
    gz_launch *launch = gz_launch_add(builder, "conv2d_kernel_gradient", "conv2d_kernel_gradient_sum", "");
    gz_arg_tensor(launch, part);
    gz_arg_tensor(launch, t->dkernel);
    gz_arg_int(launch, taps);
    gz_arg_int(launch, C);
    gz_arg_int(launch, O);
    gz_arg_int(launch, parts);
    gz_arg_int(launch, t->swapped);
    gz_launch_groups(launch, C, taps, 1, 1, 1, 1);
}

static void plain(gz_builder *builder, const task *t)
{
    const size_t count = gz_conv2d_terms(&t->size) * t->size.O;
    gz_launch *launch = begin(builder, t, "conv2d_kernel_gradient_plain", t->dkernel);
    gz_arg_ulong(launch, count);
    gz_arg_int(launch, t->size.B);
    gz_launch_items(launch, count);
}

static size_t at_most(size_t value, size_t most) { return value < most ? value : most; }

/* Rows of dy that a tile sums in registers: about 64 pixels, so that a block of them stays in the L1 cache;
   more where rows of x share nothing. */
static size_t rows_each(const gz_conv2d_size *size)
{
    const size_t rows = (size->taps[0] == 1 ? 256 : 64) / size->Q;
    return rows < 1 ? 1 : at_most(rows, size->P);
}

/* Register tiles of taps and filters: what a group has in local memory. */
typedef struct tiling {
    size_t channels, rows; /* of x and of dy at a time */
    size_t groups, blocks; /* of channels; of filters */
    size_t each;           /* blocks of a group; 0: not even one fits */
    size_t in_bytes, block_bytes, offset_bytes;
} tiling;

static tiling tiling_of(gz_builder *builder, const gz_conv2d_size *size)
{
    enum { TAPS_EACH = 72, MOST_BLOCKS = 8 };
    const size_t window = size->taps[0] * size->taps[1], columns = gz_tile_columns(builder);
    tiling t = {.channels = at_most(size->C, window < 9 ? TAPS_EACH / window : TAPS_EACH / 9),
                .rows = rows_each(size),
                .blocks = gz_round_groups(size->O, columns)};
    const size_t taps = gz_round_up(window * t.channels, GZ_TILE_ROWS);
    const size_t room = gz_builder_device(builder)->local_bytes;
    t.groups = gz_round_groups(size->C, t.channels);
    t.in_bytes =
        gz_conv2d_span(size, 0, t.rows) * gz_conv2d_span(size, 1, size->Q) * t.channels * sizeof(float);
    t.block_bytes = taps * columns * sizeof(float);
    t.offset_bytes = taps * sizeof(cl_int);
    if (t.in_bytes + t.offset_bytes + t.block_bytes <= room)
        t.each =
            at_most(at_most(t.blocks, MOST_BLOCKS), (room - t.in_bytes - t.offset_bytes) / t.block_bytes);
    return t;
}

/* Does one group make all filters and channels of its part? Then it alone spreads maxima. */
static bool is_whole(const tiling *by) { return by->groups == 1 && by->each >= by->blocks; }

static void tile(gz_builder *builder, const task *t)
{
    enum { WORK_ITEMS = 64, LEAST_PARTS = 4, MOST_PARTS = 32 };
    const gz_conv2d_size *size = &t->size;
    const tiling by = tiling_of(builder, size);
    const size_t wanted = gz_round_groups(WORK_ITEMS, by.groups) < LEAST_PARTS
                              ? LEAST_PARTS
                              : gz_round_groups(WORK_ITEMS, by.groups);
    const size_t strips = size->B * gz_round_groups(size->P, by.rows),
                 parts = at_most(at_most(wanted, MOST_PARTS), strips);
    const gz_tensor *part = gz_scratch(builder, parts * gz_conv2d_terms(size) * size->O);
    gz_launch *launch = gz_launch_add(builder, "conv2d_kernel_gradient", "conv2d_kernel_gradient_tile", "");
    gz_arg_tensor(launch, t->x);
    gz_arg_tensor(launch, t->dy);
    gz_arg_tensor(launch, t->place);
    gz_arg_tensor(launch, t->place ? gz_scratch(builder, parts * by.rows * size->Q * size->O) : NULL);
    gz_arg_tensor(launch, part);
    gz_conv2d_arg_images(launch, size);
    gz_conv2d_arg_window(launch, size);
    gz_arg_int(launch, parts);
    gz_arg_int(launch, strips);
    gz_arg_int(launch, by.rows);
    gz_arg_int(launch, by.channels);
    gz_arg_int(launch, by.each);
    gz_arg_local(launch, by.in_bytes);
    gz_arg_local(launch, by.each * by.block_bytes);
    gz_arg_local(launch, by.offset_bytes);
    gz_launch_groups(launch, parts, by.groups, gz_round_groups(by.blocks, by.each), 1, 1, 1);
    sum_parts(builder, t, part, parts);
}

/* Few channels and few filters: vectors along the pixels. */
typedef struct few_tiling {
    size_t rows, run; /* rows 0: not even one fits */
    gz_conv2d_strip strip;
    size_t sum_bytes, offset_bytes;
} few_tiling;

static few_tiling few_tiling_of(gz_builder *builder, const gz_conv2d_size *size)
{
    const size_t width = gz_builder_device(builder)->vector_width,
                 taps = gz_round_up(gz_conv2d_terms(size), GZ_TILE_ROWS),
                 length = gz_round_up(size->Q, width);
    few_tiling s = {.run = gz_conv2d_run(size, length),
                    .sum_bytes = size->O * taps * width * sizeof(float),
                    .offset_bytes = taps * sizeof(cl_int)};
    s.strip = (gz_conv2d_strip){.per_row = GZ_TILE_ROWS,
                                .tile_cost = size->O * taps * (length / width),
                                .copy_cost = gz_conv2d_span(size, 1, size->Q) * size->C * 2,
                                .fixed_bytes = s.sum_bytes + s.offset_bytes,
                                .row_bytes = size->C * size->stride[1] * s.run * sizeof(float),
                                .out_bytes = size->O * length * sizeof(float)};
    s.rows = gz_conv2d_strip_rows(size, builder, &s.strip);
    return s;
}

static void few(gz_builder *builder, const task *t)
{
    enum { MOST_PARTS = 16 };
    const gz_conv2d_size *size = &t->size;
    const few_tiling by = few_tiling_of(builder, size);
    const size_t strips = size->B * gz_round_groups(size->P, by.rows), parts = at_most(strips, MOST_PARTS);
    const gz_tensor *part = gz_scratch(builder, parts * gz_conv2d_terms(size) * size->O);
    gz_launch *launch = begin(builder, t, "conv2d_kernel_gradient_few", part);
    gz_arg_int(launch, parts);
    gz_arg_int(launch, strips);
    gz_arg_int(launch, by.rows);
    gz_arg_int(launch, by.run);
    gz_arg_local(launch, gz_conv2d_span(size, 0, by.rows) * by.strip.row_bytes);
    gz_arg_local(launch, by.rows * by.strip.out_bytes);
    gz_arg_local(launch, by.sum_bytes);
    gz_arg_local(launch, by.offset_bytes);
    gz_launch_groups(launch, parts, 1, 1, 1, 1, 1);
    sum_parts(builder, t, part, parts);
}

enum { PARTS_FOR_MANY_CORES = 32 };

static void tiles_in(gz_builder *builder, const task *t, size_t most_parts)
{
    gz_conv2d_winograd_sum(builder, &t->size, t->x, t->dy, t->place, t->dkernel, most_parts);
}

static void winograd(gz_builder *builder, const task *t)
{
    tiles_in(builder, t, gz_winograd_usual_parts(&t->size));
}

static void winograd_many(gz_builder *builder, const task *t) { tiles_in(builder, t, PARTS_FOR_MANY_CORES); }

static void rows_in(gz_builder *builder, const task *t, size_t most_parts)
{
    gz_conv2d_winograd_row_sum(builder, &t->size, t->x, t->dy, t->dkernel, most_parts);
}

static void winograd_rows(gz_builder *builder, const task *t)
{
    rows_in(builder, t, gz_winograd_usual_parts(&t->size));
}

static void winograd_rows_many(gz_builder *builder, const task *t)
{
    rows_in(builder, t, PARTS_FOR_MANY_CORES);
}

static void winograd_few(gz_builder *builder, const task *t)
{
    gz_conv2d_winograd_few_sum(builder, &t->size, t->x, t->dy, t->place, t->dkernel);
}

static void phases(gz_builder *builder, const task *t)
{
    gz_conv2d_phases_sum(builder, &t->size, t->x, t->dy, t->dkernel);
}

void gz_conv2d_sum_kernel_plain(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *x,
                                const gz_tensor *dy, const gz_tensor *dkernel)
{
    plain(builder, &(task){*size, x, dy, NULL, dkernel, false});
}

/* A window of one row sees no other row: the samples of a batch stand for rows of one image. */
static gz_conv2d_size as_one_image(gz_conv2d_size size)
{
    if (size.taps[0] > 1 || size.stride[0] > 1 || size.before[0]) return size;
    size.H *= size.B;
    size.P *= size.B;
    size.B = 1;
    return size;
}

enum {
    WINOGRAD,
    WINOGRAD_MANY,
    WINOGRAD_FEW,
    WINOGRAD_ROW,
    WINOGRAD_ROW_MANY,
    WINOGRAD_PHASES,
    TILE,
    TILE_TURNED,
    FEW,
    PLAIN
};
static const char *const METHODS[] = {"winograd",
                                      "winograd in 32 parts",
                                      "winograd of few channels",
                                      "winograd of rows",
                                      "winograd of rows in 32 parts",
                                      "winograd of phases",
                                      "tiles",
                                      "tiles, turned",
                                      "few channels",
                                      "plain",
                                      NULL};
static void (*const ADD[])(gz_builder *builder, const task *t) = {
    winograd, winograd_many, winograd_few, winograd_rows, winograd_rows_many, phases, tile, tile, few, plain};

static gz_candidates methods_of(gz_builder *builder, const task *t, const task *turned)
{
    const gz_conv2d_size *size = &t->size;
    const size_t width = gz_builder_device(builder)->vector_width;
    const bool tiles = tiling_of(builder, size).each,
               turns = !gz_conv2d_has_stride(size) && tiling_of(builder, &turned->size).each,
               few_fit = few_tiling_of(builder, size).rows;
    gz_candidates c = {METHODS, 0, PLAIN};
    if (gz_conv2d_can_winograd(size, builder)) c.possible |= 1u << WINOGRAD | 1u << WINOGRAD_MANY;
    if (gz_conv2d_can_winograd_few_sum(size, builder)) c.possible |= 1u << WINOGRAD_FEW;
    if (gz_conv2d_can_winograd_row(size, builder)) c.possible |= 1u << WINOGRAD_ROW | 1u << WINOGRAD_ROW_MANY;
    if (gz_conv2d_can_phases(size, builder)) c.possible |= 1u << WINOGRAD_PHASES;
    if (tiles && size->O >= width) c.possible |= 1u << TILE;
    if (turns && size->C >= width) c.possible |= 1u << TILE_TURNED;
    if (few_fit && size->C <= width && size->O <= width) c.possible |= 1u << FEW;
    if (gz_conv2d_is_winograd(size, builder))
        c.usual = WINOGRAD;
    else if (gz_conv2d_can_winograd_few_sum(size, builder) && gz_conv2d_is_winograd_few(size))
        c.usual = WINOGRAD_FEW;
    else if (gz_conv2d_is_winograd_row(size, builder, true))
        c.usual = WINOGRAD_ROW;
    else if (gz_conv2d_is_phases(size, builder, gz_phases_least(size, builder)))
        c.usual = WINOGRAD_PHASES;
    else if (size->O >= width)
        c.usual = tiles ? TILE : PLAIN;
    else if (size->C >= width)
        c.usual = turns ? TILE_TURNED : PLAIN;
    else if (few_fit)
        c.usual = FEW;
    return c;
}

/* Winograd's, and tiles where a group makes a whole part, read maxima and their places; the others want them
   where they were. */
void gz_conv2d_sum_kernel(gz_builder *builder, const gz_conv2d_size *given, const gz_tensor *x,
                          const gz_tensor *dy, const gz_tensor *place, const gz_tensor *dkernel)
{
    const gz_conv2d_size size = as_one_image(*given);
    task straight = {size, x, dy, place, dkernel, false},
         turned = {gz_conv2d_size_turned(&size), dy, x, NULL, dkernel, true};
    const size_t method =
        gz_conv2d_choose(builder, methods_of(builder, &straight, &turned), &size, place != NULL);
    const tiling by = tiling_of(builder, &size);
    const bool winograd = method == WINOGRAD || method == WINOGRAD_MANY || method == WINOGRAD_FEW;
    if (!(winograd && gz_conv2d_tiles_pool(&size)) && !(method == TILE && is_whole(&by))) {
        straight.dy = turned.x = gz_conv2d_whole_dy(builder, given, dy, place);
        straight.place = NULL;
    }
    ADD[method](builder, method == TILE_TURNED ? &turned : &straight);
}
