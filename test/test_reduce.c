#include "on_device.h"

static void reduce_middle_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_reduce_middle);
}

static void reduce_middle_gradient_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_reduce_middle_gradient);
}

static void reduce_last_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_reduce_last);
}

static void reduce_last_gradient_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_reduce_last_gradient);
}

static void channel_pool_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_channel_pool);
}

static void channel_pool_gradient_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_channel_pool_gradient);
}

static void global_pools_keep_sample_and_channel_apart(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(2, 1, 2, 2)), *mean, *most, *sum;
    assert_ok(gz_reduce_middle(graph, x, GZ_MEAN, &mean));
    assert_ok(gz_reduce_middle(graph, x, GZ_MAX, &most));
    assert_ok(gz_reduce_middle(graph, x, GZ_SUM_ALL, &sum));
    make_plan(KEEP(mean, most, sum));
    write_values(x, 1, -10, 2, -20, 300, -1000, 500, -2000);
    run_plan();
    assert_reads(mean, 0, 1.5f, -15, 400, -1500);
    assert_reads(most, 0, 2, -10, 500, -1000);
    assert_reads(sum, 0, 3, -30, 800, -3000);
}

static void channels_become_one_value_a_pixel(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(1, 2, 3)), *mean, *most;
    assert_ok(gz_reduce_last(graph, x, GZ_MEAN, &mean));
    assert_ok(gz_reduce_last(graph, x, GZ_MAX, &most));
    assert_true(gz_shape_equal(mean->shape, GZ_SHAPE(1, 2, 1)));
    make_plan(KEEP(mean, most));
    write_values(x, 1, 2, 6, -1, -2, -6);
    run_plan();
    assert_reads(mean, 0, 3, -3);
    assert_reads(most, 0, 6, -1);
}

static void mean_and_maximum_lie_side_by_side(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(1, 2, 3)), *both;
    assert_ok(gz_channel_pool(graph, x, &both));
    assert_true(gz_shape_equal(both->shape, GZ_SHAPE(1, 2, 2)));
    make_plan(KEEP(both));
    write_values(x, 1, 2, 6, -1, -2, -6);
    run_plan();
    assert_reads(both, 0, 3, 6, -3, -1);
}

/* 6 / 3 for the mean, 8 shared by two maxima, 10 dy; where relu gave 0, nothing. */
static void all_that_reaches_x_is_summed_in_one_pass(void **state)
{
    (void)state;
    const gz_activation_attr relu = {GZ_RELU};
    gz_tensor *x = input(GZ_SHAPE(1, 3)), *d = input(GZ_SHAPE(1, 2)), *dy = input(GZ_SHAPE(1, 3)),
              *s = input(GZ_SHAPE(1, 1)), *dx;
    assert_ok(gz_graph_node(graph, &gz_op_channel_pool_gradient, &relu, sizeof relu,
                            (gz_tensor *[]){x, d, dy, s}, 4, &dx, 1));
    make_plan(KEEP(dx));
    write_values(x, 5, 0, 5);
    write_values(d, 6, 8);
    write_values(dy, 1, 2, 3);
    write_values(s, 10);
    run_plan();
    assert_reads(dx, 0, 16, 0, 36);
}

static gz_tensor *gradient_of(const gz_op *op, gz_reduction reduction, gz_tensor *x, gz_tensor *dy)
{
    const gz_reduce_attr attr = {reduction, x->shape};
    gz_tensor *dx;
    assert_ok(gz_graph_node(graph, op, &attr, sizeof attr, (gz_tensor *[]){x, dy}, 2, &dx, 1));
    return dx;
}

/* As tf.reduce_max: after relu many maxima are equal zeros. */
static void equal_maxima_share_the_gradient(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(2, 4)), *dy = input(GZ_SHAPE(2, 1));
    gz_tensor *tokens = input(GZ_SHAPE(1, 3, 2)), *dt = input(GZ_SHAPE(1, 2));
    gz_tensor *dx = gradient_of(&gz_op_reduce_last_gradient, GZ_MAX, x, dy);
    gz_tensor *dtokens = gradient_of(&gz_op_reduce_middle_gradient, GZ_MAX, tokens, dt);
    make_plan(KEEP(dx, dtokens));
    write_values(x, 0, 0, 0, 0, 1, 3, 2, 3);
    write_values(dy, 8, 10);
    write_values(tokens, 5, 1, 5, 2, 4, 1);
    write_values(dt, 6, 7);
    run_plan();
    assert_reads(dx, 0, 2, 2, 2, 2, 0, 5, 0, 5);
    assert_reads(dtokens, 0, 3, 0, 3, 7, 0, 0);
}

static void the_gradient_of_a_mean_is_spread_evenly(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(1, 4, 2)), *dy = input(GZ_SHAPE(1, 2));
    gz_tensor *dx = gradient_of(&gz_op_reduce_middle_gradient, GZ_MEAN, x, dy);
    make_plan(KEEP(dx));
    write_values(dy, 4, -8);
    run_plan();
    assert_reads(dx, 0, 1, -2, 1, -2, 1, -2, 1, -2);
}

static void a_maximum_passes_over_nan(void **state)
{
    (void)state;
    enum { C = 67 };
    gz_tensor *x = input(GZ_SHAPE(1, C)), *last, *middle;
    float values[C];
    assert_ok(gz_reduce_last(graph, x, GZ_MAX, &last));
    gz_tensor *tokens;
    assert_ok(gz_graph_view(graph, x, GZ_SHAPE(1, C, 1), &tokens));
    assert_ok(gz_reduce_middle(graph, tokens, GZ_MAX, &middle));
    make_plan(KEEP(last, middle));
    for (size_t i = 0; i < C; i++) values[i] = i % 2 ? NAN : -(float)i;
    assert_ok(gz_plan_write(plan, x, values));
    run_plan();
    assert_reads(last, 0, 0);
    assert_reads(middle, 0, 0);
}

static void a_gradient_of_another_shape_is_refused(void **state)
{
    (void)state;
    const gz_reduce_attr attr = {GZ_MEAN, GZ_SHAPE(2, 5, 3)};
    gz_tensor *dx;
    gz_tensor *in[] = {NULL, input(GZ_SHAPE(2, 5))};
    assert_int_equal(gz_graph_node(graph, &gz_op_reduce_middle_gradient, &attr, sizeof attr, in, 2, &dx, 1),
                     GAZE_ERROR_MODEL);
    assert_non_null(strstr(gaze_message(), "dy has shape [2,5], expected [2,3]"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_graph, close_graph)
    const struct CMUnitTest tests[] = {
        TEST(reduce_middle_holds_its_cases),
        TEST(reduce_middle_gradient_holds_its_cases),
        TEST(reduce_last_holds_its_cases),
        TEST(reduce_last_gradient_holds_its_cases),
        TEST(channel_pool_holds_its_cases),
        TEST(channel_pool_gradient_holds_its_cases),
        TEST(global_pools_keep_sample_and_channel_apart),
        TEST(channels_become_one_value_a_pixel),
        TEST(mean_and_maximum_lie_side_by_side),
        TEST(all_that_reaches_x_is_summed_in_one_pass),
        TEST(equal_maxima_share_the_gradient),
        TEST(the_gradient_of_a_mean_is_spread_evenly),
        TEST(a_maximum_passes_over_nan),
        TEST(a_gradient_of_another_shape_is_refused),
    };
    return cmocka_run_group_tests(tests, open_device, close_device);
}
