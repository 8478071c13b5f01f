/* What gaze_decode and "decode" in a model file refuse, and how they say it. */
#include "writer.h"

static void wrong_calls_are_named(void **state)
{
    (void)state;
    int32_t target[SAMPLES * STEPS] = {0};
    gaze_array given[] = {SOURCES, {"target", GAZE_INT32, 2, {SAMPLES, STEPS}, target}};
    gaze_decoded decoded;
    open_writer();
    assert_string_equal(gaze_model_decodes(model), "target");
    assert_fails(GAZE_ERROR_USAGE, &(gaze_decode_options){.method = "beam:0"}, "beam:K with K from 1");
    assert_fails(GAZE_ERROR_USAGE, &(gaze_decode_options){.method = "beam:1001"}, "'beam:1001'");
    assert_fails(GAZE_ERROR_USAGE, &(gaze_decode_options){.method = "beam:"}, "'beam:'");
    assert_fails(GAZE_ERROR_USAGE, &(gaze_decode_options){.method = "best"}, "expected greedy, or beam:K");
    assert_fails(GAZE_ERROR_USAGE, &(gaze_decode_options){.n_best = 2}, "beam:2 or wider");
    assert_fails(GAZE_ERROR_USAGE, &(gaze_decode_options){.max_length = 5}, "the 4 steps");
    assert_int_equal(gaze_decode(model, given, 2, NULL, &decoded), GAZE_ERROR_USAGE);
    assert_message("'target' is what decoding writes", NULL);
    given[1].name = NULL;
    assert_int_equal(gaze_decode(model, given, 2, NULL, &decoded), GAZE_ERROR_USAGE);
    assert_message("2 inputs were given", "takes 1", NULL);
    assert_int_equal(gaze_decode(model, given, 0, NULL, &decoded), GAZE_ERROR_USAGE);
    assert_message("input 'source' is missing", NULL);
    sources[2][1] = 4;
    assert_fails(GAZE_ERROR_DATA, NULL, "found id 4, expected 0 to 3");
}

static void a_model_that_writes_nothing_is_refused(void **state)
{
    (void)state;
    open_model(SOURCE ", " TARGET, WRITER TOKEN, "'outputs': ['token']");
    assert_null(gaze_model_decodes(model));
    assert_fails(GAZE_ERROR_MODEL, NULL, "has no \"decode\"");
}

static void a_model_that_looks_ahead_is_refused(void **state)
{
    (void)state;
    open_model(SOURCE ", " TARGET,
               READER "{'name': 'both', 'type': 'bidirectional', 'layer': {'type': 'gru', 'units': 6, "
                      "'return_sequences': true}}, " TOKEN,
               DECODE);
    assert_fails(GAZE_ERROR_MODEL, NULL, "changes with later steps of the input 'target'");
}

static void causal_attention_over_the_target_is_no_leak(void **state)
{
    (void)state;
    gaze_decoded decoded;
    open_model(SOURCE ", " TARGET,
               READER
               "{'name': 'self', 'type': 'attention', 'kind': 'multi_head', 'num_heads': 1, 'key_dim': "
               "4, 'mask': 'causal', 'inputs': ['written']}, " TOKEN,
               DECODE);
    decode(NULL, &decoded);
    gaze_decoded_free(&decoded);
}

static void an_output_without_probabilities_is_refused(void **state)
{
    (void)state;
    open_model(SOURCE ", " TARGET, WRITER "{'name': 'token', 'type': 'dense', 'units': 4}", DECODE);
    assert_fails(GAZE_ERROR_MODEL, NULL, "not made of probabilities");
}

#define DECODES(text) "'outputs': ['token'], 'decode': {" text "}"

static void what_a_file_says_about_decoding_is_checked(void **state)
{
    (void)state;
    const char *both = SOURCE ", " TARGET, *vector = "{'name': 'v', 'shape': [4]}, " TARGET;
    const char *look = "{'name': 'written', 'type': 'embedding', 'input_dim': 4, 'output_dim': 5, 'inputs': "
                       "['target']}, ";
    char layers[4096];
    assert_refused(both, WRITER TOKEN, DECODES("'input': 'targt', 'start_token': 1"), "decode", "'input'",
                   "did you mean 'target'");
    assert_refused(both, WRITER TOKEN, DECODES("'input': 'target'"), "'start_token'", "missing");
    assert_refused(both, WRITER TOKEN, DECODES("'input': 'target', 'start_token': -1"), "'start_token'");
    assert_refused(both, WRITER TOKEN, DECODES("'input': 'target', 'start_token': 1, 'end': 0"), "'end'");
    assert_refused(both, WRITER TOKEN, DECODES("'input': 'target', 'start_token': 1, 'max_length': 5"),
                   "'max_length'", "at most the 4 steps");
    assert_refused(both, WRITER TOKEN, DECODES("'input': 'target', 'start_token': 1, 'end_token': 4"),
                   "end_token is 4", "0 to 3");
    assert_refused(both, WRITER TOKEN, DECODES("'input': 'source', 'start_token': 1"), "[4,4]",
                   "expected [3,tokens]");
    snprintf(layers, sizeof layers, "%s%s", look, TOKEN);
    assert_refused(vector, layers, DECODES("'input': 'v', 'start_token': 1"), "'v' is [4] of float32");
    snprintf(layers, sizeof layers, "%s{'name': 'mean', 'type': 'global_average_pool1d'}, %s", look, TOKEN);
    assert_refused(both, layers, DECODES("'input': 'target', 'start_token': 1"), "[4]",
                   "one row for each step");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_file_says_about_decoding_is_checked),
        TEST(wrong_calls_are_named),
        TEST(a_model_that_writes_nothing_is_refused),
        TEST(a_model_that_looks_ahead_is_refused),
        TEST(causal_attention_over_the_target_is_no_leak),
        TEST(an_output_without_probabilities_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
