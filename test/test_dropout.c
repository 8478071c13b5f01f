#include "on_device.h"
#include "../engine/base/philox.h"

enum { N = 10007 };
static const uint32_t key[2] = {0x12345678, 0x9ABCDEF0};
static float first[N], second[N];

static void dropout_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_dropout);
}

static gz_tensor *ones, *step, *y, *dx;

static void make_dropout(double rate)
{
    ones = input(GZ_SHAPE(N));
    step = input_of(GZ_I32, GZ_SHAPE(4));
    assert_ok(gz_dropout(graph, ones, step, rate, key, &y));
    assert_ok(gz_op_dropout.gradient(graph, y->producer, &ones, (bool[]){true, false}, &dx));
    make_plan(KEEP(y, dx));
    for (size_t i = 0; i < N; i++) first[i] = 1;
    assert_ok(gz_plan_write(plan, ones, first));
}

static void run_step(int number, gz_tensor *result, float *values)
{
    write_labels(step, number, 7, 7, 7);
    run_plan();
    read_values(result, values);
}

static void dropout_is_the_same_for_the_same_step(void **state)
{
    (void)state;
    make_dropout(0.5);
    run_step(3, y, first);
    run_step(4, y, second);
    assert_memory_not_equal(first, second, sizeof first);
    run_step(3, y, second);
    assert_memory_equal(first, second, sizeof first);
}

static void the_gradient_has_the_same_mask(void **state)
{
    (void)state;
    make_dropout(0.3);
    run_step(11, y, first);
    run_step(11, dx, second);
    assert_memory_equal(first, second, sizeof first);
}

/* So the mask can be made again elsewhere: word i of the stream `step` of the key. */
static void a_value_is_kept_by_its_own_random_word(void **state)
{
    (void)state;
    make_dropout(0.25);
    run_step(5, y, first);
    for (size_t i = 0; i < N; i++) {
        const bool kept = gz_random_u32((gz_key){{key[0], key[1]}}, 5, i) >= 0x40000000u;
        if ((first[i] != 0) != kept) fail_msg("value %zu is %g", i, (double)first[i]);
    }
}

/* Within 4 standard deviations, and what is left keeps the mean. */
static void the_rate_is_the_part_that_is_dropped(void **state)
{
    (void)state;
    make_dropout(0.3);
    run_step(1, y, first);
    size_t dropped = 0;
    for (size_t i = 0; i < N; i++) {
        dropped += first[i] == 0;
        assert_true(first[i] == 0 || fabs((double)first[i] - 1 / 0.7) < 2e-7);
    }
    assert_true(fabs((double)dropped - 0.3 * N) < 4 * sqrt(0.3 * 0.7 * N));
}

static void rate_zero_keeps_everything(void **state)
{
    (void)state;
    make_dropout(0);
    run_step(9, y, second);
    assert_memory_equal(first, second, sizeof first);
}

static void a_rate_out_of_range_is_refused(void **state)
{
    (void)state;
    static const double rates[] = {-0.1, 1, 1.5, NAN};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        assert_int_equal(
            gz_dropout(graph, input(GZ_SHAPE(2)), input_of(GZ_I32, GZ_SHAPE(4)), rates[i], key, &y),
            GAZE_ERROR_MODEL);
        assert_non_null(strstr(gaze_message(), "expected 0 <= rate < 1"));
    }
    assert_int_equal(gz_dropout(graph, input(GZ_SHAPE(2)), input(GZ_SHAPE(4)), 0.5, key, &y),
                     GAZE_ERROR_MODEL);
    assert_non_null(strstr(gaze_message(), "expected int32 [4]"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_graph, close_graph)
    const struct CMUnitTest tests[] = {
        TEST(dropout_holds_its_cases),
        TEST(dropout_is_the_same_for_the_same_step),
        TEST(the_gradient_has_the_same_mask),
        TEST(a_value_is_kept_by_its_own_random_word),
        TEST(the_rate_is_the_part_that_is_dropped),
        TEST(rate_zero_keeps_everything),
        TEST(a_rate_out_of_range_is_refused),
    };
    return cmocka_run_group_tests(tests, open_device, close_device);
}
