/* A recurrent layer over all its steps. The products with the input were made before, all steps at once
   (dense), or are made here, from the input and their kernel. */
#include "recurrence.h"

#include <math.h>
#include <stdlib.h>

static const gz_recurrence_attr *attr_of(const gz_node *node) { return node->attr; }
static bool is_lstm(const gz_node *node) { return attr_of(node)->kind == GZ_LSTM; }

static size_t kept_output(const gz_node *node) { return is_lstm(node) ? 2 : 1; }
static bool keeps(const gz_recurrence_attr *attr)
{
    return (attr->keep && gz_recurrence_kept(attr->kind)) || attr->kind == GZ_GRU_RESET_BEFORE;
}

static const gz_tensor *input_of(const gz_node *node, size_t i)
{
    return i < node->n_in ? node->in[i] : NULL;
}

gz_recurrence_size gz_recurrence_size_of(const gz_node *node)
{
    const gz_shape x = node->in[GZ_RECURRENCE_XW]->shape;
    const gz_recurrence_kind kind = attr_of(node)->kind;
    return (gz_recurrence_size){.B = x.dim[0],
                                .T = x.dim[1],
                                .U = node->in[GZ_RECURRENCE_KERNEL]->shape.dim[0],
                                .G = gz_recurrence_gates(kind),
                                .D = input_of(node, GZ_RECURRENCE_X_KERNEL) ? x.dim[2] : 0,
                                .kept = gz_recurrence_kept(kind)};
}

static gaze_status check(const gz_node *node)
{
    const gz_recurrence_kind kind = attr_of(node)->kind;
    GZ_TRY(gz_op_expect_inputs(node, 2, 8));
    GZ_TRY(gz_op_expect_rank(node, GZ_RECURRENCE_XW, 3));
    GZ_TRY(gz_op_expect_rank(node, GZ_RECURRENCE_KERNEL, 2));
    const gz_recurrence_size s = gz_recurrence_size_of(node);
    GZ_TRY(gz_recurrence_expect(node, GZ_RECURRENCE_KERNEL, "recurrent kernel", GZ_SHAPE(s.U, s.G * s.U)));
    GZ_TRY(gz_recurrence_expect(node, GZ_RECURRENCE_XW, "input", GZ_SHAPE(s.B, s.T, s.D ? s.D : s.G * s.U)));
    GZ_TRY(gz_recurrence_expect(node, GZ_RECURRENCE_X_KERNEL, "input kernel", GZ_SHAPE(s.D, s.G * s.U)));
    GZ_TRY(gz_recurrence_expect(node, GZ_RECURRENCE_X_BIAS, "input bias", GZ_SHAPE(s.G * s.U)));
    GZ_TRY(gz_recurrence_expect(node, GZ_RECURRENCE_BIAS, "bias", GZ_SHAPE(2, s.G * s.U)));
    GZ_TRY(gz_recurrence_expect(node, GZ_RECURRENCE_MASK, "mask", GZ_SHAPE(s.B, s.T)));
    GZ_TRY(gz_recurrence_expect(node, GZ_RECURRENCE_H0, "initial state h", GZ_SHAPE(s.B, s.U)));
    GZ_TRY(gz_recurrence_expect(node, GZ_RECURRENCE_C0, "initial state c", GZ_SHAPE(s.B, s.U)));
    if (node->in[GZ_RECURRENCE_MASK] && node->in[GZ_RECURRENCE_MASK]->dtype != GZ_I32)
        return gz_op_fail(node, "mask is float32, expected int32");
    if (node->in[GZ_RECURRENCE_BIAS] && kind != GZ_GRU)
        return gz_op_fail(node, "found a bias, which only gru has");
    if (node->in[GZ_RECURRENCE_C0] && kind != GZ_LSTM)
        return gz_op_fail(node, "found a state c, which only lstm has");
    return GAZE_OK;
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(check(node));
    const gz_recurrence_size s = gz_recurrence_size_of(node);
    node->n_out = kept_output(node) + keeps(attr_of(node));
    GZ_TRY(gz_node_output(graph, node, 0, GZ_F32, GZ_SHAPE(s.B, s.T, s.U)));
    if (is_lstm(node)) GZ_TRY(gz_node_output(graph, node, 1, GZ_F32, GZ_SHAPE(s.B, s.T, s.U)));
    if (!keeps(attr_of(node))) return GAZE_OK;
    GZ_TRY(gz_node_output(graph, node, kept_output(node), GZ_F32, GZ_SHAPE(s.B, s.T, s.kept * s.U)));
    node->out[kept_output(node)]->saved = true;
    return GAZE_OK;
}

gz_tensor *gz_recurrence_kept_of(const gz_node *node)
{
    return keeps(attr_of(node)) ? node->out[kept_output(node)] : NULL;
}

static void hold(const double *before, double *state, size_t count)
{
    for (size_t u = 0; state && u < count; u++) state[u] = before ? before[u] : 0;
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_recurrence_size z = gz_recurrence_size_of(node);
    const size_t T = z.T, U = z.U;
    const bool backwards = attr_of(node)->backwards, lstm = is_lstm(node);
    double *kept = keeps(attr_of(node)) ? out[kept_output(node)] : NULL;
    for (size_t b = 0; b < z.B; b++) {
        gz_recurrence_step step = {.kind = attr_of(node)->kind,
                                   .U = U,
                                   .kernel = in[GZ_RECURRENCE_KERNEL],
                                   .bias = node->in[GZ_RECURRENCE_BIAS] ? in[GZ_RECURRENCE_BIAS] : NULL,
                                   .D = z.D,
                                   .x_kernel = z.D ? in[GZ_RECURRENCE_X_KERNEL] : NULL,
                                   .x_bias = input_of(node, GZ_RECURRENCE_X_BIAS) ? in[GZ_RECURRENCE_X_BIAS]
                                                                                  : NULL};
        step.h_before = node->in[GZ_RECURRENCE_H0] ? in[GZ_RECURRENCE_H0] + b * U : NULL;
        step.c_before = node->in[GZ_RECURRENCE_C0] ? in[GZ_RECURRENCE_C0] + b * U : NULL;
        for (size_t s = 0; s < T; s++) {
            const size_t at = b * T + gz_recurrence_at(backwards, T, s);
            step.x = in[GZ_RECURRENCE_XW] + at * (z.D ? z.D : z.G * U);
            step.h = out[0] + at * U;
            step.c = lstm ? out[1] + at * U : NULL;
            step.gates = kept ? kept + at * z.kept * U : NULL;
            if (!node->in[GZ_RECURRENCE_MASK] || in[GZ_RECURRENCE_MASK][at] != 0) {
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

static gz_cost cost(const gz_node *node) { return gz_recurrence_cost(gz_recurrence_size_of(node)); }

static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    return gz_recurrence_limit(gz_recurrence_size_of(node));
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
#define LIST(N)  \
    {            \
        1, { N } \
    }
#define FACTS                                                                              \
    .fill_of = {GZ_FILL_UNIFORM, GZ_FILL_SMALL, [GZ_RECURRENCE_X_KERNEL] = GZ_FILL_SMALL}, \
    .dtype = {[GZ_RECURRENCE_MASK] = GZ_I32}, .index_limit = 2
#define CASE(ATTR, B, T, G, U)                                                                               \
    {                                                                                                        \
        .in = {{3, {B, T, G * U}}, {2, {U, G * U}}, NONE, NONE, NONE, NONE}, .attr = &ATTR, .n_in = 6, FACTS \
    }
#define HEAVY(ATTR, B, T, G, U)                                                                            \
    {                                                                                                      \
        .in = {{3, {B, T, G * U}}, {2, {U, G * U}}, NONE, NONE, NONE, NONE}, .attr = &ATTR, .heavy = true, \
        .n_in = 6, FACTS                                                                                   \
    }
#define FULL(ATTR, B, T, G, U, BIASES, CELLS)                                                                \
    {                                                                                                        \
        .in = {{3, {B, T, G * U}}, {2, {U, G * U}}, BIASES, {2, {B, T}}, {2, {B, U}}, CELLS}, .attr = &ATTR, \
        .n_in = 6, FACTS                                                                                     \
    }
#define MASKED(ATTR, B, T, G, U)                                                                   \
    {                                                                                              \
        .in = {{3, {B, T, G * U}}, {2, {U, G * U}}, NONE, {2, {B, T}}, NONE, NONE}, .attr = &ATTR, \
        .n_in = 6, FACTS                                                                           \
    }
#define FROM_INPUT(ATTR, B, T, D, G, U, MASKS, X_BIAS, HEAVINESS)                                  \
    {                                                                                              \
        .in = {{3, {B, T, D}}, {2, {U, G * U}}, NONE, MASKS, NONE, NONE, {2, {D, G * U}}, X_BIAS}, \
        .attr = &ATTR, FACTS, .n_in = 8, .heavy = HEAVINESS                                        \
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
    CASE(lstm, 19, 2, 4, 97), /* these three: weights that the first cache doesn't hold, eight rows a group */
    CASE(gru_back, 17, 2, 3, 113),
    MASKED(rnn, 18, 3, 1, 193),
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
    FROM_INPUT(lstm, 1, 3, 5, 4, 7, NONE, LIST(28), false),
    FROM_INPUT(lstm, 33, 4, 33, 4, 17, PAIR(33, 4), LIST(68), false),
    FROM_INPUT(lstm_back, 35, 3, 2, 4, 16, NONE, NONE, false),
    FROM_INPUT(lstm, 34, 2, 90, 4, 120, NONE, LIST(480), false), /* deeper than tiles read at a time */
    FROM_INPUT(lstm_last, 64, 50, 64, 4, 128, NONE, LIST(512), true),
    FROM_INPUT(lstm, 32, 2, 300, 4, 100, NONE, LIST(400), true), /* more weights than tiles take */
    FROM_INPUT(gru, 17, 3, 9, 3, 5, PAIR(17, 3), NONE, false),
    FROM_INPUT(gru_back, 32, 4, 31, 3, 33, NONE, NONE, false),
    FROM_INPUT(before, 9, 3, 4, 3, 6, NONE, LIST(18), false),
    FROM_INPUT(rnn, 37, 5, 3, 1, 65, NONE, LIST(65), false),
    FROM_INPUT(rnn_back, 2, 3, 40, 1, 3, PAIR(2, 3), NONE, false),
};

const gz_op gz_op_recurrence = {
    .name = "recurrence",
    .n_out = 3,
    .attr_bytes = sizeof(gz_recurrence_attr),
    .infer = infer,
    .reference = reference,
    .prepare = gz_recurrence_prepare,
    .cost = cost,
    .gradient = gz_recurrence_gradients_of,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
