/* LSTM, GRU and RNN. ONNX: X [T,B,I], W [dirs,G*U,I], R [dirs,G*U,U], B [dirs,2*G*U], gates iofc, zrh; Gaze:
   kernel [I,G*U], recurrent_kernel [U,G*U], bias, gates ifco, zrh. */
#include "operators.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

typedef struct cell_kind {
    const char *type, *activations[3];
    size_t gates, order[4], n_states; /* order: ONNX's gate for each of Gaze's */
} cell_kind;

static const cell_kind LSTM = {"lstm", {"Sigmoid", "Tanh", "Tanh"}, 4, {0, 2, 3, 1}, 2},
                       GRU = {"gru", {"Sigmoid", "Tanh"}, 3, {0, 1, 2}, 1},
                       RNN = {"simple_rnn", {"Tanh"}, 1, {0}, 1};

typedef struct cell {
    const cell_kind *kind;
    const gz_constant *w, *r, *b; /* b: or NULL */
    size_t dirs, units, features;
    bool reverse, batch_first, reset_after;
} cell;

static gaze_status expect_activations(const gz_onnx_node *node, const cell *c)
{
    const Onnx__AttributeProto *a = gz_proto_attribute(node->proto, "activations");
    size_t each = 0;
    while (each < 3 && c->kind->activations[each]) each++;
    for (size_t i = 0; a && i < a->n_strings; i++) {
        const char *expected = c->kind->activations[i % each];
        if (a->strings[i].len != strlen(expected) ||
            strncasecmp((const char *)a->strings[i].data, expected, strlen(expected)))
            return gz_refuse("an activation other than %s", expected);
    }
    if (gz_proto_attribute(node->proto, "clip")) return gz_refuse("its gates are clipped");
    if (gz_node_int(node, "input_forget", 0)) return gz_refuse("its input and forget gates are coupled");
    return GAZE_OK;
}

static gaze_status expect_zero(const gz_onnx_node *node, size_t i, const char *what)
{
    const gz_constant *c;
    double value;
    GZ_TRY(gz_node_constant(node, i, false, &c));
    if (c && (!gz_constant_is_uniform(c, &value) || value != 0)) return gz_refuse("it has %s", what);
    return GAZE_OK;
}

/* Each sample as long as the input. */
static gaze_status expect_whole_length(const gz_onnx_node *node, size_t T)
{
    const gz_constant *c;
    double length;
    GZ_TRY(gz_node_constant(node, 4, false, &c));
    if (c && (!gz_constant_is_uniform(c, &length) || length != (double)T))
        return gz_refuse("its sequences differ in length");
    return GAZE_OK;
}

static gaze_status read_cell(const gz_onnx_node *node, const cell_kind *kind, const gz_value *x, cell *c)
{
    const char *direction = gz_node_text(node, "direction", "forward");
    *c = (cell){.kind = kind,
                .reverse = !strcmp(direction, "reverse"),
                .batch_first = gz_node_int(node, "layout", 0) != 0};
    GZ_TRY(gz_node_constant(node, 1, true, &c->w));
    GZ_TRY(gz_node_constant(node, 2, true, &c->r));
    GZ_TRY(gz_node_constant(node, 3, false, &c->b));
    if (x->rank != 3 || c->w->rank != 3 || c->r->rank != 3 || c->w->i || c->r->i)
        return gz_refuse("its input or its weights don't have 3 axes");
    c->dirs = c->w->dim[0];
    c->units = c->r->dim[2];
    c->features = c->w->dim[2];
    const size_t width = kind->gates * c->units;
    const bool fits = c->w->dim[1] == width && c->r->dim[1] == width && c->r->dim[0] == c->dirs && width &&
                      c->features == x->dim[2] &&
                      (!c->b || (!c->b->i && gz_constant_count(c->b) == c->dirs * 2 * width));
    if (!fits || c->dirs != (strcmp(direction, "bidirectional") ? 1 : 2))
        return gz_refuse("its weights don't fit each other");
    GZ_TRY(expect_activations(node, c));
    GZ_TRY(expect_whole_length(node, x->dim[c->batch_first ? 1 : 0]));
    if (kind == &LSTM) GZ_TRY(expect_zero(node, 7, "peepholes"));
    c->reset_after = kind == &GRU && gz_node_int(node, "linear_before_reset", 0) != 0;
    return GAZE_OK;
}

/* ONNX's [G*U,n] of a direction, turned round: [n,G*U]. */
static void turn(const cell *c, const gz_constant *from, size_t dir, size_t n, float *to)
{
    const size_t U = c->units, width = c->kind->gates * U;
    for (size_t g = 0; g < c->kind->gates; g++)
        for (size_t u = 0; u < U; u++)
            for (size_t i = 0; i < n; i++)
                to[i * width + g * U + u] =
                    (float)gz_constant_at(from, (dir * width + c->kind->order[g] * U + u) * n + i);
}

/* The input's bias and the recurrent one: two rows where a GRU keeps them apart, else their sum. */
static void fill_bias(const cell *c, size_t dir, float *to)
{
    const size_t U = c->units, width = c->kind->gates * U;
    for (size_t row = 0; row < 2; row++)
        for (size_t k = 0; k < width; k++)
            to[k + (c->reset_after ? row * width : 0)] +=
                (float)gz_constant_at(c->b, (dir * 2 + row) * width + c->kind->order[k / U] * U + k % U);
}

static gaze_status add_weights(gz_import *im, const cell *c, gz_net_layer *layer)
{
    static const char *const prefix[] = {"forward.", "backward."};
    const size_t U = c->units, width = c->kind->gates * U;
    for (size_t dir = 0; dir < c->dirs; dir++) {
        const char *before = c->dirs == 2 ? prefix[dir] : "", *names[3];
        float *kernel, *recurrent, *bias;
        static const char *const words[] = {"kernel", "recurrent_kernel", "bias"};
        for (size_t i = 0; i < 3; i++)
            if (!(names[i] = gz_arena_format(im->arena, "%s%s", before, words[i]))) return GAZE_ERROR_DEVICE;
        GZ_TRY(gz_net_weight(&im->net, layer, names[0], 2, (size_t[]){c->features, width}, &kernel));
        GZ_TRY(gz_net_weight(&im->net, layer, names[1], 2, (size_t[]){U, width}, &recurrent));
        turn(c, c->w, dir, c->features, kernel);
        turn(c, c->r, dir, U, recurrent);
        if (!c->b) continue;
        const size_t two[2] = {2, width};
        GZ_TRY(gz_net_weight(&im->net, layer, names[2], c->reset_after ? 2 : 1, c->reset_after ? two : &width,
                             &bias));
        fill_bias(c, dir, bias);
    }
    return GAZE_OK;
}

static gaze_status add_options(gz_import *im, const cell *c, gz_net_layer *layer)
{
    char text[256];
    int length =
        snprintf(text, sizeof text,
                 "{\"type\": \"%s\", \"units\": %zu, \"return_sequences\": true, \"return_state\": true",
                 c->kind->type, c->units);
    const size_t at = (size_t)length;
    snprintf(text + at, sizeof text - at, "%s%s}", c->b ? "" : ", \"use_bias\": false",
             c->kind == &GRU && !c->reset_after ? ", \"reset_after\": false" : "");
    if (c->dirs == 2) return gz_net_option(&im->net, layer, "layer", "%s", text);
    GZ_TRY(gz_net_option(&im->net, layer, "units", "%zu", c->units));
    GZ_TRY(gz_net_option(&im->net, layer, "return_sequences", "true"));
    GZ_TRY(gz_net_option(&im->net, layer, "return_state", "true"));
    if (!c->b) GZ_TRY(gz_net_option(&im->net, layer, "use_bias", "false"));
    if (c->kind == &GRU && !c->reset_after) GZ_TRY(gz_net_option(&im->net, layer, "reset_after", "false"));
    return c->reverse ? gz_net_option(&im->net, layer, "go_backwards", "true") : GAZE_OK;
}

/* Initial states [dirs,B,U] that are not zeros: one more input for each direction. */
static gaze_status add_initial(gz_import *im, const gz_onnx_node *node, const cell *c, gz_net_at *initial,
                               size_t *n)
{
    *n = 0;
    for (size_t dir = 0; dir < c->dirs; dir++)
        for (size_t s = 0; s < c->kind->n_states; s++) {
            gz_value *v = gz_node_in(node, 5 + s), part;
            if (!v || v->constant) {
                GZ_TRY(expect_zero(node, 5 + s, "a constant initial state that is not zero"));
                continue;
            }
            GZ_TRY(gz_node_computed(node, 5 + s, &v));
            if (v->rank != 3) return gz_refuse("an initial state without 3 axes");
            GZ_TRY(gz_take(im, v, c->batch_first ? 1 : 0, dir, 1, &part));
            GZ_TRY(gz_settle(im, &part));
            GZ_TRY(gz_arrange_axes(im, &part, 1, (size_t[]){3}, (size_t[]){0, 1, 2}));
            initial[(*n)++] = part.at;
        }
    if (*n && *n != c->dirs * c->kind->n_states)
        return gz_refuse("only one of its initial states is not zero");
    return GAZE_OK;
}

/* The state behind the last step, [dirs,B,U]. */
static gaze_status read_state(gz_import *im, const cell *c, gz_net_layer *layer, size_t s, size_t batch,
                              gz_value *to)
{
    static const char *const single[] = {"state_h", "state_c"}, *const both[] = {
                                                                    "forward_state_h", "backward_state_h",
                                                                    "forward_state_c", "backward_state_c"};
    gz_value part[2];
    gz_net_layer *joined;
    for (size_t dir = 0; dir < c->dirs; dir++) {
        part[dir].at = (gz_net_at){layer, c->dirs == 2 ? both[2 * s + dir] : single[s]};
        GZ_TRY(gz_layer_plain(im, "flatten", &part[dir], NULL, 0, 1, &c->units, &part[dir].at));
    }
    if (c->dirs == 2) {
        const size_t width = 2 * c->units;
        GZ_TRY(gz_net_add(&im->net, "concatenate", NULL, part[0].at, 1, &width, &joined));
        joined->inputs[joined->n_inputs++] = part[1].at;
        part[0].at.layer = joined;
    }
    gz_value_of_layer(to, part[0].at, batch);
    if (!gz_value_reshape(to, 3, (size_t[]){batch, c->dirs, c->units}, to))
        return gz_refuse("its state can't be read");
    if (!c->batch_first) gz_value_transpose(to, (size_t[]){1, 0, 2}, to);
    return GAZE_OK;
}

static gaze_status read_sequence(const cell *c, gz_net_layer *layer, size_t batch, gz_value *to)
{
    static const size_t time_first[] = {1, 2, 0, 3};
    gz_value_of_layer(to, (gz_net_at){layer, NULL}, batch);
    if (c->reverse) return gz_refuse("it goes backwards alone, and all its steps are read");
    if (!gz_value_reshape(to, 4, (size_t[]){batch, layer->dim[0], c->dirs, c->units}, to))
        return gz_refuse("its steps can't be read");
    if (!c->batch_first) gz_value_transpose(to, time_first, to);
    return GAZE_OK;
}

static gaze_status take(gz_import *im, const gz_onnx_node *node, const cell_kind *kind)
{
    gz_value *input, x;
    gz_net_layer *layer;
    gz_net_at initial[4];
    cell c;
    size_t n;
    GZ_TRY(gz_node_computed(node, 0, &input));
    GZ_TRY(read_cell(node, kind, input, &c));
    x = *input;
    const size_t time = c.batch_first ? 1 : 0;
    if (!gz_value_place_batch(&x, 1 - time))
        return gz_refuse(
            "the batch is not axis %zu of its input; where the model's input has its batch in another axis "
            "than 0, say so with --batch-axis",
            1 - time);
    GZ_TRY(gz_settle(im, &x));
    GZ_TRY(gz_arrange_axes(im, &x, 2, (size_t[]){1, 1}, (size_t[]){time, 2}));
    GZ_TRY(add_initial(im, node, &c, initial, &n));
    GZ_TRY(gz_net_add(&im->net, c.dirs == 2 ? "bidirectional" : kind->type, gz_node_name(node, 1), x.at, 2,
                      (size_t[]){x.dim[time], c.dirs * c.units}, &layer));
    for (size_t i = 0; i < n; i++) layer->inputs[layer->n_inputs++] = initial[i];
    layer->n_states = n;
    GZ_TRY(add_options(im, &c, layer));
    GZ_TRY(add_weights(im, &c, layer));
    if (node->n_out && node->out[0]->uses) GZ_TRY(read_sequence(&c, layer, x.atom[0], node->out[0]));
    for (size_t s = 0; s < 2 && s + 1 < node->n_out; s++)
        if (node->out[s + 1]->uses) GZ_TRY(read_state(im, &c, layer, s, x.atom[0], node->out[s + 1]));
    return GAZE_OK;
}

gaze_status gz_onnx_lstm(gz_import *im, const gz_onnx_node *node) { return take(im, node, &LSTM); }
gaze_status gz_onnx_gru(gz_import *im, const gz_onnx_node *node) { return take(im, node, &GRU); }
gaze_status gz_onnx_rnn(gz_import *im, const gz_onnx_node *node) { return take(im, node, &RNN); }
