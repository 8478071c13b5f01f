#include "on_device.h"

static const gz_window halves = {{2, 2}, {2, 2}, {1, 1}, GZ_VALID},
                       halves_same = {{2, 2}, {2, 2}, {1, 1}, GZ_SAME},
                       steps = {{1, 3}, {1, 2}, {1, 1}, GZ_VALID};

static void max_pool2d_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_max_pool2d);
}

static void max_pool2d_gradient_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_max_pool2d_gradient);
}

static void average_pool2d_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_average_pool2d);
}

static void average_pool2d_gradient_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_average_pool2d_gradient);
}

static void max_pool2d_never_sees_the_padding(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(1, 3, 3, 1)), *y;
    assert_ok(gz_max_pool2d(graph, x, &halves_same, &y));
    make_plan(KEEP(y));
    write_values(x, -1, -2, -3, -4, -5, -6, -7, -8, -9);
    run_plan();
    assert_reads(y, 0, -1, -3, -7, -9);
}

static void max_pool2d_valid_leaves_the_last_row_and_column_out(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(1, 3, 3, 1)), *y;
    assert_ok(gz_max_pool2d(graph, x, &halves, &y));
    make_plan(KEEP(y));
    write_values(x, 1, 2, 9, 4, 3, 9, 9, 9, 9);
    run_plan();
    assert_reads(y, 0, 4);
}

static void max_pool_gradient_goes_to_the_first_of_equals(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(1, 2, 4, 1)), *dy = input(GZ_SHAPE(1, 1, 2, 1)), *dx;
    assert_ok(gz_max_pool2d_gradient(graph, x, dy, &halves, &dx));
    make_plan(KEEP(dx));
    write_values(x, 0, 0, 1, 2, 0, 0, 2, 2);
    write_values(dy, 5, 7);
    run_plan();
    assert_reads(dx, 0, 5, 0, 0, 7, 0, 0, 0, 0);
}

static void overlapping_windows_add_their_gradients(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(1, 1, 5, 1)), *dy = input(GZ_SHAPE(1, 1, 2, 1)), *dx;
    assert_ok(gz_max_pool2d_gradient(graph, x, dy, &steps, &dx));
    make_plan(KEEP(dx));
    write_values(x, 1, 2, 3, 0, 3);
    write_values(dy, 10, 100);
    run_plan();
    assert_reads(dx, 0, 0, 0, 110, 0, 0);
}

static void pixels_without_a_window_have_no_gradient(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(1, 3, 3, 1)), *dy = input(GZ_SHAPE(1, 1, 1, 1)), *dx, *da;
    assert_ok(gz_max_pool2d_gradient(graph, x, dy, &halves, &dx));
    assert_ok(gz_average_pool2d_gradient(graph, dy, &(gz_pool_attr){halves, {3, 3}}, &da));
    make_plan(KEEP(dx, da));
    write_values(x, 1, 2, 9, 4, 3, 9, 9, 9, 9);
    write_values(dy, 4);
    run_plan();
    assert_reads(dx, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0);
    assert_reads(da, 0, 1, 1, 0, 1, 1, 0, 0, 0, 0);
}

static void average_pool2d_same_divides_by_values_that_are_there(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(1, 3, 3, 1)), *y;
    assert_ok(gz_average_pool2d(graph, x, &halves_same, &y));
    make_plan(KEEP(y));
    write_values(x, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    run_plan();
    assert_reads(y, 0, 3, 4.5f, 7.5f, 9);
}

static void average_pool_gradient_divides_as_the_average_did(void **state)
{
    (void)state;
    gz_tensor *dy = input(GZ_SHAPE(1, 2, 2, 1)), *dx;
    assert_ok(gz_average_pool2d_gradient(graph, dy, &(gz_pool_attr){halves_same, {3, 3}}, &dx));
    make_plan(KEEP(dx));
    write_values(dy, 4, 20, 200, 1000);
    run_plan();
    assert_reads(dx, 0, 1, 1, 10, 1, 1, 10, 100, 100, 1000);
}

static void refused(const gz_window *window, gz_shape shape, const char *words)
{
    gz_tensor *y;
    graph->scope = "pool";
    assert_int_equal(gz_max_pool2d(graph, input(shape), window, &y), GAZE_ERROR_MODEL);
    if (!strstr(gaze_message(), words)) fail_msg("\"%s\" does not say \"%s\"", gaze_message(), words);
    assert_non_null(strstr(gaze_message(), "layer 'pool': op max_pool2d"));
}

static void windows_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    refused(&halves, GZ_SHAPE(1, 1, 5, 3), "2 by 2 does not fit into x of shape [1,1,5,3]");
    refused(&halves, GZ_SHAPE(2, 5, 3), "expected 4 dimensions");
    refused(&(gz_window){{2, 2}, {0, 1}, {1, 1}, GZ_SAME}, GZ_SHAPE(1, 5, 5, 1), "stride 0");
    refused(&(gz_window){{2, 2}, {1, 1}, {1, 2}, GZ_SAME}, GZ_SHAPE(1, 5, 5, 1), "dilation 2");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_graph, close_graph)
    const struct CMUnitTest tests[] = {
        TEST(max_pool2d_holds_its_cases),
        TEST(max_pool2d_gradient_holds_its_cases),
        TEST(average_pool2d_holds_its_cases),
        TEST(average_pool2d_gradient_holds_its_cases),
        TEST(max_pool2d_never_sees_the_padding),
        TEST(max_pool2d_valid_leaves_the_last_row_and_column_out),
        TEST(max_pool_gradient_goes_to_the_first_of_equals),
        TEST(overlapping_windows_add_their_gradients),
        TEST(pixels_without_a_window_have_no_gradient),
        TEST(average_pool2d_same_divides_by_values_that_are_there),
        TEST(average_pool_gradient_divides_as_the_average_did),
        TEST(windows_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, open_device, close_device);
}
