/* How a GPU's groups share attention: tiles of rows of each head, and blocks of the sums' columns, whose
   groups make the scores anew. Launches are cut so that a slow GPU has none that lasts long. */
#include "attention_gpu.h"

enum {
    Q = GZ_ATTENTION_Q,
    K = GZ_ATTENTION_K,
    V = GZ_ATTENTION_V,
    MASK = GZ_ATTENTION_MASK,
    QUERIES = GZ_ATTENTION_QUERIES,
    Y = GZ_ATTENTION_Y,
    LSE = GZ_ATTENTION_LSE,
    DY = GZ_ATTENTION_DY
};
enum { DEPTH = 16 }; /* as in cl/attention_gpu.h */

/* The parameters of cl/attention_gpu.h */
typedef struct tile {
    size_t x, y, columns, vectors;
} tile;

static size_t wide(tile t) { return t.x * t.columns * t.vectors; }
static size_t most(size_t a, size_t b) { return a > b ? a : b; }
static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static size_t local_bytes(tile t)
{
    const size_t rows = most(DEPTH * (t.y + 1), t.x * t.y), step = least(4 * t.x, DEPTH),
                 columns = most(DEPTH * (t.x + 1), (step * wide(t) + 3) / 4), weights = 4 * t.x * (t.y + 1);
    return 16 * (rows + columns + weights);
}

static bool fits(const gz_builder *builder, tile t)
{
    const gz_device_facts *facts = gz_builder_device(builder);
    return t.x * t.y <= facts->max_group && local_bytes(t) <= facts->local_bytes;
}

/* By the shape, as far as the device allows: two rows of many lanes where there are no more than eight rows,
   small tiles where there are few, or so few groups that units would stay idle. A tile of 1 x 1 is always
   possible. */
static tile tile_of(const gz_builder *builder, gz_attention_size size, size_t rows, size_t depth)
{
    static const tile tiles[] = {{32, 2, 2, 1}, {16, 16, 2, 1}, {8, 8, 4, 1}, {4, 4, 4, 1}, {1, 1, 4, 1}};
    enum { FEW_ROWS, LARGE, SMALL, LAST = sizeof tiles / sizeof *tiles - 1, MANY_GROUPS = 64 };
    const size_t groups = gz_groups(rows, 4 * tiles[LARGE].y) * size.samples * size.heads;
    size_t i = rows <= 8 ? FEW_ROWS : rows <= 32 || groups < MANY_GROUPS ? SMALL : LARGE;
    if (gz_builder_family(builder) == GZ_FAMILY_INTEL || (i == FEW_ROWS && !fits(builder, tiles[i])))
        i = SMALL;
    while (i < LAST && !fits(builder, tiles[i])) i++;
    tile t = tiles[i];
    if (t.columns == 2 && depth > wide(t)) t.columns = 4;
    return t;
}

/* Sums of two vectors of columns where that spares a block, unless `t` wouldn't fit then. */
static tile widened(const gz_builder *builder, tile t, size_t depth)
{
    tile both = t;
    both.vectors = 2;
    return gz_builder_family(builder) == GZ_FAMILY_GPU && depth > wide(t) && fits(builder, both) ? both : t;
}

static gz_launch *add_launch(gz_builder *builder, const char *stem, const char *kernel, tile t)
{
    return gz_launch_add(builder, stem, kernel, "-DLANES_X=%zu -DLANES_Y=%zu -DCOLUMNS=%zu -DVECTORS=%zu%s",
                         t.x, t.y, t.columns, t.vectors,
                         gz_builder_family(builder) == GZ_FAMILY_INTEL ? " -DGAZE_SUBGROUPS" : "");
}

/* What the kernels of one pass share. */
typedef struct pass {
    const char *stem, *kernel;
    const gz_tensor *tensors[10];
    size_t n_tensors, rows, depth; /* rows that groups own, columns of what they sum up */
    tile tile;
} pass;

/* Floating point operations that a GPU of a tenth of a TFLOP/s does in 200 ms */
static const double launch_flop = 2e10;

static void add_pass(const gz_node *node, gz_builder *builder, const pass *p)
{
    const gz_attention_size size = gz_attention_size_of(node);
    const size_t tiles = gz_groups(p->rows, 4 * p->tile.y), blocks = gz_groups(p->depth, wide(p->tile)),
                 groups = size.samples * size.heads * tiles * blocks;
    const double flop = node->op->cost(node).flop * (double)blocks / (double)groups;
    const size_t together = flop * (double)groups <= launch_flop ? groups : (size_t)(launch_flop / flop) + 1;
    for (size_t first = 0; first < groups; first += together) {
        gz_launch *launch = add_launch(builder, p->stem, p->kernel, p->tile);
        for (size_t i = 0; i < p->n_tensors; i++) gz_arg_tensor(launch, p->tensors[i]);
        gz_attention_arguments(launch, node);
        gz_arg_int(launch, tiles);
        gz_arg_int(launch, blocks);
        gz_arg_ulong(launch, first);
        gz_launch_groups(launch, least(together, groups - first), 1, 1, p->tile.x * p->tile.y, 1, 1);
    }
}

void gz_attention_gpu(const gz_node *node, gz_builder *builder)
{
    const gz_attention_size size = gz_attention_size_of(node);
    const tile t = tile_of(builder, size, size.queries, size.value_depth);
    const pass forward = {.stem = "attention_gpu",
                          .kernel = "attention_gpu",
                          .tensors = {node->in[Q], node->in[K], node->in[V], node->in[MASK],
                                      node->in[QUERIES], node->out[0], node->out[1]},
                          .n_tensors = 7,
                          .rows = size.queries,
                          .depth = size.value_depth,
                          .tile = widened(builder, t, size.value_depth)};
    add_pass(node, builder, &forward);
}

static const gz_tensor *add_delta(const gz_node *node, gz_builder *builder, gz_attention_size size, tile t)
{
    const size_t rows = size.samples * size.heads * size.queries;
    const gz_tensor *delta = gz_scratch(builder, rows);
    gz_launch *launch = add_launch(builder, "attention_gradient_gpu", "attention_delta_gpu", t);
    gz_arg_tensor(launch, node->in[Y]);
    gz_arg_tensor(launch, node->in[DY]);
    gz_arg_tensor(launch, delta);
    gz_arg_int(launch, size.queries);
    gz_arg_int(launch, size.value_depth);
    gz_arg_int(launch, size.heads);
    gz_arg_ulong(launch, rows);
    gz_launch_groups(launch, gz_groups(rows, t.y), 1, 1, t.x * t.y, 1, 1);
    return delta;
}

void gz_attention_gradient_gpu(const gz_node *node, gz_builder *builder)
{
    const gz_attention_size size = gz_attention_size_of(node);
    const size_t deepest = most(size.key_depth, size.value_depth);
    const tile by_query = tile_of(builder, size, size.queries, size.key_depth),
               by_key = tile_of(builder, size, size.values, deepest);
    pass p = {.stem = "attention_gradient_gpu",
              .kernel = "attention_query_gradient_gpu",
              .tensors = {node->in[Q], node->in[K], node->in[V], node->in[MASK], node->in[QUERIES],
                          node->in[LSE], add_delta(node, builder, size, by_query), node->in[DY],
                          node->out[0]},
              .n_tensors = 9,
              .rows = size.queries,
              .depth = size.key_depth,
              .tile = widened(builder, by_query, size.key_depth)};
    add_pass(node, builder, &p);
    p.kernel = "attention_key_gradient_gpu";
    p.tensors[8] = node->out[1];
    p.tensors[9] = node->out[2];
    p.n_tensors = 10;
    p.rows = size.values;
    p.depth = deepest;
    p.tile = by_key;
    add_pass(node, builder, &p);
}
