/* dense, or the gradient of its input, and what is done with it: dense_fused. The gradients of its weights.
   The dense of a recurrent layer's input. */
#include "activation.h"
#include "dense.h"
#include "fuse_parts.h"
#include "recurrence.h"

static gaze_status become_fused(gz_graph *graph, gz_node *node, gz_dense_fused_attr attr, gz_tensor *other)
{
    node->op = &gz_op_dense_fused;
    node->attr = gz_arena_duplicate(graph->arena, &attr, sizeof attr);
    for (size_t i = node->n_in; i < 3; i++) node->in[i] = NULL;
    node->in[3] = other;
    node->n_in = 4;
    return node->attr ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static gz_activation_kind activation_of(const gz_node *dense)
{
    return ((const gz_dense_attr *)dense->attr)->activation;
}

/* The dense makes the activation too, and still gives what is before it where others read that. */
static gaze_status fuse_activation(gz_graph *graph, gz_node *node, const gz_use *uses)
{
    gz_tensor *z = node->in[0];
    gz_node *dense = z->producer;
    if (!dense || dense->op != &gz_op_dense || activation_of(dense) != GZ_LINEAR || uses[z->index].keep)
        return GAZE_OK;
    const gz_activation_kind kind = gz_activation_kind_of(node);
    const bool keeps = uses[z->index].readers > 1;
    if (gz_activation_fuses(kind) && keeps) return GAZE_OK;
    dense->out[0] = node->out[0];
    dense->out[0]->producer = dense;
    node->op = NULL;
    if (gz_activation_fuses(kind)) {
        dense->attr = gz_arena_duplicate(graph->arena, &(gz_dense_attr){kind}, sizeof(gz_dense_attr));
        return dense->attr ? GAZE_OK : GAZE_ERROR_DEVICE;
    }
    if (keeps) dense->out[dense->n_out++] = z;
    return become_fused(graph, dense, (gz_dense_fused_attr){GZ_FINISH_ACTIVATE, kind, false, keeps}, NULL);
}

static gaze_status fuse_add(gz_graph *graph, gz_node *add, const gz_use *uses)
{
    for (size_t i = 0; i < 2; i++) {
        gz_tensor *other = add->in[1 - i];
        gz_node *dense = gz_hidden_maker(add, i, &gz_op_dense, uses),
                *turned = gz_hidden_maker(add, i, &gz_op_dense_input_gradient, uses);
        if (!dense && !turned) continue;
        const gz_activation_kind kind = dense ? activation_of(dense) : GZ_LINEAR;
        gz_take_over(add, dense ? dense : turned);
        return become_fused(graph, add, (gz_dense_fused_attr){GZ_FINISH_ADD, kind, turned != NULL, false},
                            other);
    }
    return GAZE_OK;
}

static gaze_status fuse_slope(gz_graph *graph, gz_node *slope, const gz_use *uses)
{
    gz_node *turned = gz_hidden_maker(slope, 1, &gz_op_dense_input_gradient, uses);
    if (!turned) return GAZE_OK;
    const gz_dense_fused_attr attr = {GZ_FINISH_SLOPE, gz_activation_kind_of(slope), true, false};
    gz_tensor *value = slope->in[0];
    gz_take_over(slope, turned);
    return become_fused(graph, slope, attr, value);
}

/* Both gradients of a dense's weights from one reading of dy. */
static void fuse_weights(gz_graph *graph, gz_node *bias)
{
    for (size_t n = 0; n < graph->n_nodes && graph->nodes[n] != bias; n++) {
        gz_node *kernel = graph->nodes[n];
        if (kernel->op != &gz_op_dense_kernel_gradient || kernel->in[1] != bias->in[0]) continue;
        kernel->op = &gz_op_dense_weights_gradient;
        kernel->n_out = 2;
        kernel->out[1] = bias->out[0];
        kernel->out[1]->producer = kernel;
        bias->op = NULL;
        return;
    }
}

/* The recurrence multiplies its input itself. */
static void fuse_input(gz_node *recurrence, const gz_use *uses)
{
    gz_node *dense = gz_hidden_maker(recurrence, GZ_RECURRENCE_XW, &gz_op_dense, uses);
    if (!dense || recurrence->n_in > GZ_RECURRENCE_X_KERNEL || recurrence->in[GZ_RECURRENCE_XW]->view ||
        activation_of(dense) != GZ_LINEAR)
        return;
    for (size_t i = recurrence->n_in; i < GZ_RECURRENCE_X_KERNEL; i++) recurrence->in[i] = NULL;
    recurrence->in[GZ_RECURRENCE_XW] = dense->in[0];
    recurrence->in[GZ_RECURRENCE_X_KERNEL] = dense->in[1];
    recurrence->in[GZ_RECURRENCE_X_BIAS] = dense->n_in > 2 ? dense->in[2] : NULL;
    recurrence->n_in = GZ_RECURRENCE_X_BIAS + 1;
    dense->op = NULL;
}

gaze_status gz_fuse_dense(gz_graph *graph, gz_node *node, const gz_use *uses)
{
    if (node->op == &gz_op_activation) return fuse_activation(graph, node, uses);
    if (node->op == &gz_op_add && node->n_in == 2) return fuse_add(graph, node, uses);
    if (node->op == &gz_op_activation_gradient) return fuse_slope(graph, node, uses);
    if (node->op == &gz_op_bias_gradient) fuse_weights(graph, node);
    if (node->op == &gz_op_recurrence) fuse_input(node, uses);
    return GAZE_OK;
}
