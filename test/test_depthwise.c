#include "on_device.h"

static const gz_window three_same = {{3, 3}, {1, 1}, {1, 1}, GZ_SAME};

static void every_channel_has_its_own_kernel(void **state)
{
    (void)state;
    const gz_window window = {{1, 2}, {1, 1}, {1, 1}, GZ_VALID};
    gz_tensor *x = input(GZ_SHAPE(1, 1, 3, 2)), *kernel = input(GZ_SHAPE(1, 2, 2)),
              *bias = input(GZ_SHAPE(2)), *y;
    assert_ok(gz_depthwise_conv2d(graph, x, kernel, bias, &window, GZ_RELU, &y));
    assert_true(gz_shape_equal(y->shape, GZ_SHAPE(1, 1, 2, 2)));
    make_plan(KEEP(y));
    write_values(x, 1, 10, 2, 20, 3, 30);
    write_values(kernel, 1, 0, -2, 3);
    write_values(bias, 4, -100);
    run_plan();
    assert_reads(y, 0, 1, 0, 0, 0); /* 1 - 4 + 4, 60 - 100, 2 - 6 + 4, 90 - 100 */
}

static void same_padding_sees_zeros_outside(void **state)
{
    (void)state;
    float ones[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    gz_tensor *x = input(GZ_SHAPE(1, 3, 3, 1)), *kernel = input(GZ_SHAPE(3, 3, 1)), *y;
    assert_ok(gz_depthwise_conv2d(graph, x, kernel, NULL, &three_same, GZ_LINEAR, &y));
    make_plan(KEEP(y));
    assert_ok(gz_plan_write(plan, x, ones));
    assert_ok(gz_plan_write(plan, kernel, ones));
    run_plan();
    assert_reads(y, 0, 4, 6, 4, 6, 9, 6, 4, 6, 4);
}

/* y = x0 k0 + x1 k1, then x2 k0 + x3 k1 */
static void gradients_by_hand(void **state)
{
    (void)state;
    const gz_conv2d_attr attr = {.window = {{1, 2}, {1, 2}, {1, 1}, GZ_VALID}, .input_size = {1, 5}};
    gz_tensor *x = input(GZ_SHAPE(1, 1, 5, 1)), *kernel = input(GZ_SHAPE(1, 2, 1)),
              *dy = input(GZ_SHAPE(1, 1, 2, 1)), *dx, *dkernel;
    assert_ok(gz_depthwise_conv2d_input_gradient(graph, dy, kernel, &attr, &dx));
    assert_ok(gz_depthwise_conv2d_kernel_gradient(graph, x, dy, &attr, &dkernel));
    make_plan(KEEP(dx, dkernel));
    write_values(x, 1, 2, 3, 4, 5);
    write_values(kernel, 7, 9);
    write_values(dy, 10, 100);
    run_plan();
    assert_reads(dx, 0, 70, 90, 700, 900, 0);
    assert_reads(dkernel, 0, 310, 420);
}

static void a_kernel_of_other_channels_is_refused(void **state)
{
    (void)state;
    gz_tensor *y;
    assert_int_equal(gz_depthwise_conv2d(graph, input(GZ_SHAPE(1, 3, 3, 2)), input(GZ_SHAPE(3, 3, 4)), NULL,
                                         &three_same, GZ_LINEAR, &y),
                     GAZE_ERROR_MODEL);
    assert_non_null(strstr(gaze_message(), "kernel has shape [3,3,4], expected [3,3,2]"));
}

#define HOLDS_ITS_CASES(name)                        \
    static void name##_holds_its_cases(void **state) \
    {                                                \
        (void)state;                                 \
        verify_op(&gz_op_##name);                    \
    }
HOLDS_ITS_CASES(depthwise_conv2d)
HOLDS_ITS_CASES(depthwise_conv2d_input_gradient)
HOLDS_ITS_CASES(depthwise_conv2d_kernel_gradient)
HOLDS_ITS_CASES(scale_channels)

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_graph, close_graph)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_channel_has_its_own_kernel),
        TEST(same_padding_sees_zeros_outside),
        TEST(gradients_by_hand),
        TEST(a_kernel_of_other_channels_is_refused),
        TEST(depthwise_conv2d_holds_its_cases),
        TEST(depthwise_conv2d_input_gradient_holds_its_cases),
        TEST(depthwise_conv2d_kernel_gradient_holds_its_cases),
        TEST(scale_channels_holds_its_cases),
    };
    return cmocka_run_group_tests(tests, open_device, close_device);
}
