#include "on_device.h"

#define HOLDS(op)                                  \
    static void op##_holds_its_cases(void **state) \
    {                                              \
        (void)state;                               \
        verify_op(&gz_op_##op);                    \
    }
HOLDS(recurrence)
HOLDS(recurrence_gradient)
HOLDS(shift_time)
HOLDS(reverse_time)
HOLDS(after_first)

/* xw [1,2,G], kernel [1,G]: one unit, two steps. */
static void recur(gz_recurrence_kind kind, size_t gates, gz_tensor *bias, gz_tensor *h0, gz_tensor *in[2],
                  gz_tensor **h, gz_tensor **c)
{
    in[0] = input(GZ_SHAPE(1, 2, gates));
    in[1] = input(GZ_SHAPE(1, gates));
    gz_tensor *const all[6] = {in[0], in[1], bias, NULL, h0, NULL};
    assert_ok(gz_recurrence(graph, kind, false, all, h, c));
}

static void lstm_by_hand(void **state)
{
    (void)state;
    gz_tensor *in[2], *h, *c;
    recur(GZ_LSTM, 4, NULL, NULL, in, &h, &c);
    make_plan(KEEP(h, c));
    write_values(in[0], 0.5f, -1, 1, 0.25f, -0.5f, 0.25f, -1, 2);
    write_values(in[1], 0.5f, -0.25f, 0.75f, 1);
    run_plan();
    assert_reads(c, 1e-6, 0.474061389f, -0.0142238695f);
    assert_reads(h, 1e-6, 0.248186867f, -0.0128645374f);
}

static void gru_adds_each_bias_on_its_side_of_the_reset_gate(void **state)
{
    (void)state;
    gz_tensor *in[2], *bias = input(GZ_SHAPE(2, 3)), *h0 = input(GZ_SHAPE(1, 1)), *h;
    recur(GZ_GRU, 3, bias, h0, in, &h, NULL);
    make_plan(KEEP(h));
    write_values(in[0], 0.5f, -1, 1, -0.5f, 0.25f, -1);
    write_values(in[1], 0.5f, -0.25f, 0.75f);
    write_values(bias, 0.1f, 0.2f, 0.3f, -0.3f, 0.4f, 0.5f);
    write_values(h0, 0.5f);
    run_plan();
    assert_reads(h, 1e-6, 0.655630788f, 0.243598134f);
}

static void gru_may_reset_before_the_product(void **state)
{
    (void)state;
    gz_tensor *in[2], *h0 = input(GZ_SHAPE(1, 1)), *h;
    recur(GZ_GRU_RESET_BEFORE, 3, NULL, h0, in, &h, NULL);
    make_plan(KEEP(h));
    write_values(in[0], 0.5f, -1, 1, -0.5f, 0.25f, -1);
    write_values(in[1], 0.5f, -0.25f, 0.75f);
    write_values(h0, 0.5f);
    run_plan();
    assert_reads(h, 1e-6, 0.59546778f, -0.0868703359f);
}

/* tanh(1), then tanh(0.5 + 2 tanh(1)) where the second step counts. */
static void masked_steps_keep_the_state(void **state)
{
    (void)state;
    gz_tensor *xw = input(GZ_SHAPE(3, 3, 1)), *kernel = input(GZ_SHAPE(1, 1)),
              *mask = input_of(GZ_I32, GZ_SHAPE(3, 3)), *h;
    gz_tensor *const all[6] = {xw, kernel, NULL, mask, NULL, NULL};
    assert_ok(gz_recurrence(graph, GZ_RNN, false, all, &h, NULL));
    make_plan(KEEP(h));
    write_values(xw, 1, 9, 0.5f, 9, 1, 9, 9, 9, 9);
    write_values(kernel, 2);
    write_labels(mask, 1, 0, 1, 0, 1, 0, 0, 0, 0);
    run_plan();
    assert_reads(h, 1e-6, 0.761594156f, 0.761594156f, 0.965629756f, 0, 0.761594156f, 0.761594156f, 0, 0, 0);
}

static void backwards_starts_at_the_last_step(void **state)
{
    (void)state;
    gz_tensor *xw = input(GZ_SHAPE(1, 2, 1)), *kernel = input(GZ_SHAPE(1, 1)), *h;
    gz_tensor *const all[6] = {xw, kernel, NULL, NULL, NULL, NULL};
    assert_ok(gz_recurrence(graph, GZ_RNN, true, all, &h, NULL));
    make_plan(KEEP(h));
    write_values(xw, 0.5f, 1);
    write_values(kernel, 2);
    run_plan();
    assert_reads(h, 1e-6, 0.965629756f, 0.761594156f);
}

static void time_is_shifted_reversed_and_cut(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(1, 3, 2)), *first = input(GZ_SHAPE(1, 2)),
              *mask = input_of(GZ_I32, GZ_SHAPE(1, 3));
    gz_tensor *later, *earlier, *turned, *cut;
    assert_ok(gz_shift_time(graph, x, first, false, &later));
    assert_ok(gz_shift_time(graph, x, NULL, true, &earlier));
    assert_ok(gz_reverse_time(graph, x, &turned));
    assert_ok(gz_after_first(graph, x, mask, false, &cut));
    make_plan(KEEP(later, earlier, turned, cut));
    write_values(x, 1, 2, 3, 4, 5, 6);
    write_values(first, 8, 9);
    write_labels(mask, 0, 1, 0);
    run_plan();
    assert_reads(later, 0, 8, 9, 1, 2, 3, 4);
    assert_reads(earlier, 0, 3, 4, 5, 6, 0, 0);
    assert_reads(turned, 0, 5, 6, 3, 4, 1, 2);
    assert_reads(cut, 0, 0, 0, 3, 4, 5, 6);
}

static void shapes_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    gz_tensor *xw = input(GZ_SHAPE(2, 3, 8)), *kernel = input(GZ_SHAPE(2, 8)), *h;
    gz_tensor *const wide[6] = {input(GZ_SHAPE(2, 3, 6)), kernel, NULL, NULL, NULL, NULL};
    assert_int_equal(gz_recurrence(graph, GZ_LSTM, false, wide, &h, NULL), GAZE_ERROR_MODEL);
    assert_non_null(strstr(gaze_message(), "input has shape [2,3,6], expected [2,3,8]"));
    gz_tensor *const first[6] = {xw, kernel, NULL, NULL, input(GZ_SHAPE(2, 3)), NULL};
    assert_int_equal(gz_recurrence(graph, GZ_LSTM, false, first, &h, NULL), GAZE_ERROR_MODEL);
    assert_non_null(strstr(gaze_message(), "initial state h has shape [2,3], expected [2,2]"));
    gz_tensor *const masked[6] = {xw, kernel, NULL, input_of(GZ_I32, GZ_SHAPE(3, 2)), NULL, NULL};
    assert_int_equal(gz_recurrence(graph, GZ_LSTM, false, masked, &h, NULL), GAZE_ERROR_MODEL);
    assert_non_null(strstr(gaze_message(), "mask has shape [3,2], expected [2,3]"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_graph, close_graph)
    const struct CMUnitTest tests[] = {
        TEST(recurrence_holds_its_cases),
        TEST(recurrence_gradient_holds_its_cases),
        TEST(shift_time_holds_its_cases),
        TEST(reverse_time_holds_its_cases),
        TEST(after_first_holds_its_cases),
        TEST(lstm_by_hand),
        TEST(gru_adds_each_bias_on_its_side_of_the_reset_gate),
        TEST(gru_may_reset_before_the_product),
        TEST(masked_steps_keep_the_state),
        TEST(backwards_starts_at_the_last_step),
        TEST(time_is_shifted_reversed_and_cut),
        TEST(shapes_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, open_device, close_device);
}
