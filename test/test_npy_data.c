#include "scratch.h"

#include "../engine/data/data.h"
#include "../engine/io/npy.h"
#include "../engine/io/safetensors.h"

/* Two inputs: x [3] float32 and ids [2] int32; 4 training and 2 test samples. */
static float train_x[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, test_x[6] = {20, 21, 22, 23, 24, 25};
static int32_t train_ids[8] = {0, 1, 2, 3, 4, 5, 6, 7}, test_ids[4] = {10, 11, 12, 13};
static int32_t train_label[4] = {0, 2, 1, 2}, test_label[2] = {1, 0};

static const gaze_array wanted[2] = {{.name = "x", .rank = 1, .shape = {3}},
                                     {.name = "ids", .dtype = GAZE_INT32, .rank = 1, .shape = {0}}};

static gaze_array floats(const char *name, size_t count, float *values)
{
    return (gaze_array){.name = name, .rank = 2, .shape = {count, 3}, .data = values};
}

static gaze_array ids(size_t count, int32_t *values)
{
    return (gaze_array){.name = "ids", .dtype = GAZE_INT32, .rank = 2, .shape = {count, 2}, .data = values};
}

static gaze_array labels(size_t count, int32_t *values)
{
    return (gaze_array){.name = "label", .dtype = GAZE_INT32, .rank = 1, .shape = {count}, .data = values};
}

static void save(const char *name, gaze_array array)
{
    assert_done(gz_npy_write(scratch_path(name), &array));
}

static int write_good(void **state)
{
    (void)state;
    const gaze_array train[3] = {floats("x", 4, train_x), ids(4, train_ids), labels(4, train_label)};
    const gaze_array test[3] = {floats("x", 2, test_x), ids(2, test_ids), labels(2, test_label)};
    for (int i = 0; i < 3; i++) {
        char name[64];
        snprintf(name, sizeof name, "train/%s.npy", train[i].name);
        assert_done(gz_folder_make(scratch_path("train"), false));
        save(name, train[i]);
        snprintf(name, sizeof name, "test/%s.npy", test[i].name);
        assert_done(gz_folder_make(scratch_path("test"), false));
        save(name, test[i]);
    }
    assert_done(gz_safetensors_write(scratch_path("train.safetensors"), train, 3, NULL));
    assert_done(gz_safetensors_write(scratch_path("test.safetensors"), test, 3, NULL));
    return 0;
}

static gaze_status open_with(const char *type, const char *path, size_t n_classes, size_t label_rank,
                             gz_data **data)
{
    const gz_data_need need = {
        .n_inputs = 2, .inputs = wanted, .n_classes = n_classes, .label_rank = label_rank};
    const gz_data_spec spec = {.type = type, .path = path};
    return gz_data_open(&spec, &need, data);
}

static gaze_status open_npy(gz_data **data) { return open_with("npy", scratch_folder, 3, 0, data); }

static void assert_samples(const gz_data *data)
{
    float x[3];
    int32_t tokens[2], label;
    void *const inputs[2] = {x, tokens};
    assert_int_equal(gz_data_count(data, GZ_TRAIN), 4);
    assert_int_equal(gz_data_count(data, GZ_TEST), 2);
    assert_int_equal(data->inputs[1].shape[0], 2);
    assert_true(data->has_labels);
    assert_int_equal(data->label_count, 1);
    assert_done(gz_data_fetch(data, GZ_TRAIN, 3, inputs, &label));
    assert_memory_equal(x, train_x + 9, sizeof x);
    assert_memory_equal(tokens, train_ids + 6, sizeof tokens);
    assert_int_equal(label, 2);
    assert_done(gz_data_fetch(data, GZ_TEST, 0, inputs, &label));
    assert_memory_equal(x, test_x, sizeof x);
    assert_int_equal(label, 1);
}

static void samples_of_npy_files_are_fetched(void **state)
{
    (void)state;
    gz_data *data;
    assert_done(open_npy(&data));
    assert_samples(data);
    gz_data_close(data);
}

static void samples_of_safetensors_are_fetched(void **state)
{
    (void)state;
    gz_data *data;
    assert_done(open_with("safetensors", scratch_folder, 3, 0, &data));
    assert_samples(data);
    gz_data_close(data);
}

static void one_safetensors_file_is_the_training_part(void **state)
{
    (void)state;
    gz_data *data;
    assert_done(open_with("safetensors", scratch_path("test.safetensors"), 3, 0, &data));
    assert_int_equal(gz_data_count(data, GZ_TRAIN), 2);
    assert_int_equal(gz_data_count(data, GZ_TEST), 0);
    gz_data_close(data);
}

static void no_test_folder_is_no_error(void **state)
{
    (void)state;
    gz_data *data;
    assert_int_equal(rename(scratch_path("test"), scratch_path("away")), 0);
    assert_done(open_npy(&data));
    assert_int_equal(gz_data_count(data, GZ_TEST), 0);
    gz_data_close(data);
}

static void the_hash_follows_the_files(void **state)
{
    (void)state;
    gz_data *a, *b;
    assert_done(open_npy(&a));
    train_x[5] = 50;
    save("train/x.npy", floats("x", 4, train_x));
    train_x[5] = 5;
    assert_done(open_npy(&b));
    assert_string_not_equal(a->hash.text, b->hash.text);
    gz_data_close(a);
    gz_data_close(b);
}

static void labels_may_be_int64_and_one_a_step(void **state)
{
    (void)state;
    gz_data *data;
    char bytes[128 + 64] = "\x93NUMPY\1\0v\0{'descr': '<i8', 'fortran_order': False, 'shape': (4, 2), }";
    memset(bytes + 10 + 59, ' ', 128 - 69);
    for (int64_t i = 0; i < 8; i++) memcpy(bytes + 128 + 8 * i, &(int64_t){i % 3}, 8);
    write_scratch("train/label.npy", bytes, sizeof bytes);
    int32_t steps[4] = {2, 1, 0, 1};
    save("test/label.npy", (gaze_array){.dtype = GAZE_INT32, .rank = 2, .shape = {2, 2}, .data = steps});
    assert_done(open_with("npy", scratch_folder, 3, 1, &data));
    assert_int_equal(data->label_count, 2);
    float x[3];
    int32_t tokens[2], label[2];
    assert_done(gz_data_fetch(data, GZ_TRAIN, 3, (void *[]){x, tokens}, label));
    assert_int_equal(label[0], 0);
    assert_int_equal(label[1], 1);
    gz_data_close(data);
    assert_refused(open_npy(&data), GAZE_ERROR_DATA,
                   "train/label.npy: the shape is [4,2], expected [samples]", NULL);
}

static void labels_are_not_read_where_no_classes_are(void **state)
{
    (void)state;
    gz_data *data;
    unlink(scratch_path("train/label.npy"));
    assert_refused(open_npy(&data), GAZE_ERROR_DATA, "train/label.npy", "No such file", NULL);
    assert_done(open_with("npy", scratch_folder, 0, 0, &data));
    assert_false(data->has_labels);
    assert_int_equal(data->label_count, 0);
    gz_data_close(data);
}

static void bytes_are_scaled_and_booleans_are_not(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        float value;
    } types[] = {{"|u1", 51 / 255.0f}, {"|b1", 51}};
    for (int i = 0; i < 2; i++) {
        gz_data *data;
        char bytes[128 + 12] = "\x93NUMPY\1\0v\0";
        snprintf(bytes + 10, 100, "{'descr': '%s', 'fortran_order': False, 'shape': (4, 3), }",
                 types[i].type);
        memset(bytes + 10 + 59, ' ', 128 - 69);
        for (char k = 0; k < 12; k++) bytes[128 + k] = (char)(40 + k);
        write_scratch("train/x.npy", bytes, sizeof bytes);
        assert_done(open_npy(&data));
        float x[3];
        int32_t tokens[2], label;
        assert_done(gz_data_fetch(data, GZ_TRAIN, 3, (void *[]){x, tokens}, &label));
        assert_true(x[2] == types[i].value);
        gz_data_close(data);
    }
}

static void shapes_and_types_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    gz_data *data;
    save("train/x.npy", (gaze_array){.rank = 2, .shape = {3, 4}, .data = train_x});
    assert_refused(open_npy(&data), GAZE_ERROR_DATA,
                   "train/x.npy: the shape is [3,4], expected [samples,3] for input 'x'", NULL);
    save("train/x.npy", (gaze_array){.rank = 1, .shape = {12}, .data = train_x});
    assert_refused(open_npy(&data), GAZE_ERROR_DATA, "[12]", "[samples,3]", NULL);
    write_good(NULL);
    save("test/ids.npy", (gaze_array){.dtype = GAZE_INT32, .rank = 2, .shape = {2, 1}, .data = test_ids});
    assert_refused(open_npy(&data), GAZE_ERROR_DATA, "test/ids.npy: the shape is [2,1], expected [samples,2]",
                   NULL);
    save("test/ids.npy", (gaze_array){.rank = 2, .shape = {2, 2}, .data = test_x});
    assert_refused(open_npy(&data), GAZE_ERROR_DATA,
                   "test/ids.npy: holds floats, expected integers for input 'ids'", NULL);
}

static void counts_that_differ_name_both_files(void **state)
{
    (void)state;
    gz_data *data;
    save("train/ids.npy", ids(3, train_ids));
    assert_refused(open_npy(&data), GAZE_ERROR_DATA, "train/ids.npy: 3 samples, expected 4", "train/x.npy",
                   NULL);
    write_good(NULL);
    save("test/label.npy", labels(1, test_label));
    assert_refused(open_npy(&data), GAZE_ERROR_DATA, "test/label.npy: 1 samples, expected 2", "test/x.npy",
                   NULL);
    save("test/x.npy", floats("x", 0, test_x));
    assert_refused(open_npy(&data), GAZE_ERROR_DATA, "test/x.npy: holds no samples", NULL);
}

static void a_label_out_of_range_names_the_sample(void **state)
{
    (void)state;
    gz_data *data;
    int32_t wrong[4] = {0, 1, 2, -1};
    save("train/label.npy", labels(4, wrong));
    assert_refused(open_npy(&data), GAZE_ERROR_DATA,
                   "train/label.npy: the label of sample 3 is -1, expected 0..2", NULL);
    wrong[3] = 3;
    save("train/label.npy", labels(4, wrong));
    assert_refused(open_npy(&data), GAZE_ERROR_DATA, "sample 3 is 3", NULL);
}

static void one_hot_labels_are_refused_with_advice(void **state)
{
    (void)state;
    gz_data *data;
    save("train/label.npy", floats("label", 4, train_x));
    assert_refused(open_npy(&data), GAZE_ERROR_DATA, "train/label.npy: holds floats", "argmax", NULL);
}

static void a_sample_in_both_parts_is_an_error(void **state)
{
    (void)state;
    gz_data *data;
    memcpy(test_x + 3, train_x + 6, 12);
    save("test/x.npy", floats("x", 2, test_x));
    assert_done(open_npy(&data)); /* the other input still differs */
    gz_data_close(data);
    int32_t shared[4] = {10, 11, 4, 5};
    save("test/ids.npy", ids(2, shared));
    assert_refused(open_npy(&data), GAZE_ERROR_DATA, scratch_folder,
                   "sample 2 of the training part is sample 1 of the test part", NULL);
    memcpy(test_x + 3, (float[]){23, 24, 25}, 12);
}

static void missing_arrays_are_named(void **state)
{
    (void)state;
    gz_data *data;
    const gaze_array one = floats("xs", 4, train_x);
    unlink(scratch_path("train/ids.npy"));
    assert_refused(open_npy(&data), GAZE_ERROR_DATA, "train/ids.npy", "No such file", NULL);
    assert_done(gz_safetensors_write(scratch_path("train.safetensors"), &one, 1, NULL));
    assert_refused(open_with("safetensors", scratch_folder, 3, 0, &data), GAZE_ERROR_DATA, "no tensor 'x'",
                   NULL);
    assert_refused(open_with("npy", "/no/such", 3, 0, &data), GAZE_ERROR_DATA,
                   "/no/such/train: there is no such folder", NULL);
    assert_refused(open_with("npy", NULL, 3, 0, &data), GAZE_ERROR_USAGE, "npy:FOLDER", NULL);
    assert_refused(open_with("safetensors", "", 3, 0, &data), GAZE_ERROR_USAGE, "safetensors:FOLDER", NULL);
}

int main(void)
{
#define GOOD(test) cmocka_unit_test_setup(test, write_good)
    const struct CMUnitTest tests[] = {
        GOOD(samples_of_npy_files_are_fetched),
        GOOD(samples_of_safetensors_are_fetched),
        GOOD(one_safetensors_file_is_the_training_part),
        GOOD(no_test_folder_is_no_error),
        GOOD(the_hash_follows_the_files),
        GOOD(labels_may_be_int64_and_one_a_step),
        GOOD(labels_are_not_read_where_no_classes_are),
        GOOD(bytes_are_scaled_and_booleans_are_not),
        GOOD(shapes_and_types_that_do_not_fit_are_refused),
        GOOD(counts_that_differ_name_both_files),
        GOOD(a_label_out_of_range_names_the_sample),
        GOOD(one_hot_labels_are_refused_with_advice),
        GOOD(a_sample_in_both_parts_is_an_error),
        GOOD(missing_arrays_are_named),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
