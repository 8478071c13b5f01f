/* A recurrent layer over all its steps: one work-group owns some samples from the first step to the last, so
   that nothing waits for anything. The products with the input were made before, all steps at once (dense).
 */
#include "recurrence_gpu.h"

#include <math.h>

enum { XW, KERNEL, BIAS, MASK, H0, C0 };
enum { STATES = 2 }; /* in local memory: before and after a step */

static const gz_recurrence_attr *attr_of(const gz_node *node) { return node->attr; }
static bool is_lstm(const gz_node *node) { return attr_of(node)->kind == GZ_LSTM; }

/* Of outputs: h, then c of lstm, then the kept gates. */
static size_t kept_output(const gz_node *node) { return is_lstm(node) ? 2 : 1; }
static bool keeps(const gz_recurrence_attr *attr)
{
    return (attr->keep && gz_recurrence_kept(attr->kind)) || attr->kind == GZ_GRU_RESET_BEFORE;
}

static gz_recurrence_size size_of(const gz_node *node)
{
    const gz_shape xw = node->in[XW]->shape;
    const gz_recurrence_kind kind = attr_of(node)->kind;
    return (gz_recurrence_size){xw.dim[0], xw.dim[1], node->in[KERNEL]->shape.dim[0],
                                gz_recurrence_gates(kind), gz_recurrence_kept(kind)};
}

static gaze_status check(const gz_node *node)
{
    const gz_recurrence_kind kind = attr_of(node)->kind;
    GZ_TRY(gz_op_expect_inputs(node, 2, 6));
    GZ_TRY(gz_op_expect_rank(node, XW, 3));
    GZ_TRY(gz_op_expect_rank(node, KERNEL, 2));
    const gz_recurrence_size s = size_of(node);
    GZ_TRY(gz_recurrence_expect(node, KERNEL, "recurrent kernel", GZ_SHAPE(s.U, s.G * s.U)));
    GZ_TRY(gz_recurrence_expect(node, XW, "input", GZ_SHAPE(s.B, s.T, s.G * s.U)));
    GZ_TRY(gz_recurrence_expect(node, BIAS, "bias", GZ_SHAPE(2, s.G * s.U)));
    GZ_TRY(gz_recurrence_expect(node, MASK, "mask", GZ_SHAPE(s.B, s.T)));
    GZ_TRY(gz_recurrence_expect(node, H0, "initial state h", GZ_SHAPE(s.B, s.U)));
    GZ_TRY(gz_recurrence_expect(node, C0, "initial state c", GZ_SHAPE(s.B, s.U)));
    if (node->in[MASK] && node->in[MASK]->dtype != GZ_I32)
        return gz_op_fail(node, "mask is float32, expected int32");
    if (node->in[BIAS] && kind != GZ_GRU) return gz_op_fail(node, "found a bias, which only gru has");
    if (node->in[C0] && kind != GZ_LSTM) return gz_op_fail(node, "found a state c, which only lstm has");
    return GAZE_OK;
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(check(node));
    const gz_recurrence_size s = size_of(node);
    node->n_out = kept_output(node) + keeps(attr_of(node));
    GZ_TRY(gz_node_output(graph, node, 0, GZ_F32, GZ_SHAPE(s.B, s.T, s.U)));
    if (is_lstm(node)) GZ_TRY(gz_node_output(graph, node, 1, GZ_F32, GZ_SHAPE(s.B, s.T, s.U)));
    if (!keeps(attr_of(node))) return GAZE_OK;
    GZ_TRY(gz_node_output(graph, node, kept_output(node), GZ_F32, GZ_SHAPE(s.B, s.T, s.kept * s.U)));
    node->out[kept_output(node)]->saved = true;
    return GAZE_OK;
}

static const gz_tensor *kept_of(const gz_node *node)
{
    return keeps(attr_of(node)) ? node->out[kept_output(node)] : NULL;
}

static void hold(const double *before, double *state, size_t count)
{
    for (size_t u = 0; state && u < count; u++) state[u] = before ? before[u] : 0;
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_recurrence_size z = size_of(node);
    const size_t T = z.T, U = z.U;
    const bool backwards = attr_of(node)->backwards, lstm = is_lstm(node);
    double *kept = keeps(attr_of(node)) ? out[kept_output(node)] : NULL;
    for (size_t b = 0; b < z.B; b++) {
        gz_recurrence_step step = {.kind = attr_of(node)->kind,
                                   .U = U,
                                   .kernel = in[KERNEL],
                                   .bias = node->in[BIAS] ? in[BIAS] : NULL};
        step.h_before = node->in[H0] ? in[H0] + b * U : NULL;
        step.c_before = node->in[C0] ? in[C0] + b * U : NULL;
        for (size_t s = 0; s < T; s++) {
            const size_t at = b * T + gz_recurrence_at(backwards, T, s);
            step.xw = in[XW] + at * z.G * U;
            step.h = out[0] + at * U;
            step.c = lstm ? out[1] + at * U : NULL;
            step.gates = kept ? kept + at * z.kept * U : NULL;
            if (!node->in[MASK] || in[MASK][at] != 0) {
                gz_recurrence_forward(&step);
            } else {
                hold(step.h_before, step.h, U);
                hold(step.c_before, step.c, U);
                hold(NULL, step.gates, z.kept * U);
            }
            step.h_before = step.h;
            step.c_before = step.c;
        }
    }
}

static void add_tensors(gz_launch *launch, const gz_node *node, const gz_tensor *kernel)
{
    gz_arg_tensor(launch, node->in[XW]);
    gz_arg_tensor(launch, kernel);
    gz_arg_tensor(launch, node->in[BIAS]);
    gz_arg_tensor(launch, node->in[MASK]);
    gz_arg_tensor(launch, node->in[H0]);
    gz_arg_tensor(launch, node->in[C0]);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_tensor(launch, is_lstm(node) ? node->out[1] : NULL);
    gz_arg_tensor(launch, kept_of(node));
}

static void add_sizes(gz_launch *launch, const gz_node *node, gz_recurrence_size s)
{
    gz_arg_int(launch, s.B);
    gz_arg_int(launch, s.T);
    gz_arg_int(launch, s.U);
    gz_arg_int(launch, attr_of(node)->backwards);
}

static void prepare_tiles(const gz_node *node, gz_builder *builder, const gz_recurrence_kernels *kernels,
                          gz_recurrence_size s)
{
    const gz_recurrence_tile tile = gz_recurrence_forward_tile(builder, s);
    const size_t padded = gz_recurrence_padded(builder, tile, s.U), groups = gz_recurrence_groups(tile, s.B);
    const gz_tensor *packed = gz_recurrence_pack(builder, node->in[KERNEL], s, tile, false),
                    *states = gz_scratch(builder, groups * 2 * tile.rows * padded);
    gz_launch *launch = gz_launch_add(builder, kernels->stem, kernels->steps, GZ_RECURRENCE_TILE, tile.rows,
                                      tile.vectors, tile.unit_vectors);
    add_tensors(launch, node, packed);
    gz_arg_tensor(launch, states);
    add_sizes(launch, node, s);
    gz_arg_int(launch, padded);
    gz_launch_groups(launch, groups, 1, 1, 1, 1, 1);
}

static void prepare_gpu(const gz_node *node, gz_builder *builder, gz_recurrence_size s,
                        gz_recurrence_share share)
{
    for (size_t from = 0; from < s.T; from += share.steps) {
        gz_launch *launch = gz_recurrence_gpu_launch(builder, "recurrence_gpu", "recurrence_gpu", s, share);
        add_tensors(launch, node, node->in[KERNEL]);
        gz_arg_local(launch, STATES * s.U * share.samples * sizeof(float));
        add_sizes(launch, node, s);
        gz_arg_int(launch, from);
        gz_arg_int(launch, from + share.steps < s.T ? from + share.steps : s.T);
        gz_arg_int(launch, share.units);
    }
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const gz_recurrence_size s = size_of(node);
    const gz_recurrence_kernels *kernels = gz_recurrence_kernels_of(attr_of(node)->kind);
    gz_recurrence_share share;
    if (gz_recurrence_share_of(builder, attr_of(node)->kind, s, STATES, s.T, &share)) {
        prepare_gpu(node, builder, s, share);
        return gz_builder_status(builder);
    }
    if (gz_builder_family(builder) == GZ_FAMILY_CPU && kernels->steps) {
        prepare_tiles(node, builder, kernels, s);
        return gz_builder_status(builder);
    }
    gz_launch *launch = gz_launch_add(builder, kernels->stem, kernels->steps_plain, "%s", "");
    add_tensors(launch, node, node->in[KERNEL]);
    add_sizes(launch, node, s);
    gz_recurrence_plain_groups(builder, launch, s.B);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node) { return gz_recurrence_cost(size_of(node)); }

static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    return gz_recurrence_limit(size_of(node));
}

/* The states before each step, as rows beside those of dz. NULL where all are zero. */
static gaze_status states_before(gz_graph *graph, const gz_node *node, gz_tensor **before)
{
    *before = NULL;
    if (size_of(node).T == 1 && !node->in[H0]) return GAZE_OK;
    return gz_shift_time(graph, node->out[0], node->in[H0], attr_of(node)->backwards, before);
}

/* q = r h_before stands for the state in the columns of gate n. */
static gaze_status reset_before_kernel_gradient(gz_graph *graph, const gz_node *node, gz_tensor *before,
                                                gz_tensor *dz, gz_tensor **dkernel)
{
    const size_t U = size_of(node).U;
    gz_tensor *dzr, *dn, *q, *part[2];
    GZ_TRY(gz_slice(graph, dz, 2, 0, 2 * U, &dzr));
    GZ_TRY(gz_slice(graph, dz, 2, 2 * U, U, &dn));
    GZ_TRY(gz_slice(graph, node->out[kept_output(node)], 2, 3 * U, U, &q));
    GZ_TRY(gz_dense_kernel_gradient(graph, before, dzr, &part[0]));
    GZ_TRY(gz_dense_kernel_gradient(graph, q, dn, &part[1]));
    return gz_concatenate(graph, part, 2, 1, dkernel);
}

static gaze_status kernel_gradient(gz_graph *graph, const gz_node *node, const gz_recurrence_gradients *d,
                                   gz_tensor **dkernel)
{
    gz_tensor *before;
    GZ_TRY(states_before(graph, node, &before));
    if (!before) return GAZE_OK;
    if (attr_of(node)->kind == GZ_GRU_RESET_BEFORE)
        return reset_before_kernel_gradient(graph, node, before, d->dxw, dkernel);
    return gz_dense_kernel_gradient(graph, before, d->product, dkernel);
}

/* One row for the input's side, one for the product's. */
static gaze_status bias_gradient(gz_graph *graph, const gz_recurrence_gradients *d, gz_shape bias,
                                 gz_tensor **dbias)
{
    gz_tensor *row[2];
    GZ_TRY(gz_bias_gradient(graph, d->dxw, &row[0]));
    GZ_TRY(gz_bias_gradient(graph, d->product, &row[1]));
    for (size_t i = 0; i < 2; i++) GZ_TRY(gz_graph_view(graph, row[i], GZ_SHAPE(1, 1, bias.dim[1]), &row[i]));
    GZ_TRY(gz_concatenate(graph, row, 2, 1, dbias));
    return gz_graph_view(graph, *dbias, bias, dbias);
}

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    const gz_recurrence_attr *a = attr_of(node);
    gz_tensor *dc = is_lstm(node) ? dout[1] : NULL;
    gz_recurrence_gradients d = {0};
    if (!dout[0] && !dc) return GAZE_OK;
    if (gz_recurrence_kept(a->kind) && !keeps(a))
        return gz_op_fail(node, "was made for prediction, which keeps nothing for a gradient");
    const gz_recurrence_gradient_attr attr = {a->kind, a->backwards, wanted[H0] || wanted[C0]};
    gz_tensor *const in[] = {node->in[KERNEL],
                             node->out[is_lstm(node)],
                             keeps(a) ? node->out[kept_output(node)] : NULL,
                             node->in[MASK],
                             node->in[is_lstm(node) ? C0 : H0],
                             dout[0],
                             dc};
    GZ_TRY(gz_recurrence_gradient(graph, &attr, in, &d));
    if (wanted[XW]) din[XW] = d.dxw;
    if (wanted[KERNEL]) GZ_TRY(kernel_gradient(graph, node, &d, &din[KERNEL]));
    if (wanted[BIAS]) GZ_TRY(bias_gradient(graph, &d, node->in[BIAS]->shape, &din[BIAS]));
    if (wanted[H0]) din[H0] = d.dh0;
    if (wanted[C0]) din[C0] = d.dc0;
    return GAZE_OK;
}

gaze_status gz_recurrence(gz_graph *g, gz_recurrence_kind kind, bool backwards, gz_tensor *const in[6],
                          gz_tensor **h, gz_tensor **c)
{
    const gz_recurrence_attr attr = {kind, backwards, g->training};
    gz_tensor *out[3] = {0};
    GZ_TRY(gz_graph_node(g, &gz_op_recurrence, &attr, sizeof attr, in, 6, out, 3));
    *h = out[0];
    if (c) *c = kind == GZ_LSTM ? out[1] : NULL;
    return GAZE_OK;
}

static const gz_recurrence_attr rnn = {GZ_RNN, false, true}, rnn_back = {GZ_RNN, true, true},
                                gru = {GZ_GRU, false, true}, gru_back = {GZ_GRU, true, true},
                                gru_last = {GZ_GRU, false, false},
                                before = {GZ_GRU_RESET_BEFORE, false, true},
                                before_back = {GZ_GRU_RESET_BEFORE, true, true},
                                lstm = {GZ_LSTM, false, true}, lstm_back = {GZ_LSTM, true, true},
                                lstm_last = {GZ_LSTM, false, false};

#define NONE              \
    {                     \
        .rank = GZ_ABSENT \
    }
#define FACTS \
    .n_in = 6, .fill_of = {GZ_FILL_UNIFORM, GZ_FILL_SMALL}, .dtype = {[MASK] = GZ_I32}, .index_limit = 2
#define CASE(ATTR, B, T, G, U)                                                                    \
    {                                                                                             \
        .in = {{3, {B, T, G * U}}, {2, {U, G * U}}, NONE, NONE, NONE, NONE}, .attr = &ATTR, FACTS \
    }
#define HEAVY(ATTR, B, T, G, U)                                                                            \
    {                                                                                                      \
        .in = {{3, {B, T, G * U}}, {2, {U, G * U}}, NONE, NONE, NONE, NONE}, .attr = &ATTR, .heavy = true, \
        FACTS                                                                                              \
    }
#define FULL(ATTR, B, T, G, U, BIASES, CELLS)                                                                \
    {                                                                                                        \
        .in = {{3, {B, T, G * U}}, {2, {U, G * U}}, BIASES, {2, {B, T}}, {2, {B, U}}, CELLS}, .attr = &ATTR, \
        FACTS                                                                                                \
    }
#define MASKED(ATTR, B, T, G, U)                                                                         \
    {                                                                                                    \
        .in = {{3, {B, T, G * U}}, {2, {U, G * U}}, NONE, {2, {B, T}}, NONE, NONE}, .attr = &ATTR, FACTS \
    }
#define PAIR(A, B)  \
    {               \
        2, { A, B } \
    }

static const gz_case cases[] = {
    CASE(lstm, 1, 1, 4, 1),
    CASE(lstm, 2, 2, 4, 3),
    CASE(lstm, 1, 50, 4, 31),
    CASE(lstm_back, 3, 2, 4, 33),
    CASE(lstm, 5, 7, 4, 65),
    CASE(lstm, 17, 5, 4, 16),
    HEAVY(lstm_last, 7, 3, 4, 17),
    MASKED(lstm, 11, 6, 4, 5),
    MASKED(lstm_back, 1, 6, 4, 37),
    FULL(lstm, 33, 4, 4, 7, NONE, PAIR(33, 7)),
    FULL(lstm_back, 3, 5, 4, 19, NONE, PAIR(3, 19)),
    FULL(lstm, 2, 1, 4, 2, NONE, PAIR(2, 2)),
    HEAVY(lstm, 64, 50, 4, 128),
    HEAVY(lstm_last, 1, 257, 4, 128),
    HEAVY(lstm, 37, 2000, 4, 13),
    CASE(lstm_back, 3, 3, 4, 190),
    MASKED(gru, 9, 4, 3, 211),
    CASE(rnn, 2, 3, 1, 367),
    CASE(gru, 1, 1, 3, 1),
    CASE(gru, 2, 50, 3, 3),
    CASE(gru_back, 1, 7, 3, 33),
    CASE(gru, 19, 3, 3, 65),
    HEAVY(gru_last, 5, 3, 3, 31),
    MASKED(gru, 6, 5, 3, 17),
    FULL(gru, 33, 4, 3, 7, PAIR(2, 21), NONE),
    FULL(gru_back, 2, 5, 3, 32, PAIR(2, 96), NONE),
    FULL(gru, 1, 3, 3, 67, PAIR(2, 201), NONE),
    HEAVY(gru, 64, 257, 3, 64),
    CASE(before, 1, 1, 3, 1),
    CASE(before, 3, 7, 3, 33),
    MASKED(before_back, 5, 5, 3, 4),
    FULL(before, 2, 3, 3, 5, NONE, NONE),
    CASE(rnn, 1, 1, 1, 1),
    CASE(rnn, 2, 50, 1, 31),
    CASE(rnn_back, 9, 3, 1, 65),
    CASE(rnn, 1, 4, 1, 131),
    MASKED(rnn, 33, 5, 1, 3),
    FULL(rnn_back, 4, 4, 1, 33, NONE, NONE),
    HEAVY(rnn, 64, 257, 1, 128),
};

const gz_op gz_op_recurrence = {
    .name = "recurrence",
    .n_out = 3,
    .attr_bytes = sizeof(gz_recurrence_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .gradient = gradient,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
