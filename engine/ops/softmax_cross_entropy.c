/* softmax, then cross entropy, from logits x [...,K]: row_loss = sum_k label_k (ln sum_j exp(x_j) - x_k),
   loss [1] their mean, p = softmax(x). */
#include "loss.h"

#include <math.h>

enum { LOGITS, LABEL, LOSS = 0, ROW_LOSS, P };

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    GZ_TRY(gz_loss_expect_label(node, node->in[LOGITS], node->in[LABEL]));
    gz_shape rows = node->in[LOGITS]->shape;
    rows.rank--;
    GZ_TRY(gz_node_output(graph, node, LOSS, GZ_F32, GZ_SHAPE(1)));
    GZ_TRY(gz_node_output(graph, node, ROW_LOSS, GZ_F32, rows));
    return gz_node_output(graph, node, P, GZ_F32, node->in[LOGITS]->shape);
}

/* Makes p; returns ln sum_k exp(x_k). */
static double log_sum_exp(const double *x, double *p, size_t K)
{
    double top = -INFINITY, sum = 0;
    for (size_t k = 0; k < K; k++) top = fmax(top, x[k]);
    for (size_t k = 0; k < K; k++) sum += exp(x[k] - top);
    for (size_t k = 0; k < K; k++) p[k] = exp(x[k] - top) / sum;
    return top + log(sum);
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_loss_size size = gz_loss_size_of(node->in[LOGITS]);
    const size_t R = size.rows, K = size.classes;
    out[LOSS][0] = 0;
    for (size_t r = 0; r < R; r++) {
        const double *x = in[LOGITS] + r * K, total = log_sum_exp(x, out[P] + r * K, K);
        out[ROW_LOSS][r] = 0;
        for (size_t k = 0; k < K; k++) {
            const double label = gz_loss_label(node->in[LABEL], in[LABEL], size, r, k);
            if (label != 0) out[ROW_LOSS][r] += label * (total - x[k]);
        }
        out[LOSS][0] += out[ROW_LOSS][r] / (double)R;
    }
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const gz_loss_size size = gz_loss_size_of(node->in[LOGITS]);
    gz_launch *launch = gz_loss_launch(builder, "softmax_cross_entropy", "softmax_cross_entropy_group");
    gz_arg_tensor(launch, node->in[LOGITS]);
    gz_arg_label(launch, node->in[LABEL]);
    gz_arg_tensor(launch, node->out[ROW_LOSS]);
    gz_arg_tensor(launch, node->out[P]);
    gz_loss_launch_rows(builder, launch, size);
    gz_loss_mean(builder, node->out[ROW_LOSS], node->out[LOSS], size.rows);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const gz_loss_size size = gz_loss_size_of(node->in[LOGITS]);
    const double n = (double)size.rows * (double)size.classes;
    return (gz_cost){6 * n, 8 * n};
}

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    gz_tensor *by_loss = NULL, *by_p = NULL;
    if (!wanted[LOGITS]) return GAZE_OK;
    if (dout[LOSS] || dout[ROW_LOSS])
        GZ_TRY(gz_softmax_cross_entropy_gradient(graph, node->out[P], node->in[LABEL], dout[LOSS],
                                                 dout[ROW_LOSS], &by_loss));
    if (dout[P]) GZ_TRY(gz_softmax_gradient(graph, node->out[P], dout[P], &by_p));
    if (by_loss && by_p) return gz_add_all(graph, (gz_tensor *[]){by_loss, by_p}, 2, &din[LOGITS]);
    din[LOGITS] = by_loss ? by_loss : by_p;
    return GAZE_OK;
}

/* p as softmax. Losses: ln of float32 (3 ULP), the difference of two logits, a product and an addition for
 * each class. */
static gz_limit limit(const gz_node *node, size_t i)
{
    if (i == P) return (gz_limit){GZ_RELATIVE, 10};
    const bool sparse = node->in[LABEL]->dtype == GZ_I32;
    return (gz_limit){GZ_ABSOLUTE,
                      (sparse ? 8 : 8 + (double)gz_loss_size_of(node->in[LOGITS]).classes) * 0x1p-23};
}

static const gz_case cases[] = {
    GZ_LOSS_SPARSE(GZ_FILL_UNIFORM, 1, 1),
    GZ_LOSS_SPARSE(GZ_FILL_UNIFORM, 2, 2),
    GZ_LOSS_SPARSE(GZ_FILL_UNIFORM, 64, 10),
    GZ_LOSS_SPARSE(GZ_FILL_WIDE, 33, 31),
    GZ_LOSS_SPARSE(GZ_FILL_INTEGER, 65, 63),
    GZ_LOSS_DENSE(GZ_FILL_UNIFORM, 1, 3),
    GZ_LOSS_DENSE(GZ_FILL_UNIFORM, 64, 10),
    GZ_LOSS_DENSE(GZ_FILL_WIDE, 31, 33),
    {.in = {{3, {4, 7, 65}}, {2, {4, 7}}},
     .n_in = 2,
     .fill = GZ_FILL_UNIFORM,
     .dtype = {GZ_F32, GZ_I32},
     .index_limit = 65},
};

const gz_op gz_op_softmax_cross_entropy = {
    .name = "softmax_cross_entropy",
    .n_out = 3,
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .gradient = gradient,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};

gaze_status gz_softmax_cross_entropy(gz_graph *g, gz_tensor *logits, gz_tensor *label, gz_tensor **loss,
                                     gz_tensor **row_loss, gz_tensor **p)
{
    gz_tensor *out[3];
    GZ_TRY(
        gz_graph_node(g, &gz_op_softmax_cross_entropy, NULL, 0, (gz_tensor *[]){logits, label}, 2, out, 3));
    *loss = out[LOSS];
    if (row_loss) *row_loss = out[ROW_LOSS];
    if (p) *p = out[P];
    return GAZE_OK;
}
