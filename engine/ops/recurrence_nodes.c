/* The gradients of a recurrence, as nodes. */
#include "recurrence.h"

static const gz_recurrence_attr *attr_of(const gz_node *node) { return node->attr; }
static bool is_lstm(const gz_node *node) { return attr_of(node)->kind == GZ_LSTM; }

/* The states before each step, as rows beside those of dz. NULL where all are zero. */
static gaze_status states_before(gz_graph *graph, const gz_node *node, gz_tensor **before)
{
    *before = NULL;
    if (gz_recurrence_size_of(node).T == 1 && !node->in[GZ_RECURRENCE_H0]) return GAZE_OK;
    return gz_shift_time(graph, node->out[0], node->in[GZ_RECURRENCE_H0], attr_of(node)->backwards, before);
}

/* q = r h_before stands for the state in the columns of gate n. */
static gaze_status reset_before_kernel_gradient(gz_graph *graph, const gz_node *node, gz_tensor *before,
                                                gz_tensor *dz, gz_tensor **dkernel)
{
    const size_t U = gz_recurrence_size_of(node).U;
    gz_tensor *dzr, *dn, *q, *part[2];
    GZ_TRY(gz_slice(graph, dz, 2, 0, 2 * U, &dzr));
    GZ_TRY(gz_slice(graph, dz, 2, 2 * U, U, &dn));
    GZ_TRY(gz_slice(graph, gz_recurrence_kept_of(node), 2, 3 * U, U, &q));
    GZ_TRY(gz_dense_kernel_gradient(graph, before, dzr, &part[0]));
    GZ_TRY(gz_dense_kernel_gradient(graph, q, dn, &part[1]));
    return gz_concatenate(graph, part, 2, 1, dkernel);
}

static gaze_status kernel_gradient(gz_graph *graph, const gz_node *node, const gz_recurrence_gradients *d,
                                   gz_tensor **dkernel)
{
    gz_tensor *before;
    GZ_TRY(states_before(graph, node, &before));
    if (!before) return GAZE_OK;
    if (attr_of(node)->kind == GZ_GRU_RESET_BEFORE)
        return reset_before_kernel_gradient(graph, node, before, d->dxw, dkernel);
    return gz_dense_kernel_gradient(graph, before, d->product, dkernel);
}

/* One row for the input's side, one for the product's. */
static gaze_status bias_gradient(gz_graph *graph, const gz_recurrence_gradients *d, gz_shape bias,
                                 gz_tensor **dbias)
{
    gz_tensor *row[2];
    GZ_TRY(gz_bias_gradient(graph, d->dxw, &row[0]));
    GZ_TRY(gz_bias_gradient(graph, d->product, &row[1]));
    for (size_t i = 0; i < 2; i++) GZ_TRY(gz_graph_view(graph, row[i], GZ_SHAPE(1, 1, bias.dim[1]), &row[i]));
    GZ_TRY(gz_concatenate(graph, row, 2, 1, dbias));
    return gz_graph_view(graph, *dbias, bias, dbias);
}

/* Of the products, or of the input, its kernel and its bias. */
static gaze_status input_gradients(gz_graph *graph, const gz_node *node, gz_tensor *dxw, const bool *wanted,
                                   gz_tensor **din)
{
    gz_tensor *x = node->in[GZ_RECURRENCE_XW];
    if (!gz_recurrence_size_of(node).D) {
        if (wanted[GZ_RECURRENCE_XW]) din[GZ_RECURRENCE_XW] = dxw;
        return GAZE_OK;
    }
    if (wanted[GZ_RECURRENCE_XW])
        GZ_TRY(gz_dense_input_gradient(graph, dxw, node->in[GZ_RECURRENCE_X_KERNEL], &din[GZ_RECURRENCE_XW]));
    if (wanted[GZ_RECURRENCE_X_KERNEL])
        GZ_TRY(gz_dense_kernel_gradient(graph, x, dxw, &din[GZ_RECURRENCE_X_KERNEL]));
    return wanted[GZ_RECURRENCE_X_BIAS] ? gz_bias_gradient(graph, dxw, &din[GZ_RECURRENCE_X_BIAS]) : GAZE_OK;
}

gaze_status gz_recurrence_gradients_of(gz_graph *graph, const gz_node *node, gz_tensor *const *dout,
                                       const bool *wanted, gz_tensor **din)
{
    const gz_recurrence_attr *a = attr_of(node);
    gz_tensor *dc = is_lstm(node) ? dout[1] : NULL, *kept = gz_recurrence_kept_of(node);
    gz_recurrence_gradients d = {0};
    if (!dout[0] && !dc) return GAZE_OK;
    if (gz_recurrence_kept(a->kind) && !kept)
        return gz_op_fail(node, "was made for prediction, which keeps nothing for a gradient");
    const gz_recurrence_gradient_attr attr = {a->kind, a->backwards,
                                              wanted[GZ_RECURRENCE_H0] || wanted[GZ_RECURRENCE_C0]};
    gz_tensor *const in[] = {node->in[GZ_RECURRENCE_KERNEL],
                             node->out[is_lstm(node)],
                             kept,
                             node->in[GZ_RECURRENCE_MASK],
                             node->in[is_lstm(node) ? GZ_RECURRENCE_C0 : GZ_RECURRENCE_H0],
                             dout[0],
                             dc};
    GZ_TRY(gz_recurrence_gradient(graph, &attr, in, &d));
    GZ_TRY(input_gradients(graph, node, d.dxw, wanted, din));
    if (wanted[GZ_RECURRENCE_KERNEL]) GZ_TRY(kernel_gradient(graph, node, &d, &din[GZ_RECURRENCE_KERNEL]));
    if (wanted[GZ_RECURRENCE_BIAS])
        GZ_TRY(bias_gradient(graph, &d, node->in[GZ_RECURRENCE_BIAS]->shape, &din[GZ_RECURRENCE_BIAS]));
    if (wanted[GZ_RECURRENCE_H0]) din[GZ_RECURRENCE_H0] = d.dh0;
    if (wanted[GZ_RECURRENCE_C0]) din[GZ_RECURRENCE_C0] = d.dc0;
    return GAZE_OK;
}
