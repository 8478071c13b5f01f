#include "scratch.h"

#include <zlib.h>

#include "../engine/data/data.h"

#define TRAIN_IMAGES "train-images-idx3-ubyte"
#define TRAIN_LABELS "train-labels-idx1-ubyte"
#define TEST_IMAGES  "t10k-images-idx3-ubyte"
#define TEST_LABELS  "t10k-labels-idx1-ubyte"

/* Five training and three test images of 2x3 pixels; pixel k of image i has the value `first` + 7i + k. */
static unsigned char images[16 + 5 * 6], labels[8 + 5];

static size_t fill_images(size_t count, unsigned char first)
{
    const unsigned char header[16] = {0, 0, 8, 3, 0, 0, 0, (unsigned char)count, 0, 0, 0, 2, 0, 0, 0, 3};
    memcpy(images, header, sizeof header);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < 6; k++) images[16 + 6 * i + k] = (unsigned char)(first + 7 * i + k);
    return 16 + 6 * count;
}

static size_t fill_labels(size_t count)
{
    const unsigned char header[8] = {0, 0, 8, 1, 0, 0, 0, (unsigned char)count};
    memcpy(labels, header, sizeof header);
    for (size_t i = 0; i < count; i++) labels[8 + i] = (unsigned char)(i % 4);
    return 8 + count;
}

static int write_good(void **state)
{
    (void)state;
    write_scratch(TRAIN_IMAGES, images, fill_images(5, 0));
    write_scratch(TRAIN_LABELS, labels, fill_labels(5));
    write_scratch(TEST_IMAGES, images, fill_images(3, 100));
    write_scratch(TEST_LABELS, labels, fill_labels(3));
    unlink(scratch_path(TRAIN_IMAGES ".gz"));
    return 0;
}

static gaze_status open_scaled(gaze_array input, size_t n_classes, const char *scale, gz_data **data)
{
    const gz_data_need need = {.n_inputs = 1, .inputs = &input, .n_classes = n_classes};
    const gz_data_spec spec = {.type = "idx", .path = scratch_folder, .scale = scale};
    return gz_data_open(&spec, &need, data);
}

static const gaze_array image = {.name = "image", .rank = 3, .shape = {2, 3, 1}};

static gaze_status open_idx(gz_data **data) { return open_scaled(image, 4, NULL, data); }

static void parts_are_counted_and_samples_fetched(void **state)
{
    (void)state;
    gz_data *data;
    float pixels[6];
    void *const inputs[1] = {pixels};
    int32_t label;
    assert_done(open_idx(&data));
    assert_int_equal(gz_data_count(data, GZ_TRAIN), 5);
    assert_int_equal(gz_data_count(data, GZ_TEST), 3);
    assert_true(data->has_labels);
    assert_int_equal(data->label_count, 1);
    assert_done(gz_data_fetch(data, GZ_TEST, 2, inputs, &label));
    assert_int_equal(label, 2);
    for (int k = 0; k < 6; k++) assert_true(pixels[k] == (float)(100 + 14 + k) / 255.0f);
    assert_refused(gz_data_fetch(data, GZ_TEST, 3, inputs, &label), GAZE_ERROR_USAGE,
                   "sample 3 of the test part", NULL);
    assert_false(gz_data_truth(data, GZ_TEST, 0, &(gz_rectangle){0}));
    gz_data_close(data);
    gz_data_close(NULL);
}

static void bytes_are_scaled_as_asked(void **state)
{
    (void)state;
    static const struct {
        const char *scale;
        float value;
    } scales[] = {{"0..1", 5 / 255.0f}, {"-1..1", 5 / 127.5f - 1}, {"none", 5}};
    gz_data *data;
    float pixels[6];
    void *const inputs[1] = {pixels};
    int32_t label;
    for (int i = 0; i < 3; i++) {
        assert_done(open_scaled(image, 4, scales[i].scale, &data));
        assert_done(gz_data_fetch(data, GZ_TRAIN, 0, inputs, &label));
        assert_true(pixels[5] == scales[i].value);
        gz_data_close(data);
    }
    assert_refused(open_scaled(image, 4, "0..2", &data), GAZE_ERROR_USAGE, "'0..2'", "did you mean '0..1'",
                   NULL);
}

static void open_and_flat_inputs_fit(void **state)
{
    (void)state;
    gz_data *data;
    assert_done(open_scaled((gaze_array){.name = "x", .rank = 3, .shape = {0, 0, 1}}, 4, NULL, &data));
    assert_int_equal(data->inputs[0].shape[0], 2);
    assert_int_equal(data->inputs[0].shape[1], 3);
    gz_data_close(data);
    assert_done(open_scaled((gaze_array){.name = "x", .rank = 1, .shape = {6}}, 4, NULL, &data));
    gz_data_close(data);
}

static void images_of_another_size_are_refused(void **state)
{
    (void)state;
    gz_data *data;
    assert_refused(open_scaled((gaze_array){.name = "x", .rank = 3, .shape = {28, 28, 1}}, 4, NULL, &data),
                   GAZE_ERROR_DATA, "2x3", "[28,28,1]", "'x'", NULL);
    assert_refused(open_scaled((gaze_array){.name = "x", .rank = 3, .shape = {2, 3, 3}}, 4, NULL, &data),
                   GAZE_ERROR_DATA, "[2,3,3]", NULL);
    assert_refused(open_scaled((gaze_array){.name = "x", .dtype = GAZE_INT32, .rank = 3, .shape = {2, 3, 1}},
                               4, NULL, &data),
                   GAZE_ERROR_DATA, "int32", NULL);
}

static void gzip_gives_the_same_data_and_the_same_hash(void **state)
{
    (void)state;
    gz_data *plain, *packed;
    assert_done(open_idx(&plain));
    gzFile file = gzopen(scratch_path(TRAIN_IMAGES ".gz"), "wb");
    const size_t size = fill_images(5, 0);
    assert_int_equal(gzwrite(file, images, (unsigned)size), size);
    gzclose(file);
    unlink(scratch_path(TRAIN_IMAGES));
    assert_done(open_idx(&packed));
    assert_string_equal(plain->hash.text, packed->hash.text);
    assert_int_equal(gz_data_count(packed, GZ_TRAIN), 5);
    gz_data_close(plain);
    gz_data_close(packed);
}

static void the_hash_tells_data_apart(void **state)
{
    (void)state;
    gz_data *a, *b;
    assert_done(open_idx(&a));
    fill_labels(3);
    labels[8] = 3;
    write_scratch(TEST_LABELS, labels, 11);
    assert_done(open_idx(&b));
    assert_string_not_equal(a->hash.text, b->hash.text);
    gz_data_close(a);
    gz_data_close(b);
}

static void no_test_part_is_no_error_but_half_of_one_is(void **state)
{
    (void)state;
    gz_data *data;
    unlink(scratch_path(TEST_IMAGES));
    assert_refused(open_idx(&data), GAZE_ERROR_DATA, TEST_IMAGES, NULL);
    unlink(scratch_path(TEST_LABELS));
    assert_done(open_idx(&data));
    assert_int_equal(gz_data_count(data, GZ_TEST), 0);
    gz_data_close(data);
}

static void missing_files_are_named(void **state)
{
    (void)state;
    gz_data *data;
    unlink(scratch_path(TRAIN_LABELS));
    assert_refused(open_idx(&data), GAZE_ERROR_DATA, scratch_folder, "neither " TRAIN_LABELS " nor", NULL);
    const gz_data_need need = {.n_inputs = 1, .inputs = &image};
    const gz_data_spec spec = {.type = "idx", .path = "/no/such/folder"};
    assert_refused(gz_data_open(&spec, &need, &data), GAZE_ERROR_DATA,
                   "/no/such/folder: there is no such folder", NULL);
}

static void a_truncated_gzip_names_its_byte(void **state)
{
    (void)state;
    gz_data *data;
    unsigned char packed[200];
    const size_t size = fill_images(5, 0);
    gzFile file = gzopen(scratch_path(TRAIN_IMAGES ".gz"), "wb");
    gzwrite(file, images, (unsigned)size);
    gzclose(file);
    FILE *stream = fopen(scratch_path(TRAIN_IMAGES ".gz"), "rb");
    assert_true(fread(packed, 1, 200, stream) > 40);
    fclose(stream);
    write_scratch(TRAIN_IMAGES ".gz", packed, 40);
    unlink(scratch_path(TRAIN_IMAGES));
    assert_refused(open_idx(&data), GAZE_ERROR_DATA, TRAIN_IMAGES ".gz", "truncated", "ends at byte 40",
                   NULL);
}

static void a_wrong_magic_is_told_with_the_right_one(void **state)
{
    (void)state;
    gz_data *data;
    write_scratch(TRAIN_LABELS, images, fill_images(5, 0));
    assert_refused(open_idx(&data), GAZE_ERROR_DATA, TRAIN_LABELS, "0x00000803", "expected 0x00000801", NULL);
    write_scratch(TRAIN_IMAGES, "<html>404 not found</html>", 26);
    assert_refused(open_idx(&data), GAZE_ERROR_DATA, TRAIN_IMAGES, "0x3c68746d", "expected 0x00000803", NULL);
    write_scratch(TRAIN_IMAGES, "\0\0\x08\x03", 4);
    assert_refused(open_idx(&data), GAZE_ERROR_DATA, TRAIN_IMAGES, "truncated: 4 bytes", NULL);
}

static void sizes_and_counts_must_agree(void **state)
{
    (void)state;
    gz_data *data;
    write_scratch(TRAIN_IMAGES, images, fill_images(5, 0) - 1);
    assert_refused(open_idx(&data), GAZE_ERROR_DATA, TRAIN_IMAGES, "truncated: 45 bytes, expected 46", NULL);
    write_scratch(TRAIN_IMAGES, images, fill_images(4, 0));
    assert_refused(open_idx(&data), GAZE_ERROR_DATA, TRAIN_LABELS, "5 labels, expected 4", TRAIN_IMAGES,
                   NULL);
    fill_images(5, 0);
    memset(images + 4, 0xff, 12);
    write_scratch(TRAIN_IMAGES, images, 46);
    assert_refused(open_idx(&data), GAZE_ERROR_DATA, TRAIN_IMAGES, "truncated: 46 bytes", NULL);
    fill_images(0, 0);
    write_scratch(TRAIN_IMAGES, images, 16);
    assert_refused(open_idx(&data), GAZE_ERROR_DATA, TRAIN_IMAGES, "0 images", NULL);
}

static void a_label_out_of_range_names_the_sample(void **state)
{
    (void)state;
    gz_data *data;
    fill_labels(3);
    labels[8 + 1] = 4;
    write_scratch(TEST_LABELS, labels, 11);
    assert_refused(open_idx(&data), GAZE_ERROR_DATA, TEST_LABELS, "sample 1 is 4, expected 0..3", NULL);
    assert_done(open_scaled(image, 0, NULL, &data));
    gz_data_close(data);
}

static void a_sample_in_both_parts_is_an_error_unless_allowed(void **state)
{
    (void)state;
    gz_data *data;
    const size_t size = fill_images(3, 100);
    for (size_t k = 0; k < 6; k++) images[16 + 12 + k] = (unsigned char)(7 * 4 + k);
    write_scratch(TEST_IMAGES, images, size);
    assert_refused(open_idx(&data), GAZE_ERROR_DATA,
                   "sample 4 of the training part is sample 2 of the test part", "allow_overlap", NULL);
    const gz_data_need need = {.n_inputs = 1, .inputs = &image, .n_classes = 4};
    const gz_data_spec spec = {.type = "idx", .path = scratch_folder, .allow_overlap = true};
    assert_done(gz_data_open(&spec, &need, &data));
    gz_data_close(data);
}

static void an_unknown_type_offers_the_nearest(void **state)
{
    (void)state;
    gz_data *data;
    const gz_data_need need = {.n_inputs = 1, .inputs = &image};
    const gz_data_spec spec = {.type = "npx", .path = "."};
    assert_refused(gz_data_open(&spec, &need, &data), GAZE_ERROR_USAGE, "'npx'", "did you mean", NULL);
}

/* The package dataset-fashion-mnist. */
static void fashion_mnist_is_what_it_is_known_to_be(void **state)
{
    (void)state;
    const gaze_array input = {.name = "image", .rank = 3, .shape = {28, 28, 1}};
    const gz_data_need need = {.n_inputs = 1, .inputs = &input, .n_classes = 10};
    const gz_data_spec spec = {.type = "idx"};
    gz_data *data;
    float pixels[784];
    void *const inputs[1] = {pixels};
    int32_t label;
    size_t counts[10] = {0};
    double sum = 0;
    assert_done(gz_data_open(&spec, &need, &data));
    assert_int_equal(gz_data_count(data, GZ_TRAIN), 60000);
    assert_int_equal(gz_data_count(data, GZ_TEST), 10000);
    for (size_t i = 0; i < 60000; i++) {
        assert_done(gz_data_fetch(data, GZ_TRAIN, i, inputs, &label));
        counts[label]++;
        for (size_t k = 0; k < 784; k++) sum += (double)pixels[k];
    }
    for (int c = 0; c < 10; c++) assert_int_equal(counts[c], 6000);
    assert_true(sum / 60000 / 784 > 0.2860 && sum / 60000 / 784 < 0.2861);
    assert_done(gz_data_fetch(data, GZ_TRAIN, 0, inputs, &label));
    assert_int_equal(label, 9); /* an ankle boot */
    gz_data_close(data);
}

int main(void)
{
#define GOOD(test) cmocka_unit_test_setup(test, write_good)
    const struct CMUnitTest tests[] = {
        GOOD(parts_are_counted_and_samples_fetched),
        GOOD(bytes_are_scaled_as_asked),
        GOOD(open_and_flat_inputs_fit),
        GOOD(images_of_another_size_are_refused),
        GOOD(gzip_gives_the_same_data_and_the_same_hash),
        GOOD(the_hash_tells_data_apart),
        GOOD(no_test_part_is_no_error_but_half_of_one_is),
        GOOD(missing_files_are_named),
        GOOD(a_truncated_gzip_names_its_byte),
        GOOD(a_wrong_magic_is_told_with_the_right_one),
        GOOD(sizes_and_counts_must_agree),
        GOOD(a_label_out_of_range_names_the_sample),
        GOOD(a_sample_in_both_parts_is_an_error_unless_allowed),
        GOOD(an_unknown_type_offers_the_nearest),
        GOOD(fashion_mnist_is_what_it_is_known_to_be),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
