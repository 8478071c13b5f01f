#include "on_device.h"

static void add_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_add);
}

static void multiply_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_multiply);
}

static void scale_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_scale);
}

static void add_and_multiply_take_up_to_eight(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(2)), *all[9] = {x, x, x, x, x, x, x, x, x}, *sum, *product, *half;
    assert_ok(gz_add_all(graph, all, 8, &sum));
    assert_ok(gz_multiply_all(graph, all, 8, &product));
    assert_ok(gz_scale(graph, x, -0.5, &half));
    make_plan(KEEP(sum, product, half));
    write_values(x, 3, -2);
    run_plan();
    assert_reads(sum, 0, 24, -16);
    assert_reads(product, 0, 6561, 256);
    assert_reads(half, 0, -1.5f, 1);
    assert_int_equal(gz_add_all(graph, all, 9, &sum), GAZE_ERROR_MODEL);
    assert_int_equal(gz_add_all(graph, all, 1, &sum), GAZE_ERROR_MODEL);
}

/* Results take the memory of what nobody reads any more; those who are still read keep theirs. */
static void a_chain_in_place_keeps_what_is_read_later(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(2)), *a, *b, *c, *y;
    assert_ok(gz_scale(graph, x, 2, &a));
    assert_ok(gz_add_all(graph, KEEP(a, x), 2, &b));
    assert_ok(gz_multiply_all(graph, KEEP(b, a), 2, &c));
    assert_ok(gz_add_all(graph, KEEP(c, b, x), 3, &y));
    make_plan(KEEP(y));
    write_values(x, 1, 10);
    run_plan();
    assert_reads(y, 0, 10, 640);
    run_plan();
    assert_reads(y, 0, 10, 640);
}

/* d(x x)/dx = 2 x: both places of x count. */
static void a_factor_taken_twice_gets_both_gradients(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(2)), *y, *dy = input(GZ_SHAPE(2)), *dx[2], *sum;
    assert_ok(gz_multiply_all(graph, KEEP(x, x), 2, &y));
    assert_ok(gz_op_multiply.gradient(graph, y->producer, &dy, (bool[]){true, true}, dx));
    assert_ok(gz_add_all(graph, dx, 2, &sum));
    make_plan(KEEP(sum));
    write_values(x, 3, -5);
    write_values(dy, 1, 10);
    run_plan();
    assert_reads(sum, 0, 6, -100);
}

static void different_shapes_are_refused(void **state)
{
    (void)state;
    gz_tensor *a = input(GZ_SHAPE(2, 3)), *b = input(GZ_SHAPE(3, 2)), *y;
    graph->scope = "sum";
    assert_int_equal(gz_add_all(graph, KEEP(a, b), 2, &y), GAZE_ERROR_MODEL);
    assert_non_null(
        strstr(gaze_message(), "layer 'sum': op add: input 1 has shape [3,2], expected [2,3] as input 0"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_graph, close_graph)
    const struct CMUnitTest tests[] = {
        TEST(add_holds_its_cases),
        TEST(multiply_holds_its_cases),
        TEST(scale_holds_its_cases),
        TEST(add_and_multiply_take_up_to_eight),
        TEST(a_chain_in_place_keeps_what_is_read_later),
        TEST(a_factor_taken_twice_gets_both_gradients),
        TEST(different_shapes_are_refused),
    };
    return cmocka_run_group_tests(tests, open_device, close_device);
}
