#include "batch_normalization.h"
#include "group_gpu.h"

#include <math.h>

gaze_status gz_batch_expect_mask(const gz_node *node, size_t i)
{
    char found[96], expected[96];
    gz_shape rows = node->in[0]->shape;
    if (rows.rank) rows.rank--;
    if (i >= node->n_in || !node->in[i]) return GAZE_OK;
    if (node->in[i]->dtype == GZ_I32 && gz_shape_equal(node->in[i]->shape, rows)) return GAZE_OK;
    return gz_op_fail(node, "the mask has shape %s, expected int32 %s",
                      gz_shape_text(node->in[i]->shape, found), gz_shape_text(rows, expected));
}

double gz_batch_count(const double *mask, size_t R)
{
    size_t n = 0;
    for (size_t r = 0; r < R; r++) n += !mask || mask[r] != 0;
    return n ? (double)n : 1;
}

void gz_batch_normalize(const gz_node *node, const double *x, gz_batch_channel of, size_t c, double *y)
{
    const size_t R = gz_normalization_rows(node), C = gz_normalization_width(node);
    const double scale = of.gamma / sqrt(of.variance + gz_epsilon_of(node));
    for (size_t r = 0; r < R; r++) y[r * C + c] = scale * (x[r * C + c] - of.mean) + of.beta;
}

gz_slabs gz_batch_slabs(const gz_node *node, const gz_builder *builder)
{
    enum { ROWS = 256 };
    const size_t R = gz_normalization_rows(node);
    if (gz_builder_family(builder) == GZ_FAMILY_CPU)
        return gz_slabs_to_sum(R, 8 * gz_normalization_width(node));
    if (gz_builder_is_gpu(builder)) {
        const gz_columns columns = gz_columns_of(1, R, gz_normalization_width(node));
        return (gz_slabs){columns.slab, columns.slabs};
    }
    return (gz_slabs){ROWS, (R + ROWS - 1) / ROWS};
}

gz_launch *gz_batch_launch(gz_builder *builder, gz_batch_kernels kernel)
{
    if (gz_builder_is_gpu(builder))
        return gz_launch_add(builder, "batch_normalization_gpu", kernel.group, "%s", "");
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    return gz_launch_add(builder, "batch_normalization", cpu ? kernel.slabs : kernel.items, "%s", "");
}

void gz_batch_launch_end(const gz_node *node, gz_builder *builder, gz_launch *launch, gz_slabs slabs)
{
    const size_t C = gz_normalization_width(node);
    if (gz_builder_is_gpu(builder)) {
        gz_launch_group_columns(builder, launch, gz_columns_whole(1, slabs.groups, C));
        return;
    }
    gz_arg_int(launch, C);
    gz_arg_int(launch, slabs.groups);
    gz_launch_items(launch, C);
}

void gz_batch_launch_slabs(const gz_node *node, gz_builder *builder, gz_launch *launch, gz_slabs slabs)
{
    const size_t R = gz_normalization_rows(node), C = gz_normalization_width(node);
    if (gz_builder_is_gpu(builder)) {
        gz_launch_group_columns(builder, launch, (gz_columns){1, R, C, slabs.units, slabs.groups});
        return;
    }
    gz_arg_int(launch, C);
    gz_arg_int(launch, R);
    gz_launch_slabs(launch, slabs);
    if (gz_builder_family(builder) == GZ_FAMILY_CPU) return;
    gz_arg_int(launch, slabs.groups);
    gz_launch_items(launch, slabs.groups * C);
}

void gz_batch_apply(const gz_node *node, gz_builder *builder, const gz_tensor *const statistics[3],
                    const gz_tensor *gamma, const gz_tensor *beta)
{
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    const size_t R = gz_normalization_rows(node), C = gz_normalization_width(node);
    gz_launch *launch = gz_launch_add(builder, "batch_normalization",
                                      cpu ? "batch_apply_slabs" : "batch_apply_items", "%s", "");
    gz_arg_tensor(launch, node->in[0]);
    for (size_t i = 0; i < 3; i++) gz_arg_tensor(launch, statistics[i]);
    gz_arg_tensor(launch, gamma);
    gz_arg_tensor(launch, beta);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_float(launch, gz_epsilon_of(node));
    gz_arg_int(launch, C);
    gz_arg_int(launch, R);
    gz_launch_slabs_or_items(builder, launch, gz_slabs_of(builder, R, 8 * C, 1), R * C);
}
