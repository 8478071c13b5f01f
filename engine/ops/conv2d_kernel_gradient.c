/* The gradient of conv2d with respect to its kernel: x [B,H,W,C], dy [B,P,Q,O] -> dkernel [kh,kw,C,O]; or dy
   [B,P/2,Q/2,O] of maxima, and their places. */
#include "conv2d.h"

enum { X, DY, PLACE };

static gz_tensor *place_of(const gz_node *node) { return node->n_in > PLACE ? node->in[PLACE] : NULL; }

static gz_conv2d_size size_of(const gz_node *node) { return gz_conv2d_size_of_gradient(node, true); }

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char text[96];
    GZ_TRY(gz_op_expect_inputs(node, 2, 3));
    GZ_TRY(gz_op_expect_rank(node, X, 4));
    GZ_TRY(gz_op_expect_rank(node, DY, 4));
    const gz_conv2d_attr *attr = node->attr;
    const gz_shape x = node->in[X]->shape, dy = node->in[DY]->shape;
    gz_conv2d_size size = {.B = x.dim[0], .H = x.dim[1], .W = x.dim[2], .C = x.dim[3], .O = dy.dim[3]};
    GZ_TRY(gz_conv2d_size_check(node, &size));
    if (size.H != attr->input_size[0] || size.W != attr->input_size[1])
        return gz_op_fail(node, "input has shape %s, expected %zu x %zu pixels", gz_shape_text(x, text),
                          attr->input_size[0], attr->input_size[1]);
    GZ_TRY(gz_conv2d_expect_dy(node, DY, PLACE, &size));
    return gz_node_output(graph, node, 0, GZ_F32, GZ_SHAPE(size.taps[0], size.taps[1], size.C, size.O));
}

/* y[p,q,o] += x[h,w,c] kernel[r,s,c,o], so dkernel[r,s,c,o] += x[h,w,c] dy[p,q,o]. Of pixel `row` and filters
   o0 to o1 - 1. */
static void add_pixel(const gz_conv2d_size *z, const double *x, const double *dy, size_t row, size_t o0,
                      size_t o1, double *out)
{
    size_t pixel;
    for (size_t tap = 0; tap < z->taps[0] * z->taps[1]; tap++) {
        if (!gz_conv2d_sees(z, row, tap, &pixel)) continue;
        for (size_t c = 0; c < z->C; c++)
            for (size_t o = o0; o < o1; o++) out[(tap * z->C + c) * z->O + o] += x[pixel * z->C + c] * dy[o];
    }
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_conv2d_size z = size_of(node);
    const size_t count = gz_shape_count(node->out[0]->shape), n = gz_shape_count(node->in[DY]->shape);
    for (size_t i = 0; i < count; i++) out[0][i] = 0;
    for (size_t i = 0; place_of(node) && i < n; i++)
        add_pixel(&z, in[X], in[DY] + i / z.O * z.O, gz_conv2d_pixel_of(&z, i / z.O, in[PLACE][i]), i % z.O,
                  i % z.O + 1, out[0]);
    for (size_t row = 0; !place_of(node) && row < z.B * z.P * z.Q; row++)
        add_pixel(&z, in[X], in[DY] + row * z.O, row, 0, z.O, out[0]);
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
    const gz_tensor *x = node->in[X], *dy = node->in[DY];
    if (gz_builder_family(builder) == GZ_FAMILY_CPU) {
        gz_conv2d_sum_kernel(builder, &size, x, dy, place_of(node), node->out[0]);
        return gz_builder_status(builder);
    }
    dy = gz_conv2d_whole_dy(builder, &size, dy, place_of(node));
    if (gz_builder_is_gpu(builder))
        gz_conv2d_kernel_gradient_gpu(builder, &size, x, dy, node->out[0]);
    else
        gz_conv2d_sum_kernel_plain(builder, &size, x, dy, node->out[0]);
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
#define POOLED(B, H, W, C, O, K, PADDING, FILL, HEAVY)                      \
    GZ_CONV2D_POOLED_CASE(H, W, K, PADDING, FILL, HEAVY, {4, {B, H, W, C}}, \
                          GZ_CONV2D_POOLED(B, H, W, O, K, PADDING),         \
                          GZ_CONV2D_POOLED(B, H, W, O, K, PADDING)),
static const gz_case cases[] = {GZ_CONV2D_CASES(CASE) GZ_CONV2D_POOLED_CASES(POOLED)};

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

gaze_status gz_conv2d_kernel_gradient(gz_graph *g, gz_tensor *x, gz_tensor *dy, gz_tensor *place,
                                      const gz_conv2d_attr *attr, gz_tensor **dkernel)
{
    return gz_graph_node(g, &gz_op_conv2d_kernel_gradient, attr, sizeof *attr, (gz_tensor *[]){x, dy, place},
                         3, dkernel, 1);
}
