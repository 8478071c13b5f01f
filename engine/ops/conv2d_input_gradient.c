/* The gradient of conv2d with respect to its input: dy [B,P,Q,O], kernel [kh,kw,C,O] -> dx [B,H,W,C]; or dy
   [B,P/2,Q/2,O] of maxima, and their places. */
#include "conv2d_winograd.h"
#include "slope_sum.h"

enum { DY, KERNEL, PLACE };

static gz_tensor *place_of(const gz_node *node) { return node->n_in > PLACE ? node->in[PLACE] : NULL; }

static gz_conv2d_size size_of(const gz_node *node) { return gz_conv2d_size_of_gradient(node, false); }

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char text[96];
    GZ_TRY(gz_op_expect_inputs(node, 2, 3));
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
    GZ_TRY(gz_conv2d_expect_dy(node, DY, PLACE, &size));
    return gz_node_output(graph, node, 0, GZ_F32, GZ_SHAPE(size.B, size.H, size.W, size.C));
}

/* y[p,q,o] += x[h,w,c] kernel[r,s,c,o], so dx[h,w,c] += dy[p,q,o] kernel[r,s,c,o]. Of pixel `row` and filters
   o0 to o1 - 1. */
static void add_pixel(const gz_conv2d_size *z, const double *kernel, const double *dy, size_t row, size_t o0,
                      size_t o1, double *out)
{
    size_t pixel;
    for (size_t tap = 0; tap < z->taps[0] * z->taps[1]; tap++) {
        if (!gz_conv2d_sees(z, row, tap, &pixel)) continue;
        for (size_t c = 0; c < z->C; c++)
            for (size_t o = o0; o < o1; o++)
                out[pixel * z->C + c] += dy[o] * kernel[(tap * z->C + c) * z->O + o];
    }
}

void gz_conv2d_input_sums(const gz_conv2d_size *z, const double *kernel, const double *dy, double *dx)
{
    for (size_t i = 0; i < z->B * z->H * z->W * z->C; i++) dx[i] = 0;
    for (size_t row = 0; row < z->B * z->P * z->Q; row++)
        add_pixel(z, kernel, dy + row * z->O, row, 0, z->O, dx);
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_conv2d_size z = size_of(node);
    const size_t count = gz_shape_count(node->out[0]->shape), n = gz_shape_count(node->in[DY]->shape);
    if (!place_of(node)) {
        gz_conv2d_input_sums(&z, in[KERNEL], in[DY], out[0]);
        return;
    }
    for (size_t i = 0; i < count; i++) out[0][i] = 0;
    for (size_t i = 0; i < n; i++)
        add_pixel(&z, in[KERNEL], in[DY] + i / z.O * z.O, gz_conv2d_pixel_of(&z, i / z.O, in[PLACE][i]),
                  i % z.O, i % z.O + 1, out[0]);
}

static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    const gz_conv2d_size size = size_of(node);
    return (gz_limit){GZ_SUM, (double)(size.taps[0] * size.taps[1] * size.O)};
}

static void plain(gz_builder *builder, const gz_conv2d_input_call *call, const gz_tensor *dy)
{
    const size_t count = gz_shape_count(call->dx->shape);
    gz_launch *launch = gz_launch_add(builder, "conv2d_input_gradient", "conv2d_input_gradient_plain", "");
    gz_arg_tensor(launch, dy);
    gz_arg_tensor(launch, call->kernel);
    gz_arg_tensor(launch, call->dx);
    gz_conv2d_arg_images(launch, &call->size);
    gz_conv2d_arg_window(launch, &call->size);
    gz_arg_ulong(launch, count);
    gz_launch_items(launch, count);
}

static void strided(gz_builder *builder, const gz_conv2d_input_call *call, const gz_tensor *dy)
{
    enum { TILES_EACH = 4 };
    const gz_conv2d_size *size = &call->size, turned = gz_conv2d_size_turned(size);
    const gz_tensor *weights = gz_conv2d_turn(builder, size, call->kernel);
    const bool dots = size->C < gz_builder_device(builder)->vector_width;
    const gz_tensor *packed =
        (dots ? gz_conv2d_pack_dot : gz_conv2d_pack)(builder, &turned, call->kernel, weights);
    const size_t pixels =
        size->B * gz_round_groups(size->H, size->stride[0]) * gz_round_groups(size->W, size->stride[1]);
    gz_launch *launch = gz_launch_add(builder, "conv2d_input_gradient", "conv2d_input_gradient_strided", "");
    gz_arg_tensor(launch, dy);
    gz_arg_tensor(launch, packed);
    gz_arg_tensor(launch, call->dx);
    gz_conv2d_arg_images(launch, size);
    gz_conv2d_arg_window(launch, size);
    gz_arg_int(launch, size->B);
    gz_arg_int(launch, TILES_EACH);
    gz_arg_int(launch, dots);
    gz_launch_groups(launch, gz_round_groups(size->C, gz_tile_blocks(builder) * gz_tile_columns(builder)),
                     size->stride[0] * size->stride[1], gz_round_groups(pixels, TILES_EACH * GZ_TILE_ROWS), 1,
                     1, 1);
}

/* With stride 1 it is a convolution of dy with the kernel turned. */
static void convolution(gz_builder *builder, const gz_conv2d_input_call *given, const gz_tensor *dy)
{
    const gz_conv2d_call call = {.size = gz_conv2d_size_turned(&given->size),
                                 .x = dy,
                                 .kernel = given->kernel,
                                 .weights = gz_conv2d_turn(builder, &given->size, given->kernel),
                                 .y = given->dx,
                                 .activation = GZ_LINEAR,
                                 .slope = given->slope};
    gz_conv2d_forward(builder, &call);
}

/* Launches that make dx; is what slope_sum makes of it made as well? */
static bool launch(gz_builder *builder, const gz_conv2d_input_call *call)
{
    const gz_conv2d_size *size = &call->size;
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    if (cpu && gz_conv2d_winograd_input(builder, size, call->dy, call->place, call->kernel, call->dx))
        return false;
    const gz_tensor *dy = gz_conv2d_whole_dy(builder, size, call->dy, call->place);
    if (cpu && !gz_conv2d_has_stride(size)) {
        convolution(builder, call, dy);
        return true;
    }
    if (gz_builder_is_gpu(builder))
        gz_conv2d_input_gradient_gpu(builder, size, dy, call->kernel, call->dx);
    else if (cpu && gz_conv2d_is_phases(size, builder, GZ_PHASES_HALF))
        gz_conv2d_phases_input(builder, call, dy);
    else if (cpu && (size->C > size->O ? size->C : size->O) >= gz_builder_device(builder)->vector_width)
        strided(builder, call, dy);
    else
        plain(builder, call, dy);
    return false;
}

void gz_conv2d_input_launch(gz_builder *builder, const gz_conv2d_input_call *call)
{
    if (!launch(builder, call) && call->slope) gz_slope_sum_launch(builder, call->slope);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    gz_conv2d_input_launch(builder, &(gz_conv2d_input_call){.size = size_of(node),
                                                            .dy = node->in[DY],
                                                            .place = place_of(node),
                                                            .kernel = node->in[KERNEL],
                                                            .dx = node->out[0]});
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
#define POOLED(B, H, W, C, O, K, PADDING, FILL, HEAVY)                                             \
    GZ_CONV2D_POOLED_CASE(H, W, K, PADDING, FILL, HEAVY, GZ_CONV2D_POOLED(B, H, W, O, K, PADDING), \
                          {4, {K, K, C, O}}, GZ_CONV2D_POOLED(B, H, W, O, K, PADDING)),
static const gz_case cases[] = {GZ_CONV2D_CASES(CASE) GZ_CONV2D_POOLED_CASES(POOLED)};

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

gaze_status gz_conv2d_input_gradient(gz_graph *g, gz_tensor *dy, gz_tensor *kernel, gz_tensor *place,
                                     const gz_conv2d_attr *attr, gz_tensor **dx)
{
    return gz_graph_node(g, &gz_op_conv2d_input_gradient, attr, sizeof *attr,
                         (gz_tensor *[]){dy, kernel, place}, 3, dx, 1);
}
