#include "models.h"

static gz_built built;
static gz_model *model;

static void build(const char *inputs, const char *layers, const char *last, bool training)
{
    char rest[128];
    snprintf(rest, sizeof rest, "'outputs': ['%s'], 'loss': 'sparse_categorical_crossentropy'", last);
    model = read_model(inputs, layers, rest);
    assert_ok(gz_model_build(
        model, &(gz_build_options){.batch = 2, .training = training, .slab_floats = 4096}, &built));
}

static int teardown(void **state)
{
    (void)state;
    gz_built_free(&built);
    gz_model_free(model);
    model = NULL;
    return 0;
}

static void assert_shape(const char *layer, const char *expected)
{
    char text[96];
    assert_string_equal(gz_sample_text(layer_output(model, &built, layer), text), expected);
}

static void conv2d_options_shape_the_output(void **state)
{
    (void)state;
    build(INPUT_IMAGE,
          "{'name': 'valid', 'type': 'conv2d', 'filters': 3, 'kernel_size': 3},"
          "{'name': 'same', 'type': 'conv2d', 'filters': 4, 'kernel_size': [2, 3], 'padding': 'same', "
          "'strides': 2, 'inputs': 'image'},"
          "{'name': 'dilated', 'type': 'conv2d', 'filters': 5, 'kernel_size': 2, 'dilation_rate': [4, 3], "
          "'inputs': 'image',"
          " 'use_bias': false}",
          "dilated", false);
    assert_shape("valid", "[4,3,3]");
    assert_shape("same", "[3,3,4]");
    assert_shape("dilated", "[2,2,5]");
    assert_int_equal(built.n_weights, 5);
    assert_string_equal(built.weights[4].name, "dilated.kernel");
}

static void pools_stride_by_their_size(void **state)
{
    (void)state;
    build(INPUT_IMAGE,
          "{'name': 'max', 'type': 'max_pool2d'},"
          "{'name': 'mean', 'type': 'average_pool2d', 'pool_size': [3, 2], 'padding': 'same', 'inputs': "
          "'image'},"
          "{'name': 'one', 'type': 'max_pool2d', 'pool_size': 3, 'strides': 1, 'inputs': 'image'},"
          "{'name': 'all', 'type': 'global_max_pool2d', 'inputs': 'image'},"
          "{'name': 'kept', 'type': 'global_average_pool2d', 'keepdims': true, 'inputs': 'image'}",
          "all", false);
    assert_shape("max", "[3,2,2]");
    assert_shape("mean", "[2,3,2]");
    assert_shape("one", "[4,3,2]");
    assert_shape("all", "[2]");
    assert_shape("kept", "[1,1,2]");
}

static void shapes_change_without_a_kernel(void **state)
{
    (void)state;
    build(INPUT_IMAGE,
          "{'name': 'flat', 'type': 'flatten'},"
          "{'name': 'tokens', 'type': 'reshape', 'target_shape': [-1, 2], 'inputs': 'image'},"
          "{'name': 'cube', 'type': 'reshape', 'target_shape': [3, 5, 4], 'inputs': 'image'}",
          "cube", false);
    assert_shape("flat", "[60]");
    assert_shape("tokens", "[30,2]");
    assert_shape("cube", "[3,5,4]");
    assert_int_equal(built.graph->n_nodes, 0);
}

static void merges_join_their_inputs(void **state)
{
    (void)state;
    build(INPUT_STEPS,
          "{'name': 'a', 'type': 'dense', 'units': 3},"
          "{'name': 'sum', 'type': 'add', 'inputs': ['x', 'a', 'x']},"
          "{'name': 'product', 'type': 'multiply', 'inputs': ['x', 'a']},"
          "{'name': 'wide', 'type': 'concatenate', 'inputs': ['x', 'a', 'sum']},"
          "{'name': 'long', 'type': 'concatenate', 'axis': 1, 'inputs': ['x', 'a']}",
          "long", false);
    assert_shape("sum", "[4,3]");
    assert_shape("product", "[4,3]");
    assert_shape("wide", "[4,9]");
    assert_shape("long", "[8,3]");
}

static void dense_makes_relu_and_gelu_and_softmax_is_a_node(void **state)
{
    (void)state;
    build(INPUT_STEPS,
          "{'name': 'a', 'type': 'dense', 'units': 3, 'activation': 'relu'},"
          "{'name': 'b', 'type': 'dense', 'units': 3, 'activation': 'gelu'},"
          "{'name': 'c', 'type': 'activation', 'activation': 'tanh'},"
          "{'name': 'd', 'type': 'dense', 'units': 3, 'activation': 'softmax'}",
          "d", false);
    assert_int_equal(built.graph->n_nodes, 5);
    assert_int_equal(count_nodes(&built, "dense_fused"), 1);
    assert_int_equal(count_nodes(&built, "activation"), 1);
    assert_int_equal(count_nodes(&built, "softmax"), 1);
    const gz_dense_attr *first = built.graph->nodes[0]->attr, *last = built.graph->nodes[3]->attr;
    assert_int_equal(first->activation, GZ_RELU);
    assert_int_equal(last->activation, GZ_LINEAR);
}

static void every_activation_word_means_its_kind(void **state)
{
    (void)state;
    for (int kind = GZ_LINEAR; kind <= GZ_SILU; kind++) {
        char layer[128];
        snprintf(layer, sizeof layer, "{'name': 'a', 'type': 'activation', 'activation': '%s'}",
                 gz_activation_name((gz_activation_kind)kind));
        build(INPUT_STEPS, layer, "a", false);
        assert_int_equal(built.graph->n_nodes, kind != GZ_LINEAR);
        if (kind != GZ_LINEAR)
            assert_int_equal(((const gz_activation_attr *)built.graph->nodes[0]->attr)->kind, kind);
        teardown(state);
    }
}

static void dropout_is_there_in_training_only(void **state)
{
    (void)state;
    const char *layers =
        "{'name': 'drop', 'type': 'dropout', 'rate': 0.5}, {'name': 'flat', 'type': 'flatten'},"
        "{'name': 'class', 'type': 'dense', 'units': 3, 'activation': 'softmax'}";
    build(INPUT_STEPS, layers, "class", false);
    assert_int_equal(count_nodes(&built, "dropout"), 0);
    assert_null(built.step);
    teardown(state);
    build(INPUT_STEPS, layers, "class", true);
    assert_int_equal(count_nodes(&built, "dropout"), 1);
    assert_non_null(built.step);
}

static void batch_normalization_moves_its_statistics_in_training_only(void **state)
{
    (void)state;
    const char *layers = "{'name': 'n', 'type': 'batch_normalization', 'scale': false},"
                         "{'name': 'flat', 'type': 'flatten'}, {'name': 'class', 'type': 'dense', 'units': "
                         "3, 'activation': 'softmax'}";
    size_t trainable, all;
    build(INPUT_STEPS, layers, "class", false);
    assert_int_equal(count_nodes(&built, "moving_average"), 0);
    assert_int_equal(count_nodes(&built, "normalize_channels"), 1);
    assert_string_equal(built.weights[0].name, "n.beta");
    assert_string_equal(built.weights[1].name, "n.moving_mean");
    gz_weights_count(&built, &trainable, &all);
    assert_int_equal(all - trainable, 6);
    teardown(state);
    build(INPUT_STEPS, layers, "class", true);
    assert_int_equal(count_nodes(&built, "moving_average"), 2);
    assert_int_equal(count_nodes(&built, "normalize_channels"), 0);
}

static void assert_field(const gaze_receptive_field *field, double first, double step, double size)
{
    assert_true(field->known);
    for (int axis = 0; axis < 2; axis++)
        if (field->first[axis] != first || field->step[axis] != step || field->size[axis] != size)
            fail_msg("axis %d: first %g, step %g, size %g", axis, field->first[axis], field->step[axis],
                     field->size[axis]);
}

#define IMAGE_28 "{'name': 'image', 'shape': [28, 28, 1]}"
#define SPATIAL  "{'name': 'attention', 'type': 'attention', 'kind': 'spatial'}"

static void cells_of_seed_000_see_pixels_2i_to_2i_plus_5(void **state)
{
    (void)state;
    build(IMAGE_28,
          "{'name': 'a', 'type': 'conv2d', 'filters': 1, 'kernel_size': 3},"
          "{'name': 'b', 'type': 'conv2d', 'filters': 1, 'kernel_size': 3},"
          "{'name': 'p', 'type': 'max_pool2d', 'pool_size': 2},"
          "{'name': 'attention', 'type': 'attention', 'kind': 'additive_scale'}",
          "attention", false);
    assert_field(&built.maps[0].info.field, 2.5, 2, 6);
}

static void same_padding_keeps_cells_on_their_pixels(void **state)
{
    (void)state;
    build(IMAGE_28,
          "{'name': 'a', 'type': 'conv2d', 'filters': 1, 'kernel_size': 5, 'padding': 'same'}, " SPATIAL,
          "attention", false);
    assert_field(&built.maps[0].info.field, 0, 1, 5 + 6); /* the gate's own 7x7 window too */
}

static void joined_cells_are_placed_when_they_agree(void **state)
{
    (void)state;
    build(IMAGE_28,
          "{'name': 'a', 'type': 'conv2d', 'filters': 1, 'kernel_size': 3, 'padding': 'same'},"
          "{'name': 's', 'type': 'add', 'inputs': ['image', 'a']}, " SPATIAL,
          "attention", false);
    assert_field(&built.maps[0].info.field, 0, 1, 3 + 6);
    teardown(state);
    build(IMAGE_28,
          "{'name': 'a', 'type': 'conv2d', 'filters': 1, 'kernel_size': 2, 'padding': 'same'},"
          "{'name': 's', 'type': 'add', 'inputs': ['image', 'a']}, " SPATIAL,
          "attention", false);
    assert_false(built.maps[0].info.field.known);
}

static void a_shape_mismatch_names_both_layers(void **state)
{
    (void)state;
    assert_refused(INPUT_IMAGE,
                   "{'name': 'a', 'type': 'conv2d', 'filters': 2, 'kernel_size': 3},"
                   "{'name': 'sum', 'type': 'add', 'inputs': ['image', 'a']}",
                   "'outputs': ['sum']", "layer 'sum' (add)", "'image'", "[6,5,2]", "'a'", "[4,3,2]");
    assert_refused(INPUT_IMAGE,
                   "{'name': 'a', 'type': 'conv2d', 'filters': 2, 'kernel_size': 3},"
                   "{'name': 'join', 'type': 'concatenate', 'inputs': ['image', 'a']}",
                   "'outputs': ['join']", "layer 'join' (concatenate)", "'image'", "'a'", "axis 3");
    assert_refused(
        INPUT_IMAGE,
        "{'name': 'f', 'type': 'flatten'}, {'name': 'c', 'type': 'conv2d', 'filters': 2, 'kernel_size': 3}",
        "'outputs': ['c']", "layer 'c' (conv2d)", "'f'", "[60]", "[height, width, channels]");
    assert_refused(INPUT_IMAGE, "{'name': 'r', 'type': 'reshape', 'target_shape': [-1, 7]}",
                   "'outputs': ['r']", "layer 'r' (reshape)", "'image'", "60 values");
}

static void a_window_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    assert_refused(INPUT_IMAGE, "{'name': 'c', 'type': 'conv2d', 'filters': 2, 'kernel_size': [3, 6]}",
                   "'outputs': ['c']", "layer 'c' (conv2d)", "3x6", "'image'", "[6,5,2]");
    assert_refused(
        INPUT_IMAGE,
        "{'name': 'c', 'type': 'conv2d', 'filters': 2, 'kernel_size': 2, 'strides': 2, 'dilation_rate': 2}",
        "'outputs': ['c']", "layer 'c'", "'dilation_rate'", "strides");
}

static void options_out_of_range_are_refused(void **state)
{
    (void)state;
    assert_refused(INPUT_STEPS, "{'name': 'd', 'type': 'dropout', 'rate': 1}", "'outputs': ['d']", "'rate'",
                   "found 1", "below 1");
    assert_refused(INPUT_STEPS, "{'name': 'd', 'type': 'dropout'}", "'outputs': ['d']", "'rate'", "missing");
    assert_refused(INPUT_STEPS, "{'name': 'd', 'type': 'dense', 'units': 0}", "'outputs': ['d']", "'units'",
                   "found 0");
    assert_refused(INPUT_STEPS, "{'name': 'c', 'type': 'concatenate', 'inputs': ['x', 'x'], 'axis': 0}",
                   "'outputs': ['c']", "'axis'", "batch");
    assert_refused(INPUT_STEPS, "{'name': 'c', 'type': 'concatenate', 'inputs': ['x', 'x'], 'axis': 3}",
                   "'outputs': ['c']", "\"axis\"", "3", "[4,3]");
    assert_refused(INPUT_STEPS, "{'name': 'r', 'type': 'reshape', 'target_shape': [-1, -1]}",
                   "'outputs': ['r']", "at most once");
}

static void keys_that_do_not_go_together_are_refused(void **state)
{
    static const char *const out = "'outputs': ['a']";
    (void)state;
    assert_refused(
        INPUT_STEPS,
        "{'name': 'a', 'type': 'conv1d', 'filters': 2, 'kernel_size': 2, 'strides': 2, 'dilation_rate': 2}",
        out, "'dilation_rate'", "strides");
    assert_refused(INPUT_STEPS, "{'name': 'a', 'type': 'conv1d', 'filters': 2, 'kernel_size': []}", out,
                   "'kernel_size'", "found []");
    assert_refused(
        INPUT_IMAGE,
        "{'name': 'a', 'type': 'depthwise_conv2d', 'kernel_size': 2, 'strides': 2, 'dilation_rate': 2}", out,
        "'dilation_rate'", "strides");
    assert_refused(INPUT_IMAGE, "{'name': 'a', 'type': 'zero_padding2d', 'padding': [1, -1]}", out,
                   "'padding'", "at least 0");
    assert_refused(INPUT_IMAGE, "{'name': 'a', 'type': 'cropping2d', 'cropping': [3, 1]}", out, "'a'",
                   "leaves nothing");
    assert_refused(INPUT_STEPS, "{'name': 'a', 'type': 'rescaling', 'scale': 'x'}", out, "'scale'", "number");
    assert_refused(INPUT_STEPS, "{'name': 'a', 'type': 'permute', 'dims': [2, 2]}", out, "'a'",
                   "1 to 2 once");
    assert_refused(INPUT_STEPS, "{'name': 'a', 'type': 'time_distributed', 'layer': {'type': 'flatten'}}",
                   out, "'layer'", "'flatten'", "dense");
    assert_refused(
        INPUT_STEPS,
        "{'name': 'a', 'type': 'attention', 'kind': 'local', 'mode': 'm', 'window': 2, 'units': 3, "
        "'inputs': ['x', 'x']}",
        out, "'units'", "'p' alone");
    assert_refused(INPUT_STEPS, "{'name': 'a', 'type': 'dropout', 'rate': 'half'}", out, "'rate'",
                   "a number");
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(conv2d_options_shape_the_output),
        TEST(pools_stride_by_their_size),
        TEST(shapes_change_without_a_kernel),
        TEST(merges_join_their_inputs),
        TEST(dense_makes_relu_and_gelu_and_softmax_is_a_node),
        TEST(every_activation_word_means_its_kind),
        TEST(dropout_is_there_in_training_only),
        TEST(batch_normalization_moves_its_statistics_in_training_only),
        TEST(cells_of_seed_000_see_pixels_2i_to_2i_plus_5),
        TEST(same_padding_keeps_cells_on_their_pixels),
        TEST(joined_cells_are_placed_when_they_agree),
        cmocka_unit_test(a_shape_mismatch_names_both_layers),
        cmocka_unit_test(a_window_that_does_not_fit_is_refused),
        cmocka_unit_test(options_out_of_range_are_refused),
        cmocka_unit_test(keys_that_do_not_go_together_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
