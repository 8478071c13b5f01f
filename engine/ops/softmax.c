/* softmax over the last axis: x [...,N], mask int32 [...,N], or [B,N] with x [B,...,N], or none -> y. Keys
   with mask 0 get 0; a row without keys is all zeros. */
#include "../graph/builder.h"
#include "ops.h"

#include <math.h>

enum { X, MASK };

static const gz_tensor *mask_of(const gz_node *node) { return node->n_in > MASK ? node->in[MASK] : NULL; }
static size_t rows_of(const gz_node *node) { return gz_shape_rows(node->in[X]->shape); }
static size_t keys_of(const gz_node *node) { return gz_shape_last(node->in[X]->shape); }

/* Rows of x that one row of the mask is for. */
static size_t mask_rows(const gz_node *node)
{
    return mask_of(node) ? rows_of(node) / gz_shape_rows(mask_of(node)->shape) : 1;
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char text[2][96];
    GZ_TRY(gz_op_expect_inputs(node, 1, 2));
    const gz_shape x = node->in[X]->shape;
    if (mask_of(node)) {
        const gz_shape mask = mask_of(node)->shape;
        const bool by_sample =
            mask.rank == 2 && x.rank >= 2 && mask.dim[0] == x.dim[0] && mask.dim[1] == gz_shape_last(x);
        if (!gz_shape_equal(mask, x) && !by_sample)
            return gz_op_fail(node, "mask has shape %s, expected %s or [batch,%zu]",
                              gz_shape_text(mask, text[0]), gz_shape_text(x, text[1]), gz_shape_last(x));
        if (mask_of(node)->dtype != GZ_I32) return gz_op_fail(node, "mask is float32, expected int32");
    }
    return gz_node_output(graph, node, 0, GZ_F32, x);
}

/* mask: of this row, or NULL */
static void reference_row(const double *x, const double *mask, double *y, size_t N)
{
    double top = -INFINITY, sum = 0;
    for (size_t n = 0; n < N; n++)
        if (!mask || mask[n] != 0) top = fmax(top, x[n]);
    for (size_t n = 0; n < N; n++) {
        y[n] = !mask || mask[n] != 0 ? exp(x[n] - top) : 0;
        sum += y[n];
    }
    for (size_t n = 0; n < N; n++)
        if (!mask || mask[n] != 0) y[n] /= sum;
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t R = rows_of(node), N = keys_of(node);
    for (size_t r = 0; r < R; r++)
        reference_row(in[X] + r * N, mask_of(node) ? in[MASK] + r / mask_rows(node) * N : NULL,
                      out[0] + r * N, N);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const size_t R = rows_of(node), N = keys_of(node);
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    gz_launch *launch = gz_launch_add(builder, "softmax", cpu ? "softmax" : "softmax_plain", "");
    gz_arg_tensor(launch, node->in[X]);
    gz_arg_tensor(launch, mask_of(node));
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_int(launch, R);
    gz_arg_int(launch, N);
    gz_arg_int(launch, mask_rows(node));
    if (cpu) {
        const size_t rows = 2048 / N + 1;
        gz_arg_int(launch, rows);
        gz_launch_groups(launch, (R + rows - 1) / rows, 1, 1, 1, 1, 1);
    } else {
        gz_launch_items(launch, R);
    }
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const double n = (double)rows_of(node) * (double)keys_of(node);
    return (gz_cost){5 * n, 8 * n};
}

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    if (!dout[0] || !wanted[X]) return GAZE_OK;
    return gz_softmax_gradient(graph, node->out[0], dout[0], &din[X]);
}

/* verification.md: 10 eps */
static gz_limit limit(const gz_node *node, size_t i)
{
    (void)node;
    (void)i;
    return (gz_limit){GZ_RELATIVE, 10};
}

#define CASE(FILL, R, N)                                               \
    {                                                                  \
        .in = {{2, {R, N}}, {GZ_ABSENT, {0}}}, .n_in = 2, .fill = FILL \
    }
#define MASKED(FILL, ...)                                                                         \
    {                                                                                             \
        .in = {__VA_ARGS__}, .n_in = 2, .fill = FILL, .dtype = {GZ_F32, GZ_I32}, .index_limit = 2 \
    }

static const gz_case cases[] = {
    CASE(GZ_FILL_UNIFORM, 1, 1),
    CASE(GZ_FILL_UNIFORM, 3, 2),
    CASE(GZ_FILL_UNIFORM, 64, 10),
    CASE(GZ_FILL_WIDE, 5, 31),
    CASE(GZ_FILL_WIDE, 2, 32),
    CASE(GZ_FILL_INTEGER, 7, 33),
    CASE(GZ_FILL_UNIFORM, 64, 144),
    CASE(GZ_FILL_WIDE, 3, 1031),
    CASE(GZ_FILL_UNIFORM, 2, 9216),
    {.in = {{4, {2, 3, 5, 17}}, {GZ_ABSENT, {0}}}, .n_in = 2, .fill = GZ_FILL_WIDE},
    MASKED(GZ_FILL_UNIFORM, {2, {65, 1}}, {2, {65, 1}}),
    MASKED(GZ_FILL_WIDE, {2, {64, 3}}, {2, {64, 3}}),
    MASKED(GZ_FILL_WIDE, {3, {2, 5, 63}}, {3, {2, 5, 63}}),
    MASKED(GZ_FILL_UNIFORM, {4, {3, 2, 5, 37}}, {2, {3, 37}}),
};

const gz_op gz_op_softmax = {
    .name = "softmax",
    .n_out = 1,
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .gradient = gradient,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};

gaze_status gz_softmax(gz_graph *g, gz_tensor *x, gz_tensor *mask, gz_tensor **y)
{
    return gz_graph_node(g, &gz_op_softmax, NULL, 0, (gz_tensor *[]){x, mask}, 2, y, 1);
}
