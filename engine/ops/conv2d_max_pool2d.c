/* conv2d and the max_pool2d of 2x2 after it, without the values between: x [B,H,W,C], kernel [3,3,C,O], bias
   [O] or none
   -> y [B,P/2,Q/2,O], where conv2d makes [B,P,Q,O]. conv2d_max_pool2d_places also gives where in its window
   each maximum lies, and has a gradient. */
#include "conv2d.h"
#include "pool.h"

enum { X, KERNEL, BIAS };
enum { Y, PLACE };

static const gz_conv2d_attr *attr_of(const gz_node *node) { return node->attr; }
static gz_activation_kind activation_of(const gz_node *node) { return attr_of(node)->activation; }
static gz_tensor *bias_of(const gz_node *node) { return node->n_in > BIAS ? node->in[BIAS] : NULL; }

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 2, 3));
    GZ_TRY(gz_op_expect_rank(node, X, 4));
    GZ_TRY(gz_op_expect_rank(node, KERNEL, 4));
    GZ_TRY(gz_conv2d_expect_kernel(node));
    gz_conv2d_size size = gz_conv2d_size_forward(node);
    GZ_TRY(gz_conv2d_size_check(node, &size));
    if (size.P < 2 || size.Q < 2)
        return gz_op_fail(node, "%zu x %zu pixels, expected at least 2 x 2 to pool", size.P, size.Q);
    const gz_shape y = GZ_SHAPE(size.B, size.P / 2, size.Q / 2, size.O);
    GZ_TRY(gz_node_output(graph, node, Y, GZ_F32, y));
    if (node->n_out == 1) return GAZE_OK;
    GZ_TRY(gz_node_output(graph, node, PLACE, GZ_I32, y));
    node->out[PLACE]->saved = true;
    return GAZE_OK;
}

typedef struct window_of {
    const gz_conv2d_size *size;
    const double *x, *kernel;
    double start; /* bias */
    gz_activation_kind activation;
} window_of;

/* As max_pool2d: NaN is a window's maximum only where it comes first. */
static double maximum(const window_of *w, size_t b, size_t p, size_t q, size_t o, double *place)
{
    double most = 0;
    for (size_t i = 0; i < 4; i++) {
        const double sum =
            w->start + gz_conv2d_sum_at(w->size, w->x, w->kernel, b, 2 * p + i / 2, 2 * q + i % 2, o);
        const double value = gz_activation_value(w->activation, sum);
        if (i > 0 && !(value > most)) continue;
        most = value;
        *place = (double)i;
    }
    return most;
}

static void maxima(const gz_node *node, double *const *in, double *const *out, gz_activation_kind activation,
                   double offset)
{
    size_t at = 0;
    const gz_conv2d_size z = gz_conv2d_size_forward(node);
    window_of w = {&z, in[X], in[KERNEL], 0, activation};
    for (size_t b = 0; b < z.B; b++)
        for (size_t p = 0; p < z.P / 2; p++)
            for (size_t q = 0; q < z.Q / 2; q++)
                for (size_t o = 0; o < z.O; o++) {
                    w.start = offset + (bias_of(node) ? in[BIAS][o] : 0);
                    double place;
                    out[Y][at] = maximum(&w, b, p, q, o, &place);
                    if (node->n_out > PLACE) out[PLACE][at] = place;
                    at++;
                }
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    maxima(node, in, out, activation_of(node), 0);
}

/* The maximum is off by no more than the value that is off most. Of two values that are all but equal,
   rounding may make either the maximum: a place is exact where the sums are, else any. */
static void magnitude(const gz_node *node, double *const *in, double *const *out)
{
    const double ANY = 1e9;
    maxima(node, in, out, GZ_LINEAR, activation_of(node) == GZ_SIGMOID ? 1 : 0);
    for (size_t i = 0; node->n_out > PLACE && i < gz_shape_count(node->out[PLACE]->shape); i++)
        out[PLACE][i] = ANY;
}

static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    const gz_conv2d_size size = gz_conv2d_size_forward(node);
    return gz_conv2d_limit(&size, bias_of(node) != NULL, activation_of(node));
}

void gz_conv2d_then_pool(gz_builder *builder, const gz_conv2d_call *pooled, gz_conv2d_function *convolve)
{
    static const gz_window two_by_two = {{2, 2}, {2, 2}, {1, 1}, GZ_VALID};
    const gz_conv2d_size *z = &pooled->size;
    const gz_pool_size pool = {z->B, z->P, z->Q, z->O, z->P / 2, z->Q / 2, {0, 0}, &two_by_two};
    gz_conv2d_call call = *pooled;
    call.pooled = false;
    call.place = NULL;
    call.y = gz_scratch(builder, z->B * z->P * z->Q * z->O);
    convolve(builder, &call);
    if (pooled->place)
        gz_conv2d_find_places(builder, z, call.y, pooled->y, pooled->place);
    else
        gz_pool_launch(builder, &pool, call.y, pooled->y, "max_pool_slabs", "max_pool_items");
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const gz_conv2d_call call = {.size = gz_conv2d_size_forward(node),
                                 .x = node->in[X],
                                 .kernel = node->in[KERNEL],
                                 .weights = node->in[KERNEL],
                                 .bias = bias_of(node),
                                 .y = node->out[Y],
                                 .activation = activation_of(node),
                                 .pooled = true,
                                 .place = node->n_out > PLACE ? node->out[PLACE] : NULL};
    gz_conv2d_of_family(builder, &call);
    return gz_builder_status(builder);
}

/* The slope at a maximum is all that its window's gradient needs of the activation: it is taken before the
   gradient is spread over the pixels, and the bias' is summed over the maxima. */
static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    return dout[Y] ? gz_conv2d_gradients(graph, node, node->out[Y], dout[Y], node->out[PLACE], wanted, din)
                   : GAZE_OK;
}

static gz_cost cost(const gz_node *node)
{
    const gz_conv2d_size size = gz_conv2d_size_forward(node);
    gz_cost cost = gz_conv2d_cost(&size);
    cost.bytes -=
        4 * ((double)(size.B * size.P * size.Q * size.O) - (double)gz_shape_count(node->out[0]->shape));
    return cost;
}

#define CASE(B, H, W, C, O, K, PADDING, ACTIVATION, FILL, HEAVY)                                     \
    {                                                                                                \
        .in = {{4, {B, H, W, C}}, {4, {K, K, C, O}}, {(B) == 3 ? GZ_ABSENT : 1, {O}}}, .n_in = 3,    \
        .attr = GZ_CONV2D_ATTR(H, W, K, K, 1, 1, 1, 1, PADDING, ACTIVATION), .fill = GZ_FILL_##FILL, \
        .heavy = HEAVY                                                                               \
    }
static const gz_case cases[] = {
    CASE(1, 4, 4, 8, 8, 3, VALID, LINEAR, INTEGER, false),
    CASE(1, 2, 2, 1, 1, 3, SAME, LINEAR, INTEGER, false),
    CASE(3, 9, 9, 16, 16, 3, SAME, RELU, UNIFORM, false),
    CASE(1, 10, 13, 31, 33, 3, VALID, LINEAR, UNIFORM, false),
    CASE(2, 7, 8, 65, 70, 3, SAME, RELU, UNIFORM, false),
    CASE(3, 11, 6, 17, 65, 3, VALID, LINEAR, UNIFORM, false),
    CASE(1, 12, 12, 3, 32, 3, VALID, RELU, INTEGER, false),
    CASE(2, 9, 7, 3, 33, 3, SAME, TANH, UNIFORM, false),
    CASE(3, 11, 9, 2, 65, 3, VALID, LINEAR, UNIFORM, false),
    CASE(2, 32, 32, 3, 32, 3, SAME, RELU, UNIFORM, true),
    CASE(2, 9, 15, 32, 64, 3, SAME, TANH, UNIFORM, false),
    CASE(1, 14, 11, 33, 17, 3, SAME, SIGMOID, UNIFORM, false),
    CASE(2, 13, 9, 16, 32, 3, VALID, LEAKY_RELU, UNIFORM, false),
    CASE(1, 26, 26, 32, 64, 3, VALID, RELU, UNIFORM, false),
    CASE(2, 9, 12, 17, 33, 5, SAME, RELU, UNIFORM, false),
    CASE(1, 11, 10, 33, 16, 4, VALID, LINEAR, UNIFORM, false),
    CASE(2, 12, 13, 4, 17, 4, VALID, RELU, UNIFORM, false),
    CASE(8, 26, 26, 32, 64, 3, VALID, RELU, UNIFORM, true),
    CASE(4, 32, 32, 64, 64, 3, SAME, ELU, UNIFORM, true),
};

static const gz_case places_cases[] = {
    CASE(1, 2, 2, 1, 1, 3, SAME, LINEAR, INTEGER, false),
    CASE(3, 5, 7, 2, 3, 3, VALID, RELU, INTEGER, false),
    CASE(1, 7, 9, 3, 33, 3, SAME, LINEAR, INTEGER, false),
    CASE(2, 4, 4, 16, 16, 3, VALID, LINEAR, INTEGER, false),
    CASE(2, 7, 8, 65, 70, 3, SAME, RELU, UNIFORM, false),
    CASE(3, 11, 6, 17, 65, 3, VALID, LINEAR, UNIFORM, false),
    CASE(2, 9, 7, 3, 16, 3, SAME, TANH, UNIFORM, false),
    CASE(8, 26, 26, 32, 64, 3, VALID, LINEAR, UNIFORM, true),
    CASE(2, 10, 9, 33, 17, 5, SAME, RELU, UNIFORM, false),
    CASE(2, 32, 32, 3, 32, 3, SAME, RELU, UNIFORM, true),
};

const gz_op gz_op_conv2d_max_pool2d = {
    .name = "conv2d_max_pool2d",
    .n_out = 1,
    .attr_bytes = sizeof(gz_conv2d_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .limit = limit,
    .magnitude = magnitude,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};

const gz_op gz_op_conv2d_max_pool2d_places = {
    .name = "conv2d_max_pool2d_places",
    .n_out = 2,
    .attr_bytes = sizeof(gz_conv2d_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .gradient = gradient,
    .limit = limit,
    .magnitude = magnitude,
    .cases = places_cases,
    .n_cases = sizeof places_cases / sizeof *places_cases,
};
