#include "product_gpu.h"
#include "gpu_tile.h"

#include <stdio.h>

/* Few rows or columns are made by kernel product_few. */
enum { FEW = 4, FEW_GROUP = 256, FEW_SIDE = 32 };

/* A launch of so many multiplications takes less than 200 ms on a slow GPU (100 GFLOP/s). */
static const double most_flop = 2e10;

/* How the blocks of a product become groups. */
typedef struct grid {
    size_t rows, columns; /* of a group's block */
    size_t items_x, items_y;
    gz_parts parts;
} grid;

/* A product with few columns is the transposed one with few rows. */
typedef struct turned {
    gz_matrices a, b, y; /* of b: row is its step along n, column along k */
    size_t M, N;
    bool bias_by_row;
} turned;

static turned turn(const gz_product *p)
{
    const gz_matrices b = {p->b.tensor, p->b.batch, p->b.head, p->b.column, p->b.row};
    if (p->N > FEW || p->M <= FEW) return (turned){p->a, b, p->y, p->M, p->N, false};
    const gz_matrices y = {p->y.tensor, p->y.batch, p->y.head, p->y.column, p->y.row};
    return (turned){b, p->a, y, p->N, p->M, true};
}

static void add_steps(gz_launch *launch, size_t batch, size_t head, size_t first, size_t second)
{
    gz_arg_int(launch, batch);
    gz_arg_int(launch, head);
    gz_arg_int(launch, first);
    gz_arg_int(launch, second);
}

/* As PRODUCT in cl/product.h. sums: where the parts go, or NULL with one part. */
static void add_arguments(gz_launch *launch, const gz_product *p, const turned *t, const gz_tensor *sums,
                          size_t part, size_t first)
{
    gz_arg_tensor(launch, t->a.tensor);
    gz_arg_tensor(launch, t->b.tensor);
    gz_arg_tensor(launch, sums ? NULL : p->bias);
    gz_arg_tensor(launch, sums ? sums : t->y.tensor);
    gz_arg_int(launch, t->M);
    gz_arg_int(launch, t->N);
    gz_arg_int(launch, p->K);
    gz_arg_int(launch, part);
    gz_arg_int(launch, p->heads);
    gz_arg_int(launch, first);
    gz_arg_int(launch, sums ? GZ_LINEAR : p->activation);
    gz_arg_float(launch, p->factor);
    add_steps(launch, t->a.batch, t->a.head, t->a.row, t->a.column);
    add_steps(launch, t->b.batch, t->b.head, t->b.column, t->b.row);
    add_steps(launch, t->y.batch, t->y.head, t->y.row, t->y.column);
    gz_arg_ulong(launch, gz_shape_count(t->y.tensor->shape));
    gz_arg_int(launch, t->bias_by_row);
    gz_arg_int(launch, !t->bias_by_row);
}

void gz_product_add_parts(gz_builder *builder, const gz_tensor *sums, size_t n_parts, const gz_tensor *bias,
                          size_t N, const gz_tensor *y, gz_activation_kind activation)
{
    const size_t count = gz_shape_count(y->shape);
    gz_launch *launch = gz_launch_add(builder, "product_end", "product_end", "");
    gz_arg_tensor(launch, sums);
    gz_arg_tensor(launch, bias);
    gz_arg_tensor(launch, y);
    gz_arg_int(launch, n_parts);
    gz_arg_int(launch, count);
    gz_arg_int(launch, N);
    gz_arg_int(launch, activation);
    gz_launch_items(launch, count);
}

/* All groups, in as many launches as a watchdog needs. */
static void launch_all(gz_builder *builder, const gz_product *p, const turned *t, const grid *g,
                       const char *kernel, const char *options)
{
    const size_t n_parts = g->parts.count, pairs = p->samples * p->heads,
                 groups = gz_groups(t->M, g->rows) * gz_groups(t->N, g->columns) * pairs;
    const double flop = 2 * (double)t->M * (double)t->N * (double)p->K * (double)pairs;
    const size_t launches = 1 + (size_t)(flop / most_flop), at_once = gz_groups(groups, launches);
    const gz_tensor *sums =
        n_parts > 1 ? gz_scratch(builder, n_parts * gz_shape_count(t->y.tensor->shape)) : NULL;
    for (size_t first = 0; first < groups; first += at_once) {
        gz_launch *launch = gz_launch_add(builder, kernel, kernel, "%s", options);
        add_arguments(launch, p, t, sums, g->parts.part, first);
        gz_launch_groups(launch, groups - first < at_once ? groups - first : at_once, n_parts, 1, g->items_x,
                         g->items_y, 1);
    }
    if (sums) gz_product_add_parts(builder, sums, n_parts, p->bias, p->N, p->y.tensor, p->activation);
}

static void by_tiles(gz_builder *builder, const gz_product *p)
{
    char text[GZ_GPU_TILE_OPTIONS], options[GZ_GPU_TILE_OPTIONS + 64];
    const size_t pairs = p->samples * p->heads;
    const gz_gpu_tile tile = gz_gpu_tile_of(builder, p->M, p->N);
    const gz_matrices b = {p->b.tensor, p->b.batch, p->b.head, p->b.column, p->b.row};
    const turned t = {p->a, b, p->y, p->M, p->N, false};
    const grid g = {gz_gpu_tile_rows(tile), gz_gpu_tile_columns(tile), tile.x, tile.y,
                    gz_gpu_tile_parts(p->M, p->N, p->K, pairs)};
    snprintf(options, sizeof options, "%s -DTILE_A_BY_K=%d -DTILE_B_BY_K=%d", gz_gpu_tile_options(tile, text),
             t.a.column == 1, t.b.column == 1);
    launch_all(builder, p, &t, &g, "product_gpu", options);
}

static size_t power_of_two(size_t most)
{
    size_t power = 1;
    while (2 * power <= most) power *= 2;
    return power;
}

/* Bound by the reading of b: enough groups to have many reads on their way. */
static void by_lanes(gz_builder *builder, const gz_product *p)
{
    char options[128];
    const gz_device_facts *facts = gz_builder_device(builder);
    const turned t = turn(p);
    const size_t rows = t.M == 1 ? 1 : FEW, room = facts->local_bytes / (rows * sizeof(float)),
                 most = facts->max_group < room ? facts->max_group : room,
                 group = power_of_two(most < FEW_GROUP ? most : FEW_GROUP),
                 side = group < FEW_SIDE ? group : FEW_SIDE;
    const bool by_k = t.b.column == 1;
    const size_t columns = by_k ? group / side : side, lanes = group / columns;
    const size_t usual = by_k ? FEW_GROUP / FEW_SIDE : FEW_SIDE,
                 wanted = 512 / (gz_groups(t.N, usual) * p->samples * p->heads);
    const grid g = {rows, columns, group, 1, gz_parts_of(p->K, wanted, FEW_GROUP)};
    snprintf(options, sizeof options, "-DFEW_BY_K=%d -DFEW_ROWS=%zu -DFEW_COLUMNS=%zu -DFEW_LANES=%zu", by_k,
             rows, columns, lanes);
    launch_all(builder, p, &t, &g, "product_few", options);
}

enum { TILES, LANES, CLBLAST };
static const char *const METHODS[] = {"tiles", "lanes", "clblast", NULL};
static void (*const ADD[])(gz_builder *builder, const gz_product *product) = {by_tiles, by_lanes,
                                                                              gz_product_by_library};

static gz_candidates methods_of(gz_builder *builder, const gz_product *p)
{
    gz_candidates c = {METHODS, 1u << TILES, p->M <= FEW || p->N <= FEW ? LANES : TILES};
    if (gz_product_library_can(builder, p)) c.possible |= 1u << CLBLAST;
    return c;
}

void gz_product_gpu(gz_builder *builder, const gz_product *p)
{
    const size_t method = gz_builder_choose(builder, methods_of(builder, p),
                                            "%zu x %zu x %zu x %zu by %zu%s%s", p->samples * p->heads, p->M,
                                            p->K, p->K, p->N, p->a.column == 1 ? "" : ", first turned",
                                            p->b.column == 1 ? "" : ", second turned");
    ADD[method](builder, p);
}

void gz_product_gpu_one(gz_builder *builder, gz_matrix a, gz_matrix b, const gz_tensor *bias,
                        const gz_tensor *y, size_t M, size_t N, size_t K, gz_activation_kind activation)
{
    const gz_product product = {.a = {a.tensor, 0, 0, a.row, a.column},
                                .b = {b.tensor, 0, 0, b.row, b.column},
                                .y = {y, 0, 0, N, 1},
                                .bias = bias,
                                .M = M,
                                .N = N,
                                .K = K,
                                .samples = 1,
                                .heads = 1,
                                .factor = 1,
                                .activation = activation};
    gz_product_gpu(builder, &product);
}
