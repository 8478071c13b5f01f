#include "on_device.h"

static void conv2d_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_conv2d);
}

static void conv2d_input_gradient_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_conv2d_input_gradient);
}

static void conv2d_kernel_gradient_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_conv2d_kernel_gradient);
}

static void conv2d_compose_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_conv2d_compose);
}

static void conv2d_compose_gradient_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_conv2d_compose_gradient);
}

static gz_window window_of(size_t size, size_t stride, gz_padding padding)
{
    return (gz_window){{size, size}, {stride, stride}, {1, 1}, padding};
}

static gz_tensor *convolution(gz_tensor *x, gz_tensor *kernel, gz_tensor *bias, gz_window window,
                              gz_activation_kind activation)
{
    gz_tensor *y;
    assert_ok(gz_conv2d(graph, x, kernel, bias, &window, activation, &y));
    return y;
}

static void conv2d_is_a_correlation(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(1, 3, 3, 1)), *kernel = input(GZ_SHAPE(2, 2, 1, 1));
    gz_tensor *y = convolution(x, kernel, NULL, window_of(2, 1, GZ_VALID), GZ_LINEAR);
    make_plan(KEEP(y));
    write_values(x, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    write_values(kernel, 1, 10, 100, 1000);
    run_plan();
    assert_reads(y, 0, 5421, 6532, 8754, 9865);
}

static void conv2d_same_padding_pads_bottom_right(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(1, 2, 2, 1)), *kernel = input(GZ_SHAPE(2, 2, 1, 1));
    gz_tensor *y = convolution(x, kernel, NULL, window_of(2, 1, GZ_SAME), GZ_LINEAR);
    make_plan(KEEP(y));
    write_values(x, 1, 2, 3, 4);
    write_values(kernel, 1, 10, 100, 1000);
    run_plan();
    assert_reads(y, 0, 4321, 402, 43, 4);
}

/* 4 pixels, 3 taps, stride 2: one column of padding, and it goes to the right */
static void conv2d_same_padding_with_stride_starts_at_the_first_pixel(void **state)
{
    (void)state;
    const gz_window window = {{1, 3}, {1, 2}, {1, 1}, GZ_SAME};
    gz_tensor *x = input(GZ_SHAPE(1, 1, 4, 1)), *kernel = input(GZ_SHAPE(1, 3, 1, 1));
    gz_tensor *y = convolution(x, kernel, NULL, window, GZ_LINEAR);
    make_plan(KEEP(y));
    write_values(x, 1, 2, 3, 4);
    write_values(kernel, 1, 10, 100);
    run_plan();
    assert_reads(y, 0, 321, 43);
}

static void conv2d_dilation_skips_pixels(void **state)
{
    (void)state;
    const gz_window window = {{1, 2}, {1, 1}, {1, 3}, GZ_VALID};
    gz_tensor *x = input(GZ_SHAPE(1, 1, 5, 1)), *kernel = input(GZ_SHAPE(1, 2, 1, 1));
    gz_tensor *y = convolution(x, kernel, NULL, window, GZ_LINEAR);
    make_plan(KEEP(y));
    write_values(x, 1, 2, 3, 4, 5);
    write_values(kernel, 1, 10);
    run_plan();
    assert_reads(y, 0, 41, 52);
}

static void conv2d_adds_the_bias_before_relu(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(1, 1, 2, 2)), *kernel = input(GZ_SHAPE(1, 1, 2, 2)),
              *bias = input(GZ_SHAPE(2));
    gz_tensor *y = convolution(x, kernel, bias, window_of(1, 1, GZ_VALID), GZ_RELU);
    make_plan(KEEP(y));
    write_values(x, 1, 2, -3, 4);
    write_values(kernel, 1, 2, 3, -4);
    write_values(bias, 0.5f, 7);
    run_plan();
    assert_reads(y, 0, 7.5f, 1, 9.5f, 0);
}

/* Winograd (16 channels and filters) finds one bright pixel at every place of the window, turned as a
 * correlation turns it. */
static void conv2d_of_one_pixel_is_the_kernel_turned(void **state)
{
    (void)state;
    enum { SIDE = 9, C = 16, O = 16, AT = 4 };
    static float x_values[SIDE * SIDE * C], kernel_values[9 * C * O], got[SIDE * SIDE * O];
    gz_tensor *x = input(GZ_SHAPE(1, SIDE, SIDE, C)), *kernel = input(GZ_SHAPE(3, 3, C, O));
    gz_tensor *y = convolution(x, kernel, NULL, window_of(3, 1, GZ_SAME), GZ_LINEAR);
    make_plan(KEEP(y));
    x_values[(AT * SIDE + AT) * C + 5] = 1;
    for (int i = 0; i < 9 * C * O; i++) kernel_values[i] = (float)(i % 37) - 18;
    assert_ok(gz_plan_write(plan, x, x_values));
    assert_ok(gz_plan_write(plan, kernel, kernel_values));
    run_plan();
    read_values(y, got);
    for (int p = 0; p < SIDE; p++)
        for (int q = 0; q < SIDE; q++)
            for (int o = 0; o < O; o++) {
                const int r = AT + 1 - p, s = AT + 1 - q;
                const bool seen = r >= 0 && r < 3 && s >= 0 && s < 3;
                const float expected = seen ? kernel_values[((r * 3 + s) * C + 5) * O + o] : 0;
                assert_true(fabsf(got[(p * SIDE + q) * O + o] - expected) < 1e-4f);
            }
}

/* The same of rows, enough of them to go by Winograd: two, so that what leaves one would show in the other.
 */
static void one_pixel_of_a_row_is_the_kernel_turned(size_t taps)
{
    enum { WIDE = 100, C = 32, O = 32, AT = 98, MOST_TAPS = 5 };
    static float x_values[2 * WIDE * C], kernel_values[MOST_TAPS * C * O], got[2 * WIDE * O];
    const gz_window window = {{1, taps}, {1, 1}, {1, 1}, GZ_SAME};
    gz_tensor *x = input(GZ_SHAPE(2, 1, WIDE, C)), *kernel = input(GZ_SHAPE(1, taps, C, O));
    gz_tensor *y = convolution(x, kernel, NULL, window, GZ_LINEAR);
    make_plan(KEEP(y));
    x_values[AT * C + 5] = 1;
    for (int i = 0; i < MOST_TAPS * C * O; i++) kernel_values[i] = (float)(i % 37) - 18;
    assert_ok(gz_plan_write(plan, x, x_values));
    assert_ok(gz_plan_write(plan, kernel, kernel_values));
    run_plan();
    read_values(y, got);
    for (size_t q = 0; q < 2 * WIDE; q++)
        for (size_t o = 0; o < O; o++) {
            const size_t s = AT + (taps - 1) / 2 - q; /* wraps below 0 */
            const float expected = q < WIDE && s < taps ? kernel_values[(s * C + 5) * O + o] : 0;
            assert_true(fabsf(got[q * O + o] - expected) < 1e-4f);
        }
}

static void one_pixel_by_two_taps(void **state)
{
    (void)state;
    one_pixel_of_a_row_is_the_kernel_turned(2);
}
static void one_pixel_by_three_taps(void **state)
{
    (void)state;
    one_pixel_of_a_row_is_the_kernel_turned(3);
}
static void one_pixel_by_four_taps(void **state)
{
    (void)state;
    one_pixel_of_a_row_is_the_kernel_turned(4);
}
static void one_pixel_by_five_taps(void **state)
{
    (void)state;
    one_pixel_of_a_row_is_the_kernel_turned(5);
}

/* y = x[0] k[0] + x[1] k[1], x[1] k[0] + x[2] k[1]; dy = 1, 10 */
static void conv2d_gradients_by_hand(void **state)
{
    (void)state;
    const gz_conv2d_attr attr = {{{1, 2}, {1, 1}, {1, 1}, GZ_VALID}, GZ_LINEAR, {1, 3}};
    gz_tensor *x = input(GZ_SHAPE(1, 1, 3, 1)), *kernel = input(GZ_SHAPE(1, 2, 1, 1)),
              *dy = input(GZ_SHAPE(1, 1, 2, 1));
    gz_tensor *dx, *dkernel;
    assert_ok(gz_conv2d_input_gradient(graph, dy, kernel, NULL, &attr, &dx));
    assert_ok(gz_conv2d_kernel_gradient(graph, x, dy, NULL, &attr, &dkernel));
    make_plan(KEEP(dx, dkernel));
    write_values(x, 5, 6, 7);
    write_values(kernel, 2, 3);
    write_values(dy, 1, 10);
    run_plan();
    assert_reads(dx, 0, 2, 23, 30);
    assert_reads(dkernel, 0, 65, 76);
}

enum { IMAGES = 2, TALL = 9, WIDE = 11 };

/* The maxima and places that conv2d_max_pool2d_places gives are those of what conv2d gives, bit by bit. */
static void places_are_of(size_t C, size_t O)
{
    enum { MOST = 32 };
    static float values[IMAGES * TALL * WIDE * MOST], y[IMAGES * TALL * WIDE * MOST],
        most[IMAGES * 4 * 5 * MOST];
    static int32_t place[IMAGES * 4 * 5 * MOST];
    const gz_window window = window_of(3, 1, GZ_SAME);
    const gz_conv2d_attr attr = {window, GZ_RELU, {0}};
    gz_tensor *x = input(GZ_SHAPE(IMAGES, TALL, WIDE, C)), *kernel = input(GZ_SHAPE(3, 3, C, O)), *out[2];
    gz_tensor *whole = convolution(x, kernel, NULL, window, GZ_RELU);
    assert_ok(gz_graph_node(graph, &gz_op_conv2d_max_pool2d_places, &attr, sizeof attr,
                            (gz_tensor *[]){x, kernel, NULL}, 3, out, 2));
    make_plan(KEEP(whole, out[0], out[1]));
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) values[i] = sinf(1 + 0.7f * (float)i);
    assert_ok(gz_plan_write(plan, x, values));
    assert_ok(gz_plan_write(plan, kernel, values));
    run_plan();
    read_values(whole, y);
    read_values(out[0], most);
    assert_ok(gz_plan_read(plan, out[1], place));
    for (size_t i = 0; i < IMAGES * 4 * 5 * O; i++) {
        const size_t o = i % O, q = i / O % 5 * 2, p = i / O / 5 % 4 * 2, b = i / O / 20;
        size_t best = 0;
        float window_of_four[4];
        for (size_t k = 0; k < 4; k++) {
            window_of_four[k] = y[((b * TALL + p + k / 2) * WIDE + q + k % 2) * O + o];
            if (window_of_four[k] > window_of_four[best]) best = k;
        }
        assert_int_equal(place[i], best);
        assert_memory_equal(&most[i], &window_of_four[best], sizeof(float));
    }
}

static void places_by_winograd(void **state)
{
    (void)state;
    places_are_of(16, 32);
}
static void places_of_few_channels(void **state)
{
    (void)state;
    places_are_of(3, 32);
}
static void places_of_few_filters(void **state)
{
    (void)state;
    places_are_of(16, 3);
}

static void assert_refused(gaze_status status, const char *words)
{
    assert_int_equal(status, GAZE_ERROR_MODEL);
    if (!strstr(gaze_message(), words)) fail_msg("'%s' doesn't say '%s'", gaze_message(), words);
}

static void conv2d_refuses_what_does_not_fit(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(1, 4, 4, 3)), *kernel = input(GZ_SHAPE(5, 5, 3, 8)), *y;
    gz_tensor *other = input(GZ_SHAPE(3, 3, 2, 8)), *bias = input(GZ_SHAPE(7)),
              *small = input(GZ_SHAPE(3, 3, 3, 8));
    const gz_window five = window_of(5, 1, GZ_VALID), three = window_of(3, 1, GZ_VALID),
                    still = window_of(3, 0, GZ_SAME);
    assert_refused(gz_conv2d(graph, x, kernel, NULL, &five, GZ_LINEAR, &y), "doesn't fit on 4 x 4 pixels");
    assert_refused(gz_conv2d(graph, x, other, NULL, &three, GZ_LINEAR, &y),
                   "kernel has shape [3,3,2,8], expected [3,3,3,filters]");
    assert_refused(gz_conv2d(graph, x, small, bias, &three, GZ_LINEAR, &y),
                   "bias has shape [7], expected [8]");
    assert_refused(gz_conv2d(graph, x, small, NULL, &still, GZ_LINEAR, &y), "stride 0 x 0");
    assert_refused(gz_conv2d(graph, x, small, NULL, &three, GZ_GELU, &y), "can't be fused");
}

#define WITH_GRAPH(test) cmocka_unit_test_setup_teardown(test, open_graph, close_graph)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conv2d_holds_its_cases),
        cmocka_unit_test(conv2d_input_gradient_holds_its_cases),
        cmocka_unit_test(conv2d_kernel_gradient_holds_its_cases),
        cmocka_unit_test(conv2d_compose_holds_its_cases),
        cmocka_unit_test(conv2d_compose_gradient_holds_its_cases),
        WITH_GRAPH(places_by_winograd),
        WITH_GRAPH(places_of_few_channels),
        WITH_GRAPH(places_of_few_filters),
        WITH_GRAPH(conv2d_is_a_correlation),
        WITH_GRAPH(conv2d_same_padding_pads_bottom_right),
        WITH_GRAPH(conv2d_same_padding_with_stride_starts_at_the_first_pixel),
        WITH_GRAPH(conv2d_dilation_skips_pixels),
        WITH_GRAPH(conv2d_adds_the_bias_before_relu),
        WITH_GRAPH(conv2d_of_one_pixel_is_the_kernel_turned),
        WITH_GRAPH(one_pixel_by_two_taps),
        WITH_GRAPH(one_pixel_by_three_taps),
        WITH_GRAPH(one_pixel_by_four_taps),
        WITH_GRAPH(one_pixel_by_five_taps),
        WITH_GRAPH(conv2d_gradients_by_hand),
        WITH_GRAPH(conv2d_refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, open_device, close_device);
}
