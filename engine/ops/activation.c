/* activation: the functions that conv2d and dense may fuse, and gelu and silu. */
#include "activation.h"
#include "slabs.h"

#include <math.h>

static const char *const names[] = {
    [GZ_LINEAR] = "linear", [GZ_RELU] = "relu", [GZ_SIGMOID] = "sigmoid",
    [GZ_TANH] = "tanh",     [GZ_ELU] = "elu",   [GZ_LEAKY_RELU] = "leaky_relu",
    [GZ_GELU] = "gelu",     [GZ_SILU] = "silu",
};

const char *gz_activation_name(gz_activation_kind kind) { return names[kind]; }
bool gz_activation_fuses(gz_activation_kind kind) { return kind != GZ_GELU && kind != GZ_SILU; }

static double normal_below(double x) { return 0.5 * erfc(-x * 0.70710678118654752440); }
static double normal_density(double x) { return 0.39894228040143267794 * exp(-0.5 * x * x); }
static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

double gz_activation_value(gz_activation_kind kind, double x)
{
    switch (kind) {
    case GZ_LINEAR: break;
    case GZ_RELU: return x < 0 ? 0 : x;
    case GZ_SIGMOID: return sigmoid(x);
    case GZ_TANH: return tanh(x);
    case GZ_ELU: return x < 0 ? expm1(x) : x;
    case GZ_LEAKY_RELU: return x < 0 ? 0.2 * x : x;
    case GZ_GELU: return x == -INFINITY ? 0 : x * normal_below(x);
    case GZ_SILU: return x == -INFINITY ? 0 : x * sigmoid(x);
    }
    return x;
}

double gz_activation_slope(gz_activation_kind kind, double x, double y)
{
    switch (kind) {
    case GZ_LINEAR: break;
    case GZ_RELU: return y > 0;
    case GZ_SIGMOID: return y * (1 - y);
    case GZ_TANH: return 1 - y * y;
    case GZ_ELU: return y < 0 ? y + 1 : 1;
    case GZ_LEAKY_RELU: return y > 0 ? 1 : 0.2;
    case GZ_GELU: return isinf(x) ? x > 0 : normal_below(x) + x * normal_density(x);
    case GZ_SILU: return isinf(x) ? x > 0 : sigmoid(x) * (1 + x * (1 - sigmoid(x)));
    }
    return 1;
}

gz_activation_kind gz_activation_kind_of(const gz_node *node)
{
    return ((const gz_activation_attr *)node->attr)->kind;
}

/* `dy` NULL: the value, else the gradient. */
static void launch_kind(gz_builder *builder, gz_activation_kind kind, const gz_tensor *x, const gz_tensor *dy,
                        const gz_tensor *y)
{
    static const char *const kernels[2][2] = {{"activation_items", "activation_slabs"},
                                              {"activation_gradient_items", "activation_gradient_slabs"}};
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    const size_t count = gz_shape_count(y->shape);
    gz_launch *launch = gz_launch_add(builder, "activation", kernels[dy != NULL][cpu], "%s", "");
    gz_arg_tensor(launch, x);
    if (dy) gz_arg_tensor(launch, dy);
    gz_arg_tensor(launch, y);
    gz_arg_int(launch, kind);
    gz_arg_int(launch, count);
    gz_launch_slabs_or_items(builder, launch, gz_slabs_of(builder, count, dy ? 12 : 8, 64), count);
}

void gz_activation_launch(gz_builder *builder, gz_activation_kind kind, const gz_tensor *x,
                          const gz_tensor *y)
{
    launch_kind(builder, kind, x, NULL, y);
}

void gz_activation_gradient_launch(gz_builder *builder, gz_activation_kind kind, const gz_tensor *value,
                                   const gz_tensor *dy, const gz_tensor *y)
{
    launch_kind(builder, kind, value, dy, y);
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 1, 1));
    if (gz_activation_kind_of(node) > GZ_SILU)
        return gz_op_fail(node, "found kind %d, expected one of gz_activation_kind",
                          (int)gz_activation_kind_of(node));
    return gz_node_output(graph, node, 0, GZ_F32, node->in[0]->shape);
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_activation_kind kind = gz_activation_kind_of(node);
    for (size_t i = 0; i < gz_shape_count(node->out[0]->shape); i++)
        out[0][i] = gz_activation_value(kind, in[0][i]);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    gz_activation_launch(builder, gz_activation_kind_of(node), node->in[0], node->out[0]);
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
    return gz_activation_gradient(graph, gz_activation_kind_of(node), node->in[0], node->out[0], dout[0],
                                  &din[0]);
}

/* In ULP: what verification.md allows, and for elu, exp's limit and one more rounding. */
static gz_limit limit(const gz_node *node, size_t i)
{
    static const double ulp[] = {
        [GZ_SIGMOID] = 8, [GZ_TANH] = 5, [GZ_ELU] = 4, [GZ_LEAKY_RELU] = 2, [GZ_GELU] = 8, [GZ_SILU] = 8,
    };
    const gz_activation_kind kind = gz_activation_kind_of(node);
    return kind <= GZ_RELU ? gz_limit_exact(node, i) : (gz_limit){GZ_RELATIVE, ulp[kind]};
}

gaze_status gz_activation(gz_graph *g, gz_tensor *x, gz_activation_kind kind, gz_tensor **y)
{
    const gz_activation_attr attr = {kind};
    return gz_graph_node(g, &gz_op_activation, &attr, sizeof attr, &x, 1, y, 1);
}

#define CASES_OF(attr_)                                                              \
    {.in = {{1, {1}}}, .n_in = 1, .attr = &(attr_)},                                 \
        {.in = {{2, {3, 31}}}, .n_in = 1, .attr = &(attr_), .fill = GZ_FILL_WIDE},   \
        {.in = {{4, {2, 3, 5, 65}}}, .n_in = 1, .attr = &(attr_)},                   \
        {.in = {{2, {4099, 1}}}, .n_in = 1, .attr = &(attr_)},                       \
    {                                                                                \
        .in = {{2, {8209, 1}}}, .n_in = 1, .attr = &(attr_), .fill = GZ_FILL_SPECIAL \
    }

static const gz_activation_attr linear = {GZ_LINEAR}, relu = {GZ_RELU}, sigmoid_ = {GZ_SIGMOID},
                                tanh_ = {GZ_TANH}, elu = {GZ_ELU}, leaky_relu = {GZ_LEAKY_RELU},
                                gelu = {GZ_GELU}, silu = {GZ_SILU};
static const gz_case cases[] = {
    CASES_OF(linear),
    CASES_OF(relu),
    CASES_OF(sigmoid_),
    CASES_OF(tanh_),
    CASES_OF(elu),
    CASES_OF(leaky_relu),
    CASES_OF(gelu),
    CASES_OF(silu),
    {.in = {{4, {64, 26, 26, 32}}}, .n_in = 1, .attr = &relu, .heavy = true},
    {.in = {{3, {64, 144, 128}}}, .n_in = 1, .attr = &tanh_, .heavy = true},
    {.in = {{3, {64, 144, 128}}}, .n_in = 1, .attr = &sigmoid_, .heavy = true},
    {.in = {{3, {64, 144, 128}}}, .n_in = 1, .attr = &gelu, .heavy = true},
};

const gz_op gz_op_activation = {
    .name = "activation",
    .n_out = 1,
    .attr_bytes = sizeof(gz_activation_attr),
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
