/* Convolutions of 1 x 1 are built as products: the same values and gradients as the convolution of those
 * windows. */
#include "on_device.h"

#include "../engine/ops/gradients.h"

enum { B = 2, H = 7, W = 11, C = 9, O = 13, PARAMETERS = 3 };

static size_t count_of(const char *op)
{
    size_t count = 0;
    for (size_t n = 0; n < graph->n_nodes; n++) count += strcmp(graph->nodes[n]->op->name, op) == 0;
    return count;
}

/* Numbers of -1 to 1 that depend on `seed` alone. */
static void write_random(gz_tensor *tensor, unsigned seed)
{
    const size_t n = gz_shape_count(tensor->shape);
    float *values = malloc(n * sizeof *values);
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        values[i] = (float)(seed >> 8) / (float)(1 << 23) - 1;
    }
    assert_ok(gz_plan_write(plan, tensor, values));
    free(values);
}

static void assert_same(gz_tensor *tensor, gz_tensor *other, double limit)
{
    const size_t n = gz_shape_count(tensor->shape);
    float *values = malloc(n * sizeof *values);
    assert_true(gz_shape_equal(tensor->shape, other->shape));
    read_values(other, values);
    assert_values(tensor, values, n, limit);
    free(values);
}

/* x, kernel and bias; y of both, by the same activation. */
static void agrees(size_t channels, gz_window window, gz_activation_kind activation, size_t products)
{
    enum { X, KERNEL, BIAS };
    const gz_conv2d_attr attr = {.window = window, .activation = activation};
    gz_tensor *in[PARAMETERS] = {input(GZ_SHAPE(B, H, W, channels)), input(GZ_SHAPE(1, 1, channels, O)),
                                 input(GZ_SHAPE(O))};
    gz_tensor *y, *of_windows, *dy, *gradients[PARAMETERS], *gradients_of_windows[PARAMETERS];
    assert_ok(gz_conv2d(graph, in[X], in[KERNEL], in[BIAS], &window, activation, &y));
    assert_int_equal(count_of("dense"), products);
    assert_int_equal(count_of("conv2d"), 1 - products);
    assert_ok(gz_graph_node(graph, &gz_op_conv2d, &attr, sizeof attr, in, PARAMETERS, &of_windows, 1));
    dy = input(y->shape);
    assert_ok(gz_graph_gradients_of(graph, y, dy, in, PARAMETERS, gradients));
    assert_ok(gz_graph_gradients_of(graph, of_windows, dy, in, PARAMETERS, gradients_of_windows));
    make_plan(KEEP(y, of_windows, gradients[X], gradients[KERNEL], gradients[BIAS], gradients_of_windows[X],
                   gradients_of_windows[KERNEL], gradients_of_windows[BIAS]));
    for (unsigned i = 0; i < PARAMETERS; i++) write_random(in[i], i);
    write_random(dy, PARAMETERS);
    run_plan();
    assert_same(y, of_windows, 1e-5);
    for (int i = 0; i < PARAMETERS; i++) assert_same(gradients[i], gradients_of_windows[i], 1e-4);
}

static void every_pixel(void **state)
{
    (void)state;
    agrees(C, (gz_window){{1, 1}, {1, 1}, {1, 1}, GZ_VALID}, GZ_TANH, 1);
}

static void pixels_a_stride_apart(void **state)
{
    (void)state;
    agrees(C, (gz_window){{1, 1}, {2, 3}, {1, 1}, GZ_SAME}, GZ_RELU, 1);
}

static void a_stride_that_leaves_pixels_over(void **state)
{
    (void)state;
    agrees(C, (gz_window){{1, 1}, {4, 4}, {1, 1}, GZ_VALID}, GZ_LINEAR, 1);
}

static void few_channels_are_windows(void **state)
{
    (void)state;
    agrees(3, (gz_window){{1, 1}, {1, 1}, {1, 1}, GZ_VALID}, GZ_LINEAR, 0);
}

#define WITH_GRAPH(test) cmocka_unit_test_setup_teardown(test, open_graph, close_graph)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_GRAPH(every_pixel),
        WITH_GRAPH(pixels_a_stride_apart),
        WITH_GRAPH(a_stride_that_leaves_pixels_over),
        WITH_GRAPH(few_channels_are_windows),
    };
    return cmocka_run_group_tests(tests, open_device, close_device);
}
