/* Student's paired t-test against tables and against the example of Student's own paper. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../engine/statistics/paired.h"

static void assert_near(double found, double expected, double limit)
{
    if (!(fabs(found - expected) <= limit)) fail_msg("%.12g, expected %.12g", found, expected);
}

/* Critical values to three decimals, as every table of the distribution has them. */
static void student_t_is_that_of_the_tables(void **state)
{
    (void)state;
    static const struct {
        size_t freedom;
        double at_5, at_1;
    } rows[] = {{1, 12.706, 63.657}, {2, 4.303, 9.925},  {3, 3.182, 5.841},  {4, 2.776, 4.604},
                {9, 2.262, 3.250},   {10, 2.228, 3.169}, {29, 2.045, 2.756}, {120, 1.980, 2.617}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_near(gz_student_t(0.05, rows[i].freedom), rows[i].at_5, 5.1e-4);
        assert_near(gz_student_t(0.01, rows[i].freedom), rows[i].at_1, 5.1e-4);
    }
}

/* One degree is Cauchy's distribution, 1 - 2/pi atan(t); two have 1 - t / sqrt(2 + t^2). */
static void student_p_is_exact_where_it_has_a_closed_form(void **state)
{
    (void)state;
    assert_near(gz_student_p(1, 1), 0.5, 1e-15);
    assert_near(gz_student_p(-1.7320508075688772, 1), 1.0 / 3, 1e-15);
    assert_near(gz_student_p(1.4142135623730951, 2), 1 - 0.70710678118654752, 1e-15);
    assert_near(gz_student_p(0, 7), 1, 1e-15);
    assert_near(gz_student_p(1e9, 2), 0, 1e-15);
}

/* Student 1908, "The probable error of a mean", table of hours of sleep gained with two drugs. */
static void paired_test_of_students_sleep_data(void **state)
{
    (void)state;
    static const double a[] = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0},
                        b[] = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};
    gaze_paired p;
    gz_paired_test(a, b, 10, &p);
    assert_near(p.mean[0], 0.75, 1e-12);
    assert_near(p.mean[1], 2.33, 1e-12);
    assert_near(p.sd[0], 1.789010, 1e-6);
    assert_near(p.sd[1], 2.002249, 1e-6);
    assert_near(p.difference, -1.58, 1e-12);
    assert_near(p.difference_sd, 1.229995, 1e-6);
    assert_near(p.t, -4.062128, 1e-6);
    assert_near(p.p, 0.002832890, 1e-8);
    assert_near(p.low, -2.4598858, 1e-6);
    assert_near(p.high, -0.7001142, 1e-6);
    assert_near(p.needed, 0.8798858, 1e-6);
}

/* By hand: differences 1, 2, 3; mean 2, sd 1, t = 2 sqrt(3), p = 1 - t / sqrt(2 + t^2) = 1 - sqrt(6/7). */
static void paired_test_of_three_by_hand(void **state)
{
    (void)state;
    gaze_paired p;
    gz_paired_test((const double[]){2, 4, 6}, (const double[]){1, 2, 3}, 3, &p);
    assert_near(p.difference, 2, 1e-15);
    assert_near(p.difference_sd, 1, 1e-15);
    assert_near(p.t, 3.4641016151377544, 1e-14);
    assert_near(p.p, 0.0741799002274486, 1e-13);
}

static void pairs_that_all_differ_alike_have_no_test(void **state)
{
    (void)state;
    gaze_paired p;
    gz_paired_test((const double[]){0.4, 0.6, 0.9}, (const double[]){0.3, 0.5, 0.8}, 3, &p);
    assert_near(p.difference, 0.1, 1e-15);
    assert_true(isnan(p.t) && isnan(p.p) && isnan(p.low) && isnan(p.high) && isnan(p.needed));
    gz_paired_test((const double[]){1, 2}, (const double[]){1, 2}, 2, &p);
    assert_true(p.difference == 0 && isnan(p.t));
}

static void one_pair_has_a_difference_and_no_spread(void **state)
{
    (void)state;
    gaze_paired p;
    gz_paired_test((const double[]){0.75}, (const double[]){0.5}, 1, &p);
    assert_true(p.n == 1 && p.difference == 0.25);
    assert_true(isnan(p.sd[0]) && isnan(p.sd[1]) && isnan(p.difference_sd) && isnan(p.p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(student_t_is_that_of_the_tables),
        cmocka_unit_test(student_p_is_exact_where_it_has_a_closed_form),
        cmocka_unit_test(paired_test_of_students_sleep_data),
        cmocka_unit_test(paired_test_of_three_by_hand),
        cmocka_unit_test(pairs_that_all_differ_alike_have_no_test),
        cmocka_unit_test(one_pair_has_a_difference_and_no_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
