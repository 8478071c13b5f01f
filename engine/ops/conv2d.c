/* x [B,H,W,C], kernel [kh,kw,C,O], bias [O] or none -> y [B,P,Q,O] = activation(conv(x, kernel) + bias). */
#include "conv2d.h"

#include <math.h>

enum { X, KERNEL, BIAS };

static const gz_conv2d_attr *attr_of(const gz_node *node) { return node->attr; }
static gz_tensor *bias_of(const gz_node *node) { return node->n_in > BIAS ? node->in[BIAS] : NULL; }

gaze_status gz_conv2d_expect_kernel(const gz_node *node)
{
    char text[96];
    const gz_shape x = node->in[X]->shape, kernel = node->in[KERNEL]->shape;
    const gz_window *window = &attr_of(node)->window;
    if (kernel.dim[0] != window->size[0] || kernel.dim[1] != window->size[1] || kernel.dim[2] != x.dim[3])
        return gz_op_fail(node, "kernel has shape %s, expected [%zu,%zu,%zu,filters]",
                          gz_shape_text(kernel, text), window->size[0], window->size[1], x.dim[3]);
    if (bias_of(node) && !gz_shape_equal(bias_of(node)->shape, GZ_SHAPE(kernel.dim[3])))
        return gz_op_fail(node, "bias has shape %s, expected [%zu]",
                          gz_shape_text(bias_of(node)->shape, text), kernel.dim[3]);
    return GAZE_OK;
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 2, 3));
    GZ_TRY(gz_op_expect_rank(node, X, 4));
    GZ_TRY(gz_op_expect_rank(node, KERNEL, 4));
    GZ_TRY(gz_conv2d_expect_kernel(node));
    if (!gz_activation_fuses(attr_of(node)->activation))
        return gz_op_fail(node, "activation %s can't be fused, expected an op of its own",
                          gz_activation_name(attr_of(node)->activation));
    const size_t *x = node->in[X]->shape.dim;
    gz_conv2d_size size = {.B = x[0], .H = x[1], .W = x[2], .C = x[3], .O = node->in[KERNEL]->shape.dim[3]};
    GZ_TRY(gz_conv2d_size_check(node, &size));
    return gz_node_output(graph, node, 0, GZ_F32, GZ_SHAPE(size.B, size.P, size.Q, size.O));
}

double gz_conv2d_sum_at(const gz_conv2d_size *z, const double *x, const double *kernel, size_t b, size_t p,
                        size_t q, size_t o)
{
    double sum = 0;
    for (size_t r = 0; r < z->taps[0]; r++)
        for (size_t s = 0; s < z->taps[1]; s++) {
            const size_t h = p * z->stride[0] + r * z->dilation[0] - z->before[0]; /* wraps below 0 */
            const size_t w = q * z->stride[1] + s * z->dilation[1] - z->before[1];
            if (h >= z->H || w >= z->W) continue;
            for (size_t c = 0; c < z->C; c++)
                sum += x[((b * z->H + h) * z->W + w) * z->C + c] *
                       kernel[((r * z->taps[1] + s) * z->C + c) * z->O + o];
        }
    return sum;
}

static void sums(const gz_node *node, double *const *in, double *y, double start)
{
    const gz_conv2d_size z = gz_conv2d_size_forward(node);
    const double *bias = bias_of(node) ? in[BIAS] : NULL;
    for (size_t b = 0; b < z.B; b++)
        for (size_t p = 0; p < z.P; p++)
            for (size_t q = 0; q < z.Q; q++)
                for (size_t o = 0; o < z.O; o++)
                    *y++ = start + (bias ? bias[o] : 0) + gz_conv2d_sum_at(&z, in[X], in[KERNEL], b, p, q, o);
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t count = gz_shape_count(node->out[0]->shape);
    sums(node, in, out[0], 0);
    for (size_t i = 0; i < count; i++) out[0][i] = gz_activation_value(attr_of(node)->activation, out[0][i]);
}

/* No activation grows faster than its input; sigmoid(0) isn't 0: its rounding adds to that. */
static void magnitude(const gz_node *node, double *const *in, double *const *out)
{
    sums(node, in, out[0], attr_of(node)->activation == GZ_SIGMOID ? 1 : 0);
}

/* A term for the bias; 3 ULP (6 roundings) for exp or tanh. */
gz_limit gz_conv2d_limit(const gz_conv2d_size *size, bool bias, gz_activation_kind kind)
{
    const bool saturates = kind == GZ_SIGMOID || kind == GZ_TANH || kind == GZ_ELU;
    return (gz_limit){GZ_SUM, (double)(gz_conv2d_terms(size) + bias + (saturates ? 6 : 0))};
}

static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    const gz_conv2d_size size = gz_conv2d_size_forward(node);
    return gz_conv2d_limit(&size, bias_of(node) != NULL, attr_of(node)->activation);
}

void gz_conv2d_of_family(gz_builder *builder, const gz_conv2d_call *call)
{
    gz_conv2d_function *convolve = gz_builder_is_gpu(builder) ? gz_conv2d_gpu : gz_conv2d_plain;
    if (gz_builder_family(builder) == GZ_FAMILY_CPU)
        gz_conv2d_forward(builder, call);
    else if (call->pooled)
        gz_conv2d_then_pool(builder, call, convolve);
    else if (call->mean)
        gz_conv2d_then_mean(builder, call, convolve);
    else
        convolve(builder, call);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const gz_conv2d_call call = {.size = gz_conv2d_size_forward(node),
                                 .x = node->in[X],
                                 .kernel = node->in[KERNEL],
                                 .weights = node->in[KERNEL],
                                 .bias = bias_of(node),
                                 .y = node->out[0],
                                 .activation = attr_of(node)->activation};
    gz_conv2d_of_family(builder, &call);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const gz_conv2d_size size = gz_conv2d_size_forward(node);
    return gz_conv2d_cost(&size);
}

gaze_status gz_conv2d_gradients(gz_graph *graph, const gz_node *node, gz_tensor *y, gz_tensor *dy,
                                gz_tensor *place, const bool *wanted, gz_tensor **din)
{
    const gz_shape x = node->in[X]->shape;
    const gz_conv2d_attr attr = {attr_of(node)->window, GZ_LINEAR, {x.dim[1], x.dim[2]}};
    gz_tensor *dz = dy;
    if (attr_of(node)->activation != GZ_LINEAR)
        GZ_TRY(gz_activation_gradient(graph, attr_of(node)->activation, NULL, y, dy, &dz));
    if (wanted[X]) GZ_TRY(gz_conv2d_input_gradient(graph, dz, node->in[KERNEL], place, &attr, &din[X]));
    if (wanted[KERNEL]) GZ_TRY(gz_conv2d_kernel_gradient(graph, node->in[X], dz, place, &attr, &din[KERNEL]));
    if (bias_of(node) && wanted[BIAS]) GZ_TRY(gz_bias_gradient(graph, dz, &din[BIAS]));
    return GAZE_OK;
}

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    return dout[0] ? gz_conv2d_gradients(graph, node, node->out[0], dout[0], NULL, wanted, din) : GAZE_OK;
}

#define CASE(B, H, W, C, O, kh, kw, sy, sx, ey, ex, PADDING, ACTIVATION, FILL, HEAVY) \
    {.in = {{4, {B, H, W, C}}, {4, {kh, kw, C, O}}, {(B) == 3 ? GZ_ABSENT : 1, {O}}}, \
     .n_in = 3,                                                                       \
     .attr = GZ_CONV2D_ATTR(H, W, kh, kw, sy, sx, ey, ex, PADDING, ACTIVATION),       \
     .fill = GZ_FILL_##FILL,                                                          \
     .heavy = HEAVY},
static const gz_case cases[] = {GZ_CONV2D_CASES(CASE)};

const gz_op gz_op_conv2d = {
    .name = "conv2d",
    .n_out = 1,
    .attr_bytes = sizeof(gz_conv2d_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .gradient = gradient,
    .limit = limit,
    .magnitude = magnitude,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};

gaze_status gz_conv2d(gz_graph *g, gz_tensor *x, gz_tensor *kernel, gz_tensor *bias, const gz_window *window,
                      gz_activation_kind activation, gz_tensor **y)
{
    const gz_conv2d_attr attr = {.window = *window, .activation = activation};
    if (gz_conv2d_is_dense(x, kernel, window))
        return gz_conv2d_dense(g, x, kernel, bias, window, activation, y);
    return gz_graph_node(g, &gz_op_conv2d, &attr, sizeof attr, (gz_tensor *[]){x, kernel, bias}, 3, y, 1);
}
