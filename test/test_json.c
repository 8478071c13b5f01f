#include "models.h"

#include "../engine/layers/json.h"

static gz_arena *arena;
static cJSON *root;

static gz_json object_of(const char *quoted)
{
    char text[512];
    snprintf(text, sizeof text, "%s", quoted);
    for (char *c = text; *c; c++)
        if (*c == '\'') *c = '"';
    cJSON_Delete(root);
    root = NULL;
    assert_ok(gz_json_parse_file("m.json", text, strlen(text), &root));
    return gz_json_object(arena, root, "m.json: layer 'conv_1'");
}

static int setup(void **state)
{
    (void)state;
    return gz_arena_create(&arena) == GAZE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    cJSON_Delete(root);
    root = NULL;
    gz_arena_destroy(arena);
    return 0;
}

static void unknown_key_names_the_place_and_the_nearest(void **state)
{
    (void)state;
    gz_json json = object_of("{'filters': 3, 'kernal_size': 3}");
    size_t filters, size[2];
    assert_ok(gz_json_need_size(&json, "filters", 1, &filters));
    assert_ok(gz_json_pair(&json, "kernel_size", 1, (size_t[]){1, 1}, size));
    assert_int_equal(gz_json_done(&json), GAZE_ERROR_MODEL);
    assert_message("m.json: layer 'conv_1'", "'kernal_size'", "did you mean 'kernel_size'?", "filters", NULL);
}

static void a_missing_key_names_the_one_that_is_like_it(void **state)
{
    (void)state;
    size_t filters;
    gz_json json = object_of("{'name': 3, 'filtres': 3}");
    assert_int_equal(gz_json_need_size(&json, "filters", 1, &filters), GAZE_ERROR_MODEL);
    assert_message("key 'filters': missing", "there is a key 'filtres'", NULL);
    json = object_of("{'name': 3, 'units': 3}");
    assert_int_equal(gz_json_need_size(&json, "filters", 1, &filters), GAZE_ERROR_MODEL);
    assert_null(strstr(gaze_message(), "there is a key"));
}

static void a_key_given_twice_is_refused(void **state)
{
    (void)state;
    gz_json json = object_of("{'units': 3, 'units': 4}");
    size_t units;
    assert_ok(gz_json_need_size(&json, "units", 1, &units));
    assert_int_equal(gz_json_done(&json), GAZE_ERROR_MODEL);
    assert_message("'units'", "given twice", NULL);
}

static void a_wrong_value_says_what_was_found_and_expected(void **state)
{
    (void)state;
    gz_json json = object_of("{'units': 'ten', 'rate': 1.5, 'bias': 1, 'half': 2.5, 'none': 0}");
    size_t size;
    double rate;
    bool bias;
    assert_int_equal(gz_json_need_size(&json, "units", 1, &size), GAZE_ERROR_MODEL);
    assert_message("layer 'conv_1'", "'units'", "found \"ten\"", "expected a whole number of at least 1",
                   NULL);
    assert_int_equal(gz_json_number_in(&json, "rate", 0, 1, 0, &rate), GAZE_ERROR_MODEL);
    assert_message("'rate'", "found 1.5", "from 0 to below 1", NULL);
    assert_int_equal(gz_json_bool(&json, "bias", true, &bias), GAZE_ERROR_MODEL);
    assert_message("'bias'", "found 1", "true or false", NULL);
    assert_int_equal(gz_json_size(&json, "half", 1, 7, &size), GAZE_ERROR_MODEL);
    assert_int_equal(gz_json_size(&json, "none", 1, 7, &size), GAZE_ERROR_MODEL);
}

static void a_missing_key_takes_the_fallback_or_is_named(void **state)
{
    (void)state;
    gz_json json = object_of("{}");
    size_t size = 0, pair[2] = {0};
    int axis = 0;
    assert_ok(gz_json_size(&json, "units", 1, 7, &size));
    assert_ok(gz_json_pair(&json, "strides", 1, (size_t[]){2, 3}, pair));
    assert_ok(gz_json_integer(&json, "axis", -1, &axis));
    assert_int_equal(size, 7);
    assert_int_equal(pair[0], 2);
    assert_int_equal(pair[1], 3);
    assert_int_equal(axis, -1);
    assert_int_equal(gz_json_need_size(&json, "units", 1, &size), GAZE_ERROR_MODEL);
    assert_message("'units'", "missing", "at least 1", NULL);
}

static void a_pair_is_a_number_or_height_and_width(void **state)
{
    (void)state;
    gz_json json = object_of("{'a': 3, 'b': [2, 5], 'c': [1, 2, 3], 'd': [1, 0]}");
    size_t a[2], b[2], c[2];
    assert_ok(gz_json_pair(&json, "a", 1, NULL, a));
    assert_ok(gz_json_pair(&json, "b", 1, NULL, b));
    assert_int_equal(a[0] * 10 + a[1], 33);
    assert_int_equal(b[0] * 10 + b[1], 25);
    assert_int_equal(gz_json_pair(&json, "c", 1, NULL, c), GAZE_ERROR_MODEL);
    assert_int_equal(gz_json_pair(&json, "d", 1, NULL, c), GAZE_ERROR_MODEL);
    assert_message("[1,0]", "[height, width]", NULL);
}

static void a_choice_lists_the_words_and_offers_the_nearest(void **state)
{
    (void)state;
    static const char *const words[] = {"valid", "same", NULL};
    gz_json json = object_of("{'padding': 'smae', 'good': 'same'}");
    size_t choice;
    assert_ok(gz_json_choice(&json, "good", words, 0, &choice));
    assert_int_equal(choice, 1);
    assert_int_equal(gz_json_choice(&json, "padding", words, 0, &choice), GAZE_ERROR_MODEL);
    assert_message("\"smae\"", "\"valid\", \"same\"", "did you mean 'same'?", NULL);
    assert_int_equal(gz_json_choice(&json, "missing", words, SIZE_MAX, &choice), GAZE_ERROR_MODEL);
}

static void open_sizes_are_taken_where_allowed(void **state)
{
    (void)state;
    gz_json json = object_of("{'shape': [null, 5], 'target': [-1, 3]}");
    size_t values[6], count;
    assert_ok(gz_json_sizes(&json, "shape", true, 6, values, &count));
    assert_int_equal(count, 2);
    assert_true(values[0] == SIZE_MAX && values[1] == 5);
    assert_ok(gz_json_sizes(&json, "target", true, 6, values, &count));
    assert_true(values[0] == SIZE_MAX && values[1] == 3);
    assert_int_equal(gz_json_sizes(&json, "target", false, 6, values, &count), GAZE_ERROR_MODEL);
    assert_int_equal(gz_json_sizes(&json, "shape", true, 1, values, &count), GAZE_ERROR_MODEL);
}

static void texts_are_one_or_a_list(void **state)
{
    (void)state;
    gz_json json = object_of("{'one': 'a', 'two': ['a', 'b'], 'bad': ['a', 1]}");
    const char **texts;
    size_t count;
    assert_ok(gz_json_texts(&json, "one", &texts, &count));
    assert_int_equal(count, 1);
    assert_ok(gz_json_texts(&json, "two", &texts, &count));
    assert_int_equal(count, 2);
    assert_string_equal(texts[1], "b");
    assert_null(texts[2]);
    assert_int_equal(gz_json_texts(&json, "bad", &texts, &count), GAZE_ERROR_MODEL);
}

static void syntax_errors_have_line_and_column(void **state)
{
    (void)state;
    const char *text = "{\n  \"a\": 1,\n  \"b\": oops\n}";
    cJSON *parsed = NULL;
    assert_int_equal(gz_json_parse_file("m.json", text, strlen(text), &parsed), GAZE_ERROR_MODEL);
    assert_message("m.json:3:8", NULL);
    assert_int_equal(gz_json_parse_file("m.json", "{} x", 4, &parsed), GAZE_ERROR_MODEL);
    assert_message("m.json:1:4", "more text", NULL);
    assert_int_equal(gz_json_parse_file("m.json", "[1]", 3, &parsed), GAZE_ERROR_MODEL);
    assert_int_equal(gz_json_parse_file("m.json", "", 0, &parsed), GAZE_ERROR_MODEL);
    assert_null(parsed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(unknown_key_names_the_place_and_the_nearest),
        TEST(a_missing_key_names_the_one_that_is_like_it),
        TEST(a_key_given_twice_is_refused),
        TEST(a_wrong_value_says_what_was_found_and_expected),
        TEST(a_missing_key_takes_the_fallback_or_is_named),
        TEST(a_pair_is_a_number_or_height_and_width),
        TEST(a_choice_lists_the_words_and_offers_the_nearest),
        TEST(open_sizes_are_taken_where_allowed),
        TEST(texts_are_one_or_a_list),
        TEST(syntax_errors_have_line_and_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
