/* The data that ops are verified with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>

#include "../engine/verify/fill.h"

enum { COUNT = 4000 };
static float values[COUNT], others[COUNT];

static void fill(gz_fill kind) { gz_fill_floats(kind, gz_key_make(1, "test"), 0, values, COUNT); }

static size_t count_of(float wanted)
{
    size_t count = 0;
    for (size_t i = 0; i < COUNT; i++) count += memcmp(&values[i], &wanted, sizeof wanted) == 0;
    return count;
}

static void special_has_every_power_of_two_with_both_signs(void **state)
{
    (void)state;
    fill(GZ_FILL_SPECIAL);
    for (int exponent = -149; exponent <= 127; exponent++) {
        assert_true(count_of(ldexpf(1, exponent)) > 0);
        assert_true(count_of(-ldexpf(1, exponent)) > 0);
    }
}

static void special_begins_with_zeros_infinities_and_nan(void **state)
{
    (void)state;
    size_t nans = 0;
    fill(GZ_FILL_SPECIAL);
    for (size_t i = 0; i < 12; i++) nans += isnan(values[i]) != 0;
    assert_int_equal(nans, 1);
    assert_int_equal(count_of(0.0f), 1);
    assert_int_equal(count_of(-0.0f), 1);
    assert_int_equal(count_of(INFINITY), 1);
    assert_int_equal(count_of(-INFINITY), 1);
    assert_int_equal(count_of(FLT_MAX), 1);
}

static void second_input_has_the_same_specials_in_another_order(void **state)
{
    (void)state;
    fill(GZ_FILL_SPECIAL);
    gz_fill_floats(GZ_FILL_SPECIAL, gz_key_make(1, "test"), 1, others, COUNT);
    assert_memory_not_equal(values, others, sizeof values);
    memcpy(values, others, sizeof values);
    assert_int_equal(count_of(-INFINITY), 1);
    assert_int_equal(count_of(-ldexpf(1, -149)), 1);
}

static void integers_are_whole_and_at_most_4(void **state)
{
    (void)state;
    fill(GZ_FILL_INTEGER);
    for (size_t i = 0; i < COUNT; i++) assert_true(values[i] == floorf(values[i]) && fabsf(values[i]) <= 4);
    assert_true(count_of(4) > 300 && count_of(-4) > 300);
}

static void wide_reaches_from_1e_minus_4_to_1e4(void **state)
{
    (void)state;
    size_t small = 0, large = 0, negative = 0;
    fill(GZ_FILL_WIDE);
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(fabsf(values[i]) >= 0.99e-4f && fabsf(values[i]) <= 1.01e4f);
        small += fabsf(values[i]) < 1e-3f;
        large += fabsf(values[i]) > 1e3f;
        negative += values[i] < 0;
    }
    assert_true(small > COUNT / 10 && large > COUNT / 10 && negative > COUNT / 3 && negative < COUNT * 2 / 3);
}

static void positive_is_positive(void **state)
{
    (void)state;
    fill(GZ_FILL_POSITIVE);
    for (size_t i = 0; i < COUNT; i++) assert_true(values[i] >= 1e-3f && values[i] <= 1);
}

static int by_size(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void assert_distinct(size_t count)
{
    assert_int_equal(gz_fill_distinct(-1, 1, gz_key_make(1, "test"), 0, values, count), GAZE_OK);
    qsort(values, count, sizeof *values, by_size);
    for (size_t i = 0; i < count; i++) {
        assert_true(fabsf(values[i]) > 1e-5f && fabsf(values[i]) < 1);
        if (i) assert_true(values[i] - values[i - 1] > 1e-4f);
    }
}

static void distinct_values_have_no_ties_and_no_zero(void **state)
{
    (void)state;
    assert_distinct(1);
    assert_distinct(2);
    assert_distinct(3);
    assert_distinct(1001);
    assert_distinct(COUNT);
}

static void distinct_values_differ_between_inputs_of_one_element(void **state)
{
    (void)state;
    assert_int_equal(gz_fill_distinct(-1, 1, gz_key_make(1, "test"), 0, values, 1), GAZE_OK);
    assert_int_equal(gz_fill_distinct(-1, 1, gz_key_make(1, "test"), 1, others, 1), GAZE_OK);
    assert_true(fabsf(values[0] - others[0]) > 1e-3f);
}

static void indices_stay_below_their_limit_and_reach_it(void **state)
{
    (void)state;
    static int32_t indices[COUNT];
    size_t first = 0, last = 0;
    gz_fill_indices(gz_key_make(1, "test"), 0, 10, indices, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        assert_in_range(indices[i], 0, 9);
        first += indices[i] == 0;
        last += indices[i] == 9;
    }
    assert_true(first > 300 && last > 300);
}

static void same_key_gives_the_same_data_and_another_other_data(void **state)
{
    (void)state;
    fill(GZ_FILL_UNIFORM);
    gz_fill_floats(GZ_FILL_UNIFORM, gz_key_make(1, "test"), 0, others, COUNT);
    assert_memory_equal(values, others, sizeof values);
    gz_fill_floats(GZ_FILL_UNIFORM, gz_key_make(2, "test"), 0, others, COUNT);
    assert_memory_not_equal(values, others, sizeof values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(special_has_every_power_of_two_with_both_signs),
        cmocka_unit_test(special_begins_with_zeros_infinities_and_nan),
        cmocka_unit_test(second_input_has_the_same_specials_in_another_order),
        cmocka_unit_test(integers_are_whole_and_at_most_4),
        cmocka_unit_test(wide_reaches_from_1e_minus_4_to_1e4),
        cmocka_unit_test(positive_is_positive),
        cmocka_unit_test(distinct_values_have_no_ties_and_no_zero),
        cmocka_unit_test(distinct_values_differ_between_inputs_of_one_element),
        cmocka_unit_test(indices_stay_below_their_limit_and_reach_it),
        cmocka_unit_test(same_key_gives_the_same_data_and_another_other_data),
    };
    return cmocka_run_group_tests_name("fill", tests, NULL, NULL);
}
