/* An epoch's running figures: sums [4] += [sum of row_loss, rows whose arg max is the label's, rows, 0].
   row_loss [...], p [...,K], label. The first of equal maxima counts. */
#include "loss.h"

enum { ROW_LOSS, P, LABEL, SUMS };

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char text[96];
    (void)graph;
    GZ_TRY(gz_op_expect_inputs(node, 4, 4));
    GZ_TRY(gz_loss_expect_label(node, node->in[P], node->in[LABEL]));
    const size_t R = gz_shape_rows(node->in[P]->shape);
    if (gz_shape_count(node->in[ROW_LOSS]->shape) != R)
        return gz_op_fail(node, "row losses have shape %s, expected %zu values",
                          gz_shape_text(node->in[ROW_LOSS]->shape, text), R);
    if (!gz_shape_equal(node->in[SUMS]->shape, GZ_SHAPE(4)))
        return gz_op_fail(node, "sums have shape %s, expected [4]",
                          gz_shape_text(node->in[SUMS]->shape, text));
    return GAZE_OK;
}

static size_t arg_max(const double *row, size_t K)
{
    size_t best = 0;
    for (size_t k = 1; k < K; k++)
        if (row[k] > row[best]) best = k;
    return best;
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    (void)out;
    const gz_loss_size size = gz_loss_size_of(node->in[P]);
    const size_t R = size.rows, K = size.classes;
    const bool sparse = node->in[LABEL]->dtype == GZ_I32;
    for (size_t r = 0; r < R; r++) {
        const size_t label = sparse ? (size_t)in[LABEL][r] : arg_max(in[LABEL] + r * K, K);
        in[SUMS][0] += in[ROW_LOSS][r];
        in[SUMS][1] += arg_max(in[P] + r * K, K) == label ? 1 : 0;
        in[SUMS][2] += 1;
    }
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const gz_loss_size size = gz_loss_size_of(node->in[P]);
    const gz_tensor *correct = gz_scratch(builder, size.rows);
    gz_launch *launch = gz_loss_launch(builder, "metrics_rows", "metrics_rows_group");
    gz_arg_tensor(launch, node->in[P]);
    gz_arg_label(launch, node->in[LABEL]);
    gz_arg_tensor(launch, correct);
    gz_loss_launch_rows(builder, launch, size);

    launch = gz_loss_launch(builder, "metrics_sum", "metrics_sum_group");
    gz_arg_tensor(launch, node->in[ROW_LOSS]);
    gz_arg_tensor(launch, correct);
    gz_arg_tensor(launch, node->in[SUMS]);
    gz_arg_int(launch, size.rows);
    gz_loss_launch_once(builder, launch, size.rows);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const gz_loss_size size = gz_loss_size_of(node->in[P]);
    const double n = (double)size.rows * (double)size.classes;
    return (gz_cost){n, 4 * n};
}

/* Compensated sums: a few roundings, whatever the number of rows. */
static gz_limit limit(const gz_node *node, size_t i)
{
    (void)node;
    (void)i;
    return (gz_limit){GZ_RELATIVE, 4};
}

#define SPARSE(FILL, R, K)                                                          \
    {                                                                               \
        .in = {{1, {R}}, {2, {R, K}}, {1, {R}}, {1, {4}}}, .n_in = 4, .fill = FILL, \
        .dtype = {GZ_F32, GZ_F32, GZ_I32}, .index_limit = K                         \
    }
#define DENSE(FILL, R, K)                                                             \
    {                                                                                 \
        .in = {{1, {R}}, {2, {R, K}}, {2, {R, K}}, {1, {4}}}, .n_in = 4, .fill = FILL \
    }

static const gz_case cases[] = {
    SPARSE(GZ_FILL_POSITIVE, 1, 1),  SPARSE(GZ_FILL_POSITIVE, 2, 2),   SPARSE(GZ_FILL_POSITIVE, 64, 10),
    SPARSE(GZ_FILL_INTEGER, 33, 3),  SPARSE(GZ_FILL_POSITIVE, 65, 63), SPARSE(GZ_FILL_POSITIVE, 9216, 2),
    DENSE(GZ_FILL_POSITIVE, 64, 10), DENSE(GZ_FILL_INTEGER, 31, 4),
};

const gz_op gz_op_metrics = {
    .name = "metrics",
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
    .updates = 1u << SUMS,
};

gaze_status gz_metrics(gz_graph *g, gz_tensor *row_loss, gz_tensor *p, gz_tensor *label, gz_tensor *sums)
{
    return gz_graph_node(g, &gz_op_metrics, NULL, 0, (gz_tensor *[]){row_loss, p, label, sums}, 4, NULL, 0);
}
