#include "scratch.h"

#include "../engine/data/data.h"

enum { PLANE = 32 * 32, PIXELS = 3 * PLANE, RECORD = 1 + PIXELS, COUNT = 3 };
static const gaze_array image = {.name = "image", .rank = 3, .shape = {32, 32, 3}};
static unsigned char records[COUNT * RECORD];

/* Record i of file f: label (f + i) % 10; pixel p of plane c is f * 40 + i * 10 + c at p = 0, then p modulo
 * 251. */
static size_t fill_records(int file)
{
    for (int i = 0; i < COUNT; i++) {
        unsigned char *record = records + i * RECORD;
        record[0] = (unsigned char)((file + i) % 10);
        for (int k = 0; k < PIXELS; k++)
            record[1 + k] = (unsigned char)(k % PLANE ? k % PLANE % 251 : file * 40 + i * 10 + k / PLANE);
    }
    return sizeof records;
}

static const char *const names[] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                    "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"};

static int write_good(void **state)
{
    (void)state;
    static const char classes[] = "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n";
    for (int f = 0; f < 6; f++) write_scratch(names[f], records, fill_records(f));
    write_scratch("batches.meta.txt", classes, sizeof classes - 1);
    return 0;
}

static gaze_status open_at(const char *path, gaze_array input, size_t n_classes, gz_data **data)
{
    const gz_data_need need = {.n_inputs = 1, .inputs = &input, .n_classes = n_classes};
    const gz_data_spec spec = {.type = "cifar10", .path = path};
    return gz_data_open(&spec, &need, data);
}

static gaze_status open_cifar10(gz_data **data) { return open_at(scratch_folder, image, 10, data); }

static void six_files_are_two_parts(void **state)
{
    (void)state;
    gz_data *data;
    assert_done(open_cifar10(&data));
    assert_int_equal(gz_data_count(data, GZ_TRAIN), 5 * COUNT);
    assert_int_equal(gz_data_count(data, GZ_TEST), COUNT);
    assert_string_equal(data->classes[0], "airplane");
    assert_string_equal(data->classes[9], "truck");
    assert_null(data->classes[10]);
    gz_data_close(data);
}

static void planes_become_channels_of_pixels(void **state)
{
    (void)state;
    gz_data *data;
    static float pixels[PIXELS];
    int32_t label;
    assert_done(open_cifar10(&data));
    assert_done(gz_data_fetch(data, GZ_TRAIN, 2 * COUNT + 1, (void *[]){pixels}, &label));
    assert_int_equal(label, 3);
    for (int c = 0; c < 3; c++) assert_true(pixels[c] == (float)(90 + c) / 255.0f);
    for (int c = 0; c < 3; c++) assert_true(pixels[3 * (5 * 32 + 7) + c] == (float)(167) / 255.0f);
    assert_done(gz_data_fetch(data, GZ_TEST, 2, (void *[]){pixels}, &label));
    assert_int_equal(label, 7);
    assert_true(pixels[2] == 222 / 255.0f);
    gz_data_close(data);
}

static void open_dimensions_are_filled_in_and_others_refused(void **state)
{
    (void)state;
    gz_data *data;
    assert_done(open_at(scratch_folder, (gaze_array){.name = "x", .rank = 3}, 10, &data));
    assert_int_equal(data->inputs[0].shape[1], 32);
    assert_int_equal(data->inputs[0].shape[2], 3);
    gz_data_close(data);
    assert_refused(
        open_at(scratch_folder, (gaze_array){.name = "x", .rank = 3, .shape = {28, 28, 1}}, 10, &data),
        GAZE_ERROR_DATA, "[32,32,3]", "[28,28,1]", NULL);
}

static void without_the_test_file_there_is_no_test_part(void **state)
{
    (void)state;
    gz_data *data;
    unlink(scratch_path("test_batch.bin"));
    unlink(scratch_path("batches.meta.txt"));
    assert_done(open_cifar10(&data));
    assert_int_equal(gz_data_count(data, GZ_TEST), 0);
    assert_null(data->classes);
    gz_data_close(data);
}

static void a_missing_file_says_what_to_fetch(void **state)
{
    (void)state;
    gz_data *data;
    unlink(scratch_path("data_batch_3.bin"));
    assert_refused(open_cifar10(&data), GAZE_ERROR_DATA, "data_batch_3.bin", "cifar-10-binary.tar.gz", NULL);
    assert_refused(open_at("/no/such/folder", image, 10, &data), GAZE_ERROR_DATA,
                   "/no/such/folder: there is no such folder", "cifar-10-binary.tar.gz", NULL);
}

static void the_folder_that_holds_the_folder_serves_as_well(void **state)
{
    (void)state;
    gz_data *data;
    char path[128], above[512];
    snprintf(above, sizeof above, "%s", scratch_path("above"));
    assert_done(gz_folder_make(scratch_path("above/cifar-10-batches-bin"), false));
    for (int f = 0; f < 6; f++) {
        snprintf(path, sizeof path, "above/cifar-10-batches-bin/%s", names[f]);
        write_scratch(path, records, fill_records(f));
    }
    assert_done(open_at(above, image, 10, &data));
    assert_int_equal(gz_data_count(data, GZ_TRAIN), 5 * COUNT);
    gz_data_close(data);
    remove_tree(AT_FDCWD, above);
}

static void a_cut_record_is_named(void **state)
{
    (void)state;
    gz_data *data;
    write_scratch(names[1], records, fill_records(1) - 100);
    assert_refused(open_cifar10(&data), GAZE_ERROR_DATA, "data_batch_2.bin", "9119 bytes", "3073", "record 2",
                   "2973", NULL);
    write_scratch(names[1], records, 0);
    assert_refused(open_cifar10(&data), GAZE_ERROR_DATA, "data_batch_2.bin", "0 bytes", NULL);
}

static void a_wrong_label_names_file_and_record(void **state)
{
    (void)state;
    gz_data *data;
    const size_t size = fill_records(3);
    records[RECORD] = 10;
    write_scratch(names[3], records, size);
    assert_refused(open_cifar10(&data), GAZE_ERROR_DATA, "data_batch_4.bin", "record 1 is 10", "0..9", NULL);
    write_good(NULL);
    assert_refused(open_at(scratch_folder, image, 4, &data), GAZE_ERROR_DATA, "data_batch_3.bin",
                   "sample 2 is 4", "0..3", NULL);
}

static void names_of_classes_are_ten_lines(void **state)
{
    (void)state;
    gz_data *data;
    write_scratch("batches.meta.txt", "a\nb\n", 4);
    assert_refused(open_cifar10(&data), GAZE_ERROR_DATA, "batches.meta.txt", "fewer than 10", NULL);
    write_scratch("batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\n", 22);
    assert_refused(open_cifar10(&data), GAZE_ERROR_DATA, "batches.meta.txt", "more than 10", NULL);
}

static void samples_in_both_parts_are_found(void **state)
{
    (void)state;
    gz_data *data;
    write_scratch("test_batch.bin", records, fill_records(4));
    assert_refused(open_cifar10(&data), GAZE_ERROR_DATA, "sample 12 of the training part is sample 0", NULL);
}

static void the_hash_is_of_all_files(void **state)
{
    (void)state;
    gz_data *data;
    gz_hash first;
    assert_done(open_cifar10(&data));
    first = data->hash;
    gz_data_close(data);
    const size_t size = fill_records(5);
    records[100] ^= 1;
    write_scratch("test_batch.bin", records, size);
    assert_done(open_cifar10(&data));
    assert_string_not_equal(data->hash.text, first.text);
    gz_data_close(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(six_files_are_two_parts, write_good),
        cmocka_unit_test_setup(planes_become_channels_of_pixels, write_good),
        cmocka_unit_test_setup(open_dimensions_are_filled_in_and_others_refused, write_good),
        cmocka_unit_test_setup(without_the_test_file_there_is_no_test_part, write_good),
        cmocka_unit_test_setup(a_missing_file_says_what_to_fetch, write_good),
        cmocka_unit_test_setup(the_folder_that_holds_the_folder_serves_as_well, write_good),
        cmocka_unit_test_setup(a_cut_record_is_named, write_good),
        cmocka_unit_test_setup(a_wrong_label_names_file_and_record, write_good),
        cmocka_unit_test_setup(names_of_classes_are_ten_lines, write_good),
        cmocka_unit_test_setup(samples_in_both_parts_are_found, write_good),
        cmocka_unit_test_setup(the_hash_is_of_all_files, write_good),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
