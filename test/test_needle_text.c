#include "scratch.h"

#include "../engine/data/data.h"

enum { STEPS = 50, QUERY_STEPS = 4, N_NAMES = 20, CLASSES = 10, FIRST_CLASS = 1 + N_NAMES };

static const gaze_array text_input = {.name = "text", .dtype = GAZE_INT32, .rank = 1};

static gaze_status open_text(const gaze_array *inputs, size_t n_inputs, size_t n_classes, gz_data **data)
{
    const gz_data_need need = {.n_inputs = n_inputs, .inputs = inputs, .n_classes = n_classes};
    const gz_data_spec spec = {.type = "synthetic", .path = "needle", .seed = 1};
    return gz_data_open(&spec, &need, data);
}

static bool is_name(int32_t token) { return token >= 1 && token < FIRST_CLASS; }
static bool is_word(int32_t token) { return token >= FIRST_CLASS && token < FIRST_CLASS + CLASSES; }

static void the_word_behind_the_marker_is_the_class_and_the_place_is_known(void **state)
{
    (void)state;
    gz_data *data;
    int32_t text[STEPS], label;
    assert_done(open_text(&text_input, 1, CLASSES, &data));
    assert_int_equal(data->inputs[0].shape[0], STEPS);
    for (size_t i = 0; i < 500; i++) {
        size_t markers = 0;
        gz_rectangle truth;
        assert_done(gz_data_fetch(data, GZ_TRAIN, i, (void *[]){text}, &label));
        assert_true(gz_data_truth(data, GZ_TRAIN, i, &truth));
        for (size_t t = 0; t < STEPS; t++) markers += text[t] == 1;
        assert_int_equal(markers, 1);
        assert_int_equal(text[truth.y0], 1);
        assert_int_equal(text[truth.y1], FIRST_CLASS + label);
        assert_int_equal(truth.y1, truth.y0 + 1);
    }
    gz_data_close(data);
}

/* Words stand behind names alone, and other names than the needle's have words of any class. */
static void distractors_are_names_with_any_word(void **state)
{
    (void)state;
    gz_data *data;
    int32_t text[STEPS], label;
    size_t pairs = 0, same = 0;
    assert_done(open_text(&text_input, 1, CLASSES, &data));
    for (size_t i = 0; i < 500; i++) {
        assert_done(gz_data_fetch(data, GZ_TEST, i, (void *[]){text}, &label));
        for (size_t t = 0; t < STEPS; t++) {
            assert_in_range(text[t], 1, 99);
            assert_int_equal(is_word(text[t]), t && is_name(text[t - 1]));
            if (!is_name(text[t]) || text[t] == 1) continue;
            pairs++;
            same += text[t + 1] == FIRST_CLASS + label;
        }
    }
    assert_in_range(pairs, 500 * 7, 500 * 12);
    assert_in_range(same, pairs * 8 / 100, pairs * 12 / 100);
    gz_data_close(data);
}

static void the_query_holds_the_one_name_whose_word_is_the_class(void **state)
{
    (void)state;
    const gaze_array inputs[2] = {{.name = "query", .dtype = GAZE_INT32, .rank = 1}, text_input};
    gz_data *data;
    int32_t query[QUERY_STEPS], text[STEPS], label;
    assert_done(open_text(inputs, 2, CLASSES, &data));
    assert_int_equal(data->inputs[0].shape[0], QUERY_STEPS);
    for (size_t i = 0; i < 500; i++) {
        size_t asked = 0, found = 0;
        gz_rectangle truth;
        assert_done(gz_data_fetch(data, GZ_TRAIN, i, (void *[]){query, text}, &label));
        assert_true(gz_data_truth(data, GZ_TRAIN, i, &truth));
        for (size_t t = 0; t < QUERY_STEPS; t++) asked += is_name(query[t]);
        for (size_t t = 0; t < STEPS; t++) found += text[t] == query[truth.y0];
        assert_int_equal(asked, 1);
        assert_int_equal(found, 1);
        assert_int_equal(text[truth.x0], query[truth.y0]);
        assert_int_equal(text[truth.x1], FIRST_CLASS + label);
    }
    gz_data_close(data);
}

/* Noticed when it changes. */
static void the_set_stays_as_it_is(void **state)
{
    (void)state;
    gz_data *data;
    int32_t text[STEPS], label;
    assert_done(open_text(&text_input, 1, CLASSES, &data));
    assert_done(gz_data_fetch(data, GZ_TRAIN, 0, (void *[]){text}, &label));
    assert_string_equal(gz_hash_bytes(text, sizeof text).text, "faea991979e1d290");
    gz_data_close(data);
}

static void the_smallest_text_has_a_needle(void **state)
{
    (void)state;
    const gaze_array four = {.name = "text", .dtype = GAZE_INT32, .rank = 1, .shape = {4}};
    gz_data *data;
    int32_t text[4], label;
    assert_done(open_text(&four, 1, 2, &data));
    for (size_t i = 0; i < 200; i++) {
        gz_rectangle truth;
        assert_done(gz_data_fetch(data, GZ_TRAIN, i, (void *[]){text}, &label));
        assert_true(gz_data_truth(data, GZ_TRAIN, i, &truth));
        assert_in_range(truth.y1, 1, 3);
        assert_int_equal(text[truth.y1], FIRST_CLASS + label);
    }
    gz_data_close(data);
}

static void what_cannot_be_made_is_refused(void **state)
{
    (void)state;
    gz_data *data;
    const gaze_array matrix = {.name = "x", .dtype = GAZE_INT32, .rank = 2, .shape = {50, 64}},
                     floats[2] = {text_input, {.name = "x", .rank = 1}},
                     three = {.name = "text", .dtype = GAZE_INT32, .rank = 1, .shape = {3}};
    assert_refused(open_text(&matrix, 1, 4, &data), GAZE_ERROR_DATA, "[50,64] of int32", NULL);
    assert_refused(open_text(floats, 2, 4, &data), GAZE_ERROR_DATA, "2 inputs", NULL);
    assert_refused(open_text(&three, 1, 4, &data), GAZE_ERROR_DATA, "at least 4 steps", "has 3", NULL);
    assert_refused(open_text(&text_input, 1, 51, &data), GAZE_ERROR_DATA, "2 to 50 classes", "has 51", NULL);
    assert_refused(open_text(&text_input, 1, 1, &data), GAZE_ERROR_DATA, "2 to 50 classes", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_word_behind_the_marker_is_the_class_and_the_place_is_known),
        cmocka_unit_test(distractors_are_names_with_any_word),
        cmocka_unit_test(the_query_holds_the_one_name_whose_word_is_the_class),
        cmocka_unit_test(the_set_stays_as_it_is),
        cmocka_unit_test(the_smallest_text_has_a_needle),
        cmocka_unit_test(what_cannot_be_made_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
