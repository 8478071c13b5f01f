/* slice: a part of an axis. slice_gradient: that part among zeros. */
#include "block.h"

static gaze_status slice_infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 1, 1));
    GZ_TRY(gz_block_expect_axis(node));
    const gz_axis_attr *a = gz_axis_of(node);
    gz_shape y = node->in[0]->shape;
    if (a->count > y.dim[a->axis] || a->first > y.dim[a->axis] - a->count)
        return gz_op_fail(node, "found part %zu + %zu of axis %zu, which has %zu", a->first, a->count,
                          a->axis, y.dim[a->axis]);
    y.dim[a->axis] = a->count;
    return gz_node_output(graph, node, 0, node->in[0]->dtype, y);
}

static gaze_status slice_gradient_infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 1, 1));
    GZ_TRY(gz_block_expect_axis(node));
    const gz_axis_attr *a = gz_axis_of(node);
    gz_shape dx = node->in[0]->shape;
    if (dx.dim[a->axis] > a->count || a->first > a->count - dx.dim[a->axis])
        return gz_op_fail(node, "%zu values from %zu on of axis %zu do not fit into %zu", dx.dim[a->axis],
                          a->first, a->axis, a->count);
    dx.dim[a->axis] = a->count;
    return gz_node_output(graph, node, 0, GZ_F32, dx);
}

static gz_block sliced(const gz_node *node)
{
    const size_t axis = gz_axis_of(node)->axis, width = gz_block_row(node->out[0]->shape, axis);
    const gz_shape x = node->in[0]->shape;
    return (gz_block){gz_block_rows(x, axis),
                      width,
                      gz_block_row(x, axis),
                      gz_axis_of(node)->first * gz_block_step(x, axis),
                      width,
                      0};
}

static gz_block placed(const gz_node *node)
{
    const size_t axis = gz_axis_of(node)->axis, width = gz_block_row(node->in[0]->shape, axis);
    const gz_shape dx = node->out[0]->shape;
    return (gz_block){gz_block_rows(dx, axis),
                      width,
                      width,
                      0,
                      gz_block_row(dx, axis),
                      gz_axis_of(node)->first * gz_block_step(dx, axis)};
}

static void slice_reference(const gz_node *node, double *const *in, double *const *out)
{
    gz_block_copy(sliced(node), in[0], out[0]);
}

static void slice_gradient_reference(const gz_node *node, double *const *in, double *const *out)
{
    for (size_t i = 0; i < gz_shape_count(node->out[0]->shape); i++) out[0][i] = 0;
    gz_block_copy(placed(node), in[0], out[0]);
}

static gaze_status prepare_pick(const gz_node *node, gz_builder *builder, gz_block b)
{
    gz_launch *launch = gz_launch_add(builder, "concatenate", "pick_slabs", "%s", "");
    gz_arg_tensor(launch, node->in[0]);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_int(launch, b.from_first);
    gz_arg_int(launch, b.rows);
    gz_launch_slabs(launch, gz_slabs_of(builder, b.rows, 12, 64));
    return gz_builder_status(builder);
}

static gaze_status slice_prepare(const gz_node *node, gz_builder *builder)
{
    const gz_block b = sliced(node);
    if (gz_builder_family(builder) == GZ_FAMILY_CPU && b.width == 1 && b.from_stride == 2)
        return prepare_pick(node, builder, b);
    gz_block_launch(builder, b, node->in[0], node->out[0]);
    return gz_builder_status(builder);
}

static gaze_status slice_gradient_prepare(const gz_node *node, gz_builder *builder)
{
    const gz_block b = placed(node);
    gz_launch *launch = gz_launch_add(
        builder, "concatenate",
        gz_builder_family(builder) == GZ_FAMILY_CPU ? "place_block_slabs" : "place_block_items", "%s", "");
    gz_arg_tensor(launch, node->in[0]);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_int(launch, b.rows);
    gz_arg_int(launch, b.width);
    gz_arg_int(launch, b.to_stride);
    gz_arg_int(launch, b.to_first);
    if (gz_builder_family(builder) == GZ_FAMILY_CPU)
        gz_block_slabs(builder, launch, b.rows, b.to_stride);
    else
        gz_launch_items(launch, b.rows * b.to_stride);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    return (gz_cost){0, 8 * (double)gz_shape_count(node->out[0]->shape)};
}

static gaze_status slice_gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout,
                                  const bool *wanted, gz_tensor **din)
{
    (void)wanted;
    const size_t axis = gz_axis_of(node)->axis;
    return gz_slice_gradient(graph, dout[0], axis, gz_axis_of(node)->first, node->in[0]->shape.dim[axis],
                             &din[0]);
}

static gaze_status slice_gradient_gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout,
                                           const bool *wanted, gz_tensor **din)
{
    (void)wanted;
    const size_t axis = gz_axis_of(node)->axis;
    return gz_slice(graph, dout[0], axis, gz_axis_of(node)->first, node->in[0]->shape.dim[axis], &din[0]);
}

gaze_status gz_slice(gz_graph *g, gz_tensor *x, size_t axis, size_t first, size_t count, gz_tensor **y)
{
    const gz_axis_attr attr = {axis, first, count};
    return gz_graph_node(g, &gz_op_slice, &attr, sizeof attr, &x, 1, y, 1);
}

gaze_status gz_slice_gradient(gz_graph *g, gz_tensor *dy, size_t axis, size_t first, size_t count,
                              gz_tensor **dx)
{
    const gz_axis_attr attr = {axis, first, count};
    return gz_graph_node(g, &gz_op_slice_gradient, &attr, sizeof attr, &dy, 1, dx, 1);
}

#define PART(name, axis, first, count) static const gz_axis_attr name = {axis, first, count}
PART(all_of_1, 1, 0, 1);
PART(middle, 1, 3, 17);
PART(second_of_2, 3, 1, 1);
PART(first_of_2, 3, 0, 1);
PART(tail, 2, 64, 1);
PART(rows, 1, 2, 31);
PART(wide, 1, 7, 1000);
PART(half, 3, 32, 32);
static const gz_case cases[] = {
    {.in = {{2, {1, 1}}}, .n_in = 1, .attr = &all_of_1},
    {.in = {{2, {2, 31}}}, .n_in = 1, .attr = &middle, .fill = GZ_FILL_WIDE},
    {.in = {{4, {2, 7, 11, 2}}}, .n_in = 1, .attr = &second_of_2},
    {.in = {{4, {1, 31, 2, 2}}}, .n_in = 1, .attr = &first_of_2},
    {.in = {{3, {3, 63, 65}}}, .n_in = 1, .attr = &tail},
    {.in = {{3, {2, 33, 32}}}, .n_in = 1, .attr = &rows},
    {.in = {{2, {3, 67}}}, .n_in = 1, .attr = &middle, .dtype = {GZ_I32}, .index_limit = 2},
    {.in = {{2, {2, 2003}}}, .n_in = 1, .attr = &wide, .fill = GZ_FILL_SPECIAL},
    {.in = {{4, {3, 5, 7, 64}}}, .n_in = 1, .attr = &half},
    {.in = {{4, {64, 26, 26, 2}}}, .n_in = 1, .attr = &second_of_2, .heavy = true},
    {.in = {{4, {64, 26, 26, 64}}}, .n_in = 1, .attr = &half, .heavy = true},
};

PART(in_31, 1, 3, 31);
PART(in_2, 3, 1, 2);
PART(in_65, 2, 64, 65);
PART(in_33, 1, 2, 33);
PART(in_2003, 1, 7, 2003);
PART(in_64, 3, 32, 64);
PART(whole, 1, 0, 63);
static const gz_case gradient_cases[] = {
    {.in = {{2, {1, 1}}}, .n_in = 1, .attr = &all_of_1},
    {.in = {{2, {2, 17}}}, .n_in = 1, .attr = &in_31, .fill = GZ_FILL_WIDE},
    {.in = {{4, {2, 7, 11, 1}}}, .n_in = 1, .attr = &in_2},
    {.in = {{3, {3, 63, 1}}}, .n_in = 1, .attr = &in_65},
    {.in = {{3, {2, 31, 32}}}, .n_in = 1, .attr = &in_33},
    {.in = {{2, {2, 1000}}}, .n_in = 1, .attr = &in_2003, .fill = GZ_FILL_SPECIAL},
    {.in = {{4, {3, 5, 7, 32}}}, .n_in = 1, .attr = &in_64},
    {.in = {{2, {13, 63}}}, .n_in = 1, .attr = &whole},
    {.in = {{4, {64, 26, 26, 32}}}, .n_in = 1, .attr = &in_64, .heavy = true},
};

const gz_op gz_op_slice = {
    .name = "slice",
    .n_out = 1,
    .attr_bytes = sizeof(gz_axis_attr),
    .infer = slice_infer,
    .reference = slice_reference,
    .prepare = slice_prepare,
    .cost = cost,
    .gradient = slice_gradient,
    .limit = gz_limit_exact,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};

const gz_op gz_op_slice_gradient = {
    .name = "slice_gradient",
    .n_out = 1,
    .attr_bytes = sizeof(gz_axis_attr),
    .infer = slice_gradient_infer,
    .reference = slice_gradient_reference,
    .prepare = slice_gradient_prepare,
    .cost = cost,
    .gradient = slice_gradient_gradient,
    .limit = gz_limit_exact,
    .cases = gradient_cases,
    .n_cases = sizeof gradient_cases / sizeof *gradient_cases,
};
