#include "models.h"

#include <math.h>

#define QUERY_VALUE "{'name': 'q', 'shape': [2, 1]}, {'name': 'v', 'shape': [2, 1]}"
#define MASKED      QUERY_VALUE ", {'name': 'pad', 'shape': [2]}"
#define OUTPUT      "'outputs': ['a']"

static const float LN3 = 1.0986123f;

/* A layer 'a' of one kind, its map kept, its weights zeros; one sample, run by the references. */
typedef struct kind_run {
    small_run run;
    float y[64], map[64];
} kind_run;

static void open_kind(kind_run *k, const char *inputs, const char *options)
{
    char layers[256];
    snprintf(layers, sizeof layers, "{'name': 'a', 'type': 'attention', %s}", options);
    static const char *const maps[] = {"a"};
    start(&k->run, read_model(inputs, layers, OUTPUT),
          &(gz_build_options){.batch = 1, .maps = maps, .n_maps = 1});
}

static gz_tensor *map_of(const kind_run *k)
{
    for (size_t i = 0; i < k->run.built.n_maps; i++)
        if (!strcmp(k->run.built.maps[i].info.name, "a")) return k->run.built.maps[i].tensor;
    fail_msg("no map 'a'");
    return NULL;
}

static void run_kind(kind_run *k, const float *first, const float *second, const float *third)
{
    const float *values[] = {first, second, third};
    for (size_t i = 0; i < k->run.model->n_inputs; i++)
        assert_ok(gz_plan_write(k->run.plan, k->run.built.inputs[i], values[i]));
    assert_ok(gz_plan_run(k->run.plan));
    assert_ok(gz_plan_read(k->run.plan, k->run.built.outputs[0], k->y));
    assert_ok(gz_plan_read(k->run.plan, map_of(k), k->map));
}

static void assert_values(const float *got, const double *want, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabs((double)got[i] - want[i]) <= 1e-6 * (1 + fabs(want[i]))))
            fail_msg("value %zu is %.9g, expected %.9g", i, (double)got[i], want[i]);
}
#define assert_y(k, ...) \
    assert_values((k)->y, (double[]){__VA_ARGS__}, sizeof((double[]){__VA_ARGS__}) / sizeof(double))
#define assert_map(k, ...) \
    assert_values((k)->map, (double[]){__VA_ARGS__}, sizeof((double[]){__VA_ARGS__}) / sizeof(double))

/* scores of q [1, 0] and keys [0, ln 3]: e^0 and e^ln 3 = 1 and 3 */
static void dot_shares_by_the_exponential_of_products(void **state)
{
    (void)state;
    kind_run k;
    open_kind(&k, QUERY_VALUE, "'kind': 'dot', 'inputs': ['q', 'v']");
    run_kind(&k, (float[]){1, 0}, (float[]){0, LN3}, NULL);
    assert_map(&k, 0.25, 0.75, 0.5, 0.5);
    assert_y(&k, 0.75 * LN3, 0.5 * LN3);
    finish(&k.run);
}

static void dot_has_scalar_weights(void **state)
{
    (void)state;
    kind_run k;
    open_kind(&k, QUERY_VALUE, "'kind': 'dot', 'inputs': ['q', 'v'], 'use_scale': true");
    set_weight(&k.run, "a.scale", (float[]){2});
    run_kind(&k, (float[]){1, 0}, (float[]){0, LN3}, NULL);
    assert_map(&k, 0.1, 0.9, 0.5, 0.5);
    finish(&k.run);
    open_kind(&k, QUERY_VALUE,
              "'kind': 'dot', 'inputs': ['q', 'v'], 'use_scale': true, 'score_mode': 'concat'");
    set_weight(&k.run, "a.scale", (float[]){0.5f});
    set_weight(&k.run, "a.concat_score_weight", (float[]){3});
    run_kind(&k, (float[]){1, 0}, (float[]){0, LN3}, NULL);
    const double far = exp(3 * tanh(0.5 * (1 + LN3))), near = exp(3 * tanh(0.5));
    assert_values(k.map, (double[]){near / (near + far), far / (near + far)}, 2);
    finish(&k.run);
}

static void causal_queries_see_no_later_key(void **state)
{
    (void)state;
    kind_run k;
    open_kind(&k, QUERY_VALUE, "'kind': 'dot', 'inputs': ['q', 'v'], 'mask': 'causal'");
    run_kind(&k, (float[]){1, 1}, (float[]){5, 5}, NULL);
    assert_map(&k, 1, 0, 0.5, 0.5);
    finish(&k.run);
}

static void a_named_mask_leaves_keys_above_one_half(void **state)
{
    (void)state;
    kind_run k;
    open_kind(&k, MASKED, "'kind': 'dot', 'inputs': ['q', 'v'], 'mask': 'pad'");
    run_kind(&k, (float[]){1, 0}, (float[]){0, LN3}, (float[]){0.5f, 0.6f});
    assert_map(&k, 0, 1, 0, 1);
    run_kind(&k, (float[]){1, 0}, (float[]){NAN, 1}, (float[]){0, 0});
    assert_map(&k, 0, 0, 0, 0);
    finish(&k.run);
}

static void masks_of_a_list_are_joined(void **state)
{
    (void)state;
    kind_run k;
    open_kind(&k, MASKED, "'kind': 'dot', 'inputs': ['q', 'v'], 'mask': ['pad', 'causal']");
    run_kind(&k, (float[]){1, 0}, (float[]){0, LN3}, (float[]){0, 1});
    assert_map(&k, 0, 0, 0, 1);
    assert_y(&k, 0, LN3);
    finish(&k.run);
}

static void a_mask_must_be_defined_and_fit(void **state)
{
    (void)state;
    assert_refused(MASKED,
                   "{'name': 'a', 'type': 'attention', 'kind': 'dot', 'inputs': ['q', 'v'], 'mask': 'pat'}",
                   OUTPUT, "layer 'a'", "'mask'", "\"pat\"", "did you mean 'pad'?");
    assert_refused(MASKED,
                   "{'name': 'a', 'type': 'attention', 'kind': 'dot', 'inputs': ['q', 'v'], 'mask': 'q'}",
                   OUTPUT, "layer 'a'", "mask 'q'", "[2,1]", "expected [2]");
    assert_refused(MASKED,
                   "{'name': 'a', 'type': 'attention', 'kind': 'gate', 'inputs': ['q', 'v'], 'mask': 'pad'}",
                   OUTPUT, "layer 'a'", "'mask'");
}

static void additive_and_bahdanau_follow_their_formulas(void **state)
{
    (void)state;
    kind_run k;
    open_kind(&k, QUERY_VALUE, "'kind': 'additive', 'inputs': ['q', 'v']");
    set_weight(&k.run, "a.scale", (float[]){3});
    run_kind(&k, (float[]){1, 0}, (float[]){0, 0.5f}, NULL);
    const double first = exp(3 * tanh(1)), second = exp(3 * tanh(1.5));
    assert_values(k.map, (double[]){first / (first + second), second / (first + second)}, 2);
    finish(&k.run);

    open_kind(&k, QUERY_VALUE, "'kind': 'bahdanau', 'inputs': ['q', 'v'], 'units': 1");
    set_weight(&k.run, "a.query.kernel", (float[]){2});
    set_weight(&k.run, "a.key.kernel", (float[]){-1});
    set_weight(&k.run, "a.bias", (float[]){0.25f});
    set_weight(&k.run, "a.score.kernel", (float[]){4});
    run_kind(&k, (float[]){1, 0}, (float[]){0, 0.5f}, NULL);
    const double near = exp(4 * tanh(2.25)), far = exp(4 * tanh(1.75));
    assert_values(k.map, (double[]){near / (near + far), far / (near + far)}, 2);
    finish(&k.run);
}

static void luong_puts_the_rows_of_the_query_first(void **state)
{
    (void)state;
    kind_run k;
    open_kind(&k, QUERY_VALUE, "'kind': 'luong', 'inputs': ['q', 'v'], 'score': 'concat', 'units': 1");
    set_weight(&k.run, "a.concat.kernel", (float[]){2, -1});
    set_weight(&k.run, "a.score.kernel", (float[]){1});
    run_kind(&k, (float[]){1, 0}, (float[]){0, 0.5f}, NULL);
    const double first = exp(tanh(2)), second = exp(tanh(1.5));
    assert_values(k.map, (double[]){first / (first + second), second / (first + second)}, 2);
    finish(&k.run);

    open_kind(&k, QUERY_VALUE, "'kind': 'luong', 'inputs': ['q', 'v'], 'score': 'general'");
    set_weight(&k.run, "a.general.kernel", (float[]){2});
    run_kind(&k, (float[]){1, 0}, (float[]){0, LN3}, NULL);
    assert_map(&k, 0.1, 0.9, 0.5, 0.5);
    finish(&k.run);
}

#define FIVE "{'name': 'q', 'shape': [2, 1]}, {'name': 'v', 'shape': [5, 1]}"

static void local_m_sees_its_window_alone(void **state)
{
    (void)state;
    kind_run k;
    open_kind(&k, FIVE, "'kind': 'local', 'inputs': ['q', 'v'], 'mode': 'm', 'window': 1");
    run_kind(&k, (float[]){0, 0}, (float[]){1, 2, 3, 4, 5}, NULL);
    assert_map(&k, 0.5, 0.5, 0, 0, 0, 1.0 / 3, 1.0 / 3, 1.0 / 3, 0, 0);
    assert_y(&k, 1.5, 2);
    finish(&k.run);
}

/* With zero weights p = 5 sigmoid(0) = 2.5: keys 1.5..3.5 */
static void local_p_falls_off_with_the_distance_from_the_position(void **state)
{
    (void)state;
    kind_run k;
    open_kind(&k, FIVE, "'kind': 'local', 'inputs': ['q', 'v'], 'mode': 'p', 'window': 1");
    run_kind(&k, (float[]){0, 0}, (float[]){1, 2, 3, 4, 5}, NULL);
    const double a = 0.5 * exp(-0.25 / (2 * 0.25));
    assert_map(&k, 0, 0, a, a, 0);
    assert_y(&k, 7 * a);
    finish(&k.run);
}

/* With zero weights all scores are 0, and with them the output. */
static void multi_head_has_a_map_for_each_head(void **state)
{
    (void)state;
    kind_run k;
    open_kind(&k, "{'name': 'x', 'shape': [3, 4]}",
              "'kind': 'multi_head', 'num_heads': 2, 'key_dim': 5, 'causal': true");
    run_kind(&k, (float[12]){1, 2, 3}, NULL, NULL);
    const gz_shape map = map_of(&k)->shape;
    assert_true(gz_shape_equal(map, GZ_SHAPE(1, 2, 3, 3)));
    for (size_t h = 0; h < 2; h++)
        assert_values(k.map + 9 * h, (double[]){1, 0, 0, 0.5, 0.5, 0, 1.0 / 3, 1.0 / 3, 1.0 / 3}, 9);
    for (size_t i = 0; i < 12; i++) assert_true(k.y[i] == 0);
    assert_int_equal(k.run.built.n_weights, 8);
    finish(&k.run);
}

/* Head h of Q, K and V are the columns h*1.. of x: two independent attentions. */
static void heads_do_not_mix(void **state)
{
    (void)state;
    kind_run k;
    open_kind(&k, "{'name': 'x', 'shape': [2, 2]}",
              "'kind': 'multi_head', 'num_heads': 2, 'key_dim': 1, 'use_bias': false");
    static const char *const weights[] = {"a.query.kernel", "a.key.kernel", "a.value.kernel",
                                          "a.output.kernel"};
    for (size_t i = 0; i < 4; i++) set_weight(&k.run, weights[i], (float[]){1, 0, 0, 1});
    run_kind(&k, (float[]){1, 0, 1 + LN3, 0}, NULL, NULL);
    const double far = exp((1 + LN3) * LN3);
    assert_map(&k, 0.25, 0.75, 1 / (1 + far), far / (1 + far), 0.5, 0.5, 0.5, 0.5);
    assert_y(&k, 1 + 0.75 * LN3, 0, 1 + far / (1 + far) * LN3, 0);
    finish(&k.run);
}

/* The two ways of one layer: the same output, and the same map, which tiles make only when asked. */
static void tiles_change_neither_output_nor_map(void **state)
{
    (void)state;
    static const char *const tiled[] = {"true", "false"};
    kind_run k[2];
    float weights[12];
    for (size_t i = 0; i < 12; i++) weights[i] = (float)sin(2.0 + 1.3 * (double)i);
    for (size_t t = 0; t < 2; t++) {
        char options[128];
        snprintf(options, sizeof options,
                 "'kind': 'multi_head', 'num_heads': 2, 'key_dim': 2, 'causal': true, 'tiled': %s", tiled[t]);
        open_kind(&k[t], "{'name': 'x', 'shape': [5, 3]}", options);
        for (size_t i = 0; i < 8; i += 2) set_weight(&k[t].run, k[t].run.built.weights[i].name, weights);
        assert_int_equal(count_nodes(&k[t].run.built, "attention"), t == 0);
        run_kind(&k[t], (float[15]){1, -2, 3, 0.5f, -1, 2, 1, 1, -1, 0.3f, 0.2f, 2, -2, 1, 1}, NULL, NULL);
    }
    for (size_t i = 0; i < 15; i++) assert_true(fabsf(k[0].y[i] - k[1].y[i]) < 1e-6f);
    for (size_t i = 0; i < 50; i++) assert_true(fabsf(k[0].map[i] - k[1].map[i]) < 1e-6f);
    assert_true(fabsf(k[0].y[14]) > 1e-3f);
    for (size_t t = 0; t < 2; t++) finish(&k[t].run);
}

static void tiles_make_no_map_that_nobody_wants(void **state)
{
    (void)state;
    gz_model *model = read_model(
        "{'name': 'x', 'shape': [600, 3]}",
        "{'name': 'a', 'type': 'attention', 'kind': 'multi_head', 'num_heads': 2, 'key_dim': 2}", OUTPUT);
    gz_built built;
    assert_ok(gz_model_build(model, &(gz_build_options){.batch = 2}, &built));
    assert_int_equal(count_nodes(&built, "attention"), 1);
    assert_int_equal(count_nodes(&built, "softmax"), 0);
    assert_int_equal(built.maps[0].info.shape[2], 600);
    gz_built_free(&built);
    gz_model_free(model);
}

static void with_zero_weights_non_local_changes_nothing(void **state)
{
    (void)state;
    kind_run k;
    open_kind(&k, "{'name': 'x', 'shape': [1, 2, 2]}", "'kind': 'non_local'");
    run_kind(&k, (float[]){1, 2, 3, 4}, NULL, NULL);
    assert_map(&k, 0.5, 0.5, 0.5, 0.5);
    assert_y(&k, 1, 2, 3, 4);
    finish(&k.run);
}

static void with_zero_weights_a_gate_is_half_open(void **state)
{
    (void)state;
    kind_run k;
    open_kind(&k, "{'name': 'x', 'shape': [1, 2, 2]}, {'name': 'g', 'shape': [1, 2, 3]}",
              "'kind': 'gate', 'inputs': ['x', 'g']");
    run_kind(&k, (float[]){1, 2, 3, 4}, (float[6]){0}, NULL);
    assert_map(&k, 0.5, 0.5);
    assert_y(&k, 0.5, 1, 1.5, 2);
    finish(&k.run);
    assert_refused("{'name': 'x', 'shape': [1, 2, 2]}, {'name': 'g', 'shape': [2, 1, 3]}",
                   "{'name': 'a', 'type': 'attention', 'kind': 'gate', 'inputs': ['x', 'g']}", OUTPUT, "'x'",
                   "[1,2,2]", "'g'", "[2,1,3]");
}

static void hard_takes_the_first_of_equals(void **state)
{
    (void)state;
    kind_run k;
    open_kind(&k, "{'name': 'x', 'shape': [3, 2]}", "'kind': 'hard', 'units': 1");
    run_kind(&k, (float[]){1, 2, 3, 4, 5, 6}, NULL, NULL);
    assert_map(&k, 1, 0, 0);
    assert_y(&k, 1, 2);
    set_weight(&k.run, "a.hidden.kernel", (float[]){1, 0});
    set_weight(&k.run, "a.score.kernel", (float[]){-1});
    run_kind(&k, (float[]){3, 2, 1, 4, 5, 6}, NULL, NULL);
    assert_map(&k, 0, 1, 0);
    finish(&k.run);
}

static void shapes_that_do_not_meet_are_refused(void **state)
{
    (void)state;
    assert_refused("{'name': 'q', 'shape': [2, 3]}, {'name': 'v', 'shape': [2, 4]}",
                   "{'name': 'a', 'type': 'attention', 'kind': 'dot', 'inputs': ['q', 'v']}", OUTPUT,
                   "layer 'a'", "'q' has 3 features", "'v' has 4");
    assert_refused("{'name': 'q', 'shape': [2, 3]}, {'name': 'v', 'shape': [4, 3]}",
                   "{'name': 'a', 'type': 'attention', 'kind': 'multi_head', 'num_heads': 1, 'key_dim': 2, "
                   "'inputs': ['q', 'v', 'q']}",
                   OUTPUT, "'v' has 4 tokens", "'q' has 2");
    assert_refused(QUERY_VALUE, "{'name': 'a', 'type': 'attention', 'kind': 'luong', 'inputs': ['q', 'v']}",
                   OUTPUT, "'score'", "missing", "general");
    assert_refused(QUERY_VALUE,
                   "{'name': 'a', 'type': 'attention', 'kind': 'luong', 'inputs': ['q', 'v'], 'score': "
                   "'dot', 'units': 3}",
                   OUTPUT, "'units'", "concat");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dot_shares_by_the_exponential_of_products),
        cmocka_unit_test(dot_has_scalar_weights),
        cmocka_unit_test(causal_queries_see_no_later_key),
        cmocka_unit_test(a_named_mask_leaves_keys_above_one_half),
        cmocka_unit_test(masks_of_a_list_are_joined),
        cmocka_unit_test(a_mask_must_be_defined_and_fit),
        cmocka_unit_test(additive_and_bahdanau_follow_their_formulas),
        cmocka_unit_test(luong_puts_the_rows_of_the_query_first),
        cmocka_unit_test(local_m_sees_its_window_alone),
        cmocka_unit_test(local_p_falls_off_with_the_distance_from_the_position),
        cmocka_unit_test(multi_head_has_a_map_for_each_head),
        cmocka_unit_test(heads_do_not_mix),
        cmocka_unit_test(tiles_change_neither_output_nor_map),
        cmocka_unit_test(tiles_make_no_map_that_nobody_wants),
        cmocka_unit_test(with_zero_weights_non_local_changes_nothing),
        cmocka_unit_test(with_zero_weights_a_gate_is_half_open),
        cmocka_unit_test(hard_takes_the_first_of_equals),
        cmocka_unit_test(shapes_that_do_not_meet_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
