/* The gradient of channel_pool. It may take in what reaches x by its product with s, a factor a row, and the
   slope of the activation that gave x: all that arrives at x in one pass over it, and the sum of that over
   all rows. */
#include "channel_pool.h"
#include "group_gpu.h"
#include "places.h"
#include "reduce.h"
#include "row_sums.h"
#include "slope_sum.h"

static const gz_channel_pool_attr *attr_of(const gz_node *node) { return node->attr; }

bool gz_channel_pool_scales(const gz_node *node) { return node->n_in > GZ_POOL_DY && node->in[GZ_POOL_DY]; }

static gz_tensor *place_of(const gz_node *node)
{
    return node->n_in > GZ_POOL_PLACE ? node->in[GZ_POOL_PLACE] : NULL;
}

/* Rows of x that go with one of dy: 1, or those of a sample. */
static size_t repeat_of(const gz_node *node)
{
    return gz_channel_pool_scales(node) && !place_of(node)
               ? gz_shape_count(node->in[GZ_POOL_X]->shape) / gz_shape_count(node->in[GZ_POOL_DY]->shape)
               : 1;
}

static gaze_status expect(const gz_node *node, size_t i, const char *what, size_t count)
{
    const size_t found = node->in[i] ? gz_shape_count(node->in[i]->shape) : 0;
    if (found == count) return GAZE_OK;
    return gz_op_fail(node, "%s has %zu values, expected %zu", what, found, count);
}

static gaze_status expect_dy(const gz_node *node)
{
    const gz_shape x = node->in[GZ_POOL_X]->shape;
    GZ_TRY(expect(node, GZ_POOL_S, "s", gz_shape_rows(x)));
    if (place_of(node)) {
        GZ_TRY(gz_op_expect_rank(node, GZ_POOL_X, 4));
        const gz_places_size size = gz_places_size_of(x);
        GZ_TRY(expect(node, GZ_POOL_DY, "dy", gz_shape_count(gz_places_shape(&size))));
        return expect(node, GZ_POOL_PLACE, "the places", gz_shape_count(gz_places_shape(&size)));
    }
    if (x.rank > 1 && gz_shape_count(node->in[GZ_POOL_DY]->shape) == x.dim[0] * gz_shape_last(x))
        return GAZE_OK;
    return expect(node, GZ_POOL_DY, "dy", gz_shape_count(x));
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 2, GZ_POOL_INPUTS));
    const gz_shape x = node->in[GZ_POOL_X]->shape;
    if (!x.rank) return gz_op_fail(node, "found a scalar, expected x [...,C]");
    GZ_TRY(expect(node, GZ_POOL_D, "the gradient of mean and maximum", 2 * gz_shape_rows(x)));
    if (gz_channel_pool_scales(node)) GZ_TRY(expect_dy(node));
    node->n_out = attr_of(node)->sums ? 2 : 1;
    if (attr_of(node)->sums) GZ_TRY(gz_node_output(graph, node, 1, GZ_F32, GZ_SHAPE(gz_shape_last(x))));
    return gz_node_output(graph, node, 0, GZ_F32, x);
}

/* s dy at value i of x. */
static double scaled(const gz_node *node, double *const *in, size_t i)
{
    const gz_shape x = node->in[GZ_POOL_X]->shape;
    const size_t C = gz_shape_last(x);
    if (!gz_channel_pool_scales(node)) return 0;
    const double s = in[GZ_POOL_S][i / C];
    if (!place_of(node)) return s * in[GZ_POOL_DY][i / C / repeat_of(node) * C + i % C];
    const gz_places_size size = gz_places_size_of(x);
    return s * gz_places_value(&size, in[GZ_POOL_DY], in[GZ_POOL_PLACE], i);
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_shape x = node->in[GZ_POOL_X]->shape;
    const size_t R = gz_shape_rows(x), C = gz_shape_last(x);
    for (size_t r = 0; r < R; r++) {
        const double *d = in[GZ_POOL_D] + 2 * r, *at = in[GZ_POOL_X] + r * C;
        double *dx = out[0] + r * C;
        gz_reduce_values_gradient(GZ_MAX, at, d[1], dx, C, 1);
        for (size_t c = 0; c < C; c++) {
            dx[c] += d[0] / (double)C + scaled(node, in, r * C + c);
            dx[c] *= gz_activation_slope(attr_of(node)->activation, at[c], at[c]);
        }
    }
    if (node->n_out > 1) gz_row_sums_reference(out[0], R * C, C, out[1]);
}

/* The maxima are those of x, not of |x|, which is all that is given here. */
static void magnitude(const gz_node *node, double *const *in, double *const *out)
{
    const gz_shape x = node->in[GZ_POOL_X]->shape;
    const size_t R = gz_shape_rows(x), C = gz_shape_last(x);
    for (size_t i = 0; i < R * C; i++) {
        const double *d = in[GZ_POOL_D] + 2 * (i / C);
        out[0][i] = gz_slope_bound(attr_of(node)->activation, in[GZ_POOL_X][i],
                                   d[1] + d[0] / (double)C + scaled(node, in, i));
    }
    if (node->n_out > 1) gz_row_sums_reference(out[0], R * C, C, out[1]);
}

/* Two quotients, three terms, and the slope's roundings; all that for each row of a sum. */
static gz_limit limit(const gz_node *node, size_t i)
{
    return (gz_limit){GZ_SUM, 6 + (i ? (double)gz_shape_rows(node->in[GZ_POOL_X]->shape) : 0)};
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU, gpu = gz_builder_is_gpu(builder);
    const gz_shape x = node->in[GZ_POOL_X]->shape;
    const size_t R = gz_shape_rows(x), C = gz_shape_last(x);
    const gz_places_size places = place_of(node) ? gz_places_size_of(x) : (gz_places_size){0};
    const gz_row_sums sums = gz_row_sums_of(builder, R, 16 * C, node->n_out > 1 ? node->out[1] : NULL);
    const gz_tensor *dy = gz_channel_pool_scales(node) ? node->in[GZ_POOL_DY] : NULL;
    if (!cpu) dy = gz_places_spread(builder, &places, dy, place_of(node), NULL);
    const char *usual = cpu ? "channel_pool_gradient_slabs" : "channel_pool_gradient_items";
    gz_launch *l = gpu ? gz_launch_add(builder, "rows_gpu", "channel_pool_gradient_group", "%s", "")
                       : gz_launch_add(builder, "channel_pool", usual, "%s", "");
    gz_arg_tensor(l, node->in[GZ_POOL_X]);
    gz_arg_tensor(l, node->in[GZ_POOL_D]);
    gz_arg_tensor(l, dy);
    gz_arg_tensor(l, dy ? node->in[GZ_POOL_S] : NULL);
    gz_arg_tensor(l, node->out[0]);
    if (cpu) gz_arg_tensor(l, place_of(node));
    if (cpu) gz_arg_tensor(l, sums.parts);
    gz_arg_int(l, attr_of(node)->activation);
    gz_arg_int(l, repeat_of(node));
    if (cpu) gz_arg_int(l, places.H);
    if (cpu) gz_arg_int(l, places.W);
    gz_arg_int(l, C);
    gz_arg_int(l, R);
    if (cpu)
        gz_launch_slabs(l, sums.slabs);
    else if (gpu)
        gz_launch_group_rows(builder, l, R, C);
    else
        gz_launch_items(l, R);
    gz_row_sums_end(builder, &sums, node->out[0]);
    return gz_builder_status(builder);
}

static const gz_channel_pool_attr linear = {GZ_LINEAR, false}, relu = {GZ_RELU, false},
                                  sigmoid = {GZ_SIGMOID, false}, tanh_ = {GZ_TANH, false},
                                  elu = {GZ_ELU, false}, leaky = {GZ_LEAKY_RELU, false},
                                  linear_sums = {GZ_LINEAR, true}, relu_sums = {GZ_RELU, true},
                                  tanh_sums = {GZ_TANH, true};
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
/* One row of dy for each sample. */
#define EACH(ATTR, B, H, W, C, X, HEAVY)                                                       \
    {                                                                                          \
        .in = {{4, {B, H, W, C}}, {4, {B, H, W, 2}}, {2, {B, C}}, {2, {B, H * W}}}, .n_in = 4, \
        .attr = &ATTR, .fill_of = {GZ_FILL_##X}, .heavy = HEAVY                                \
    }
#define PLACED(ATTR, B, H, W, P, Q, C, X)                                                                   \
    {                                                                                                       \
        .in = {{4, {B, H, W, C}}, {4, {B, H, W, 2}}, {4, {B, P, Q, C}}, {3, {B, H, W}}, {4, {B, P, Q, C}}}, \
        .n_in = 5, .attr = &ATTR, .fill_of = {GZ_FILL_##X}, .dtype = {[GZ_POOL_PLACE] = GZ_I32},            \
        .index_limit = 4                                                                                    \
    }
static const gz_case cases[] = {
    ALONE(linear, 1, 1, UNIFORM),
    ALONE(linear, 31, 2, INTEGER),
    ALONE(relu, 101, 63, INTEGER),
    ALONE(linear, 3, 4099, UNIFORM),
    ALONE(leaky, 577, 1, UNIFORM),
    ALONE(linear_sums, 1031, 33, UNIFORM),
    ALL(linear, 2, 5, 7, 65, INTEGER, false),
    ALL(relu, 1, 9, 8, 64, INTEGER, false),
    ALL(relu, 2, 5, 7, 31, UNIFORM, false),
    ALL(sigmoid, 1, 6, 7, 33, UNIFORM, false),
    ALL(tanh_, 1, 6, 7, 16, UNIFORM, false),
    ALL(elu, 3, 4, 5, 17, UNIFORM, false),
    ALL(leaky, 1, 13, 3, 32, INTEGER, false),
    ALL(relu_sums, 3, 31, 17, 9, UNIFORM, false),
    ALL(tanh_sums, 2, 9, 11, 65, UNIFORM, false),
    ALL(relu, 64, 26, 26, 32, UNIFORM, true),
    EACH(linear, 1, 1, 1, 1, UNIFORM, false),
    EACH(relu, 3, 5, 7, 33, INTEGER, false),
    EACH(relu_sums, 5, 13, 11, 64, UNIFORM, false),
    EACH(relu_sums, 64, 16, 16, 64, UNIFORM, true),
    PLACED(linear, 1, 2, 2, 1, 1, 1, UNIFORM),
    PLACED(relu, 2, 5, 7, 2, 3, 33, INTEGER),
    PLACED(relu_sums, 3, 16, 12, 8, 6, 64, UNIFORM),
};

const gz_op gz_op_channel_pool_gradient = {
    .name = "channel_pool_gradient",
    .n_out = 2,
    .attr_bytes = sizeof(gz_channel_pool_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = gz_reduce_cost,
    .limit = limit,
    .magnitude = magnitude,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
    .in_place = 1 << GZ_POOL_X | 1 << GZ_POOL_DY,
};
