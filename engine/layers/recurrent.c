/* Keras' LSTM, GRU and SimpleRNN: x [B,T,D] -> [B,T,units] with return_sequences, otherwise the last output
   [B,units]. The products with the input are one dense for all steps; the recurrence is one op. */
#include "recurrent.h"

#include <string.h>

static gaze_status read_only(gz_json *json, const char *key, const char *only)
{
    const char *word;
    GZ_TRY(gz_json_text(json, key, only, &word));
    if (strcmp(word, only) == 0) return GAZE_OK;
    return gz_json_fail(
        json, key, "found \"%s\", expected \"%s\", the only one that recurrent layers have here", word, only);
}

gaze_status gz_recurrent_read(gz_json *json, const gz_layer_type *type, gz_recurrent_options *options)
{
    const bool lstm = type == &gz_layer_lstm, gru = type == &gz_layer_gru;
    bool reset_after = true;
    options->kind = lstm ? GZ_LSTM : gru ? GZ_GRU : GZ_RNN;
    GZ_TRY(gz_json_need_size(json, "units", 1, &options->units));
    GZ_TRY(read_only(json, "activation", "tanh"));
    if (lstm || gru) GZ_TRY(read_only(json, "recurrent_activation", "sigmoid"));
    if (lstm) GZ_TRY(gz_json_bool(json, "unit_forget_bias", true, &options->unit_forget_bias));
    if (gru) GZ_TRY(gz_json_bool(json, "reset_after", true, &reset_after));
    if (!reset_after) options->kind = GZ_GRU_RESET_BEFORE;
    GZ_TRY(gz_json_bool(json, "use_bias", true, &options->use_bias));
    GZ_TRY(gz_json_bool(json, "return_sequences", false, &options->return_sequences));
    GZ_TRY(gz_json_bool(json, "return_state", false, &options->return_state));
    return gz_json_bool(json, "go_backwards", false, &options->go_backwards);
}

gaze_status gz_recurrent_read_initial(gz_json *json)
{
    const char **names;
    size_t n;
    if (!gz_json_has(json, "initial_state")) return GAZE_OK;
    GZ_TRY(gz_json_texts(json, "initial_state", &names, &n));
    for (size_t i = 0; i < n; i++) GZ_TRY(gz_json_further_input(json, "initial_state", names[i]));
    return GAZE_OK;
}

size_t gz_recurrent_n_states(gz_recurrence_kind kind) { return kind == GZ_LSTM ? 2 : 1; }

static size_t gates_of(gz_recurrence_kind kind) { return kind == GZ_LSTM ? 4 : kind == GZ_RNN ? 1 : 3; }

typedef struct weights {
    gz_tensor *kernel, *recurrent_kernel;
    gz_tensor *bias;   /* of the dense, or NULL */
    gz_tensor *biases; /* gru's two rows, or NULL */
} weights;

static gaze_status add_weight(gz_build *b, const gz_layer *layer, const gz_recurrent_run *run,
                              const char *weight, gz_shape shape, gz_initializer initializer, gz_tensor **out)
{
    const char *name = gz_arena_format(gz_build_graph(b)->arena, "%s%s", run->prefix, weight);
    return name ? gz_build_weight(b, layer, name, shape, initializer, out) : GAZE_ERROR_DEVICE;
}

static gaze_status add_weights(gz_build *b, const gz_layer *layer, const gz_recurrent_run *run, size_t D,
                               weights *w)
{
    const gz_recurrent_options *o = run->options;
    const size_t U = o->units, width = gates_of(o->kind) * U;
    GZ_TRY(add_weight(b, layer, run, "kernel", GZ_SHAPE(D, width), GZ_INIT_GLOROT_UNIFORM, &w->kernel));
    GZ_TRY(add_weight(b, layer, run, "recurrent_kernel", GZ_SHAPE(U, width), GZ_INIT_ORTHOGONAL,
                      &w->recurrent_kernel));
    if (!o->use_bias) return GAZE_OK;
    if (o->kind == GZ_GRU)
        return add_weight(b, layer, run, "bias", GZ_SHAPE(2, width), GZ_INIT_ZEROS, &w->biases);
    return add_weight(b, layer, run, "bias", GZ_SHAPE(width),
                      o->unit_forget_bias ? GZ_INIT_LSTM_BIAS : GZ_INIT_ZEROS, &w->bias);
}

gaze_status gz_recurrent_last(gz_graph *graph, gz_tensor *y, bool backwards, gz_tensor **last)
{
    const size_t B = y->shape.dim[0], T = y->shape.dim[1], U = y->shape.dim[2];
    if (T > 1) GZ_TRY(gz_slice(graph, y, 1, backwards ? 0 : T - 1, 1, &y));
    return gz_graph_view(graph, y, GZ_SHAPE(B, U), last);
}

gaze_status gz_recurrent_build(gz_build *b, const gz_layer *layer, const gz_flow *in, gz_recurrent_run *run)
{
    gz_graph *graph = gz_build_graph(b);
    weights w = {0};
    gz_tensor *xw, *h, *c;
    GZ_TRY(gz_layer_expect_rank(layer, 0, in, 3, "[time, features]"));
    GZ_TRY(add_weights(b, layer, run, gz_shape_last(in->x->shape), &w));
    GZ_TRY(gz_dense(graph, in->x, w.kernel, w.bias, GZ_LINEAR, &xw));
    gz_tensor *const inputs[6] = {xw,       w.recurrent_kernel, w.biases,
                                  in->mask, run->initial[0],    run->initial[1]};
    GZ_TRY(gz_recurrence(graph, run->options->kind, run->backwards, inputs, &h, &c));
    if (run->options->return_state) {
        GZ_TRY(gz_recurrent_last(graph, h, run->backwards, &run->state[0]));
        if (c) GZ_TRY(gz_recurrent_last(graph, c, run->backwards, &run->state[1]));
    }
    run->y = h; /* before the first step that counts there is no output yet, but there may be a state */
    return in->mask && run->initial[0] ? gz_after_first(graph, h, in->mask, run->backwards, &run->y)
                                       : GAZE_OK;
}

gaze_status gz_recurrent_initial(const gz_layer *layer, const gz_flow *in, size_t n_in,
                                 gz_recurrent_run *runs, size_t n_runs)
{
    const size_t each = gz_recurrent_n_states(runs->options->kind), units = runs->options->units;
    if (n_in == 1) return GAZE_OK;
    if (n_in != 1 + each * n_runs)
        return gz_layer_fail(layer, "found %zu initial states, expected %zu%s", n_in - 1, each * n_runs,
                             n_runs == 2 ? ", the forward layer's first"
                             : each == 2 ? ", h and c"
                                         : "");
    for (size_t i = 1; i < n_in; i++) {
        char found[96];
        if (in[i].x->shape.rank != 2 || in[i].x->shape.dim[1] != units)
            return gz_layer_fail(layer, "the initial state '%s' has the shape %s, expected [%zu]",
                                 layer->inputs[i], gz_sample_text(in[i].x, found), units);
        runs[(i - 1) / each].initial[(i - 1) % each] = in[i].x;
    }
    return GAZE_OK;
}

static gaze_status expose_states(gz_build *b, const gz_layer *layer, const gz_recurrent_run *run)
{
    if (!run->options->return_state) return GAZE_OK;
    GZ_TRY(gz_build_state(b, layer, "state_h", run->state[0]));
    return run->state[1] ? gz_build_state(b, layer, "state_c", run->state[1]) : GAZE_OK;
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    const gz_recurrent_options *options = from;
    gz_graph *graph = gz_build_graph(b);
    gz_recurrent_run run = {.options = options, .prefix = "", .backwards = options->go_backwards};
    GZ_TRY(gz_recurrent_initial(layer, in, n_in, &run, 1));
    GZ_TRY(gz_recurrent_build(b, layer, in, &run));
    GZ_TRY(expose_states(b, layer, &run));
    if (!options->return_sequences) return gz_recurrent_last(graph, run.y, run.backwards, &out->x);
    out->mask = in->mask;
    out->x = run.y;
    return run.backwards ? gz_reverse_time(graph, run.y, &out->x) : GAZE_OK;
}

static gaze_status read(gz_json *json, const gz_layer_type *type, gz_recurrent_options *options)
{
    GZ_TRY(gz_recurrent_read_initial(json));
    return gz_recurrent_read(json, type, options);
}

static gaze_status read_lstm(gz_json *json, void *options) { return read(json, &gz_layer_lstm, options); }
static gaze_status read_gru(gz_json *json, void *options) { return read(json, &gz_layer_gru, options); }
static gaze_status read_rnn(gz_json *json, void *options)
{
    return read(json, &gz_layer_simple_rnn, options);
}

const gz_layer_type gz_layer_lstm = {"lstm", sizeof(gz_recurrent_options), 1, 1, read_lstm, build};
const gz_layer_type gz_layer_gru = {"gru", sizeof(gz_recurrent_options), 1, 1, read_gru, build};
const gz_layer_type gz_layer_simple_rnn = {"simple_rnn", sizeof(gz_recurrent_options), 1, 1, read_rnn, build};

static bool is_recurrent(const gz_layer_type *type)
{
    return type == &gz_layer_lstm || type == &gz_layer_gru || type == &gz_layer_simple_rnn;
}

const char *const *gz_layer_states(const gz_layer *layer)
{
    static const char *const none[] = {NULL}, *const one[] = {"state_h", NULL},
                             *const two[] = {"state_h", "state_c", NULL};
    static const char *const both_one[] = {"forward_state_h", "backward_state_h", NULL};
    static const char *const both_two[] = {"forward_state_h", "forward_state_c", "backward_state_h",
                                           "backward_state_c", NULL};
    const bool single = is_recurrent(layer->type);
    if (!single && layer->type != &gz_layer_bidirectional) return none;
    const gz_recurrent_options *options = single ? layer->options : gz_bidirectional_wrapped(layer);
    if (!options->return_state) return none;
    if (gz_recurrent_n_states(options->kind) == 1) return single ? one : both_one;
    return single ? two : both_two;
}
