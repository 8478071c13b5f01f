/* The kernel, and the bias, of the one convolution that two in a row are. */
#include "conv2d_compose.h"

static const gz_tensor *input_of(const gz_node *node, size_t i)
{
    return i < node->n_in ? node->in[i] : NULL;
}

gz_compose_size gz_compose_size_of(gz_shape a, gz_shape b)
{
    gz_compose_size size = {.C = a.dim[2], .M = a.dim[3], .O = b.dim[3]};
    for (int axis = 0; axis < 2; axis++) {
        size.a[axis] = a.dim[axis];
        size.b[axis] = b.dim[axis];
        size.y[axis] = a.dim[axis] + b.dim[axis] - 1;
    }
    return size;
}

static gz_compose_size size_of(const gz_node *node)
{
    return gz_compose_size_of(node->in[GZ_COMPOSE_A]->shape, node->in[GZ_COMPOSE_B]->shape);
}

static gaze_status expect_bias(const gz_node *node, size_t i, const char *what, size_t count)
{
    char text[96];
    const gz_tensor *bias = input_of(node, i);
    if (!bias || gz_shape_equal(bias->shape, GZ_SHAPE(count))) return GAZE_OK;
    return gz_op_fail(node, "%s has shape %s, expected [%zu]", what, gz_shape_text(bias->shape, text), count);
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char text[96];
    GZ_TRY(gz_op_expect_inputs(node, 2, 4));
    GZ_TRY(gz_op_expect_rank(node, GZ_COMPOSE_A, 4));
    GZ_TRY(gz_op_expect_rank(node, GZ_COMPOSE_B, 4));
    const gz_compose_size size = size_of(node);
    const gz_shape b = node->in[GZ_COMPOSE_B]->shape;
    if (b.dim[2] != size.M)
        return gz_op_fail(node, "the second kernel has shape %s, expected [.,.,%zu,filters]",
                          gz_shape_text(b, text), size.M);
    GZ_TRY(expect_bias(node, GZ_COMPOSE_A_BIAS, "the first bias", size.M));
    GZ_TRY(expect_bias(node, GZ_COMPOSE_B_BIAS, "the second bias", size.O));
    node->n_out = input_of(node, GZ_COMPOSE_A_BIAS) ? 2 : 1;
    GZ_TRY(gz_node_output(graph, node, 0, GZ_F32, GZ_SHAPE(size.y[0], size.y[1], size.C, size.O)));
    return node->n_out == 1 ? GAZE_OK : gz_node_output(graph, node, 1, GZ_F32, GZ_SHAPE(size.O));
}

/* y [i+s,j+t,c,o] += a [i,j,c,m] b [s,t,m,o]; a_bias stands for every pixel. */
static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_compose_size z = size_of(node);
    const double *a = in[GZ_COMPOSE_A], *b = in[GZ_COMPOSE_B], *bias = in[GZ_COMPOSE_A_BIAS];
    const bool with_bias = node->n_out > 1;
    for (size_t i = 0; i < z.y[0] * z.y[1] * z.C * z.O; i++) out[0][i] = 0;
    for (size_t o = 0; with_bias && o < z.O; o++)
        out[1][o] = input_of(node, GZ_COMPOSE_B_BIAS) ? in[GZ_COMPOSE_B_BIAS][o] : 0;
    for (size_t st = 0; st < z.b[0] * z.b[1]; st++)
        for (size_t m = 0; m < z.M; m++)
            for (size_t o = 0; o < z.O; o++) {
                const double value = b[(st * z.M + m) * z.O + o];
                if (with_bias) out[1][o] += bias[m] * value;
                for (size_t ij = 0; ij < z.a[0] * z.a[1]; ij++) {
                    const size_t tap = (ij / z.a[1] + st / z.b[1]) * z.y[1] + ij % z.a[1] + st % z.b[1];
                    for (size_t c = 0; c < z.C; c++)
                        out[0][(tap * z.C + c) * z.O + o] += a[(ij * z.C + c) * z.M + m] * value;
                }
            }
}

void gz_compose_arg_size(gz_launch *launch, const gz_compose_size *z)
{
    const size_t list[] = {z->a[0], z->a[1], z->b[0], z->b[1], z->C, z->M, z->O};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) gz_arg_int(launch, list[i]);
}

bool gz_compose_by_vectors(gz_builder *builder, const gz_compose_size *size)
{
    return gz_builder_family(builder) == GZ_FAMILY_CPU && size->O >= gz_builder_device(builder)->vector_width;
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const gz_compose_size size = size_of(node);
    const bool vectors = gz_compose_by_vectors(builder, &size);
    const size_t taps = size.y[0] * size.y[1], biases = node->n_out > 1;
    gz_launch *launch = gz_launch_add(builder, "conv2d_compose",
                                      vectors ? "conv2d_compose" : "conv2d_compose_items", "%s", "");
    for (size_t i = GZ_COMPOSE_A; i <= GZ_COMPOSE_B_BIAS; i++) gz_arg_tensor(launch, input_of(node, i));
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_tensor(launch, biases ? node->out[1] : NULL);
    gz_compose_arg_size(launch, &size);
    if (vectors)
        gz_launch_groups(launch, taps + biases, size.C, 1, 1, 1, 1);
    else
        gz_launch_items(launch, (taps * size.C + biases) * size.O);
    return gz_builder_status(builder);
}

double gz_compose_flop(const gz_compose_size *z)
{
    return 2.0 * (double)(z->a[0] * z->a[1] * z->b[0] * z->b[1]) * (double)(z->C * z->M) * (double)z->O;
}

/* Work of a pixel, once for each tap: Winograd's convolution of 3x3 makes a quarter of the multiplications.
 */
bool gz_compose_pays(const gz_compose_size *z, size_t P, size_t Q)
{
    const double pixels = (double)P * (double)Q, one = (double)(z->y[0] * z->y[1] * z->C) * (double)z->O,
                 a = (double)(z->a[0] * z->a[1] * z->C) * (double)z->M,
                 b = (double)(z->b[0] * z->b[1] * z->M) * (double)z->O;
    return 4 * one <= a + b && gz_compose_flop(z) <= pixels * (a + b);
}

static gz_cost cost(const gz_node *node)
{
    const gz_compose_size z = size_of(node);
    const double a = (double)gz_shape_count(node->in[GZ_COMPOSE_A]->shape),
                 b = (double)gz_shape_count(node->in[GZ_COMPOSE_B]->shape),
                 y = (double)gz_shape_count(node->out[0]->shape);
    return (gz_cost){gz_compose_flop(&z), 4 * (a + b + y)};
}

/* b_bias is added to y_bias, and else nothing of it: their gradients are the same. */
static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    gz_tensor *dy_bias = node->n_out > 1 ? dout[1] : NULL, *made[3];
    if (wanted[GZ_COMPOSE_B_BIAS]) din[GZ_COMPOSE_B_BIAS] = dy_bias;
    if (!dout[0] || !(wanted[GZ_COMPOSE_A] || wanted[GZ_COMPOSE_B] || wanted[GZ_COMPOSE_A_BIAS]))
        return GAZE_OK;
    gz_tensor *in[] = {node->in[GZ_COMPOSE_A], node->in[GZ_COMPOSE_B], dout[0],
                       dy_bias ? node->in[GZ_COMPOSE_A_BIAS] : NULL, dy_bias};
    GZ_TRY(gz_graph_node(graph, &gz_op_conv2d_compose_gradient, NULL, 0, in, 5, made, dy_bias ? 3 : 2));
    if (wanted[GZ_COMPOSE_A]) din[GZ_COMPOSE_A] = made[0];
    if (wanted[GZ_COMPOSE_B]) din[GZ_COMPOSE_B] = made[1];
    if (dy_bias && wanted[GZ_COMPOSE_A_BIAS]) din[GZ_COMPOSE_A_BIAS] = made[2];
    return GAZE_OK;
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static gz_limit limit(const gz_node *node, size_t i)
{
    const gz_compose_size z = size_of(node);
    const size_t taps = i ? z.b[0] * z.b[1] : least(z.a[0], z.b[0]) * least(z.a[1], z.b[1]);
    return (gz_limit){GZ_SUM, (double)(taps * z.M + 1)};
}

#define CASE(ah, aw, bh, bw, C, M, O, BIASES, FILL, HEAVY) \
    {                                                      \
        .in = {{4, {ah, aw, C, M}},                        \
               {4, {bh, bw, M, O}},                        \
               {BIASES > 0 ? 1 : GZ_ABSENT, {M}},          \
               {BIASES > 1 ? 1 : GZ_ABSENT, {O}}},         \
        .n_in = 4, .fill = GZ_FILL_##FILL, .heavy = HEAVY  \
    }
static const gz_case cases[] = {
    CASE(1, 1, 1, 1, 1, 1, 1, 0, INTEGER, false),   CASE(3, 3, 3, 3, 1, 2, 3, 1, INTEGER, false),
    CASE(1, 4, 3, 2, 2, 5, 7, 2, INTEGER, false),   CASE(3, 3, 1, 1, 3, 31, 16, 2, UNIFORM, false),
    CASE(2, 5, 3, 1, 2, 17, 33, 1, UNIFORM, false), CASE(5, 1, 4, 4, 1, 8, 65, 2, INTEGER, false),
    CASE(3, 3, 3, 3, 1, 32, 64, 2, UNIFORM, true),  CASE(7, 7, 3, 3, 3, 64, 70, 0, UNIFORM, true),
};

const gz_op gz_op_conv2d_compose = {
    .name = "conv2d_compose",
    .n_out = 2,
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .gradient = gradient,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
