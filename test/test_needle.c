#include "scratch.h"

#include "../engine/data/data.h"

enum { STEPS = 50, FEATURES = 64, VALUES = STEPS * FEATURES };

static gaze_status open_needle(gaze_array input, size_t n_classes, uint64_t seed, gz_data **data)
{
    const gz_data_need need = {.n_inputs = 1, .inputs = &input, .n_classes = n_classes};
    const gz_data_spec spec = {.type = "synthetic", .path = "needle", .seed = seed};
    return gz_data_open(&spec, &need, data);
}

static const gaze_array sequence = {.name = "sequence", .rank = 2, .shape = {STEPS, FEATURES}};

static void fetch(const gz_data *data, gz_part part, size_t index, float *values, int32_t *label)
{
    assert_done(gz_data_fetch(data, part, index, (void *[]){values}, label));
}

static size_t needle_of(const gz_data *data, gz_part part, size_t index)
{
    gz_rectangle truth;
    assert_true(gz_data_truth(data, part, index, &truth));
    assert_int_equal(truth.y0, truth.y1);
    assert_int_equal(truth.x0, 0);
    assert_int_equal(truth.x1, 0);
    return truth.y0;
}

static void open_dimensions_and_counts_have_defaults(void **state)
{
    (void)state;
    gz_data *data;
    assert_done(open_needle((gaze_array){.name = "x", .rank = 2}, 10, 1, &data));
    assert_int_equal(data->inputs[0].shape[0], 50);
    assert_int_equal(data->inputs[0].shape[1], 64);
    assert_int_equal(data->label_count, 1);
    assert_int_equal(gz_data_count(data, GZ_TRAIN), 6000);
    assert_int_equal(gz_data_count(data, GZ_TEST), 1000);
    gz_data_close(data);
}

static void a_sample_depends_on_seed_part_and_number_alone(void **state)
{
    (void)state;
    gz_data *a, *b, *other;
    static float one[VALUES], again[VALUES];
    int32_t label, label_again;
    assert_done(open_needle(sequence, 10, 1, &a));
    assert_done(open_needle(sequence, 10, 1, &b));
    assert_done(open_needle(sequence, 10, 2, &other));
    fetch(a, GZ_TRAIN, 77, one, &label);
    fetch(b, GZ_TEST, 77, again, &label_again);
    assert_memory_not_equal(one, again, sizeof one);
    fetch(b, GZ_TRAIN, 77, again, &label_again);
    assert_memory_equal(one, again, sizeof one);
    assert_int_equal(label, label_again);
    fetch(other, GZ_TRAIN, 77, again, &label);
    assert_memory_not_equal(one, again, sizeof one);
    assert_string_equal(a->hash.text, b->hash.text);
    assert_string_not_equal(a->hash.text, other->hash.text);
    gz_data_close(a);
    gz_data_close(b);
    gz_data_close(other);
}

/* The bits of one sample, so that a change of the set is noticed. */
static void the_set_stays_as_it_is(void **state)
{
    (void)state;
    gz_data *data;
    static float values[VALUES];
    int32_t label;
    assert_done(open_needle(sequence, 10, 1, &data));
    fetch(data, GZ_TRAIN, 0, values, &label);
    assert_string_equal(gz_hash_bytes(values, sizeof values).text, "7f580171fc782e9a");
    gz_data_close(data);
}

/* Noise stays below 0.5, so a mark of 1 shows at the needle and nowhere else. */
static void the_needle_is_the_only_step_with_a_high_mark(void **state)
{
    (void)state;
    gz_data *data;
    static float values[VALUES];
    int32_t label;
    assert_done(open_needle(sequence, 10, 3, &data));
    for (size_t i = 0; i < 100; i++) {
        fetch(data, GZ_TEST, i, values, &label);
        const size_t needle = needle_of(data, GZ_TEST, i);
        for (size_t t = 0; t < STEPS; t++) assert_int_equal(values[t * FEATURES] >= 0.5f, t == needle);
    }
    assert_false(gz_data_truth(data, GZ_TEST, 1000, &(gz_rectangle){0}));
    gz_data_close(data);
}

static size_t signs_that_differ(const float *a, const float *b)
{
    size_t count = 0;
    for (size_t d = 1; d < FEATURES; d++) count += (a[d] > 0) != (b[d] > 0);
    return count;
}

static void needles_of_a_class_are_alike_and_of_two_classes_differ_in_half_of_the_features(void **state)
{
    (void)state;
    enum { CLASSES = 10 };
    gz_data *data;
    static float values[VALUES], first[CLASSES][FEATURES];
    bool seen[CLASSES] = {false};
    assert_done(open_needle(sequence, CLASSES, 3, &data));
    for (size_t i = 0; i < 200; i++) {
        int32_t label;
        fetch(data, GZ_TRAIN, i, values, &label);
        const float *needle = values + needle_of(data, GZ_TRAIN, i) * FEATURES;
        if (!seen[label]) memcpy(first[label], needle, sizeof first[label]);
        seen[label] = true;
        assert_int_equal(signs_that_differ(first[label], needle), 0);
    }
    for (int a = 0; a < CLASSES; a++)
        for (int b = 0; b < a; b++) assert_int_equal(signs_that_differ(first[a], first[b]), FEATURES / 2);
    gz_data_close(data);
}

/* Patterns reach at least 0.49 in every feature; the noise of a step doesn't. */
static bool is_pattern(const float *step)
{
    bool pattern = true;
    for (size_t d = 1; d < FEATURES; d++) pattern = pattern && (step[d] >= 0.49f || step[d] <= -0.49f);
    return pattern;
}

static void a_third_of_the_steps_are_distractors_of_any_class(void **state)
{
    (void)state;
    enum { CLASSES = 4, SAMPLES = 200 };
    gz_data *data;
    static float values[VALUES], needles[CLASSES][FEATURES];
    size_t shown[CLASSES] = {0}, same = 0;
    assert_done(open_needle(sequence, CLASSES, 3, &data));
    for (size_t i = 0; i < 2 * SAMPLES; i++) {
        int32_t label;
        fetch(data, GZ_TRAIN, i, values, &label);
        const size_t needle = needle_of(data, GZ_TRAIN, i);
        memcpy(needles[label], values + needle * FEATURES, sizeof needles[label]);
        for (size_t t = 0; i >= SAMPLES && t < STEPS; t++) {
            if (t == needle || !is_pattern(values + t * FEATURES)) continue;
            assert_true(values[t * FEATURES] < -0.49f);
            for (int k = 0; k < CLASSES; k++) {
                const bool is_k = signs_that_differ(values + t * FEATURES, needles[k]) == 0;
                shown[k] += is_k;
                same += is_k && k == label;
            }
        }
    }
    const size_t all = shown[0] + shown[1] + shown[2] + shown[3];
    assert_in_range(all, SAMPLES * STEPS * 31 / 100, SAMPLES * STEPS * 35 / 100);
    for (int k = 0; k < CLASSES; k++) assert_in_range(shown[k], all * 22 / 100, all * 28 / 100);
    assert_in_range(same, all * 22 / 100, all * 28 / 100);
    gz_data_close(data);
}

static void classes_and_places_are_spread_evenly(void **state)
{
    (void)state;
    gz_data *data;
    static float values[VALUES];
    size_t classes[4] = {0}, halves[2] = {0};
    assert_done(open_needle(sequence, 4, 1, &data));
    for (size_t i = 0; i < 2000; i++) {
        int32_t label;
        fetch(data, GZ_TRAIN, i, values, &label);
        classes[label]++;
        halves[needle_of(data, GZ_TRAIN, i) >= STEPS / 2]++;
    }
    for (int c = 0; c < 4; c++) assert_in_range(classes[c], 420, 580);
    for (int h = 0; h < 2; h++) assert_in_range(halves[h], 900, 1100);
    gz_data_close(data);
}

static void the_smallest_sequence_has_a_needle(void **state)
{
    (void)state;
    gz_data *data;
    float values[16];
    int32_t label;
    assert_done(open_needle((gaze_array){.name = "x", .rank = 2, .shape = {4, 4}}, 3, 1, &data));
    for (size_t i = 0; i < 50; i++) {
        size_t marks = 0;
        fetch(data, GZ_TRAIN, i, values, &label);
        for (size_t t = 0; t < 4; t++) marks += values[4 * t] >= 0.5f;
        assert_int_equal(marks, 1);
        assert_in_range(label, 0, 2);
    }
    gz_data_close(data);
}

static void what_cannot_be_made_is_refused(void **state)
{
    (void)state;
    gz_data *data;
    assert_refused(open_needle((gaze_array){.name = "x", .rank = 1, .shape = {28}}, 4, 1, &data),
                   GAZE_ERROR_DATA, "[28]", NULL);
    assert_refused(open_needle((gaze_array){.name = "x", .rank = 2, .shape = {3, 64}}, 4, 1, &data),
                   GAZE_ERROR_DATA, "at least 4 steps", "[3,64]", NULL);
    assert_refused(open_needle((gaze_array){.name = "x", .rank = 2, .shape = {50, 8}}, 8, 1, &data),
                   GAZE_ERROR_DATA, "2 to 7 classes", "has 8", NULL);
    assert_refused(open_needle(sequence, 1, 1, &data), GAZE_ERROR_DATA, "2 to 63 classes", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_dimensions_and_counts_have_defaults),
        cmocka_unit_test(a_sample_depends_on_seed_part_and_number_alone),
        cmocka_unit_test(the_set_stays_as_it_is),
        cmocka_unit_test(the_needle_is_the_only_step_with_a_high_mark),
        cmocka_unit_test(needles_of_a_class_are_alike_and_of_two_classes_differ_in_half_of_the_features),
        cmocka_unit_test(a_third_of_the_steps_are_distractors_of_any_class),
        cmocka_unit_test(classes_and_places_are_spread_evenly),
        cmocka_unit_test(the_smallest_sequence_has_a_needle),
        cmocka_unit_test(what_cannot_be_made_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
