#include "models.h"

#include "../engine/io/safetensors.h"

#include <unistd.h>

#define LAYERS "{'name': 'd', 'type': 'dense', 'units': 2}"

static char path[64];
static small_run run;

static int setup(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/gaze-weights-%ld.safetensors", (long)getpid());
    start(&run, read_model(INPUT_STEPS, LAYERS, "'outputs': ['d']"), &(gz_build_options){.batch = 1});
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    finish(&run);
    unlink(path);
    return 0;
}

static void write_file(const gaze_array *arrays, size_t count)
{
    assert_ok(gz_safetensors_write(path, arrays, count, NULL));
}

static float values[8] = {1, 2, 3, 4, 5, 6, 7, 8};
static const gaze_array KERNEL = {"d.kernel", GAZE_FLOAT32, 2, {3, 2}, values};
static const gaze_array BIAS = {"d.bias", GAZE_FLOAT32, 1, {2}, values};

static void read_back(const char *name, float *into)
{
    const gz_store_entry *entry = gz_store_find(run.store, name);
    assert_ok(gz_store_read(run.store, GZ_SLAB_PARAMETER, entry->offset, into, gz_shape_count(entry->shape)));
}

static void what_is_saved_is_what_is_loaded(void **state)
{
    (void)state;
    float before[6], after[6], cleared[6] = {0};
    assert_ok(gz_weights_initialize(&run.built, 5, run.store));
    read_back("d.kernel", before);
    assert_ok(gz_weights_save(path, run.model, &run.built, run.store));
    set_weight(&run, "d.kernel", cleared);
    assert_ok(gz_weights_load(path, &run.built, run.store));
    read_back("d.kernel", after);
    assert_memory_equal(before, after, sizeof before);
    assert_true(before[0] != 0);
}

static void refuse(const gaze_array *arrays, size_t count, const char *first, const char *second)
{
    float kernel[6], marked[6] = {9, 9, 9, 9, 9, 9};
    set_weight(&run, "d.kernel", marked);
    write_file(arrays, count);
    assert_int_equal(gz_weights_load(path, &run.built, run.store), GAZE_ERROR_MODEL);
    assert_message(path, "another model", first, second, NULL);
    read_back("d.kernel", kernel);
    assert_memory_equal(kernel, marked, sizeof kernel);
}

static void a_missing_tensor_is_named(void **state)
{
    (void)state;
    refuse(&KERNEL, 1, "'d.bias'", "1 of 2 tensors are missing");
}

static void another_shape_is_named(void **state)
{
    (void)state;
    const gaze_array arrays[] = {{"d.kernel", GAZE_FLOAT32, 2, {4, 2}, values}, BIAS};
    refuse(arrays, 2, "'d.kernel' has the shape [4,2]", "expected [3,2]");
}

static void a_tensor_too_many_is_named(void **state)
{
    (void)state;
    const gaze_array arrays[] = {KERNEL, BIAS, {"d.bais", GAZE_FLOAT32, 1, {2}, values}};
    refuse(arrays, 3, "'d.bais'", "did you mean 'd.bias'?");
}

static void whole_numbers_are_no_weights(void **state)
{
    (void)state;
    const int32_t whole[2] = {1, 2};
    const gaze_array arrays[] = {KERNEL, {"d.bias", GAZE_INT32, 1, {2}, (void *)(uintptr_t)whole}};
    write_file(arrays, 2);
    assert_int_equal(gz_weights_load(path, &run.built, run.store), GAZE_ERROR_MODEL);
    assert_message("'d.bias'", "whole numbers", NULL);
}

static void a_seed_gives_the_same_weights(void **state)
{
    (void)state;
    float first[6], second[6], other[6];
    assert_ok(gz_weights_initialize(&run.built, 5, run.store));
    read_back("d.kernel", first);
    assert_ok(gz_weights_initialize(&run.built, 6, run.store));
    read_back("d.kernel", other);
    assert_ok(gz_weights_initialize(&run.built, 5, run.store));
    read_back("d.kernel", second);
    assert_memory_equal(first, second, sizeof first);
    assert_memory_not_equal(first, other, sizeof first);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_saved_is_what_is_loaded), TEST(a_missing_tensor_is_named),
        TEST(another_shape_is_named),          TEST(a_tensor_too_many_is_named),
        TEST(whole_numbers_are_no_weights),    TEST(a_seed_gives_the_same_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
