/* Maps of space and means over it: what is added, weighted, pooled and multiplied by slopes in one pass. */
#include "models.h"

#define IMAGE "{'name': 'image', 'shape': [6, 5, 2]}"
#define CONV(NAME, ACTIVATION)                                              \
    "{'type': 'conv2d', 'name': '" NAME                                     \
    "', 'filters': 16, 'kernel_size': 3, 'padding': 'same', 'activation': " \
    "'" ACTIVATION "'}"
#define SPATIAL "{'type': 'attention', 'name': 'map', 'kind': 'spatial', 'kernel_size': 3}"
#define ADD     "{'type': 'add', 'name': 'sum', 'inputs': ['one', 'map']}"
#define POOL    "{'type': 'max_pool2d', 'name': 'pool'}"
#define CLASS                                                                                          \
    "{'type': 'global_average_pool2d', 'name': 'mean'},{'type': 'dense', 'name': 'last', 'units': 3, " \
    "'activation': 'softmax'}"
/* Nothing changes, but the layer behind doesn't read the one before. */
#define BETWEEN(N)                                              \
    "{'type': 'rescaling', 'name': 'twice_" N "', 'scale': 2}," \
    "{'type': 'rescaling', 'name': 'half_" N "', 'scale': 0.5}"
#define TRAINING \
    "'outputs': ['last'], 'loss': 'sparse_categorical_crossentropy', 'optimizer': {'type': 'sgd'}"

static const char residual[] = CONV("one", "relu") "," CONV("two", "tanh") "," SPATIAL "," ADD "," CLASS,
                  residual_apart[] = CONV("one", "relu") "," CONV("two", "tanh") "," SPATIAL "," ADD
                                                                                 "," BETWEEN("1") "," CLASS,
                  pooled[] = CONV("one", "relu") "," SPATIAL "," POOL "," CONV("two", "elu") "," CLASS,
                  pooled_apart[] = CONV("one", "relu") "," SPATIAL "," BETWEEN("1") "," POOL "," CONV(
                      "two", "elu") "," BETWEEN("2") "," CLASS;

static size_t nodes(const char *layers, bool training, const char *op)
{
    return nodes_of(read_model(IMAGE, layers, TRAINING),
                    (gz_build_options){.batch = 2, .training = training, .slab_floats = 16384}, op);
}

static void a_mean_reads_the_terms_of_a_sum(void **state)
{
    (void)state;
    for (int training = 0; training < 2; training++) {
        assert_int_equal(nodes(residual, training, "weighted_sum"), 1);
        assert_int_equal(nodes(residual, training, "reduce_middle"), 0);
        assert_int_equal(nodes(residual, training, "conv2d_mean_values"),
                         1); /* the shortcut's values and mean */
        assert_int_equal(nodes(residual, training, "scale_rows"), 0);
    }
    assert_int_equal(nodes(residual_apart, false, "weighted_sum"), 0);
    assert_int_equal(nodes(residual_apart, false, "scale_rows"), 1);
}

static void a_kept_map_is_made(void **state)
{
    (void)state;
    const char *const kept[] = {"map"};
    gz_model *model = read_model(IMAGE, residual, TRAINING);
    assert_int_equal(
        nodes_of(model, (gz_build_options){.batch = 2, .layers = kept, .n_layers = 1}, "scale_rows"), 1);
}

static void what_reaches_a_value_is_one_pass(void **state)
{
    (void)state;
    assert_int_equal(nodes(residual, true, "conv2d_slope_sum"), 1); /* the first convolution's */
    assert_int_equal(nodes(residual, true, "slope_sum"), 0);
    assert_int_equal(nodes(residual, true, "channel_pool_gradient"), 1); /* the second's */
    assert_int_equal(nodes(residual, true, "reduce_middle_gradient"), 0);
    assert_int_equal(nodes(residual, true, "outer_rows"), 0);
    assert_int_equal(nodes(residual, true, "bias_gradient"), 1); /* of the map */
}

static void a_pool_multiplies_by_the_map(void **state)
{
    (void)state;
    assert_int_equal(nodes(pooled, false, "scale_rows_max_pool2d"), 1);
    assert_int_equal(nodes(pooled, true, "scale_rows_max_pool2d_places"), 1);
    for (int training = 0; training < 2; training++)
        assert_int_equal(nodes(pooled, training, "max_pool2d") + nodes(pooled, training, "scale_rows"), 0);
    assert_int_equal(nodes(pooled, true, "places_gradient"), 0); /* its readers read the maxima's */
    assert_int_equal(nodes(pooled, true, "slope_sum"), 1);
}

static void a_mean_is_the_convolutions_before_it(void **state)
{
    (void)state;
    assert_int_equal(nodes(pooled, false, "conv2d_mean"), 1);
    assert_int_equal(nodes(pooled, true, "conv2d_mean_values"), 1);
    for (int training = 0; training < 2; training++)
        assert_int_equal(nodes(pooled, training, "reduce_middle"), 0);
    assert_int_equal(nodes(pooled_apart, false, "conv2d_mean"), 0);
}

static void set_all(small_run *run)
{
    float weights[4096], x[2 * 6 * 5 * 2];
    fill_waves(weights, 4096, 0.4, 0.7);
    for (size_t w = 0; w < run->built.n_weights; w++)
        set_weight(run, run->built.weights[w].name, weights + 7 * w);
    fill_waves(x, sizeof x / sizeof *x, 0.9, 0.3);
    assert_ok(gz_plan_write(run->plan, run->built.inputs[0], x));
}

static void predict(const char *layers, float y[6])
{
    small_run run;
    start(&run, read_model(IMAGE, layers, TRAINING), &(gz_build_options){.batch = 2});
    set_all(&run);
    assert_ok(gz_plan_run(run.plan));
    assert_ok(gz_plan_read(run.plan, run.built.outputs[0], y));
    finish(&run);
}

static size_t step(const char *layers, float *weights, size_t room)
{
    return take_step(read_model(IMAGE, layers, TRAINING), (gz_build_options){0}, set_all, weights, room);
}

static const char *const pairs[][2] = {{residual, residual_apart}, {pooled, pooled_apart}};

static void predictions_are_those_of_layers_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        float fused[6], apart[6];
        predict(pairs[i][0], fused);
        predict(pairs[i][1], apart);
        assert_true(fabsf(fused[0] - fused[3]) > 1e-4f); /* they say something of the input */
        expect_same(fused, apart, 6);
    }
}

static void layers_learn_as_they_do_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        static float fused[8192], apart[8192], before[8192];
        const size_t count = step(pairs[i][0], fused, 8192);
        assert_int_equal(step(pairs[i][1], apart, 8192), count);
        expect_same(fused, apart, count);
        fill_waves(before, 4096, 0.4, 0.7);
        assert_true(fabsf(fused[0] - before[0]) > 1e-6f); /* the first layer learns */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mean_reads_the_terms_of_a_sum),
        cmocka_unit_test(a_kept_map_is_made),
        cmocka_unit_test(what_reaches_a_value_is_one_pass),
        cmocka_unit_test(a_pool_multiplies_by_the_map),
        cmocka_unit_test(a_mean_is_the_convolutions_before_it),
        cmocka_unit_test(predictions_are_those_of_layers_apart),
        cmocka_unit_test(layers_learn_as_they_do_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
