#include "block.h"

const gz_axis_attr *gz_axis_of(const gz_node *node) { return node->attr; }

size_t gz_block_rows(gz_shape shape, size_t axis)
{
    size_t product = 1;
    for (size_t i = 0; i < axis; i++) product *= shape.dim[i];
    return product;
}

/* Values in a row, and the values that one step along the axis takes. */
size_t gz_block_row(gz_shape shape, size_t axis)
{
    return gz_shape_count(shape) / gz_block_rows(shape, axis);
}
size_t gz_block_step(gz_shape shape, size_t axis) { return gz_block_row(shape, axis) / shape.dim[axis]; }

gaze_status gz_block_expect_axis(const gz_node *node)
{
    char found[96];
    const gz_shape shape = node->in[0]->shape;
    if (gz_axis_of(node)->axis > 0 && gz_axis_of(node)->axis < shape.rank) return GAZE_OK;
    return gz_op_fail(node, "found axis %zu of shape %s, expected 1 to %zu", gz_axis_of(node)->axis,
                      gz_shape_text(shape, found), shape.rank ? shape.rank - 1 : 0);
}

void gz_block_copy(gz_block b, const double *from, double *to)
{
    for (size_t r = 0; r < b.rows; r++)
        for (size_t i = 0; i < b.width; i++)
            to[r * b.to_stride + b.to_first + i] = from[r * b.from_stride + b.from_first + i];
}

void gz_block_slabs(gz_builder *builder, gz_launch *launch, size_t rows, size_t width)
{
    const bool by_rows = rows >= 64;
    const gz_slabs whole = {by_rows ? width : rows, 1};
    const gz_slabs r = by_rows ? gz_slabs_of(builder, rows, 8 * width, 1) : whole;
    const gz_slabs c = by_rows ? whole : gz_slabs_of(builder, width, 8 * rows, 64);
    gz_arg_int(launch, r.units);
    gz_arg_int(launch, c.units);
    gz_launch_groups(launch, r.groups, c.groups, 1, 1, 1, 1);
}

void gz_block_launch(gz_builder *builder, gz_block b, const gz_tensor *from, const gz_tensor *to)
{
    gz_launch *launch = gz_launch_add(
        builder, "concatenate",
        gz_builder_family(builder) == GZ_FAMILY_CPU ? "copy_block_slabs" : "copy_block_items", "%s", "");
    gz_arg_tensor(launch, from);
    gz_arg_tensor(launch, to);
    gz_arg_int(launch, b.rows);
    gz_arg_int(launch, b.width);
    gz_arg_int(launch, b.from_stride);
    gz_arg_int(launch, b.from_first);
    gz_arg_int(launch, b.to_stride);
    gz_arg_int(launch, b.to_first);
    if (gz_builder_family(builder) == GZ_FAMILY_CPU)
        gz_block_slabs(builder, launch, b.rows, b.width);
    else
        gz_launch_items(launch, b.rows * b.width);
}
