/* permute: the axes of each sample in another order. y[b, i_order[0], i_order[1], ...] = x[b, i_0, i_1, ...].
 */
#include "permute.h"
#include "slabs.h"

#include <string.h>

static const gz_permute_attr *attr_of(const gz_node *node) { return node->attr; }

static gz_permute_walk walk_of(const gz_node *node)
{
    const gz_shape x = node->in[0]->shape, y = node->out[0]->shape;
    const size_t n = x.rank - 1, missing = GZ_PERMUTE_AXES - n;
    gz_permute_walk w;
    for (size_t i = 0; i < missing; i++) w.size[i] = 1, w.stride[i] = 0;
    for (size_t i = 0; i < n; i++) {
        size_t stride = 1;
        for (size_t k = attr_of(node)->order[i] + 1; k < x.rank; k++) stride *= x.dim[k];
        w.size[missing + i] = y.dim[i + 1];
        w.stride[missing + i] = stride;
    }
    return w;
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 1, 1));
    const gz_shape x = node->in[0]->shape;
    gz_shape y = x;
    unsigned seen = 0;
    if (attr_of(node)->count + 1 != x.rank)
        return gz_op_fail(node, "%zu axes in the order, expected %zu", attr_of(node)->count, x.rank - 1);
    for (size_t i = 0; i + 1 < x.rank; i++) {
        const size_t from = attr_of(node)->order[i];
        if (from < 1 || from >= x.rank || seen >> from & 1)
            return gz_op_fail(node, "the order names axis %zu, expected each of 1 to %zu once", from,
                              x.rank - 1);
        seen |= 1u << from;
        y.dim[i + 1] = x.dim[from];
    }
    return gz_node_output(graph, node, 0, node->in[0]->dtype, y);
}

static size_t source_of(const gz_permute_walk *w, size_t at)
{
    size_t from = 0;
    for (size_t i = GZ_PERMUTE_AXES; i-- > 0; at /= w->size[i]) from += at % w->size[i] * w->stride[i];
    return from;
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_permute_walk w = walk_of(node);
    const size_t B = node->out[0]->shape.dim[0], N = gz_shape_count(node->out[0]->shape) / B;
    for (size_t b = 0; b < B; b++)
        for (size_t i = 0; i < N; i++) out[0][b * N + i] = in[0][b * N + source_of(&w, i)];
}

static void add_walk(gz_launch *launch, const gz_node *node)
{
    const gz_permute_walk w = walk_of(node);
    gz_arg_tensor(launch, node->in[0]);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_int(launch, node->out[0]->shape.dim[0]);
    for (size_t i = 0; i < GZ_PERMUTE_AXES; i++) gz_arg_int(launch, w.size[i]);
    for (size_t i = 0; i < GZ_PERMUTE_AXES; i++) gz_arg_int(launch, w.stride[i]);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    const gz_shape y = node->out[0]->shape;
    const gz_permute_walk walk = walk_of(node);
    if (gz_builder_is_gpu(builder) && gz_permute_tiles(&walk)) {
        gz_permute_gpu(builder, &walk, node->in[0], node->out[0]);
        return gz_builder_status(builder);
    }
    gz_launch *launch = gz_launch_add(builder, "permute", cpu ? "permute_slabs" : "permute_items", "");
    add_walk(launch, node);
    gz_launch_slabs_or_items(builder, launch, gz_slabs_of(builder, gz_shape_rows(y), 8 * gz_shape_last(y), 1),
                             gz_shape_count(y));
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    return (gz_cost){0, 8 * (double)gz_shape_count(node->out[0]->shape)};
}

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    gz_permute_attr back = {.count = attr_of(node)->count};
    for (size_t i = 0; i < back.count; i++) back.order[attr_of(node)->order[i] - 1] = i + 1;
    return wanted[0] ? gz_permute(graph, dout[0], back.order, back.count, &din[0]) : GAZE_OK;
}

gaze_status gz_permute(gz_graph *g, gz_tensor *x, const size_t *order, size_t count, gz_tensor **y)
{
    gz_permute_attr attr = {.count = count};
    if (count > GZ_PERMUTE_AXES)
        return gz_fail(GAZE_ERROR_MODEL, "permute: %zu axes, at most %d are possible", count,
                       GZ_PERMUTE_AXES);
    memcpy(attr.order, order, count * sizeof *order);
    return gz_graph_node(g, &gz_op_permute, &attr, sizeof attr, &x, 1, y, 1);
}

static const gz_permute_attr swap = {.order = {2, 1}, .count = 2}, turn = {.order = {3, 1, 2}, .count = 3},
                             same = {.order = {1, 2, 3}, .count = 3},
                             four = {.order = {4, 2, 1, 3}, .count = 4},
                             middle = {.order = {1, 3, 2, 4}, .count = 4};
static const gz_case cases[] = {
    {.in = {{3, {1, 1, 1}}}, .n_in = 1, .attr = &swap},
    {.in = {{3, {2, 31, 33}}}, .n_in = 1, .attr = &swap, .fill = GZ_FILL_WIDE},
    {.in = {{3, {3, 65, 2}}}, .n_in = 1, .attr = &swap},
    {.in = {{4, {2, 5, 7, 3}}}, .n_in = 1, .attr = &turn},
    {.in = {{4, {2, 13, 1, 64}}}, .n_in = 1, .attr = &same},
    {.in = {{5, {2, 3, 17, 2, 5}}}, .n_in = 1, .attr = &four},
    {.in = {{5, {2, 4, 33, 31, 8}}}, .n_in = 1, .attr = &middle, .fill = GZ_FILL_SPECIAL},
    {.in = {{5, {2, 3, 17, 11, 9}}}, .n_in = 1, .attr = &four},
    {.in = {{4, {2, 40, 35, 33}}}, .n_in = 1, .attr = &turn, .fill = GZ_FILL_WIDE},
    {.in = {{3, {64, 257, 63}}}, .n_in = 1, .attr = &swap, .heavy = true},
};

const gz_op gz_op_permute = {
    .name = "permute",
    .n_out = 1,
    .attr_bytes = sizeof(gz_permute_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .gradient = gradient,
    .limit = gz_limit_exact,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
