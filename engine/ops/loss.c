#include "loss.h"
#include "group_gpu.h"

gz_loss_size gz_loss_size_of(const gz_tensor *p)
{
    return (gz_loss_size){gz_shape_rows(p->shape), gz_shape_last(p->shape)};
}

gaze_status gz_loss_expect_label(const gz_node *node, const gz_tensor *p, const gz_tensor *label)
{
    char text[2][96];
    gz_shape expected = p->shape;
    if (expected.rank < 2)
        return gz_op_fail(node, "input has shape %s, expected [...,classes]",
                          gz_shape_text(expected, text[0]));
    if (label->dtype == GZ_I32) expected.rank--;
    if (gz_shape_equal(label->shape, expected)) return GAZE_OK;
    return gz_op_fail(node, "%s label has shape %s, expected %s",
                      label->dtype == GZ_I32 ? "int32" : "float32", gz_shape_text(label->shape, text[0]),
                      gz_shape_text(expected, text[1]));
}

double gz_loss_label(const gz_tensor *label, const double *values, gz_loss_size size, size_t r, size_t k)
{
    if (label->dtype != GZ_I32) return values[r * size.classes + k];
    return values[r] == (double)k ? 1 : 0;
}

void gz_arg_label(gz_launch *launch, const gz_tensor *label)
{
    const bool sparse = label->dtype == GZ_I32;
    gz_arg_tensor(launch, sparse ? label : NULL);
    gz_arg_tensor(launch, sparse ? NULL : label);
}

void gz_loss_launch_items(gz_launch *launch, gz_loss_size size, size_t items)
{
    gz_arg_int(launch, size.rows);
    gz_arg_int(launch, size.classes);
    gz_launch_items(launch, items);
}

gz_launch *gz_loss_launch(gz_builder *builder, const char *kernel, const char *kernel_gpu)
{
    const bool gpu = gz_builder_is_gpu(builder);
    return gz_launch_add(builder, gpu ? "loss_gpu" : "loss", gpu ? kernel_gpu : kernel, "%s", "");
}

void gz_loss_launch_rows(gz_builder *builder, gz_launch *launch, gz_loss_size size)
{
    gz_arg_int(launch, size.rows);
    gz_arg_int(launch, size.classes);
    if (gz_builder_is_gpu(builder)) {
        gz_launch_group_rows(builder, launch, size.rows, size.classes);
        return;
    }
    const size_t rows = gz_builder_family(builder) == GZ_FAMILY_CPU ? 1024 / size.classes + 1 : 1;
    gz_arg_int(launch, rows);
    gz_launch_items(launch, (size.rows + rows - 1) / rows);
}

void gz_loss_launch_once(gz_builder *builder, gz_launch *launch, size_t rows)
{
    if (gz_builder_is_gpu(builder))
        gz_launch_group_rows(builder, launch, 1, rows);
    else
        gz_launch_items(launch, 1);
}

void gz_loss_mean(gz_builder *builder, const gz_tensor *row_loss, const gz_tensor *loss, size_t rows)
{
    gz_launch *launch = gz_loss_launch(builder, "loss_mean", "loss_mean_group");
    gz_arg_tensor(launch, row_loss);
    gz_arg_tensor(launch, loss);
    gz_arg_int(launch, rows);
    gz_loss_launch_once(builder, launch, rows);
}

double gz_loss_row_weight(const double *dloss, const double *drow, size_t r, size_t rows)
{
    return (dloss ? dloss[0] / (double)rows : 0) + (drow ? drow[r] : 0);
}

gaze_status gz_loss_gradient_infer(gz_graph *graph, gz_node *node)
{
    char text[96];
    GZ_TRY(gz_op_expect_inputs(node, 2, GZ_LOSS_N_IN));
    const gz_tensor *p = node->in[GZ_LOSS_P], *dloss = node->in[GZ_LOSS_DLOSS],
                    *drow = node->in[GZ_LOSS_DROW];
    GZ_TRY(gz_loss_expect_label(node, p, node->in[GZ_LOSS_LABEL]));
    if (dloss && gz_shape_count(dloss->shape) != 1)
        return gz_op_fail(node, "gradient of the loss has shape %s, expected [1]",
                          gz_shape_text(dloss->shape, text));
    if (drow && gz_shape_count(drow->shape) != gz_shape_rows(p->shape))
        return gz_op_fail(node, "gradient of the row losses has shape %s, expected %zu values",
                          gz_shape_text(drow->shape, text), gz_shape_rows(p->shape));
    return gz_node_output(graph, node, 0, GZ_F32, p->shape);
}

/* The kernel has the op's name; that of the gpu families ends in _group where a row's sum is needed. */
gaze_status gz_loss_gradient_prepare(const gz_node *node, gz_builder *builder)
{
    const gz_loss_size size = gz_loss_size_of(node->in[GZ_LOSS_P]);
    const bool sums = node->op == &gz_op_softmax_cross_entropy_gradient;
    gz_launch *launch =
        gz_loss_launch(builder, node->op->name,
                       sums ? "softmax_cross_entropy_gradient_group" : "cross_entropy_gradient_elements");
    gz_arg_tensor(launch, node->in[GZ_LOSS_P]);
    gz_arg_label(launch, node->in[GZ_LOSS_LABEL]);
    gz_arg_tensor(launch, node->in[GZ_LOSS_DLOSS]);
    gz_arg_tensor(launch, node->in[GZ_LOSS_DROW]);
    gz_arg_tensor(launch, node->out[0]);
    if (gz_builder_is_gpu(builder) && !sums)
        gz_loss_launch_items(launch, size, size.rows * size.classes);
    else
        gz_loss_launch_rows(builder, launch, size);
    return gz_builder_status(builder);
}

gz_cost gz_loss_gradient_cost(const gz_node *node)
{
    const gz_loss_size size = gz_loss_size_of(node->in[GZ_LOSS_P]);
    const double n = (double)size.rows * (double)size.classes;
    return (gz_cost){2 * n, 8 * n};
}
