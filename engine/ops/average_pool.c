/* average_pool2d and its gradient: a window cut by the border divides by the values that are left. */
#include "pool.h"
#include "slabs.h"

static size_t values_of(const gz_pool_size *s, size_t p, size_t q)
{
    size_t h0, h1, w0, w1;
    gz_pool_range(s, 0, p, &h0, &h1);
    gz_pool_range(s, 1, q, &w0, &w1);
    return (h1 - h0) * (w1 - w0);
}

static double window_sum(const gz_pool_size *s, const double *x, size_t p, size_t q, size_t c)
{
    size_t h0, h1, w0, w1;
    double sum = 0;
    gz_pool_range(s, 0, p, &h0, &h1);
    gz_pool_range(s, 1, q, &w0, &w1);
    for (size_t h = h0; h < h1; h++)
        for (size_t w = w0; w < w1; w++) sum += x[(h * s->W + w) * s->C + c];
    return sum;
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    gz_pool_size s;
    if (gz_pool_size_of(node, node->in[0]->shape, &s) != GAZE_OK) return;
    double *y = out[0];
    for (size_t b = 0; b < s.B; b++)
        for (size_t p = 0; p < s.P; p++)
            for (size_t q = 0; q < s.Q; q++)
                for (size_t c = 0; c < s.C; c++)
                    *y++ = window_sum(&s, in[0] + b * s.H * s.W * s.C, p, q, c) / (double)values_of(&s, p, q);
}

static void spread(const gz_pool_size *s, double part, double *dx, size_t p, size_t q, size_t c)
{
    size_t h0, h1, w0, w1;
    gz_pool_range(s, 0, p, &h0, &h1);
    gz_pool_range(s, 1, q, &w0, &w1);
    for (size_t h = h0; h < h1; h++)
        for (size_t w = w0; w < w1; w++) dx[(h * s->W + w) * s->C + c] += part;
}

static void gradient_reference(const gz_node *node, double *const *in, double *const *out)
{
    gz_pool_size s;
    if (gz_pool_size_of(node, node->out[0]->shape, &s) != GAZE_OK) return;
    const double *dy = in[0];
    for (size_t i = 0; i < s.B * s.H * s.W * s.C; i++) out[0][i] = 0;
    for (size_t b = 0; b < s.B; b++)
        for (size_t p = 0; p < s.P; p++)
            for (size_t q = 0; q < s.Q; q++)
                for (size_t c = 0; c < s.C; c++)
                    spread(&s, *dy++ / (double)values_of(&s, p, q), out[0] + b * s.H * s.W * s.C, p, q, c);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    return gz_pool_prepare(node, builder, "mean_pool_slabs", "mean_pool_items");
}

static gaze_status gradient_infer(gz_graph *graph, gz_node *node)
{
    gz_pool_size s;
    char found[96], expected[96];
    GZ_TRY(gz_op_expect_inputs(node, 1, 1));
    GZ_TRY(gz_op_expect_rank(node, 0, 4));
    const gz_shape dy = node->in[0]->shape;
    const size_t *input = ((const gz_pool_attr *)node->attr)->input_size;
    const gz_shape x = GZ_SHAPE(dy.dim[0], input[0], input[1], dy.dim[3]);
    GZ_TRY(gz_pool_size_of(node, x, &s));
    if (s.P != dy.dim[1] || s.Q != dy.dim[2])
        return gz_op_fail(node, "gradient has shape %s, expected %s", gz_shape_text(dy, found),
                          gz_shape_text(GZ_SHAPE(s.B, s.P, s.Q, s.C), expected));
    return gz_node_output(graph, node, 0, GZ_F32, x);
}

static gaze_status gradient_prepare(const gz_node *node, gz_builder *builder)
{
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    gz_pool_size s;
    GZ_TRY(gz_pool_size_of(node, node->out[0]->shape, &s));
    gz_launch *launch = gz_launch_add(
        builder, "pool", cpu ? "mean_pool_gradient_slabs" : "mean_pool_gradient_items", "%s", "");
    gz_arg_tensor(launch, node->in[0]);
    gz_arg_tensor(launch, node->out[0]);
    gz_pool_arguments(launch, &s);
    gz_arg_int(launch, s.B * s.H);
    gz_launch_slabs_or_items(builder, launch, gz_slabs_of(builder, s.B * s.H, 8 * s.W * s.C, 1),
                             s.B * s.H * s.W * s.C);
    return gz_builder_status(builder);
}

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    (void)wanted;
    gz_pool_attr attr = *(const gz_pool_attr *)node->attr;
    attr.input_size[0] = node->in[0]->shape.dim[1];
    attr.input_size[1] = node->in[0]->shape.dim[2];
    return gz_average_pool2d_gradient(graph, dout[0], &attr, &din[0]);
}

static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    const gz_window *w = &((const gz_pool_attr *)node->attr)->window;
    return (gz_limit){GZ_SUM, (double)(w->size[0] * w->size[1])};
}

/* Every window that covers a pixel is a term, and a quotient. */
static gz_limit gradient_limit(const gz_node *node, size_t i)
{
    (void)i;
    const gz_window *w = &((const gz_pool_attr *)node->attr)->window;
    const size_t rows = (w->size[0] + w->stride[0] - 1) / w->stride[0],
                 columns = (w->size[1] + w->stride[1] - 1) / w->stride[1];
    return (gz_limit){GZ_SUM, (double)(rows * columns) + 1};
}

gaze_status gz_average_pool2d(gz_graph *g, gz_tensor *x, const gz_window *window, gz_tensor **y)
{
    const gz_pool_attr attr = {.window = *window};
    return gz_graph_node(g, &gz_op_average_pool2d, &attr, sizeof attr, &x, 1, y, 1);
}

gaze_status gz_average_pool2d_gradient(gz_graph *g, gz_tensor *dy, const gz_pool_attr *attr, gz_tensor **dx)
{
    return gz_graph_node(g, &gz_op_average_pool2d_gradient, attr, sizeof *attr, &dy, 1, dx, 1);
}

/* Windows with the size of x. Integers are exact where all windows hold a power of two of values. */
#define WINDOW(name, kh, kw, sy, sx, padding_, H, W) \
    static const gz_pool_attr name = {{{kh, kw}, {sy, sx}, {1, 1}, padding_}, {H, W}}
WINDOW(one, 1, 1, 1, 1, GZ_VALID, 1, 1);
WINDOW(halves, 2, 2, 2, 2, GZ_VALID, 7, 5);
WINDOW(halves_same, 2, 2, 2, 2, GZ_SAME, 7, 5);
WINDOW(thirds, 3, 3, 3, 3, GZ_SAME, 13, 11);
WINDOW(overlapping, 3, 3, 2, 2, GZ_SAME, 31, 33);
WINDOW(dense, 2, 4, 1, 1, GZ_VALID, 8, 17);
WINDOW(apart, 2, 1, 3, 4, GZ_VALID, 11, 13);
WINDOW(apart_same, 2, 2, 3, 3, GZ_SAME, 9, 10);
WINDOW(line, 5, 1, 2, 1, GZ_SAME, 32, 1);
WINDOW(large, 2, 2, 2, 2, GZ_VALID, 24, 24);
static const gz_case cases[] = {
    {.in = {{4, {1, 1, 1, 1}}}, .n_in = 1, .attr = &one},
    {.in = {{4, {2, 7, 5, 31}}}, .n_in = 1, .attr = &halves, .fill = GZ_FILL_INTEGER},
    {.in = {{4, {1, 7, 5, 33}}}, .n_in = 1, .attr = &halves_same, .fill = GZ_FILL_INTEGER},
    {.in = {{4, {2, 13, 11, 65}}}, .n_in = 1, .attr = &thirds},
    {.in = {{4, {2, 31, 33, 32}}}, .n_in = 1, .attr = &overlapping, .fill = GZ_FILL_WIDE},
    {.in = {{4, {1, 8, 17, 63}}}, .n_in = 1, .attr = &dense, .fill = GZ_FILL_INTEGER},
    {.in = {{4, {3, 11, 13, 2}}}, .n_in = 1, .attr = &apart},
    {.in = {{4, {2, 9, 10, 64}}}, .n_in = 1, .attr = &apart_same},
    {.in = {{4, {2, 32, 1, 3}}}, .n_in = 1, .attr = &line},
    {.in = {{4, {64, 24, 24, 64}}}, .n_in = 1, .attr = &large, .heavy = true},
};

static const gz_case gradient_cases[] = {
    {.in = {{4, {1, 1, 1, 1}}}, .n_in = 1, .attr = &one},
    {.in = {{4, {2, 3, 2, 31}}}, .n_in = 1, .attr = &halves, .fill = GZ_FILL_INTEGER},
    {.in = {{4, {1, 4, 3, 33}}}, .n_in = 1, .attr = &halves_same, .fill = GZ_FILL_INTEGER},
    {.in = {{4, {2, 5, 4, 65}}}, .n_in = 1, .attr = &thirds},
    {.in = {{4, {2, 16, 17, 32}}}, .n_in = 1, .attr = &overlapping, .fill = GZ_FILL_WIDE},
    {.in = {{4, {1, 7, 14, 63}}}, .n_in = 1, .attr = &dense, .fill = GZ_FILL_INTEGER},
    {.in = {{4, {3, 4, 4, 2}}}, .n_in = 1, .attr = &apart},
    {.in = {{4, {2, 3, 4, 64}}}, .n_in = 1, .attr = &apart_same},
    {.in = {{4, {2, 16, 1, 3}}}, .n_in = 1, .attr = &line},
    {.in = {{4, {64, 12, 12, 64}}}, .n_in = 1, .attr = &large, .heavy = true},
};

const gz_op gz_op_average_pool2d = {
    .name = "average_pool2d",
    .n_out = 1,
    .attr_bytes = sizeof(gz_pool_attr),
    .infer = gz_pool_infer,
    .reference = reference,
    .prepare = prepare,
    .cost = gz_pool_cost,
    .gradient = gradient,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};

const gz_op gz_op_average_pool2d_gradient = {
    .name = "average_pool2d_gradient",
    .n_out = 1,
    .attr_bytes = sizeof(gz_pool_attr),
    .infer = gradient_infer,
    .reference = gradient_reference,
    .prepare = gradient_prepare,
    .cost = gz_pool_cost,
    .limit = gradient_limit,
    .cases = gradient_cases,
    .n_cases = sizeof gradient_cases / sizeof *gradient_cases,
};
