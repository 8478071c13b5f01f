/* Two convolutions in a row. */
#include "conv2d_compose.h"
#include "fuse_parts.h"

static bool is_valid_conv(const gz_node *conv)
{
    const gz_window *window = &((const gz_conv2d_attr *)conv->attr)->window;
    return gz_both_are(window->stride, 1) && gz_both_are(window->dilation, 1) && window->padding == GZ_VALID;
}

static gz_tensor *bias_of(const gz_node *conv) { return conv->n_in > 2 ? conv->in[2] : NULL; }

/* The first of two convolutions becomes the node that makes their common kernel, which the second takes. */
static gaze_status compose(gz_graph *graph, gz_node *first, gz_node *second, const gz_compose_size *size)
{
    gz_conv2d_attr attr = *(const gz_conv2d_attr *)second->attr;
    gz_tensor *x = first->in[0], *kernels[] = {first->in[1], second->in[1]}, *bias = bias_of(first);
    for (int axis = 0; axis < 2; axis++) attr.window.size[axis] = size->y[axis];
    second->attr = gz_arena_duplicate(graph->arena, &attr, sizeof attr);
    if (!second->attr) return GAZE_ERROR_DEVICE;
    first->op = &gz_op_conv2d_compose;
    first->attr = NULL;
    first->n_in = 4;
    first->in[GZ_COMPOSE_A] = kernels[0];
    first->in[GZ_COMPOSE_B] = kernels[1];
    first->in[GZ_COMPOSE_A_BIAS] = bias;
    first->in[GZ_COMPOSE_B_BIAS] = bias ? bias_of(second) : NULL;
    GZ_TRY(first->op->infer(graph, first));
    for (size_t i = 0; i < first->n_out; i++) first->out[i]->stays = !graph->training;
    second->in[0] = x;
    second->in[1] = first->out[0];
    if (!bias) return GAZE_OK;
    second->in[2] = first->out[1];
    second->n_in = 3;
    return GAZE_OK;
}

/* Two convolutions without padding, stride or activation between. */
gaze_status gz_fuse_conv2d(gz_graph *graph, gz_node *second, const gz_use *uses)
{
    gz_node *first = gz_hidden_maker(second, 0, &gz_op_conv2d, uses);
    if (!first || second->in[0]->view || !is_valid_conv(first) || !is_valid_conv(second)) return GAZE_OK;
    if (((const gz_conv2d_attr *)first->attr)->activation != GZ_LINEAR) return GAZE_OK;
    const size_t *y = second->out[0]->shape.dim;
    const gz_compose_size size = gz_compose_size_of(first->in[1]->shape, second->in[1]->shape);
    return gz_compose_pays(&size, y[0] * y[1], y[2]) ? compose(graph, first, second, &size) : GAZE_OK;
}
