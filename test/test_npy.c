#include "scratch.h"

#include <math.h>

#include "../engine/io/npy.h"

/* A file of version 1 with this dictionary, padded as numpy does, and data behind it. */
static const char *write_npy(const char *name, const char *dictionary, const void *data, size_t size)
{
    char bytes[4096] = "\x93NUMPY\1";
    const size_t length = strlen(dictionary), padded = (10 + length + 1 + 63) / 64 * 64 - 10;
    bytes[8] = (char)padded;
    bytes[9] = (char)(padded >> 8);
    memset(bytes + 10, ' ', padded);
    memcpy(bytes + 10, dictionary, length);
    bytes[9 + padded] = '\n';
    memcpy(bytes + 10 + padded, data, size);
    return write_scratch(name, bytes, 10 + padded + size);
}

static void assert_wrong(const char *dictionary, const char *word, const char *other)
{
    gaze_array array = {0};
    const float data[4] = {0};
    const char *path = write_npy("wrong.npy", dictionary, data, sizeof data);
    assert_refused(gz_npy_read(path, &array), GAZE_ERROR_DATA, path, word, other, NULL);
    assert_null(array.data);
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    float values[6] = {0, -1.5f, 3.25f, INFINITY, 1e-42f, 7};
    int32_t integers[3] = {INT32_MIN, 0, INT32_MAX};
    const gaze_array floats = {.rank = 3, .shape = {1, 2, 3}, .data = values};
    const gaze_array ints = {.dtype = GAZE_INT32, .rank = 1, .shape = {3}, .data = integers};
    gaze_array array = {.name = "kept"};
    assert_done(gz_npy_write(scratch_path("f.npy"), &floats));
    assert_done(gz_npy_read(scratch_path("f.npy"), &array));
    assert_string_equal(array.name, "kept");
    assert_int_equal(array.dtype, GAZE_FLOAT32);
    assert_int_equal(array.rank, 3);
    assert_memory_equal(array.shape, floats.shape, 3 * sizeof(size_t));
    assert_memory_equal(array.data, values, sizeof values);
    free(array.data);
    assert_done(gz_npy_write(scratch_path("i.npy"), &ints));
    assert_done(gz_npy_read(scratch_path("i.npy"), &array));
    assert_int_equal(array.dtype, GAZE_INT32);
    assert_memory_equal(array.data, integers, sizeof integers);
    free(array.data);
}

/* numpy.save of numpy.float32([[1, 2]]), byte by byte. */
static void the_bytes_are_those_of_numpy(void **state)
{
    (void)state;
    float values[2] = {1, 2};
    const gaze_array array = {.rank = 2, .shape = {1, 2}, .data = values};
    char expected[136] = "\x93NUMPY\1\0v\0{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }",
         *bytes;
    memset(expected + 10 + 59, ' ', 128 - 10 - 59 - 1);
    expected[127] = '\n';
    memcpy(expected + 128, values, 8);
    size_t size;
    assert_done(gz_npy_write(scratch_path("numpy.npy"), &array));
    assert_done(gz_file_read(scratch_path("numpy.npy"), 1000, &bytes, &size));
    assert_int_equal(size, sizeof expected);
    assert_memory_equal(bytes, expected, size);
    free(bytes);
}

static void a_scalar_has_no_dimensions(void **state)
{
    (void)state;
    float value = 7;
    gaze_array array = {.data = &value};
    assert_done(gz_npy_write(scratch_path("scalar.npy"), &array));
    assert_done(gz_npy_read(scratch_path("scalar.npy"), &array));
    assert_int_equal(array.rank, 0);
    assert_true(*(float *)array.data == 7);
    free(array.data);
}

static void an_array_of_nothing_is_read(void **state)
{
    (void)state;
    gaze_array array = {0};
    assert_done(gz_npy_read(
        write_npy("empty.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3), }", "", 0),
        &array));
    assert_int_equal(array.shape[0], 0);
    free(array.data);
}

static void other_types_become_float_or_int32(void **state)
{
    (void)state;
    const double doubles[2] = {1.5, -2};
    const int64_t longs[2] = {-5, 1 << 30};
    const unsigned char bytes[2] = {255, 1};
    gaze_array array = {0};
    assert_done(gz_npy_read(
        write_npy("f8.npy", "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", doubles, 16),
        &array));
    assert_int_equal(array.dtype, GAZE_FLOAT32);
    assert_true(((float *)array.data)[0] == 1.5f && ((float *)array.data)[1] == -2);
    free(array.data);
    assert_done(gz_npy_read(
        write_npy("i8.npy", "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }", longs, 16), &array));
    assert_int_equal(array.dtype, GAZE_INT32);
    assert_true(((int32_t *)array.data)[0] == -5 && ((int32_t *)array.data)[1] == 1 << 30);
    free(array.data);
    const char *const byte_types[] = {"|u1", "|b1"};
    for (int i = 0; i < 2; i++) {
        char text[100];
        snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (2,), }",
                 byte_types[i]);
        assert_done(gz_npy_read(write_npy("u1.npy", text, bytes, 2), &array));
        assert_int_equal(array.dtype, GAZE_INT32);
        assert_int_equal(((int32_t *)array.data)[0], 255);
        free(array.data);
    }
}

static void values_that_do_not_fit_are_named(void **state)
{
    (void)state;
    const double doubles[3] = {1, INFINITY, 1e300};
    const int64_t longs[2] = {0, -3000000000};
    gaze_array array = {0};
    assert_refused(
        gz_npy_read(
            write_npy("f8.npy", "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", doubles, 24),
            &array),
        GAZE_ERROR_DATA, "element 2 is 1e+300", NULL);
    assert_refused(
        gz_npy_read(
            write_npy("i8.npy", "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }", longs, 16),
            &array),
        GAZE_ERROR_DATA, "element 1 is -3000000000", NULL);
}

static void versions_2_and_3_have_longer_headers(void **state)
{
    (void)state;
    const char *dictionary = "{\"descr\": \"<i4\", 'fortran_order': False, 'shape': (1,)}\n";
    gaze_array array = {0};
    for (char version = 2; version <= 3; version++) {
        char bytes[200] = "\x93NUMPY";
        const size_t length = strlen(dictionary);
        bytes[6] = version;
        bytes[8] = (char)length;
        memcpy(bytes + 12, dictionary, length);
        bytes[12 + length] = 9;
        assert_done(gz_npy_read(write_scratch("v.npy", bytes, 12 + length + 4), &array));
        assert_int_equal(*(int32_t *)array.data, 9);
        free(array.data);
    }
}

static void files_that_are_no_arrays_are_refused(void **state)
{
    (void)state;
    gaze_array array = {0};
    assert_refused(gz_npy_read(write_scratch("x.npy", "hello world!", 12), &array), GAZE_ERROR_DATA,
                   "not an .npy file", NULL);
    assert_refused(gz_npy_read(write_scratch("x.npy", "", 0), &array), GAZE_ERROR_DATA, "not an .npy file",
                   NULL);
    assert_refused(gz_npy_read(write_scratch("x.npy", "\x93NUMPY\1\0\1", 9), &array), GAZE_ERROR_DATA,
                   "truncated: 9 bytes", NULL);
    assert_refused(gz_npy_read(write_scratch("x.npy", "\x93NUMPY\4\0\0\0\0\0\0", 13), &array),
                   GAZE_ERROR_DATA, "version 4", NULL);
    assert_refused(gz_npy_read(write_scratch("x.npy", "\x93NUMPY\1\0\x40\0{'", 12), &array), GAZE_ERROR_DATA,
                   "truncated", "needs 74 bytes, the file has 12", NULL);
}

static void headers_that_are_wrong_are_refused_with_the_place(void **state)
{
    (void)state;
    assert_wrong("'descr': '<f4'", "byte 10 is 0x27", "expected '{'");
    assert_wrong("{'descr': '>f4', 'fortran_order': False, 'shape': (4,), }", "'>f4'", "expected '<f4'");
    assert_wrong("{'descr': '<f4', 'fortran_order': True, 'shape': (4,), }", "Fortran order",
                 "ascontiguousarray");
    assert_wrong("{'descr': '<f4', 'fortran_order': None, 'shape': (4,), }", "byte 44", "True or False");
    assert_wrong("{'descr': '<f4', 'fortran_order': False, }", "lacks 'shape'", "");
    assert_wrong("{'descr': '<f4', 'fortran_order': False, 'shape': 4, }", "expected '('", "byte 60");
    assert_wrong("{'descr': '<f4', 'fortran_order': False, 'shape': (4 5), }", "expected ',' or ')'",
                 "byte 63");
    assert_wrong("{'descr': '<f4', 'fortran_order': False, 'shape': (-4,), }", "expected a number",
                 "byte 61");
    assert_wrong("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999,), }",
                 "smaller number", "");
    assert_wrong("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,4), }",
                 "more than 6 dimensions", "");
    assert_wrong("{'descr': '<f4', 'fortran_order': False, 'shape': (4,), 'x': 1}", "expected 'descr'",
                 "byte 66");
    assert_wrong("{'descr': '<f4', 'fortran_order': False, 'shape': (4,)", "expected", "byte");
}

static void sizes_that_lie_take_no_memory(void **state)
{
    (void)state;
    assert_wrong("{'descr': '<f4', 'fortran_order': False, 'shape': (5,), }", "truncated: 144 bytes",
                 "expected 148");
    assert_wrong("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "bytes after the array",
                 "expected 140");
    assert_wrong("{'descr': '<f4', 'fortran_order': False, 'shape': (268435456,), }", "truncated",
                 "expected 1073741952");
    assert_wrong("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }",
                 "larger than any file", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(the_bytes_are_those_of_numpy),
        cmocka_unit_test(a_scalar_has_no_dimensions),
        cmocka_unit_test(an_array_of_nothing_is_read),
        cmocka_unit_test(other_types_become_float_or_int32),
        cmocka_unit_test(values_that_do_not_fit_are_named),
        cmocka_unit_test(versions_2_and_3_have_longer_headers),
        cmocka_unit_test(files_that_are_no_arrays_are_refused),
        cmocka_unit_test(headers_that_are_wrong_are_refused_with_the_place),
        cmocka_unit_test(sizes_that_lie_take_no_memory),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
