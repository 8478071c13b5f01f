/* concatenate: tensors one after the other along an axis. */
#include "block.h"

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char found[96], expected[96];
    GZ_TRY(gz_op_expect_inputs(node, 2, GZ_MAX_INPUTS));
    GZ_TRY(gz_block_expect_axis(node));
    const size_t axis = gz_axis_of(node)->axis;
    gz_shape y = node->in[0]->shape;
    for (size_t i = 1; i < node->n_in; i++) {
        GZ_TRY(gz_op_expect_input(node, i));
        gz_shape like = node->in[i]->shape;
        const size_t part = axis < like.rank ? like.dim[axis] : 0;
        like.dim[axis] = node->in[0]->shape.dim[axis];
        if (!gz_shape_equal(like, node->in[0]->shape) || node->in[i]->dtype != node->in[0]->dtype)
            return gz_op_fail(node, "input %zu has shape %s, expected %s but for axis %zu, and one type", i,
                              gz_shape_text(node->in[i]->shape, found),
                              gz_shape_text(node->in[0]->shape, expected), axis);
        y.dim[axis] += part;
    }
    return gz_node_output(graph, node, 0, node->in[0]->dtype, y);
}

static gz_block concatenated(const gz_node *node, size_t i, size_t to_first)
{
    const size_t axis = gz_axis_of(node)->axis, width = gz_block_row(node->in[i]->shape, axis);
    return (gz_block){gz_block_rows(node->out[0]->shape, axis), width,   width, 0,
                      gz_block_row(node->out[0]->shape, axis),  to_first};
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    size_t first = 0;
    for (size_t i = 0; i < node->n_in; i++) {
        gz_block_copy(concatenated(node, i, first), in[i], out[0]);
        first += gz_block_row(node->in[i]->shape, gz_axis_of(node)->axis);
    }
}

/* The mean and the maximum of spatial attention, side by side. */
static gaze_status prepare_interleave(const gz_node *node, gz_builder *builder, size_t rows)
{
    gz_launch *launch = gz_launch_add(builder, "concatenate", "interleave_slabs", "%s", "");
    gz_arg_tensor(launch, node->in[0]);
    gz_arg_tensor(launch, node->in[1]);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_int(launch, rows);
    gz_launch_slabs(launch, gz_slabs_of(builder, rows, 16, 64));
    return gz_builder_status(builder);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const size_t axis = gz_axis_of(node)->axis;
    const gz_shape y = node->out[0]->shape;
    if (gz_builder_family(builder) == GZ_FAMILY_CPU && node->n_in == 2 && gz_block_row(y, axis) == 2)
        return prepare_interleave(node, builder, gz_block_rows(y, axis));
    size_t first = 0;
    for (size_t i = 0; i < node->n_in; i++) {
        gz_block_launch(builder, concatenated(node, i, first), node->in[i], node->out[0]);
        first += gz_block_row(node->in[i]->shape, axis);
    }
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    return (gz_cost){0, 8 * (double)gz_shape_count(node->out[0]->shape)};
}

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    const size_t axis = gz_axis_of(node)->axis;
    size_t first = 0;
    for (size_t i = 0; i < node->n_in; i++) {
        const size_t count = node->in[i]->shape.dim[axis];
        if (wanted[i]) GZ_TRY(gz_slice(graph, dout[0], axis, first, count, &din[i]));
        first += count;
    }
    return GAZE_OK;
}

gaze_status gz_concatenate(gz_graph *g, gz_tensor *const *x, size_t n, size_t axis, gz_tensor **y)
{
    const gz_axis_attr attr = {.axis = axis};
    return gz_graph_node(g, &gz_op_concatenate, &attr, sizeof attr, x, n, y, 1);
}

static const gz_axis_attr last_of_2 = {.axis = 1}, last_of_3 = {.axis = 2}, last_of_4 = {.axis = 3},
                          rows = {.axis = 1};
static const gz_case cases[] = {
    {.in = {{2, {1, 1}}, {2, {1, 1}}}, .n_in = 2, .attr = &last_of_2},
    {.in = {{2, {2, 31}}, {2, {2, 33}}}, .n_in = 2, .attr = &last_of_2, .fill = GZ_FILL_WIDE},
    {.in = {{4, {2, 7, 11, 1}}, {4, {2, 7, 11, 1}}}, .n_in = 2, .attr = &last_of_4},
    {.in = {{3, {3, 32, 65}}, {3, {3, 1, 65}}, {3, {3, 2, 65}}}, .n_in = 3, .attr = &rows},
    {.in = {{3, {2, 63, 2}}, {3, {2, 63, 64}}, {3, {2, 63, 3}}}, .n_in = 3, .attr = &last_of_3},
    {.in = {{4, {1, 5, 13, 17}}, {4, {1, 5, 13, 1}}, {4, {1, 5, 13, 31}}, {4, {1, 5, 13, 32}}},
     .n_in = 4,
     .attr = &last_of_4},
    {.in = {{2, {1201, 1}}, {2, {1201, 1}}}, .n_in = 2, .attr = &last_of_2, .fill = GZ_FILL_SPECIAL},
    {.in = {{2, {3, 101}}, {2, {3, 2003}}}, .n_in = 2, .attr = &last_of_2},
    {.in = {{4, {64, 26, 26, 1}}, {4, {64, 26, 26, 1}}}, .n_in = 2, .attr = &last_of_4, .heavy = true},
    {.in = {{4, {64, 26, 26, 32}}, {4, {64, 26, 26, 64}}}, .n_in = 2, .attr = &last_of_4, .heavy = true},
};

const gz_op gz_op_concatenate = {
    .name = "concatenate",
    .n_out = 1,
    .attr_bytes = sizeof(gz_axis_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .gradient = gradient,
    .limit = gz_limit_exact,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
