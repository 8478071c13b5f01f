/* Masks, int32 and 0 where a step does not count: mask_and, mask_or, not_equal_zero, threshold, mask_count.
   No gradient passes them. */
#include "ops.h"
#include "slabs.h"
#include "group_gpu.h"

static size_t count_of(const gz_node *node) { return gz_shape_count(node->in[0]->shape); }

static gaze_status expect_mask(const gz_node *node, size_t i)
{
    if (node->in[i]->dtype == GZ_I32) return GAZE_OK;
    return gz_op_fail(node, "input %zu is float32, expected int32", i);
}

static gaze_status finish(const gz_node *node, gz_builder *builder, gz_launch *launch)
{
    gz_arg_int(launch, count_of(node));
    gz_launch_slabs_or_items(builder, launch, gz_slabs_of(builder, count_of(node), 4 * (node->n_in + 1), 64),
                             count_of(node));
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const double count = (double)count_of(node);
    return (gz_cost){count, 4 * count * (double)(node->n_in + 1)};
}

static gaze_status pair_infer(gz_graph *graph, gz_node *node)
{
    char text[2][96];
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    for (size_t i = 0; i < 2; i++) GZ_TRY(expect_mask(node, i));
    if (!gz_shape_equal(node->in[0]->shape, node->in[1]->shape))
        return gz_op_fail(node, "found shapes %s and %s, expected the same",
                          gz_shape_text(node->in[0]->shape, text[0]),
                          gz_shape_text(node->in[1]->shape, text[1]));
    return gz_node_output(graph, node, 0, GZ_I32, node->in[0]->shape);
}

static void and_reference(const gz_node *node, double *const *in, double *const *out)
{
    for (size_t i = 0; i < count_of(node); i++) out[0][i] = in[0][i] != 0 && in[1][i] != 0;
}

static void or_reference(const gz_node *node, double *const *in, double *const *out)
{
    for (size_t i = 0; i < count_of(node); i++) out[0][i] = in[0][i] != 0 || in[1][i] != 0;
}

static gaze_status prepare(const gz_node *node, gz_builder *builder, const char *slabs, const char *items)
{
    const char *kernel = gz_builder_family(builder) == GZ_FAMILY_CPU ? slabs : items;
    gz_launch *launch = gz_launch_add(builder, "mask", kernel, "%s", "");
    for (size_t i = 0; i < node->n_in; i++) gz_arg_tensor(launch, node->in[i]);
    gz_arg_tensor(launch, node->out[0]);
    return finish(node, builder, launch);
}

static gaze_status and_prepare(const gz_node *node, gz_builder *builder)
{
    return prepare(node, builder, "mask_and_slabs", "mask_and_items");
}

static gaze_status or_prepare(const gz_node *node, gz_builder *builder)
{
    return prepare(node, builder, "mask_or_slabs", "mask_or_items");
}

static gaze_status not_zero_infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 1, 1));
    GZ_TRY(expect_mask(node, 0));
    return gz_node_output(graph, node, 0, GZ_I32, node->in[0]->shape);
}

static void not_zero_reference(const gz_node *node, double *const *in, double *const *out)
{
    for (size_t i = 0; i < count_of(node); i++) out[0][i] = in[0][i] != 0;
}

static gaze_status not_zero_prepare(const gz_node *node, gz_builder *builder)
{
    return prepare(node, builder, "not_equal_zero_slabs", "not_equal_zero_items");
}

static gaze_status threshold_infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 1, 1));
    return gz_node_output(graph, node, 0, GZ_I32, node->in[0]->shape);
}

static void threshold_reference(const gz_node *node, double *const *in, double *const *out)
{
    for (size_t i = 0; i < count_of(node); i++) out[0][i] = in[0][i] > 0.5;
}

static gaze_status threshold_prepare(const gz_node *node, gz_builder *builder)
{
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    gz_launch *launch = gz_launch_add(builder, "mask", cpu ? "threshold_slabs" : "threshold_items", "");
    gz_arg_tensor(launch, node->in[0]);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_int(launch, node->in[0]->dtype == GZ_I32);
    return finish(node, builder, launch);
}

static gaze_status count_infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 1, 1));
    GZ_TRY(gz_op_expect_rank(node, 0, 2));
    GZ_TRY(expect_mask(node, 0));
    return gz_node_output(graph, node, 0, GZ_F32, GZ_SHAPE(node->in[0]->shape.dim[0]));
}

static void count_reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t *dim = node->in[0]->shape.dim, B = dim[0], T = dim[1];
    for (size_t b = 0; b < B; b++) {
        out[0][b] = 0;
        for (size_t t = 0; t < T; t++) out[0][b] += in[0][b * T + t] != 0;
    }
}

static gaze_status count_prepare(const gz_node *node, gz_builder *builder)
{
    const size_t *dim = node->in[0]->shape.dim;
    const bool gpu = gz_builder_is_gpu(builder);
    gz_launch *launch =
        gz_launch_add(builder, gpu ? "rows_gpu" : "mask", gpu ? "mask_count_group" : "mask_count", "%s", "");
    gz_arg_tensor(launch, node->in[0]);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_int(launch, dim[0]);
    gz_arg_int(launch, dim[1]);
    if (gpu)
        gz_launch_group_rows(builder, launch, dim[0], dim[1]);
    else
        gz_launch_items(launch, dim[0]);
    return gz_builder_status(builder);
}

gaze_status gz_mask_and(gz_graph *g, gz_tensor *a, gz_tensor *b, gz_tensor **y)
{
    return gz_graph_node(g, &gz_op_mask_and, NULL, 0, (gz_tensor *[]){a, b}, 2, y, 1);
}

gaze_status gz_mask_or(gz_graph *g, gz_tensor *a, gz_tensor *b, gz_tensor **y)
{
    return gz_graph_node(g, &gz_op_mask_or, NULL, 0, (gz_tensor *[]){a, b}, 2, y, 1);
}

gaze_status gz_not_equal_zero(gz_graph *g, gz_tensor *ids, gz_tensor **mask)
{
    return gz_graph_node(g, &gz_op_not_equal_zero, NULL, 0, &ids, 1, mask, 1);
}

gaze_status gz_threshold(gz_graph *g, gz_tensor *x, gz_tensor **y)
{
    return gz_graph_node(g, &gz_op_threshold, NULL, 0, &x, 1, y, 1);
}

gaze_status gz_mask_count(gz_graph *g, gz_tensor *mask, gz_tensor **y)
{
    return gz_graph_node(g, &gz_op_mask_count, NULL, 0, &mask, 1, y, 1);
}

#define INTEGERS .dtype = {GZ_I32, GZ_I32}, .index_limit = 3
static const gz_case pair_cases[] = {
    {.in = {{2, {1, 1}}, {2, {1, 1}}}, .n_in = 2, INTEGERS},
    {.in = {{2, {2, 31}}, {2, {2, 31}}}, .n_in = 2, INTEGERS},
    {.in = {{2, {33, 65}}, {2, {33, 65}}}, .n_in = 2, INTEGERS},
    {.in = {{2, {64, 4099}}, {2, {64, 4099}}}, .n_in = 2, INTEGERS},
};
static const gz_case not_zero_cases[] = {
    {.in = {{1, {1}}}, .n_in = 1, INTEGERS},
    {.in = {{2, {3, 33}}}, .n_in = 1, INTEGERS},
    {.in = {{3, {5, 31, 65}}}, .n_in = 1, INTEGERS},
};
static const gz_case threshold_cases[] = {
    {.in = {{2, {1, 1}}}, .n_in = 1},
    {.in = {{2, {3, 33}}}, .n_in = 1, .fill = GZ_FILL_WIDE},
    {.in = {{2, {65, 31}}}, .n_in = 1, .fill = GZ_FILL_SPECIAL},
    {.in = {{2, {5, 37}}}, .n_in = 1, INTEGERS},
};
static const gz_case count_cases[] = {
    {.in = {{2, {1, 1}}}, .n_in = 1, INTEGERS},
    {.in = {{2, {31, 33}}}, .n_in = 1, INTEGERS},
    {.in = {{2, {65, 257}}}, .n_in = 1, INTEGERS},
};

#define OP(NAME, STEM, INFER, CASES)                           \
    const gz_op gz_op_##NAME = {.name = #NAME,                 \
                                .n_out = 1,                    \
                                .infer = INFER##_infer,        \
                                .reference = STEM##_reference, \
                                .prepare = STEM##_prepare,     \
                                .cost = cost,                  \
                                .limit = gz_limit_exact,       \
                                .cases = CASES##_cases,        \
                                .n_cases = sizeof CASES##_cases / sizeof *CASES##_cases}
OP(mask_and, and, pair, pair);
OP(mask_or, or, pair, pair);
OP(not_equal_zero, not_zero, not_zero, not_zero);
OP(threshold, threshold, threshold, threshold);
OP(mask_count, count, count, count);
