#include "on_device.h"

static void dense_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_dense);
}

static void dense_input_gradient_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_dense_input_gradient);
}

static void dense_kernel_gradient_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_dense_kernel_gradient);
}

static void bias_gradient_holds_its_cases(void **state)
{
    (void)state;
    verify_op(&gz_op_bias_gradient);
}

static void dense_adds_the_bias_before_relu(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(2, 3)), *kernel = input(GZ_SHAPE(3, 2)), *bias = input(GZ_SHAPE(2)), *y;
    assert_ok(gz_dense(graph, x, kernel, bias, GZ_RELU, &y));
    make_plan(KEEP(y));
    write_values(x, 1, 2, 3, -1, 0, 2);
    write_values(kernel, 1, -1, 0, 2, 1, 0.5f);
    write_values(bias, 0.25f, -6);
    run_plan();
    assert_reads(y, 0, 4.25f, 0, 1.25f, 0);
}

static void dense_works_on_the_last_axis(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(5, 4, 2, 3)), *kernel = input(GZ_SHAPE(3, 7)), *y;
    assert_ok(gz_dense(graph, x, kernel, NULL, GZ_LINEAR, &y));
    assert_true(gz_shape_equal(y->shape, GZ_SHAPE(5, 4, 2, 7)));
}

/* d/dx and d/dkernel of y = x kernel, by hand, for dy = [[1, 2]] */
static void gradients_by_hand(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(1, 3)), *kernel = input(GZ_SHAPE(3, 2)), *dy = input(GZ_SHAPE(1, 2)), *dx,
              *dkernel, *db;
    assert_ok(gz_dense_input_gradient(graph, dy, kernel, &dx));
    assert_ok(gz_dense_kernel_gradient(graph, x, dy, &dkernel));
    assert_ok(gz_bias_gradient(graph, dy, &db));
    make_plan(KEEP(dx, dkernel, db));
    write_values(x, 5, 6, 7);
    write_values(kernel, 1, -1, 0, 2, 1, 0.5f);
    write_values(dy, 1, 2);
    run_plan();
    assert_reads(dx, 0, -1, 4, 2);
    assert_reads(dkernel, 0, 5, 10, 6, 12, 7, 14);
    assert_reads(db, 0, 1, 2);
}

/* A dense layer's weights must get the same gradient whether its activation is fused or an op of its own. */
static void fused_activation_has_the_gradient_of_a_separate_one(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(9, 5)), *kernel = input(GZ_SHAPE(5, 11)), *dy = input(GZ_SHAPE(9, 11));
    gz_tensor *fused, *z, *apart, *dkernel[2] = {0};
    const bool wanted[3] = {false, true, false};
    assert_ok(gz_dense(graph, x, kernel, NULL, GZ_TANH, &fused));
    assert_ok(gz_dense(graph, x, kernel, NULL, GZ_LINEAR, &z));
    assert_ok(gz_activation(graph, z, GZ_TANH, &apart));
    gz_tensor *din[3] = {0}, *dz[1] = {0};
    assert_ok(gz_op_dense.gradient(graph, fused->producer, &dy, wanted, din));
    dkernel[0] = din[1];
    assert_ok(gz_activation_gradient(graph, GZ_TANH, z, apart, dy, dz));
    assert_ok(gz_dense_kernel_gradient(graph, x, dz[0], &dkernel[1]));
    make_plan(KEEP(dkernel[0], dkernel[1]));
    float values[9 * 11], got[2][55];
    for (size_t i = 0; i < 99; i++) values[i] = sinf((float)i);
    assert_ok(gz_plan_write(plan, x, values));
    assert_ok(gz_plan_write(plan, kernel, values + 20));
    assert_ok(gz_plan_write(plan, dy, values));
    run_plan();
    read_values(dkernel[0], got[0]);
    read_values(dkernel[1], got[1]);
    for (size_t i = 0; i < 55; i++) assert_true(fabsf(got[0][i] - got[1][i]) <= 1e-6f && got[0][i] != 0);
}

static void wrong_shapes_are_named(void **state)
{
    (void)state;
    gz_tensor *x = input(GZ_SHAPE(2, 3)), *kernel = input(GZ_SHAPE(4, 2)), *bias = input(GZ_SHAPE(3)), *y;
    graph->scope = "hidden";
    assert_int_equal(gz_dense(graph, x, kernel, NULL, GZ_LINEAR, &y), GAZE_ERROR_MODEL);
    assert_non_null(
        strstr(gaze_message(), "layer 'hidden': op dense: input has shape [2,3], expected 4 features"));
    assert_int_equal(gz_dense(graph, input(GZ_SHAPE(2, 4)), kernel, bias, GZ_LINEAR, &y), GAZE_ERROR_MODEL);
    assert_non_null(strstr(gaze_message(), "bias has shape [3], expected [2]"));
    assert_int_equal(gz_dense(graph, input(GZ_SHAPE(2, 4)), kernel, NULL, GZ_GELU, &y), GAZE_ERROR_MODEL);
    assert_non_null(strstr(gaze_message(), "gelu"));
    assert_int_equal(gz_dense_kernel_gradient(graph, x, bias, &y), GAZE_ERROR_MODEL);
}

static void every_op_is_found_by_its_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < gz_n_ops; i++) assert_ptr_equal(gz_op_find(gz_ops[i]->name), gz_ops[i]);
    assert_null(gz_op_find("dens"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_graph, close_graph)
    const struct CMUnitTest tests[] = {
        TEST(dense_holds_its_cases),
        TEST(dense_input_gradient_holds_its_cases),
        TEST(dense_kernel_gradient_holds_its_cases),
        TEST(bias_gradient_holds_its_cases),
        TEST(dense_adds_the_bias_before_relu),
        TEST(dense_works_on_the_last_axis),
        TEST(gradients_by_hand),
        TEST(fused_activation_has_the_gradient_of_a_separate_one),
        TEST(wrong_shapes_are_named),
        TEST(every_op_is_found_by_its_name),
    };
    return cmocka_run_group_tests(tests, open_device, close_device);
}
