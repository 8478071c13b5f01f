/* A checkpoint is whole, or it is not taken. */
#include "scratch.h"

#include "../engine/train/checkpoint.h"

enum { MOMENTS = 1, STEP = 120 };

static const gz_identity identity = {"model", "data", 7, 32, "adam"};
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

static void save(void)
{
    gz_store *store = make_store(values);
    const gz_place place = {STEP, 3, 20};
    assert_done(gz_checkpoint_save(scratch_folder, store, MOMENTS, &place, &identity, 2));
    gz_store_destroy(store);
}

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
    assert_int_equal(place.epoch, 3);
    assert_int_equal(place.batch, 20);
    assert_done(gz_store_read(store, GZ_SLAB_PARAMETER, 0, found_values, 4));
    assert_memory_equal(found_values, values, sizeof values);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_saved_is_where_a_run_goes_on),
        cmocka_unit_test(any_bit_that_flips_is_noticed),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
