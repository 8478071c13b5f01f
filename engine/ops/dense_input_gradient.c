/* The gradient of dense with respect to its input: dx = dy kernel^T. dy [...,U], kernel [K,U] -> dx [...,K].
 */
#include "dense.h"
#include "product_gpu.h"

enum { DY, KERNEL };

static gz_dense_size size_of(const gz_node *node)
{
    const gz_shape kernel = node->in[KERNEL]->shape;
    return (gz_dense_size){gz_shape_rows(node->in[DY]->shape), kernel.dim[0], kernel.dim[1]};
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char text[96];
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    GZ_TRY(gz_op_expect_rank(node, KERNEL, 2));
    gz_shape dx = node->in[DY]->shape;
    if (dx.rank == 0 || gz_shape_last(dx) != node->in[KERNEL]->shape.dim[1])
        return gz_op_fail(node, "output gradient has shape %s, expected %zu units in its last dimension",
                          gz_shape_text(dx, text), node->in[KERNEL]->shape.dim[1]);
    dx.dim[dx.rank - 1] = node->in[KERNEL]->shape.dim[0];
    return gz_node_output(graph, node, 0, GZ_F32, dx);
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_dense_size size = size_of(node);
    const size_t R = size.rows, K = size.inputs, U = size.units;
    for (size_t r = 0; r < R; r++)
        for (size_t k = 0; k < K; k++) {
            double sum = 0;
            for (size_t u = 0; u < U; u++) sum += in[DY][r * U + u] * in[KERNEL][k * U + u];
            out[0][r * K + k] = sum;
        }
}

static void add_tile(gz_builder *builder, const gz_dense_call *call)
{
    const gz_dense_size size = call->size;
    const gz_dense_tile tile = gz_dense_tile_of(builder);
    gz_launch *launch = gz_launch_add(builder, "dense", "dense_tile_transposed", "");
    gz_arg_tensor(launch, call->x);
    gz_arg_tensor(launch, call->kernel);
    gz_arg_tensor(launch, call->y);
    gz_arg_int(launch, size.rows);
    gz_arg_int(launch, size.inputs);
    gz_arg_int(launch, size.units);
    gz_launch_groups(launch, gz_groups(size.inputs, tile.columns), gz_groups(size.rows, tile.block_rows), 1,
                     1, 1, 1);
}

/* Every element is a dot product of a row of the kernel, which lies in order, with a row of dy. */
static void add_dots(gz_builder *builder, const gz_dense_call *call)
{
    const gz_dense_size size = call->size;
    gz_dense_dots(builder, call->kernel, (gz_matrix){call->x, 1, size.units}, NULL,
                  (gz_matrix){call->y, 1, size.inputs}, size.inputs, size.rows, size.units, GZ_LINEAR);
}

void gz_dense_panels_turned(gz_builder *builder, const gz_dense_call *call)
{
    gz_dense_packed(builder, call, (gz_matrix){call->kernel, 1, call->size.units}, call->size.rows,
                    call->size.inputs, call->size.units);
}

enum { DOTS, PACKED, TILE };
static const char *const METHODS[] = {"dot products", "panels", "tiles", NULL};
static void (*const ADD[])(gz_builder *builder,
                           const gz_dense_call *call) = {add_dots, gz_dense_panels_turned, add_tile};

static gz_candidates methods_of(const gz_builder *builder, const gz_dense_call *call)
{
    const size_t rows = call->size.rows;
    const bool packs = gz_dense_packs(builder, call->kernel, rows);
    gz_candidates c = {METHODS, 1u << PACKED | 1u << TILE, packs ? PACKED : TILE};
    if (rows <= GZ_DENSE_DOT_UNITS) c.possible |= 1u << DOTS;
    if (rows <= GZ_DENSE_FEW_ROWS) c.usual = DOTS;
    return c;
}

void gz_dense_turned_launch(gz_builder *builder, const gz_dense_call *call)
{
    const size_t R = call->size.rows, K = call->size.inputs, U = call->size.units;
    const gz_matrix dy = {call->x, U, 1}, kernel = {call->kernel, 1, U};
    if (gz_builder_is_gpu(builder))
        gz_product_gpu_one(builder, dy, kernel, NULL, call->y, R, K, U, GZ_LINEAR);
    else if (gz_builder_family(builder) != GZ_FAMILY_CPU)
        gz_dense_plain(builder, dy, kernel, NULL, call->y, R, K, U, GZ_LINEAR);
    else
        ADD[gz_dense_choose(builder, methods_of(builder, call), call->size)](builder, call);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    gz_dense_turned_launch(builder, &(gz_dense_call){.size = size_of(node),
                                                     .x = node->in[DY],
                                                     .kernel = node->in[KERNEL],
                                                     .y = node->out[0]});
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node) { return gz_dense_cost(size_of(node)); }

static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    return (gz_limit){GZ_SUM, (double)size_of(node).units};
}

/* dx is linear in both: dy' = ddx kernel, dkernel = ddx^T dy. */
static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    if (!dout[0]) return GAZE_OK;
    if (wanted[DY]) GZ_TRY(gz_dense(graph, dout[0], node->in[KERNEL], NULL, GZ_LINEAR, &din[DY]));
    if (wanted[KERNEL]) GZ_TRY(gz_dense_kernel_gradient(graph, dout[0], node->in[DY], &din[KERNEL]));
    return GAZE_OK;
}

#define CASE(FILL, R, K, U)                                       \
    {                                                             \
        .in = {{2, {R, U}}, {2, {K, U}}}, .n_in = 2, .fill = FILL \
    }
#define HEAVY(FILL, R, K, U)                                                     \
    {                                                                            \
        .in = {{2, {R, U}}, {2, {K, U}}}, .n_in = 2, .fill = FILL, .heavy = true \
    }

static const gz_case cases[] = {
    CASE(GZ_FILL_INTEGER, 513, 37, 33),
    CASE(GZ_FILL_UNIFORM, 521, 71, 12),
    CASE(GZ_FILL_INTEGER, 515, 9, 259),
    CASE(GZ_FILL_INTEGER, 1, 1, 1),
    CASE(GZ_FILL_INTEGER, 1, 65, 33),
    CASE(GZ_FILL_INTEGER, 2, 31, 600),
    CASE(GZ_FILL_INTEGER, 4, 33, 1),
    CASE(GZ_FILL_INTEGER, 5, 7, 9),
    CASE(GZ_FILL_INTEGER, 31, 64, 32),
    CASE(GZ_FILL_INTEGER, 64, 128, 10),
    CASE(GZ_FILL_INTEGER, 65, 33, 31),
    CASE(GZ_FILL_INTEGER, 67, 13, 1),
    CASE(GZ_FILL_INTEGER, 17, 63, 519),
    CASE(GZ_FILL_INTEGER, 133, 1, 65),
    CASE(GZ_FILL_INTEGER, 131, 67, 35),
    HEAVY(GZ_FILL_UNIFORM, 64, 1153, 128),
    CASE(GZ_FILL_UNIFORM, 257, 64, 32),
    CASE(GZ_FILL_UNIFORM, 1, 1031, 127),
    CASE(GZ_FILL_WIDE, 12, 47, 300),
    {.in = {{4, {2, 3, 5, 18}}, {2, {24, 18}}}, .n_in = 2, .fill = GZ_FILL_UNIFORM},
};

const gz_op gz_op_dense_input_gradient = {
    .name = "dense_input_gradient",
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

gaze_status gz_dense_input_gradient(gz_graph *g, gz_tensor *dy, gz_tensor *kernel, gz_tensor **dx)
{
    return gz_graph_node(g, &gz_op_dense_input_gradient, NULL, 0, (gz_tensor *[]){dy, kernel}, 2, dx, 1);
}
