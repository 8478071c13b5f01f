/* gaze_dump: which files it writes, what is in them, and what it says. */
#include "dump.h"

#include <math.h>

static void raw_values_of_every_map_come_before_any_picture(void **state)
{
    (void)state;
    report r;
    assert_done(dump(image_model, &images, &(gaze_dump_options){.out = scratch_path("a/b")}, &r));
    assert_file(&r, 0, "set.gate.npy");
    assert_file(&r, 1, "set.gate.json");
    assert_file(&r, 2, "set.look.npy");
    assert_file(&r, 3, "set.look.json");
    assert_file(&r, 4, "set.gate.7.overlay.png");
    assert_file(&r, 5, "set.gate.7.map.png");
    assert_file(&r, 6, "set.gate.7.side.png");
    assert_file(&r, r.n_files - 1, "set.look.sheet.png");
    assert_int_equal(r.n_files, 4 + 2 * (2 * 3 + 1)); /* two of three samples can be drawn */
    assert_int_equal(entries_in(scratch_path("a/b")), r.n_files);
}

static void a_constant_map_is_said_in_words(void **state)
{
    (void)state;
    report r;
    assert_done(
        dump(image_model, &images, &(gaze_dump_options){.out = scratch_path("words"), .map = "look"}, &r));
    assert_int_equal(r.n_notes, 1);
    assert_non_null(strstr(r.notes[0], "map look, sample 8: every value is 0.0333"));
    assert_false(gz_file_exists(scratch_path("words/set.look.8.map.png")));
}

static void the_array_is_what_the_model_says(void **state)
{
    (void)state;
    report r;
    gaze_array array;
    float map[SAMPLES * CELLS];
    assert_done(
        dump(image_model, &images, &(gaze_dump_options){.out = scratch_path("raw"), .map = "look"}, &r));
    assert_done(gaze_array_read(scratch_path("raw/set.look.npy"), &array));
    gaze_model *model = open_model(image_model);
    assert_done(gaze_map(model, "look", SAMPLES, values, map));
    gaze_close(model);
    assert_true(array.rank == 3 && array.shape[0] == SAMPLES && array.shape[1] == HEIGHT &&
                array.shape[2] == WIDTH);
    assert_memory_equal(array.data, map, sizeof map);
    free(array.data);
}

static void the_json_says_what_the_array_is(void **state)
{
    (void)state;
    static const char *const words[] = {"\"map\": \"look\"",
                                        "\"kind\": \"additive_scale\"",
                                        "\"shape\": [3, 6, 5]",
                                        "\"sum\": ",
                                        "\"min\": 0.0",
                                        "\"max\": 0.0",
                                        "\"not_finite\": 0",
                                        "\"first\": [0, 0], \"step\": [1, 1]",
                                        "\"scaling\": \"percentile\"",
                                        "\"index\": 20",
                                        "\"label\": 1",
                                        "\"predicted\": ",
                                        "\"name\": \"small\", \"hash\": \"",
                                        "\"type\": \"reference\""};
    report r;
    size_t size;
    const gaze_dump_options options = {
        .out = scratch_path("json"), .map = "look", .scale = "percentile", .view = "map"};
    assert_done(dump(image_model, &images, &options, &r));
    char *json;
    read_all(scratch_path("json/set.look.json"), &json, &size);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strstr(json, words[i])) fail_msg("no %s in %s", words[i], json);
    const char *sum = strstr(json, words[3]);
    assert_float_equal(strtod(sum + strlen(words[3]), NULL), SAMPLES, 1e-5);
    free(json);
}

static void same_input_gives_the_same_bytes(void **state)
{
    (void)state;
    report one, two;
    assert_done(dump(image_model, &images, &(gaze_dump_options){.out = scratch_path("one")}, &one));
    assert_done(dump(image_model, &images, &(gaze_dump_options){.out = scratch_path("two")}, &two));
    assert_int_equal(one.n_files, two.n_files);
    for (size_t i = 0; i < one.n_files; i++) {
        size_t a_size, b_size;
        char *a, *b;
        read_all(one.files[i], &a, &a_size);
        read_all(two.files[i], &b, &b_size);
        assert_int_equal(a_size, b_size);
        assert_memory_equal(a, b, a_size);
        free(a);
        free(b);
    }
}

static void wrong_words_are_refused_with_the_nearest(void **state)
{
    (void)state;
    report r;
    const char *out = scratch_path("refused");
    assert_refused(dump(image_model, &images, &(gaze_dump_options){.out = out, .map = "loook"}, &r),
                   GAZE_ERROR_USAGE, "did you mean 'look'?", "gate, look", NULL);
    assert_refused(dump(image_model, &images, &(gaze_dump_options){.out = out, .view = "ovrlay"}, &r),
                   GAZE_ERROR_USAGE, "did you mean 'overlay'?", NULL);
    assert_refused(dump(image_model, &images, &(gaze_dump_options){.out = out, .colors = "grey"}, &r),
                   GAZE_ERROR_USAGE, "did you mean 'gray'?", NULL);
    assert_refused(dump(image_model, &images, &(gaze_dump_options){.out = NULL}, &r), GAZE_ERROR_USAGE,
                   "folder", NULL);
    assert_refused(dump(steps_model, &steps, &(gaze_dump_options){.out = out, .view = "side"}, &r),
                   GAZE_ERROR_USAGE, "view 'side' needs an input", NULL);
    assert_false(gz_folder_exists(out));
}

static void an_input_of_another_shape_is_named_before_any_view(void **state)
{
    (void)state;
    report r;
    assert_refused(
        dump(image_model, &steps, &(gaze_dump_options){.out = scratch_path("shape"), .view = "side"}, &r),
        GAZE_ERROR_DATA, "input 'image' has the shape", NULL);
    assert_int_equal(r.n_files, 0);
}

static void a_folder_that_cannot_be_made_is_named(void **state)
{
    (void)state;
    report r;
    write_scratch("file", "x", 1);
    assert_refused(dump(image_model, &images, &(gaze_dump_options){.out = scratch_path("file/below")}, &r),
                   GAZE_ERROR_DATA, "file", "folder", NULL);
    assert_int_equal(r.n_files, 0);
}

static void where_an_output_and_a_map_share_a_name_the_map_is_dumped(void **state)
{
    (void)state;
    static const char shared[] =
        "{\"gaze_model\": 1, \"inputs\": [{\"name\": \"image\", \"shape\": [6, 5, 1]}], \"layers\": ["
        "{\"name\": \"look\", \"type\": \"attention\", \"kind\": \"additive_scale\"}], \"outputs\": "
        "[\"look\"]}";
    report r;
    gaze_array map = {0};
    assert_int_equal(dump(shared, &images, &(gaze_dump_options){.out = scratch_path("shared")}, &r), GAZE_OK);
    assert_int_equal(gaze_array_read(scratch_path("shared/set.look.npy"), &map), GAZE_OK);
    assert_int_equal(map.rank, 3); /* the output would have a last axis of 1 */
    double sum = 0;
    for (size_t i = 0; i < 30; i++) sum += ((const float *)map.data)[i];
    assert_true(fabs(sum - 1) < 1e-5);
    free(map.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raw_values_of_every_map_come_before_any_picture),
        cmocka_unit_test(a_constant_map_is_said_in_words),
        cmocka_unit_test(the_array_is_what_the_model_says),
        cmocka_unit_test(the_json_says_what_the_array_is),
        cmocka_unit_test(same_input_gives_the_same_bytes),
        cmocka_unit_test(wrong_words_are_refused_with_the_nearest),
        cmocka_unit_test(an_input_of_another_shape_is_named_before_any_view),
        cmocka_unit_test(a_folder_that_cannot_be_made_is_named),
        cmocka_unit_test(where_an_output_and_a_map_share_a_name_the_map_is_dumped),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
