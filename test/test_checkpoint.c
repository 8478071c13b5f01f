/* A checkpoint is whole, or it is not taken. */
#include "scratch.h"

#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../engine/io/safetensors.h"
#include "../engine/train/checkpoint.h"

enum { MOMENTS = 1, PER_EPOCH = 33, STEP = 120, EPOCH = 3, BATCH = STEP - EPOCH * PER_EPOCH };

static const gz_identity identity = {"model", "data", 7, 32, "adam", PER_EPOCH};
static const float values[4] = {1, -2, 3, 0.5f};

static gz_store *make_store(const float *parameter)
{
    gz_store *store;
    assert_done(gz_store_create(NULL, &store));
    assert_done(gz_store_declare(store, "d.kernel", GZ_PARAMETER, GZ_SHAPE(2, 2)));
    assert_done(gz_store_declare(store, "d.bias", GZ_PARAMETER, GZ_SHAPE(2)));
    assert_done(gz_store_declare(store, "sums", GZ_STATE, GZ_SHAPE(4)));
    assert_done(gz_store_allocate(store, true, MOMENTS));
    assert_done(gz_store_write(store, GZ_SLAB_PARAMETER, 0, parameter, 4));
    return store;
}

static void save_at(gz_place place)
{
    gz_store *store = make_store(values);
    assert_done(gz_checkpoint_save(scratch_folder, store, MOMENTS, &place, &identity, 2));
    gz_store_destroy(store);
}

static void save(void) { save_at((gz_place){STEP, EPOCH, BATCH}); }

static void what_is_saved_is_where_a_run_goes_on(void **state)
{
    (void)state;
    float found_values[4];
    gz_store *store = make_store((float[4]){0});
    gz_place place;
    bool found;
    save();
    assert_done(gz_checkpoint_resume(scratch_folder, store, MOMENTS, &identity, &place, &found));
    assert_true(found);
    assert_int_equal(place.step, STEP);
    assert_int_equal(place.epoch, EPOCH);
    assert_int_equal(place.batch, BATCH);
    assert_done(gz_store_read(store, GZ_SLAB_PARAMETER, 0, found_values, 4));
    assert_memory_equal(found_values, values, sizeof values);
    gz_store_destroy(store);
}

/* A run that is killed after it wrote one and before it removed the others leaves one more than it keeps: the
   next one doesn't add to them. */
static void old_ones_go_before_a_new_one_comes(void **state)
{
    (void)state;
    size_t *steps, count;
    gz_store *store = make_store(values);
    const gz_place place = {STEP, EPOCH, BATCH};
    assert_done(gz_checkpoint_clear(scratch_folder));
    for (size_t step = 110; step < 113; step++) save_at((gz_place){step, EPOCH, step - EPOCH * PER_EPOCH});
    write_scratch("checkpoint-109.safetensors", "old", 3);
    assert_int_equal(mkdir(scratch_path("checkpoint-120.safetensors"), 0700), 0); /* it can't be written */
    assert_int_not_equal(gz_checkpoint_save(scratch_folder, store, MOMENTS, &place, &identity, 2), GAZE_OK);
    assert_int_equal(rmdir(scratch_path("checkpoint-120.safetensors")), 0);
    assert_done(gz_checkpoint_list(scratch_folder, &steps, &count));
    assert_int_equal(count, 1);
    assert_int_equal(steps[0], 112);
    assert_done(gz_checkpoint_clear(scratch_folder));
    free(steps);
    gz_store_destroy(store);
}

/* Otherwise it would be one of the two that are kept, and the one before the next would be no help. */
static void a_damaged_one_goes_when_the_run_goes_on(void **state)
{
    (void)state;
    gz_place place;
    bool found;
    size_t *steps, count;
    gz_store *store = make_store((float[4]){0});
    assert_done(gz_checkpoint_clear(scratch_folder));
    save_at((gz_place){110, EPOCH, 110 - EPOCH * PER_EPOCH});
    write_scratch("checkpoint-115.safetensors", "damaged", 7);
    assert_done(gz_checkpoint_resume(scratch_folder, store, MOMENTS, &identity, &place, &found));
    assert_true(found);
    assert_int_equal(place.step, 110);
    save();
    assert_done(gz_checkpoint_list(scratch_folder, &steps, &count));
    assert_int_equal(count, 2);
    assert_int_equal(steps[0], 110);
    assert_int_equal(steps[1], STEP);
    assert_done(gz_checkpoint_clear(scratch_folder));
    free(steps);
    gz_store_destroy(store);
}

/* Names, shapes, values, padding, and the place in the run. */
static void any_bit_that_flips_is_noticed(void **state)
{
    (void)state;
    char *bytes;
    size_t size;
    gz_store *store = make_store((float[4]){0});
    save();
    assert_done(gz_file_read(scratch_path("checkpoint-120.safetensors"), 1 << 20, &bytes, &size));
    for (size_t i = 0; i < size * 8; i++) {
        gz_place place;
        bool found;
        bytes[i / 8] = (char)(bytes[i / 8] ^ 1 << i % 8);
        write_scratch("checkpoint-120.safetensors", bytes, size);
        if (gz_checkpoint_resume(scratch_folder, store, MOMENTS, &identity, &place, &found) == GAZE_OK)
            fail_msg("bit %zu of byte %zu flipped unnoticed", i % 8, i / 8);
        assert_false(found);
        bytes[i / 8] = (char)(bytes[i / 8] ^ 1 << i % 8);
    }
    free(bytes);
    gz_store_destroy(store);
}

/* The hash that a checkpoint has over its arrays and the rest of its metadata. */
static void hash_contents(const gz_safetensors *file, const char **metadata, char text[17])
{
    uint64_t hash = 0;
    for (size_t i = 0; i < file->count; i++) {
        const gaze_array *a = &file->arrays[i];
        size_t count = 1;
        for (size_t d = 0; d < a->rank; d++) count *= a->shape[d];
        hash = gz_hash_number(a->name, strlen(a->name) + 1, hash);
        hash = gz_hash_number(a->data, count * 4, hash);
    }
    for (size_t i = 0; metadata[i]; i++)
        if (strcmp(metadata[i - i % 2], "hash"))
            hash = gz_hash_number(metadata[i], strlen(metadata[i]) + 1, hash);
    snprintf(text, 17, "%016" PRIx64, hash);
}

/* A checkpoint that is whole, with another value for `key`. */
static void forge(const char *key, const char *value)
{
    const char *path = scratch_path("checkpoint-120.safetensors"), *words[64] = {0};
    char hash[17];
    gz_safetensors file;
    save();
    assert_done(gz_safetensors_read(path, &file));
    for (size_t i = 0; file.metadata[i]; i++)
        words[i] = i % 2 && !strcmp(file.metadata[i - 1], key) ? value : file.metadata[i];
    hash_contents(&file, words, hash);
    for (size_t i = 0; words[i]; i += 2)
        if (!strcmp(words[i], "hash")) words[i + 1] = hash;
    assert_done(gz_safetensors_write(path, file.arrays, file.count, words));
    gz_safetensors_free(&file);
}

static gaze_status resume(void)
{
    gz_store *store = make_store(values);
    gz_place place;
    bool found;
    const gaze_status status =
        gz_checkpoint_resume(scratch_folder, store, MOMENTS, &identity, &place, &found);
    gz_store_destroy(store);
    return status;
}

static void what_is_forged_as_it_was_is_taken(void **state)
{
    (void)state;
    forge("step", "120");
    assert_done(resume());
}

static void a_place_that_is_no_number_is_refused(void **state)
{
    static const char *const keys[] = {"step", "epoch", "batch"};
    static const char *const words[] = {"", "-1", "1e3", "nan", "0x7", " 7", "7.5", "18446744073709551616"};
    (void)state;
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
            char quoted[32];
            snprintf(quoted, sizeof quoted, "\"%s\"", words[i]);
            forge(keys[k], words[i]);
            assert_refused(resume(), GAZE_ERROR_DATA, "checkpoint-120", keys[k], quoted, "whole number",
                           NULL);
        }
}

static void a_place_that_no_run_can_be_at_is_refused(void **state)
{
    (void)state;
    forge("batch", "33");
    assert_refused(resume(), GAZE_ERROR_DATA, "checkpoint-120", "\"batch\" is 33", "0 to 32", NULL);
    forge("batch", "20");
    assert_refused(resume(), GAZE_ERROR_DATA, "checkpoint-120", "\"step\" is 120", "expected 119", NULL);
    forge("epoch", "18446744073709551615");
    assert_refused(resume(), GAZE_ERROR_DATA, "checkpoint-120", "\"epoch\"", "expected 3 at most", NULL);
    forge("epoch", "2");
    assert_refused(resume(), GAZE_ERROR_DATA, "checkpoint-120", "\"step\" is 120", "expected 87", NULL);
    forge("step", "121");
    assert_refused(resume(), GAZE_ERROR_DATA, "checkpoint-120", "\"step\" is 121", "expected 120", NULL);
}

/* For pictures of the weights as training went on. */
static void it_is_refused_for_predictions_too(void **state)
{
    gz_store *store = make_store(values);
    gz_place place;
    (void)state;
    forge("epoch", "-1");
    assert_refused(gz_checkpoint_load(scratch_folder, STEP, "model", store, &place), GAZE_ERROR_DATA,
                   "checkpoint-120", "\"epoch\"", "\"-1\"", NULL);
    gz_store_destroy(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_saved_is_where_a_run_goes_on),
        cmocka_unit_test(old_ones_go_before_a_new_one_comes),
        cmocka_unit_test(a_damaged_one_goes_when_the_run_goes_on),
        cmocka_unit_test(any_bit_that_flips_is_noticed),
        cmocka_unit_test(what_is_forged_as_it_was_is_taken),
        cmocka_unit_test(a_place_that_is_no_number_is_refused),
        cmocka_unit_test(a_place_that_no_run_can_be_at_is_refused),
        cmocka_unit_test(it_is_refused_for_predictions_too),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
