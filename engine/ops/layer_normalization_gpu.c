#include "group_gpu.h"
#include "layer_normalization.h"

static void launch_rows(const gz_node *node, gz_builder *builder, gz_launch *launch)
{
    const size_t R = gz_normalization_rows(node), C = gz_normalization_width(node);
    gz_arg_float(launch, gz_epsilon_of(node));
    gz_arg_int(launch, C);
    gz_arg_int(launch, R);
    gz_launch_group_rows(builder, launch, R, C);
}

gaze_status gz_layer_normalization_gpu(const gz_node *node, gz_builder *builder)
{
    gz_launch *launch =
        gz_launch_add(builder, "layer_normalization_gpu", "layer_normalization_group", "%s", "");
    for (size_t i = 0; i < 3; i++) gz_arg_tensor(launch, i < node->n_in ? node->in[i] : NULL);
    gz_arg_tensor(launch, node->out[0]);
    launch_rows(node, builder, launch);
    return gz_builder_status(builder);
}

/* x, dy and the rows' statistics -> the sums of each slab */
static void launch_parts(const gz_node *node, gz_builder *builder, const gz_tensor *statistics,
                         const gz_tensor *const sums[2], gz_columns columns)
{
    gz_launch *launch =
        gz_launch_add(builder, "layer_normalization_gpu", "layer_normalization_parts_group", "%s", "");
    gz_arg_tensor(launch, node->in[0]);
    gz_arg_tensor(launch, node->in[GZ_LAYER_DY]);
    gz_arg_tensor(launch, statistics);
    for (size_t i = 0; i < 2; i++) gz_arg_tensor(launch, sums[i]);
    gz_launch_group_columns(builder, launch, columns);
}

gaze_status gz_layer_normalization_gradient_gpu(const gz_node *node, gz_builder *builder)
{
    const size_t R = gz_normalization_rows(node), C = gz_normalization_width(node);
    const gz_columns columns = gz_columns_of(1, R, C);
    const gz_tensor *statistics = gz_scratch(builder, 3 * R);
    gz_launch *launch =
        gz_launch_add(builder, "layer_normalization_gpu", "layer_normalization_gradient_group", "%s", "");
    for (size_t i = 0; i <= GZ_LAYER_DY; i++) gz_arg_tensor(launch, node->in[i]);
    gz_arg_tensor(launch, node->out[GZ_LAYER_DX]);
    gz_arg_tensor(launch, statistics);
    launch_rows(node, builder, launch);

    const gz_tensor *const out[2] = {node->out[GZ_LAYER_DGAMMA], node->out[GZ_LAYER_DBETA]};
    if (columns.slabs == 1) {
        launch_parts(node, builder, statistics, out, columns);
        return gz_builder_status(builder);
    }
    const gz_tensor *const parts[2] = {gz_scratch(builder, columns.slabs * C),
                                       gz_scratch(builder, columns.slabs * C)};
    launch_parts(node, builder, statistics, parts, columns);
    for (size_t i = 0; i < 2; i++)
        gz_column_sums_gpu(builder, &(gz_column_sums){parts[i], NULL, out[i], 1, columns.slabs, C, 1});
    return gz_builder_status(builder);
}
