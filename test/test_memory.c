#include "scratch.h"

#include "../engine/base/memory.h"

static void products_and_sums_that_overflow_are_found(void **state)
{
    (void)state;
    size_t result = 7;
    assert_false(gz_multiply(SIZE_MAX / 2 + 1, 2, &result));
    assert_false(gz_add(SIZE_MAX, 1, &result));
    assert_int_equal(result, 7);
    assert_true(gz_multiply(SIZE_MAX / 3, 3, &result));
    assert_int_equal(result, SIZE_MAX / 3 * 3);
    assert_true(gz_multiply(5, 0, &result));
    assert_int_equal(result, 0);
    assert_true(gz_add(SIZE_MAX - 1, 1, &result));
    assert_int_equal(result, SIZE_MAX);
}

static void rounding_up_keeps_multiples(void **state)
{
    (void)state;
    assert_int_equal(gz_round_up(0, 16), 0);
    assert_int_equal(gz_round_up(16, 16), 16);
    assert_int_equal(gz_round_up(17, 16), 32);
    assert_int_equal(gz_round_up(10, 3), 12);
}

static void memory_comes_zeroed_also_none_of_it(void **state)
{
    (void)state;
    int *numbers;
    char *none;
    assert_done(gz_allocate(100, sizeof *numbers, &numbers));
    for (int i = 0; i < 100; i++) assert_int_equal(numbers[i], 0);
    assert_done(gz_allocate(0, 8, &none));
    assert_non_null(none);
    free(numbers);
    free(none);
}

static void memory_that_is_not_there_is_an_error_with_its_size(void **state)
{
    (void)state;
    void *memory = NULL;
    char wanted[32];
    snprintf(wanted, sizeof wanted, "%zu bytes", SIZE_MAX / 4);
    assert_refused(gz_allocate(SIZE_MAX / 4, 1, &memory), GAZE_ERROR_DEVICE, "out of host memory", wanted,
                   NULL);
    assert_refused(gz_allocate(SIZE_MAX / 2, 3, &memory), GAZE_ERROR_DEVICE, "out of host memory", NULL);
    assert_null(memory);
}

static void growing_keeps_what_is_there(void **state)
{
    (void)state;
    size_t *numbers = NULL, capacity = 0;
    for (size_t i = 0; i < 1000; i++) {
        assert_done(gz_grow(&numbers, &capacity, i + 1, sizeof *numbers));
        assert_true(capacity > i);
        numbers[i] = i;
    }
    for (size_t i = 0; i < 1000; i++) assert_int_equal(numbers[i], i);
    assert_int_equal(gz_grow(&numbers, &capacity, SIZE_MAX, sizeof *numbers), GAZE_ERROR_DEVICE);
    assert_int_equal(numbers[999], 999);
    free(numbers);
}

static void an_arena_gives_aligned_zeroed_memory_that_does_not_overlap(void **state)
{
    (void)state;
    gz_arena *arena;
    unsigned char *pieces[200];
    assert_done(gz_arena_create(&arena));
    for (size_t i = 0; i < 200; i++) {
        const size_t bytes = i % 50 == 49 ? 40000 : i;
        pieces[i] = gz_arena_allocate(arena, bytes);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        for (size_t k = 0; k < bytes; k++) assert_int_equal(pieces[i][k], 0);
        memset(pieces[i], (int)i, bytes);
    }
    for (size_t i = 1; i < 49; i++)
        for (size_t k = 0; k < i; k++) assert_int_equal(pieces[i][k], i);
    gz_arena_destroy(arena);
    gz_arena_destroy(NULL);
}

static void an_arena_copies_and_formats(void **state)
{
    (void)state;
    gz_arena *arena;
    assert_done(gz_arena_create(&arena));
    char source[] = "text";
    const char *copy = gz_arena_copy(arena, source);
    source[0] = 'x';
    assert_string_equal(copy, "text");
    assert_string_equal(gz_arena_format(arena, "%d-%s", 7, copy), "7-text");
    assert_memory_equal(gz_arena_duplicate(arena, "\1\2\3", 3), "\1\2\3", 3);
    assert_null(gz_arena_allocate(arena, SIZE_MAX));
    assert_non_null(strstr(gaze_message(), "out of host memory"));
    gz_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_and_sums_that_overflow_are_found),
        cmocka_unit_test(rounding_up_keeps_multiples),
        cmocka_unit_test(memory_comes_zeroed_also_none_of_it),
        cmocka_unit_test(memory_that_is_not_there_is_an_error_with_its_size),
        cmocka_unit_test(growing_keeps_what_is_there),
        cmocka_unit_test(an_arena_gives_aligned_zeroed_memory_that_does_not_overlap),
        cmocka_unit_test(an_arena_copies_and_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
