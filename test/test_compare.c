/* The limits of verification, at their edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>

#include "../engine/verify/compare.h"

static gz_difference compare_one(gz_limit limit, double magnitude, double amplification, float got,
                                 double want)
{
    return gz_compare(&(gz_compared){.limit = limit,
                                     .amplification = amplification,
                                     .magnitude = &magnitude,
                                     .count = 1,
                                     .row = 1,
                                     .got = &got,
                                     .want = &want});
}

static bool passes(gz_limit limit, float got, double want)
{
    const gz_difference d = compare_one(limit, 0, 1, got, want);
    return !d.n_wrong && !d.n_not_finite;
}

static const gz_limit EXACT = {GZ_EXACT, 0};

static void exact_means_the_nearest_float(void **state)
{
    (void)state;
    assert_true(passes(EXACT, 0.1f, 0.1));
    assert_true(passes(EXACT, 16777216.0f, 16777216.0));
    assert_false(passes(EXACT, nextafterf(0.1f, 1), 0.1));
    assert_true(passes(EXACT, 0.0f, -0.0));
}

static void denormal_may_be_flushed_to_zero_but_not_to_another(void **state)
{
    (void)state;
    assert_true(passes(EXACT, 0.0f, 1e-40));
    assert_true(passes(EXACT, 1e-40f, (double)1e-40f));
    assert_false(passes(EXACT, 2e-40f, 1e-40));
    assert_false(passes(EXACT, 0.0f, (double)FLT_MIN));
}

static void subnormal_inputs_may_count_as_zeros_but_not_as_others(void **state)
{
    (void)state;
    const double want[] = {3.8e-6, NAN, 1}, flushed[] = {0, -0.0, 1};
    const struct {
        float got[3];
        size_t n_wrong, n_not_finite;
    } all[] = {{{3.8e-6f, NAN, 1}, 0, 0},
               {{0, -0.0f, 1}, 0, 0},
               {{1.9e-6f, 0, 1}, 1, 0},
               {{0, INFINITY, 1}, 0, 1},
               {{-3.8e-6f, NAN, 2}, 2, 0}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const gz_difference d = gz_compare(&(gz_compared){.limit = {GZ_RELATIVE, 3},
                                                          .by_element = true,
                                                          .count = 3,
                                                          .row = 1,
                                                          .got = all[i].got,
                                                          .want = want,
                                                          .flushed = flushed});
        assert_int_equal(d.n_wrong, all[i].n_wrong);
        assert_int_equal(d.n_not_finite, all[i].n_not_finite);
    }
}

static void sum_is_bound_by_its_terms_and_their_magnitude(void **state)
{
    (void)state;
    const gz_limit sum = {GZ_SUM, 98}; /* gamma(100) of magnitude 1000: 0.00596 */
    assert_int_equal(compare_one(sum, 1000, 1, 1.0059f, 1).n_wrong, 0);
    assert_int_equal(compare_one(sum, 1000, 1, 1.0061f, 1).n_wrong, 1);
    assert_int_equal(compare_one(sum, 1000, 8, 1.047f, 1).n_wrong, 0);
    assert_int_equal(compare_one(sum, 1000, 8, 1.049f, 1).n_wrong, 1);
}

static void sum_of_nothing_may_err_by_one_unit(void **state)
{
    (void)state;
    const gz_limit sum = {GZ_SUM, 10};
    assert_int_equal(compare_one(sum, 0, 1, nextafterf(1, 2), 1).n_wrong, 0);
    assert_int_equal(compare_one(sum, 0, 1, nextafterf(nextafterf(1, 2), 2), 1).n_wrong, 1);
}

static void relative_is_to_the_largest_of_the_row(void **state)
{
    (void)state;
    const float got[4] = {100, 0.001f, 1, 0.001f};
    const double want[4] = {100, 0, 1, 0};
    const gz_compared two_rows = {
        .limit = {GZ_RELATIVE, 100}, .amplification = 1, .count = 4, .row = 2, .got = got, .want = want};
    const gz_difference d = gz_compare(&two_rows); /* 100 * 2^-23 * 100 = 0.00119; of the second row 1.2e-5 */
    assert_int_equal(d.n_wrong, 1);
    assert_int_equal(d.at, 3);
}

static void relative_by_element_takes_no_help_from_the_row(void **state)
{
    (void)state;
    const float got[2] = {1e30f, 1.001f};
    const double want[2] = {(double)1e30f, 1};
    gz_compared c = {
        .limit = {GZ_RELATIVE, 5}, .amplification = 1, .count = 2, .row = 2, .got = got, .want = want};
    assert_int_equal(gz_compare(&c).n_wrong, 0);
    c.by_element = true;
    assert_int_equal(gz_compare(&c).n_wrong, 1);
}

static void absolute_grows_with_the_value(void **state)
{
    (void)state;
    const gz_limit absolute = {GZ_ABSOLUTE, 1e-3};
    assert_true(passes(absolute, 0.0009f, 0));
    assert_false(passes(absolute, 0.0011f, 0));
    assert_true(passes(absolute, 100.1f, 100));
    assert_false(passes(absolute, 100.11f, 100));
}

static void nan_agrees_with_nan_alone(void **state)
{
    (void)state;
    const gz_limit loose = {GZ_ABSOLUTE, 1e30};
    assert_true(passes(loose, NAN, (double)NAN));
    assert_false(passes(loose, NAN, 1));
    assert_false(passes(loose, 1, (double)NAN));
    assert_false(passes(loose, INFINITY, (double)NAN));
}

static void infinity_agrees_with_the_same_infinity_alone(void **state)
{
    (void)state;
    const gz_limit loose = {GZ_ABSOLUTE, 1e30};
    assert_true(passes(loose, INFINITY, (double)INFINITY));
    assert_true(passes(loose, INFINITY, 1e39)); /* beyond float */
    assert_false(passes(loose, -INFINITY, (double)INFINITY));
    assert_false(passes(loose, INFINITY, 1));
    assert_false(passes(loose, 1, (double)INFINITY));
    assert_false(passes(loose, FLT_MAX, 1e39));
}

static void worst_error_says_where_and_how_much(void **state)
{
    (void)state;
    const float got[3] = {1, 2.5f, 3.25f};
    const double want[3] = {1, 2, 3};
    const gz_difference d = gz_compare(&(gz_compared){
        .limit = {GZ_ABSOLUTE, 0.5}, .amplification = 1, .count = 3, .row = 3, .got = got, .want = want});
    assert_int_equal(d.at, 1);
    assert_int_equal(d.n_wrong, 0);
    assert_true(fabs(d.worst - 1.0 / 3) < 1e-9);
    assert_true(fabs(d.limit - 1.5) < 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_means_the_nearest_float),
        cmocka_unit_test(denormal_may_be_flushed_to_zero_but_not_to_another),
        cmocka_unit_test(subnormal_inputs_may_count_as_zeros_but_not_as_others),
        cmocka_unit_test(sum_is_bound_by_its_terms_and_their_magnitude),
        cmocka_unit_test(sum_of_nothing_may_err_by_one_unit),
        cmocka_unit_test(relative_is_to_the_largest_of_the_row),
        cmocka_unit_test(relative_by_element_takes_no_help_from_the_row),
        cmocka_unit_test(absolute_grows_with_the_value),
        cmocka_unit_test(nan_agrees_with_nan_alone),
        cmocka_unit_test(infinity_agrees_with_the_same_infinity_alone),
        cmocka_unit_test(worst_error_says_where_and_how_much),
    };
    return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
