#include "on_device.h"

static void weighted_sum_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_weighted_sum);
}

static void outer_rows_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_outer_rows);
}

static void row_dot_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_row_dot);
}

static void scale_rows_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_scale_rows);
}

static void weighted_sum_adds_the_tokens_of_its_own_sample(void **state)
{
    (void)state;
    gz_tensor *a = input(GZ_SHAPE(2, 2)), *h = input(GZ_SHAPE(2, 2, 3)), *y;
    assert_ok(gz_weighted_sum(graph, a, h, &y));
    make_plan(KEEP(y));
    write_values(a, 1, 10, 2, -1);
    write_values(h, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 1, 1);
    run_plan();
    assert_reads(y, 0, 41, 52, 63, 13, 15, 17);
}

static void outer_rows_repeats_the_row_of_a_sample(void **state)
{
    (void)state;
    gz_tensor *a = input(GZ_SHAPE(2, 2)), *v = input(GZ_SHAPE(2, 3)), *y;
    assert_ok(gz_outer_rows(graph, a, v, &y));
    make_plan(KEEP(y));
    write_values(a, 1, 10, 2, -1);
    write_values(v, 1, 2, 3, 4, 5, 6);
    run_plan();
    assert_reads(y, 0, 1, 2, 3, 10, 20, 30, 8, 10, 12, -4, -5, -6);
}

static void row_dot_takes_a_row_each_or_one_a_sample(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(2, 2, 2)), *z = input(GZ_SHAPE(2, 2, 2)), *v = input(GZ_SHAPE(2, 2)), *each,
              *one;
    assert_ok(gz_row_dot(graph, x, z, 0.5, &each));
    assert_ok(gz_row_dot(graph, x, v, 1, &one));
    make_plan(KEEP(each, one));
    write_values(x, 1, 2, 3, 4, 5, 6, 7, 8);
    write_values(z, 2, 0, 0, 2, 1, 1, -1, 1);
    write_values(v, 1, 0, 0, 1);
    run_plan();
    assert_reads(each, 0, 1, 4, 5.5f, 0.5f);
    assert_reads(one, 0, 1, 3, 6, 8);
}

/* additive_scale: y_t = N a_t h_t; the scale may come as [...] or [...,1]. */
static void scale_rows_takes_one_value_a_row(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(1, 2, 3)), *s = input(GZ_SHAPE(1, 2)), *t = input(GZ_SHAPE(1, 2, 1)), *y,
              *u;
    assert_ok(gz_scale_rows(graph, x, s, 2, &y));
    assert_ok(gz_scale_rows(graph, x, t, 1, &u));
    make_plan(KEEP(y, u));
    write_values(x, 1, 2, 3, 4, 5, 6);
    write_values(s, 1, -1);
    write_values(t, 10, 0);
    run_plan();
    assert_reads(y, 0, 2, 4, 6, -8, -10, -12);
    assert_reads(u, 0, 10, 20, 30, 0, 0, 0);
}

static void assert_says(gaze_status status, const char *words)
{
    assert_int_equal(status, GAZE_ERROR_MODEL);
    if (!strstr(gaze_message(), words)) fail_msg("\"%s\" does not say \"%s\"", gaze_message(), words);
}

static void shapes_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    gz_tensor *matrix = input(GZ_SHAPE(2, 3)), *tokens = input(GZ_SHAPE(2, 4, 3)), *y;
    assert_says(gz_weighted_sum(graph, matrix, tokens, &y),
                "shapes [2,3] and [2,4,3], expected a [B,N] and h [B,N,D]");
    assert_says(gz_outer_rows(graph, matrix, tokens, &y), "expected a [B,N] and v [B,D]");
    assert_says(gz_row_dot(graph, matrix, tokens, 1, &y), "expected two of one shape");
    assert_says(gz_scale_rows(graph, tokens, matrix, 1, &y), "expected x [...,D] and s [...] or [...,1]");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_graph, close_graph)
    const struct CMUnitTest tests[] = {
        TEST(weighted_sum_holds_its_cases),
        TEST(outer_rows_holds_its_cases),
        TEST(row_dot_holds_its_cases),
        TEST(scale_rows_holds_its_cases),
        TEST(weighted_sum_adds_the_tokens_of_its_own_sample),
        TEST(outer_rows_repeats_the_row_of_a_sample),
        TEST(row_dot_takes_a_row_each_or_one_a_sample),
        TEST(scale_rows_takes_one_value_a_row),
        TEST(shapes_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, open_device, close_device);
}
