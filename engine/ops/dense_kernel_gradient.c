/* The gradient of dense with respect to its kernel: dkernel = x^T dy. x [...,K], dy [...,U] -> dkernel [K,U];
   dense_weights_gradient makes that of the bias too, db [U]: the sum of dy over its rows. */
#include "dense.h"
#include "product_gpu.h"

enum { X, DY };
enum { DKERNEL, DBIAS };

static gz_dense_size size_of(const gz_node *node)
{
    const gz_shape x = node->in[X]->shape, dy = node->in[DY]->shape;
    return (gz_dense_size){gz_shape_rows(x), gz_shape_last(x), gz_shape_last(dy)};
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char text[2][96];
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    const gz_shape x = node->in[X]->shape, dy = node->in[DY]->shape;
    if (x.rank == 0 || dy.rank == 0 || gz_shape_rows(x) != gz_shape_rows(dy))
        return gz_op_fail(node, "input has shape %s and output gradient %s, expected the same number of rows",
                          gz_shape_text(x, text[0]), gz_shape_text(dy, text[1]));
    GZ_TRY(gz_node_output(graph, node, DKERNEL, GZ_F32, GZ_SHAPE(gz_shape_last(x), gz_shape_last(dy))));
    return node->n_out > DBIAS ? gz_node_output(graph, node, DBIAS, GZ_F32, GZ_SHAPE(gz_shape_last(dy)))
                               : GAZE_OK;
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_dense_size size = size_of(node);
    const size_t R = size.rows, K = size.inputs, U = size.units;
    for (size_t k = 0; k < K; k++)
        for (size_t u = 0; u < U; u++) {
            double sum = 0;
            for (size_t r = 0; r < R; r++) sum += in[X][r * K + k] * in[DY][r * U + u];
            out[DKERNEL][k * U + u] = sum;
        }
    for (size_t u = 0; node->n_out > DBIAS && u < U; u++) {
        out[DBIAS][u] = 0;
        for (size_t r = 0; r < R; r++) out[DBIAS][u] += in[DY][r * U + u];
    }
}

/* 64 parts and 2^20 floats of partial sums at most; of whole panels, as what is left over costs as much as
 * one. */
static gz_parts row_parts(gz_dense_size size, size_t rows_each)
{
    enum { DEPTH = 128 }; /* GRADIENT_DEPTH of cl/dense_gradient.cl */
    const size_t room = ((size_t)1 << 20) / (size.inputs * size.units);
    const size_t wanted = size.rows / rows_each;
    gz_parts parts = gz_parts_of(size.rows, wanted < room ? (wanted < 64 ? wanted : 64) : room, 64);
    if (parts.part <= DEPTH) return parts;
    parts.part = gz_round_up(parts.part, DEPTH);
    parts.count = gz_groups(size.rows, parts.part);
    return parts;
}

/* Twice as many rows as a product's: what is copied of b serves them all. */
static gz_dense_tile tile_of(const gz_builder *builder)
{
    gz_dense_tile tile = gz_dense_tile_of(builder);
    tile.block_rows *= 2;
    return tile;
}

/* a [R,M], b [R,N]; element (m, n) of the result is at m * to.row + n * to.column. db [N] is the sum of b
   over its rows, or NULL. */
static void prepare_tile(gz_builder *builder, const gz_tensor *a, const gz_tensor *b, gz_matrix to,
                         const gz_tensor *db, size_t R, size_t M, size_t N, gz_parts parts)
{
    const gz_dense_tile tile = tile_of(builder);
    const bool whole = parts.count == 1;
    const gz_tensor *sums = whole ? to.tensor : gz_scratch(builder, parts.count * M * N),
                    *bias_sums = whole || !db ? db : gz_scratch(builder, parts.count * N);
    gz_launch *launch = gz_launch_add(builder, "dense_gradient", "dense_gradient_tile", "");
    gz_arg_tensor(launch, a);
    gz_arg_tensor(launch, b);
    gz_arg_tensor(launch, sums);
    gz_arg_tensor(launch, bias_sums);
    gz_arg_int(launch, R);
    gz_arg_int(launch, M);
    gz_arg_int(launch, N);
    gz_arg_int(launch, parts.part);
    gz_arg_int(launch, to.row);
    gz_arg_int(launch, to.column);
    gz_launch_groups(launch, gz_groups(M, tile.block_rows), gz_groups(N, 128), parts.count, 1, 1, 1);
    if (!whole) gz_dense_end(builder, sums, parts.count, NULL, to.tensor, 1, M * N, GZ_LINEAR);
    if (!whole && db) gz_dense_end(builder, bias_sums, parts.count, NULL, db, 1, N, GZ_LINEAR);
}

static const gz_tensor *bias_of(const gz_node *node) { return node->n_out > DBIAS ? node->out[DBIAS] : NULL; }

static void straight(const gz_node *node, gz_builder *builder, gz_dense_size size, gz_parts parts)
{
    prepare_tile(builder, node->in[X], node->in[DY], (gz_matrix){node->out[DKERNEL], size.units, 1},
                 bias_of(node), size.rows, size.inputs, size.units, parts);
}

/* With few units the transposed product fills the tile: its columns are the inputs. */
static void turned(const gz_node *node, gz_builder *builder, gz_dense_size size, gz_parts parts)
{
    prepare_tile(builder, node->in[DY], node->in[X], (gz_matrix){node->out[DKERNEL], 1, size.units}, NULL,
                 size.rows, size.units, size.inputs, parts);
    if (bias_of(node)) gz_bias_gradient_launch(builder, node->in[DY], bias_of(node));
}

/* FINE: parts of fewer rows, for many cores. */
enum { STRAIGHT, TURNED, STRAIGHT_FINE, TURNED_FINE };
static const char *const METHODS[] = {"tiles", "tiles, turned", "tiles in small parts",
                                      "tiles, turned, in small parts", NULL};
static void (*const ADD[])(const gz_node *node, gz_builder *builder, gz_dense_size size,
                           gz_parts parts) = {straight, turned, straight, turned};

static gz_candidates methods_of(gz_dense_size size)
{
    enum { TURNED_MOST_UNITS = 32, FINE_LEAST_ROWS = 512 };
    gz_candidates c = {METHODS, 1u << STRAIGHT, size.units < GZ_DENSE_FEW_COLUMNS ? TURNED : STRAIGHT};
    if (size.units <= TURNED_MOST_UNITS) c.possible |= 1u << TURNED;
    if (size.rows >= FINE_LEAST_ROWS) c.possible |= c.possible << STRAIGHT_FINE;
    return c;
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const gz_dense_size size = size_of(node);
    const size_t R = size.rows, K = size.inputs, U = size.units;
    const gz_matrix x = {node->in[X], 1, K}, dy = {node->in[DY], U, 1};
    if (gz_builder_family(builder) == GZ_FAMILY_CPU) {
        const size_t method = gz_dense_choose(builder, methods_of(size), size);
        ADD[method](node, builder, size, row_parts(size, method >= STRAIGHT_FINE ? 64 : 256));
        return gz_builder_status(builder);
    }
    if (gz_builder_is_gpu(builder))
        gz_product_gpu_one(builder, x, dy, NULL, node->out[DKERNEL], K, U, R, GZ_LINEAR);
    else
        gz_dense_plain(builder, x, dy, NULL, node->out[DKERNEL], K, U, R, GZ_LINEAR);
    if (bias_of(node)) gz_bias_gradient_launch(builder, node->in[DY], bias_of(node));
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node) { return gz_dense_cost(size_of(node)); }

/* A sum for each value of dy, which is read once. */
static gz_cost weights_cost(const gz_node *node)
{
    gz_cost cost = gz_dense_cost(size_of(node));
    cost.flop += (double)gz_shape_count(node->in[DY]->shape);
    cost.bytes += 4 * (double)size_of(node).units;
    return cost;
}

static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    return (gz_limit){GZ_SUM, (double)size_of(node).rows};
}

/* dkernel is linear in both: dx = dy G^T, ddy = x G with the gradient G of dkernel. */
static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    if (!dout[0]) return GAZE_OK;
    if (wanted[X]) GZ_TRY(gz_dense_input_gradient(graph, node->in[DY], dout[0], &din[X]));
    if (wanted[DY]) GZ_TRY(gz_dense(graph, node->in[X], dout[0], NULL, GZ_LINEAR, &din[DY]));
    return GAZE_OK;
}

#define CASE(FILL, R, K, U)                                       \
    {                                                             \
        .in = {{2, {R, K}}, {2, {R, U}}}, .n_in = 2, .fill = FILL \
    }
#define HEAVY(FILL, R, K, U)                                                     \
    {                                                                            \
        .in = {{2, {R, K}}, {2, {R, U}}}, .n_in = 2, .fill = FILL, .heavy = true \
    }

static const gz_case cases[] = {
    CASE(GZ_FILL_INTEGER, 1, 1, 1),
    CASE(GZ_FILL_INTEGER, 1, 65, 33),
    CASE(GZ_FILL_INTEGER, 2, 31, 64),
    CASE(GZ_FILL_INTEGER, 33, 2, 7),
    CASE(GZ_FILL_INTEGER, 31, 64, 1),
    CASE(GZ_FILL_INTEGER, 64, 63, 31),
    CASE(GZ_FILL_INTEGER, 65, 130, 10),
    CASE(GZ_FILL_INTEGER, 257, 67, 131),
    CASE(GZ_FILL_INTEGER, 519, 33, 9),
    CASE(GZ_FILL_INTEGER, 1031, 32, 1),
    CASE(GZ_FILL_INTEGER, 1153, 5, 3),
    HEAVY(GZ_FILL_UNIFORM, 64, 1153, 128),
    HEAVY(GZ_FILL_UNIFORM, 2304, 64, 32),
    CASE(GZ_FILL_UNIFORM, 17, 29, 41),
    CASE(GZ_FILL_WIDE, 300, 12, 47),
    {.in = {{4, {2, 3, 5, 24}}, {4, {2, 3, 5, 18}}}, .n_in = 2, .fill = GZ_FILL_UNIFORM},
};

const gz_op gz_op_dense_kernel_gradient = {
    .name = "dense_kernel_gradient",
    .n_out = 1,
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .gradient = gradient,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};

/* As dense_kernel_gradient; made of it and bias_gradient by gz_fuse. */
const gz_op gz_op_dense_weights_gradient = {
    .name = "dense_weights_gradient",
    .n_out = 2,
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = weights_cost,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};

gaze_status gz_dense_kernel_gradient(gz_graph *g, gz_tensor *x, gz_tensor *dy, gz_tensor **dkernel)
{
    return gz_graph_node(g, &gz_op_dense_kernel_gradient, NULL, 0, (gz_tensor *[]){x, dy}, 2, dkernel, 1);
}
