#include "scratch.h"

#include <math.h>

#include "../engine/io/safetensors.h"

static const char *write_tensors(const char *header, const void *data, size_t size)
{
    char bytes[4096];
    const uint64_t length = strlen(header);
    memcpy(bytes, &length, 8);
    memcpy(bytes + 8, header, length);
    if (size) memcpy(bytes + 8 + length, data, size);
    return write_scratch("x.safetensors", bytes, 8 + length + size);
}

/* `header` with 8 bytes of data. */
static void assert_wrong(const char *header, const char *word, const char *other)
{
    gz_safetensors file = {0};
    const char *path = write_tensors(header, "\0\0\0\0\0\0\0", 8);
    assert_refused(gz_safetensors_read(path, &file), GAZE_ERROR_DATA, path, word, other, NULL);
    assert_null(file.arena);
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    float kernel[6] = {1, 2, 3, 4, -0.0f, NAN}, scale = 0.5f;
    int32_t ids[2] = {-7, 1 << 30};
    const gaze_array arrays[3] = {
        {.name = "dense.kernel", .rank = 2, .shape = {2, 3}, .data = kernel},
        {.name = "a \"name\"\n\xc3\xa4", .dtype = GAZE_INT32, .rank = 1, .shape = {2}, .data = ids},
        {.name = "scale", .data = &scale}};
    const char *const metadata[] = {"model", "x", "format", "gaze \\1", NULL};
    gz_safetensors file;
    assert_done(gz_safetensors_write(scratch_path("w.safetensors"), arrays, 3, metadata));
    assert_done(gz_safetensors_read(scratch_path("w.safetensors"), &file));
    assert_int_equal(file.count, 3);
    for (size_t i = 0; i < 3; i++) {
        const gaze_array *found = gz_safetensors_find(&file, arrays[i].name);
        assert_ptr_equal(found, &file.arrays[i]);
        assert_int_equal(found->dtype, arrays[i].dtype);
        assert_int_equal(found->rank, arrays[i].rank);
    }
    assert_memory_equal(file.arrays[0].data, kernel, sizeof kernel);
    assert_memory_equal(file.arrays[0].shape, arrays[0].shape, 2 * sizeof(size_t));
    assert_memory_equal(file.arrays[1].data, ids, sizeof ids);
    assert_memory_equal(file.arrays[2].data, &scale, sizeof scale);
    assert_string_equal(file.types[1], "I32");
    for (size_t i = 0; i < 4; i++) assert_string_equal(file.metadata[i], metadata[i]);
    assert_null(file.metadata[4]);
    assert_null(gz_safetensors_find(&file, "scales"));
    gz_safetensors_free(&file);
}

static void the_data_begins_at_a_multiple_of_8(void **state)
{
    (void)state;
    float value = 7;
    char name[12] = "aaaaaaaaaaa", *bytes;
    size_t size;
    for (size_t length = 1; length < 11; length++) {
        const gaze_array array = {.name = name + length, .data = &value};
        assert_done(gz_safetensors_write(scratch_path("8.safetensors"), &array, 1, NULL));
        assert_done(gz_file_read(scratch_path("8.safetensors"), 1000, &bytes, &size));
        assert_int_equal((size - 4) % 8, 0);
        free(bytes);
    }
}

static void a_file_without_tensors_is_fine(void **state)
{
    (void)state;
    gz_safetensors file;
    assert_done(gz_safetensors_read(write_tensors("{}", NULL, 0), &file));
    assert_int_equal(file.count, 0);
    assert_null(file.metadata[0]);
    gz_safetensors_free(&file);
    assert_done(gz_safetensors_write(scratch_path("none.safetensors"), NULL, 0, NULL));
    assert_done(gz_safetensors_read(scratch_path("none.safetensors"), &file));
    gz_safetensors_free(&file);
}

static void all_types_are_converted(void **state)
{
    (void)state;
    unsigned char data[39] = {0};
    const double f64 = -2.5;
    const int64_t i64 = -9;
    const uint16_t f16[3] = {0x3c00, 0xc100, 0x0001}, bf16[2] = {0x3fc0, 0x7f80};
    memcpy(data, &f64, 8);
    memcpy(data + 8, &i64, 8);
    memcpy(data + 16, f16, 6);
    memcpy(data + 22, bf16, 4);
    data[26] = 200;
    gz_safetensors file;
    assert_done(gz_safetensors_read(
        write_tensors("{\"u8\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[26,27]},"
                      "\"f64\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]},"
                      "\"bf16\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[22,26]},"
                      "\"f16\":{\"dtype\":\"F16\",\"shape\":[3],\"data_offsets\":[16,22]},"
                      "\"i64\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[8,16]}}  ",
                      data, 27),
        &file));
    const float *doubles = file.arrays[0].data, *halves = file.arrays[2].data, *brains = file.arrays[3].data;
    assert_string_equal(file.arrays[4].name, "u8");
    assert_string_equal(file.types[4], "U8");
    assert_int_equal(file.arrays[4].dtype, GAZE_INT32);
    assert_int_equal(*(int32_t *)file.arrays[4].data, 200);
    assert_int_equal(*(int32_t *)file.arrays[1].data, -9);
    assert_true(doubles[0] == -2.5f);
    assert_true(halves[0] == 1 && halves[1] == -2.5f && halves[2] == 0x1p-24f);
    assert_true(brains[0] == 1.5f && isinf(brains[1]));
    gz_safetensors_free(&file);
}

static void every_half_is_the_float_it_stands_for(void **state)
{
    (void)state;
    static const struct {
        uint16_t half;
        float value;
    } known[] = {{0x0000, 0},     {0x03ff, 0x3ffp-24f}, {0x0400, 0x1p-14f},
                 {0x7bff, 65504}, {0xfc00, -INFINITY},  {0x3555, 0x1.554p-2f}};
    gz_safetensors file;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        assert_done(gz_safetensors_read(
            write_tensors("{\"x\":{\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[0,2]}}", &known[i].half,
                          2),
            &file));
        assert_true(*(float *)file.arrays[0].data == known[i].value);
        gz_safetensors_free(&file);
    }
}

static void values_that_do_not_fit_name_tensor_and_element(void **state)
{
    (void)state;
    const int64_t large = 1ll << 40;
    const double huge = 1e39;
    gz_safetensors file;
    assert_refused(
        gz_safetensors_read(
            write_tensors("{\"ids\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]}}", &large, 8),
            &file),
        GAZE_ERROR_DATA, "tensor 'ids'", "element 0 is 1099511627776", NULL);
    assert_refused(
        gz_safetensors_read(
            write_tensors("{\"w\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]}}", &huge, 8),
            &file),
        GAZE_ERROR_DATA, "tensor 'w'", "element 0 is 1e+39", NULL);
}

static void headers_that_claim_more_than_the_file_take_no_memory(void **state)
{
    (void)state;
    gz_safetensors file;
    unsigned char bytes[100] = {0};
    assert_refused(gz_safetensors_read(write_scratch("s", bytes, 7), &file), GAZE_ERROR_DATA,
                   "truncated: 7 bytes", NULL);
    bytes[3] = 0x40; /* 1 GiB */
    assert_refused(gz_safetensors_read(write_scratch("s", bytes, 100), &file), GAZE_ERROR_DATA,
                   "header has 1073741824 bytes", "the file 100", NULL);
    memset(bytes, 0xff, 8);
    assert_refused(gz_safetensors_read(write_scratch("s", bytes, 100), &file), GAZE_ERROR_DATA,
                   "18446744073709551615", NULL);
    assert_wrong("{\"a\":{\"dtype\":\"F32\",\"shape\":[268435456],\"data_offsets\":[0,1073741824]}}",
                 "0..1073741824", "inside its 8 bytes");
    assert_wrong("{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,8]}}",
                 "dimension 1", "tensor 'a'");
    assert_wrong("{\"a\":{\"dtype\":\"U8\",\"shape\":[1e300],\"data_offsets\":[0,8]}}", "dimension 0",
                 "tensor 'a'");
    assert_wrong("{\"a\":{\"dtype\":\"U8\",\"shape\":[-8],\"data_offsets\":[0,8]}}", "dimension 0",
                 "tensor 'a'");
}

static void gaps_and_overlaps_name_the_tensor(void **state)
{
    (void)state;
    assert_wrong("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
                 "\"b\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[5,8]}}",
                 "tensor 'b' begins at byte 5 of the data, expected 4", "gap");
    assert_wrong("{\"b\":{\"dtype\":\"U8\",\"shape\":[5],\"data_offsets\":[3,8]},"
                 "\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}",
                 "tensor 'b' begins at byte 3 of the data, expected 4", "overlaps");
    assert_wrong("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}",
                 "end at byte 4 of the data, expected 8", "belong to none");
    assert_wrong("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
                 "\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}}",
                 "tensor 'a' is there twice", "");
    assert_wrong("{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}",
                 "tensor 'a' has 8 bytes, expected 12", "");
    assert_wrong("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}",
                 "tensor 'a' lies at 8..0", "");
}

static void headers_that_are_wrong_are_refused_with_the_place(void **state)
{
    (void)state;
    assert_wrong("{\"a\xff\":1}", "byte 3 of the header (11 of the file) is not UTF-8", "");
    assert_wrong("{\"a\":}", "not JSON at its byte 5", "13 of the file");
    assert_wrong("{} {}", "not JSON at its byte 3", "");
    assert_wrong("", "not JSON at its byte 0", "");
    assert_wrong("[]", "not a JSON object", "");
    assert_wrong("{\"a\":1}", "tensor 'a' is not a JSON object", "");
    assert_wrong("{\"a\":{\"shape\":[8],\"data_offsets\":[0,8]}}", "tensor 'a' has no \"dtype\"", "");
    assert_wrong("{\"a\":{\"dtype\":\"F8\",\"shape\":[8],\"data_offsets\":[0,8]}}", "dtype F8",
                 "expected F32");
    assert_wrong("{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,8]}}", "no \"shape\"", "");
    assert_wrong("{\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,8],\"data_offsets\":[0,8]}}",
                 "more than 6 dimensions", "");
    assert_wrong("{\"a\":{\"dtype\":\"U8\",\"shape\":[8]}}", "data_offsets", "");
    assert_wrong("{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0.5,8]}}", "data_offsets", "");
    assert_wrong("{\"__metadata__\":{\"x\":1},\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}}",
                 "'x' is not a string", "");
    assert_wrong("{\"__metadata__\":7,\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}}",
                 "__metadata__", "");
}

static void any_cut_of_a_good_file_is_refused(void **state)
{
    (void)state;
    float values[4] = {1, 2, 3, 4};
    const gaze_array arrays[2] = {{.name = "a", .rank = 1, .shape = {3}, .data = values},
                                  {.name = "b", .data = values + 3}};
    const char *path = scratch_path("whole.safetensors");
    char *bytes;
    size_t size;
    gz_safetensors file;
    assert_done(gz_safetensors_write(path, arrays, 2, NULL));
    assert_done(gz_file_read(path, 1000, &bytes, &size));
    for (size_t cut = 0; cut < size; cut++)
        assert_refused(gz_safetensors_read(write_scratch("cut", bytes, cut), &file), GAZE_ERROR_DATA, "cut",
                       NULL);
    free(bytes);
}

static void a_name_of_a_missing_file_is_told(void **state)
{
    (void)state;
    gz_safetensors file;
    assert_refused(gz_safetensors_read(scratch_path("none-such"), &file), GAZE_ERROR_DATA, "none-such",
                   "No such file", NULL);
    assert_refused(gz_safetensors_read(scratch_folder, &file), GAZE_ERROR_DATA, "not a file", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(the_data_begins_at_a_multiple_of_8),
        cmocka_unit_test(a_file_without_tensors_is_fine),
        cmocka_unit_test(all_types_are_converted),
        cmocka_unit_test(every_half_is_the_float_it_stands_for),
        cmocka_unit_test(values_that_do_not_fit_name_tensor_and_element),
        cmocka_unit_test(headers_that_claim_more_than_the_file_take_no_memory),
        cmocka_unit_test(gaps_and_overlaps_name_the_tensor),
        cmocka_unit_test(headers_that_are_wrong_are_refused_with_the_place),
        cmocka_unit_test(any_cut_of_a_good_file_is_refused),
        cmocka_unit_test(a_name_of_a_missing_file_is_told),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
