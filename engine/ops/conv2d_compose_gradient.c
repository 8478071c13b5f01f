/* The gradients of the two kernels, and of the first bias, of which conv2d_compose made one kernel y: from
   dy, and dy_bias where there is one. */
#include "conv2d_compose.h"

enum { A, B, DY, A_BIAS, DY_BIAS };
enum { DA, DB, DA_BIAS };

static gz_compose_size size_of(const gz_node *node)
{
    return gz_compose_size_of(node->in[A]->shape, node->in[B]->shape);
}

static bool with_bias(const gz_node *node) { return node->n_in > DY_BIAS && node->in[DY_BIAS]; }

static gaze_status expect(const gz_node *node, size_t i, const char *what, gz_shape expected)
{
    char found_text[96], text[96];
    if (node->in[i] && gz_shape_equal(node->in[i]->shape, expected)) return GAZE_OK;
    return gz_op_fail(node, "%s has shape %s, expected %s", what,
                      node->in[i] ? gz_shape_text(node->in[i]->shape, found_text) : "none",
                      gz_shape_text(expected, text));
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 3, 5));
    GZ_TRY(gz_op_expect_rank(node, A, 4));
    GZ_TRY(gz_op_expect_rank(node, B, 4));
    const gz_compose_size z = size_of(node);
    GZ_TRY(expect(node, B, "the second kernel", GZ_SHAPE(z.b[0], z.b[1], z.M, z.O)));
    GZ_TRY(expect(node, DY, "dy", GZ_SHAPE(z.y[0], z.y[1], z.C, z.O)));
    if (with_bias(node)) {
        GZ_TRY(expect(node, A_BIAS, "the first bias", GZ_SHAPE(z.M)));
        GZ_TRY(expect(node, DY_BIAS, "the gradient of the bias", GZ_SHAPE(z.O)));
    }
    node->n_out = with_bias(node) ? 3 : 2;
    GZ_TRY(gz_node_output(graph, node, DA, GZ_F32, node->in[A]->shape));
    GZ_TRY(gz_node_output(graph, node, DB, GZ_F32, node->in[B]->shape));
    return with_bias(node) ? gz_node_output(graph, node, DA_BIAS, GZ_F32, GZ_SHAPE(z.M)) : GAZE_OK;
}

/* The transpose of conv2d_compose's sum. */
static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_compose_size z = size_of(node);
    const bool bias = with_bias(node);
    for (size_t i = 0; i < z.a[0] * z.a[1] * z.C * z.M; i++) out[DA][i] = 0;
    for (size_t m = 0; bias && m < z.M; m++) out[DA_BIAS][m] = 0;
    for (size_t st = 0; st < z.b[0] * z.b[1]; st++)
        for (size_t m = 0; m < z.M; m++)
            for (size_t o = 0; o < z.O; o++) {
                const size_t at = (st * z.M + m) * z.O + o;
                double *db = &out[DB][at];
                *db = bias ? in[A_BIAS][m] * in[DY_BIAS][o] : 0;
                if (bias) out[DA_BIAS][m] += in[B][at] * in[DY_BIAS][o];
                for (size_t ij = 0; ij < z.a[0] * z.a[1]; ij++) {
                    const size_t tap = (ij / z.a[1] + st / z.b[1]) * z.y[1] + ij % z.a[1] + st % z.b[1];
                    for (size_t c = 0; c < z.C; c++) {
                        const double dy = in[DY][(tap * z.C + c) * z.O + o];
                        *db += in[A][(ij * z.C + c) * z.M + m] * dy;
                        out[DA][(ij * z.C + c) * z.M + m] += in[B][at] * dy;
                    }
                }
            }
}

static void launch_a(const gz_node *node, gz_builder *builder, const gz_compose_size *z, bool vectors)
{
    gz_launch *launch = gz_launch_add(builder, "conv2d_compose_gradient",
                                      vectors ? "conv2d_compose_a" : "conv2d_compose_a_items", "%s", "");
    const size_t taps = z->a[0] * z->a[1], biases = with_bias(node);
    gz_arg_tensor(launch, node->in[B]);
    gz_arg_tensor(launch, node->in[DY]);
    gz_arg_tensor(launch, biases ? node->in[DY_BIAS] : NULL);
    gz_arg_tensor(launch, node->out[DA]);
    gz_arg_tensor(launch, biases ? node->out[DA_BIAS] : NULL);
    gz_compose_arg_size(launch, z);
    if (vectors)
        gz_launch_groups(launch, taps + biases, z->C, 1, 1, 1, 1);
    else
        gz_launch_items(launch, (taps * z->C + biases) * z->M);
}

static void launch_b(const gz_node *node, gz_builder *builder, const gz_compose_size *z, bool vectors)
{
    gz_launch *launch = gz_launch_add(builder, "conv2d_compose_gradient",
                                      vectors ? "conv2d_compose_b" : "conv2d_compose_b_items", "%s", "");
    const size_t taps = z->b[0] * z->b[1];
    const bool bias = with_bias(node);
    gz_arg_tensor(launch, node->in[A]);
    gz_arg_tensor(launch, bias ? node->in[A_BIAS] : NULL);
    gz_arg_tensor(launch, node->in[DY]);
    gz_arg_tensor(launch, bias ? node->in[DY_BIAS] : NULL);
    gz_arg_tensor(launch, node->out[DB]);
    gz_compose_arg_size(launch, z);
    if (vectors)
        gz_launch_groups(launch, taps, z->M, 1, 1, 1, 1);
    else
        gz_launch_items(launch, taps * z->M * z->O);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const gz_compose_size size = size_of(node);
    const bool vectors = gz_compose_by_vectors(builder, &size);
    launch_a(node, builder, &size, vectors);
    launch_b(node, builder, &size, vectors);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const gz_compose_size z = size_of(node);
    double values = 0;
    for (size_t i = A; i <= DY; i++) values += (double)gz_shape_count(node->in[i]->shape);
    return (gz_cost){2 * gz_compose_flop(&z), 4 * 2 * values};
}

static gz_limit limit(const gz_node *node, size_t i)
{
    const gz_compose_size z = size_of(node);
    const size_t terms[] = {z.b[0] * z.b[1] * z.O, z.a[0] * z.a[1] * z.C + 1, z.b[0] * z.b[1] * z.O};
    return (gz_limit){GZ_SUM, (double)terms[i]};
}

#define CASE(ah, aw, bh, bw, C, M, O, BIAS, FILL, HEAVY)  \
    {                                                     \
        .in = {{4, {ah, aw, C, M}},                       \
               {4, {bh, bw, M, O}},                       \
               {4, {(ah) + (bh)-1, (aw) + (bw)-1, C, O}}, \
               {BIAS ? 1 : GZ_ABSENT, {M}},               \
               {BIAS ? 1 : GZ_ABSENT, {O}}},              \
        .n_in = 5, .fill = GZ_FILL_##FILL, .heavy = HEAVY \
    }
static const gz_case cases[] = {
    CASE(1, 1, 1, 1, 1, 1, 1, false, INTEGER, false),  CASE(3, 3, 3, 3, 1, 2, 3, true, INTEGER, false),
    CASE(1, 4, 3, 2, 2, 5, 7, true, INTEGER, false),   CASE(3, 3, 1, 1, 3, 31, 16, true, UNIFORM, false),
    CASE(2, 5, 3, 1, 2, 17, 33, true, UNIFORM, false), CASE(5, 1, 4, 4, 1, 8, 65, false, INTEGER, false),
    CASE(3, 3, 3, 3, 1, 32, 64, true, UNIFORM, true),  CASE(7, 7, 3, 3, 3, 64, 70, true, UNIFORM, true),
};

const gz_op gz_op_conv2d_compose_gradient = {
    .name = "conv2d_compose_gradient",
    .n_out = 3,
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
