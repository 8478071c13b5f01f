#include "models.h"

#define IMAGE "{'name': 'image', 'shape': [9, 8, 1]}"
#define FIRST "{'type': 'conv2d', 'name': 'first', 'filters': 16, 'kernel_size': 3}"
#define SECOND \
    "{'type': 'conv2d', 'name': 'second', 'filters': 5, 'kernel_size': [2, 3], 'activation': 'tanh'}"
#define CLASS                                                                                          \
    "{'type': 'flatten', 'name': 'flat'},{'type': 'dense', 'name': 'last', 'units': 3, 'activation': " \
    "'softmax'}"
#define TRAINING \
    "'outputs': ['last'], 'loss': 'sparse_categorical_crossentropy', 'optimizer': {'type': 'sgd'}"
enum { PIXELS = 2 * 9 * 8, CLASSES = 2 * 3 };

/* A build in which the first convolution is kept, so that it is no part of another. */
static gz_build_options apart(bool training)
{
    static const char *const kept[] = {"first"};
    return (gz_build_options){.batch = 2, .training = training, .layers = kept, .n_layers = 1};
}

static void set_all(small_run *run)
{
    float weights[4096], x[PIXELS];
    fill_waves(weights, 4096, 0.3, 0.7);
    for (size_t w = 0; w < run->built.n_weights; w++)
        set_weight(run, run->built.weights[w].name, weights + 5 * w);
    fill_waves(x, PIXELS, 0.3, 0.3);
    assert_ok(gz_plan_write(run->plan, run->built.inputs[0], x));
}

static size_t nodes(const char *layers, gz_build_options options, const char *op)
{
    options.batch = 2;
    return nodes_of(read_model(IMAGE, layers, TRAINING), options, op);
}

static void two_linear_convolutions_are_one(void **state)
{
    (void)state;
    const char layers[] = FIRST "," SECOND "," CLASS;
    const gz_build_options predict = {0}, train = {.training = true};
    assert_int_equal(nodes(layers, predict, "conv2d_compose"), 1);
    assert_int_equal(nodes(layers, predict, "conv2d"), 1);
    assert_int_equal(nodes(layers, train, "conv2d_compose_gradient"), 1);
    assert_int_equal(nodes(layers, train, "conv2d_kernel_gradient"), 1);
    assert_int_equal(nodes(layers, train, "conv2d_input_gradient"), 0);
}

static void three_are_one_too(void **state)
{
    (void)state;
    const char layers[] = FIRST
        ",{'type': 'conv2d', 'name': 'between', 'filters': 16, 'kernel_size': 2, 'use_bias': false}," SECOND
        "," CLASS;
    assert_int_equal(nodes(layers, (gz_build_options){0}, "conv2d_compose"), 2);
    assert_int_equal(nodes(layers, (gz_build_options){0}, "conv2d"), 1);
}

static void what_is_no_linear_pair_stays(void **state)
{
    (void)state;
    static const char *const firsts[] = {
        "{'type': 'conv2d', 'name': 'first', 'filters': 16, 'kernel_size': 3, 'activation': 'relu'}",
        "{'type': 'conv2d', 'name': 'first', 'filters': 16, 'kernel_size': 3, 'padding': 'same'}",
        "{'type': 'conv2d', 'name': 'first', 'filters': 16, 'kernel_size': 3, 'strides': 2}",
        "{'type': 'conv2d', 'name': 'first', 'filters': 2, 'kernel_size': 3}" /* no less work */};
    char layers[512];
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) {
        snprintf(layers, sizeof layers, "%s,%s,%s", firsts[i], SECOND, CLASS);
        assert_int_equal(nodes(layers, (gz_build_options){0}, "conv2d_compose"), 0);
        assert_int_equal(nodes(layers, (gz_build_options){0}, "conv2d"), 2);
    }
    const char padded[] = FIRST
        ",{'type': 'conv2d', 'name': 'second', 'filters': 5, 'kernel_size': 3, 'padding': 'same'}," CLASS;
    assert_int_equal(nodes(padded, (gz_build_options){0}, "conv2d_compose"), 0);
    const char two_readers[] =
        FIRST "," SECOND ",{'type': 'global_average_pool2d', 'name': 'mean', 'inputs': ['first']},"
              "{'type': 'flatten', 'name': 'flat', 'inputs': ['second']},"
              "{'type': 'concatenate', 'name': 'both', 'inputs': ['flat', 'mean']},"
              "{'type': 'dense', 'name': 'last', 'units': 3, 'activation': 'softmax'}";
    assert_int_equal(nodes(two_readers, (gz_build_options){0}, "conv2d_compose"), 0);
    assert_int_equal(nodes(FIRST "," SECOND "," CLASS, apart(false), "conv2d_compose"), 0);
}

static void predict(const char *layers, gz_build_options options, float y[CLASSES])
{
    small_run run;
    options.batch = 2;
    start(&run, read_model(IMAGE, layers, TRAINING), &options);
    set_all(&run);
    assert_ok(gz_plan_run(run.plan));
    assert_ok(gz_plan_read(run.plan, run.built.outputs[0], y));
    finish(&run);
}

static const char *const pairs[] = {
    FIRST "," SECOND "," CLASS,
    "{'type': 'conv2d', 'name': 'first', 'filters': 16, 'kernel_size': 3, 'use_bias': false}," SECOND
    "," CLASS,
    FIRST ",{'type': 'conv2d', 'name': 'second', 'filters': 5, 'kernel_size': 3, 'use_bias': false}," CLASS,
    FIRST ",{'type': 'conv2d', 'name': 'second', 'filters': 5, 'kernel_size': 3},{'type': 'max_pool2d', "
          "'name': 'pool'}," CLASS,
    FIRST ",{'type': 'conv2d', 'name': 'between', 'filters': 16, 'kernel_size': 2}," SECOND "," CLASS};
enum { PAIRS = sizeof pairs / sizeof *pairs };

static void predictions_are_those_of_the_two(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIRS; i++) {
        float together[CLASSES], each[CLASSES];
        predict(pairs[i], (gz_build_options){0}, together);
        predict(pairs[i], apart(false), each);
        assert_true(fabsf(each[0] - each[3]) > 1e-4f); /* they say something of the image */
        expect_same(together, each, CLASSES);
    }
}

static size_t step(const char *layers, gz_build_options options, float *weights, size_t room)
{
    return take_step(read_model(IMAGE, layers, TRAINING), options, set_all, weights, room);
}

static void both_kernels_learn_as_two(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIRS; i++) {
        float together[4096], each[4096];
        const size_t count = step(pairs[i], (gz_build_options){0}, together, 4096);
        assert_int_equal(step(pairs[i], apart(true), each, 4096), count);
        expect_same(together, each, count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_linear_convolutions_are_one), cmocka_unit_test(three_are_one_too),
        cmocka_unit_test(what_is_no_linear_pair_stays),    cmocka_unit_test(predictions_are_those_of_the_two),
        cmocka_unit_test(both_kernels_learn_as_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
