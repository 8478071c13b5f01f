/* The gradient of a convolution's kernel by the kernels of the cpu family: parts of the sum, then their sum
   in order. The parts depend on shapes alone, so that results don't depend on the number of cores; some parts
   are good for accuracy, too. */
#include "conv2d.h"

typedef struct task {
    gz_conv2d_size size;
    const gz_tensor *x, *dy, *place, *dkernel;
    bool swapped; /* x and dy have changed places: the sum is turned in the end */
} task;

static gz_launch *begin(gz_builder *builder, const task *t, const char *name, const gz_tensor *out)
{
    gz_launch *launch = gz_launch_add(builder, "conv2d_gradient", name, "");
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
    gz_launch *launch = gz_launch_add(builder, "conv2d_gradient", "conv2d_kernel_gradient_sum", "");
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

/* Register tiles of taps and filters. */
static bool tile(gz_builder *builder, const task *t)
{
    enum { TAPS_EACH = 72, WORK_ITEMS = 64, LEAST_PARTS = 4, MOST_PARTS = 32, MOST_BLOCKS = 8 };
    const gz_conv2d_size *size = &t->size;
    const size_t window = size->taps[0] * size->taps[1],
                 channels = at_most(size->C, window < 9 ? TAPS_EACH / window : TAPS_EACH / 9),
                 rows = rows_each(size);
    const size_t taps = gz_round_up(window * channels, GZ_TILE_ROWS), columns = gz_tile_columns(builder);
    const size_t blocks = gz_round_groups(size->O, columns), groups = gz_round_groups(size->C, channels);
    const size_t in_bytes =
        gz_conv2d_span(size, 0, rows) * gz_conv2d_span(size, 1, size->Q) * channels * sizeof(float);
    const size_t block_bytes = taps * columns * sizeof(float), offset_bytes = taps * sizeof(cl_int);
    const size_t room = gz_builder_device(builder)->local_bytes;
    if (in_bytes + offset_bytes + block_bytes > room) return false;
    const size_t each = at_most(at_most(blocks, MOST_BLOCKS), (room - in_bytes - offset_bytes) / block_bytes);
    const size_t wanted =
        gz_round_groups(WORK_ITEMS, groups) < LEAST_PARTS ? LEAST_PARTS : gz_round_groups(WORK_ITEMS, groups);
    const size_t strips = size->B * gz_round_groups(size->P, rows),
                 parts = at_most(at_most(wanted, MOST_PARTS), strips);
    const gz_tensor *part = gz_scratch(builder, parts * window * size->C * size->O);
    gz_launch *launch = begin(builder, t, "conv2d_kernel_gradient_tile", part);
    gz_arg_int(launch, parts);
    gz_arg_int(launch, strips);
    gz_arg_int(launch, rows);
    gz_arg_int(launch, channels);
    gz_arg_int(launch, each);
    gz_arg_local(launch, in_bytes);
    gz_arg_local(launch, each * block_bytes);
    gz_arg_local(launch, offset_bytes);
    gz_launch_groups(launch, parts, groups, gz_round_groups(blocks, each), 1, 1, 1);
    sum_parts(builder, t, part, parts);
    return true;
}

/* Few channels and few filters: vectors along the pixels. */
static bool few(gz_builder *builder, const task *t)
{
    enum { MOST_PARTS = 16 };
    const gz_conv2d_size *size = &t->size;
    const size_t width = gz_builder_device(builder)->vector_width, terms = gz_conv2d_terms(size);
    const size_t taps = gz_round_up(terms, GZ_TILE_ROWS), length = gz_round_up(size->Q, width),
                 run = gz_conv2d_run(size, length);
    const size_t sum_bytes = size->O * taps * width * sizeof(float), offset_bytes = taps * sizeof(cl_int);
    const gz_conv2d_strip strip = {.per_row = GZ_TILE_ROWS,
                                   .tile_cost = size->O * taps * (length / width),
                                   .copy_cost = gz_conv2d_span(size, 1, size->Q) * size->C * 2,
                                   .fixed_bytes = sum_bytes + offset_bytes,
                                   .row_bytes = size->C * size->stride[1] * run * sizeof(float),
                                   .out_bytes = size->O * length * sizeof(float)};
    const size_t rows = gz_conv2d_strip_rows(size, builder, &strip);
    if (!rows) return false;
    const size_t strips = size->B * gz_round_groups(size->P, rows), parts = at_most(strips, MOST_PARTS);
    const gz_tensor *part = gz_scratch(builder, parts * terms * size->O);
    gz_launch *launch = begin(builder, t, "conv2d_kernel_gradient_few", part);
    gz_arg_int(launch, parts);
    gz_arg_int(launch, strips);
    gz_arg_int(launch, rows);
    gz_arg_int(launch, run);
    gz_arg_local(launch, gz_conv2d_span(size, 0, rows) * strip.row_bytes);
    gz_arg_local(launch, rows * strip.out_bytes);
    gz_arg_local(launch, sum_bytes);
    gz_arg_local(launch, offset_bytes);
    gz_launch_groups(launch, parts, 1, 1, 1, 1, 1);
    sum_parts(builder, t, part, parts);
    return true;
}

/* Each part sums into 36 C O floats of its own: fewer parts where these are many. */
static void winograd(gz_builder *builder, const task *t)
{
    enum { TILES = 24, PAD = 16, MANY = 4096 };
    const gz_conv2d_size *size = &t->size;
    const size_t n_tiles = gz_conv2d_winograd_tiles(size);
    const size_t parts = at_most(size->C * size->O > MANY ? 4 : 8, gz_round_groups(n_tiles, 8));
    const size_t width = gz_builder_device(builder)->vector_width, filters = gz_round_up(size->O, 2 * width);
    const gz_tensor *u = gz_scratch(builder, parts * GZ_WINOGRAD_PLANES * size->C * filters);
    const gz_tensor *work =
        gz_scratch(builder, parts * GZ_WINOGRAD_PLANES * (TILES * (size->C + size->O) + 2 * PAD));
    gz_launch *launch = gz_launch_add(builder, "winograd_gradient", "winograd_kernel_gradient", "");
    gz_arg_tensor(launch, t->x);
    gz_arg_tensor(launch, t->dy);
    gz_arg_tensor(launch, t->place);
    gz_arg_tensor(launch, u);
    gz_arg_tensor(launch, work);
    gz_conv2d_arg_images(launch, size);
    gz_arg_int(launch, size->before[0]);
    gz_arg_int(launch, size->before[1]);
    gz_arg_int(launch, n_tiles);
    gz_arg_int(launch, TILES);
    gz_arg_int(launch, parts);
    gz_launch_groups(launch, parts, 1, 1, 1, 1, 1);
    launch = gz_launch_add(builder, "winograd_gradient", "winograd_kernel_gradient_end", "");
    gz_arg_tensor(launch, u);
    gz_arg_tensor(launch, t->dkernel);
    gz_arg_int(launch, size->C);
    gz_arg_int(launch, size->O);
    gz_arg_int(launch, parts);
    gz_launch_groups(launch, gz_round_groups(size->O, width), size->C, 1, 1, 1, 1);
    gz_builder_amplification(builder, GZ_WINOGRAD_AMPLIFICATION);
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

void gz_conv2d_sum_kernel(gz_builder *builder, const gz_conv2d_size *given, const gz_tensor *x,
                          const gz_tensor *dy, const gz_tensor *place, const gz_tensor *dkernel)
{
    const gz_conv2d_size one = as_one_image(*given), *size = &one;
    const size_t width = gz_builder_device(builder)->vector_width;
    if (gz_conv2d_is_winograd(size, builder)) {
        winograd(builder, &(task){*size, x, dy, place, dkernel, false});
        return;
    }
    const gz_tensor *whole = gz_conv2d_whole_dy(builder, given, dy, place);
    const task t = {*size, x, whole, NULL, dkernel, false},
               swapped = {gz_conv2d_size_turned(size), whole, x, NULL, dkernel, true};
    bool done = false;
    if (size->O >= width)
        done = tile(builder, &t);
    else if (size->C >= width && !gz_conv2d_has_stride(size))
        done = tile(builder, &swapped);
    else if (size->C < width)
        done = few(builder, &t);
    if (!done) plain(builder, &t);
}
