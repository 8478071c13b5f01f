#include "on_device.h"

static void concatenate_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_concatenate);
}

static void slice_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_slice);
}

static void slice_gradient_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_slice_gradient);
}

static void concatenate_joins_any_axis_but_the_batch(void **state)
{
    (void)state;
    gz_tensor *a = input(GZ_SHAPE(2, 1, 2)), *b = input(GZ_SHAPE(2, 2, 2)), *c = input(GZ_SHAPE(2, 1, 1)),
              *rows, *columns;
    assert_ok(gz_concatenate(graph, KEEP(a, b), 2, 1, &rows));
    assert_ok(gz_concatenate(graph, KEEP(c, a, c), 3, 2, &columns));
    make_plan(KEEP(rows, columns));
    write_values(a, 1, 2, 3, 4);
    write_values(b, 10, 20, 30, 40, 50, 60, 70, 80);
    write_values(c, -1, -2);
    run_plan();
    assert_reads(rows, 0, 1, 2, 10, 20, 30, 40, 3, 4, 50, 60, 70, 80);
    assert_reads(columns, 0, -1, 1, 2, -1, -2, 3, 4, -2);
    assert_int_equal(gz_concatenate(graph, KEEP(a, a), 2, 0, &rows), GAZE_ERROR_MODEL);
    assert_non_null(strstr(gaze_message(), "found axis 0 of shape [2,1,2], expected 1 to 2"));
}

static void integers_pass_unchanged(void **state)
{
    (void)state;
    gz_tensor *a = input_of(GZ_I32, GZ_SHAPE(1, 2)), *b = input_of(GZ_I32, GZ_SHAPE(1, 1)), *ab, *tail;
    int32_t got[3];
    assert_ok(gz_concatenate(graph, KEEP(a, b), 2, 1, &ab));
    assert_ok(gz_slice(graph, ab, 1, 1, 2, &tail));
    make_plan(KEEP(ab, tail));
    write_labels(a, -1, 16777217);
    write_labels(b, INT32_MIN);
    run_plan();
    assert_ok(gz_plan_read(plan, ab, got));
    assert_memory_equal(got, ((int32_t[]){-1, 16777217, INT32_MIN}), sizeof got);
    assert_ok(gz_plan_read(plan, tail, got));
    assert_memory_equal(got, ((int32_t[]){16777217, INT32_MIN}), 2 * sizeof *got);
}

static void the_gradient_of_a_slice_has_zeros_around_it(void **state)
{
    (void)state;
    gz_tensor *dy = input(GZ_SHAPE(2, 1, 2)), *dx;
    assert_ok(gz_slice_gradient(graph, dy, 1, 2, 4, &dx));
    make_plan(KEEP(dx));
    write_values(dy, 1, 2, 3, 4);
    run_plan();
    assert_reads(dx, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 3, 4, 0, 0);
}

static void a_slice_of_a_concatenation_is_the_tensor_itself(void **state)
{
    (void)state;
    enum { N = 100 };
    float one[N], two[N], got[N];
    gz_tensor *a = input(GZ_SHAPE(N, 1)), *b = input(GZ_SHAPE(N, 1)), *ab, *left, *right;
    assert_ok(gz_concatenate(graph, KEEP(a, b), 2, 1, &ab));
    assert_ok(gz_slice(graph, ab, 1, 0, 1, &left));
    assert_ok(gz_slice(graph, ab, 1, 1, 1, &right));
    make_plan(KEEP(left, right));
    for (size_t i = 0; i < N; i++) one[i] = (float)i, two[i] = -(float)i;
    assert_ok(gz_plan_write(plan, a, one));
    assert_ok(gz_plan_write(plan, b, two));
    run_plan();
    read_values(left, got);
    assert_memory_equal(got, one, sizeof got);
    read_values(right, got);
    assert_memory_equal(got, two, sizeof got);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    gz_tensor *a = input(GZ_SHAPE(2, 3)), *b = input(GZ_SHAPE(3, 3)), *y;
    assert_int_equal(gz_concatenate(graph, KEEP(a, b), 2, 1, &y), GAZE_ERROR_MODEL);
    assert_non_null(strstr(gaze_message(), "input 1 has shape [3,3], expected [2,3] but for axis 1"));
    assert_int_equal(gz_slice(graph, a, 1, 2, 2, &y), GAZE_ERROR_MODEL);
    assert_non_null(strstr(gaze_message(), "found part 2 + 2 of axis 1, which has 3"));
    assert_int_equal(gz_slice_gradient(graph, a, 1, 1, 3, &y), GAZE_ERROR_MODEL);
    assert_non_null(strstr(gaze_message(), "3 values from 1 on of axis 1 do not fit into 3"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_graph, close_graph)
    const struct CMUnitTest tests[] = {
        TEST(concatenate_holds_its_cases),
        TEST(slice_holds_its_cases),
        TEST(slice_gradient_holds_its_cases),
        TEST(concatenate_joins_any_axis_but_the_batch),
        TEST(integers_pass_unchanged),
        TEST(the_gradient_of_a_slice_has_zeros_around_it),
        TEST(a_slice_of_a_concatenation_is_the_tensor_itself),
        TEST(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, open_device, close_device);
}
