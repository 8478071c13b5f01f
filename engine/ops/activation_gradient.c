/* activation_gradient: dz = dy * slope, from the output y alone where the kind allows it, else from the input
 * x. */
#include "activation.h"

#include <math.h>

enum { VALUE /* y, or x for the kinds that don't fuse */, DY };

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char found[96], expected[96];
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    if (!gz_shape_equal(node->in[VALUE]->shape, node->in[DY]->shape))
        return gz_op_fail(node, "gradient has shape %s, expected %s as the value",
                          gz_shape_text(node->in[DY]->shape, found),
                          gz_shape_text(node->in[VALUE]->shape, expected));
    return gz_node_output(graph, node, 0, GZ_F32, node->in[DY]->shape);
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_activation_kind kind = gz_activation_kind_of(node);
    for (size_t i = 0; i < gz_shape_count(node->out[0]->shape); i++) {
        const double value = in[VALUE][i], slope = gz_activation_slope(kind, value, value);
        out[0][i] = slope == 0 ? 0 : in[DY][i] * slope;
    }
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    gz_activation_gradient_launch(builder, gz_activation_kind_of(node), node->in[VALUE], node->in[DY],
                                  node->out[0]);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const double count = (double)gz_shape_count(node->out[0]->shape);
    return (gz_cost){2 * count, 12 * count};
}

/* gelu's and silu's slopes cross 0, so their errors are measured against |dy| times the largest slope, 1.13.
 */
static gz_limit limit(const gz_node *node, size_t i)
{
    const gz_activation_kind kind = gz_activation_kind_of(node);
    if (kind <= GZ_RELU) return gz_limit_exact(node, i);
    return gz_activation_fuses(kind) ? (gz_limit){GZ_RELATIVE, 4} : (gz_limit){GZ_SUM, 12};
}

static void magnitude(const gz_node *node, double *const *in, double *const *out)
{
    for (size_t i = 0; i < gz_shape_count(node->out[0]->shape); i++) out[0][i] = 1.13 * in[DY][i];
}

gaze_status gz_activation_gradient(gz_graph *g, gz_activation_kind kind, gz_tensor *x, gz_tensor *y,
                                   gz_tensor *dy, gz_tensor **dz)
{
    const gz_activation_attr attr = {kind};
    gz_tensor *value = gz_activation_fuses(kind) ? y : x;
    return gz_graph_node(g, &gz_op_activation_gradient, &attr, sizeof attr, (gz_tensor *[]){value, dy}, 2, dz,
                         1);
}

#define CASES_OF(attr_)                                                                                     \
    {.in = {{1, {1}}, {1, {1}}}, .n_in = 2, .attr = &(attr_)},                                              \
        {.in = {{2, {31, 65}}, {2, {31, 65}}}, .n_in = 2, .attr = &(attr_)},                                \
    {                                                                                                       \
        .in = {{2, {4099, 1}}, {2, {4099, 1}}}, .n_in = 2, .attr = &(attr_), .fill_of = { 0, GZ_FILL_WIDE } \
    }

static const gz_activation_attr linear = {GZ_LINEAR}, relu = {GZ_RELU}, sigmoid = {GZ_SIGMOID},
                                tanh_ = {GZ_TANH}, elu = {GZ_ELU}, leaky_relu = {GZ_LEAKY_RELU},
                                gelu = {GZ_GELU}, silu = {GZ_SILU};
static const gz_case cases[] = {
    CASES_OF(linear),
    CASES_OF(relu),
    CASES_OF(sigmoid),
    CASES_OF(tanh_),
    CASES_OF(elu),
    CASES_OF(leaky_relu),
    CASES_OF(gelu),
    CASES_OF(silu),
    {.in = {{2, {1201, 1}}, {2, {1201, 1}}}, .n_in = 2, .attr = &relu, .fill = GZ_FILL_SPECIAL},
    {.in = {{2, {63, 64}}, {2, {63, 64}}}, .n_in = 2, .attr = &gelu, .fill_of = {GZ_FILL_WIDE, 0}},
    {.in = {{2, {63, 64}}, {2, {63, 64}}}, .n_in = 2, .attr = &silu, .fill_of = {GZ_FILL_WIDE, 0}},
    {.in = {{2, {1201, 1}}, {2, {1201, 1}}}, .n_in = 2, .attr = &gelu, .fill_of = {GZ_FILL_SPECIAL, 0}},
    {.in = {{2, {1201, 1}}, {2, {1201, 1}}}, .n_in = 2, .attr = &silu, .fill_of = {GZ_FILL_SPECIAL, 0}},
    {.in = {{4, {64, 26, 26, 32}}, {4, {64, 26, 26, 32}}}, .n_in = 2, .attr = &relu, .heavy = true},
    {.in = {{3, {64, 144, 128}}, {3, {64, 144, 128}}}, .n_in = 2, .attr = &gelu, .heavy = true},
};

const gz_op gz_op_activation_gradient = {
    .name = "activation_gradient",
    .n_out = 1,
    .attr_bytes = sizeof(gz_activation_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .limit = limit,
    .magnitude = magnitude,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
    .in_place = 3,
};
