/* Ops that move whole steps of sequences [B,T,D]: shift_time, reverse_time, after_first. */
#include "ops.h"
#include "slabs.h"

enum { X, OTHER };

static const gz_time_attr *attr_of(const gz_node *node) { return node->attr; }
static const gz_tensor *other_of(const gz_node *node) { return node->n_in > OTHER ? node->in[OTHER] : NULL; }

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 1, 2));
    GZ_TRY(gz_op_expect_rank(node, X, 3));
    return gz_node_output(graph, node, 0, GZ_F32, node->in[X]->shape);
}

static gaze_status shift_infer(gz_graph *graph, gz_node *node)
{
    char found[96];
    GZ_TRY(infer(graph, node));
    const gz_shape x = node->in[X]->shape;
    if (!other_of(node) || gz_shape_equal(other_of(node)->shape, GZ_SHAPE(x.dim[0], x.dim[2])))
        return GAZE_OK;
    return gz_op_fail(node, "the first step has shape %s, expected [%zu,%zu]",
                      gz_shape_text(other_of(node)->shape, found), x.dim[0], x.dim[2]);
}

static gaze_status after_first_infer(gz_graph *graph, gz_node *node)
{
    char found[96];
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    GZ_TRY(infer(graph, node));
    const gz_shape x = node->in[X]->shape;
    if (node->in[OTHER]->dtype == GZ_I32 &&
        gz_shape_equal(node->in[OTHER]->shape, GZ_SHAPE(x.dim[0], x.dim[1])))
        return GAZE_OK;
    return gz_op_fail(node, "mask has shape %s, expected int32 [%zu,%zu]",
                      gz_shape_text(node->in[OTHER]->shape, found), x.dim[0], x.dim[1]);
}

/* y_t = x_from, or `instead`, or zeros. */
static void set_step(const double *from, double *y, size_t D)
{
    for (size_t d = 0; d < D; d++) y[d] = from ? from[d] : 0;
}

static void shift_reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t B = node->in[X]->shape.dim[0], T = node->in[X]->shape.dim[1], D = node->in[X]->shape.dim[2];
    for (size_t b = 0; b < B; b++)
        for (size_t s = 0; s < T; s++) { /* s counts in the order of work */
            const bool back = attr_of(node)->backwards;
            const size_t t = back ? T - 1 - s : s, before = back ? t + 1 : t - 1;
            const double *first = other_of(node) ? in[OTHER] + b * D : NULL;
            set_step(s ? in[X] + (b * T + before) * D : first, out[0] + (b * T + t) * D, D);
        }
}

static void reverse_reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t B = node->in[X]->shape.dim[0], T = node->in[X]->shape.dim[1], D = node->in[X]->shape.dim[2];
    for (size_t b = 0; b < B; b++)
        for (size_t t = 0; t < T; t++) set_step(in[X] + (b * T + T - 1 - t) * D, out[0] + (b * T + t) * D, D);
}

static void after_first_reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t B = node->in[X]->shape.dim[0], T = node->in[X]->shape.dim[1], D = node->in[X]->shape.dim[2];
    for (size_t b = 0; b < B; b++) {
        bool begun = false;
        for (size_t s = 0; s < T; s++) {
            const size_t at = b * T + (attr_of(node)->backwards ? T - 1 - s : s);
            begun |= in[OTHER][at] != 0;
            set_step(begun ? in[X] + at * D : NULL, out[0] + at * D, D);
        }
    }
}

/* Kernels <name> of the cpu family and <name>_plain. */
static gaze_status launch_steps(const gz_node *node, gz_builder *builder, const char *cpu_kernel,
                                const char *plain_kernel)
{
    const gz_shape x = node->in[X]->shape;
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    gz_launch *launch = gz_launch_add(builder, "time", cpu ? cpu_kernel : plain_kernel, "%s", "");
    gz_arg_tensor(launch, node->in[X]);
    gz_arg_tensor(launch, other_of(node));
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_int(launch, x.dim[0] * x.dim[1]);
    gz_arg_int(launch, x.dim[1]);
    gz_arg_int(launch, x.dim[2]);
    gz_arg_int(launch, attr_of(node)->backwards);
    gz_launch_slabs_or_items(builder, launch, gz_slabs_of(builder, x.dim[0] * x.dim[1], 8 * x.dim[2], 1),
                             gz_shape_count(x));
    return gz_builder_status(builder);
}

static gaze_status shift_prepare(const gz_node *node, gz_builder *builder)
{
    return launch_steps(node, builder, "shift_time_slabs", "shift_time_items");
}

static gaze_status reverse_prepare(const gz_node *node, gz_builder *builder)
{
    return launch_steps(node, builder, "reverse_time_slabs", "reverse_time_items");
}

static gaze_status after_first_prepare(const gz_node *node, gz_builder *builder)
{
    return launch_steps(node, builder, "after_first_slabs", "after_first_items");
}

static gz_cost cost(const gz_node *node)
{
    return (gz_cost){0, 8 * (double)gz_shape_count(node->out[0]->shape)};
}

static gaze_status shift_gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout,
                                  const bool *wanted, gz_tensor **din)
{
    const gz_shape x = node->in[X]->shape;
    const bool back = attr_of(node)->backwards;
    if (wanted[X]) GZ_TRY(gz_shift_time(graph, dout[0], NULL, !back, &din[X]));
    if (!other_of(node) || !wanted[OTHER]) return GAZE_OK;
    GZ_TRY(gz_slice(graph, dout[0], 1, back ? x.dim[1] - 1 : 0, 1, &din[OTHER]));
    return gz_graph_view(graph, din[OTHER], other_of(node)->shape, &din[OTHER]);
}

static gaze_status reverse_gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout,
                                    const bool *wanted, gz_tensor **din)
{
    (void)node, (void)wanted;
    return gz_reverse_time(graph, dout[0], &din[X]);
}

static gaze_status after_first_gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout,
                                        const bool *wanted, gz_tensor **din)
{
    (void)wanted;
    return gz_after_first(graph, dout[0], node->in[OTHER], attr_of(node)->backwards, &din[X]);
}

gaze_status gz_shift_time(gz_graph *g, gz_tensor *x, gz_tensor *first, bool backwards, gz_tensor **y)
{
    const gz_time_attr attr = {backwards};
    return gz_graph_node(g, &gz_op_shift_time, &attr, sizeof attr, (gz_tensor *[]){x, first}, 2, y, 1);
}

gaze_status gz_reverse_time(gz_graph *g, gz_tensor *x, gz_tensor **y)
{
    const gz_time_attr attr = {false};
    return gz_graph_node(g, &gz_op_reverse_time, &attr, sizeof attr, &x, 1, y, 1);
}

gaze_status gz_after_first(gz_graph *g, gz_tensor *x, gz_tensor *mask, bool backwards, gz_tensor **y)
{
    const gz_time_attr attr = {backwards};
    return gz_graph_node(g, &gz_op_after_first, &attr, sizeof attr, (gz_tensor *[]){x, mask}, 2, y, 1);
}

static const gz_time_attr forward = {false}, back = {true};
#define ALONE(ATTR, B, T, D)                                               \
    {                                                                      \
        .in = {{3, {B, T, D}}, {GZ_ABSENT, {0}}}, .n_in = 2, .attr = &ATTR \
    }
#define FROM(ATTR, B, T, D)                                           \
    {                                                                 \
        .in = {{3, {B, T, D}}, {2, {B, D}}}, .n_in = 2, .attr = &ATTR \
    }
#define SIMPLE(B, T, D)                                     \
    {                                                       \
        .in = {{3, {B, T, D}}}, .n_in = 1, .attr = &forward \
    }
#define MASKED(ATTR, B, T, D)                                                                     \
    {                                                                                             \
        .in = {{3, {B, T, D}}, {2, {B, T}}}, .n_in = 2, .attr = &ATTR, .dtype = {GZ_F32, GZ_I32}, \
        .index_limit = 2                                                                          \
    }

static const gz_case shift_cases[] = {ALONE(forward, 1, 1, 1),  FROM(forward, 1, 1, 3),
                                      ALONE(back, 2, 5, 33),    FROM(back, 3, 7, 65),
                                      ALONE(forward, 7, 2, 31), FROM(forward, 13, 50, 64)};
static const gz_case reverse_cases[] = {SIMPLE(1, 1, 1),    SIMPLE(2, 5, 33),  SIMPLE(3, 2, 65),
                                        SIMPLE(13, 50, 31), SIMPLE(5, 17, 64), SIMPLE(2, 257, 2)};
static const gz_case after_first_cases[] = {MASKED(forward, 1, 1, 1),  MASKED(forward, 7, 5, 33),
                                            MASKED(back, 19, 3, 65),   MASKED(back, 13, 50, 31),
                                            MASKED(forward, 3, 63, 2), MASKED(back, 2, 17, 32)};

#define OP(NAME, INFER, STEM)                                  \
    const gz_op gz_op_##NAME = {                               \
        .name = #NAME,                                         \
        .n_out = 1,                                            \
        .attr_bytes = sizeof(gz_time_attr),                    \
        .infer = INFER,                                        \
        .reference = STEM##_reference,                         \
        .prepare = STEM##_prepare,                             \
        .cost = cost,                                          \
        .gradient = STEM##_gradient,                           \
        .limit = gz_limit_exact,                               \
        .cases = STEM##_cases,                                 \
        .n_cases = sizeof STEM##_cases / sizeof *STEM##_cases, \
    };
OP(shift_time, shift_infer, shift)
OP(reverse_time, infer, reverse)
OP(after_first, after_first_infer, after_first)
