#include "models.h"

#define CLASS "{'name': 'class', 'type': 'dense', 'units': 3, 'activation': 'softmax'}"
#define FLAT  "{'name': 'flat', 'type': 'flatten'}, "
#define DATA  OUTPUT_CLASS ", 'data': {'type': 'folder', 'path': 'images'"

static void the_words_of_data_are_read(void **state)
{
    (void)state;
    gz_model *model = read_model(INPUT_IMAGE, FLAT CLASS,
                                 DATA ", 'scale': '-1..1', 'aspect': 'crop', 'skip_bad': true, 'augment': "
                                      "{'flip': true, 'shift': 4, 'crop': 0.75}}");
    assert_string_equal(model->data.type, "folder");
    assert_string_equal(model->data.path, "images");
    assert_string_equal(model->data.scale, "-1..1");
    assert_string_equal(model->data.aspect, "crop");
    assert_true(model->data.skip_bad && model->data.flip && !model->data.allow_overlap);
    assert_int_equal(model->data.shift, 4);
    assert_true(model->data.crop == 0.75);
    gz_model_free(model);
}

static void what_data_does_not_say_is_nothing(void **state)
{
    (void)state;
    gz_model *model = read_model(INPUT_IMAGE, FLAT CLASS, DATA "}");
    assert_null(model->data.aspect);
    assert_true(!model->data.skip_bad && !model->data.flip && !model->data.shift && model->data.crop == 0);
    gz_model_free(model);
}

static void each_word_of_augment_may_stand_alone(void **state)
{
    (void)state;
    gz_model *model = read_model(INPUT_IMAGE, FLAT CLASS, DATA ", 'augment': {'flip': true}}");
    assert_true(model->data.flip && !model->data.shift && model->data.crop == 0);
    gz_model_free(model);
}

static void wrong_words_of_data_are_refused(void **state)
{
    (void)state;
    assert_refused(INPUT_IMAGE, FLAT CLASS, DATA ", 'augment': {'flipp': true}}", "'flipp'",
                   "did you mean 'flip'?");
    assert_refused(INPUT_IMAGE, FLAT CLASS, DATA ", 'augment': true}", "'augment'");
    assert_refused(INPUT_IMAGE, FLAT CLASS, DATA ", 'augment': {'crop': 1.5}}", "'crop'", "1.5");
    assert_refused(INPUT_IMAGE, FLAT CLASS, DATA ", 'augment': {'shift': -1}}", "'shift'", "-1");
    assert_refused(INPUT_IMAGE, FLAT CLASS, DATA ", 'skip_bad': 1}", "'skip_bad'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_words_of_data_are_read),
        cmocka_unit_test(what_data_does_not_say_is_nothing),
        cmocka_unit_test(each_word_of_augment_may_stand_alone),
        cmocka_unit_test(wrong_words_of_data_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
