/* dropout: a value is kept, and divided by 1 - rate, where its random word reaches rate * 2^32. */
#include "ops.h"
#include "slabs.h"
#include "../base/philox.h"

#include <math.h>

enum { X, STEP };

static const gz_dropout_attr *attr_of(const gz_node *node) { return node->attr; }

static uint32_t threshold_of(const gz_node *node) { return (uint32_t)ceil(attr_of(node)->rate * 0x1p32); }

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char found[96];
    const double rate = attr_of(node)->rate;
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    if (!(rate >= 0 && ceil(rate * 0x1p32) < 0x1p32))
        return gz_op_fail(node, "found rate %g, expected 0 <= rate < 1", rate);
    if (node->in[STEP]->dtype != GZ_I32 || gz_shape_count(node->in[STEP]->shape) != 4)
        return gz_op_fail(node, "step has shape %s, expected int32 [4]",
                          gz_shape_text(node->in[STEP]->shape, found));
    return gz_node_output(graph, node, 0, GZ_F32, node->in[X]->shape);
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_key key = {{attr_of(node)->key[0], attr_of(node)->key[1]}};
    const uint32_t step = (uint32_t)(int32_t)in[STEP][0];
    for (size_t i = 0; i < gz_shape_count(node->out[0]->shape); i++)
        out[0][i] =
            gz_random_u32(key, step, i) >= threshold_of(node) ? in[X][i] / (1 - attr_of(node)->rate) : 0;
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    const gz_dropout_attr *attr = attr_of(node);
    const size_t count = gz_shape_count(node->out[0]->shape);
    gz_launch *launch = gz_launch_add(builder, "dropout", cpu ? "dropout_slabs" : "dropout_items", "%s", "");
    gz_arg_tensor(launch, node->in[X]);
    gz_arg_tensor(launch, node->in[STEP]);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_signed(launch, (int)attr->key[0]);
    gz_arg_signed(launch, (int)attr->key[1]);
    gz_arg_signed(launch, (int)threshold_of(node));
    gz_arg_float(launch, 1 / (1 - attr->rate));
    gz_arg_int(launch, count);
    if (cpu)
        gz_launch_slabs(
            launch, gz_slabs_of(builder, count, 32, 64)); /* the generator costs as much as 24 bytes more */
    else
        gz_launch_items(launch, count);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const double count = (double)gz_shape_count(node->out[0]->shape);
    return (gz_cost){count, 8 * count};
}

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    (void)wanted;
    return gz_dropout(graph, dout[0], node->in[STEP], attr_of(node)->rate, attr_of(node)->key, &din[X]);
}

/* The factor is rounded, and the product. */
static gz_limit limit(const gz_node *node, size_t i)
{
    (void)node;
    (void)i;
    return (gz_limit){GZ_RELATIVE, 2};
}

gaze_status gz_dropout(gz_graph *g, gz_tensor *x, gz_tensor *step, double rate, const uint32_t key[2],
                       gz_tensor **y)
{
    const gz_dropout_attr attr = {rate, {key[0], key[1]}};
    return gz_graph_node(g, &gz_op_dropout, &attr, sizeof attr, (gz_tensor *[]){x, step}, 2, y, 1);
}

static const gz_dropout_attr none = {0, {1, 2}}, tenth = {0.1, {0xFFFFFFFF, 0x80000000}},
                             third = {1.0 / 3, {7, 0}}, half = {0.5, {0x12345678, 0x9ABCDEF0}},
                             most = {0.999, {3, 4}};
#define STEP_FACTS .n_in = 2, .dtype = {GZ_F32, GZ_I32}, .index_limit = 1000
static const gz_case cases[] = {
    {.in = {{1, {1}}, {1, {4}}}, .attr = &half, STEP_FACTS},
    {.in = {{2, {2, 1}}, {1, {4}}}, .attr = &third, STEP_FACTS},
    {.in = {{2, {31, 33}}, {1, {4}}}, .attr = &tenth, STEP_FACTS},
    {.in = {{2, {32, 64}}, {1, {4}}}, .attr = &half, .fill = GZ_FILL_INTEGER, STEP_FACTS},
    {.in = {{3, {3, 63, 65}}, {1, {4}}}, .attr = &third, .fill = GZ_FILL_WIDE, STEP_FACTS},
    {.in = {{1, {4099}}, {1, {4}}}, .attr = &none, STEP_FACTS},
    {.in = {{2, {2003, 1}}, {1, {4}}}, .attr = &half, .fill = GZ_FILL_SPECIAL, STEP_FACTS},
    {.in = {{2, {257, 31}}, {1, {4}}}, .attr = &most, STEP_FACTS},
    {.in = {{2, {64, 9216}}, {1, {4}}}, .attr = &half, .heavy = true, STEP_FACTS},
};

const gz_op gz_op_dropout = {
    .name = "dropout",
    .n_out = 1,
    .attr_bytes = sizeof(gz_dropout_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .gradient = gradient,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
    .in_place = 1,
};
