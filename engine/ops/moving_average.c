/* moving_average: state = momentum state + (1 - momentum) value, in place. */
#include "ops.h"
#include "../graph/builder.h"

static double momentum_of(const gz_node *node) { return ((const gz_factor_attr *)node->attr)->factor; }

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char found[96], expected[96];
    (void)graph;
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    if (gz_shape_equal(node->in[0]->shape, node->in[1]->shape)) return GAZE_OK;
    return gz_op_fail(node, "the value has shape %s, expected %s as the average",
                      gz_shape_text(node->in[1]->shape, found), gz_shape_text(node->in[0]->shape, expected));
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    (void)out;
    const double momentum = momentum_of(node);
    for (size_t i = 0; i < gz_shape_count(node->in[0]->shape); i++)
        in[0][i] = momentum * in[0][i] + (1 - momentum) * in[1][i];
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const size_t count = gz_shape_count(node->in[0]->shape);
    gz_launch *launch = gz_launch_add(builder, "batch_normalization", "moving_average", "%s", "");
    gz_arg_tensor(launch, node->in[0]);
    gz_arg_tensor(launch, node->in[1]);
    gz_arg_float(launch, momentum_of(node));
    gz_arg_float(launch, 1 - momentum_of(node));
    gz_arg_int(launch, count);
    gz_launch_items(launch, count);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const double count = (double)gz_shape_count(node->in[0]->shape);
    return (gz_cost){3 * count, 12 * count};
}

static gz_limit limit(const gz_node *node, size_t i)
{
    (void)node, (void)i;
    return (gz_limit){GZ_SUM, 4};
}

gaze_status gz_moving_average(gz_graph *g, gz_tensor *average, gz_tensor *value, double momentum)
{
    const gz_factor_attr attr = {momentum};
    return gz_graph_node(g, &gz_op_moving_average, &attr, sizeof attr, (gz_tensor *[]){average, value}, 2,
                         NULL, 0);
}

static const gz_factor_attr most = {0.99}, half = {0.5}, none = {0};
static const gz_case cases[] = {
    {.in = {{1, {1}}, {1, {1}}}, .n_in = 2, .attr = &most},
    {.in = {{1, {31}}, {1, {31}}}, .n_in = 2, .attr = &half},
    {.in = {{1, {65}}, {1, {65}}}, .n_in = 2, .attr = &none},
    {.in = {{1, {1009}}, {1, {1009}}}, .n_in = 2, .attr = &most, .fill = GZ_FILL_WIDE},
};

const gz_op gz_op_moving_average = {
    .name = "moving_average",
    .attr_bytes = sizeof(gz_factor_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
    .updates = 1,
};
