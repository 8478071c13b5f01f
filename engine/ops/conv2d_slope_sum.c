/* The gradient of a convolution's input and what slope_sum makes of it, without the values between
   (slope_sum.h). Made of others by gz_fuse, gradients included: it has none itself. */
#include "conv2d.h"
#include "row_sums.h"
#include "slope_sum.h"

#include <math.h>

enum { DZ, SUMS };

static const gz_conv2d_slope_attr *attr_of(const gz_node *node) { return node->attr; }
static const gz_tensor *input(const gz_node *node, size_t i) { return i < node->n_in ? node->in[i] : NULL; }
static gz_conv2d_size size_of(const gz_node *node) { return gz_conv2d_size_of_gradient(node, false); }

static gaze_status expect_shape(const gz_node *node, size_t i, gz_shape want)
{
    char found[96], expected[96];
    if (!input(node, i) || gz_shape_equal(input(node, i)->shape, want)) return GAZE_OK;
    return gz_op_fail(node, "input %zu has shape %s, expected %s", i,
                      gz_shape_text(input(node, i)->shape, found), gz_shape_text(want, expected));
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char text[96];
    GZ_TRY(gz_op_expect_inputs(node, 2, GZ_CONV_SLOPE_INPUTS));
    GZ_TRY(gz_op_expect_rank(node, GZ_CONV_SLOPE_DY, 4));
    GZ_TRY(gz_op_expect_rank(node, GZ_CONV_SLOPE_KERNEL, 4));
    gz_conv2d_size size = size_of(node);
    GZ_TRY(gz_conv2d_size_check(node, &size));
    const gz_shape dx = GZ_SHAPE(size.B, size.H, size.W, size.C),
                   kernel = node->in[GZ_CONV_SLOPE_KERNEL]->shape;
    if (kernel.dim[0] != size.taps[0] || kernel.dim[1] != size.taps[1])
        return gz_op_fail(node, "kernel has shape %s, expected [%zu,%zu,...]", gz_shape_text(kernel, text),
                          size.taps[0], size.taps[1]);
    GZ_TRY(gz_conv2d_expect_dy(node, GZ_CONV_SLOPE_DY, GZ_CONV_SLOPE_INPUTS, &size));
    if (!gz_activation_fuses(attr_of(node)->slope.activation))
        return gz_op_fail(node, "the slope of %s needs more than its output",
                          gz_activation_name(attr_of(node)->slope.activation));
    if (attr_of(node)->slope.activation != GZ_LINEAR) GZ_TRY(gz_op_expect_input(node, GZ_CONV_SLOPE_VALUE));
    GZ_TRY(expect_shape(node, GZ_CONV_SLOPE_VALUE, dx));
    GZ_TRY(expect_shape(node, GZ_CONV_SLOPE_OTHER, dx));
    GZ_TRY(expect_shape(node, GZ_CONV_SLOPE_EACH, GZ_SHAPE(size.B, size.C)));
    node->n_out = attr_of(node)->slope.sums ? 2 : 1;
    if (node->n_out > SUMS) GZ_TRY(gz_node_output(graph, node, SUMS, GZ_F32, GZ_SHAPE(size.C)));
    return gz_node_output(graph, node, DZ, GZ_F32, dx);
}

/* By gz_slope_times or gz_slope_bound. */
static void make(const gz_node *node, double *const *in, double *const *out, double factor,
                 double (*finish)(gz_activation_kind, double, double))
{
    const gz_conv2d_size z = size_of(node);
    const gz_activation_kind kind = attr_of(node)->slope.activation;
    gz_conv2d_input_sums(&z, in[GZ_CONV_SLOPE_KERNEL], in[GZ_CONV_SLOPE_DY], out[DZ]);
    for (size_t i = 0; i < z.B * z.H * z.W * z.C; i++) {
        double sum = out[DZ][i];
        if (input(node, GZ_CONV_SLOPE_OTHER)) sum += in[GZ_CONV_SLOPE_OTHER][i];
        if (input(node, GZ_CONV_SLOPE_EACH))
            sum += factor * in[GZ_CONV_SLOPE_EACH][i / (z.H * z.W * z.C) * z.C + i % z.C];
        out[DZ][i] = finish(kind, kind == GZ_LINEAR ? 0 : in[GZ_CONV_SLOPE_VALUE][i], sum);
    }
    if (node->n_out > SUMS) gz_row_sums_reference(out[DZ], z.B * z.H * z.W * z.C, z.C, out[SUMS]);
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    make(node, in, out, attr_of(node)->slope.factor, gz_slope_times);
}

static void magnitude(const gz_node *node, double *const *in, double *const *out)
{
    make(node, in, out, fabs(attr_of(node)->slope.factor), gz_slope_bound);
}

static gz_limit limit(const gz_node *node, size_t i)
{
    const gz_conv2d_size z = size_of(node);
    return (gz_limit){GZ_SUM, (double)(z.taps[0] * z.taps[1] * z.O + 8 + (i == SUMS ? z.B * z.H * z.W : 0))};
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const gz_slope_call slope = {.activation = attr_of(node)->slope.activation,
                                 .factor = attr_of(node)->slope.factor,
                                 .value = input(node, GZ_CONV_SLOPE_VALUE),
                                 .dy = node->out[DZ],
                                 .other = input(node, GZ_CONV_SLOPE_OTHER),
                                 .each = input(node, GZ_CONV_SLOPE_EACH),
                                 .dz = node->out[DZ],
                                 .sums = node->n_out > SUMS ? node->out[SUMS] : NULL};
    gz_conv2d_input_launch(builder, &(gz_conv2d_input_call){.size = size_of(node),
                                                            .dy = node->in[GZ_CONV_SLOPE_DY],
                                                            .kernel = node->in[GZ_CONV_SLOPE_KERNEL],
                                                            .dx = node->out[DZ],
                                                            .slope = &slope});
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const gz_conv2d_size size = size_of(node);
    gz_cost cost = gz_conv2d_cost(&size);
    for (size_t i = GZ_CONV_SLOPE_VALUE; i < GZ_CONV_SLOPE_INPUTS; i++)
        if (input(node, i)) cost.bytes += 4 * (double)gz_shape_count(input(node, i)->shape);
    cost.flop += 2 * (double)gz_shape_count(node->out[DZ]->shape);
    return cost;
}

/* The ranks of value, other and each, or NONE. */
enum { NONE = GZ_ABSENT };
#define CASE(B, H, W, C, O, K, S, PADDING, VALUE, OTHER, EACH, KIND, FACTOR, SUMS_, FILL, HEAVY)           \
    {                                                                                                      \
        .in = {{4, {B, GZ_CONV2D_OUT(PADDING, H, K, S, 1), GZ_CONV2D_OUT(PADDING, W, K, S, 1), O}},        \
               {4, {K, K, C, O}},                                                                          \
               {VALUE, {B, H, W, C}},                                                                      \
               {OTHER, {B, H, W, C}},                                                                      \
               {EACH, {B, C}}},                                                                            \
        .n_in = 5,                                                                                         \
        .attr = &(const gz_conv2d_slope_attr){{{{K, K}, {S, S}, {1, 1}, GZ_##PADDING}, GZ_LINEAR, {H, W}}, \
                                              {GZ_##KIND, FACTOR, SUMS_}},                                 \
        .fill = GZ_FILL_##FILL, .heavy = HEAVY                                                             \
    }
static const gz_case cases[] = {
    CASE(1, 4, 4, 1, 1, 3, 1, SAME, NONE, NONE, 2, LINEAR, 0.5, false, INTEGER, false),
    CASE(2, 7, 5, 3, 2, 3, 1, VALID, 4, NONE, NONE, RELU, 1, true, INTEGER, false),
    CASE(2, 9, 9, 16, 16, 3, 1, SAME, 4, NONE, NONE, RELU, 1, true, UNIFORM, false),
    CASE(2, 10, 13, 33, 17, 3, 1, SAME, 4, 4, 2, RELU, 0.25, true, UNIFORM, false),
    CASE(1, 9, 7, 65, 70, 3, 1, SAME, 4, 4, NONE, TANH, 1, true, UNIFORM, false),
    CASE(2, 8, 11, 47, 32, 3, 1, VALID, 4, NONE, 2, SIGMOID, 0.1, true, UNIFORM, false),
    CASE(2, 6, 6, 32, 16, 3, 1, SAME, NONE, 4, 2, LINEAR, 1, false, UNIFORM, false),
    CASE(3, 9, 8, 16, 20, 3, 2, SAME, 4, 4, NONE, ELU, 1, true, UNIFORM, false),
    CASE(1, 6, 7, 18, 33, 5, 1, SAME, 4, NONE, NONE, LEAKY_RELU, 1, true, UNIFORM, false),
    CASE(8, 16, 16, 32, 64, 3, 1, SAME, 4, NONE, 2, RELU, 0.01, true, UNIFORM, true),
};

const gz_op gz_op_conv2d_slope_sum = {
    .name = "conv2d_slope_sum",
    .n_out = 2,
    .attr_bytes = sizeof(gz_conv2d_slope_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .limit = limit,
    .magnitude = magnitude,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
