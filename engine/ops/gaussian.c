/* Weights times a Gaussian around a real position in the row: y[n] = a[n] exp(-(n - p)^2 / (2 deviation^2)).
 */
#include "group_gpu.h"
#include "rows.h"

#include <math.h>

enum { A, P };               /* gaussian */
enum { Y, DY, CENTER };      /* gaussian_center */
enum { ROWS_FLOATS = 4096 }; /* of a group */

static const gz_gaussian_attr *attr_of(const gz_node *node) { return node->attr; }
static double narrow_of(const gz_node *node)
{
    return 1 / (2 * attr_of(node)->deviation * attr_of(node)->deviation);
}
static size_t rows_of(const gz_node *node) { return gz_shape_rows(node->in[0]->shape); }
static size_t keys_of(const gz_node *node) { return gz_shape_last(node->in[0]->shape); }

static gaze_status expect_centers(const gz_node *node, size_t i)
{
    char text[2][96];
    gz_shape rows = node->in[0]->shape;
    if (rows.rank) rows.rank--;
    if (!gz_shape_equal(node->in[i]->shape, rows))
        return gz_op_fail(node, "centers have shape %s, expected one a row of %s",
                          gz_shape_text(node->in[i]->shape, text[0]),
                          gz_shape_text(node->in[0]->shape, text[1]));
    if (!(attr_of(node)->deviation > 0))
        return gz_op_fail(node, "found deviation %g, expected more than 0", attr_of(node)->deviation);
    return GAZE_OK;
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    GZ_TRY(expect_centers(node, P));
    return gz_node_output(graph, node, 0, GZ_F32, node->in[A]->shape);
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t N = keys_of(node);
    for (size_t at = 0; at < rows_of(node) * N; at++) {
        const double far = (double)(at % N) - in[P][at / N];
        out[0][at] = in[A][at] * exp(-narrow_of(node) * far * far);
    }
}

/* items: of the plain kernel; 0: by groups */
static gaze_status prepare(const gz_node *node, gz_builder *builder, gz_launch *launch, size_t items)
{
    const size_t R = rows_of(node), N = keys_of(node);
    for (size_t i = 0; i < node->n_in; i++) gz_arg_tensor(launch, node->in[i]);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_int(launch, R);
    gz_arg_int(launch, N);
    gz_arg_float(launch, narrow_of(node));
    if (!items) {
        gz_launch_group_rows(builder, launch, R, N);
    } else if (gz_builder_family(builder) == GZ_FAMILY_CPU) {
        const size_t rows = ROWS_FLOATS / N + 1;
        gz_arg_int(launch, rows);
        gz_launch_groups(launch, (R + rows - 1) / rows, 1, 1, 1, 1, 1);
    } else {
        gz_launch_items(launch, items);
    }
    return gz_builder_status(builder);
}

static gaze_status prepare_gaussian(const gz_node *node, gz_builder *builder)
{
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    gz_launch *launch = gz_launch_add(builder, "gaussian", cpu ? "gaussian" : "gaussian_plain", "");
    return prepare(node, builder, launch, rows_of(node) * keys_of(node));
}

static gz_cost cost(const gz_node *node)
{
    return gz_rows_cost(node, 20 * (double)gz_shape_count(node->in[0]->shape));
}

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    const gz_gaussian_attr *attr = attr_of(node);
    if (wanted[A]) GZ_TRY(gz_gaussian(graph, dout[0], node->in[P], attr->deviation, &din[A]));
    if (!wanted[P]) return GAZE_OK;
    return gz_graph_node(graph, &gz_op_gaussian_center, attr, sizeof *attr,
                         (gz_tensor *[]){node->out[0], dout[0], node->in[P]}, 3, &din[P], 1);
}

/* A rounding of the exponent e changes the result by e times as much. */
static void magnitude(const gz_node *node, double *const *in, double *const *out)
{
    const size_t N = keys_of(node);
    for (size_t at = 0; at < rows_of(node) * N; at++) {
        const double far = (double)(at % N) - in[P][at / N], exponent = narrow_of(node) * far * far;
        out[0][at] = in[A][at] * exp(-exponent) * (1 + exponent);
    }
}

static gz_limit limit(const gz_node *node, size_t i)
{
    (void)node, (void)i;
    return (gz_limit){GZ_SUM, 6};
}

static gaze_status infer_center(gz_graph *graph, gz_node *node)
{
    char text[2][96];
    GZ_TRY(gz_op_expect_inputs(node, 3, 3));
    if (!gz_shape_equal(node->in[Y]->shape, node->in[DY]->shape))
        return gz_op_fail(node, "output has shape %s and its gradient %s, expected the same",
                          gz_shape_text(node->in[Y]->shape, text[0]),
                          gz_shape_text(node->in[DY]->shape, text[1]));
    GZ_TRY(expect_centers(node, CENTER));
    return gz_node_output(graph, node, 0, GZ_F32, node->in[CENTER]->shape);
}

static void reference_center(const gz_node *node, double *const *in, double *const *out)
{
    const size_t N = keys_of(node);
    for (size_t r = 0; r < rows_of(node); r++) {
        double sum = 0;
        for (size_t n = 0; n < N; n++)
            sum += in[Y][r * N + n] * in[DY][r * N + n] * ((double)n - in[CENTER][r]);
        out[0][r] = 2 * narrow_of(node) * sum;
    }
}

/* n - p is as large as n + |p|. */
static void magnitude_center(const gz_node *node, double *const *in, double *const *out)
{
    const size_t N = keys_of(node);
    for (size_t r = 0; r < rows_of(node); r++) {
        double sum = 0;
        for (size_t n = 0; n < N; n++)
            sum += in[Y][r * N + n] * in[DY][r * N + n] * ((double)n + in[CENTER][r]);
        out[0][r] = 2 * narrow_of(node) * sum;
    }
}

static gaze_status prepare_center(const gz_node *node, gz_builder *builder)
{
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    if (gz_builder_is_gpu(builder))
        return prepare(node, builder, gz_launch_add(builder, "rows_gpu", "gaussian_center_group", "%s", ""),
                       0);
    gz_launch *launch =
        gz_launch_add(builder, "gaussian", cpu ? "gaussian_center" : "gaussian_center_plain", "");
    return prepare(node, builder, launch, rows_of(node));
}

static gz_limit limit_center(const gz_node *node, size_t i)
{
    (void)i;
    return (gz_limit){GZ_SUM, (double)keys_of(node) + 5};
}

gaze_status gz_gaussian(gz_graph *g, gz_tensor *a, gz_tensor *p, double deviation, gz_tensor **y)
{
    const gz_gaussian_attr attr = {deviation};
    return gz_graph_node(g, &gz_op_gaussian, &attr, sizeof attr, (gz_tensor *[]){a, p}, 2, y, 1);
}

static const gz_gaussian_attr one = {1}, wide = {10}, half = {0.5};
static const gz_case cases[] = {
    {.in = {{2, {1, 1}}, {1, {1}}}, .n_in = 2, .attr = &one},
    {.in = {{3, {2, 7, 31}}, {2, {2, 7}}}, .n_in = 2, .attr = &wide},
    {.in = {{3, {2, 5, 33}}, {2, {2, 5}}}, .n_in = 2, .attr = &half, .fill_of = {0, GZ_FILL_INTEGER}},
    {.in = {{3, {65, 3, 65}}, {2, {65, 3}}}, .n_in = 2, .attr = &wide, .fill_of = {0, GZ_FILL_WIDE}},
};
static const gz_case center_cases[] = {
    {.in = {{2, {1, 1}}, {2, {1, 1}}, {1, {1}}}, .n_in = 3, .attr = &one},
    {.in = {{3, {2, 7, 31}}, {3, {2, 7, 31}}, {2, {2, 7}}}, .n_in = 3, .attr = &wide},
    {.in = {{3, {2, 5, 33}}, {3, {2, 5, 33}}, {2, {2, 5}}}, .n_in = 3, .attr = &one, .fill = GZ_FILL_INTEGER},
    {.in = {{3, {65, 3, 65}}, {3, {65, 3, 65}}, {2, {65, 3}}},
     .n_in = 3,
     .attr = &half,
     .fill_of = {0, 0, GZ_FILL_WIDE}},
};

const gz_op gz_op_gaussian = {
    .name = "gaussian",
    .n_out = 1,
    .attr_bytes = sizeof(gz_gaussian_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare_gaussian,
    .cost = cost,
    .gradient = gradient,
    .limit = limit,
    .magnitude = magnitude,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
    .in_place = 1,
};

const gz_op gz_op_gaussian_center = {
    .name = "gaussian_center",
    .n_out = 1,
    .attr_bytes = sizeof(gz_gaussian_attr),
    .infer = infer_center,
    .reference = reference_center,
    .prepare = prepare_center,
    .cost = cost,
    .limit = limit_center,
    .magnitude = magnitude_center,
    .cases = center_cases,
    .n_cases = sizeof center_cases / sizeof *center_cases,
};
