/* Convolutions whose windows share no pixel are built as products: the same values and gradients as the
   convolution of those windows. */
#include "on_device.h"

#include "../engine/ops/gradients.h"

enum { B = 2, H = 6, W = 15, C = 9, O = 13, PARAMETERS = 3 };

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
    gz_tensor *in[PARAMETERS] = {input(GZ_SHAPE(B, H, W, channels)),
                                 input(GZ_SHAPE(window.size[0], window.size[1], channels, O)),
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

static void patches(void **state)
{
    (void)state;
    agrees(C, (gz_window){{2, 3}, {2, 3}, {1, 1}, GZ_VALID}, GZ_SIGMOID, 1);
}

static void patches_of_few_channels(void **state)
{
    (void)state;
    agrees(4, (gz_window){{3, 5}, {3, 5}, {1, 1}, GZ_SAME}, GZ_LINEAR, 1);
    close_graph(state);
    open_graph(state);
    agrees(3, (gz_window){{3, 5}, {3, 5}, {1, 1}, GZ_SAME}, GZ_LINEAR, 0);
}

static void patches_of_a_row(void **state)
{
    (void)state;
    agrees(C, (gz_window){{1, 5}, {1, 5}, {1, 1}, GZ_VALID}, GZ_RELU, 1);
}

static void patches_as_wide_as_the_image(void **state)
{
    (void)state;
    agrees(C, (gz_window){{3, W}, {3, 1}, {1, 1}, GZ_VALID}, GZ_LINEAR, 1);
}

static void one_window_of_all_pixels(void **state)
{
    (void)state;
    agrees(C, (gz_window){{H, W}, {1, 2}, {1, 1}, GZ_VALID}, GZ_TANH, 1);
}

static void windows_that_overlap(void **state)
{
    (void)state;
    agrees(C, (gz_window){{3, 3}, {2, 3}, {1, 1}, GZ_VALID}, GZ_LINEAR, 0);
}

static void windows_with_gaps(void **state)
{
    (void)state;
    agrees(C, (gz_window){{2, 1}, {2, 3}, {1, 1}, GZ_VALID}, GZ_LINEAR, 0);
    close_graph(state);
    open_graph(state);
    agrees(C, (gz_window){{2, 2}, {2, 2}, {3, 1}, GZ_VALID}, GZ_LINEAR, 0);
}

static void patches_that_leave_pixels_over(void **state)
{
    (void)state;
    agrees(C, (gz_window){{4, 5}, {4, 5}, {1, 1}, GZ_VALID}, GZ_LINEAR, 0);
    close_graph(state);
    open_graph(state);
    agrees(C, (gz_window){{4, 5}, {4, 5}, {1, 1}, GZ_SAME}, GZ_LINEAR, 0);
}

#define WITH_GRAPH(test) cmocka_unit_test_setup_teardown(test, open_graph, close_graph)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_GRAPH(every_pixel),
        WITH_GRAPH(pixels_a_stride_apart),
        WITH_GRAPH(a_stride_that_leaves_pixels_over),
        WITH_GRAPH(few_channels_are_windows),
        WITH_GRAPH(patches),
        WITH_GRAPH(patches_of_few_channels),
        WITH_GRAPH(patches_of_a_row),
        WITH_GRAPH(patches_as_wide_as_the_image),
        WITH_GRAPH(one_window_of_all_pixels),
        WITH_GRAPH(windows_that_overlap),
        WITH_GRAPH(windows_with_gaps),
        WITH_GRAPH(patches_that_leave_pixels_over),
    };
    return cmocka_run_group_tests(tests, open_device, close_device);
}
