#include "models.h"

#include <math.h>

#define IMAGE "{'name': 'image', 'shape': [11, 10, 3]}"
#define CONV  "{'type': 'conv2d', 'name': 'conv', 'filters': 5, 'kernel_size': 3, 'activation': 'relu'}"
#define POOL  "{'type': 'max_pool2d', 'name': 'pool'}"

static gz_model *model(const char *layers) { return read_model(IMAGE, layers, "'outputs': ['last']"); }

static void fill(float *values, size_t count, double step)
{
    for (size_t i = 0; i < count; i++) values[i] = (float)sin(1 + step * (double)i);
}

/* The output of two images, `count` values, with these layers kept. */
static void outputs(const char *layers, const char *const *kept, size_t n_kept, size_t count, float *values)
{
    small_run run;
    float x[2 * 11 * 10 * 3], weights[256];
    start(&run, model(layers), &(gz_build_options){.batch = 2, .layers = kept, .n_layers = n_kept});
    fill(weights, 256, 0.7);
    for (size_t w = 0; w < run.built.n_weights; w++) set_weight(&run, run.built.weights[w].name, weights + w);
    fill(x, sizeof x / sizeof *x, 0.3);
    assert_ok(gz_plan_write(run.plan, run.built.inputs[0], x));
    assert_ok(gz_plan_run(run.plan));
    assert_int_equal(gz_shape_count(run.built.outputs[0]->shape), count);
    assert_ok(gz_plan_read(run.plan, run.built.outputs[0], values));
    finish(&run);
}

static const char seen[] =
    CONV "," POOL ",{'type': 'attention', 'name': 'last', 'kind': 'additive_scale', 'units': 4}";

static void what_is_kept_changes_no_value(void **state)
{
    (void)state;
    float fused[160], apart[160];
    outputs(seen, NULL, 0, 160, fused);
    outputs(seen, (const char *const[]){"conv", "pool"}, 2, 160, apart);
    assert_memory_equal(fused, apart, sizeof fused);
}

static size_t nodes(const char *layers, const gz_build_options *options, const char *op)
{
    return nodes_of(model(layers), *options, op);
}

static void prediction_runs_pool_and_scaling_with_what_comes_before(void **state)
{
    (void)state;
    const gz_build_options predict = {.batch = 2};
    assert_int_equal(nodes(seen, &predict, "conv2d_max_pool2d"), 1);
    assert_int_equal(nodes(seen, &predict, "max_pool2d"), 0);
    assert_int_equal(nodes(seen, &predict, "softmax_scale"), 1);
    assert_int_equal(nodes(seen, &predict, "softmax"), 0);
}

static const char classes[] =
    "{'type': 'attention', 'name': 'gate', 'kind': 'soft_gate'},{'type': 'flatten', 'name': 'flat'},"
    "{'type': 'dense', 'name': 'last', 'units': 9, 'activation': 'softmax'}";

static void few_rows_make_their_softmax_with_the_product(void **state)
{
    (void)state;
    const gz_build_options few = {.batch = 2}, many = {.batch = 5};
    assert_int_equal(nodes(classes, &few, "dense_softmax"), 2);
    assert_int_equal(nodes(classes, &few, "multiply"), 0); /* the gate's */
    assert_int_equal(nodes(classes, &few, "softmax"), 0);
    assert_int_equal(nodes(classes, &many, "dense_softmax"), 0);
    assert_int_equal(nodes(classes, &many, "softmax"), 2);
}

static void pooling_makes_the_softmax_of_its_scores(void **state)
{
    (void)state;
    const char pool[] = "{'type': 'attention', 'name': 'last', 'kind': 'additive_pool', 'units': 4}";
    const gz_build_options predict = {.batch = 2};
    assert_int_equal(nodes(pool, &predict, "softmax_weighted_sum"), 1);
    assert_int_equal(nodes(pool, &predict, "softmax") + nodes(pool, &predict, "weighted_sum"), 0);
}

static void a_kept_layer_and_gradients_leave_nodes_apart(void **state)
{
    (void)state;
    const char *const kept[] = {"conv"};
    assert_int_equal(
        nodes(seen, &(gz_build_options){.batch = 2, .layers = kept, .n_layers = 1}, "max_pool2d"), 1);
    assert_int_equal(nodes(seen, &(gz_build_options){.batch = 2, .gradients = true}, "max_pool2d"), 1);
}

static void values_that_others_read_stay(void **state)
{
    (void)state;
    const char two_readers[] = CONV "," POOL ",{'type': 'max_pool2d', 'name': 'other', 'inputs': ['conv']},"
                                    "{'type': 'add', 'name': 'last', 'inputs': ['pool', 'other']}";
    assert_int_equal(nodes(two_readers, &(gz_build_options){.batch = 2}, "max_pool2d"), 2);
}

static void other_windows_stay(void **state)
{
    (void)state;
    const char three[] = CONV ",{'type': 'max_pool2d', 'name': 'last', 'pool_size': 3}";
    const char strided[] = "{'type': 'conv2d', 'name': 'conv', 'filters': 5, 'kernel_size': 3, 'strides': 2},"
                           "{'type': 'max_pool2d', 'name': 'last'}";
    assert_int_equal(nodes(three, &(gz_build_options){.batch = 2}, "max_pool2d"), 1);
    assert_int_equal(nodes(strided, &(gz_build_options){.batch = 2}, "max_pool2d"), 1);
}

#define SPATIAL "{'type': 'attention', 'name': 'attention', 'kind': 'spatial'}"
#define CLASS                                                                                          \
    "{'type': 'global_average_pool2d', 'name': 'mean'},{'type': 'dense', 'name': 'last', 'units': 3, " \
    "'activation': 'softmax'}"

static size_t trained(const char *layers, const char *op)
{
    return nodes_of(
        read_model(IMAGE, layers, "'outputs': ['last'], 'loss': 'sparse_categorical_crossentropy'"),
        (gz_build_options){.batch = 2, .training = true}, op);
}

/* The product with the map, its mean and its maximum, and relu's slope. */
static void what_reaches_a_map_of_space_is_one_pass(void **state)
{
    (void)state;
    const char layers[] = CONV "," SPATIAL "," CLASS;
    assert_int_equal(trained(layers, "channel_pool_gradient"), 1);
    assert_int_equal(trained(layers, "scale_rows"), 0); /* forward, it is the mean's weighted_sum */
    assert_int_equal(trained(layers, "add"), 0);
    assert_int_equal(trained(layers, "activation_gradient"), 1); /* the map's sigmoid */
}

/* Its gradients read where the maxima were in place of all values. */
static void training_pools_with_the_convolution(void **state)
{
    (void)state;
    const char layers[] = CONV "," POOL "," CLASS;
    assert_int_equal(trained(layers, "conv2d_max_pool2d_places"), 1);
    assert_int_equal(trained(layers, "max_pool2d"), 0);
    assert_int_equal(trained(layers, "max_pool2d_gradient"), 0);
    assert_int_equal(trained(layers, "conv2d_kernel_gradient"), 1);
}

/* The slope can't be taken before what comes from elsewhere is added. */
static void a_gradient_from_elsewhere_stays_apart(void **state)
{
    (void)state;
    const char layers[] =
        CONV "," SPATIAL ",{'type': 'add', 'name': 'sum', 'inputs': ['conv', 'attention']}," CLASS;
    assert_int_equal(trained(layers, "channel_pool_gradient"), 1);
    assert_int_equal(trained(layers, "activation_gradient"), 2);
}

#define WIDE   "{'type': 'dense', 'name': 'wide', 'units': 12, 'activation': 'gelu'}"
#define NARROW "{'type': 'dense', 'name': 'narrow', 'units': 3}"
static const char residual[] =
    WIDE "," NARROW ",{'type': 'add', 'name': 'last', 'inputs': ['image', 'narrow']}";

static void dense_makes_gelu_and_the_sum_with_a_residual(void **state)
{
    (void)state;
    const gz_build_options predict = {.batch = 2};
    assert_int_equal(nodes(residual, &predict, "dense_fused"), 2);
    assert_int_equal(nodes(residual, &predict, "activation") + nodes(residual, &predict, "add"), 0);
}

static void a_kept_dense_is_added_apart_to_the_same_values(void **state)
{
    (void)state;
    const char *const kept[] = {"narrow"};
    float fused[660], apart[660];
    const gz_build_options keeps = {.batch = 2, .layers = kept, .n_layers = 1};
    assert_int_equal(nodes(residual, &keeps, "add"), 1);
    outputs(residual, NULL, 0, 660, fused);
    outputs(residual, kept, 1, 660, apart);
    assert_memory_equal(fused, apart, sizeof fused);
}

/* Forward: both dense. Backward: gelu's slope with the gradient that reaches it; the input needs none. */
static void training_keeps_what_gelu_was_given(void **state)
{
    (void)state;
    const char layers[] =
        WIDE "," NARROW ",{'type': 'add', 'name': 'sum', 'inputs': ['image', 'narrow']}," CLASS;
    assert_int_equal(trained(layers, "dense_fused"), 3);
    assert_int_equal(trained(layers, "activation"), 0);
    assert_int_equal(trained(layers, "activation_gradient"), 0);
    assert_int_equal(trained(layers, "dense_weights_gradient"), 3);
    assert_int_equal(trained(layers, "dense_kernel_gradient") + trained(layers, "bias_gradient"), 0);
}

static void gradients_of_two_dense_are_added_by_the_second(void **state)
{
    (void)state;
    const char layers[] = CONV ",{'type': 'dense', 'name': 'a', 'units': 4, 'inputs': ['conv']},"
                               "{'type': 'dense', 'name': 'b', 'units': 4, 'inputs': ['conv']},"
                               "{'type': 'multiply', 'name': 'product', 'inputs': ['a', 'b']}," CLASS;
    assert_int_equal(trained(layers, "dense_fused"), 1);
    assert_int_equal(trained(layers, "add"), 0);
    assert_int_equal(trained(layers, "activation_gradient"), 1); /* the convolution's relu, of their sum */
}

static void an_activation_layer_joins_the_dense_before_it(void **state)
{
    (void)state;
    const char layers[] = NARROW ",{'type': 'activation', 'name': 'last', 'activation': 'tanh'}";
    const char two_readers[] = NARROW ",{'type': 'activation', 'name': 'on', 'activation': 'tanh'},"
                                      "{'type': 'add', 'name': 'last', 'inputs': ['narrow', 'on']}";
    const gz_build_options predict = {.batch = 2};
    assert_int_equal(nodes(layers, &predict, "activation"), 0);
    assert_int_equal(nodes(layers, &predict, "dense"), 1);
    assert_int_equal(nodes(two_readers, &predict, "activation"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_kept_changes_no_value),
        cmocka_unit_test(prediction_runs_pool_and_scaling_with_what_comes_before),
        cmocka_unit_test(few_rows_make_their_softmax_with_the_product),
        cmocka_unit_test(pooling_makes_the_softmax_of_its_scores),
        cmocka_unit_test(a_kept_layer_and_gradients_leave_nodes_apart),
        cmocka_unit_test(values_that_others_read_stay),
        cmocka_unit_test(other_windows_stay),
        cmocka_unit_test(training_pools_with_the_convolution),
        cmocka_unit_test(what_reaches_a_map_of_space_is_one_pass),
        cmocka_unit_test(a_gradient_from_elsewhere_stays_apart),
        cmocka_unit_test(dense_makes_gelu_and_the_sum_with_a_residual),
        cmocka_unit_test(a_kept_dense_is_added_apart_to_the_same_values),
        cmocka_unit_test(training_keeps_what_gelu_was_given),
        cmocka_unit_test(gradients_of_two_dense_are_added_by_the_second),
        cmocka_unit_test(an_activation_layer_joins_the_dense_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
