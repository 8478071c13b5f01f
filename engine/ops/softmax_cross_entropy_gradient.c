/* The gradient of softmax_cross_entropy with respect to the logits: (p sum(label) - label) (dloss / R +
   drow); sum(label) is 1 for a sparse label. */
#include "loss.h"

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_tensor *label = node->in[GZ_LOSS_LABEL];
    const gz_loss_size size = gz_loss_size_of(node->in[GZ_LOSS_P]);
    const size_t R = size.rows, K = size.classes;
    for (size_t r = 0; r < R; r++) {
        const double weight = gz_loss_row_weight(in[GZ_LOSS_DLOSS], in[GZ_LOSS_DROW], r, R);
        double sum = 0;
        for (size_t k = 0; k < K; k++) sum += gz_loss_label(label, in[GZ_LOSS_LABEL], size, r, k);
        for (size_t k = 0; k < K; k++)
            out[0][r * K + k] =
                (in[GZ_LOSS_P][r * K + k] * sum - gz_loss_label(label, in[GZ_LOSS_LABEL], size, r, k)) *
                weight;
    }
}

/* Relative to the row's largest value, which is that of its label: the sum of labels (K additions), a
   product, a difference, the weight (a division of 2.5 ULP and a sum), a product. */
static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    const bool sparse = node->in[GZ_LOSS_LABEL]->dtype == GZ_I32;
    return (gz_limit){GZ_RELATIVE, sparse ? 10 : 10 + (double)gz_loss_size_of(node->in[GZ_LOSS_P]).classes};
}

static const gz_case cases[] = {
    GZ_LOSS_GRADIENT_SPARSE(GZ_FILL_POSITIVE, 1, 1),   GZ_LOSS_GRADIENT_SPARSE(GZ_FILL_POSITIVE, 2, 2),
    GZ_LOSS_GRADIENT_SPARSE(GZ_FILL_POSITIVE, 64, 10), GZ_LOSS_GRADIENT_SPARSE(GZ_FILL_UNIFORM, 33, 31),
    GZ_LOSS_GRADIENT_SPARSE(GZ_FILL_POSITIVE, 65, 63), GZ_LOSS_GRADIENT_DENSE(GZ_FILL_POSITIVE, 1, 3),
    GZ_LOSS_GRADIENT_DENSE(GZ_FILL_POSITIVE, 64, 10),  GZ_LOSS_GRADIENT_DENSE(GZ_FILL_POSITIVE, 31, 33),
};

const gz_op gz_op_softmax_cross_entropy_gradient = {
    .name = "softmax_cross_entropy_gradient",
    .n_out = 1,
    .infer = gz_loss_gradient_infer,
    .reference = reference,
    .prepare = gz_loss_gradient_prepare,
    .cost = gz_loss_gradient_cost,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};

gaze_status gz_softmax_cross_entropy_gradient(gz_graph *g, gz_tensor *p, gz_tensor *label, gz_tensor *dloss,
                                              gz_tensor *drow, gz_tensor **dlogits)
{
    return gz_graph_node(g, &gz_op_softmax_cross_entropy_gradient, NULL, 0,
                         (gz_tensor *[]){p, label, dloss, drow}, GZ_LOSS_N_IN, dlogits, 1);
}
