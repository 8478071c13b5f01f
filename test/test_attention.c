#include "models.h"

#include <math.h>

/* One layer of a kind on an input of 2 samples, its map kept, its weights zeros, run by the references. */
typedef struct kind_run {
    small_run run;
    float x[2 * 60], y[2 * 60], map[2 * 60];
    size_t n_x, n_y, n_map; /* values of a sample */
} kind_run;

static void open_kind(kind_run *k, const char *inputs, const char *options)
{
    char layers[256];
    snprintf(layers, sizeof layers, "{'name': 'attention', 'type': 'attention', %s}", options);
    static const char *const maps[] = {"attention"};
    const gz_build_options build = {.batch = 2, .maps = maps, .n_maps = 1};
    *k = (kind_run){.n_x = 0};
    start(&k->run, read_model(inputs, layers, "'outputs': ['attention']"), &build);
    k->n_x = gz_shape_count(k->run.built.inputs[0]->shape) / 2;
    k->n_y = gz_shape_count(k->run.built.outputs[0]->shape) / 2;
    k->n_map = gz_shape_count(k->run.built.maps[0].tensor->shape) / 2;
    for (size_t i = 0; i < 2 * k->n_x; i++) k->x[i] = (float)sin(1.0 + 1.7 * (double)i);
}

static void run_kind(kind_run *k)
{
    assert_ok(gz_plan_write(k->run.plan, k->run.built.inputs[0], k->x));
    assert_ok(gz_plan_run(k->run.plan));
    assert_ok(gz_plan_read(k->run.plan, k->run.built.outputs[0], k->y));
    assert_ok(gz_plan_read(k->run.plan, k->run.built.maps[0].tensor, k->map));
}

static void assert_near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-6 * (1 + fabs(want)))) fail_msg("got %.9g, expected %.9g", got, want);
}

static void with_zero_weights_additive_scale_changes_nothing(void **state)
{
    (void)state;
    kind_run k;
    open_kind(&k, INPUT_IMAGE, "'kind': 'additive_scale', 'units': 4");
    run_kind(&k);
    const gaze_map_info *info = &k.run.built.maps[0].info;
    assert_true(info->rank == 2 && info->shape[0] == 6 && info->shape[1] == 5 && info->sums_to_one);
    assert_true(info->field.known && info->field.step[0] == 1);
    for (size_t i = 0; i < 2 * k.n_map; i++) assert_near(k.map[i], 1.0 / 30);
    for (size_t i = 0; i < 2 * k.n_y; i++) assert_near(k.y[i], k.x[i]);
    finish(&k.run);
}

static void with_zero_weights_additive_pool_is_the_mean(void **state)
{
    (void)state;
    kind_run k;
    open_kind(&k, INPUT_STEPS, "'kind': 'additive_pool'");
    run_kind(&k);
    assert_int_equal(k.n_y, 3);
    assert_int_equal(k.n_map, 4);
    for (size_t d = 0; d < 3; d++) assert_near(k.y[d], (k.x[d] + k.x[3 + d] + k.x[6 + d] + k.x[9 + d]) / 4.0);
    finish(&k.run);
}

/* a by the formula, from one feature and one unit */
static void additive_weights_follow_the_formula(void **state)
{
    (void)state;
    kind_run k;
    open_kind(&k, INPUT_STEPS, "'kind': 'additive_pool', 'units': 1");
    set_weight(&k.run, "attention.hidden.kernel", (float[]){0.5f, 0, 0});
    set_weight(&k.run, "attention.hidden.bias", (float[]){0.25f});
    set_weight(&k.run, "attention.score.kernel", (float[]){2});
    run_kind(&k);
    for (size_t b = 0; b < 2; b++) {
        double e[4], sum = 0, y = 0;
        for (size_t t = 0; t < 4; t++) sum += e[t] = exp(2 * tanh(0.5 * k.x[b * 12 + t * 3] + 0.25));
        for (size_t t = 0; t < 4; t++) y += e[t] / sum * k.x[b * 12 + t * 3 + 1];
        for (size_t t = 0; t < 4; t++) assert_near(k.map[b * 4 + t], e[t] / sum);
        assert_near(k.y[b * 3 + 1], y);
    }
    finish(&k.run);
}

static void spatial_gates_each_cell_by_mean_and_maximum(void **state)
{
    (void)state;
    kind_run k;
    open_kind(&k, INPUT_IMAGE, "'kind': 'spatial', 'kernel_size': 1");
    set_weight(&k.run, "attention.conv.kernel", (float[]){3, -2}); /* mean, then maximum */
    set_weight(&k.run, "attention.conv.bias", (float[]){0.5f});
    run_kind(&k);
    assert_false(k.run.built.maps[0].info.sums_to_one);
    for (size_t i = 0; i < 2 * 30; i++) {
        const double a = k.x[2 * i], b = k.x[2 * i + 1],
                     s = 1 / (1 + exp(-(3 * (a + b) / 2 - 2 * fmax(a, b) + 0.5)));
        assert_near(k.map[i], s);
        assert_near(k.y[2 * i], a * s);
        assert_near(k.y[2 * i + 1], b * s);
    }
    finish(&k.run);
}

static void soft_gate_is_a_softmax_or_a_sigmoid_over_all_values(void **state)
{
    (void)state;
    kind_run k;
    open_kind(&k, INPUT_STEPS, "'kind': 'soft_gate'");
    run_kind(&k);
    assert_true(k.run.built.maps[0].info.sums_to_one && k.n_map == 12);
    for (size_t i = 0; i < 24; i++) assert_near(k.y[i], k.x[i] / 12);
    finish(&k.run);
    open_kind(&k, INPUT_STEPS, "'kind': 'soft_gate', 'gate': 'sigmoid', 'gate_rank': 2");
    run_kind(&k);
    assert_int_equal(k.run.built.n_weights, 3);
    assert_string_equal(k.run.built.weights[1].name, "attention.gate.expand");
    assert_false(k.run.built.maps[0].info.sums_to_one);
    for (size_t i = 0; i < 24; i++) assert_near(k.y[i], k.x[i] / 2);
    finish(&k.run);
}

static void none_is_the_identity_without_a_map(void **state)
{
    (void)state;
    gz_model *model = read_model(INPUT_STEPS, "{'name': 'attention', 'type': 'attention', 'kind': 'none'}",
                                 "'outputs': ['attention']");
    gz_built built;
    assert_ok(gz_model_build(model, &(gz_build_options){.batch = 2}, &built));
    assert_int_equal(built.graph->n_nodes + built.n_maps + built.n_weights, 0);
    assert_ptr_equal(built.outputs[0], built.inputs[0]);
    gz_built_free(&built);
    gz_model_free(model);
}

static void maps_are_kept_only_when_asked_for(void **state)
{
    (void)state;
    gz_model *model = read_model(INPUT_IMAGE,
                                 "{'name': 'a', 'type': 'attention', 'kind': 'spatial'},"
                                 "{'name': 'b', 'type': 'attention', 'kind': 'additive_scale'}",
                                 "'outputs': ['b']");
    static const char *const wanted[] = {"b"}, *const wrong[] = {"atention_b"};
    gz_built built;
    assert_ok(gz_model_build(model, &(gz_build_options){.batch = 1, .maps = wanted, .n_maps = 1}, &built));
    assert_int_equal(built.n_maps, 2);
    assert_false(built.maps[0].tensor->keep);
    assert_true(built.maps[1].tensor->keep);
    gz_built_free(&built);
    assert_int_equal(
        gz_model_build(model, &(gz_build_options){.batch = 1, .maps = wrong, .n_maps = 1}, &built),
        GAZE_ERROR_USAGE);
    assert_message("'atention_b'", NULL);
    gz_model_free(model);
}

static void an_unknown_kind_offers_the_nearest(void **state)
{
    (void)state;
    assert_refused(INPUT_IMAGE, "{'name': 'a', 'type': 'attention', 'kind': 'spacial'}", "'outputs': ['a']",
                   "layer 'a'", "'kind'", "did you mean 'spatial'?");
    assert_refused(INPUT_IMAGE, "{'name': 'a', 'type': 'attention'}", "'outputs': ['a']", "'kind'",
                   "missing");
    assert_refused(INPUT_IMAGE, "{'name': 'a', 'type': 'attention', 'kind': 'spatial', 'units': 3}",
                   "'outputs': ['a']", "'units'");
}

static void a_kind_refuses_shapes_it_has_no_meaning_for(void **state)
{
    (void)state;
    assert_refused(INPUT_STEPS, "{'name': 'a', 'type': 'attention', 'kind': 'spatial'}", "'outputs': ['a']",
                   "layer 'a'", "'x'", "[4,3]", "[height, width, channels]");
    assert_refused(
        INPUT_STEPS,
        "{'name': 'f', 'type': 'flatten'}, {'name': 'a', 'type': 'attention', 'kind': 'additive_pool'}",
        "'outputs': ['a']", "layer 'a'", "'f'", "[12]", "[time, features]");
    assert_refused(INPUT_STEPS ", {'name': 'z', 'shape': [4, 3]}",
                   "{'name': 'a', 'type': 'attention', 'kind': 'soft_gate', 'inputs': ['x', 'z']}",
                   "'outputs': ['a']", "layer 'a'", "soft_gate", "2 inputs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_zero_weights_additive_scale_changes_nothing),
        cmocka_unit_test(with_zero_weights_additive_pool_is_the_mean),
        cmocka_unit_test(additive_weights_follow_the_formula),
        cmocka_unit_test(spatial_gates_each_cell_by_mean_and_maximum),
        cmocka_unit_test(soft_gate_is_a_softmax_or_a_sigmoid_over_all_values),
        cmocka_unit_test(none_is_the_identity_without_a_map),
        cmocka_unit_test(maps_are_kept_only_when_asked_for),
        cmocka_unit_test(an_unknown_kind_offers_the_nearest),
        cmocka_unit_test(a_kind_refuses_shapes_it_has_no_meaning_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
