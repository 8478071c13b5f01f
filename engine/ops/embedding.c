/* embedding: rows of a table by number. embedding_gradient: what each row of the table is given, summed in
   the order of positions, so that the same batch gives the same bits. */
#include "embedding.h"
#include "slabs.h"

enum { IDS, TABLE };
enum { DY = 1 };

static gaze_status expect_ids(const gz_node *node)
{
    if (node->in[IDS]->dtype == GZ_I32) return GAZE_OK;
    return gz_op_fail(node, "the ids are float32, expected int32");
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    GZ_TRY(expect_ids(node));
    GZ_TRY(gz_op_expect_rank(node, TABLE, 2));
    gz_shape shape = node->in[IDS]->shape;
    if (shape.rank == GZ_MAX_RANK)
        return gz_op_fail(node, "the ids have %zu dimensions, at most %d are possible", shape.rank,
                          GZ_MAX_RANK - 1);
    shape.dim[shape.rank++] = node->in[TABLE]->shape.dim[1];
    return gz_node_output(graph, node, 0, GZ_F32, shape);
}

static size_t vocabulary_of(const gz_node *node)
{
    return ((const gz_embedding_attr *)node->attr)->vocabulary;
}

static gaze_status gradient_infer(gz_graph *graph, gz_node *node)
{
    char found[96], expected[96];
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    GZ_TRY(expect_ids(node));
    const gz_shape dy = node->in[DY]->shape;
    gz_shape ids = dy;
    if (ids.rank) ids.rank--;
    if (!dy.rank || !gz_shape_equal(ids, node->in[IDS]->shape))
        return gz_op_fail(node, "dy has shape %s, expected %s and one more dimension",
                          gz_shape_text(dy, found), gz_shape_text(node->in[IDS]->shape, expected));
    return gz_node_output(graph, node, 0, GZ_F32, GZ_SHAPE(vocabulary_of(node), gz_shape_last(dy)));
}

static size_t count_of(const gz_node *node) { return gz_shape_count(node->in[IDS]->shape); }

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t N = count_of(node), D = node->in[TABLE]->shape.dim[1];
    for (size_t n = 0; n < N; n++)
        for (size_t d = 0; d < D; d++) out[0][n * D + d] = in[TABLE][(size_t)in[IDS][n] * D + d];
}

static void gradient_reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t N = count_of(node), D = gz_shape_last(node->in[DY]->shape), V = vocabulary_of(node);
    for (size_t i = 0; i < V * D; i++) out[0][i] = 0;
    for (size_t n = 0; n < N; n++)
        for (size_t d = 0; d < D; d++) out[0][(size_t)in[IDS][n] * D + d] += in[DY][n * D + d];
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    const size_t N = count_of(node), D = node->in[TABLE]->shape.dim[1];
    gz_launch *launch =
        gz_launch_add(builder, "embedding", cpu ? "embedding_slabs" : "embedding_items", "%s", "");
    gz_arg_tensor(launch, node->in[IDS]);
    gz_arg_tensor(launch, node->in[TABLE]);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_int(launch, D);
    gz_arg_int(launch, N);
    gz_launch_slabs_or_items(builder, launch, gz_slabs_of(builder, N, 8 * D, 1), N * D);
    return gz_builder_status(builder);
}

/* Groups own columns, and where those are too few for all cores also a part of the vocabulary. */
static void prepare_columns(const gz_node *node, gz_builder *builder)
{
    enum { LEAST_COLUMNS = 16 }; /* a cache line */
    const size_t D = gz_shape_last(node->in[DY]->shape), V = vocabulary_of(node);
    const size_t cores = gz_builder_device(builder)->compute_units;
    const size_t lines = (D + LEAST_COLUMNS - 1) / LEAST_COLUMNS,
                 groups = lines < 4 * cores ? lines : 4 * cores;
    const size_t columns = (lines + groups - 1) / groups * LEAST_COLUMNS;
    const size_t parts = groups < cores ? (cores + groups - 1) / groups : 1, words = (V + parts - 1) / parts;
    gz_launch *launch = gz_launch_add(builder, "embedding", "embedding_gradient_columns", "%s", "");
    gz_arg_tensor(launch, node->in[IDS]);
    gz_arg_tensor(launch, node->in[DY]);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_int(launch, count_of(node));
    gz_arg_int(launch, V);
    gz_arg_int(launch, D);
    gz_arg_int(launch, columns);
    gz_arg_int(launch, words);
    gz_launch_groups(launch, (D + columns - 1) / columns, (V + words - 1) / words, 1, 1, 1, 1);
}

static void launch_zero(const gz_node *node, gz_builder *builder)
{
    const size_t count = gz_shape_count(node->out[0]->shape);
    gz_launch *launch = gz_launch_add(builder, "embedding", "embedding_zero_items", "%s", "");
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_int(launch, count);
    gz_launch_items(launch, count);
}

static void prepare_gpu(const gz_node *node, gz_builder *builder)
{
    const gz_embedding_sums sums = {node->in[IDS], node->in[DY], node->out[0], count_of(node),
                                    gz_shape_last(node->in[DY]->shape)};
    launch_zero(node, builder);
    gz_embedding_gradient_gpu(builder, &sums);
}

static void prepare_items(const gz_node *node, gz_builder *builder)
{
    const size_t N = count_of(node), D = gz_shape_last(node->in[DY]->shape);
    const gz_tensor *links = gz_scratch(builder, 2 * N);
    gz_launch *launch = gz_launch_add(builder, "embedding", "embedding_link_items", "%s", "");
    gz_arg_tensor(launch, node->in[IDS]);
    gz_arg_tensor(launch, links);
    gz_arg_int(launch, N);
    gz_launch_items(launch, N);

    launch_zero(node, builder);

    launch = gz_launch_add(builder, "embedding", "embedding_gradient_items", "%s", "");
    gz_arg_tensor(launch, node->in[IDS]);
    gz_arg_tensor(launch, node->in[DY]);
    gz_arg_tensor(launch, links);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_int(launch, N);
    gz_arg_int(launch, D);
    gz_launch_items(launch, N * D);
}

static gaze_status gradient_prepare(const gz_node *node, gz_builder *builder)
{
    if (gz_builder_family(builder) == GZ_FAMILY_CPU)
        prepare_columns(node, builder);
    else if (gz_builder_is_gpu(builder))
        prepare_gpu(node, builder);
    else
        prepare_items(node, builder);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const double N = (double)count_of(node), y = (double)gz_shape_count(node->out[0]->shape);
    return (gz_cost){0, 4 * (N + 2 * y)};
}

static gz_cost gradient_cost(const gz_node *node)
{
    const double dy = (double)gz_shape_count(node->in[DY]->shape),
                 table = (double)gz_shape_count(node->out[0]->shape);
    return (gz_cost){dy, 4 * ((double)count_of(node) + dy + table)};
}

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    if (!wanted[TABLE]) return GAZE_OK;
    return gz_embedding_gradient(graph, node->in[IDS], dout[0], node->in[TABLE]->shape.dim[0], &din[TABLE]);
}

static gz_limit gradient_limit(const gz_node *node, size_t i)
{
    (void)i;
    return (gz_limit){GZ_SUM, (double)count_of(node)};
}

gaze_status gz_embedding(gz_graph *g, gz_tensor *ids, gz_tensor *table, gz_tensor **y)
{
    return gz_graph_node(g, &gz_op_embedding, NULL, 0, (gz_tensor *[]){ids, table}, 2, y, 1);
}

gaze_status gz_embedding_gradient(gz_graph *g, gz_tensor *ids, gz_tensor *dy, size_t vocabulary,
                                  gz_tensor **dtable)
{
    const gz_embedding_attr attr = {vocabulary};
    return gz_graph_node(g, &gz_op_embedding_gradient, &attr, sizeof attr, (gz_tensor *[]){ids, dy}, 2,
                         dtable, 1);
}

#define CASE(V, D, FILL, HEAVY, ...)                                                            \
    {                                                                                           \
        .in = {{__VA_ARGS__}, {2, {V, D}}}, .n_in = 2, .fill = FILL, .dtype = {GZ_I32, GZ_F32}, \
        .index_limit = V, .heavy = HEAVY                                                        \
    }
static const gz_case cases[] = {
    CASE(1, 1, GZ_FILL_UNIFORM, false, 2, {1, 1}),      CASE(2, 31, GZ_FILL_UNIFORM, false, 2, {3, 7}),
    CASE(7, 33, GZ_FILL_WIDE, false, 2, {2, 33}),       CASE(65, 64, GZ_FILL_INTEGER, false, 3, {2, 3, 31}),
    CASE(257, 5, GZ_FILL_UNIFORM, false, 1, {63}),      CASE(1201, 1, GZ_FILL_SPECIAL, false, 2, {2, 1009}),
    CASE(1000, 64, GZ_FILL_UNIFORM, true, 2, {64, 64}),
};

#define GRADIENT(V, D, FILL, HEAVY, R, ...)                                                               \
    {                                                                                                     \
        .in = {{R, {__VA_ARGS__}}, {R + 1, {__VA_ARGS__, D}}}, .n_in = 2,                                 \
        .attr = &(const gz_embedding_attr){V}, .fill = FILL, .dtype = {GZ_I32, GZ_F32}, .index_limit = V, \
        .heavy = HEAVY                                                                                    \
    }
static const gz_case gradient_cases[] = {
    GRADIENT(1, 1, GZ_FILL_INTEGER, false, 2, 1, 1),
    GRADIENT(2, 31, GZ_FILL_INTEGER, false, 2, 3, 7),
    GRADIENT(7, 33, GZ_FILL_WIDE, false, 2, 2, 33),
    GRADIENT(65, 65, GZ_FILL_UNIFORM, false, 3, 2, 3, 31),
    GRADIENT(1, 5, GZ_FILL_INTEGER, false, 2, 3, 43),
    GRADIENT(257, 5, GZ_FILL_INTEGER, false, 1, 63),
    GRADIENT(1009, 2, GZ_FILL_INTEGER, false, 2, 2, 127),
    GRADIENT(3, 131, GZ_FILL_UNIFORM, false, 2, 5, 97),
    GRADIENT(1000, 64, GZ_FILL_UNIFORM, true, 2, 64, 64),
};

const gz_op gz_op_embedding = {
    .name = "embedding",
    .n_out = 1,
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .gradient = gradient,
    .limit = gz_limit_exact,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};

const gz_op gz_op_embedding_gradient = {
    .name = "embedding_gradient",
    .n_out = 1,
    .attr_bytes = sizeof(gz_embedding_attr),
    .infer = gradient_infer,
    .reference = gradient_reference,
    .prepare = gradient_prepare,
    .cost = gradient_cost,
    .limit = gradient_limit,
    .cases = gradient_cases,
    .n_cases = sizeof gradient_cases / sizeof *gradient_cases,
};
