/* The kinds of attention that look at channels, by their formulas (in reference mode). */
#include "models.h"

#include <math.h>

enum { CELLS = 30, C = 2 };

static small_run run;
static float x[2 * CELLS * C], y[2 * CELLS * C], map[2 * CELLS * C];

static void open_kind(const char *options, const char *map_name)
{
    char layers[256];
    snprintf(layers, sizeof layers, "{'name': 'attention', 'type': 'attention', %s}", options);
    const char *const maps[] = {map_name};
    start(&run, read_model(INPUT_IMAGE, layers, "'outputs': ['attention']"),
          &(gz_build_options){.batch = 2, .maps = maps, .n_maps = 1});
    for (size_t i = 0; i < sizeof x / sizeof *x; i++) x[i] = (float)sin(1.0 + 1.7 * (double)i);
}

static void run_kind(size_t which)
{
    assert_ok(gz_plan_write(run.plan, run.built.inputs[0], x));
    assert_ok(gz_plan_run(run.plan));
    assert_ok(gz_plan_read(run.plan, run.built.outputs[0], y));
    assert_ok(gz_plan_read(run.plan, run.built.maps[which].tensor, map));
}

static int close_kind(void **state)
{
    (void)state;
    finish(&run);
    run = (small_run){0};
    return 0;
}

static double mean_of(size_t b, size_t c)
{
    double sum = 0;
    for (size_t i = 0; i < CELLS; i++) sum += (double)x[(b * CELLS + i) * C + c];
    return sum / CELLS;
}

static double most_of(size_t b, size_t c)
{
    double most = -1;
    for (size_t i = 0; i < CELLS; i++) most = fmax(most, (double)x[(b * CELLS + i) * C + c]);
    return most;
}

static double sigmoid(double z) { return 1 / (1 + exp(-z)); }

static void assert_near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-6)) fail_msg("got %.9g, expected %.9g", got, want);
}

/* The map is s, and y = x s. */
static void assert_factors(size_t b, size_t c, double s)
{
    assert_near((double)map[b * C + c], s);
    for (size_t i = 0; i < CELLS; i++)
        assert_near((double)y[(b * CELLS + i) * C + c], (double)x[(b * CELLS + i) * C + c] * s);
}

/* One hidden value: relu of the first channel's description and a bias; then 2, -3 times that and 0.5. */
static void set_mlp(const char *prefix)
{
    char name[64];
#define SET(what, ...)                                            \
    (snprintf(name, sizeof name, "attention.%s%s", prefix, what), \
     set_weight(&run, name, (float[]){__VA_ARGS__}))
    SET("reduce.kernel", 1, 0);
    SET("reduce.bias", 0.75f);
    SET("expand.kernel", 2, -3);
    SET("expand.bias", 0.5f, 0.25f);
}

static void squeeze_excite_follows_the_mean(void **state)
{
    (void)state;
    open_kind("'kind': 'squeeze_excite'", "attention"); /* 2 channels, ratio 16: one hidden value */
    assert_int_equal(run.built.maps[0].info.rank, 1);
    set_mlp("");
    run_kind(0);
    for (size_t b = 0; b < 2; b++) {
        const double h = fmax(0, mean_of(b, 0) + 0.75);
        assert_factors(b, 0, sigmoid(2 * h + 0.5));
        assert_factors(b, 1, sigmoid(-3 * h + 0.25));
    }
}

static void channel_adds_what_mean_and_maximum_say(void **state)
{
    (void)state;
    open_kind("'kind': 'channel', 'ratio': 2", "attention");
    set_mlp("");
    run_kind(0);
    for (size_t b = 0; b < 2; b++) {
        const double h = fmax(0, mean_of(b, 0) + 0.75) + fmax(0, most_of(b, 0) + 0.75);
        assert_factors(b, 0, sigmoid(2 * h + 1)); /* the bias counts twice */
        assert_factors(b, 1, sigmoid(-3 * h + 0.5));
    }
}

static void efficient_channel_is_a_convolution_over_channels(void **state)
{
    (void)state;
    open_kind("'kind': 'efficient_channel', 'kernel_size': 3", "attention");
    set_weight(&run, "attention.conv.kernel", (float[]){5, 2, -1});
    run_kind(0);
    for (size_t b = 0; b < 2; b++) {
        assert_factors(b, 0, sigmoid(2 * mean_of(b, 0) - mean_of(b, 1)));
        assert_factors(b, 1, sigmoid(5 * mean_of(b, 0) + 2 * mean_of(b, 1)));
    }
}

/* int((log2(2) + 1) / 2) = 1; 8 channels: 2, made odd. */
static void efficient_channel_adapts_its_kernel_to_the_channels(void **state)
{
    (void)state;
    open_kind("'kind': 'efficient_channel'", "attention");
    assert_true(gz_shape_equal(run.built.weights[0].tensor->shape, GZ_SHAPE(1, 1, 1)));
    close_kind(state);
    gz_model *model = read_model("{'name': 'x', 'shape': [4, 8]}",
                                 "{'name': 'attention', 'type': 'attention', 'kind': 'efficient_channel'}",
                                 "'outputs': ['attention']");
    start(&run, model, &(gz_build_options){.batch = 1});
    assert_true(gz_shape_equal(run.built.weights[0].tensor->shape, GZ_SHAPE(3, 1, 1)));
}

/* With the spatial half's weights 0 it halves what the channel half lets through. */
static void cbam_looks_at_channels_first(void **state)
{
    (void)state;
    open_kind("'kind': 'cbam', 'ratio': 2, 'kernel_size': 3", "attention/channel");
    assert_int_equal(run.built.n_maps, 2);
    assert_string_equal(run.built.maps[1].info.name, "attention/spatial");
    assert_true(run.built.maps[1].info.rank == 2 && run.built.maps[1].info.field.known);
    assert_non_null(gz_store_find(run.store, "attention.spatial.conv.bias"));
    set_mlp("channel.");
    run_kind(0);
    for (size_t b = 0; b < 2; b++) {
        const double h = fmax(0, mean_of(b, 0) + 0.75) + fmax(0, most_of(b, 0) + 0.75),
                     s = sigmoid(2 * h + 1);
        assert_near((double)map[b * C], s);
        for (size_t i = 0; i < CELLS; i++)
            assert_near((double)y[(b * CELLS + i) * C], (double)x[(b * CELLS + i) * C] * s / 2);
    }
}

static void flat_features_have_no_channels_to_compare(void **state)
{
    (void)state;
    assert_refused("{'name': 'x', 'shape': [4]}",
                   "{'name': 'attention', 'type': 'attention', 'kind': 'squeeze_excite'}",
                   "'outputs': ['attention']", "'attention'", "'x'", "[4]", "[height, width, channels]");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, close_kind)
    const struct CMUnitTest tests[] = {
        TEST(squeeze_excite_follows_the_mean),
        TEST(channel_adds_what_mean_and_maximum_say),
        TEST(efficient_channel_is_a_convolution_over_channels),
        TEST(efficient_channel_adapts_its_kernel_to_the_channels),
        TEST(cbam_looks_at_channels_first),
        cmocka_unit_test(flat_features_have_no_channels_to_compare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
