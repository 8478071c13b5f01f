#include "models.h"

#include <math.h>

static small_run run;

static void open(const char *layers, const char *outputs)
{
    char rest[128];
    snprintf(rest, sizeof rest, "'outputs': [%s]", outputs);
    start(&run, read_model(INPUT_STEPS, layers, rest), &(gz_build_options){.batch = 1});
}

static int close_run(void **state)
{
    (void)state;
    finish(&run);
    run = (small_run){0};
    return 0;
}

/* Output i of input 0.1, 0.2, ..., 1.2 as [4,3] with weights that grow from tensor to tensor. */
static const float *output(size_t i)
{
    static float values[64];
    float x[12], weights[256];
    for (size_t n = 0; n < 12; n++) x[n] = 0.1f * (float)(n + 1);
    for (size_t n = 0; n < 256; n++) weights[n] = 0.3f * (float)sin(1.0 + 0.7 * (double)n);
    for (size_t w = 0; w < run.built.n_weights; w++) set_weight(&run, run.built.weights[w].name, weights + w);
    assert_ok(gz_plan_write(run.plan, run.built.inputs[0], x));
    assert_ok(gz_plan_run(run.plan));
    assert_ok(gz_plan_read(run.plan, run.built.outputs[i], values));
    return values;
}

static void assert_output_shape(size_t i, const char *expected)
{
    char text[96];
    assert_string_equal(gz_sample_text(run.built.outputs[i], text), expected);
}

static void assert_weight(size_t i, const char *name, const char *shape)
{
    char text[96];
    assert_string_equal(run.built.weights[i].name, name);
    assert_string_equal(gz_shape_text(run.built.weights[i].tensor->shape, text), shape);
}

static void assert_same(const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)a[i] - (double)b[i]) < 1e-7))
            fail_msg("value %zu: %.9g and %.9g", i, (double)a[i], (double)b[i]);
}

static void weights_have_keras_shapes_and_initial_values(void **state)
{
    (void)state;
    open("{'name': 'l', 'type': 'lstm', 'units': 2, 'return_sequences': true},"
         "{'name': 'g', 'type': 'gru', 'units': 3, 'return_sequences': true},"
         "{'name': 'b', 'type': 'gru', 'units': 1, 'reset_after': false, 'return_sequences': true},"
         "{'name': 'r', 'type': 'simple_rnn', 'units': 2, 'use_bias': false}",
         "'r'");
    assert_int_equal(run.built.n_weights, 11);
    assert_weight(0, "l.kernel", "[3,8]");
    assert_weight(1, "l.recurrent_kernel", "[2,8]");
    assert_weight(2, "l.bias", "[8]");
    assert_weight(5, "g.bias", "[2,9]");
    assert_weight(8, "b.bias", "[3]");
    assert_weight(10, "r.recurrent_kernel", "[2,2]");
    assert_int_equal(run.built.weights[1].initializer, GZ_INIT_ORTHOGONAL);
    assert_int_equal(run.built.weights[2].initializer, GZ_INIT_LSTM_BIAS);
    assert_int_equal(run.built.weights[5].initializer, GZ_INIT_ZEROS);
}

static void sequences_and_last_outputs_agree(void **state)
{
    (void)state;
    float sequence[8];
    open("{'name': 'l', 'type': 'lstm', 'units': 2, 'return_sequences': true, 'return_state': true}",
         "'l', 'l/state_h', 'l/state_c'");
    assert_output_shape(0, "[4,2]");
    assert_output_shape(1, "[2]");
    assert_output_shape(2, "[2]");
    memcpy(sequence, output(0), sizeof sequence);
    assert_same(output(1), sequence + 6, 2);
    assert_true(fabsf(output(2)[0]) > fabsf(sequence[6])); /* |h| = |o tanh(c)| < |c| */
}

/* A decoder that takes over the encoder's states goes on where that stopped. */
static void states_pass_from_layer_to_layer(void **state)
{
    (void)state;
    float whole[2];
    open("{'name': 'all', 'type': 'concatenate', 'axis': 1, 'inputs': ['x', 'x']}, {'name': 'e', 'type': "
         "'lstm', 'units': 2}",
         "'e'");
    memcpy(whole, output(0), sizeof whole);
    finish(&run);
    open("{'name': 'e', 'type': 'lstm', 'units': 2, 'return_state': true},"
         "{'name': 'd', 'type': 'lstm', 'units': 2, 'inputs': 'x', 'share': 'e', 'return_state': true,"
         " 'initial_state': ['e/state_h', 'e/state_c']}",
         "'d'");
    assert_same(output(0), whole, 2);
}

static void going_backwards_reverses_the_order(void **state)
{
    (void)state;
    float last[2], sequence[8];
    open("{'name': 'r', 'type': 'gru', 'units': 2, 'go_backwards': true}", "'r'");
    memcpy(last, output(0), sizeof last);
    finish(&run);
    open("{'name': 'r', 'type': 'gru', 'units': 2, 'go_backwards': true, 'return_sequences': true}", "'r'");
    memcpy(sequence, output(0), sizeof sequence);
    assert_same(sequence + 6, last, 2);
}

/* At each step the backward half stands beside the forward half: at the first one it has read everything. */
static void bidirectional_outputs_stand_at_their_steps(void **state)
{
    (void)state;
    float sequence[16], last[4];
    open("{'name': 'b', 'type': 'bidirectional', 'layer': {'type': 'lstm', 'units': 2, 'return_sequences': "
         "true}}",
         "'b'");
    assert_output_shape(0, "[4,4]");
    assert_weight(3, "b.backward.kernel", "[3,8]");
    memcpy(sequence, output(0), sizeof sequence);
    finish(&run);
    open("{'name': 'b', 'type': 'bidirectional', 'layer': {'type': 'lstm', 'units': 2}}", "'b'");
    memcpy(last, output(0), sizeof last);
    assert_same(last, sequence + 12, 2);
    assert_same(last + 2, sequence + 2, 2);
}

static void bidirectional_merges_and_gives_states(void **state)
{
    (void)state;
    open("{'name': 's', 'type': 'bidirectional', 'layer': {'type': 'gru', 'units': 2, 'return_state': true}, "
         "'merge_mode': 'ave'}",
         "'s', 's/forward_state_h', 's/backward_state_h'");
    float average[2], sum[2];
    memcpy(average, output(0), sizeof average);
    memcpy(sum, output(1), sizeof sum);
    for (size_t i = 0; i < 2; i++) sum[i] = (sum[i] + output(2)[i]) / 2;
    assert_same(average, sum, 2);
}

#define RNN "'type': 'lstm', 'units': 2"
static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    const char *rest = "'outputs': ['l']";
    assert_refused(INPUT_STEPS, "{'name': 'l', " RNN ", 'activation': 'relu'}", rest, "'l'", "activation",
                   "relu", "tanh");
    assert_refused(INPUT_STEPS,
                   "{'name': 'e', " RNN "}, {'name': 'l', " RNN
                   ", 'inputs': 'x', 'initial_state': ['e/state_h', 'e/state_c']}",
                   rest, "initial_state", "e/state_h");
    assert_refused(INPUT_STEPS,
                   "{'name': 'e', " RNN ", 'return_state': true}, {'name': 'l', " RNN
                   ", 'inputs': 'x', 'initial_state': 'e/state_h'}",
                   rest, "found 1 initial states, expected 2");
    assert_refused(INPUT_STEPS,
                   "{'name': 'e', 'type': 'lstm', 'units': 3, 'return_state': true},"
                   "{'name': 'l', " RNN ", 'inputs': 'x', 'initial_state': ['e/state_h', 'e/state_c']}",
                   rest, "'e/state_h' has the shape [3], expected [2]");
    assert_refused(INPUT_IMAGE, "{'name': 'l', " RNN "}", rest, "[6,5,2]", "[time, features]");
    assert_refused(INPUT_STEPS,
                   "{'name': 'l', 'type': 'bidirectional', 'layer': {'type': 'dense', 'units': 2}}", rest,
                   "lstm", "dense");
    assert_refused(INPUT_STEPS, "{'name': 'l', " RNN "}", "'outputs': ['l/state_h']", "l/state_h");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(weights_have_keras_shapes_and_initial_values, close_run),
        cmocka_unit_test_teardown(sequences_and_last_outputs_agree, close_run),
        cmocka_unit_test_teardown(states_pass_from_layer_to_layer, close_run),
        cmocka_unit_test_teardown(going_backwards_reverses_the_order, close_run),
        cmocka_unit_test_teardown(bidirectional_outputs_stand_at_their_steps, close_run),
        cmocka_unit_test_teardown(bidirectional_merges_and_gives_states, close_run),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
