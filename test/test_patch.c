#include "scratch.h"

#include "../engine/data/data.h"

enum { SIDE = 28, PIXELS = SIDE * SIDE, PATCH = 5 };

static gaze_status open_patch(gaze_array input, size_t n_classes, uint64_t seed, gz_data **data)
{
    const gz_data_need need = {.n_inputs = 1, .inputs = &input, .n_classes = n_classes};
    const gz_data_spec spec = {.type = "synthetic", .path = "patch", .seed = seed};
    return gz_data_open(&spec, &need, data);
}

static const gaze_array image = {.name = "image", .rank = 3, .shape = {SIDE, SIDE, 1}};

static void fetch(const gz_data *data, gz_part part, size_t index, float *pixels, int32_t *label)
{
    assert_done(gz_data_fetch(data, part, index, (void *[]){pixels}, label));
}

static void open_dimensions_and_counts_have_defaults(void **state)
{
    (void)state;
    gz_data *data;
    assert_done(open_patch((gaze_array){.name = "x", .rank = 3}, 4, 1, &data));
    assert_int_equal(data->inputs[0].shape[0], 28);
    assert_int_equal(data->inputs[0].shape[1], 28);
    assert_int_equal(data->inputs[0].shape[2], 1);
    assert_int_equal(gz_data_count(data, GZ_TRAIN), 6000);
    assert_int_equal(gz_data_count(data, GZ_TEST), 1000);
    gz_data_close(data);
}

static void a_sample_depends_on_seed_part_and_number_alone(void **state)
{
    (void)state;
    gz_data *a, *b, *other;
    float one[PIXELS], again[PIXELS], different[PIXELS];
    int32_t label, label_again;
    assert_done(open_patch(image, 4, 1, &a));
    assert_done(open_patch(image, 4, 1, &b));
    assert_done(open_patch(image, 4, 2, &other));
    fetch(a, GZ_TRAIN, 77, one, &label);
    fetch(b, GZ_TEST, 77, different, &label_again);
    assert_memory_not_equal(one, different, sizeof one);
    fetch(b, GZ_TRAIN, 77, again, &label_again);
    assert_memory_equal(one, again, sizeof one);
    assert_int_equal(label, label_again);
    fetch(other, GZ_TRAIN, 77, different, &label);
    assert_memory_not_equal(one, different, sizeof one);
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
    float pixels[PIXELS];
    int32_t label;
    assert_done(open_patch(image, 4, 1, &data));
    fetch(data, GZ_TRAIN, 0, pixels, &label);
    assert_string_equal(gz_hash_bytes(pixels, sizeof pixels).text, "3b3e9cfd3dfdad93");
    gz_data_close(data);
}

static void values_lie_in_the_unit_interval(void **state)
{
    (void)state;
    gz_data *data;
    float pixels[PIXELS], least = 1, most = 0;
    int32_t label;
    assert_done(open_patch(image, 10, 1, &data));
    for (size_t i = 0; i < 50; i++) {
        fetch(data, GZ_TRAIN, i, pixels, &label);
        for (size_t k = 0; k < PIXELS; k++) {
            assert_true(pixels[k] >= 0 && pixels[k] <= 1);
            least = pixels[k] < least ? pixels[k] : least;
            most = pixels[k] > most ? pixels[k] : most;
        }
    }
    assert_true(least < 0.02f && most > 0.98f);
    gz_data_close(data);
}

static float mean_at(const float *pixels, size_t y, size_t x)
{
    float sum = 0;
    for (size_t i = 0; i < PATCH * PATCH; i++) sum += pixels[(y + i / PATCH) * SIDE + x + i % PATCH];
    return sum / (PATCH * PATCH);
}

static void the_truth_is_the_brightest_place(void **state)
{
    (void)state;
    gz_data *data;
    float pixels[PIXELS];
    int32_t label;
    assert_done(open_patch(image, 4, 3, &data));
    for (size_t i = 0; i < 200; i++) {
        gz_rectangle truth;
        fetch(data, GZ_TEST, i, pixels, &label);
        assert_true(gz_data_truth(data, GZ_TEST, i, &truth));
        assert_int_equal(truth.y1 - truth.y0, PATCH - 1);
        assert_int_equal(truth.x1 - truth.x0, PATCH - 1);
        assert_true(truth.y1 < SIDE && truth.x1 < SIDE);
        const float bright = mean_at(pixels, truth.y0, truth.x0);
        for (size_t y = 0; y + PATCH <= SIDE; y++)
            for (size_t x = 0; x + PATCH <= SIDE; x++) assert_true(mean_at(pixels, y, x) <= bright);
    }
    assert_false(gz_data_truth(data, GZ_TEST, 1000, &(gz_rectangle){0}));
    gz_data_close(data);
}

static void the_texture_at_the_truth_is_that_of_the_class(void **state)
{
    (void)state;
    gz_data *data;
    float pixels[PIXELS];
    int32_t label;
    assert_done(open_patch(image, 2, 3, &data)); /* rows and columns */
    for (size_t i = 0; i < 200; i++) {
        gz_rectangle t;
        fetch(data, GZ_TRAIN, i, pixels, &label);
        assert_true(gz_data_truth(data, GZ_TRAIN, i, &t));
        const float right = pixels[t.y0 * SIDE + t.x0 + 1], below = pixels[(t.y0 + 1) * SIDE + t.x0];
        assert_int_equal(label, right > below ? 0 : 1);
    }
    gz_data_close(data);
}

/* The bright patch of the first sample of each class, lit or not, as one number. */
static void the_textures_of_all_classes_differ(void **state)
{
    (void)state;
    enum { CLASSES = 10 };
    gz_data *data;
    float pixels[PIXELS];
    uint32_t texture[CLASSES] = {0};
    assert_done(open_patch(image, CLASSES, 3, &data));
    for (size_t i = 0; i < 300; i++) {
        int32_t label;
        gz_rectangle t;
        uint32_t lit = 0;
        fetch(data, GZ_TRAIN, i, pixels, &label);
        assert_true(gz_data_truth(data, GZ_TRAIN, i, &t));
        for (size_t k = 0; k < PATCH * PATCH; k++)
            lit = lit << 1 | (pixels[(t.y0 + k / PATCH) * SIDE + t.x0 + k % PATCH] > 0.75f);
        if (texture[label]) assert_int_equal(texture[label], lit);
        texture[label] = lit;
    }
    for (int a = 0; a < CLASSES; a++)
        for (int b = 0; b < a; b++) assert_int_not_equal(texture[a], texture[b]);
    gz_data_close(data);
}

static void classes_and_places_are_spread_evenly(void **state)
{
    (void)state;
    gz_data *data;
    float pixels[PIXELS];
    size_t classes[4] = {0}, quarters[4] = {0};
    assert_done(open_patch(image, 4, 1, &data));
    for (size_t i = 0; i < 4000; i++) {
        int32_t label;
        gz_rectangle t;
        fetch(data, GZ_TRAIN, i, pixels, &label);
        assert_true(gz_data_truth(data, GZ_TRAIN, i, &t));
        classes[label]++;
        quarters[2 * (t.y0 >= 12) + (t.x0 >= 12)]++;
    }
    for (int c = 0; c < 4; c++) {
        assert_in_range(classes[c], 880, 1120);
        assert_in_range(quarters[c], 880, 1120);
    }
    gz_data_close(data);
}

static void larger_images_have_larger_patches_in_every_channel(void **state)
{
    (void)state;
    gz_data *data;
    static float pixels[56 * 64 * 3];
    int32_t label;
    gz_rectangle truth;
    assert_done(open_patch((gaze_array){.name = "x", .rank = 3, .shape = {56, 64, 3}}, 4, 1, &data));
    fetch(data, GZ_TRAIN, 5, pixels, &label);
    assert_true(gz_data_truth(data, GZ_TRAIN, 5, &truth));
    assert_int_equal(truth.y1 - truth.y0, 9);
    for (size_t i = 0; i < 56 * 64; i++) {
        assert_true(pixels[3 * i] == pixels[3 * i + 1]);
        assert_true(pixels[3 * i] == pixels[3 * i + 2]);
    }
    gz_data_close(data);
}

static void what_cannot_be_made_is_refused(void **state)
{
    (void)state;
    gz_data *data;
    assert_refused(open_patch((gaze_array){.name = "x", .rank = 2, .shape = {28, 28}}, 4, 1, &data),
                   GAZE_ERROR_DATA, "[28,28]", NULL);
    assert_refused(open_patch((gaze_array){.name = "x", .rank = 3, .shape = {8, 28, 1}}, 4, 1, &data),
                   GAZE_ERROR_DATA, "at least 16x16", "[8,28,1]", NULL);
    assert_refused(open_patch(image, 11, 1, &data), GAZE_ERROR_DATA, "2 to 10 classes", "has 11", NULL);
    assert_refused(open_patch(image, 1, 1, &data), GAZE_ERROR_DATA, "2 to 10 classes", NULL);
}

static void an_unknown_set_offers_the_nearest(void **state)
{
    (void)state;
    gz_data *data;
    const gz_data_need need = {.n_inputs = 1, .inputs = &image, .n_classes = 4};
    gz_data_spec spec = {.type = "synthetic", .path = "pacth"};
    assert_refused(gz_data_open(&spec, &need, &data), GAZE_ERROR_USAGE, "'pacth'", "did you mean 'patch'?",
                   NULL);
    spec.path = NULL;
    assert_refused(gz_data_open(&spec, &need, &data), GAZE_ERROR_USAGE, "synthetic:patch", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_dimensions_and_counts_have_defaults),
        cmocka_unit_test(a_sample_depends_on_seed_part_and_number_alone),
        cmocka_unit_test(the_set_stays_as_it_is),
        cmocka_unit_test(values_lie_in_the_unit_interval),
        cmocka_unit_test(the_truth_is_the_brightest_place),
        cmocka_unit_test(the_texture_at_the_truth_is_that_of_the_class),
        cmocka_unit_test(the_textures_of_all_classes_differ),
        cmocka_unit_test(classes_and_places_are_spread_evenly),
        cmocka_unit_test(larger_images_have_larger_patches_in_every_channel),
        cmocka_unit_test(what_cannot_be_made_is_refused),
        cmocka_unit_test(an_unknown_set_offers_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
