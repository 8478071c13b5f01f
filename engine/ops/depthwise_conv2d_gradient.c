/* The gradients of depthwise_conv2d: dy [B,P,Q,C], kernel [kh,kw,C] -> dx [B,H,W,C]; x, dy -> dkernel. */
#include "dense.h"
#include "depthwise.h"

enum { DY, KERNEL };   /* of the input gradient */
enum { X, KERNEL_DY }; /* of the kernel gradient */

static const gz_conv2d_attr *attr_of(const gz_node *node) { return node->attr; }

/* From dy, of whose shape batch and channels are those of x. */
static gaze_status size_from(const gz_node *node, const gz_tensor *dy, gz_conv2d_size *size)
{
    char text[96];
    const size_t *dim = dy->shape.dim;
    *size = (gz_conv2d_size){.B = dim[0],
                             .H = attr_of(node)->input_size[0],
                             .W = attr_of(node)->input_size[1],
                             .C = dim[3],
                             .O = dim[3]};
    GZ_TRY(gz_conv2d_size_check(node, size));
    if (dim[1] == size->P && dim[2] == size->Q) return GAZE_OK;
    return gz_op_fail(node, "output gradient has shape %s, expected [batch,%zu,%zu,channels]",
                      gz_shape_text(dy->shape, text), size->P, size->Q);
}

static gz_conv2d_size size_of(const gz_node *node, size_t dy)
{
    gz_conv2d_size size;
    (void)size_from(node, node->in[dy], &size);
    return size;
}

static gaze_status input_infer(gz_graph *graph, gz_node *node)
{
    char text[96];
    gz_conv2d_size z;
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    GZ_TRY(gz_op_expect_rank(node, DY, 4));
    GZ_TRY(size_from(node, node->in[DY], &z));
    if (!gz_shape_equal(node->in[KERNEL]->shape, GZ_SHAPE(z.taps[0], z.taps[1], z.C)))
        return gz_op_fail(node, "kernel has shape %s, expected [%zu,%zu,%zu]",
                          gz_shape_text(node->in[KERNEL]->shape, text), z.taps[0], z.taps[1], z.C);
    return gz_node_output(graph, node, 0, GZ_F32, GZ_SHAPE(z.B, z.H, z.W, z.C));
}

static gaze_status kernel_infer(gz_graph *graph, gz_node *node)
{
    char text[96];
    gz_conv2d_size z;
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    GZ_TRY(gz_op_expect_rank(node, X, 4));
    GZ_TRY(gz_op_expect_rank(node, KERNEL_DY, 4));
    GZ_TRY(size_from(node, node->in[KERNEL_DY], &z));
    if (!gz_shape_equal(node->in[X]->shape, GZ_SHAPE(z.B, z.H, z.W, z.C)))
        return gz_op_fail(node, "input has shape %s, expected [%zu,%zu,%zu,%zu]",
                          gz_shape_text(node->in[X]->shape, text), z.B, z.H, z.W, z.C);
    return gz_node_output(graph, node, 0, GZ_F32, GZ_SHAPE(z.taps[0], z.taps[1], z.C));
}

typedef void visit(double *x, double *kernel, double *y);
static void visit_input(double *dx, double *kernel, double *dy) { *dx += *kernel * *dy; }
static void visit_kernel(double *x, double *dkernel, double *dy) { *dkernel += *x * *dy; }

/* Every product x[h,w,c] kernel[r,s,c] behind a value y[p,q,c]. */
static void each_product(const gz_conv2d_size *z, double *x, double *kernel, double *y, visit *visited)
{
    for (size_t row = 0; row < z->B * z->P * z->Q; row++)
        for (size_t tap = 0; tap < z->taps[0] * z->taps[1]; tap++) {
            const size_t b = row / z->Q / z->P, p = row / z->Q % z->P, q = row % z->Q, r = tap / z->taps[1],
                         s = tap % z->taps[1];
            const size_t h = p * z->stride[0] + r * z->dilation[0] - z->before[0]; /* wraps below 0 */
            const size_t w = q * z->stride[1] + s * z->dilation[1] - z->before[1];
            if (h >= z->H || w >= z->W) continue;
            for (size_t c = 0; c < z->C; c++)
                visited(x + ((b * z->H + h) * z->W + w) * z->C + c, kernel + tap * z->C + c,
                        y + row * z->C + c);
        }
}

static void clear(const gz_node *node, double *out)
{
    for (size_t i = 0; i < gz_shape_count(node->out[0]->shape); i++) out[i] = 0;
}

static void input_reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_conv2d_size z = size_of(node, DY);
    clear(node, out[0]);
    each_product(&z, out[0], in[KERNEL], in[DY], visit_input);
}

static void kernel_reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_conv2d_size z = size_of(node, KERNEL_DY);
    clear(node, out[0]);
    each_product(&z, in[X], out[0], in[KERNEL_DY], visit_kernel);
}

/* Without strides it is the convolution of dy with the kernel turned. */
static gaze_status input_prepare(const gz_node *node, gz_builder *builder)
{
    const gz_conv2d_size z = size_of(node, DY);
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    if (gz_builder_is_gpu(builder)) {
        gz_depthwise_input_gradient_gpu(builder, &z, node->in[DY], node->in[KERNEL], node->out[0]);
        return gz_builder_status(builder);
    }
    if (!gz_conv2d_has_stride(&z)) {
        const gz_depthwise_call call = {.size = gz_conv2d_size_turned(&z),
                                        .x = node->in[DY],
                                        .kernel = node->in[KERNEL],
                                        .y = node->out[0],
                                        .turned = true};
        gz_depthwise_launch(builder, &call);
        return gz_builder_status(builder);
    }
    gz_launch *launch = gz_launch_add(builder, "depthwise",
                                      cpu ? "depthwise_collect_slabs" : "depthwise_collect_items", "%s", "");
    gz_arg_tensor(launch, node->in[DY]);
    gz_arg_tensor(launch, node->in[KERNEL]);
    gz_arg_tensor(launch, node->out[0]);
    gz_conv2d_arg_images(launch, &z);
    gz_conv2d_arg_window(launch, &z);
    gz_arg_int(launch, z.B * z.H);
    gz_launch_slabs_or_items(builder, launch, gz_slabs_of(builder, z.B * z.H, 8 * z.W * z.C, 1),
                             z.B * z.H * z.W * z.C);
    return gz_builder_status(builder);
}

static gz_slabs kernel_slabs(const gz_conv2d_size *z, const gz_builder *builder)
{
    enum { ROWS = 32 };
    const size_t rows = z->B * z->P;
    if (gz_builder_family(builder) == GZ_FAMILY_CPU) return gz_slabs_to_sum(rows, 8 * z->Q * z->C);
    return (gz_slabs){ROWS, gz_groups(rows, ROWS)};
}

static gaze_status kernel_prepare(const gz_node *node, gz_builder *builder)
{
    const gz_conv2d_size z = size_of(node, KERNEL_DY);
    if (gz_builder_is_gpu(builder)) {
        gz_depthwise_kernel_gradient_gpu(builder, &z, node->in[X], node->in[KERNEL_DY], node->out[0]);
        return gz_builder_status(builder);
    }
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    const size_t weights = z.taps[0] * z.taps[1] * z.C;
    const gz_slabs slabs = kernel_slabs(&z, builder);
    const gz_tensor *parts = slabs.groups > 1 ? gz_scratch(builder, slabs.groups * weights) : node->out[0];
    gz_launch *launch =
        gz_launch_add(builder, "depthwise",
                      cpu ? "depthwise_kernel_gradient_slabs" : "depthwise_kernel_gradient_items", "%s", "");
    gz_arg_tensor(launch, node->in[X]);
    gz_arg_tensor(launch, node->in[KERNEL_DY]);
    gz_arg_tensor(launch, parts);
    gz_conv2d_arg_images(launch, &z);
    gz_conv2d_arg_window(launch, &z);
    gz_arg_int(launch, z.B * z.P);
    gz_launch_slabs(launch, slabs);
    if (!cpu) {
        gz_arg_int(launch, slabs.groups);
        gz_launch_items(launch, slabs.groups * weights);
    }
    if (slabs.groups > 1)
        gz_dense_end(builder, parts, slabs.groups, NULL, node->out[0], 1, weights, GZ_LINEAR);
    return gz_builder_status(builder);
}

static gz_cost input_cost(const gz_node *node)
{
    const gz_conv2d_size size = size_of(node, DY);
    return gz_depthwise_cost(&size);
}

static gz_cost kernel_cost(const gz_node *node)
{
    const gz_conv2d_size size = size_of(node, KERNEL_DY);
    return gz_depthwise_cost(&size);
}

static gz_limit input_limit(const gz_node *node, size_t i)
{
    (void)i;
    return (gz_limit){GZ_SUM, (double)(attr_of(node)->window.size[0] * attr_of(node)->window.size[1])};
}

static gz_limit kernel_limit(const gz_node *node, size_t i)
{
    (void)i;
    return (gz_limit){GZ_SUM, (double)gz_shape_rows(node->in[KERNEL_DY]->shape)};
}

gaze_status gz_depthwise_conv2d_input_gradient(gz_graph *g, gz_tensor *dy, gz_tensor *kernel,
                                               const gz_conv2d_attr *attr, gz_tensor **dx)
{
    return gz_graph_node(g, &gz_op_depthwise_conv2d_input_gradient, attr, sizeof *attr,
                         (gz_tensor *[]){dy, kernel}, 2, dx, 1);
}

gaze_status gz_depthwise_conv2d_kernel_gradient(gz_graph *g, gz_tensor *x, gz_tensor *dy,
                                                const gz_conv2d_attr *attr, gz_tensor **dkernel)
{
    return gz_graph_node(g, &gz_op_depthwise_conv2d_kernel_gradient, attr, sizeof *attr,
                         (gz_tensor *[]){x, dy}, 2, dkernel, 1);
}

#define DY_SHAPE(B, H, W, C, kh, kw, sy, sx, ey, ex, PADDING)                                     \
    {                                                                                             \
        4, { B, GZ_CONV2D_OUT(PADDING, H, kh, sy, ey), GZ_CONV2D_OUT(PADDING, W, kw, sx, ex), C } \
    }
#define INPUT(B, H, W, C, kh, kw, sy, sx, ey, ex, PADDING, ACTIVATION, FILL, HEAVY)   \
    {.in = {DY_SHAPE(B, H, W, C, kh, kw, sy, sx, ey, ex, PADDING), {3, {kh, kw, C}}}, \
     .n_in = 2,                                                                       \
     .attr = GZ_CONV2D_ATTR(H, W, kh, kw, sy, sx, ey, ex, PADDING, LINEAR),           \
     .fill = GZ_FILL_##FILL,                                                          \
     .heavy = HEAVY},
#define KERNEL_OF(B, H, W, C, kh, kw, sy, sx, ey, ex, PADDING, ACTIVATION, FILL, HEAVY) \
    {.in = {{4, {B, H, W, C}}, DY_SHAPE(B, H, W, C, kh, kw, sy, sx, ey, ex, PADDING)},  \
     .n_in = 2,                                                                         \
     .attr = GZ_CONV2D_ATTR(H, W, kh, kw, sy, sx, ey, ex, PADDING, LINEAR),             \
     .fill = GZ_FILL_##FILL,                                                            \
     .heavy = HEAVY},
static const gz_case input_cases[] = {GZ_DEPTHWISE_CASES(INPUT)},
                     kernel_cases[] = {GZ_DEPTHWISE_CASES(KERNEL_OF)};

#define OP(NAME, STEM)                                                \
    const gz_op gz_op_##NAME = {.name = #NAME,                        \
                                .n_out = 1,                           \
                                .attr_bytes = sizeof(gz_conv2d_attr), \
                                .infer = STEM##_infer,                \
                                .reference = STEM##_reference,        \
                                .prepare = STEM##_prepare,            \
                                .cost = STEM##_cost,                  \
                                .limit = STEM##_limit,                \
                                .cases = STEM##_cases,                \
                                .n_cases = sizeof STEM##_cases / sizeof *STEM##_cases}
OP(depthwise_conv2d_input_gradient, input);
OP(depthwise_conv2d_kernel_gradient, kernel);
