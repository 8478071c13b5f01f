/* add, multiply, scale: element by element over tensors of one shape. */
#include "ops.h"
#include "slabs.h"

static gaze_status infer_many(gz_graph *graph, gz_node *node)
{
    char found[96], expected[96];
    GZ_TRY(gz_op_expect_inputs(node, 2, GZ_MAX_INPUTS));
    const gz_shape shape = node->in[0]->shape;
    for (size_t i = 1; i < node->n_in; i++) {
        GZ_TRY(gz_op_expect_input(node, i));
        if (!gz_shape_equal(node->in[i]->shape, shape))
            return gz_op_fail(node, "input %zu has shape %s, expected %s as input 0", i,
                              gz_shape_text(node->in[i]->shape, found), gz_shape_text(shape, expected));
    }
    return gz_node_output(graph, node, 0, GZ_F32, shape);
}

static gaze_status scale_infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 1, 1));
    return gz_node_output(graph, node, 0, GZ_F32, node->in[0]->shape);
}

static size_t count_of(const gz_node *node) { return gz_shape_count(node->out[0]->shape); }

static void add_reference(const gz_node *node, double *const *in, double *const *out)
{
    for (size_t i = 0; i < count_of(node); i++) {
        double sum = 0;
        for (size_t k = 0; k < node->n_in; k++) sum += in[k][i];
        out[0][i] = sum;
    }
}

static void multiply_reference(const gz_node *node, double *const *in, double *const *out)
{
    for (size_t i = 0; i < count_of(node); i++) {
        double product = 1;
        for (size_t k = 0; k < node->n_in; k++) product *= in[k][i];
        out[0][i] = product;
    }
}

static double factor_of(const gz_node *node) { return ((const gz_factor_attr *)node->attr)->factor; }

static void scale_reference(const gz_node *node, double *const *in, double *const *out)
{
    for (size_t i = 0; i < count_of(node); i++) out[0][i] = factor_of(node) * in[0][i];
}

static void finish(gz_builder *builder, gz_launch *launch, const gz_tensor *y, size_t n_in)
{
    const size_t count = gz_shape_count(y->shape);
    gz_arg_int(launch, count);
    gz_launch_slabs_or_items(builder, launch, gz_slabs_of(builder, count, 4 * (n_in + 1), 64), count);
}

static void launch_many(gz_builder *builder, const gz_tensor *const *x, size_t n, const gz_tensor *y,
                        const char *slabs, const char *items)
{
    const char *kernel = gz_builder_family(builder) == GZ_FAMILY_CPU ? slabs : items;
    gz_launch *launch = gz_launch_add(builder, "elementwise", kernel, "-DINPUTS=%zu", n);
    for (size_t i = 0; i < n; i++) gz_arg_tensor(launch, x[i]);
    gz_arg_tensor(launch, y);
    finish(builder, launch, y, n);
}

void gz_add_launch(gz_builder *builder, const gz_tensor *const *x, size_t n, const gz_tensor *y)
{
    launch_many(builder, x, n, y, "add_slabs", "add_items");
}

static gaze_status add_prepare(const gz_node *node, gz_builder *builder)
{
    gz_add_launch(builder, (const gz_tensor *const *)node->in, node->n_in, node->out[0]);
    return gz_builder_status(builder);
}

void gz_multiply_launch(gz_builder *builder, const gz_tensor *const *x, size_t n, const gz_tensor *y)
{
    launch_many(builder, x, n, y, "multiply_slabs", "multiply_items");
}

static gaze_status multiply_prepare(const gz_node *node, gz_builder *builder)
{
    gz_multiply_launch(builder, (const gz_tensor *const *)node->in, node->n_in, node->out[0]);
    return gz_builder_status(builder);
}

static gaze_status scale_prepare(const gz_node *node, gz_builder *builder)
{
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    gz_launch *launch =
        gz_launch_add(builder, "elementwise", cpu ? "scale_slabs" : "scale_items", "-DINPUTS=2");
    gz_arg_tensor(launch, node->in[0]);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_float(launch, factor_of(node));
    finish(builder, launch, node->out[0], 1);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const double count = (double)count_of(node), n_in = (double)node->n_in;
    return (gz_cost){count * (n_in > 1 ? n_in - 1 : 1), 4 * count * (n_in + 1)};
}

static gaze_status add_gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout,
                                const bool *wanted, gz_tensor **din)
{
    (void)graph;
    for (size_t i = 0; i < node->n_in; i++)
        if (wanted[i]) din[i] = dout[0];
    return GAZE_OK;
}

/* d(abc)/da = bc */
static gaze_status multiply_gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout,
                                     const bool *wanted, gz_tensor **din)
{
    for (size_t i = 0; i < node->n_in; i++) {
        gz_tensor *factors[GZ_MAX_INPUTS];
        if (!wanted[i]) continue;
        for (size_t k = 0; k < node->n_in; k++) factors[k] = k == i ? dout[0] : node->in[k];
        GZ_TRY(gz_multiply_all(graph, factors, node->n_in, &din[i]));
    }
    return GAZE_OK;
}

static gaze_status scale_gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout,
                                  const bool *wanted, gz_tensor **din)
{
    (void)wanted;
    return gz_scale(graph, dout[0], factor_of(node), &din[0]);
}

/* Two terms or factors are rounded once. */
static gz_limit add_limit(const gz_node *node, size_t i)
{
    if (node->n_in == 2) return gz_limit_exact(node, i);
    return (gz_limit){GZ_SUM, (double)node->n_in};
}

static gz_limit multiply_limit(const gz_node *node, size_t i)
{
    if (node->n_in == 2) return gz_limit_exact(node, i);
    return (gz_limit){GZ_RELATIVE, (double)node->n_in};
}

static gz_limit scale_limit(const gz_node *node, size_t i)
{
    const double factor = factor_of(node);
    if ((double)(float)factor == factor) return gz_limit_exact(node, i);
    return (gz_limit){GZ_RELATIVE, 2};
}

gaze_status gz_add_all(gz_graph *g, gz_tensor *const *x, size_t n, gz_tensor **y)
{
    return gz_graph_node(g, &gz_op_add, NULL, 0, x, n, y, 1);
}

gaze_status gz_multiply_all(gz_graph *g, gz_tensor *const *x, size_t n, gz_tensor **y)
{
    return gz_graph_node(g, &gz_op_multiply, NULL, 0, x, n, y, 1);
}

gaze_status gz_scale(gz_graph *g, gz_tensor *x, double factor, gz_tensor **y)
{
    const gz_factor_attr attr = {factor};
    return gz_graph_node(g, &gz_op_scale, &attr, sizeof attr, &x, 1, y, 1);
}

static const gz_case many_cases[] = {
    {.in = {{1, {1}}, {1, {1}}}, .n_in = 2},
    {.in = {{2, {2, 31}}, {2, {2, 31}}}, .n_in = 2, .fill = GZ_FILL_WIDE},
    {.in = {{3, {1, 32, 33}}, {3, {1, 32, 33}}, {3, {1, 32, 33}}}, .n_in = 3},
    {.in = {{2, {63, 65}}, {2, {63, 65}}}, .n_in = 2, .fill = GZ_FILL_INTEGER},
    {.in = {{2, {1201, 1}}, {2, {1201, 1}}}, .n_in = 2, .fill = GZ_FILL_SPECIAL},
    {.in = {{1, {17}}, {1, {17}}, {1, {17}}, {1, {17}}}, .n_in = 4, .fill = GZ_FILL_WIDE},
    {.in = {{4, {2, 3, 5, 7}}, {4, {2, 3, 5, 7}}, {4, {2, 3, 5, 7}}, {4, {2, 3, 5, 7}}, {4, {2, 3, 5, 7}}},
     .n_in = 5},
    {.in = {{1, {64}}, {1, {64}}, {1, {64}}, {1, {64}}, {1, {64}}, {1, {64}}, {1, {64}}, {1, {64}}},
     .n_in = 8},
    {.in = {{4, {64, 26, 26, 32}}, {4, {64, 26, 26, 32}}}, .n_in = 2, .heavy = true},
};

static const gz_factor_attr one = {1}, minus_half = {-0.5}, third = {1.0 / 3}, zero = {0};
static const gz_case scale_cases[] = {
    {.in = {{1, {1}}}, .n_in = 1, .attr = &minus_half},
    {.in = {{1, {2}}}, .n_in = 1, .attr = &third},
    {.in = {{2, {31, 33}}}, .n_in = 1, .attr = &third, .fill = GZ_FILL_WIDE},
    {.in = {{2, {32, 64}}}, .n_in = 1, .attr = &one, .fill = GZ_FILL_INTEGER},
    {.in = {{3, {3, 1, 63}}}, .n_in = 1, .attr = &zero},
    {.in = {{2, {1201, 1}}}, .n_in = 1, .attr = &minus_half, .fill = GZ_FILL_SPECIAL},
    {.in = {{2, {1201, 1}}}, .n_in = 1, .attr = &third, .fill = GZ_FILL_SPECIAL},
    {.in = {{4, {2, 5, 7, 13}}}, .n_in = 1, .attr = &minus_half},
    {.in = {{4, {64, 26, 26, 32}}}, .n_in = 1, .attr = &third, .heavy = true},
};

enum { EVERY_INPUT = (1 << GZ_MAX_INPUTS) - 1 };

const gz_op gz_op_add = {.name = "add",
                         .n_out = 1,
                         .infer = infer_many,
                         .reference = add_reference,
                         .prepare = add_prepare,
                         .cost = cost,
                         .gradient = add_gradient,
                         .limit = add_limit,
                         .cases = many_cases,
                         .n_cases = sizeof many_cases / sizeof *many_cases,
                         .in_place = EVERY_INPUT};

const gz_op gz_op_multiply = {.name = "multiply",
                              .n_out = 1,
                              .infer = infer_many,
                              .reference = multiply_reference,
                              .prepare = multiply_prepare,
                              .cost = cost,
                              .gradient = multiply_gradient,
                              .limit = multiply_limit,
                              .cases = many_cases,
                              .n_cases = sizeof many_cases / sizeof *many_cases,
                              .in_place = EVERY_INPUT};

const gz_op gz_op_scale = {.name = "scale",
                           .n_out = 1,
                           .attr_bytes = sizeof(gz_factor_attr),
                           .infer = scale_infer,
                           .reference = scale_reference,
                           .prepare = scale_prepare,
                           .cost = cost,
                           .gradient = scale_gradient,
                           .limit = scale_limit,
                           .cases = scale_cases,
                           .n_cases = sizeof scale_cases / sizeof *scale_cases,
                           .in_place = 1};
