#include "scratch.h"

#include "../engine/data/data.h"

static const gaze_array pair = {.name = "x", .rank = 1, .shape = {2}},
                        tokens = {.name = "tokens", .dtype = GAZE_INT32, .rank = 1, .shape = {4}};

static gaze_status open_inputs(const char *path, const gaze_array *inputs, size_t n_inputs, gz_data **data)
{
    const gz_data_need need = {.n_inputs = n_inputs, .inputs = inputs, .n_classes = 3};
    const gz_data_spec spec = {.type = "csv", .path = path};
    return gz_data_open(&spec, &need, data);
}

/* The text as a file of its own. */
static gaze_status open_text(const char *text, gaze_array input, gz_data **data)
{
    return open_inputs(write_scratch("data.csv", text, strlen(text)), &input, 1, data);
}

static void assert_floats(const gz_data *data, gz_part part, size_t index, int32_t label, size_t count,
                          const float *expected)
{
    float values[16];
    int32_t found;
    assert_done(gz_data_fetch(data, part, index, (void *[]){values}, &found));
    assert_int_equal(found, label);
    assert_memory_equal(values, expected, count * sizeof *values);
}

static void assert_tokens(const gz_data *data, gz_part part, size_t index, size_t count,
                          const int32_t *expected)
{
    int32_t values[16], label;
    assert_done(gz_data_fetch(data, part, index, (void *[]){values}, &label));
    assert_memory_equal(values, expected, count * sizeof *values);
}

static void a_line_is_a_label_and_values(void **state)
{
    (void)state;
    gz_data *data;
    assert_done(open_text("2,0.5,-1e1\n0,3,4\n", pair, &data));
    assert_int_equal(gz_data_count(data, GZ_TRAIN), 2);
    assert_int_equal(gz_data_count(data, GZ_TEST), 0);
    assert_floats(data, GZ_TRAIN, 0, 2, 2, (float[]){0.5f, -10});
    assert_floats(data, GZ_TRAIN, 1, 0, 2, (float[]){3, 4});
    gz_data_close(data);
}

static void a_header_blanks_empty_lines_and_any_line_ends_are_passed_over(void **state)
{
    (void)state;
    gz_data *data;
    assert_done(open_text("\xef\xbb\xbf"
                          "label,a,b\r\n\r\n 1 ,\t5, 6\r\n\n2,7,8",
                          pair, &data));
    assert_int_equal(gz_data_count(data, GZ_TRAIN), 2);
    assert_floats(data, GZ_TRAIN, 0, 1, 2, (float[]){5, 6});
    assert_floats(data, GZ_TRAIN, 1, 2, 2, (float[]){7, 8});
    gz_data_close(data);
    assert_done(open_text("1,2,3\r0,4,5\r", pair, &data));
    assert_int_equal(gz_data_count(data, GZ_TRAIN), 2);
    gz_data_close(data);
}

static void a_folder_has_two_parts(void **state)
{
    (void)state;
    gz_data *data;
    assert_done(gz_folder_make(scratch_path("both"), false));
    write_scratch("both/train.csv", "0,1,2\n1,3,4\n", 12);
    assert_done(open_inputs(scratch_path("both"), &pair, 1, &data));
    assert_int_equal(gz_data_count(data, GZ_TEST), 0);
    gz_data_close(data);
    write_scratch("both/test.csv", "2,5,6\n", 6);
    assert_done(open_inputs(scratch_path("both"), &pair, 1, &data));
    assert_int_equal(gz_data_count(data, GZ_TRAIN), 2);
    assert_floats(data, GZ_TEST, 0, 2, 2, (float[]){5, 6});
    gz_data_close(data);
    write_scratch("both/test.csv", "2,3,4\n", 6);
    assert_refused(open_inputs(scratch_path("both"), &pair, 1, &data), GAZE_ERROR_DATA,
                   "sample 1 of the training part is sample 0 of the test part", NULL);
}

static void fewer_tokens_are_filled_up_with_zeros(void **state)
{
    (void)state;
    gz_data *data;
    assert_done(open_text("0,5,6\n1,7,8,9,10\n", tokens, &data));
    assert_tokens(data, GZ_TRAIN, 0, 4, (int32_t[]){5, 6, 0, 0});
    assert_tokens(data, GZ_TRAIN, 1, 4, (int32_t[]){7, 8, 9, 10});
    gz_data_close(data);
    assert_refused(open_text("0,5,6\n1,7,8,9,10,11\n", tokens, &data), GAZE_ERROR_DATA,
                   "data.csv:2: 5 values", "at most 4", NULL);
}

static void open_steps_are_those_of_the_longest_line_of_both_parts(void **state)
{
    (void)state;
    gz_data *data;
    const gaze_array any = {.name = "tokens", .dtype = GAZE_INT32, .rank = 1};
    assert_done(gz_folder_make(scratch_path("text"), false));
    write_scratch("text/train.csv", "0,1,2\n", 6);
    write_scratch("text/test.csv", "0,3,4,5\n", 8);
    assert_done(open_inputs(scratch_path("text"), &any, 1, &data));
    assert_int_equal(data->inputs[0].shape[0], 3);
    assert_tokens(data, GZ_TRAIN, 0, 3, (int32_t[]){1, 2, 0});
    gz_data_close(data);
}

static void open_steps_of_features_come_from_the_first_line(void **state)
{
    (void)state;
    gz_data *data;
    const gaze_array steps = {.name = "x", .rank = 2, .shape = {0, 2}};
    assert_done(open_text("0,1,2,3,4,5,6\n1,7,8,9,10,11,12\n", steps, &data));
    assert_int_equal(data->inputs[0].shape[0], 3);
    assert_floats(data, GZ_TRAIN, 1, 1, 6, (float[]){7, 8, 9, 10, 11, 12});
    gz_data_close(data);
    assert_refused(open_text("0,1,2,3\n", steps, &data), GAZE_ERROR_DATA, "data.csv:1: 3 values",
                   "a multiple of 2", NULL);
    assert_refused(open_text("0,1,2\n1,1,2,3,4\n", steps, &data), GAZE_ERROR_DATA, "data.csv:2: 4 values",
                   "expected 2", NULL);
}

static void several_inputs_stand_one_after_another(void **state)
{
    (void)state;
    gz_data *data;
    gaze_array inputs[2] = {tokens, pair};
    const char *path = write_scratch("data.csv", "1,4,3,2,1,0.5,0.25\n", 19);
    int32_t ids[4], label;
    float values[2];
    assert_done(open_inputs(path, inputs, 2, &data));
    assert_done(gz_data_fetch(data, GZ_TRAIN, 0, (void *[]){ids, values}, &label));
    assert_int_equal(ids[0], 4);
    assert_int_equal(ids[3], 1);
    assert_true(values[0] == 0.5f && values[1] == 0.25f);
    gz_data_close(data);
    inputs[0].shape[0] = 0;
    assert_refused(open_inputs(path, inputs, 2, &data), GAZE_ERROR_DATA, "'tokens' is [?]", NULL);
}

static void what_is_no_number_is_named_with_line_and_column(void **state)
{
    (void)state;
    gz_data *data;
    assert_refused(open_text("0,1,2\n1,3,x4\n", pair, &data), GAZE_ERROR_DATA, "data.csv:2:5: found 'x4'",
                   "a number", NULL);
    assert_refused(open_text("0,1,\n", pair, &data), GAZE_ERROR_DATA, "data.csv:1:5: found nothing", NULL);
    assert_refused(open_text("0,1,\"2\"\n", pair, &data), GAZE_ERROR_DATA, "data.csv:1:5", "without quotes",
                   NULL);
    assert_refused(open_text("0,1,nan\n", pair, &data), GAZE_ERROR_DATA, "data.csv:1:5: found 'nan'", NULL);
    assert_refused(open_text("0,1,1e39\n", pair, &data), GAZE_ERROR_DATA, "data.csv:1:5", NULL);
    assert_refused(open_text("0,1,2.5\n", tokens, &data), GAZE_ERROR_DATA, "data.csv:1:5: found '2.5'",
                   "an integer", NULL);
    assert_refused(open_text("0,1,2147483648\n", tokens, &data), GAZE_ERROR_DATA, "data.csv:1:5", NULL);
    assert_refused(open_text("0;1;2\n", pair, &data), GAZE_ERROR_DATA, "holds no samples", NULL);
    assert_refused(open_text("0\n", pair, &data), GAZE_ERROR_DATA, "data.csv:1:2: found nothing",
                   "values after the label", NULL);
}

static void a_number_with_a_zero_byte_in_it_is_none(void **state)
{
    (void)state;
    gz_data *data;
    const char *path = write_scratch("data.csv", "0,1,2\n0,1,2\0003\n", 14);
    assert_refused(open_inputs(path, &pair, 1, &data), GAZE_ERROR_DATA, "data.csv:2:5: found '2?3'", NULL);
}

static void a_wrong_label_is_named_with_line_and_column(void **state)
{
    (void)state;
    gz_data *data;
    assert_refused(open_text("0,1,2\n3,1,2\n", pair, &data), GAZE_ERROR_DATA, "data.csv:2:1: found '3'",
                   "0..2 (the model has 3 classes)", NULL);
    assert_refused(open_text("0,1,2\n-1,1,2\n", pair, &data), GAZE_ERROR_DATA, "data.csv:2:1: found '-1'",
                   NULL);
    assert_refused(open_text("0,1,2\ncat,1,2\n", pair, &data), GAZE_ERROR_DATA, "data.csv:2:1: found 'cat'",
                   NULL);
}

static void lines_of_another_length_are_named(void **state)
{
    (void)state;
    gz_data *data;
    assert_refused(open_text("a,b,c\n0,1,2\n1,3\n", pair, &data), GAZE_ERROR_DATA, "data.csv:3: 1 values",
                   "expected 2", NULL);
    assert_refused(open_text("0,1,2,3\n", pair, &data), GAZE_ERROR_DATA, "data.csv:1: 3 values", NULL);
}

/* 5000 lines of one token and one of 30,000 would become 600 MB. */
static void padding_that_takes_far_more_than_the_file_is_refused(void **state)
{
    (void)state;
    enum { SHORT = 5000, LONG = 30000 };
    gz_data *data;
    static char text[4 * SHORT + 2 * LONG + 4];
    char *at = text;
    for (int i = 0; i < SHORT; i++, at += 4) memcpy(at, "0,1\n", 4);
    *at++ = '0';
    for (int i = 0; i < LONG; i++, at += 2) memcpy(at, ",1", 2);
    assert_refused(open_text(text, (gaze_array){.name = "t", .dtype = GAZE_INT32, .rank = 1}, &data),
                   GAZE_ERROR_DATA, "5001 lines would be filled up to 30000 tokens", NULL);
}

static void files_without_samples_are_refused(void **state)
{
    (void)state;
    gz_data *data;
    assert_refused(open_text("", pair, &data), GAZE_ERROR_DATA, "holds no samples", NULL);
    assert_refused(open_text("label,a,b\n", pair, &data), GAZE_ERROR_DATA, "holds no samples", NULL);
    assert_refused(open_inputs("/no/such.csv", &pair, 1, &data), GAZE_ERROR_DATA, "/no/such.csv", NULL);
    assert_refused(open_inputs(NULL, &pair, 1, &data), GAZE_ERROR_USAGE, "csv:FOLDER or csv:FILE", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_a_label_and_values),
        cmocka_unit_test(a_header_blanks_empty_lines_and_any_line_ends_are_passed_over),
        cmocka_unit_test(a_folder_has_two_parts),
        cmocka_unit_test(fewer_tokens_are_filled_up_with_zeros),
        cmocka_unit_test(open_steps_are_those_of_the_longest_line_of_both_parts),
        cmocka_unit_test(open_steps_of_features_come_from_the_first_line),
        cmocka_unit_test(several_inputs_stand_one_after_another),
        cmocka_unit_test(what_is_no_number_is_named_with_line_and_column),
        cmocka_unit_test(a_number_with_a_zero_byte_in_it_is_none),
        cmocka_unit_test(a_wrong_label_is_named_with_line_and_column),
        cmocka_unit_test(lines_of_another_length_are_named),
        cmocka_unit_test(padding_that_takes_far_more_than_the_file_is_refused),
        cmocka_unit_test(files_without_samples_are_refused),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
