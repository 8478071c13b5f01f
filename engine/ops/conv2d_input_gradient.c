/* The gradient of conv2d with respect to its input: dy [B,P,Q,O], kernel [kh,kw,C,O] -> dx [B,H,W,C]. */
#include "conv2d.h"

enum { DY, KERNEL };

static gz_conv2d_size size_of(const gz_node *node) { return gz_conv2d_size_of_gradient(node, false); }

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char text[96];
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    GZ_TRY(gz_op_expect_rank(node, DY, 4));
    GZ_TRY(gz_op_expect_rank(node, KERNEL, 4));
    const gz_conv2d_attr *attr = node->attr;
    const gz_shape dy = node->in[DY]->shape, kernel = node->in[KERNEL]->shape;
    gz_conv2d_size size = {.B = dy.dim[0],
                           .H = attr->input_size[0],
                           .W = attr->input_size[1],
                           .C = kernel.dim[2],
                           .O = kernel.dim[3]};
    GZ_TRY(gz_conv2d_size_check(node, &size));
    if (kernel.dim[0] != size.taps[0] || kernel.dim[1] != size.taps[1])
        return gz_op_fail(node, "kernel has shape %s, expected [%zu,%zu,...]", gz_shape_text(kernel, text),
                          size.taps[0], size.taps[1]);
    if (!gz_shape_equal(dy, GZ_SHAPE(size.B, size.P, size.Q, size.O)))
        return gz_op_fail(node, "output gradient has shape %s, expected [%zu,%zu,%zu,%zu]",
                          gz_shape_text(dy, text), size.B, size.P, size.Q, size.O);
    return gz_node_output(graph, node, 0, GZ_F32, GZ_SHAPE(size.B, size.H, size.W, size.C));
}

/* y[p,q,o] += x[h,w,c] kernel[r,s,c,o], so dx[h,w,c] += dy[p,q,o] kernel[r,s,c,o]. */
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
                    out[0][((b * z.H + h) * z.W + w) * z.C + c] +=
                        in[DY][row * z.O + o] * in[KERNEL][(tap * z.C + c) * z.O + o];
        }
}

static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    const gz_conv2d_size size = size_of(node);
    return (gz_limit){GZ_SUM, (double)(size.taps[0] * size.taps[1] * size.O)};
}

static void plain(const gz_node *node, gz_builder *builder, const gz_conv2d_size *size)
{
    const size_t count = gz_shape_count(node->out[0]->shape);
    gz_launch *launch = gz_launch_add(builder, "conv2d_gradient", "conv2d_input_gradient_plain", "");
    gz_arg_tensor(launch, node->in[DY]);
    gz_arg_tensor(launch, node->in[KERNEL]);
    gz_arg_tensor(launch, node->out[0]);
    gz_conv2d_arg_images(launch, size);
    gz_conv2d_arg_window(launch, size);
    gz_arg_ulong(launch, count);
    gz_launch_items(launch, count);
}

static void strided(const gz_node *node, gz_builder *builder, const gz_conv2d_size *size)
{
    enum { TILES_EACH = 4 };
    const gz_conv2d_size turned = gz_conv2d_size_turned(size);
    const gz_tensor *weights = gz_conv2d_turn(builder, size, node->in[KERNEL]);
    const gz_tensor *packed = gz_conv2d_pack(builder, &turned, node->in[KERNEL], weights);
    const size_t pixels =
        size->B * gz_round_groups(size->H, size->stride[0]) * gz_round_groups(size->W, size->stride[1]);
    gz_launch *launch = gz_launch_add(builder, "conv2d_gradient", "conv2d_input_gradient_strided", "");
    gz_arg_tensor(launch, node->in[DY]);
    gz_arg_tensor(launch, packed);
    gz_arg_tensor(launch, node->out[0]);
    gz_conv2d_arg_images(launch, size);
    gz_conv2d_arg_window(launch, size);
    gz_arg_int(launch, size->B);
    gz_arg_int(launch, TILES_EACH);
    gz_launch_groups(launch, gz_round_groups(pixels, TILES_EACH * GZ_TILE_ROWS),
                     gz_round_groups(size->C, gz_tile_columns(builder)), size->stride[0] * size->stride[1], 1,
                     1, 1);
}

/* With stride 1 it is a convolution of dy with the kernel turned. */
static void convolution(const gz_node *node, gz_builder *builder, const gz_conv2d_size *size)
{
    const gz_conv2d_call call = {.size = gz_conv2d_size_turned(size),
                                 .x = node->in[DY],
                                 .kernel = node->in[KERNEL],
                                 .weights = gz_conv2d_turn(builder, size, node->in[KERNEL]),
                                 .y = node->out[0],
                                 .activation = GZ_LINEAR};
    gz_conv2d_forward(builder, &call);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const gz_conv2d_size size = size_of(node);
    if (gz_builder_is_gpu(builder))
        gz_conv2d_input_gradient_gpu(builder, &size, node->in[DY], node->in[KERNEL], node->out[0]);
    else if (gz_builder_family(builder) != GZ_FAMILY_CPU)
        plain(node, builder, &size);
    else if (!gz_conv2d_has_stride(&size))
        convolution(node, builder, &size);
    else if (size.C >= gz_builder_device(builder)->vector_width)
        strided(node, builder, &size);
    else
        plain(node, builder, &size);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const gz_conv2d_size size = size_of(node);
    return gz_conv2d_cost(&size);
}

#define CASE(B, H, W, C, O, kh, kw, sy, sx, ey, ex, PADDING, ACTIVATION, FILL, HEAVY)                  \
    {.in = {{4, {B, GZ_CONV2D_OUT(PADDING, H, kh, sy, ey), GZ_CONV2D_OUT(PADDING, W, kw, sx, ex), O}}, \
            {4, {kh, kw, C, O}}},                                                                      \
     .n_in = 2,                                                                                        \
     .attr = GZ_CONV2D_ATTR(H, W, kh, kw, sy, sx, ey, ex, PADDING, LINEAR),                            \
     .fill = GZ_FILL_##FILL,                                                                           \
     .heavy = HEAVY},
static const gz_case cases[] = {GZ_CONV2D_CASES(CASE)};

const gz_op gz_op_conv2d_input_gradient = {
    .name = "conv2d_input_gradient",
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

gaze_status gz_conv2d_input_gradient(gz_graph *g, gz_tensor *dy, gz_tensor *kernel,
                                     const gz_conv2d_attr *attr, gz_tensor **dx)
{
    return gz_graph_node(g, &gz_op_conv2d_input_gradient, attr, sizeof *attr, (gz_tensor *[]){dy, kernel}, 2,
                         dx, 1);
}
