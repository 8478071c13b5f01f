#include "scratch.h"

#include "../engine/data/data.h"
#include "../engine/io/image.h"

static const gaze_array image = {.name = "image", .rank = 3, .shape = {2, 2, 1}};

static const char *write_gray(const char *name, size_t height, size_t width, uint8_t value)
{
    gz_image pixels;
    assert_done(gz_image_create(height, width, 1, value, &pixels));
    assert_done(gz_png_write(scratch_path(name), &pixels, NULL));
    gz_image_free(&pixels);
    return scratch_path(name);
}

/* Three images of cats and two of dogs to train on, one of each to test. */
static int write_good(void **state)
{
    (void)state;
    static const char *const folders[] = {"train/cat", "train/dog", "test/cat", "test/dog"};
    remove_tree(AT_FDCWD, scratch_path("train"));
    remove_tree(AT_FDCWD, scratch_path("test"));
    for (int i = 0; i < 4; i++) assert_done(gz_folder_make(scratch_path(folders[i]), false));
    write_gray("train/cat/b.png", 2, 2, 20);
    write_gray("train/cat/a.PNG", 3, 5, 10);
    write_gray("train/cat/c.jpeg", 4, 4, 30); /* what a file is, its first bytes say */
    write_gray("train/dog/d.png", 2, 2, 40);
    write_gray("train/dog/e.jpg", 2, 2, 50);
    write_gray("test/cat/f.png", 2, 2, 60);
    write_gray("test/dog/g.png", 2, 2, 70);
    write_scratch("train/cat/notes.txt", "x", 1);
    write_scratch("train/cat/.hidden.png", "x", 1);
    return 0;
}

static gaze_status open_with(const gz_data_need *need, bool skip_bad, const char *aspect, gz_data **data)
{
    const gz_data_spec spec = {
        .type = "folder", .path = scratch_folder, .scale = "none", .skip_bad = skip_bad, .aspect = aspect};
    return gz_data_open(&spec, need, data);
}

static gaze_status open_folder(gz_data **data)
{
    return open_with(&(gz_data_need){.n_inputs = 1, .inputs = &image, .n_classes = 2}, false, NULL, data);
}

static gaze_status open_skipping(gz_data **data)
{
    return open_with(&(gz_data_need){.n_inputs = 1, .inputs = &image, .n_classes = 2}, true, NULL, data);
}

static void assert_sample(const gz_data *data, gz_part part, size_t index, float value, int32_t label)
{
    float pixels[4];
    int32_t found;
    assert_done(gz_data_fetch(data, part, index, (void *[]){pixels}, &found));
    for (int i = 0; i < 4; i++) assert_true(pixels[i] == value);
    assert_int_equal(found, label);
}

static void classes_and_files_are_sorted_by_name(void **state)
{
    (void)state;
    gz_data *data;
    assert_done(open_folder(&data));
    assert_int_equal(gz_data_count(data, GZ_TRAIN), 5);
    assert_int_equal(gz_data_count(data, GZ_TEST), 2);
    assert_string_equal(data->classes[0], "cat");
    assert_string_equal(data->classes[1], "dog");
    assert_null(data->classes[2]);
    for (size_t i = 0; i < 5; i++) assert_sample(data, GZ_TRAIN, i, (float)(10 + 10 * i), i >= 3);
    assert_sample(data, GZ_TEST, 1, 70, 1);
    gz_data_close(data);
}

static void the_models_classes_say_the_order(void **state)
{
    (void)state;
    static const char *const names[] = {"dog", "bird", "cat", NULL};
    const gz_data_need need = {.n_inputs = 1, .inputs = &image, .n_classes = 3, .classes = names};
    gz_data *data;
    assert_done(open_with(&need, false, NULL, &data));
    assert_sample(data, GZ_TRAIN, 0, 10, 2);
    assert_sample(data, GZ_TRAIN, 3, 40, 0);
    gz_data_close(data);
    assert_done(gz_folder_make(scratch_path("test/brid"), false));
    write_gray("test/brid/x.png", 2, 2, 90);
    assert_refused(open_with(&need, false, NULL, &data), GAZE_ERROR_DATA, "test/brid", "did you mean 'bird'?",
                   "dog, bird or cat", NULL);
}

static void what_is_done_to_other_aspects_is_said(void **state)
{
    (void)state;
    const gz_data_need need = {.n_inputs = 1, .inputs = &image, .n_classes = 2};
    gz_data *data;
    assert_done(open_folder(&data));
    assert_non_null(strstr(data->note, "squeezed"));
    assert_non_null(strstr(data->note, "2x2"));
    gz_data_close(data);
    assert_done(open_with(&need, false, "pad", &data));
    assert_non_null(strstr(data->note, "padded"));
    gz_data_close(data);
    assert_refused(open_with(&need, false, "corp", &data), GAZE_ERROR_USAGE, "'corp'", "did you mean 'crop'?",
                   "squeeze, crop or pad", NULL);
}

static void a_bad_first_byte_is_an_error_with_a_count(void **state)
{
    (void)state;
    gz_data *data;
    write_scratch("train/dog/empty.png", "", 0);
    write_scratch("train/cat/page.jpg", "<html>this is no image at all</html>", 36);
    assert_refused(open_folder(&data), GAZE_ERROR_DATA, "train/cat/page.jpg", "neither PNG nor JPEG",
                   "2 of 9 files", "--skip-bad", NULL);
}

static void damaged_files_are_left_out_and_counted_where_asked(void **state)
{
    (void)state;
    gz_data *data;
    char first[512];
    write_scratch("train/dog/empty.png", "", 0);
    assert_done(open_skipping(&data));
    assert_int_equal(gz_data_count(data, GZ_TRAIN), 5);
    assert_int_equal(gz_data_bad(data, first), 1);
    assert_non_null(strstr(first, "train/dog/empty.png is empty"));
    gz_data_close(data);
}

/* The header is good, the rest is missing. */
static void cut_short(const char *name)
{
    char *bytes;
    size_t size;
    assert_done(gz_file_read(scratch_path(name), 1 << 20, &bytes, &size));
    write_scratch(name, bytes, size - 20);
    free(bytes);
}

static void a_file_that_cannot_be_decoded_is_named(void **state)
{
    (void)state;
    gz_data *data;
    float pixels[4];
    int32_t label;
    cut_short("train/cat/b.png");
    assert_done(open_folder(&data));
    assert_refused(gz_data_fetch(data, GZ_TRAIN, 1, (void *[]){pixels}, &label), GAZE_ERROR_DATA,
                   "train/cat/b.png", "damaged PNG", "--skip-bad", NULL);
    gz_data_close(data);
}

static size_t take_epoch(const gz_data *data, gz_batches_options options, float values[8])
{
    gz_batches *batches;
    const gz_batch *batch;
    size_t count = 0;
    assert_done(gz_batches_open(data, &options, &batches));
    for (;;) {
        assert_done(gz_batches_next(batches, &batch));
        if (!batch) break;
        for (size_t k = 0; k < batch->count; k++) values[count++] = ((float *)batch->inputs[0])[4 * k];
    }
    gz_batches_close(batches);
    return count;
}

static void in_training_the_next_sample_takes_the_place_of_a_damaged_one(void **state)
{
    (void)state;
    gz_data *data;
    float values[8];
    char first[512];
    cut_short("train/cat/b.png");
    cut_short("train/cat/c.jpeg");
    assert_done(open_skipping(&data));
    const gz_batches_options options = {.batch_size = 2, .epochs = 1, .training = true};
    for (int epoch = 0; epoch < 2; epoch++) {
        assert_int_equal(take_epoch(data, options, values), 5);
        const float expected[5] = {10, 40, 40, 40, 50};
        for (int i = 0; i < 5; i++) assert_true(values[i] == expected[i]);
        assert_int_equal(gz_data_bad(data, first), 2);
    }
    assert_non_null(strstr(first, "train/cat/b.png"));
    gz_data_close(data);
}

static void in_evaluation_damaged_samples_are_left_out(void **state)
{
    (void)state;
    gz_data *data;
    float values[8];
    cut_short("train/cat/b.png");
    cut_short("train/dog/d.png");
    cut_short("train/cat/c.jpeg");
    assert_done(open_skipping(&data));
    assert_int_equal(take_epoch(data, (gz_batches_options){.batch_size = 2, .epochs = 1}, values), 2);
    assert_true(values[0] == 10 && values[1] == 50);
    gz_data_close(data);
}

static void where_all_are_damaged_nothing_is_silent(void **state)
{
    (void)state;
    gz_data *data;
    gz_batches *batches;
    const gz_batch *batch;
    cut_short("test/cat/f.png");
    cut_short("test/dog/g.png");
    assert_done(open_skipping(&data));
    gz_batches_options options = {.part = GZ_TEST, .batch_size = 2, .epochs = 1};
    for (int training = 0; training < 2; training++) {
        options.training = training;
        assert_done(gz_batches_open(data, &options, &batches));
        assert_refused(gz_batches_next(batches, &batch), GAZE_ERROR_DATA, "damaged", NULL);
        gz_batches_close(batches);
    }
    gz_data_close(data);
}

static void the_same_image_in_both_parts_is_found_by_content(void **state)
{
    (void)state;
    gz_data *data;
    write_gray("test/cat/other.png", 2, 2, 40);
    assert_refused(open_folder(&data), GAZE_ERROR_DATA, "sample 3 (dog/d.png) of the training part",
                   "sample 1 (cat/other.png) of the test part", "1 samples in all", NULL);
}

static void the_hash_is_of_names_and_sizes(void **state)
{
    (void)state;
    gz_data *data;
    gz_hash before;
    assert_done(open_folder(&data));
    before = data->hash;
    gz_data_close(data);
    assert_done(open_folder(&data));
    assert_string_equal(data->hash.text, before.text);
    gz_data_close(data);
    assert_int_equal(rename(scratch_path("train/cat/b.png"), scratch_path("train/cat/bb.png")), 0);
    assert_done(open_folder(&data));
    assert_string_not_equal(data->hash.text, before.text);
    gz_data_close(data);
}

static void without_a_test_folder_there_is_no_test_part(void **state)
{
    (void)state;
    gz_data *data;
    remove_tree(AT_FDCWD, scratch_path("test"));
    assert_done(open_folder(&data));
    assert_int_equal(gz_data_count(data, GZ_TEST), 0);
    gz_data_close(data);
}

static void folders_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    gz_data *data;
    const gz_data_need one = {.n_inputs = 1, .inputs = &image, .n_classes = 1};
    assert_refused(open_with(&one, false, NULL, &data), GAZE_ERROR_DATA, "2 classes (folders)",
                   "the model's output has 1", NULL);
    assert_done(gz_folder_make(scratch_path("test/bird"), false));
    assert_refused(open_folder(&data), GAZE_ERROR_DATA, "test/bird", "no class 'bird'", "cat or dog", NULL);
    write_good(NULL);
    assert_done(gz_folder_make(scratch_path("train/bird"), false));
    const gz_data_need three = {.n_inputs = 1, .inputs = &image, .n_classes = 3};
    assert_refused(open_with(&three, false, NULL, &data), GAZE_ERROR_DATA, "train/bird: holds no images",
                   NULL);
    remove_tree(AT_FDCWD, scratch_path("train"));
    assert_refused(open_folder(&data), GAZE_ERROR_DATA, "/train: there is no such folder", NULL);
    assert_done(gz_folder_make(scratch_path("train"), false));
    assert_refused(open_folder(&data), GAZE_ERROR_DATA, "/train: holds no folders", NULL);
}

static void inputs_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    gz_data *data;
    gaze_array input = {.name = "x", .rank = 3, .shape = {0, 0, 3}};
    const gz_data_need need = {.n_inputs = 1, .inputs = &input, .n_classes = 2};
    assert_refused(open_with(&need, false, NULL, &data), GAZE_ERROR_DATA, "[?,?,3]", "'x' open", NULL);
    input = (gaze_array){.name = "x", .rank = 3, .shape = {8, 8, 4}};
    assert_refused(open_with(&need, false, NULL, &data), GAZE_ERROR_DATA, "[8,8,4]", NULL);
    input = (gaze_array){.name = "x", .rank = 2, .shape = {8, 8}};
    assert_refused(open_with(&need, false, NULL, &data), GAZE_ERROR_DATA, "[8,8]", NULL);
    input = (gaze_array){.name = "x", .rank = 3, .shape = {2, 2, 0}};
    assert_done(open_with(&need, false, NULL, &data));
    assert_int_equal(data->inputs[0].shape[2], 3);
    gz_data_close(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(classes_and_files_are_sorted_by_name, write_good),
        cmocka_unit_test_setup(the_models_classes_say_the_order, write_good),
        cmocka_unit_test_setup(what_is_done_to_other_aspects_is_said, write_good),
        cmocka_unit_test_setup(a_bad_first_byte_is_an_error_with_a_count, write_good),
        cmocka_unit_test_setup(damaged_files_are_left_out_and_counted_where_asked, write_good),
        cmocka_unit_test_setup(a_file_that_cannot_be_decoded_is_named, write_good),
        cmocka_unit_test_setup(in_training_the_next_sample_takes_the_place_of_a_damaged_one, write_good),
        cmocka_unit_test_setup(in_evaluation_damaged_samples_are_left_out, write_good),
        cmocka_unit_test_setup(where_all_are_damaged_nothing_is_silent, write_good),
        cmocka_unit_test_setup(the_same_image_in_both_parts_is_found_by_content, write_good),
        cmocka_unit_test_setup(the_hash_is_of_names_and_sizes, write_good),
        cmocka_unit_test_setup(without_a_test_folder_there_is_no_test_part, write_good),
        cmocka_unit_test_setup(folders_that_do_not_fit_are_refused, write_good),
        cmocka_unit_test_setup(inputs_that_do_not_fit_are_refused, write_good),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
