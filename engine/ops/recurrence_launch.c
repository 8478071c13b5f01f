/* Sizes, tiles and launches that recurrence and its gradient share. */
#include "recurrence.h"

#include <math.h>

size_t gz_recurrence_gates(gz_recurrence_kind kind) { return kind == GZ_RNN ? 1 : kind == GZ_LSTM ? 4 : 3; }
size_t gz_recurrence_kept(gz_recurrence_kind kind) { return kind == GZ_RNN ? 0 : 4; }

const gz_recurrence_kernels *gz_recurrence_kernels_of(gz_recurrence_kind kind)
{
    static const gz_recurrence_kernels kernels[] = {
        [GZ_RNN] = {"rnn", "rnn_steps", "rnn_gradient", "rnn_steps_plain", "rnn_gradient_plain"},
        [GZ_GRU] = {"gru", "gru_steps", "gru_gradient", "gru_steps_plain", "gru_gradient_plain"},
        [GZ_GRU_RESET_BEFORE] = {"gru", NULL, NULL, "gru_reset_before_plain",
                                 "gru_reset_before_gradient_plain"},
        [GZ_LSTM] = {"lstm", "lstm_steps", "lstm_gradient", "lstm_steps_plain", "lstm_gradient_plain"},
    };
    return &kernels[kind];
}

gaze_status gz_recurrence_expect(const gz_node *node, size_t i, const char *name, gz_shape shape)
{
    char found[96], expected[96];
    if (i >= node->n_in || !node->in[i] || gz_shape_equal(node->in[i]->shape, shape)) return GAZE_OK;
    return gz_op_fail(node, "%s has shape %s, expected %s", name, gz_shape_text(node->in[i]->shape, found),
                      gz_shape_text(shape, expected));
}

static size_t divide_up(size_t a, size_t b) { return (a + b - 1) / b; }

static size_t cores_of(const gz_builder *builder)
{
    const size_t cores = gz_builder_device(builder)->compute_units;
    return cores ? cores : 1;
}

static size_t rows_each(const gz_builder *builder, size_t B) { return divide_up(B, cores_of(builder)); }

/* As many rows as there are for each core, so that a reading of the weights serves them all, but no more
   accumulators (rows * vectors) than registers: 16 of 32, or 12 of 16. 4 x 4 was the fastest of 12 tiles of
   16 floats on Zen 4, more rows a group no faster with 128 or 512 units. */
static size_t rows_of(const gz_builder *builder, size_t B)
{
    const size_t each = rows_each(builder, B);
    if (each <= 2) return each;
    return each <= 4 || gz_builder_device(builder)->vector_width == 16 ? 4 : 6;
}

/* Samples a group, where tiles of `rows` are not enough for a core: several tiles read the same weights while
   these lie in the first cache, and share the batch evenly: 16 are tiles of 6, 6 and 4, where groups of 6
   leave two of 12 tiles for 64 samples empty. As few samples as possible for the core that has most, then few
   groups. */
static size_t samples_of(const gz_builder *builder, size_t B, size_t rows)
{
    enum { MOST = 16 };
    const size_t cores = cores_of(builder);
    size_t best = rows, least = divide_up(divide_up(B, rows), cores) * rows;
    for (size_t samples = rows + 1; samples <= MOST; samples++) {
        const size_t most = divide_up(divide_up(B, samples), cores) * samples;
        if (most <= least) best = samples, least = most;
    }
    return best;
}

/* Tiles of 8 floats: as many of `rows` as there must be, all as high as each other but the last. */
static gz_recurrence_tile share_rows(const gz_builder *builder, size_t B, gz_recurrence_tile tile)
{
    tile.samples = tile.rows;
    if (gz_builder_device(builder)->vector_width == 16 || rows_each(builder, B) <= tile.rows) return tile;
    tile.samples = samples_of(builder, B, tile.rows);
    tile.rows = divide_up(tile.samples, divide_up(tile.samples, tile.rows));
    return tile;
}

/* Few rows, or many registers: four vectors at a time. */
static bool is_wide(const gz_builder *builder, size_t rows)
{
    return rows <= 2 || gz_builder_device(builder)->vector_width == 16;
}

/* Weights that every step reads from the second cache. Asked for before (cl/recurrence.h), they come 1.1 to
   1.2 times as fast, and 8 rows of 2 vectors need half as many of them as 4 of 4 (Xeon, 128 units: 1.24
   times in all). For one or two rows, or 64 units, asking costs more than it gives. */
static bool is_far(gz_recurrence_size size, size_t rows)
{
    enum { FAR_BYTES = 128 << 10, LEAST_ROWS = 4 };
    return rows >= LEAST_ROWS && (size.D + size.U) * size.G * size.U * sizeof(float) >= FAR_BYTES;
}

gz_recurrence_tile gz_recurrence_forward_tile(const gz_builder *builder, gz_recurrence_size size)
{
    enum { MANY_ROWS = 8 };
    const size_t rows = rows_of(builder, size.B), two = size.G == 4 ? 1 : 2;
    const bool wide = is_wide(builder, rows), far = is_far(size, rows);
    if (wide && far && rows_each(builder, size.B) >= MANY_ROWS)
        return (gz_recurrence_tile){MANY_ROWS, MANY_ROWS, 2, two, true};
    if (wide) return (gz_recurrence_tile){rows, rows, size.G == 3 ? 3 : 4, size.G == 1 ? 4 : 1, far};
    return share_rows(builder, size.B, (gz_recurrence_tile){rows, rows, 2, two, far});
}

gz_recurrence_tile gz_recurrence_backward_tile(const gz_builder *builder, gz_recurrence_size size)
{
    const size_t rows = rows_of(builder, size.B), width = gz_builder_device(builder)->vector_width;
    size_t vectors = is_wide(builder, rows) ? 4 : 2;
    while (vectors > 1 && vectors / 2 * width >= size.U) vectors /= 2;
    return share_rows(builder, size.B, (gz_recurrence_tile){rows, rows, vectors, vectors, false});
}

gz_launch *gz_recurrence_tile_launch(gz_builder *builder, const char *stem, const char *name,
                                     gz_recurrence_tile tile)
{
    return gz_launch_add(
        builder, stem, name,
        "-DGROUP_ROWS=%zu -DTILE_ROWS=%zu -DTILE_VECTORS=%zu -DUNIT_VECTORS=%zu -DFAR_WEIGHTS=%d",
        tile.samples, tile.rows, tile.vectors, tile.unit_vectors, tile.far);
}

size_t gz_recurrence_padded(const gz_builder *builder, gz_recurrence_tile tile, size_t U)
{
    return gz_round_up(U, tile.unit_vectors * gz_builder_device(builder)->vector_width);
}

size_t gz_recurrence_groups(gz_recurrence_tile tile, size_t B) { return divide_up(B, tile.samples); }

static gz_launch *pack(gz_builder *builder, const char *name, const gz_tensor *kernel,
                       const gz_tensor *packed, gz_recurrence_size size, gz_recurrence_tile tile)
{
    gz_launch *launch = gz_launch_add(builder, "recurrence", name, "%s", "");
    gz_arg_tensor(launch, kernel);
    gz_arg_tensor(launch, packed);
    gz_arg_int(launch, size.U);
    gz_arg_int(launch, size.G);
    gz_arg_int(launch, tile.vectors);
    gz_arg_int(launch, tile.unit_vectors);
    return launch;
}

/* `count` rows of `all`, from row `first` on. */
static void pack_rows(gz_builder *builder, const gz_tensor *source, const gz_tensor *kernel,
                      const gz_tensor *packed, gz_recurrence_size size, gz_recurrence_tile tile, size_t first,
                      size_t count)
{
    const size_t padded = gz_recurrence_padded(builder, tile, size.U);
    gz_launch *launch = pack(builder, "recurrence_pack", kernel, packed, size, tile);
    gz_launch_packs(launch, source);
    gz_arg_int(launch, first);
    gz_arg_int(launch, count);
    gz_arg_int(launch, size.D + size.U);
    gz_launch_groups(launch, size.G * padded / (tile.vectors * gz_builder_device(builder)->vector_width), 1,
                     1, 1, 1, 1);
}

const gz_tensor *gz_recurrence_pack(gz_builder *builder, const gz_tensor *x_kernel, const gz_tensor *kernel,
                                    gz_recurrence_size size, gz_recurrence_tile tile)
{
    const gz_tensor *source =
        x_kernel && gz_builder_stays(builder, kernel) ? x_kernel : kernel; /* stays if both do */
    const gz_tensor *packed = gz_scratch_packed(
        builder, source, size.G * gz_recurrence_padded(builder, tile, size.U) * (size.D + size.U));
    if (x_kernel) pack_rows(builder, source, x_kernel, packed, size, tile, 0, size.D);
    pack_rows(builder, source, kernel, packed, size, tile, size.D, size.U);
    return packed;
}

const gz_tensor *gz_recurrence_pack_transposed(gz_builder *builder, const gz_tensor *kernel,
                                               gz_recurrence_size size, gz_recurrence_tile tile)
{
    const size_t padded = gz_recurrence_padded(builder, tile, size.U),
                 units = tile.unit_vectors * gz_builder_device(builder)->vector_width;
    const gz_tensor *packed = gz_scratch_packed(builder, kernel, size.G * padded * padded);
    gz_launch *launch = pack(builder, "recurrence_pack_transposed", kernel, packed, size, tile);
    gz_launch_packs(launch, kernel);
    gz_launch_groups(launch, padded / units, size.G, 1, 1, 1, 1);
    return packed;
}

void gz_recurrence_plain_groups(gz_builder *builder, gz_launch *launch, size_t B)
{
    const size_t most = gz_builder_device(builder)->max_group;
    gz_launch_groups(launch, B, 1, 1, most < 64 ? most : 64, 1, 1);
}

gz_cost gz_recurrence_cost(gz_recurrence_size size)
{
    const double steps = (double)size.B * (double)size.T, U = (double)size.U, G = (double)size.G;
    const double D = (double)size.D, K = D + U, in = size.D ? D : G * U;
    return (gz_cost){2 * steps * K * G * U, 4 * (steps * (in + U * ((double)size.kept + 2)) + K * G * U)};
}

gz_limit gz_recurrence_limit(gz_recurrence_size size)
{
    return (gz_limit){GZ_ABSOLUTE, 1e-5 * sqrt((double)size.T)};
}
