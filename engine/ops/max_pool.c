/* max_pool2d and its gradient. NaN is a window's maximum only where it comes first. */
#include "pool.h"
#include "slabs.h"

enum { X, DY };

/* Offset in the sample [H,W,C] of the first maximum of window (p,q), channel c. */
static size_t first_maximum(const gz_pool_size *s, const double *x, size_t p, size_t q, size_t c)
{
    size_t h0, h1, w0, w1;
    gz_pool_range(s, 0, p, &h0, &h1);
    gz_pool_range(s, 1, q, &w0, &w1);
    size_t best = (h0 * s->W + w0) * s->C + c;
    for (size_t h = h0; h < h1; h++)
        for (size_t w = w0; w < w1; w++) {
            const size_t at = (h * s->W + w) * s->C + c;
            if (x[at] > x[best]) best = at;
        }
    return best;
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    gz_pool_size s;
    if (gz_pool_size_of(node, node->in[X]->shape, &s) != GAZE_OK) return;
    double *y = out[0];
    for (size_t b = 0; b < s.B; b++)
        for (size_t p = 0; p < s.P; p++)
            for (size_t q = 0; q < s.Q; q++)
                for (size_t c = 0; c < s.C; c++) {
                    const double *x = in[X] + b * s.H * s.W * s.C;
                    *y++ = x[first_maximum(&s, x, p, q, c)];
                }
}

static void gradient_reference(const gz_node *node, double *const *in, double *const *out)
{
    gz_pool_size s;
    if (gz_pool_size_of(node, node->in[X]->shape, &s) != GAZE_OK) return;
    const double *dy = in[DY];
    for (size_t i = 0; i < s.B * s.H * s.W * s.C; i++) out[0][i] = 0;
    for (size_t b = 0; b < s.B; b++)
        for (size_t p = 0; p < s.P; p++)
            for (size_t q = 0; q < s.Q; q++)
                for (size_t c = 0; c < s.C; c++) {
                    const size_t sample = b * s.H * s.W * s.C;
                    out[0][sample + first_maximum(&s, in[X] + sample, p, q, c)] += *dy++;
                }
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    return gz_pool_prepare(node, builder, "max_pool_slabs", "max_pool_items");
}

static const gz_window *window_of(const gz_node *node) { return &((const gz_pool_attr *)node->attr)->window; }

static bool overlap(const gz_window *w) { return w->stride[0] < w->size[0] || w->stride[1] < w->size[1]; }

static gaze_status gradient_infer(gz_graph *graph, gz_node *node)
{
    gz_pool_size s;
    char found[96], expected[96];
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    GZ_TRY(gz_op_expect_rank(node, X, 4));
    GZ_TRY(gz_pool_size_of(node, node->in[X]->shape, &s));
    const gz_shape y = GZ_SHAPE(s.B, s.P, s.Q, s.C);
    if (!gz_shape_equal(node->in[DY]->shape, y))
        return gz_op_fail(node, "gradient has shape %s, expected %s",
                          gz_shape_text(node->in[DY]->shape, found), gz_shape_text(y, expected));
    return gz_node_output(graph, node, 0, GZ_F32, node->in[X]->shape);
}

static gaze_status gradient_prepare(const gz_node *node, gz_builder *builder)
{
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU, apart = !overlap(window_of(node));
    const char *slabs = apart ? "max_pool_gradient_apart" : "max_pool_gradient_overlap";
    gz_pool_size s;
    GZ_TRY(gz_pool_size_of(node, node->in[X]->shape, &s));
    const size_t rows = s.B * (cpu && apart ? s.P : s.H);
    gz_launch *launch = gz_launch_add(builder, "pool", cpu ? slabs : "max_pool_gradient_items", "%s", "");
    gz_arg_tensor(launch, node->in[X]);
    gz_arg_tensor(launch, node->in[DY]);
    gz_arg_tensor(launch, node->out[0]);
    gz_pool_arguments(launch, &s);
    gz_arg_int(launch, rows);
    gz_launch_slabs_or_items(builder, launch, gz_slabs_of(builder, rows, 8 * s.B * s.H * s.W * s.C / rows, 1),
                             rows * s.W * s.C);
    return gz_builder_status(builder);
}

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    (void)wanted;
    return gz_max_pool2d_gradient(graph, node->in[X], dout[0], &((const gz_pool_attr *)node->attr)->window,
                                  &din[0]);
}

/* At most so many windows share a pixel. */
static gz_limit gradient_limit(const gz_node *node, size_t i)
{
    const gz_window *w = window_of(node);
    if (!overlap(w)) return gz_limit_exact(node, i);
    const size_t rows = (w->size[0] + w->stride[0] - 1) / w->stride[0],
                 columns = (w->size[1] + w->stride[1] - 1) / w->stride[1];
    return (gz_limit){GZ_SUM, (double)(rows * columns)};
}

/* The maxima are those of x, not of |x|, which is all that is given here: the bound is the sum of all windows
 * of a pixel. */
static void gradient_magnitude(const gz_node *node, double *const *in, double *const *out)
{
    gz_pool_size s;
    if (gz_pool_size_of(node, node->in[X]->shape, &s) != GAZE_OK) return;
    for (size_t i = 0; i < s.B * s.H * s.W * s.C; i++) out[0][i] = 0;
    for (size_t i = 0; i < s.B * s.P * s.Q * s.C; i++) {
        const size_t c = i % s.C, q = i / s.C % s.Q, p = i / s.C / s.Q % s.P, b = i / s.C / s.Q / s.P;
        size_t h0, h1, w0, w1;
        gz_pool_range(&s, 0, p, &h0, &h1);
        gz_pool_range(&s, 1, q, &w0, &w1);
        for (size_t h = h0; h < h1; h++)
            for (size_t w = w0; w < w1; w++) out[0][((b * s.H + h) * s.W + w) * s.C + c] += in[DY][i];
    }
}

gaze_status gz_max_pool2d(gz_graph *g, gz_tensor *x, const gz_window *window, gz_tensor **y)
{
    const gz_pool_attr attr = {.window = *window};
    return gz_graph_node(g, &gz_op_max_pool2d, &attr, sizeof attr, &x, 1, y, 1);
}

gaze_status gz_max_pool2d_gradient(gz_graph *g, gz_tensor *x, gz_tensor *dy, const gz_window *window,
                                   gz_tensor **dx)
{
    const gz_pool_attr attr = {.window = *window};
    return gz_graph_node(g, &gz_op_max_pool2d_gradient, &attr, sizeof attr, (gz_tensor *[]){x, dy}, 2, dx, 1);
}

#define WINDOW(name, kh, kw, sy, sx, padding_) \
    static const gz_pool_attr name = {.window = {{kh, kw}, {sy, sx}, {1, 1}, padding_}}
WINDOW(one, 1, 1, 1, 1, GZ_VALID);
WINDOW(halves, 2, 2, 2, 2, GZ_VALID);
WINDOW(halves_same, 2, 2, 2, 2, GZ_SAME);
WINDOW(thirds, 3, 3, 3, 3, GZ_SAME);
WINDOW(overlapping, 3, 3, 2, 2, GZ_SAME);
WINDOW(dense, 3, 2, 1, 1, GZ_VALID);
WINDOW(apart, 2, 1, 3, 4, GZ_VALID);
WINDOW(apart_same, 2, 2, 3, 3, GZ_SAME);
WINDOW(line, 5, 1, 2, 1, GZ_SAME);
static const gz_case cases[] = {
    {.in = {{4, {1, 1, 1, 1}}}, .n_in = 1, .attr = &one},
    {.in = {{4, {2, 7, 5, 31}}}, .n_in = 1, .attr = &halves, .fill = GZ_FILL_INTEGER},
    {.in = {{4, {1, 7, 5, 33}}}, .n_in = 1, .attr = &halves_same, .fill = GZ_FILL_WIDE},
    {.in = {{4, {2, 13, 11, 65}}}, .n_in = 1, .attr = &thirds},
    {.in = {{4, {2, 31, 33, 32}}}, .n_in = 1, .attr = &overlapping, .fill = GZ_FILL_INTEGER},
    {.in = {{4, {1, 8, 17, 63}}}, .n_in = 1, .attr = &dense},
    {.in = {{4, {3, 11, 13, 2}}}, .n_in = 1, .attr = &apart},
    {.in = {{4, {2, 9, 10, 64}}}, .n_in = 1, .attr = &apart_same},
    {.in = {{4, {2, 32, 1, 3}}}, .n_in = 1, .attr = &line},
    {.in = {{4, {64, 24, 24, 64}}}, .n_in = 1, .attr = &halves, .heavy = true},
};

static const gz_case gradient_cases[] = {
    {.in = {{4, {1, 1, 1, 1}}, {4, {1, 1, 1, 1}}}, .n_in = 2, .attr = &one},
    {.in = {{4, {2, 7, 5, 31}}, {4, {2, 3, 2, 31}}}, .n_in = 2, .attr = &halves, .fill = GZ_FILL_INTEGER},
    {.in = {{4, {1, 7, 5, 33}}, {4, {1, 4, 3, 33}}}, .n_in = 2, .attr = &halves_same, .fill = GZ_FILL_WIDE},
    {.in = {{4, {2, 13, 11, 65}}, {4, {2, 5, 4, 65}}}, .n_in = 2, .attr = &thirds},
    {.in = {{4, {2, 31, 33, 32}}, {4, {2, 16, 17, 32}}},
     .n_in = 2,
     .attr = &overlapping,
     .fill = GZ_FILL_INTEGER},
    {.in = {{4, {1, 8, 17, 63}}, {4, {1, 6, 16, 63}}}, .n_in = 2, .attr = &dense},
    {.in = {{4, {3, 11, 13, 2}}, {4, {3, 4, 4, 2}}}, .n_in = 2, .attr = &apart},
    {.in = {{4, {2, 9, 10, 64}}, {4, {2, 3, 4, 64}}}, .n_in = 2, .attr = &apart_same},
    {.in = {{4, {2, 32, 1, 3}}, {4, {2, 16, 1, 3}}}, .n_in = 2, .attr = &line, .fill = GZ_FILL_INTEGER},
    {.in = {{4, {64, 24, 24, 64}}, {4, {64, 12, 12, 64}}}, .n_in = 2, .attr = &halves, .heavy = true},
    {.in = {{4, {64, 24, 24, 64}}, {4, {64, 12, 12, 64}}}, .n_in = 2, .attr = &overlapping, .heavy = true},
};

const gz_op gz_op_max_pool2d = {
    .name = "max_pool2d",
    .n_out = 1,
    .attr_bytes = sizeof(gz_pool_attr),
    .infer = gz_pool_infer,
    .reference = reference,
    .prepare = prepare,
    .cost = gz_pool_cost,
    .gradient = gradient,
    .limit = gz_limit_exact,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};

const gz_op gz_op_max_pool2d_gradient = {
    .name = "max_pool2d_gradient",
    .n_out = 1,
    .attr_bytes = sizeof(gz_pool_attr),
    .infer = gradient_infer,
    .reference = gradient_reference,
    .prepare = gradient_prepare,
    .cost = gz_pool_cost,
    .limit = gradient_limit,
    .magnitude = gradient_magnitude,
    .cases = gradient_cases,
    .n_cases = sizeof gradient_cases / sizeof *gradient_cases,
};
