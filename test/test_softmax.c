#include "on_device.h"

static void softmax_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_softmax);
}

static void softmax_gradient_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_softmax_gradient);
}

static void softmax_by_hand(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(2, 3)), *y;
    assert_ok(gz_softmax(graph, x, NULL, &y));
    make_plan(KEEP(y));
    write_values(x, 0, 0, 0, 1, 2, 3);
    run_plan();
    assert_reads(y, 1e-7, 1 / 3.0f, 1 / 3.0f, 1 / 3.0f, 0.090030573f, 0.244728471f, 0.665240956f);
}

/* However long the row and whatever its range: within 4 eps of 1. */
static void rows_sum_to_one(void **state)
{
    (void)state;
    enum { R = 3, N = 9216 };
    static float values[R * N];
    const double range[R] = {1, 1e4, 1e-3};
    gz_tensor *x = input(GZ_SHAPE(R, N)), *y;
    assert_ok(gz_softmax(graph, x, NULL, &y));
    make_plan(KEEP(y));
    for (size_t i = 0; i < R * N; i++) values[i] = (float)(range[i / N] * sin((double)(i * i)));
    assert_ok(gz_plan_write(plan, x, values));
    run_plan();
    read_values(y, values);
    for (size_t r = 0; r < R; r++) {
        double sum = 0;
        for (size_t n = 0; n < N; n++) sum += (double)values[r * N + n];
        assert_true(fabs(sum - 1) <= 4 * 0x1p-23);
    }
}

static void a_row_without_keys_is_zero(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(3, 4)), *mask = input_of(GZ_I32, GZ_SHAPE(3, 4)), *y;
    assert_ok(gz_softmax(graph, x, mask, &y));
    make_plan(KEEP(y));
    write_values(x, 1e4f, -1e4f, 0, 7, 1, 2, 3, 4, 5, 5, 5, 5);
    write_labels(mask, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1);
    run_plan();
    assert_reads(y, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0.5f, 0, 0, 0.5f);
}

/* A mask [B,N] serves all rows of its sample. */
static void a_mask_by_sample_is_shared_by_its_rows(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(2, 2, 2)), *mask = input_of(GZ_I32, GZ_SHAPE(2, 2)), *y;
    assert_ok(gz_softmax(graph, x, mask, &y));
    make_plan(KEEP(y));
    write_values(x, 3, 3, 4, 4, 5, 5, 6, 6);
    write_labels(mask, 1, 0, 1, 1);
    run_plan();
    assert_reads(y, 0, 1, 0, 1, 0, 0.5f, 0.5f, 0.5f, 0.5f);
}

static void a_mask_of_another_shape_is_refused(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(2, 3, 4)), *y;
    assert_int_equal(gz_softmax(graph, x, input_of(GZ_I32, GZ_SHAPE(3, 4)), &y), GAZE_ERROR_MODEL);
    assert_non_null(strstr(gaze_message(), "mask has shape [3,4], expected [2,3,4], [batch,4]"));
    assert_int_equal(gz_softmax(graph, x, input(GZ_SHAPE(2, 4)), &y), GAZE_ERROR_MODEL);
}

static void a_row_with_nan_is_nan(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(2, 3)), *y;
    float got[6];
    assert_ok(gz_softmax(graph, x, NULL, &y));
    make_plan(KEEP(y));
    write_values(x, 0, NAN, 0, 0, 0, 0);
    run_plan();
    read_values(y, got);
    for (size_t i = 0; i < 3; i++) assert_true(isnan(got[i]) && isfinite(got[3 + i]));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_graph, close_graph)
    const struct CMUnitTest tests[] = {
        TEST(softmax_holds_its_cases),
        TEST(softmax_gradient_holds_its_cases),
        TEST(softmax_by_hand),
        TEST(rows_sum_to_one),
        TEST(a_row_without_keys_is_zero),
        TEST(a_mask_by_sample_is_shared_by_its_rows),
        TEST(a_mask_of_another_shape_is_refused),
        TEST(a_row_with_nan_is_nan),
    };
    return cmocka_run_group_tests(tests, open_device, close_device);
}
