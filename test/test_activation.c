#include "on_device.h"

static void activation_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_activation);
}

static void activation_gradient_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_activation_gradient);
}

/* x = -1, 0, 2 */
static void assert_activation(gz_activation_kind kind, float minus_one, float zero, float two)
{
    gz_tensor *x = input(GZ_SHAPE(3)), *y;
    assert_ok(gz_activation(graph, x, kind, &y));
    make_plan(KEEP(y));
    write_values(x, -1, 0, 2);
    run_plan();
    assert_reads(y, 2e-7, minus_one, zero, two);
    close_graph(NULL);
    open_graph(NULL);
}

static void activations_by_hand(void **state)
{
    (void)state;
    assert_activation(GZ_LINEAR, -1, 0, 2);
    assert_activation(GZ_RELU, 0, 0, 2);
    assert_activation(GZ_SIGMOID, 0.268941421f, 0.5f, 0.880797078f);
    assert_activation(GZ_TANH, -0.761594156f, 0, 0.964027580f);
    assert_activation(GZ_ELU, -0.632120559f, 0, 2);
    assert_activation(GZ_LEAKY_RELU, -0.2f, 0, 2);
    assert_activation(GZ_GELU, -0.158655254f, 0, 1.954499736f);
    assert_activation(GZ_SILU, -0.268941421f, 0, 1.761594156f);
}

/* dy = 1 at x = -1, 0, 2 */
static void assert_slope(gz_activation_kind kind, float minus_one, float zero, float two)
{
    gz_tensor *x = input(GZ_SHAPE(3)), *dy = input(GZ_SHAPE(3)), *y, *dz;
    assert_ok(gz_activation(graph, x, kind, &y));
    assert_ok(gz_activation_gradient(graph, kind, x, y, dy, &dz));
    make_plan(KEEP(dz));
    write_values(x, -1, 0, 2);
    write_values(dy, 1, 1, 1);
    run_plan();
    assert_reads(dz, 3e-7, minus_one, zero, two);
    close_graph(NULL);
    open_graph(NULL);
}

static void slopes_by_hand(void **state)
{
    (void)state;
    assert_slope(GZ_LINEAR, 1, 1, 1);
    assert_slope(GZ_RELU, 0, 0, 1);
    assert_slope(GZ_SIGMOID, 0.196611933f, 0.25f, 0.104993585f);
    assert_slope(GZ_TANH, 0.419974342f, 1, 0.070650825f);
    assert_slope(GZ_ELU, 0.367879441f, 1, 1);
    assert_slope(GZ_LEAKY_RELU, 0.2f, 0.2f, 1);
    assert_slope(GZ_GELU, -0.083315472f, 0.5f, 1.085232001f);
    assert_slope(GZ_SILU, 0.072329486f, 0.5f, 1.090784184f);
}

static void every_kind_keeps_nan_and_has_limits(void **state)
{
    (void)state;
    static const float low[] = {-INFINITY, 0, 0, -1, -1, -INFINITY, 0, 0};
    static const float high[] = {INFINITY, INFINITY, 1, 1, INFINITY, INFINITY, INFINITY, INFINITY};
    for (gz_activation_kind kind = GZ_LINEAR; kind <= GZ_SILU; kind++) {
        gz_tensor *x = input(GZ_SHAPE(3)), *y;
        float got[3];
        assert_ok(gz_activation(graph, x, kind, &y));
        make_plan(KEEP(y));
        write_values(x, NAN, -INFINITY, INFINITY);
        run_plan();
        read_values(y, got);
        if (!isnan(got[0]) || got[1] != low[kind] || got[2] != high[kind])
            fail_msg("%s: %g %g %g", gz_activation_name(kind), (double)got[0], (double)got[1],
                     (double)got[2]);
        close_graph(NULL);
        open_graph(NULL);
    }
}

/* No part underflows before the product: 12 sigma below 0 the value is still right to 8 ULP. */
static void gelu_is_right_far_below_zero(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(2)), *y;
    float got[2];
    assert_ok(gz_activation(graph, x, GZ_GELU, &y));
    make_plan(KEEP(y));
    write_values(x, -12, -5);
    run_plan();
    read_values(y, got);
    assert_true(fabs((double)got[0] / -2.1317789386e-32 - 1) < 8 * 0x1p-23);
    assert_true(fabs((double)got[1] / -1.4332578595e-06 - 1) < 8 * 0x1p-23);
}

static void names_are_those_of_keras(void **state)
{
    (void)state;
    static const char *const names[] = {"linear", "relu",       "sigmoid", "tanh",
                                        "elu",    "leaky_relu", "gelu",    "silu"};
    for (gz_activation_kind kind = GZ_LINEAR; kind <= GZ_SILU; kind++) {
        assert_string_equal(gz_activation_name(kind), names[kind]);
        assert_int_equal(gz_activation_fuses(kind), kind < GZ_GELU);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_graph, close_graph)
    const struct CMUnitTest tests[] = {
        TEST(activation_holds_its_cases),
        TEST(activation_gradient_holds_its_cases),
        TEST(activations_by_hand),
        TEST(slopes_by_hand),
        TEST(every_kind_keeps_nan_and_has_limits),
        TEST(gelu_is_right_far_below_zero),
        TEST(names_are_those_of_keras),
    };
    return cmocka_run_group_tests(tests, open_device, close_device);
}
