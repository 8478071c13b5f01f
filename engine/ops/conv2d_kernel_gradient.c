/* The gradient of conv2d with respect to its kernel: x [B,H,W,C], dy [B,P,Q,O] -> dkernel [kh,kw,C,O]. */
#include "conv2d.h"

enum { X, DY };

static gz_conv2d_size size_of(const gz_node *node) { return gz_conv2d_size_of_gradient(node, true); }

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char text[96];
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    GZ_TRY(gz_op_expect_rank(node, X, 4));
    GZ_TRY(gz_op_expect_rank(node, DY, 4));
    const gz_conv2d_attr *attr = node->attr;
    const gz_shape x = node->in[X]->shape, dy = node->in[DY]->shape;
    gz_conv2d_size size = {.B = x.dim[0], .H = x.dim[1], .W = x.dim[2], .C = x.dim[3], .O = dy.dim[3]};
    GZ_TRY(gz_conv2d_size_check(node, &size));
    if (size.H != attr->input_size[0] || size.W != attr->input_size[1])
        return gz_op_fail(node, "input has shape %s, expected %zu x %zu pixels", gz_shape_text(x, text),
                          attr->input_size[0], attr->input_size[1]);
    if (!gz_shape_equal(dy, GZ_SHAPE(size.B, size.P, size.Q, size.O)))
        return gz_op_fail(node, "output gradient has shape %s, expected [%zu,%zu,%zu,filters]",
                          gz_shape_text(dy, text), size.B, size.P, size.Q);
    return gz_node_output(graph, node, 0, GZ_F32, GZ_SHAPE(size.taps[0], size.taps[1], size.C, size.O));
}

/* y[p,q,o] += x[h,w,c] kernel[r,s,c,o], so dkernel[r,s,c,o] += x[h,w,c] dy[p,q,o]. */
static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_conv2d_size z = size_of(node);
    const size_t count = gz_shape_count(node->out[0]->shape);
    for (size_t i = 0; i < count; i++) out[0][i] = 0;
    for (size_t row = 0; row < z.B * z.P * z.Q; row++)
        for (size_t tap = 0; tap < z.taps[0] * z.taps[1]; tap++) {
            const size_t b = row / z.Q / z.P, p = row / z.Q % z.P, q = row % z.Q, r = tap / z.taps[1],
                         s = tap % z.taps[1];
            const size_t h = p * z.stride[0] + r * z.dilation[0] - z.before[0]; /* wraps below 0 */
            const size_t w = q * z.stride[1] + s * z.dilation[1] - z.before[1];
            if (h >= z.H || w >= z.W) continue;
            for (size_t c = 0; c < z.C; c++)
                for (size_t o = 0; o < z.O; o++)
                    out[0][(tap * z.C + c) * z.O + o] +=
                        in[X][((b * z.H + h) * z.W + w) * z.C + c] * in[DY][row * z.O + o];
        }
}

static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    const gz_conv2d_size size = size_of(node);
    return (gz_limit){GZ_SUM, (double)(size.B * size.P * size.Q)};
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const gz_conv2d_size size = size_of(node);
    if (gz_builder_family(builder) == GZ_FAMILY_CPU)
        gz_conv2d_sum_kernel(builder, &size, node->in[X], node->in[DY], node->out[0]);
    else if (gz_builder_is_gpu(builder))
        gz_conv2d_kernel_gradient_gpu(builder, &size, node->in[X], node->in[DY], node->out[0]);
    else
        gz_conv2d_sum_kernel_plain(builder, &size, node->in[X], node->in[DY], node->out[0]);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const gz_conv2d_size size = size_of(node);
    return gz_conv2d_cost(&size);
}

#define CASE(B, H, W, C, O, kh, kw, sy, sx, ey, ex, PADDING, ACTIVATION, FILL, HEAVY)                   \
    {.in = {{4, {B, H, W, C}},                                                                          \
            {4, {B, GZ_CONV2D_OUT(PADDING, H, kh, sy, ey), GZ_CONV2D_OUT(PADDING, W, kw, sx, ex), O}}}, \
     .n_in = 2,                                                                                         \
     .attr = GZ_CONV2D_ATTR(H, W, kh, kw, sy, sx, ey, ex, PADDING, LINEAR),                             \
     .fill = GZ_FILL_##FILL,                                                                            \
     .heavy = HEAVY},
static const gz_case cases[] = {GZ_CONV2D_CASES(CASE)};

const gz_op gz_op_conv2d_kernel_gradient = {
    .name = "conv2d_kernel_gradient",
    .n_out = 1,
    .attr_bytes = sizeof(gz_conv2d_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};

gaze_status gz_conv2d_kernel_gradient(gz_graph *g, gz_tensor *x, gz_tensor *dy, const gz_conv2d_attr *attr,
                                      gz_tensor **dkernel)
{
    return gz_graph_node(g, &gz_op_conv2d_kernel_gradient, attr, sizeof *attr, (gz_tensor *[]){x, dy}, 2,
                         dkernel, 1);
}
