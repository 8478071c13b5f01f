#include "scratch.h"

#include "../engine/model/adapt.h"

#define IMAGE "{\"name\": \"image\", \"shape\": [32, 32, 3]}"
#define DENSE \
    "{\"name\": \"flat\", \"type\": \"flatten\"}, {\"name\": \"class\", \"type\": \"dense\", \"units\": 2}"
#define NAMES ", \"classes\": [\"a\", \"b\"]"

static const char *write_model(const char *inputs, const char *layers, const char *rest)
{
    char text[2048];
    const int size = snprintf(text, sizeof text,
                              "{\"gaze_model\": 1, \"inputs\": [%s], \"layers\": [%s], "
                              "\"outputs\": [\"class\"]%s}",
                              inputs, layers, rest);
    return write_scratch("model.json", text, (size_t)size);
}

static gaze_status adapt(const char *file, size_t height, size_t width, size_t n_classes, gz_model **model)
{
    const gaze_adaptation wanted = {height, width, n_classes};
    return gz_model_read_adapted(file, NULL, &wanted, model);
}

static gz_shape output_of(const gz_model *model)
{
    gz_built built;
    size_t open = 0;
    assert_done(gz_model_probe(model, &open, &built));
    const gz_shape shape = built.outputs[0]->shape;
    gz_built_free(&built);
    return shape;
}

static void the_image_and_the_last_dense_layer_change(void **state)
{
    (void)state;
    gz_model *model;
    const char *file = write_model(IMAGE, DENSE, NAMES);
    assert_done(adapt(file, 64, 48, 5, &model));
    assert_true(gz_shape_equal(model->inputs[0].shape, GZ_SHAPE(64, 48, 3)));
    assert_true(gz_shape_equal(output_of(model), GZ_SHAPE(1, 5)));
    assert_null(model->classes);
    assert_string_equal(model->name, "model");
    assert_string_equal(model->file, file);
    assert_non_null(strstr(model->path, "images 64x48, 5 classes"));
    gz_model_free(model);
}

/* A run keeps the text: read again it is the same model, by its hash too. */
static void the_text_is_the_adapted_models(void **state)
{
    (void)state;
    gz_model *model, *again;
    assert_done(adapt(write_model(IMAGE, DENSE, NAMES), 64, 48, 5, &model));
    assert_done(gz_model_parse("again.json", model->text, model->text_size, &again));
    assert_true(gz_shape_equal(again->inputs[0].shape, model->inputs[0].shape));
    assert_string_equal(again->hash.text, model->hash.text);
    gz_model_free(again);
    gz_model_free(model);
}

static void what_the_file_says_already_changes_nothing(void **state)
{
    (void)state;
    gz_model *model, *as_it_is;
    const char *file = write_model(IMAGE, DENSE, NAMES);
    assert_done(adapt(file, 32, 32, 2, &model));
    assert_done(gz_model_read(file, &as_it_is));
    assert_false(model->adapted);
    assert_string_equal(model->hash.text, as_it_is->hash.text);
    assert_string_equal(model->classes[1], "b");
    gz_model_free(as_it_is);
    gz_model_free(model);
}

static void activations_and_dropouts_may_stand_behind_the_dense_layer(void **state)
{
    (void)state;
    gz_model *model;
    const char layers[] =
        "{\"name\": \"flat\", \"type\": \"flatten\"}, {\"name\": \"scores\", \"type\": \"dense\", "
        "\"units\": 2}, {\"name\": \"drop\", \"type\": \"dropout\", \"rate\": 0.5}, {\"name\": "
        "\"class\", \"type\": \"activation\", \"activation\": \"softmax\"}";
    assert_done(adapt(write_model(IMAGE, layers, ""), 0, 0, 7, &model));
    assert_true(gz_shape_equal(output_of(model), GZ_SHAPE(1, 7)));
    gz_model_free(model);
}

static void an_open_size_is_given(void **state)
{
    (void)state;
    gz_model *model;
    const char inputs[] = "{\"name\": \"image\", \"shape\": [null, null, 3]}";
    assert_done(adapt(write_model(inputs, DENSE, ""), 8, 8, 0, &model));
    assert_true(gz_shape_equal(model->inputs[0].shape, GZ_SHAPE(8, 8, 3)));
    gz_model_free(model);
}

static void a_model_that_cannot_be_adapted_says_why(void **state)
{
    (void)state;
    gz_model *model;
    const char
        steps[] = "{\"name\": \"x\", \"shape\": [4, 3]}",
        two[] = IMAGE ", {\"name\": \"other\", \"shape\": [8, 8, 1]}",
        join[] =
            "{\"name\": \"a\", \"type\": \"flatten\", \"inputs\": [\"image\"]}, {\"name\": \"b\", \"type\": "
            "\"flatten\", \"inputs\": [\"other\"]}, {\"name\": \"join\", \"type\": \"concatenate\", "
            "\"inputs\": [\"a\", \"b\"]}, {\"name\": \"class\", \"type\": \"dense\", \"units\": 2}",
        pool[] = "{\"name\": \"class\", \"type\": \"global_average_pool2d\"}";
    assert_refused(adapt(write_model(steps, DENSE, ""), 8, 8, 0, &model), GAZE_ERROR_MODEL, "model.json",
                   "reads no image", "'x'", "[4,3]", NULL);
    assert_refused(adapt(write_model(two, join, ""), 8, 8, 0, &model), GAZE_ERROR_MODEL, "2 images", NULL);
    assert_refused(adapt(write_model(IMAGE, pool, ""), 0, 0, 4, &model), GAZE_ERROR_MODEL, "'class'",
                   "global_average_pool2d", "expected a dense layer", NULL);
    assert_refused(adapt(write_model(IMAGE, DENSE, ""), 8, 0, 0, &model), GAZE_ERROR_USAGE, "8x0", NULL);
    assert_refused(adapt(write_model(IMAGE, "{}", ""), 8, 8, 0, &model), GAZE_ERROR_MODEL, "'name'", NULL);
}

static void layers_that_no_longer_fit_are_named_with_what_was_asked_for(void **state)
{
    (void)state;
    gz_model *model;
    gz_built built;
    size_t open = 0;
    const char layers[] = "{\"name\": \"rows\", \"type\": \"reshape\", \"target_shape\": [32, 96]}, " DENSE;
    assert_done(adapt(write_model(IMAGE, layers, ""), 16, 16, 0, &model));
    assert_refused(gz_model_probe(model, &open, &built), GAZE_ERROR_MODEL,
                   "model.json (adapted: images 16x16)", "'rows'", "target_shape", NULL);
    gz_model_free(model);
}

static void names_of_classes_are_taken_where_there_are_none_and_their_number_fits(void **state)
{
    (void)state;
    static const char *const names[] = {"cat", "dog", NULL};
    gz_model *model, *again;
    assert_done(gz_model_read(write_model(IMAGE, DENSE, ""), &model));
    assert_done(gz_model_name_classes(model, names, 3));
    assert_null(model->classes);
    assert_done(gz_model_name_classes(model, names, 2));
    assert_string_equal(model->classes[1], "dog");
    assert_done(gz_model_parse("again.json", model->text, model->text_size, &again));
    assert_string_equal(again->classes[1], "dog");
    assert_string_equal(again->hash.text, model->hash.text);
    gz_model_free(again);
    gz_model_free(model);

    assert_done(gz_model_read(write_model(IMAGE, DENSE, NAMES), &model));
    assert_done(gz_model_name_classes(model, names, 2));
    assert_string_equal(model->classes[0], "a");
    assert_false(model->adapted);
    gz_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_image_and_the_last_dense_layer_change),
        cmocka_unit_test(the_text_is_the_adapted_models),
        cmocka_unit_test(what_the_file_says_already_changes_nothing),
        cmocka_unit_test(activations_and_dropouts_may_stand_behind_the_dense_layer),
        cmocka_unit_test(an_open_size_is_given),
        cmocka_unit_test(a_model_that_cannot_be_adapted_says_why),
        cmocka_unit_test(layers_that_no_longer_fit_are_named_with_what_was_asked_for),
        cmocka_unit_test(names_of_classes_are_taken_where_there_are_none_and_their_number_fits),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
