/* The gradient of a bias: db [U] = sum of dy [...,U] over all rows, in a fixed order. */
#include "dense.h"
#include "group_gpu.h"

static size_t rows_of(const gz_node *node) { return gz_shape_rows(node->in[0]->shape); }
static size_t units_of(const gz_node *node) { return gz_shape_last(node->in[0]->shape); }

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 1, 1));
    return gz_node_output(graph, node, 0, GZ_F32, GZ_SHAPE(units_of(node)));
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t R = rows_of(node), U = units_of(node);
    for (size_t u = 0; u < U; u++) {
        out[0][u] = 0;
        for (size_t r = 0; r < R; r++) out[0][u] += in[0][r * U + u];
    }
}

/* Rows that lie side by side are summed as one longer row: with few units the vectors are full nevertheless.
 */
static size_t fold_of(size_t rows, size_t units)
{
    size_t fold = units < 128 ? 128 / units : 1;
    while (rows % fold) fold--;
    return fold;
}

static void launch_cpu(gz_builder *builder, const gz_tensor *dy, const gz_tensor *db)
{
    const size_t rows = gz_shape_rows(dy->shape), U = gz_shape_last(dy->shape), fold = fold_of(rows, U),
                 R = rows / fold;
    const gz_parts parts = gz_parts_of(R, R / 256 < 64 ? R / 256 : 64, 64);
    const bool whole = parts.count * fold == 1;
    const gz_tensor *sums = whole ? db : gz_scratch(builder, parts.count * fold * U);
    gz_launch *launch = gz_launch_add(builder, "dense_few", "bias_gradient", "");
    gz_arg_tensor(launch, dy);
    gz_arg_tensor(launch, sums);
    gz_arg_int(launch, R);
    gz_arg_int(launch, fold * U);
    gz_arg_int(launch, parts.part);
    gz_launch_groups(launch, gz_groups(fold * U, 8 * gz_builder_device(builder)->vector_width), 1,
                     parts.count, 1, 1, 1);
    if (!whole) gz_dense_end(builder, sums, parts.count * fold, NULL, db, 1, U, GZ_LINEAR);
}

static void launch_plain(gz_builder *builder, const gz_tensor *dy, const gz_tensor *db)
{
    gz_launch *launch = gz_launch_add(builder, "dense_plain", "bias_gradient_plain", "");
    gz_arg_tensor(launch, dy);
    gz_arg_tensor(launch, db);
    gz_arg_int(launch, gz_shape_rows(dy->shape));
    gz_arg_int(launch, gz_shape_last(dy->shape));
    gz_launch_items(launch, gz_shape_last(dy->shape));
}

void gz_bias_gradient_launch(gz_builder *builder, const gz_tensor *dy, const gz_tensor *db)
{
    if (gz_builder_family(builder) == GZ_FAMILY_CPU)
        launch_cpu(builder, dy, db);
    else if (gz_builder_is_gpu(builder))
        gz_column_sums_gpu(builder, &(gz_column_sums){dy, NULL, db, 1, gz_shape_rows(dy->shape),
                                                      gz_shape_last(dy->shape), 1});
    else
        launch_plain(builder, dy, db);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    gz_bias_gradient_launch(builder, node->in[0], node->out[0]);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const double R = (double)rows_of(node), U = (double)units_of(node);
    return (gz_cost){R * U, 4 * (R * U + U)};
}

static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    return (gz_limit){GZ_SUM, (double)rows_of(node)};
}

#define CASE(FILL, R, U)                             \
    {                                                \
        .in = {{2, {R, U}}}, .n_in = 1, .fill = FILL \
    }
#define HEAVY(FILL, R, U)                                           \
    {                                                               \
        .in = {{2, {R, U}}}, .n_in = 1, .fill = FILL, .heavy = true \
    }

static const gz_case cases[] = {
    CASE(GZ_FILL_INTEGER, 1, 1),      CASE(GZ_FILL_INTEGER, 2, 31),
    CASE(GZ_FILL_INTEGER, 64, 128),   CASE(GZ_FILL_INTEGER, 65, 33),
    CASE(GZ_FILL_INTEGER, 1031, 1),   CASE(GZ_FILL_INTEGER, 2304, 32),
    CASE(GZ_FILL_INTEGER, 1153, 10),  CASE(GZ_FILL_INTEGER, 63, 519),
    HEAVY(GZ_FILL_UNIFORM, 9216, 32), CASE(GZ_FILL_UNIFORM, 9216, 1),
    CASE(GZ_FILL_WIDE, 300, 47),      {.in = {{4, {3, 7, 5, 24}}}, .n_in = 1, .fill = GZ_FILL_UNIFORM},
};

const gz_op gz_op_bias_gradient = {
    .name = "bias_gradient",
    .n_out = 1,
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};

gaze_status gz_bias_gradient(gz_graph *g, gz_tensor *dy, gz_tensor **db)
{
    return gz_graph_node(g, &gz_op_bias_gradient, NULL, 0, &dy, 1, db, 1);
}
