/* channel_pool: mean and maximum over the channels, side by side (CBAM's description of a cell). Its gradient
   may take in what reaches x by its product with s, a factor a row, and the slope of the activation that gave
   x: all that arrives at x in one pass over it. */
#include "channel_pool.h"
#include "group_gpu.h"
#include "reduce.h"
#include "slabs.h"

#include <math.h>

static gaze_status infer(gz_graph *graph, gz_node *node) { return gz_reduce_last_infer(graph, node, 2); }

static gaze_status expect(const gz_node *node, size_t i, const char *what, size_t count)
{
    const size_t found = node->in[i] ? gz_shape_count(node->in[i]->shape) : 0;
    if (found == count) return GAZE_OK;
    return gz_op_fail(node, "%s has %zu values, expected %zu", what, found, count);
}

static gaze_status gradient_infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 2, 4));
    const gz_shape x = node->in[GZ_POOL_X]->shape;
    if (!x.rank) return gz_op_fail(node, "found a scalar, expected x [...,C]");
    GZ_TRY(expect(node, GZ_POOL_D, "the gradient of mean and maximum", 2 * gz_shape_rows(x)));
    if (gz_channel_pool_scales(node)) {
        GZ_TRY(expect(node, GZ_POOL_DY, "dy", gz_shape_count(x)));
        GZ_TRY(expect(node, GZ_POOL_S, "s", gz_shape_rows(x)));
    }
    return gz_node_output(graph, node, 0, GZ_F32, x);
}

bool gz_channel_pool_scales(const gz_node *node) { return node->n_in > GZ_POOL_DY && node->in[GZ_POOL_DY]; }

static gz_activation_kind activation_of(const gz_node *node)
{
    return ((const gz_activation_attr *)node->attr)->kind;
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t R = gz_shape_rows(node->in[0]->shape), C = gz_shape_last(node->in[0]->shape);
    for (size_t r = 0; r < R; r++) {
        out[0][2 * r] = gz_reduce_values(GZ_MEAN, in[0] + r * C, C, 1);
        out[0][2 * r + 1] = gz_reduce_values(GZ_MAX, in[0] + r * C, C, 1);
    }
}

static void gradient_reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_shape x = node->in[GZ_POOL_X]->shape;
    const size_t R = gz_shape_rows(x), C = gz_shape_last(x);
    for (size_t r = 0; r < R; r++) {
        const double *d = in[GZ_POOL_D] + 2 * r, *at = in[GZ_POOL_X] + r * C;
        double *dx = out[0] + r * C;
        gz_reduce_values_gradient(GZ_MAX, at, d[1], dx, C, 1);
        for (size_t c = 0; c < C; c++) {
            dx[c] += d[0] / (double)C;
            if (gz_channel_pool_scales(node)) dx[c] += in[GZ_POOL_S][r] * in[GZ_POOL_DY][r * C + c];
            dx[c] *= gz_activation_slope(activation_of(node), at[c], at[c]);
        }
    }
}

/* The maxima are those of x, not of |x|, which is all that is given here; slopes are at most 1 + |x| + x^2.
 */
static void gradient_magnitude(const gz_node *node, double *const *in, double *const *out)
{
    const gz_shape x = node->in[GZ_POOL_X]->shape;
    const size_t R = gz_shape_rows(x), C = gz_shape_last(x);
    const bool steep = activation_of(node) == GZ_SIGMOID || activation_of(node) == GZ_TANH;
    for (size_t i = 0; i < R * C; i++) {
        const double *d = in[GZ_POOL_D] + 2 * (i / C), at = in[GZ_POOL_X][i];
        out[0][i] = d[1] + d[0] / (double)C;
        if (gz_channel_pool_scales(node)) out[0][i] += in[GZ_POOL_S][i / C] * in[GZ_POOL_DY][i];
        if (steep) out[0][i] *= 1 + at + at * at;
    }
}

/* A kernel each for the cpu family, plain, and the gpu families. */
static gaze_status launch(const gz_node *node, gz_builder *builder, const char *slabs, const char *items,
                          const char *group)
{
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU, gpu = gz_builder_is_gpu(builder);
    const gz_shape x = node->in[GZ_POOL_X]->shape;
    const size_t R = gz_shape_rows(x), C = gz_shape_last(x), inputs = node->op == &gz_op_channel_pool ? 1 : 4;
    gz_launch *l = gpu ? gz_launch_add(builder, "rows_gpu", group, "%s", "")
                       : gz_launch_add(builder, "channel_pool", cpu ? slabs : items, "%s", "");
    for (size_t i = 0; i < inputs; i++) gz_arg_tensor(l, i < node->n_in ? node->in[i] : NULL);
    gz_arg_tensor(l, node->out[0]);
    if (inputs > 1) gz_arg_int(l, activation_of(node));
    gz_arg_int(l, C);
    gz_arg_int(l, R);
    if (cpu)
        gz_launch_slabs(l, gz_slabs_of(builder, R, 4 * C * inputs, 1));
    else if (gpu)
        gz_launch_group_rows(builder, l, R, C);
    else
        gz_launch_items(l, R);
    return gz_builder_status(builder);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    return launch(node, builder, "channel_pool_slabs", "channel_pool_items", "channel_pool_group");
}

static gaze_status gradient_prepare(const gz_node *node, gz_builder *builder)
{
    return launch(node, builder, "channel_pool_gradient_slabs", "channel_pool_gradient_items",
                  "channel_pool_gradient_group");
}

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    (void)wanted;
    const gz_activation_attr attr = {GZ_LINEAR};
    return gz_graph_node(graph, &gz_op_channel_pool_gradient, &attr, sizeof attr,
                         (gz_tensor *[]){node->in[0], dout[0]}, 2, &din[0], 1);
}

static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    return gz_reduce_limit(GZ_MEAN, gz_shape_last(node->in[0]->shape));
}

/* Two quotients, three terms, and the slope's roundings. */
static gz_limit gradient_limit(const gz_node *node, size_t i)
{
    (void)node;
    (void)i;
    return (gz_limit){GZ_SUM, 6};
}

gaze_status gz_channel_pool(gz_graph *g, gz_tensor *x, gz_tensor **y)
{
    return gz_graph_node(g, &gz_op_channel_pool, NULL, 0, &x, 1, y, 1);
}

static const gz_case cases[] = {
    {.in = {{1, {1}}}, .n_in = 1},
    {.in = {{2, {31, 2}}}, .n_in = 1},
    {.in = {{3, {2, 32, 33}}}, .n_in = 1, .fill = GZ_FILL_INTEGER},
    {.in = {{4, {2, 5, 7, 64}}}, .n_in = 1},
    {.in = {{4, {2, 5, 7, 65}}}, .n_in = 1},
    {.in = {{2, {63, 31}}}, .n_in = 1, .fill = GZ_FILL_WIDE},
    {.in = {{2, {3, 4099}}}, .n_in = 1},
    {.in = {{2, {577, 1}}}, .n_in = 1},
    {.in = {{4, {64, 26, 26, 32}}}, .n_in = 1, .heavy = true},
};

/* A mean and a maximum of what is read once. */
static gz_cost cost(const gz_node *node)
{
    gz_cost cost = gz_reduce_cost(node);
    cost.flop *= 2;
    return cost;
}

static const gz_activation_attr linear = {GZ_LINEAR}, relu = {GZ_RELU}, sigmoid = {GZ_SIGMOID},
                                tanh_ = {GZ_TANH}, elu = {GZ_ELU}, leaky = {GZ_LEAKY_RELU};
/* X: what fills x; with integers there are equal maxima. */
#define ALONE(ATTR, R, C, X)                                                                            \
    {                                                                                                   \
        .in = {{2, {R, C}}, {2, {R, 2}}, {GZ_ABSENT, {0}}, {GZ_ABSENT, {0}}}, .n_in = 4, .attr = &ATTR, \
        .fill_of = {                                                                                    \
            GZ_FILL_##X                                                                                 \
        }                                                                                               \
    }
#define ALL(ATTR, B, H, W, C, X, HEAVY)                                                                \
    {                                                                                                  \
        .in = {{4, {B, H, W, C}}, {4, {B, H, W, 2}}, {4, {B, H, W, C}}, {4, {B, H, W, 1}}}, .n_in = 4, \
        .attr = &ATTR, .fill_of = {GZ_FILL_##X}, .heavy = HEAVY                                        \
    }
static const gz_case gradient_cases[] = {
    ALONE(linear, 1, 1, UNIFORM),
    ALONE(linear, 31, 2, INTEGER),
    ALONE(relu, 101, 63, INTEGER),
    ALONE(linear, 3, 4099, UNIFORM),
    ALONE(leaky, 577, 1, UNIFORM),
    ALL(linear, 2, 5, 7, 65, INTEGER, false),
    ALL(relu, 1, 9, 8, 64, INTEGER, false),
    ALL(relu, 2, 5, 7, 31, UNIFORM, false),
    ALL(sigmoid, 1, 6, 7, 33, UNIFORM, false),
    ALL(tanh_, 1, 6, 7, 16, UNIFORM, false),
    ALL(elu, 3, 4, 5, 17, UNIFORM, false),
    ALL(leaky, 1, 13, 3, 32, INTEGER, false),
    ALL(relu, 64, 26, 26, 32, UNIFORM, true),
};

const gz_op gz_op_channel_pool = {
    .name = "channel_pool",
    .n_out = 1,
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .gradient = gradient,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};

const gz_op gz_op_channel_pool_gradient = {
    .name = "channel_pool_gradient",
    .n_out = 1,
    .attr_bytes = sizeof(gz_activation_attr),
    .infer = gradient_infer,
    .reference = gradient_reference,
    .prepare = gradient_prepare,
    .cost = gz_reduce_cost,
    .limit = gradient_limit,
    .magnitude = gradient_magnitude,
    .cases = gradient_cases,
    .n_cases = sizeof gradient_cases / sizeof *gradient_cases,
    .in_place = 1 << GZ_POOL_X | 1 << GZ_POOL_DY,
};
