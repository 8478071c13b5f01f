/* The gradient of recurrence, from the last step of its work to the first. kernel, state (c of lstm,
   otherwise h) [B,T,U], kept, mask, the state before all steps, dh and dc [B,T,U] (NULL: none arrives) -> dxw
   [B,T,G*U], dh0 [B,U], then dc0 [B,U] of lstm or, of gru, the gradient of h_before * kernel [B,T,G*U]. */
#include "recurrence_gpu.h"

#include <math.h>

enum { KERNEL, STATE, KEPT, MASK, BEFORE, DH, DC, N_IN };
enum { DXW, DH0, EXTRA };

static const gz_recurrence_gradient_attr *attr_of(const gz_node *node) { return node->attr; }
static gz_recurrence_kind kind_of(const gz_node *node) { return attr_of(node)->kind; }

static gz_recurrence_size size_of(const gz_node *node)
{
    const gz_shape state = node->in[STATE]->shape;
    return (gz_recurrence_size){.B = state.dim[0],
                                .T = state.dim[1],
                                .U = state.dim[2],
                                .G = gz_recurrence_gates(kind_of(node)),
                                .kept = gz_recurrence_kept(kind_of(node))};
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 2, N_IN));
    GZ_TRY(gz_op_expect_rank(node, STATE, 3));
    const gz_recurrence_size s = size_of(node);
    const gz_shape states = GZ_SHAPE(s.B, s.T, s.U), gates = GZ_SHAPE(s.B, s.T, s.G * s.U),
                   one = GZ_SHAPE(s.B, s.U);
    GZ_TRY(gz_recurrence_expect(node, KERNEL, "recurrent kernel", GZ_SHAPE(s.U, s.G * s.U)));
    GZ_TRY(gz_recurrence_expect(node, KEPT, "kept gates", GZ_SHAPE(s.B, s.T, s.kept * s.U)));
    GZ_TRY(gz_recurrence_expect(node, MASK, "mask", GZ_SHAPE(s.B, s.T)));
    GZ_TRY(gz_recurrence_expect(node, BEFORE, "initial state", one));
    GZ_TRY(gz_recurrence_expect(node, DH, "gradient of h", states));
    GZ_TRY(gz_recurrence_expect(node, DC, "gradient of c", states));
    if (s.kept && !node->in[KEPT])
        return gz_op_fail(node, "input %d is missing, expected the kept gates", KEPT);
    const bool lstm = kind_of(node) == GZ_LSTM, gru = kind_of(node) == GZ_GRU;
    node->n_out = lstm || gru ? 3 : 2;
    GZ_TRY(gz_node_output(graph, node, DXW, GZ_F32, gates));
    GZ_TRY(gz_node_output(graph, node, DH0, GZ_F32, one));
    return node->n_out > EXTRA ? gz_node_output(graph, node, EXTRA, GZ_F32, lstm ? one : gates) : GAZE_OK;
}

static void zero(double *values, size_t count)
{
    for (size_t i = 0; values && i < count; i++) values[i] = 0;
}

static void add(double *sum, const double *values, size_t count)
{
    for (size_t i = 0; values && i < count; i++) sum[i] += values[i];
}

static void reference_sample(const gz_node *node, double *const *in, double *const *out, size_t b)
{
    const gz_recurrence_size z = size_of(node);
    const size_t T = z.T, U = z.U, width = z.G * U;
    const bool backwards = attr_of(node)->backwards;
    gz_recurrence_back step = {.kind = kind_of(node), .U = U, .kernel = in[KERNEL]};
    step.dh = out[DH0] + b * U;
    step.dc = step.kind == GZ_LSTM ? out[EXTRA] + b * U : NULL;
    zero(step.dh, U);
    zero(step.dc, U);
    for (size_t s = T; s-- > 0;) {
        const size_t at = b * T + gz_recurrence_at(backwards, T, s);
        step.gates = node->in[KEPT] ? in[KEPT] + at * z.kept * U : NULL;
        step.state = in[STATE] + at * U;
        step.before = node->in[BEFORE] ? in[BEFORE] + b * U : NULL;
        if (s) step.before = in[STATE] + (b * T + gz_recurrence_at(backwards, T, s - 1)) * U;
        step.dz = out[DXW] + at * width;
        step.product = step.kind == GZ_GRU ? out[EXTRA] + at * width : NULL;
        add(step.dh, node->in[DH] ? in[DH] + at * U : NULL, U);
        if (step.dc) add(step.dc, node->in[DC] ? in[DC] + at * U : NULL, U);
        zero(step.dz, width);
        zero(step.product, width);
        if (!node->in[MASK] || in[MASK][at] != 0) gz_recurrence_backward(&step);
    }
    if (attr_of(node)->initial) return;
    zero(step.dh, U);
    zero(step.dc, U);
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    for (size_t b = 0; b < size_of(node).B; b++) reference_sample(node, in, out, b);
}

static void add_tensors(gz_launch *launch, const gz_node *node, const gz_tensor *kernel)
{
    gz_arg_tensor(launch, kernel);
    for (size_t i = STATE; i < N_IN; i++) gz_arg_tensor(launch, i < node->n_in ? node->in[i] : NULL);
    for (size_t i = 0; i <= EXTRA; i++) gz_arg_tensor(launch, i < node->n_out ? node->out[i] : NULL);
}

static void add_sizes(gz_launch *launch, const gz_node *node, gz_recurrence_size s)
{
    gz_arg_int(launch, s.B);
    gz_arg_int(launch, s.T);
    gz_arg_int(launch, s.U);
    gz_arg_int(launch, attr_of(node)->backwards);
    gz_arg_int(launch, attr_of(node)->initial);
}

static void prepare_tiles(const gz_node *node, gz_builder *builder, const gz_recurrence_kernels *kernels,
                          gz_recurrence_size s)
{
    const gz_recurrence_tile tile = gz_recurrence_backward_tile(builder, s);
    const size_t padded = gz_recurrence_padded(builder, tile, s.U), groups = gz_recurrence_groups(tile, s.B);
    const gz_tensor *packed = gz_recurrence_pack_transposed(builder, node->in[KERNEL], s, tile),
                    *scratch = gz_scratch(builder, groups * tile.samples * (s.G + 2) * padded);
    gz_launch *launch = gz_recurrence_tile_launch(builder, kernels->stem, kernels->gradient, tile);
    add_tensors(launch, node, packed);
    gz_arg_tensor(launch, scratch);
    add_sizes(launch, node, s);
    gz_arg_int(launch, padded);
    gz_launch_groups(launch, groups, 1, 1, 1, 1, 1);
}

/* Steps T - 1 .. 0, and -1: the initial state. */
static void prepare_gpu(const gz_node *node, gz_builder *builder, gz_recurrence_size s,
                        gz_recurrence_share share)
{
    const gz_tensor *turned = gz_recurrence_turn_gpu(builder, node->in[KERNEL], s, share);
    for (size_t done = 0; done <= s.T; done += share.steps) {
        const size_t next = done + share.steps <= s.T ? done + share.steps : s.T + 1;
        gz_launch *launch =
            gz_recurrence_gpu_launch(builder, "recurrence_gradient_gpu", "recurrence_gradient_gpu", s, share);
        add_tensors(launch, node, turned);
        gz_arg_local(launch, s.G * s.U * share.samples * sizeof(float));
        add_sizes(launch, node, s);
        gz_arg_signed(launch, (int)s.T - 1 - (int)done);
        gz_arg_signed(launch, (int)s.T - (int)next);
        gz_arg_int(launch, share.units);
    }
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const gz_recurrence_size s = size_of(node);
    const gz_recurrence_kernels *kernels = gz_recurrence_kernels_of(kind_of(node));
    gz_recurrence_share share;
    if (gz_recurrence_share_of(builder, kind_of(node), s, s.G, s.T + 1, &share)) {
        prepare_gpu(node, builder, s, share);
        return gz_builder_status(builder);
    }
    if (gz_builder_family(builder) == GZ_FAMILY_CPU && kernels->gradient) {
        prepare_tiles(node, builder, kernels, s);
        return gz_builder_status(builder);
    }
    gz_launch *launch = gz_launch_add(builder, kernels->stem, kernels->gradient_plain, "%s", "");
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

gaze_status gz_recurrence_gradient(gz_graph *g, const gz_recurrence_gradient_attr *attr,
                                   gz_tensor *const in[7], gz_recurrence_gradients *d)
{
    gz_tensor *out[3] = {0};
    GZ_TRY(gz_graph_node(g, &gz_op_recurrence_gradient, attr, sizeof *attr, in, N_IN, out, 3));
    *d = (gz_recurrence_gradients){.dxw = out[DXW], .product = out[DXW], .dh0 = out[DH0]};
    if (attr->kind == GZ_GRU) d->product = out[EXTRA];
    if (attr->kind == GZ_LSTM) d->dc0 = out[EXTRA];
    return GAZE_OK;
}

static const gz_recurrence_gradient_attr rnn = {GZ_RNN, false, false}, rnn_from = {GZ_RNN, true, true},
                                         gru = {GZ_GRU, false, false}, gru_from = {GZ_GRU, true, true},
                                         before = {GZ_GRU_RESET_BEFORE, false, false},
                                         before_from = {GZ_GRU_RESET_BEFORE, true, true},
                                         lstm = {GZ_LSTM, false, false}, lstm_from = {GZ_LSTM, true, true};

#define NONE              \
    {                     \
        .rank = GZ_ABSENT \
    }
#define LIST(...)   \
    {               \
        __VA_ARGS__ \
    }
#define FACTS                                                                       \
    .n_in = N_IN, .fill_of = {[KERNEL] = GZ_FILL_SMALL, [KEPT] = GZ_FILL_POSITIVE}, \
    .dtype = {[MASK] = GZ_I32}, .index_limit = 2
#define STATES(B, T, U) \
    {                   \
        3, { B, T, U }  \
    }
#define SHAPES(B, T, G, U, GATES, MASKS, FROM, CELLS)                                \
    {                                                                                \
        {2, {U, G * U}}, STATES(B, T, U), GATES, MASKS, FROM, STATES(B, T, U), CELLS \
    }
#define CASE(ATTR, B, T, G, U)                                                                \
    {                                                                                         \
        .in = SHAPES(B, T, G, U, STATES(B, T, 4 * U), NONE, NONE, NONE), .attr = &ATTR, FACTS \
    }
#define HEAVY(ATTR, B, T, G, U)                                                                              \
    {                                                                                                        \
        .in = SHAPES(B, T, G, U, STATES(B, T, 4 * U), NONE, NONE, NONE), .attr = &ATTR, .heavy = true, FACTS \
    }
#define CELLS(ATTR, B, T, U)                                                                             \
    {                                                                                                    \
        .in = SHAPES(B, T, 4, U, STATES(B, T, 4 * U), NONE, NONE, STATES(B, T, U)), .attr = &ATTR, FACTS \
    }
#define FULL(ATTR, B, T, G, U)                                                                 \
    {                                                                                          \
        .in = SHAPES(B, T, G, U, STATES(B, T, 4 * U), LIST(2, {B, T}), LIST(2, {B, U}), NONE), \
        .attr = &ATTR, FACTS                                                                   \
    }
#define FULL_CELLS(ATTR, B, T, U)                                                                         \
    {                                                                                                     \
        .in = SHAPES(B, T, 4, U, STATES(B, T, 4 * U), LIST(2, {B, T}), LIST(2, {B, U}), STATES(B, T, U)), \
        .attr = &ATTR, FACTS                                                                              \
    }
#define RNN(ATTR, B, T, U)                                                     \
    {                                                                          \
        .in = SHAPES(B, T, 1, U, NONE, NONE, NONE, NONE), .attr = &ATTR, FACTS \
    }
#define RNN_MASKED(ATTR, B, T, U)                                                         \
    {                                                                                     \
        .in = SHAPES(B, T, 1, U, NONE, LIST(2, {B, T}), NONE, NONE), .attr = &ATTR, FACTS \
    }

static const gz_case cases[] = {
    CASE(lstm, 1, 1, 4, 1),
    CASE(lstm, 2, 7, 4, 3),
    CASE(lstm_from, 1, 50, 4, 31),
    CASE(lstm, 3, 3, 4, 33),
    CASE(lstm, 17, 4, 4, 65),
    CELLS(lstm, 5, 3, 16),
    FULL(lstm_from, 33, 4, 4, 7),
    FULL(lstm, 1, 5, 4, 131),
    FULL_CELLS(lstm_from, 6, 5, 17),
    HEAVY(lstm, 64, 50, 4, 128),
    HEAVY(lstm_from, 1, 257, 4, 64),
    HEAVY(lstm, 19, 2000, 4, 5),
    FULL_CELLS(lstm_from, 3, 3, 190),
    CASE(gru, 9, 3, 3, 211),
    RNN(rnn_from, 2, 3, 367),
    CASE(gru, 1, 1, 3, 1),
    CASE(gru, 2, 50, 3, 3),
    CASE(gru_from, 1, 3, 3, 67),
    CASE(gru, 19, 3, 3, 65),
    FULL(gru, 5, 4, 3, 33),
    FULL(gru_from, 33, 3, 3, 16),
    HEAVY(gru, 64, 257, 3, 32),
    CASE(before, 1, 1, 3, 1),
    CASE(before_from, 3, 7, 3, 33),
    FULL(before, 5, 4, 3, 4),
    RNN(rnn, 1, 1, 1),
    RNN(rnn, 2, 50, 31),
    RNN(rnn_from, 9, 3, 65),
    RNN(rnn, 1, 4, 131),
    RNN_MASKED(rnn_from, 33, 5, 3),
};

const gz_op gz_op_recurrence_gradient = {
    .name = "recurrence_gradient",
    .n_out = 3,
    .attr_bytes = sizeof(gz_recurrence_gradient_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
