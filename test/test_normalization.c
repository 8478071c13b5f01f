#include "on_device.h"

static void layer_normalization_by_hand(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(2, 3)), *gamma = input(GZ_SHAPE(3)), *beta = input(GZ_SHAPE(3)), *y;
    assert_ok(gz_layer_normalization(graph, x, gamma, beta, 1.0 / 3, &y));
    make_plan(KEEP(y));
    write_values(x, 1, 2, 3, 7, 7, 7); /* variances 2/3 and 0 */
    write_values(gamma, 1, 10, 100);
    write_values(beta, 0, 5, 1);
    run_plan();
    assert_reads(y, 1e-6, -1, 5, 101, 0, 5, 1);
}

/* In float32 the mean of these is 3e-5 off, a hundredth of their deviation. */
static void layer_normalization_keeps_digits_of_a_large_mean(void **state)
{
    (void)state;
    enum { C = 37 };
    float values[C];
    double mean = 0, variance = 0;
    gz_tensor *x = input(GZ_SHAPE(1, C)), *y;
    assert_ok(gz_layer_normalization(graph, x, NULL, NULL, 1e-12, &y));
    make_plan(KEEP(y));
    for (int i = 0; i < C; i++) values[i] = (float)(1000 + (double)(i * i % 11) / 1024);
    for (int i = 0; i < C; i++) mean += (double)values[i] / C;
    for (int i = 0; i < C; i++) variance += ((double)values[i] - mean) * ((double)values[i] - mean) / C;
    assert_ok(gz_plan_write(plan, x, values));
    run_plan();
    float expected[C];
    for (int i = 0; i < C; i++) expected[i] = (float)(((double)values[i] - mean) / sqrt(variance + 1e-12));
    assert_values(y, expected, C, 1e-6);
}

static void batch_normalization_by_hand(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(2, 2, 1)), *gamma = input(GZ_SHAPE(1)), *out[3];
    assert_ok(gz_batch_normalization(graph, &(gz_batch_inputs){.x = x, .gamma = gamma}, 0.75, out));
    make_plan(KEEP(out[0], out[1], out[2]));
    write_values(x, 1, 2, 4, 1); /* mean 2, variance 6/4 */
    write_values(gamma, 3);
    run_plan();
    assert_reads(out[0], 1e-6, -2, 0, 4, -2);
    assert_reads(out[1], 0, 2);
    assert_reads(out[2], 0, 1.5f);
}

static void batch_normalization_leaves_masked_rows_out_of_the_statistics(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(1, 4, 1)), *mask = input_of(GZ_I32, GZ_SHAPE(1, 4)), *out[3];
    assert_ok(gz_batch_normalization(graph, &(gz_batch_inputs){.x = x, .mask = mask}, 0, out));
    make_plan(KEEP(out[0], out[1], out[2]));
    write_values(x, 5, 100, 7, 8);
    write_labels(mask, 1, 0, 1, 0);
    run_plan();
    assert_reads(out[1], 0, 6);
    assert_reads(out[2], 0, 1);
    assert_reads(out[0], 1e-6, -1, 94, 1, 2);
}

static void normalize_channels_takes_the_statistics_given(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(2, 2)), *mean = input(GZ_SHAPE(2)), *variance = input(GZ_SHAPE(2)),
              *beta = input(GZ_SHAPE(2)), *y;
    assert_ok(gz_normalize_channels(graph, &(gz_batch_inputs){.x = x, .beta = beta}, mean, variance, 1, &y));
    make_plan(KEEP(y));
    write_values(x, 1, 2, 3, 4);
    write_values(mean, 1, 0);
    write_values(variance, 3, 0);
    write_values(beta, 0, 10);
    run_plan();
    assert_reads(y, 1e-6, 0, 12, 1, 14);
}

static void moving_average_keeps_momentum_of_what_it_was(void **state)
{
    (void)state;
    gz_tensor *average = input(GZ_SHAPE(2)), *value = input(GZ_SHAPE(2));
    assert_ok(gz_moving_average(graph, average, value, 0.75));
    make_plan(KEEP(average));
    write_values(average, 8, 0);
    write_values(value, 4, 4);
    run_plan();
    assert_reads(average, 0, 7, 1);
}

static void gamma_must_have_a_value_a_channel(void **state)
{
    (void)state;
    gz_tensor *y;
    assert_int_equal(gz_layer_normalization(graph, input(GZ_SHAPE(2, 3)), input(GZ_SHAPE(2)), NULL, 1e-3, &y),
                     GAZE_ERROR_MODEL);
    assert_non_null(strstr(gaze_message(), "gamma has shape [2], expected [3]"));
}

#define HOLDS_ITS_CASES(name)                        \
    static void name##_holds_its_cases(void **state) \
    {                                                \
        (void)state;                                 \
        verify_op(&gz_op_##name);                    \
    }
HOLDS_ITS_CASES(layer_normalization)
HOLDS_ITS_CASES(layer_normalization_gradient)
HOLDS_ITS_CASES(batch_normalization)
HOLDS_ITS_CASES(batch_normalization_gradient)
HOLDS_ITS_CASES(normalize_channels)
HOLDS_ITS_CASES(moving_average)

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_graph, close_graph)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(layer_normalization_by_hand),
        TEST(layer_normalization_keeps_digits_of_a_large_mean),
        TEST(batch_normalization_by_hand),
        TEST(batch_normalization_leaves_masked_rows_out_of_the_statistics),
        TEST(normalize_channels_takes_the_statistics_given),
        TEST(moving_average_keeps_momentum_of_what_it_was),
        TEST(gamma_must_have_a_value_a_channel),
        TEST(layer_normalization_holds_its_cases),
        TEST(layer_normalization_gradient_holds_its_cases),
        TEST(batch_normalization_holds_its_cases),
        TEST(batch_normalization_gradient_holds_its_cases),
        TEST(normalize_channels_holds_its_cases),
        TEST(moving_average_holds_its_cases),
    };
    return cmocka_run_group_tests(tests, open_device, close_device);
}
