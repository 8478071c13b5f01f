#include "rows.h"

double gz_factor_of(const gz_node *node) { return ((const gz_factor_attr *)node->attr)->factor; }

gaze_status gz_rows_mismatch(const gz_node *node, const char *expected)
{
    char first[96], second[96];
    return gz_op_fail(node, "found inputs of shapes %s and %s, expected %s",
                      gz_shape_text(node->in[0]->shape, first), gz_shape_text(node->in[1]->shape, second),
                      expected);
}

gz_cost gz_rows_cost(const gz_node *node, double flop)
{
    double values = (double)gz_shape_count(node->out[0]->shape);
    for (size_t i = 0; i < node->n_in; i++) values += (double)gz_shape_count(node->in[i]->shape);
    return (gz_cost){flop, 4 * values};
}

gaze_status gz_rows_launch(gz_builder *builder, gz_launch *launch, double factor, gz_rows_size size,
                           size_t items)
{
    gz_arg_float(launch, factor);
    gz_arg_int(launch, size.repeat);
    gz_arg_int(launch, size.width);
    gz_arg_int(launch, size.rows);
    gz_launch_slabs_or_items(builder, launch, gz_slabs_of(builder, size.rows, 8 * size.width, 1), items);
    return gz_builder_status(builder);
}
