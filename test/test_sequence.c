#include "scratch.h"

#include "../engine/data/data.h"

enum { MOST = 16 };

static const gaze_array source = {.name = "source", .dtype = GAZE_INT32, .rank = 1, .shape = {6}},
                        target = {.name = "target", .dtype = GAZE_INT32, .rank = 1, .shape = {6}};

static gaze_status open_with(const char *name, const gaze_array *inputs, size_t n_inputs, size_t n_classes,
                             uint64_t seed, gz_data **data)
{
    const gz_data_need need = {
        .n_inputs = n_inputs, .inputs = inputs, .n_classes = n_classes, .label_rank = 1};
    const gz_data_spec spec = {.type = "synthetic", .path = name, .seed = seed};
    return gz_data_open(&spec, &need, data);
}

static gaze_status open_pair(const char *name, size_t source_steps, size_t target_steps, gz_data **data)
{
    gaze_array inputs[2] = {source, target};
    inputs[0].shape[0] = source_steps;
    inputs[1].shape[0] = target_steps;
    return open_with(name, inputs, 2, 8, 1, data);
}

typedef struct sample {
    int32_t source[MOST], target[MOST], label[MOST];
} sample;

static sample fetch(const gz_data *data, gz_part part, size_t index)
{
    sample s = {0};
    assert_done(gz_data_fetch(data, part, index, (void *[]){s.source, s.target}, s.label));
    return s;
}

static void copy_labels_are_the_source(void **state)
{
    (void)state;
    gz_data *data;
    assert_done(open_pair("copy", 6, 6, &data));
    assert_int_equal(data->label_count, 6);
    for (size_t i = 0; i < 50; i++) {
        const sample s = fetch(data, GZ_TRAIN, i);
        assert_memory_equal(s.label, s.source, 6 * sizeof *s.label);
    }
    gz_data_close(data);
}

static void reverse_labels_are_the_source_backwards(void **state)
{
    (void)state;
    gz_data *data;
    assert_done(open_pair("reverse", 6, 6, &data));
    for (size_t i = 0; i < 50; i++) {
        const sample s = fetch(data, GZ_TEST, i);
        for (size_t t = 0; t < 6; t++) assert_int_equal(s.label[t], s.source[5 - t]);
    }
    gz_data_close(data);
}

static void the_target_is_the_labels_behind_a_start_token(void **state)
{
    (void)state;
    gz_data *data;
    assert_done(open_pair("reverse", 6, 6, &data));
    const sample s = fetch(data, GZ_TRAIN, 3);
    assert_int_equal(s.target[0], 1);
    assert_memory_equal(s.target + 1, s.label, 5 * sizeof *s.label);
    gz_data_close(data);
}

static void a_longer_target_ends_with_zeros(void **state)
{
    (void)state;
    gz_data *data;
    assert_done(open_pair("reverse", 4, 7, &data));
    assert_int_equal(data->label_count, 7);
    const sample s = fetch(data, GZ_TRAIN, 0);
    for (size_t t = 0; t < 7; t++) assert_int_equal(s.label[t], t < 4 ? s.source[3 - t] : 0);
    assert_int_equal(s.target[4], s.label[3]);
    assert_int_equal(s.target[5], 0);
    gz_data_close(data);
}

static void symbols_are_all_tokens_but_end_and_start(void **state)
{
    (void)state;
    gz_data *data;
    size_t seen[8] = {0};
    assert_done(open_pair("copy", 6, 6, &data));
    for (size_t i = 0; i < 1000; i++) {
        const sample s = fetch(data, GZ_TRAIN, i);
        for (size_t t = 0; t < 6; t++) seen[s.source[t]]++;
    }
    assert_int_equal(seen[0] + seen[1], 0);
    for (size_t k = 2; k < 8; k++) assert_in_range(seen[k], 850, 1150);
    gz_data_close(data);
}

static void one_input_reads_the_source_alone(void **state)
{
    (void)state;
    gz_data *data;
    assert_done(open_with("reverse", &source, 1, 8, 1, &data));
    assert_int_equal(data->label_count, 6);
    const sample s = fetch(data, GZ_TRAIN, 0);
    for (size_t t = 0; t < 6; t++) assert_int_equal(s.label[t], s.source[5 - t]);
    assert_int_equal(s.target[0], 0);
    gz_data_close(data);
}

static void open_lengths_have_defaults(void **state)
{
    (void)state;
    gz_data *data;
    assert_done(open_pair("copy", 0, 0, &data));
    assert_int_equal(data->inputs[0].shape[0], 10);
    assert_int_equal(data->inputs[1].shape[0], 10);
    gz_data_close(data);
    assert_done(open_pair("copy", 5, 0, &data));
    assert_int_equal(data->inputs[1].shape[0], 5);
    assert_int_equal(gz_data_count(data, GZ_TRAIN), 6000);
    assert_int_equal(gz_data_count(data, GZ_TEST), 1000);
    gz_data_close(data);
}

static void a_sample_depends_on_set_seed_part_and_number_alone(void **state)
{
    (void)state;
    const gaze_array inputs[2] = {source, target};
    gz_data *a, *b, *other, *copy;
    assert_done(open_with("reverse", inputs, 2, 8, 1, &a));
    assert_done(open_with("reverse", inputs, 2, 8, 1, &b));
    assert_done(open_with("reverse", inputs, 2, 8, 2, &other));
    assert_done(open_with("copy", inputs, 2, 8, 1, &copy));
    const sample one = fetch(a, GZ_TRAIN, 9), again = fetch(b, GZ_TRAIN, 9), test = fetch(b, GZ_TEST, 9),
                 different = fetch(other, GZ_TRAIN, 9);
    assert_memory_equal(&one, &again, sizeof one);
    assert_memory_not_equal(&one, &test, sizeof one);
    assert_memory_not_equal(&one, &different, sizeof one);
    assert_string_equal(a->hash.text, b->hash.text);
    assert_string_not_equal(a->hash.text, other->hash.text);
    assert_string_not_equal(a->hash.text, copy->hash.text);
    gz_data_close(a);
    gz_data_close(b);
    gz_data_close(other);
    gz_data_close(copy);
}

static void the_set_stays_as_it_is(void **state)
{
    (void)state;
    const int32_t first[6] = {2, 3, 5, 3, 7, 7};
    gz_data *data;
    assert_done(open_pair("reverse", 6, 6, &data));
    const sample s = fetch(data, GZ_TRAIN, 0);
    for (int t = 0; t < 6; t++) assert_int_equal(s.source[t], first[t]);
    gz_data_close(data);
}

static void what_cannot_be_made_is_refused(void **state)
{
    (void)state;
    const gaze_array floats = {.name = "x", .rank = 1, .shape = {6}}, inputs[3] = {source, target, source};
    const gz_data_need a_label_a_sample = {.n_inputs = 2, .inputs = inputs, .n_classes = 8};
    const gz_data_spec spec = {.type = "synthetic", .path = "copy"};
    gz_data *data;
    assert_refused(open_with("copy", &floats, 1, 8, 1, &data), GAZE_ERROR_DATA, "[6]", "of float32", NULL);
    assert_refused(open_with("copy", inputs, 3, 8, 1, &data), GAZE_ERROR_DATA, "3 inputs", NULL);
    assert_refused(open_with("copy", inputs, 2, 3, 1, &data), GAZE_ERROR_DATA, "at least 4 tokens",
                   "3 classes", NULL);
    assert_refused(gz_data_open(&spec, &a_label_a_sample, &data), GAZE_ERROR_DATA, "one label a sample",
                   NULL);
    assert_refused(open_pair("reverse", 6, 5, &data), GAZE_ERROR_DATA, "synthetic:reverse", "'target' has 5",
                   "at least the 6", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copy_labels_are_the_source),
        cmocka_unit_test(reverse_labels_are_the_source_backwards),
        cmocka_unit_test(the_target_is_the_labels_behind_a_start_token),
        cmocka_unit_test(a_longer_target_ends_with_zeros),
        cmocka_unit_test(symbols_are_all_tokens_but_end_and_start),
        cmocka_unit_test(one_input_reads_the_source_alone),
        cmocka_unit_test(open_lengths_have_defaults),
        cmocka_unit_test(a_sample_depends_on_set_seed_part_and_number_alone),
        cmocka_unit_test(the_set_stays_as_it_is),
        cmocka_unit_test(what_cannot_be_made_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
