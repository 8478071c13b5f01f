#include "models.h"

#include "../engine/model/summary.h"

#define LAYERS                                                                                           \
    "{'name': 'conv', 'type': 'conv2d', 'filters': 3, 'kernel_size': 3}, "                               \
    "{'name': 'look', 'type': 'attention', 'kind': 'additive_scale', 'units': 2}, "                      \
    "{'name': 'flat', 'type': 'flatten'}, {'name': 'class', 'type': 'dense', 'units': 4, 'activation': " \
    "'softmax'}"

/* conv 3*3*2*3 + 3 = 57, look 3*2 + 2 + 2 = 10, class 4*3*3*4 + 4 = 148 */
enum { CONV = 57, LOOK = 10, CLASS = 148 };

static small_run run;

static int setup(void **state)
{
    (void)state;
    start(&run, read_model(INPUT_IMAGE, LAYERS, OUTPUT_CLASS), &(gz_build_options){.batch = 2});
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    finish(&run);
    return 0;
}

static char *summarise(bool json, bool with_plan)
{
    const gz_summary_options options = {.model = run.model,
                                        .built = &run.built,
                                        .plan = with_plan ? run.plan : NULL,
                                        .why_no_plan = "it needs \"too much\"",
                                        .json = json};
    char *text = NULL;
    assert_ok(gz_summary(&options, &text));
    return text;
}

static void text_has_layers_weights_maps_and_memory(void **state)
{
    (void)state;
    char *text = summarise(false, true);
    const char *const words[] = {
        "conv2d",  "[4,3,3]", "57",         "attention: additive_scale", "215", "share of the attention",
        "planned", "born",    "conv:conv2d"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strstr(text, words[i])) fail_msg("no \"%s\" in:\n%s", words[i], text);
    free(text);
}

static double number(const cJSON *object, const char *key)
{
    return cJSON_GetNumberValue(cJSON_GetObjectItem(object, key));
}

static void json_counts_weights_work_and_memory(void **state)
{
    (void)state;
    char *text = summarise(true, true);
    cJSON *root = cJSON_Parse(text);
    assert_non_null(root);
    assert_true(number(root, "weights") == CONV + LOOK + CLASS);
    const cJSON *conv = cJSON_GetArrayItem(cJSON_GetObjectItem(root, "layers"), 0);
    assert_true(number(conv, "weights") == CONV);
    assert_true(number(conv, "flop_per_sample") >=
                2 * 4 * 3 * 3 * 18); /* a multiplication and an addition a tap */
    assert_true(number(conv, "flop_per_sample") < 3 * 4 * 3 * 3 * 18);
    const cJSON *memory = cJSON_GetObjectItem(root, "memory");
    assert_true(number(memory, "peak_bytes") > 0 &&
                number(memory, "peak_bytes") <= number(memory, "naive_bytes"));
    assert_true(cJSON_GetArraySize(cJSON_GetObjectItem(memory, "tensors")) > 3);
    const cJSON *map = cJSON_GetArrayItem(cJSON_GetObjectItem(root, "maps"), 0);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(map, "name")), "look");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(map, "shape")), 2);
    cJSON_Delete(root);
    free(text);
}

static void without_a_plan_it_says_why(void **state)
{
    (void)state;
    char *text = summarise(false, false), *json = summarise(true, false);
    assert_non_null(strstr(text, "it needs \"too much\""));
    cJSON *root = cJSON_Parse(json);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(root, "memory")));
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(root, "why_no_memory_plan")),
                        "it needs \"too much\"");
    cJSON_Delete(root);
    free(text);
    free(json);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(text_has_layers_weights_maps_and_memory),
        TEST(json_counts_weights_work_and_memory),
        TEST(without_a_plan_it_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
