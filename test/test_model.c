#include "models.h"

#define CLASS "{'name': 'class', 'type': 'dense', 'units': 3, 'activation': 'softmax'}"
#define FLAT  "{'name': 'flat', 'type': 'flatten'}, "

static void unknown_layer_type_offers_the_nearest(void **state)
{
    (void)state;
    assert_refused(INPUT_IMAGE, "{'name': 'c', 'type': 'convd2'}", OUTPUT_CLASS, "layer 'c'", "'type'",
                   "\"convd2\"", "did you mean 'conv2d'?");
}

static void unknown_key_of_a_layer_offers_the_nearest(void **state)
{
    (void)state;
    assert_refused(INPUT_IMAGE,
                   "{'name': 'c', 'type': 'conv2d', 'filters': 2, 'kernel_size': 3, 'stride': 2}",
                   OUTPUT_CLASS, "layer 'c'", "'stride'", "did you mean 'strides'?");
}

static void unknown_key_of_the_file_offers_the_nearest(void **state)
{
    (void)state;
    assert_refused(INPUT_STEPS, FLAT CLASS, OUTPUT_CLASS ", 'optimiser': {}", "'optimiser'",
                   "did you mean 'optimizer'?");
}

static void a_name_used_before_it_is_defined_is_refused(void **state)
{
    (void)state;
    assert_refused(INPUT_STEPS,
                   "{'name': 'a', 'type': 'flatten', 'inputs': ['b']}, {'name': 'b', 'type': 'flatten'}",
                   OUTPUT_CLASS, "layer 'a'", "'inputs'", "\"b\"", "later");
    assert_refused(INPUT_STEPS, FLAT "{'name': 'b', 'type': 'flatten', 'inputs': ['falt']}", OUTPUT_CLASS,
                   "layer 'b'", "\"falt\"", "did you mean 'flat'?");
    assert_refused(INPUT_STEPS, "{'name': 'a', 'type': 'flatten', 'inputs': ['a']}", OUTPUT_CLASS,
                   "layer 'a'", "here or later");
}

static void names_are_unique_and_usable(void **state)
{
    (void)state;
    assert_refused(INPUT_STEPS, FLAT "{'name': 'flat', 'type': 'flatten'}", OUTPUT_CLASS, "'flat'", "taken");
    assert_refused(INPUT_STEPS, "{'name': 'x', 'type': 'flatten'}", OUTPUT_CLASS, "'x'", "taken");
    assert_refused(INPUT_STEPS, "{'name': 'a/b', 'type': 'flatten'}", OUTPUT_CLASS, "a/b", "slashes");
    assert_refused("{'name': 'label', 'shape': [3]}", CLASS, OUTPUT_CLASS, "'label'");
}

static void outputs_must_be_layers(void **state)
{
    (void)state;
    assert_refused(INPUT_STEPS, CLASS, "'loss': 'categorical_crossentropy'", "'outputs'", "missing");
    assert_refused(INPUT_STEPS, CLASS, "'outputs': []", "'outputs'", "at least one");
    assert_refused(INPUT_STEPS, CLASS, "'outputs': ['clas']", "\"clas\"", "did you mean 'class'?");
    assert_refused(INPUT_STEPS, CLASS, "'outputs': ['x']", "\"x\"", "name of a layer");
}

static void inputs_and_layers_must_be_there(void **state)
{
    (void)state;
    assert_refused("", CLASS, OUTPUT_CLASS, "'inputs'", "1 to 8 inputs");
    assert_refused(INPUT_STEPS, "", OUTPUT_CLASS, "'layers'");
    assert_refused("{'name': 'x', 'shape': [3], 'dtype': 'float64'}", CLASS, OUTPUT_CLASS, "'dtype'",
                   "float32");
    assert_refused("{'name': 'x', 'shape': [0]}", CLASS, OUTPUT_CLASS, "'shape'", "[0]");
}

static void only_version_1_is_read(void **state)
{
    (void)state;
    const char *text = "{\"gaze_model\": 2}";
    gz_model *model;
    assert_int_equal(gz_model_parse("new.json", text, strlen(text), &model), GAZE_ERROR_MODEL);
    assert_message("new.json", "'gaze_model'", "found 2", "expected 1", NULL);
}

static void a_layer_of_several_inputs_needs_them(void **state)
{
    (void)state;
    assert_refused(INPUT_STEPS, "{'name': 'sum', 'type': 'add'}", OUTPUT_CLASS, "layer 'sum'", "'add'",
                   "at least 2");
    assert_refused(INPUT_STEPS ", {'name': 'y', 'shape': [3]}", CLASS, OUTPUT_CLASS, "layer 'class'",
                   "2 inputs");
    assert_refused(INPUT_STEPS, FLAT "{'name': 'c', 'type': 'dense', 'units': 2, 'inputs': ['x', 'flat']}",
                   OUTPUT_CLASS, "layer 'c'", "at most 1");
}

static void shared_weights_are_one_tensor(void **state)
{
    (void)state;
    gz_model *model = read_model(INPUT_STEPS ", {'name': 'y', 'shape': [3]}",
                                 "{'name': 'a', 'type': 'dense', 'units': 4, 'inputs': 'x'},"
                                 "{'name': 'b', 'type': 'dense', 'units': 4, 'inputs': 'y', 'share': 'a'},"
                                 "{'name': 'c', 'type': 'dense', 'units': 4, 'inputs': 'y', 'share': 'b'}",
                                 "'outputs': ['a', 'b', 'c']");
    gz_built built;
    assert_ok(gz_model_build(model, &(gz_build_options){.batch = 1}, &built));
    assert_int_equal(built.n_weights, 2);
    assert_string_equal(built.weights[0].name, "a.kernel");
    assert_ptr_equal(built.graph->nodes[0]->in[1], built.graph->nodes[1]->in[1]);
    assert_ptr_equal(built.graph->nodes[0]->in[1], built.graph->nodes[2]->in[1]);
    gz_built_free(&built);
    gz_model_free(model);
}

static void sharing_what_does_not_fit_is_refused(void **state)
{
    (void)state;
#define FIRST "{'name': 'a', 'type': 'dense', 'units': 4}, "
    assert_refused(INPUT_STEPS, FIRST "{'name': 'b', 'type': 'dense', 'units': 5, 'share': 'a'}",
                   OUTPUT_CLASS, "layer 'b'", "'units'", "'a'");
    assert_refused(INPUT_STEPS, FIRST "{'name': 'b', 'type': 'flatten', 'share': 'a'}", OUTPUT_CLASS,
                   "layer 'b'", "'type'", "'a'");
    assert_refused(INPUT_STEPS, FIRST "{'name': 'b', 'type': 'dense', 'units': 4, 'share': 'x'}",
                   OUTPUT_CLASS, "'share'", "'x'");
    assert_refused(INPUT_STEPS, FIRST "{'name': 'b', 'type': 'dense', 'units': 4, 'share': 'a'}",
                   "'outputs': ['b']", "layer 'b'", "'a.kernel'", "[3,4]", "[4,4]");
}

static void optimizers_have_keras_defaults(void **state)
{
    (void)state;
    gz_model *model = read_model(INPUT_STEPS, FLAT CLASS,
                                 OUTPUT_CLASS ", 'optimizer': {'type': 'adamw', 'learning_rate': 0.1}");
    const gz_optimizer_choice *choice = &model->optimizer;
    assert_true(model->has_optimizer && choice->attr.kind == GZ_ADAMW && choice->learning_rate == 0.1);
    assert_true(choice->attr.beta_1 == 0.9 && choice->attr.beta_2 == 0.999 && choice->attr.epsilon == 1e-7);
    assert_true(choice->attr.weight_decay == 0.004);
    gz_model_free(model);
    model = read_model(INPUT_STEPS, FLAT CLASS,
                       OUTPUT_CLASS ", 'optimizer': {'type': 'rmsprop', 'momentum': 0.5, 'centered': true}");
    choice = &model->optimizer;
    assert_true(choice->attr.kind == GZ_RMSPROP && choice->learning_rate == 0.001);
    assert_true(choice->attr.rho == 0.9 && choice->attr.epsilon == 1e-7);
    assert_true(choice->attr.momentum == 0.5 && choice->attr.centered);
    gz_model_free(model);
    assert_refused(INPUT_STEPS, FLAT CLASS, OUTPUT_CLASS ", 'optimizer': {'type': 'rmsprop', 'rho': 2}",
                   "'rho'", "found 2");
    assert_refused(INPUT_STEPS, FLAT CLASS, OUTPUT_CLASS ", 'optimizer': {'type': 'adm'}", "'type'",
                   "did you mean 'adam'?");
    assert_refused(INPUT_STEPS, FLAT CLASS, OUTPUT_CLASS ", 'optimizer': {'type': 'sgd', 'beta_1': 0.9}",
                   "'beta_1'");
    gz_optimizer_choice named;
    assert_int_equal(gz_optimizer_default("rmsporp", &named), GAZE_ERROR_USAGE);
    assert_message("did you mean 'rmsprop'?", NULL);
}

static void classes_must_be_as_many_as_the_outputs_values(void **state)
{
    (void)state;
    assert_refused(INPUT_STEPS, FLAT CLASS, OUTPUT_CLASS ", 'classes': ['a', 'b']", "'classes'", "2", "3",
                   "'class'");
}

static void an_open_dimension_takes_the_size_that_comes(void **state)
{
    (void)state;
    gz_model *model =
        read_model("{'name': 'x', 'shape': [null, 3]}",
                   "{'name': 'a', 'type': 'attention', 'kind': 'additive_pool'}, " CLASS, OUTPUT_CLASS);
    gz_built built;
    const gz_shape seven = GZ_SHAPE(7, 3), wrong = GZ_SHAPE(7, 4);
    assert_ok(gz_model_build(model, &(gz_build_options){.batch = 2, .inputs = &seven}, &built));
    assert_int_equal(built.maps[0].info.shape[0], 7);
    gz_built_free(&built);
    assert_int_equal(gz_model_build(model, &(gz_build_options){.batch = 2, .inputs = &wrong}, &built),
                     GAZE_ERROR_DATA);
    assert_message("'x'", "[7,4]", "[?,3]", NULL);
    assert_int_equal(gz_model_build(model, &(gz_build_options){.batch = 2}, &built), GAZE_ERROR_DATA);
    size_t open = 0;
    assert_ok(gz_model_probe(model, &open, &built));
    assert_true(open > 0);
    gz_built_free(&built);
    gz_model_free(model);
}

static void bench_shape_gives_sizes_for_what_is_open_alone(void **state)
{
    (void)state;
    gz_model *model = read_model("{'name': 'x', 'shape': [null, 3], 'bench_shape': [50, 3]}", CLASS,
                                 "'outputs': ['class']");
    assert_true(gz_shape_equal(gz_model_input_shape(&model->inputs[0], 8), GZ_SHAPE(50, 3)));
    model->inputs[0].bench_shape.rank = 0;
    assert_true(gz_shape_equal(gz_model_input_shape(&model->inputs[0], 8), GZ_SHAPE(8, 3)));
    gz_model_free(model);
    assert_refused("{'name': 'x', 'shape': [null, 3], 'bench_shape': [50, 4]}", CLASS, "'outputs': ['class']",
                   "inputs[0]", "'bench_shape'", "[50,4]", "[?,3]");
    assert_refused("{'name': 'x', 'shape': [4, 3], 'bench_shape': [4]}", CLASS, "'outputs': ['class']",
                   "'bench_shape'");
}

static void a_training_build_updates_every_weight(void **state)
{
    (void)state;
    gz_model *model =
        read_model(INPUT_IMAGE,
                   "{'name': 'c', 'type': 'conv2d', 'filters': 2, 'kernel_size': 3, 'activation': 'relu'},"
                   "{'name': 'a', 'type': 'attention', 'kind': 'additive_scale'}, " FLAT CLASS,
                   OUTPUT_CLASS ", 'optimizer': {'type': 'adam'}");
    gz_built built;
    assert_ok(gz_model_build(model, &(gz_build_options){.batch = 2, .training = true, .slab_floats = 4096},
                             &built));
    for (size_t i = 0; i < built.n_weights; i++) {
        bool found = false;
        for (size_t t = 0; t < built.graph->n_tensors; t++)
            if (built.graph->tensors[t]->is_gradient &&
                built.graph->tensors[t]->of == built.weights[i].tensor)
                found = true;
        if (!found) fail_msg("'%s' has no gradient", built.weights[i].name);
    }
    assert_int_equal(built.n_weights, 7);
    assert_int_equal(count_nodes(&built, "optimizer"), 1);
    assert_int_equal(count_nodes(&built, "softmax_cross_entropy"), 1);
    assert_int_equal(count_nodes(&built, "cross_entropy"), 0);
    assert_non_null(built.hyper);
    assert_null(built.step);
    assert_true(built.label->dtype == GZ_I32 && built.label->shape.rank == 1 &&
                built.label->shape.dim[0] == 2);
    gz_built_free(&built);
    gz_model_free(model);
}

static void the_loss_makes_the_softmax_of_the_output(void **state)
{
    (void)state;
    gz_model *model = read_model(INPUT_STEPS, FLAT CLASS, OUTPUT_CLASS);
    gz_built built;
    assert_ok(gz_model_build(model, &(gz_build_options){.batch = 2, .loss = true}, &built));
    assert_int_equal(count_nodes(&built, "softmax"), 0);
    assert_string_equal(built.outputs[0]->producer->op->name, "softmax_cross_entropy");
    assert_true(built.outputs[0]->keep && built.loss->keep);
    assert_true(gz_shape_equal(built.outputs[0]->shape, GZ_SHAPE(2, 3)));
    gz_built_free(&built);
    gz_model_free(model);
}

static void a_loss_is_needed_for_training_only(void **state)
{
    (void)state;
    gz_model *model = read_model(INPUT_STEPS, FLAT CLASS, "'outputs': ['class']");
    gz_built built;
    assert_ok(gz_model_build(model, &(gz_build_options){.batch = 2}, &built));
    assert_null(built.loss);
    gz_built_free(&built);
    assert_int_equal(gz_model_build(model, &(gz_build_options){.batch = 2, .loss = true}, &built),
                     GAZE_ERROR_MODEL);
    assert_message("'loss'", NULL);
    gz_model_free(model);
}

static void one_hot_labels_have_the_outputs_shape(void **state)
{
    (void)state;
    gz_model *model =
        read_model(INPUT_STEPS, CLASS, "'outputs': ['class'], 'loss': 'categorical_crossentropy'");
    gz_built built;
    assert_ok(gz_model_build(model, &(gz_build_options){.batch = 2, .loss = true}, &built));
    assert_true(built.label->dtype == GZ_F32 && gz_shape_equal(built.label->shape, GZ_SHAPE(2, 4, 3)));
    gz_built_free(&built);
    gz_model_free(model);
}

static size_t weights_of(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/models/%s.json", SOURCE_DIR, name);
    gz_model *model = NULL;
    gz_built built;
    size_t open = 0, trainable, all;
    assert_ok(gz_model_read(path, &model));
    assert_string_equal(model->name, name);
    assert_non_null(strstr(model->about, "gaze train models/"));
    assert_ok(gz_model_probe(model, &open, &built));
    gz_weights_count(&built, &trainable, &all);
    assert_int_equal(trainable, all);
    gz_built_free(&built);
    gz_model_free(model);
    return trainable;
}

static void the_models_have_the_seeds_parameter_counts(void **state)
{
    (void)state;
    assert_int_equal(weights_of("001-cifar-baseline"), 20042);
    assert_int_equal(weights_of("001-cifar-spatial"), 77037);
    assert_int_equal(weights_of("001-cifar-residual"), 39469);
    assert_int_equal(weights_of("000-fashion-attention"), 1201994);
    assert_int_equal(weights_of("000-fashion-baseline"), 1199882);
    assert_int_equal(weights_of("000-fashion-spatial"), 75885);
    assert_true(weights_of("patch") < 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_layer_type_offers_the_nearest),
        cmocka_unit_test(unknown_key_of_a_layer_offers_the_nearest),
        cmocka_unit_test(unknown_key_of_the_file_offers_the_nearest),
        cmocka_unit_test(a_name_used_before_it_is_defined_is_refused),
        cmocka_unit_test(names_are_unique_and_usable),
        cmocka_unit_test(outputs_must_be_layers),
        cmocka_unit_test(inputs_and_layers_must_be_there),
        cmocka_unit_test(only_version_1_is_read),
        cmocka_unit_test(a_layer_of_several_inputs_needs_them),
        cmocka_unit_test(shared_weights_are_one_tensor),
        cmocka_unit_test(sharing_what_does_not_fit_is_refused),
        cmocka_unit_test(optimizers_have_keras_defaults),
        cmocka_unit_test(classes_must_be_as_many_as_the_outputs_values),
        cmocka_unit_test(an_open_dimension_takes_the_size_that_comes),
        cmocka_unit_test(bench_shape_gives_sizes_for_what_is_open_alone),
        cmocka_unit_test(a_training_build_updates_every_weight),
        cmocka_unit_test(the_loss_makes_the_softmax_of_the_output),
        cmocka_unit_test(a_loss_is_needed_for_training_only),
        cmocka_unit_test(one_hot_labels_have_the_outputs_shape),
        cmocka_unit_test(the_models_have_the_seeds_parameter_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
