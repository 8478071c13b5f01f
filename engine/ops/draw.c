/* draw: one value of each row, with the probability that the row gives it; the row of y is 1 there and 0
   elsewhere. Where the row is all zeros nothing is drawn. */
#include "ops.h"
#include "slabs.h"
#include "../base/philox.h"

enum { A, STEP };

static const gz_draw_one_attr *attr_of(const gz_node *node) { return node->attr; }
static size_t rows_of(const gz_node *node) { return gz_shape_rows(node->in[A]->shape); }
static size_t values_of(const gz_node *node) { return gz_shape_last(node->in[A]->shape); }

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char text[96];
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    if (node->in[STEP]->dtype != GZ_I32 || gz_shape_count(node->in[STEP]->shape) != 4)
        return gz_op_fail(node, "step has shape %s, expected int32 [4]",
                          gz_shape_text(node->in[STEP]->shape, text));
    return gz_node_output(graph, node, 0, GZ_F32, node->in[A]->shape);
}

/* The first value at which the sum passes `limit`; the last that is possible where rounding lets none. */
static size_t drawn(const double *a, size_t N, double uniform)
{
    double total = 0, sum = 0;
    size_t at = N;
    for (size_t n = 0; n < N; n++) total += a[n];
    for (size_t n = 0; n < N && (at == N || sum <= uniform * total); n++) {
        sum += a[n];
        if (a[n] > 0) at = n;
    }
    return at;
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_key key = {{attr_of(node)->key[0], attr_of(node)->key[1]}};
    const uint32_t step = (uint32_t)(int32_t)in[STEP][0];
    const size_t N = values_of(node);
    for (size_t b = 0; b < rows_of(node); b++) {
        const size_t at = drawn(in[A] + b * N, N, gz_random_uniform(key, step, b));
        for (size_t n = 0; n < N; n++) out[0][b * N + n] = n == at;
    }
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const size_t R = rows_of(node), N = values_of(node);
    const size_t rows =
        gz_builder_family(builder) == GZ_FAMILY_CPU ? gz_slabs_of(builder, R, 12 * N, 1).units : 1;
    gz_launch *launch = gz_launch_add(builder, "draw", "draw", "");
    gz_arg_tensor(launch, node->in[A]);
    gz_arg_tensor(launch, node->in[STEP]);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_signed(launch, (int)attr_of(node)->key[0]);
    gz_arg_signed(launch, (int)attr_of(node)->key[1]);
    gz_arg_int(launch, R);
    gz_arg_int(launch, N);
    gz_arg_int(launch, rows);
    gz_launch_items(launch, (R + rows - 1) / rows);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const double count = (double)gz_shape_count(node->in[A]->shape);
    return (gz_cost){2 * count, 12 * count};
}

/* The choice has no slope: what it teaches comes from gz_reinforce. */
static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    (void)graph, (void)node, (void)dout, (void)wanted, (void)din;
    return GAZE_OK;
}

gaze_status gz_draw_one(gz_graph *g, gz_tensor *a, gz_tensor *step, const uint32_t key[2], gz_tensor **y)
{
    const gz_draw_one_attr attr = {{key[0], key[1]}};
    return gz_graph_node(g, &gz_op_draw, &attr, sizeof attr, (gz_tensor *[]){a, step}, 2, y, 1);
}

static const gz_draw_one_attr one = {{1, 2}}, other = {{0xFFFFFFFF, 0x80000000}};
#define DRAW(ATTR, FILL, R, N)                                                                            \
    {                                                                                                     \
        .in = {{2, {R, N}}, {1, {4}}}, .n_in = 2, .attr = &ATTR, .fill = FILL, .dtype = {GZ_F32, GZ_I32}, \
        .index_limit = 1000                                                                               \
    }
static const gz_case cases[] = {
    DRAW(one, GZ_FILL_POSITIVE, 1, 1),    DRAW(one, GZ_FILL_POSITIVE, 2, 31),
    DRAW(other, GZ_FILL_POSITIVE, 33, 2), DRAW(other, GZ_FILL_POSITIVE, 65, 65),
    DRAW(one, GZ_FILL_POSITIVE, 5, 1031),
};

const gz_op gz_op_draw = {
    .name = "draw",
    .n_out = 1,
    .attr_bytes = sizeof(gz_draw_one_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .gradient = gradient,
    .limit = gz_limit_exact,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
