#include "slope_sum.h"
#include "row_sums.h"

#include <math.h>

enum { DZ, SUMS };

static const gz_slope_sum_attr *attr_of(const gz_node *node) { return node->attr; }

static const gz_tensor *input(const gz_node *node, size_t i) { return i < node->n_in ? node->in[i] : NULL; }

/* That of any input with all rows; rank 0 where there is none. */
static gz_shape shape_of(const gz_node *node)
{
    for (size_t i = 0; i < GZ_SLOPE_EACH; i++)
        if (input(node, i)) return input(node, i)->shape;
    return (gz_shape){0};
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char found[96], expected[96];
    GZ_TRY(gz_op_expect_inputs(node, 0, GZ_SLOPE_INPUTS));
    const gz_slope_sum_attr *attr = attr_of(node);
    const gz_shape shape = shape_of(node);
    if (shape.rank < 2) return gz_op_fail(node, "found no value or gradient of shape [B,...,C]");
    if (!gz_activation_fuses(attr->activation))
        return gz_op_fail(node, "the slope of %s needs more than its output",
                          gz_activation_name(attr->activation));
    if (attr->activation != GZ_LINEAR) GZ_TRY(gz_op_expect_input(node, GZ_SLOPE_VALUE));
    for (size_t i = 0; i < GZ_SLOPE_INPUTS; i++) {
        const gz_shape want = i == GZ_SLOPE_EACH ? GZ_SHAPE(shape.dim[0], gz_shape_last(shape)) : shape;
        if (!input(node, i) || gz_shape_equal(input(node, i)->shape, want)) continue;
        return gz_op_fail(node, "input %zu has shape %s, expected %s", i,
                          gz_shape_text(input(node, i)->shape, found), gz_shape_text(want, expected));
    }
    node->n_out = attr->sums ? 2 : 1;
    if (attr->sums) GZ_TRY(gz_node_output(graph, node, SUMS, GZ_F32, GZ_SHAPE(gz_shape_last(shape))));
    return gz_node_output(graph, node, DZ, GZ_F32, shape);
}

/* What reaches value i. */
static double arrives(const gz_node *node, double *const *in, double factor, size_t i)
{
    const gz_shape shape = shape_of(node);
    const size_t C = gz_shape_last(shape), sample = gz_shape_count(shape) / shape.dim[0];
    double sum = 0;
    if (input(node, GZ_SLOPE_DY)) sum += in[GZ_SLOPE_DY][i];
    if (input(node, GZ_SLOPE_OTHER)) sum += in[GZ_SLOPE_OTHER][i];
    if (input(node, GZ_SLOPE_EACH)) sum += factor * in[GZ_SLOPE_EACH][i / sample * C + i % C];
    return sum;
}

double gz_slope_times(gz_activation_kind kind, double value, double sum)
{
    const double slope = gz_activation_slope(kind, value, value);
    return slope == 0 ? 0 : slope * sum;
}

/* Slopes are at most 1 + |y| + y^2. */
double gz_slope_bound(gz_activation_kind kind, double value, double sum)
{
    return kind == GZ_SIGMOID || kind == GZ_TANH ? sum * (1 + value + value * value) : sum;
}

static void sum_rows(const gz_node *node, double *const *out)
{
    const gz_shape shape = shape_of(node);
    if (node->n_out > SUMS)
        gz_row_sums_reference(out[DZ], gz_shape_count(shape), gz_shape_last(shape), out[SUMS]);
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_activation_kind kind = attr_of(node)->activation;
    for (size_t i = 0; i < gz_shape_count(shape_of(node)); i++)
        out[DZ][i] = gz_slope_times(kind, kind == GZ_LINEAR ? 0 : in[GZ_SLOPE_VALUE][i],
                                    arrives(node, in, attr_of(node)->factor, i));
    sum_rows(node, out);
}

static void magnitude(const gz_node *node, double *const *in, double *const *out)
{
    const gz_activation_kind kind = attr_of(node)->activation;
    for (size_t i = 0; i < gz_shape_count(shape_of(node)); i++)
        out[DZ][i] = gz_slope_bound(kind, kind == GZ_LINEAR ? 0 : in[GZ_SLOPE_VALUE][i],
                                    arrives(node, in, fabs(attr_of(node)->factor), i));
    sum_rows(node, out);
}

/* Three terms and a product, the slope's roundings; all that for each row of a sum. */
static gz_limit limit(const gz_node *node, size_t i)
{
    return (gz_limit){GZ_SUM, 8 + (i == SUMS ? (double)gz_shape_rows(shape_of(node)) : 0)};
}

void gz_slope_sum_launch(gz_builder *builder, const gz_slope_call *call)
{
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    const gz_shape shape = call->dz->shape;
    const size_t R = gz_shape_rows(shape), C = gz_shape_last(shape);
    const gz_row_sums sums = gz_row_sums_of(builder, R, 16 * C, call->sums);
    gz_launch *l = gz_launch_add(builder, "slope_sum", cpu ? "slope_sum_slabs" : "slope_sum_items", "%s", "");
    gz_arg_tensor(l, call->value);
    gz_arg_tensor(l, call->dy);
    gz_arg_tensor(l, call->other);
    gz_arg_tensor(l, call->each);
    gz_arg_tensor(l, call->dz);
    if (cpu) gz_arg_tensor(l, sums.parts);
    gz_arg_float(l, call->factor);
    gz_arg_int(l, call->activation);
    gz_arg_int(l, R / shape.dim[0]);
    gz_arg_int(l, C);
    gz_arg_int(l, R);
    gz_launch_slabs_or_items(builder, l, sums.slabs, R * C);
    gz_row_sums_end(builder, &sums, call->dz);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    gz_slope_sum_launch(builder, &(gz_slope_call){.activation = attr_of(node)->activation,
                                                  .factor = attr_of(node)->factor,
                                                  .value = input(node, GZ_SLOPE_VALUE),
                                                  .dy = input(node, GZ_SLOPE_DY),
                                                  .other = input(node, GZ_SLOPE_OTHER),
                                                  .each = input(node, GZ_SLOPE_EACH),
                                                  .dz = node->out[DZ],
                                                  .sums = node->n_out > SUMS ? node->out[SUMS] : NULL});
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const double count = (double)gz_shape_count(shape_of(node));
    double read = 0, flop = node->n_out > SUMS ? 2 : 1;
    for (size_t i = 0; i < GZ_SLOPE_INPUTS; i++) {
        read += input(node, i) ? (double)gz_shape_count(input(node, i)->shape) : 0;
        flop += input(node, i) ? 1 : 0;
    }
    return (gz_cost){flop * count, 4 * (read + count)};
}

static const gz_slope_sum_attr linear = {GZ_LINEAR, 0.25, false}, relu = {GZ_RELU, 0.5, false},
                               relu_sums = {GZ_RELU, 0.125, true}, sigmoid_sums = {GZ_SIGMOID, 1.0 / 3, true},
                               tanh_ = {GZ_TANH, -0.2, false}, elu_sums = {GZ_ELU, 0.1, true},
                               leaky = {GZ_LEAKY_RELU, 1.0 / 35, false}, linear_sums = {GZ_LINEAR, 1, true};

/* The ranks of dy, other and each, or GZ_ABSENT. */
#define CASE(ATTR, VALUE, DY, OTHER, EACH, B, M, C, FILL, HEAVY)                                    \
    {                                                                                               \
        .in = {{VALUE, {B, M, C}}, {DY, {B, M, C}}, {OTHER, {B, M, C}}, {EACH, {B, C}}}, .n_in = 4, \
        .attr = &ATTR, .fill = GZ_FILL_##FILL, .heavy = HEAVY                                       \
    }
enum { NONE = GZ_ABSENT };
static const gz_case cases[] = {
    CASE(linear, NONE, 3, NONE, 2, 1, 1, 1, INTEGER, false),
    CASE(relu, 3, NONE, NONE, 2, 2, 31, 2, INTEGER, false),
    CASE(relu, 3, 3, 3, NONE, 3, 7, 33, INTEGER, false),
    CASE(relu_sums, 3, NONE, NONE, 2, 2, 65, 64, INTEGER, false),
    CASE(relu_sums, 3, 3, NONE, 2, 3, 17, 31, INTEGER, false),
    CASE(relu_sums, 3, 3, NONE, NONE, 5, 101, 130, UNIFORM, false),
    CASE(relu_sums, 3, 3, 3, 2, 1, 1031, 16, UNIFORM, false),
    CASE(sigmoid_sums, 3, 3, 3, 2, 2, 35, 47, UNIFORM, false),
    CASE(tanh_, 3, 3, NONE, 2, 2, 9, 65, UNIFORM, false),
    CASE(elu_sums, 3, NONE, NONE, 2, 4, 13, 12, UNIFORM, false),
    CASE(leaky, 3, 3, NONE, 2, 3, 35, 63, UNIFORM, false),
    CASE(linear_sums, NONE, 3, 3, NONE, 7, 33, 3, INTEGER, false),
    CASE(relu_sums, 3, 3, NONE, 2, 64, 256, 64, UNIFORM, true),
};

const gz_op gz_op_slope_sum = {
    .name = "slope_sum",
    .n_out = 2,
    .attr_bytes = sizeof(gz_slope_sum_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .limit = limit,
    .magnitude = magnitude,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
    .in_place = 1 << GZ_SLOPE_VALUE | 1 << GZ_SLOPE_DY | 1 << GZ_SLOPE_OTHER,
};
