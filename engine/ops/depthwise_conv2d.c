/* x [B,H,W,C], kernel [kh,kw,C], bias [C] or none -> y [B,P,Q,C] = activation(conv(x, kernel) + bias), each
 * channel by itself. */
#include "depthwise.h"

enum { X, KERNEL, BIAS };

static const gz_conv2d_attr *attr_of(const gz_node *node) { return node->attr; }
static gz_tensor *bias_of(const gz_node *node) { return node->n_in > BIAS ? node->in[BIAS] : NULL; }

static gz_conv2d_size unchecked_size(const gz_tensor *x)
{
    const size_t *dim = x->shape.dim;
    return (gz_conv2d_size){.B = dim[0], .H = dim[1], .W = dim[2], .C = dim[3], .O = dim[3]};
}

gz_conv2d_size gz_depthwise_size(const gz_node *node)
{
    gz_conv2d_size size = unchecked_size(node->in[X]);
    (void)gz_conv2d_size_check(node, &size);
    return size;
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char text[96];
    GZ_TRY(gz_op_expect_inputs(node, 2, 3));
    GZ_TRY(gz_op_expect_rank(node, X, 4));
    gz_conv2d_size size = unchecked_size(node->in[X]);
    GZ_TRY(gz_conv2d_size_check(node, &size));
    const gz_shape kernel = GZ_SHAPE(size.taps[0], size.taps[1], size.C);
    if (!gz_shape_equal(node->in[KERNEL]->shape, kernel))
        return gz_op_fail(node, "kernel has shape %s, expected [%zu,%zu,%zu]",
                          gz_shape_text(node->in[KERNEL]->shape, text), kernel.dim[0], kernel.dim[1],
                          kernel.dim[2]);
    if (bias_of(node) && !gz_shape_equal(bias_of(node)->shape, GZ_SHAPE(size.C)))
        return gz_op_fail(node, "bias has shape %s, expected [%zu]",
                          gz_shape_text(bias_of(node)->shape, text), size.C);
    if (!gz_activation_fuses(attr_of(node)->activation))
        return gz_op_fail(node, "activation %s can't be fused, expected an op of its own",
                          gz_activation_name(attr_of(node)->activation));
    return gz_node_output(graph, node, 0, GZ_F32, GZ_SHAPE(size.B, size.P, size.Q, size.C));
}

/* Over the window at [b,p,q] of channel c: pixels outside the image are zero. */
static double sum_at(const gz_conv2d_size *z, const double *x, const double *kernel, size_t b, size_t p,
                     size_t q, size_t c)
{
    double sum = 0;
    for (size_t r = 0; r < z->taps[0]; r++)
        for (size_t s = 0; s < z->taps[1]; s++) {
            const size_t h = p * z->stride[0] + r * z->dilation[0] - z->before[0]; /* wraps below 0 */
            const size_t w = q * z->stride[1] + s * z->dilation[1] - z->before[1];
            if (h < z->H && w < z->W)
                sum += x[((b * z->H + h) * z->W + w) * z->C + c] * kernel[(r * z->taps[1] + s) * z->C + c];
        }
    return sum;
}

static void sums(const gz_node *node, double *const *in, double *y, double start)
{
    const gz_conv2d_size z = gz_depthwise_size(node);
    for (size_t b = 0; b < z.B; b++)
        for (size_t p = 0; p < z.P; p++)
            for (size_t q = 0; q < z.Q; q++)
                for (size_t c = 0; c < z.C; c++)
                    *y++ =
                        start + (bias_of(node) ? in[BIAS][c] : 0) + sum_at(&z, in[X], in[KERNEL], b, p, q, c);
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t count = gz_shape_count(node->out[0]->shape);
    sums(node, in, out[0], 0);
    for (size_t i = 0; i < count; i++) out[0][i] = gz_activation_value(attr_of(node)->activation, out[0][i]);
}

/* As conv2d's: no activation grows faster than its input; sigmoid(0) isn't 0, its rounding adds to that. */
static void magnitude(const gz_node *node, double *const *in, double *const *out)
{
    sums(node, in, out[0], attr_of(node)->activation == GZ_SIGMOID ? 1 : 0);
}

static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    const gz_window *w = &attr_of(node)->window;
    const gz_activation_kind kind = attr_of(node)->activation;
    const bool saturates = kind == GZ_SIGMOID || kind == GZ_TANH || kind == GZ_ELU;
    return (gz_limit){GZ_SUM,
                      (double)(w->size[0] * w->size[1] + (bias_of(node) ? 1 : 0) + (saturates ? 6 : 0))};
}

void gz_depthwise_launch(gz_builder *builder, const gz_depthwise_call *call)
{
    const gz_conv2d_size *z = &call->size;
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    gz_launch *launch =
        gz_launch_add(builder, "depthwise", cpu ? "depthwise_slabs" : "depthwise_items", "%s", "");
    gz_arg_tensor(launch, call->x);
    gz_arg_tensor(launch, call->kernel);
    gz_arg_tensor(launch, call->bias);
    gz_arg_tensor(launch, call->y);
    gz_conv2d_arg_images(launch, z);
    gz_conv2d_arg_window(launch, z);
    gz_arg_int(launch, call->turned);
    gz_arg_int(launch, call->activation);
    gz_arg_int(launch, z->B * z->P);
    gz_launch_slabs_or_items(builder, launch, gz_slabs_of(builder, z->B * z->P, 8 * z->Q * z->C, 1),
                             z->B * z->P * z->Q * z->C);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const gz_depthwise_call call = {.size = gz_depthwise_size(node),
                                    .x = node->in[X],
                                    .kernel = node->in[KERNEL],
                                    .bias = bias_of(node),
                                    .y = node->out[0],
                                    .activation = attr_of(node)->activation};
    if (gz_builder_is_gpu(builder))
        gz_depthwise_gpu(builder, &call);
    else
        gz_depthwise_launch(builder, &call);
    return gz_builder_status(builder);
}

gz_cost gz_depthwise_cost(const gz_conv2d_size *z)
{
    const double taps = (double)(z->taps[0] * z->taps[1]), C = (double)z->C;
    const double x = (double)(z->B * z->H * z->W) * C, y = (double)(z->B * z->P * z->Q) * C;
    return (gz_cost){2 * taps * y, 4 * (x + y + taps * C)};
}

static gz_cost cost(const gz_node *node)
{
    const gz_conv2d_size size = gz_depthwise_size(node);
    return gz_depthwise_cost(&size);
}

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    const gz_shape x = node->in[X]->shape;
    const gz_conv2d_attr attr = {attr_of(node)->window, GZ_LINEAR, {x.dim[1], x.dim[2]}};
    gz_tensor *dz = dout[0];
    if (attr_of(node)->activation != GZ_LINEAR)
        GZ_TRY(gz_activation_gradient(graph, attr_of(node)->activation, NULL, node->out[0], dz, &dz));
    if (wanted[X]) GZ_TRY(gz_depthwise_conv2d_input_gradient(graph, dz, node->in[KERNEL], &attr, &din[X]));
    if (wanted[KERNEL])
        GZ_TRY(gz_depthwise_conv2d_kernel_gradient(graph, node->in[X], dz, &attr, &din[KERNEL]));
    return bias_of(node) && wanted[BIAS] ? gz_bias_gradient(graph, dz, &din[BIAS]) : GAZE_OK;
}

gaze_status gz_depthwise_conv2d(gz_graph *g, gz_tensor *x, gz_tensor *kernel, gz_tensor *bias,
                                const gz_window *window, gz_activation_kind activation, gz_tensor **y)
{
    const gz_conv2d_attr attr = {.window = *window, .activation = activation};
    return gz_graph_node(g, &gz_op_depthwise_conv2d, &attr, sizeof attr, (gz_tensor *[]){x, kernel, bias}, 3,
                         y, 1);
}

#define CASE(B, H, W, C, kh, kw, sy, sx, ey, ex, PADDING, ACTIVATION, FILL, HEAVY) \
    {.in = {{4, {B, H, W, C}}, {3, {kh, kw, C}}, {(B) == 3 ? GZ_ABSENT : 1, {C}}}, \
     .n_in = 3,                                                                    \
     .attr = GZ_CONV2D_ATTR(H, W, kh, kw, sy, sx, ey, ex, PADDING, ACTIVATION),    \
     .fill = GZ_FILL_##FILL,                                                       \
     .heavy = HEAVY},
static const gz_case cases[] = {GZ_DEPTHWISE_CASES(CASE)};

const gz_op gz_op_depthwise_conv2d = {
    .name = "depthwise_conv2d",
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
