/* A dense, or the gradient of its input, and what is done with its values z, in one (gz_finish): x [...,K],
   kernel [K,U] (turned: [U,K]), bias [U] or none, other [...,U] or none -> y [...,U]; z [...,U] where it is
   kept. Made of others by gz_fuse, gradients included: it has none itself. */
#include "activation.h"
#include "dense.h"
#include "slabs.h"

#include <math.h>

enum { X, KERNEL, BIAS, OTHER };
enum { Y, Z };

static const gz_dense_fused_attr *attr_of(const gz_node *node) { return node->attr; }
static size_t rows_of(const gz_node *node) { return gz_shape_rows(node->in[X]->shape); }
static size_t length_of(const gz_node *node) { return node->in[KERNEL]->shape.dim[attr_of(node)->turned]; }
static size_t units_of(const gz_node *node) { return node->in[KERNEL]->shape.dim[!attr_of(node)->turned]; }

static bool reads_other(const gz_node *node)
{
    return attr_of(node)->finish == GZ_FINISH_ADD || attr_of(node)->finish == GZ_FINISH_SLOPE;
}

static gaze_status expect_finish(const gz_node *node)
{
    const gz_dense_fused_attr *attr = attr_of(node);
    if (attr->finish == GZ_FINISH_SLOPE) return GAZE_OK;
    if (gz_activation_fuses(attr->activation) == (attr->finish == GZ_FINISH_ADD)) return GAZE_OK;
    return gz_op_fail(node, "activation %s can't be finished this way", gz_activation_name(attr->activation));
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char text[96];
    GZ_TRY(gz_op_expect_inputs(node, 2, 4));
    GZ_TRY(gz_op_expect_rank(node, KERNEL, 2));
    GZ_TRY(expect_finish(node));
    gz_shape y = node->in[X]->shape;
    const size_t K = length_of(node), U = units_of(node);
    if (y.rank == 0 || gz_shape_last(y) != K)
        return gz_op_fail(node, "input has shape %s, expected %zu values in its last dimension",
                          gz_shape_text(y, text), K);
    if (node->in[BIAS] && !gz_shape_equal(node->in[BIAS]->shape, GZ_SHAPE(U)))
        return gz_op_fail(node, "bias has shape %s, expected [%zu]",
                          gz_shape_text(node->in[BIAS]->shape, text), U);
    y.dim[y.rank - 1] = U;
    if (reads_other(node)) GZ_TRY(gz_op_expect_input(node, OTHER));
    if (reads_other(node) && gz_shape_count(node->in[OTHER]->shape) != gz_shape_count(y))
        return gz_op_fail(node, "the other input has shape %s, expected %zu values",
                          gz_shape_text(node->in[OTHER]->shape, text), gz_shape_count(y));
    node->n_out = attr_of(node)->keeps ? 2 : 1;
    for (size_t i = 0; i < node->n_out; i++) GZ_TRY(gz_node_output(graph, node, i, GZ_F32, y));
    return GAZE_OK;
}

static double product(const gz_node *node, double *const *in, size_t r, size_t u)
{
    const size_t K = length_of(node), U = units_of(node);
    const double *x = in[X] + r * K, *kernel = in[KERNEL];
    double sum = node->in[BIAS] ? in[BIAS][u] : 0;
    for (size_t k = 0; k < K; k++)
        sum += x[k] * (attr_of(node)->turned ? kernel[u * K + k] : kernel[k * U + u]);
    return sum;
}

static double finished(const gz_node *node, double z, double other)
{
    const gz_activation_kind kind = attr_of(node)->activation;
    if (attr_of(node)->finish == GZ_FINISH_SLOPE) {
        const double slope = gz_activation_slope(kind, other, other);
        return slope == 0 ? 0 : z * slope;
    }
    return gz_activation_value(kind, z) + (reads_other(node) ? other : 0);
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t U = units_of(node);
    for (size_t i = 0; i < rows_of(node) * U; i++) {
        const double z = product(node, in, i / U, i % U);
        out[Y][i] = finished(node, z, reads_other(node) ? in[OTHER][i] : 0);
        if (node->n_out > Z) out[Z][i] = z;
    }
}

/* |x| |kernel| + |bias| times the largest slope, of sigmoid at any value in -1..1, of gelu elsewhere;
   sigmoid(0) isn't 0. */
static void magnitude(const gz_node *node, double *const *in, double *const *out)
{
    const gz_dense_fused_attr *attr = attr_of(node);
    const size_t U = units_of(node);
    const bool slope = attr->finish == GZ_FINISH_SLOPE, sigmoid = attr->activation == GZ_SIGMOID;
    for (size_t i = 0; i < rows_of(node) * U; i++) {
        const double z = product(node, in, i / U, i % U);
        out[Y][i] = (slope && sigmoid ? 2 : 1.13) * z;
        if (attr->finish == GZ_FINISH_ADD) out[Y][i] += in[OTHER][i] + (sigmoid ? 1 : 0);
        if (node->n_out > Z) out[Z][i] = z;
    }
}

/* A term for the bias, and twice the ULP of the activation, of its gradient; one for what is added. */
static gz_limit limit(const gz_node *node, size_t i)
{
    const gz_dense_fused_attr *attr = attr_of(node);
    double terms = (double)length_of(node) + (node->in[BIAS] ? 1 : 0);
    if (i == Z) return (gz_limit){GZ_SUM, terms};
    if (attr->activation > GZ_RELU) terms += gz_activation_fuses(attr->activation) ? 8 : 16;
    return (gz_limit){GZ_SUM, terms + (reads_other(node) ? 1 : 0)};
}

/* The product by itself. */
static gz_dense_call product_of(const gz_node *node)
{
    const gz_dense_fused_attr *attr = attr_of(node);
    const gz_shape kernel = node->in[KERNEL]->shape;
    return (gz_dense_call){.size = {rows_of(node), kernel.dim[0], kernel.dim[1]},
                           .x = node->in[X],
                           .kernel = node->in[KERNEL],
                           .bias = node->in[BIAS],
                           .y = node->n_out > Z ? node->out[Z] : node->out[Y],
                           .activation = attr->finish == GZ_FINISH_ADD ? attr->activation : GZ_LINEAR};
}

static void prepare_packed(const gz_node *node, gz_builder *builder, gz_dense_call call)
{
    call.y = node->out[Y];
    call.activation = attr_of(node)->activation;
    call.finish = attr_of(node)->finish;
    call.other = reads_other(node) ? node->in[OTHER] : NULL;
    call.before = node->n_out > Z ? node->out[Z] : NULL;
    if (attr_of(node)->turned)
        gz_dense_panels_turned(builder, &call);
    else
        gz_dense_panels(builder, &call);
}

static void finish_apart(const gz_node *node, gz_builder *builder, const gz_tensor *z)
{
    const gz_dense_fused_attr *attr = attr_of(node);
    const gz_tensor *y = node->out[Y];
    if (attr->finish == GZ_FINISH_ADD)
        gz_add_launch(builder, (const gz_tensor *const[]){z, node->in[OTHER]}, 2, y);
    else if (attr->finish == GZ_FINISH_SLOPE)
        gz_activation_gradient_launch(builder, attr->activation, node->in[OTHER], z, y);
    else
        gz_activation_launch(builder, attr->activation, z, y);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const gz_dense_call call = product_of(node);
    const bool turned = attr_of(node)->turned,
               packs = turned ? gz_dense_packs(builder, call.kernel, call.size.rows)
                              : gz_dense_usually_packs(builder, &call);
    if (packs && gz_builder_family(builder) == GZ_FAMILY_CPU) {
        prepare_packed(node, builder, call);
        return gz_builder_status(builder);
    }
    if (turned)
        gz_dense_turned_launch(builder, &call);
    else
        gz_dense_launch(builder, &call);
    finish_apart(node, builder, call.y);
    return gz_builder_status(builder);
}

/* As the ops that it stands for, each tensor read and written once. */
static gz_cost cost(const gz_node *node)
{
    const gz_shape kernel = node->in[KERNEL]->shape;
    const double values = (double)(rows_of(node) * units_of(node));
    gz_cost cost = gz_dense_cost((gz_dense_size){rows_of(node), kernel.dim[0], kernel.dim[1]});
    cost.flop += values * (attr_of(node)->finish == GZ_FINISH_SLOPE ? 2 : 1);
    cost.bytes += 4 * values * ((reads_other(node) ? 1 : 0) + (double)(node->n_out - 1));
    return cost;
}

static const gz_dense_fused_attr sum = {GZ_FINISH_ADD, GZ_LINEAR, false, false},
                                 relu_sum = {GZ_FINISH_ADD, GZ_RELU, false, false},
                                 tanh_sum = {GZ_FINISH_ADD, GZ_TANH, false, false},
                                 turned_sum = {GZ_FINISH_ADD, GZ_LINEAR, true, false},
                                 gelu = {GZ_FINISH_ACTIVATE, GZ_GELU, false, false},
                                 kept_gelu = {GZ_FINISH_ACTIVATE, GZ_GELU, false, true},
                                 kept_silu = {GZ_FINISH_ACTIVATE, GZ_SILU, false, true},
                                 relu_slope = {GZ_FINISH_SLOPE, GZ_RELU, true, false},
                                 sigmoid_slope = {GZ_FINISH_SLOPE, GZ_SIGMOID, true, false},
                                 tanh_slope = {GZ_FINISH_SLOPE, GZ_TANH, true, false},
                                 elu_slope = {GZ_FINISH_SLOPE, GZ_ELU, true, false},
                                 leaky_slope = {GZ_FINISH_SLOPE, GZ_LEAKY_RELU, true, false},
                                 gelu_slope = {GZ_FINISH_SLOPE, GZ_GELU, true, false},
                                 silu_slope = {GZ_FINISH_SLOPE, GZ_SILU, true, false};

/* R rows, sums of K, U values each; OTHER: the rank of the other input, or GZ_ABSENT. */
#define FORWARD(FILL, ATTR, R, K, U, BIAS, OTHER, HEAVY)                                          \
    {                                                                                             \
        .in = {{2, {R, K}}, {2, {K, U}}, {BIAS, {U}}, {OTHER, {R, U}}}, .n_in = 4, .attr = &ATTR, \
        .fill = FILL, .heavy = HEAVY                                                              \
    }
#define TURNED(FILL, ATTR, R, K, U, HEAVY)                                                         \
    {                                                                                              \
        .in = {{2, {R, K}}, {2, {U, K}}, {GZ_ABSENT, {0}}, {2, {R, U}}}, .n_in = 4, .attr = &ATTR, \
        .fill = FILL, .heavy = HEAVY                                                               \
    }
static const gz_case cases[] = {
    FORWARD(GZ_FILL_INTEGER, sum, 1, 1, 1, 1, 2, false),
    FORWARD(GZ_FILL_INTEGER, sum, 3, 33, 65, 1, 2, false),
    FORWARD(GZ_FILL_INTEGER, sum, 33, 65, 31, GZ_ABSENT, 2, false),
    FORWARD(GZ_FILL_INTEGER, relu_sum, 515, 259, 9, 1, 2, true),
    FORWARD(GZ_FILL_INTEGER, sum, 521, 519, 67, 1, 2, true),
    FORWARD(GZ_FILL_UNIFORM, tanh_sum, 513, 12, 37, 1, 2, true),
    FORWARD(GZ_FILL_UNIFORM, gelu, 2, 65, 10, 1, GZ_ABSENT, false),
    FORWARD(GZ_FILL_UNIFORM, gelu, 517, 31, 70, 1, GZ_ABSENT, true),
    FORWARD(GZ_FILL_UNIFORM, gelu, 513, 2, 9, 1, GZ_ABSENT, false),
    FORWARD(GZ_FILL_UNIFORM, kept_gelu, 5, 17, 9, 1, GZ_ABSENT, false),
    FORWARD(GZ_FILL_UNIFORM, kept_gelu, 514, 257, 33, GZ_ABSENT, GZ_ABSENT, true),
    FORWARD(GZ_FILL_UNIFORM, kept_silu, 513, 7, 33, 1, GZ_ABSENT, true),
    TURNED(GZ_FILL_INTEGER, turned_sum, 1, 7, 9, false),
    TURNED(GZ_FILL_INTEGER, turned_sum, 31, 64, 32, false),
    TURNED(GZ_FILL_INTEGER, turned_sum, 515, 259, 37, true),
    TURNED(GZ_FILL_INTEGER, relu_slope, 4, 33, 1, false),
    TURNED(GZ_FILL_INTEGER, relu_slope, 513, 2, 33, false),
    TURNED(GZ_FILL_UNIFORM, sigmoid_slope, 521, 12, 71, true),
    TURNED(GZ_FILL_UNIFORM, tanh_slope, 33, 65, 17, false),
    TURNED(GZ_FILL_UNIFORM, elu_slope, 65, 9, 31, false),
    TURNED(GZ_FILL_UNIFORM, leaky_slope, 33, 10, 24, false),
    TURNED(GZ_FILL_UNIFORM, gelu_slope, 63, 31, 33, false),
    TURNED(GZ_FILL_UNIFORM, gelu_slope, 577, 258, 34, true),
    TURNED(GZ_FILL_UNIFORM, silu_slope, 513, 40, 16, true),
    FORWARD(GZ_FILL_UNIFORM, kept_gelu, 2048, 256, 256, 1, GZ_ABSENT, true),
    {.in = {{3, {4, 131, 24}}, {2, {24, 18}}, {1, {18}}, {3, {4, 131, 18}}},
     .n_in = 4,
     .attr = &sum,
     .fill = GZ_FILL_INTEGER},
};

const gz_op gz_op_dense_fused = {
    .name = "dense_fused",
    .n_out = 2,
    .attr_bytes = sizeof(gz_dense_fused_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .limit = limit,
    .magnitude = magnitude,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
