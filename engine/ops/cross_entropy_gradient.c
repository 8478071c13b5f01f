/* The gradient of cross_entropy: dp [...,K] = -label / p * (dloss / R + drow) where p isn't clipped, else 0.
 */
#include "loss.h"

static const double LEAST = 1e-7, MOST = 1 - 1e-7;

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_tensor *label = node->in[GZ_LOSS_LABEL];
    const gz_loss_size size = gz_loss_size_of(node->in[GZ_LOSS_P]);
    for (size_t r = 0; r < size.rows; r++) {
        const double weight = gz_loss_row_weight(in[GZ_LOSS_DLOSS], in[GZ_LOSS_DROW], r, size.rows);
        for (size_t k = 0; k < size.classes; k++) {
            const size_t i = r * size.classes + k;
            const double p = in[GZ_LOSS_P][i];
            const bool clipped = p < LEAST || p > MOST;
            out[0][i] = clipped ? 0 : -gz_loss_label(label, in[GZ_LOSS_LABEL], size, r, k) / p * weight;
        }
    }
}

/* Two divisions (2.5 ULP each), a sum and a product. */
static gz_limit limit(const gz_node *node, size_t i)
{
    (void)node;
    (void)i;
    return (gz_limit){GZ_RELATIVE, 8};
}

static const gz_case cases[] = {
    GZ_LOSS_GRADIENT_SPARSE(GZ_FILL_POSITIVE, 1, 1),   GZ_LOSS_GRADIENT_SPARSE(GZ_FILL_POSITIVE, 2, 2),
    GZ_LOSS_GRADIENT_SPARSE(GZ_FILL_POSITIVE, 64, 10), GZ_LOSS_GRADIENT_SPARSE(GZ_FILL_WIDE, 33, 31),
    GZ_LOSS_GRADIENT_SPARSE(GZ_FILL_POSITIVE, 65, 63), GZ_LOSS_GRADIENT_DENSE(GZ_FILL_POSITIVE, 1, 3),
    GZ_LOSS_GRADIENT_DENSE(GZ_FILL_POSITIVE, 64, 10),  GZ_LOSS_GRADIENT_DENSE(GZ_FILL_WIDE, 31, 33),
};

const gz_op gz_op_cross_entropy_gradient = {
    .name = "cross_entropy_gradient",
    .n_out = 1,
    .infer = gz_loss_gradient_infer,
    .reference = reference,
    .prepare = gz_loss_gradient_prepare,
    .cost = gz_loss_gradient_cost,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};

gaze_status gz_cross_entropy_gradient(gz_graph *g, gz_tensor *p, gz_tensor *label, gz_tensor *dloss,
                                      gz_tensor *drow, gz_tensor **dp)
{
    return gz_graph_node(g, &gz_op_cross_entropy_gradient, NULL, 0, (gz_tensor *[]){p, label, dloss, drow},
                         GZ_LOSS_N_IN, dp, 1);
}
