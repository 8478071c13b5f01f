/* Small plans run on the calling thread, large ones on all; the values are the same, and so is the memory. */
#include "on_device.h"

/* PoCL 3 alone has such a device. */
#define expect_hosted() \
    if (!gz_device_hosted(device)) skip()

/* y = x w with R rows of 256 values */
static gz_tensor *product(size_t R, gz_tensor **x, gz_tensor **w)
{
    const gz_dense_attr linear = {GZ_LINEAR};
    gz_tensor *y;
    *x = input(GZ_SHAPE(R, 256));
    *w = input(GZ_SHAPE(256, 256));
    assert_ok(
        gz_graph_node(graph, &gz_op_dense, &linear, sizeof linear, (gz_tensor *[]){*x, *w, NULL}, 3, &y, 1));
    return y;
}

static void fill(gz_tensor *tensor, float start)
{
    const size_t count = gz_shape_count(tensor->shape);
    float *values = malloc(count * sizeof *values);
    for (size_t i = 0; i < count; i++) values[i] = start + (float)(i % 17) / 16;
    assert_ok(gz_plan_write(plan, tensor, values));
    free(values);
}

/* Where a plan of the graph would run. */
static gz_device *runs_on(const gz_plan_options *given)
{
    gz_plan_options options = *given;
    options.dry = true;
    assert_ok(gz_plan_create(device, graph, NULL, &options, &plan));
    gz_device *where = gz_plan_runs_on(plan);
    gz_plan_destroy(plan);
    plan = NULL;
    return where;
}

static void one_row_runs_alone_and_thousands_do_not(void **state)
{
    gz_tensor *x, *w;
    expect_hosted();
    (void)state;
    product(1, &x, &w);
    assert_ptr_equal(runs_on(&(gz_plan_options){0}), gz_device_hosted(device));
    assert_ptr_equal(runs_on(&(gz_plan_options){.place = 2}), device);
    product(8192, &x, &w);
    if (gz_device_facts_of(device)->compute_units > 1)
        assert_ptr_equal(runs_on(&(gz_plan_options){0}), device);
}

static void verification_runs_where_it_is_told_to(void **state)
{
    gz_tensor *x, *w;
    expect_hosted();
    (void)state;
    product(1, &x, &w);
    assert_ptr_equal(runs_on(&(gz_plan_options){.isolate = true}), device);
}

static void run_on(gz_device *where, gz_tensor *y, gz_tensor *x, gz_tensor *w, float *values)
{
    assert_ok(gz_plan_create(where, graph, NULL, &(gz_plan_options){.isolate = true}, &plan));
    fill(x, -0.5F);
    fill(w, 0.25F);
    run_plan();
    read_values(y, values);
    gz_plan_destroy(plan);
    plan = NULL;
}

static void both_give_the_same_bits(void **state)
{
    float whole[3 * 256], hosted[3 * 256];
    gz_tensor *x, *w, *y = product(3, &x, &w);
    expect_hosted();
    (void)state;
    y->keep = true;
    run_on(device, y, x, w, whole);
    run_on(gz_device_hosted(device), y, x, w, hosted);
    assert_memory_equal(whole, hosted, sizeof whole);
}

/* What one has enqueued, the other sees: 64 turns over one buffer. */
static void they_take_turns(void **state)
{
    const size_t count = 1 << 20;
    gz_device *hosted = gz_device_hosted(device);
    cl_mem memory;
    expect_hosted();
    (void)state;
    assert_ok(gz_device_allocate(hosted, count * 4, &memory));
    assert_true(gz_device_allocated(device) >= count * 4);
    for (cl_uint i = 0; i < 64; i++) {
        gz_device *writer = i % 2 ? device : hosted, *reader = i % 2 ? hosted : device;
        cl_uint last = 0;
        assert_ok(gz_device_turn(writer));
        assert_int_equal(
            clEnqueueFillBuffer(gz_device_queue(writer), memory, &i, sizeof i, 0, count * 4, 0, NULL, NULL),
            CL_SUCCESS);
        assert_ok(gz_device_read(reader, memory, (count - 1) * 4, &last, sizeof last));
        assert_int_equal(last, i);
    }
    gz_device_release(hosted, memory);
    assert_int_equal(gz_device_allocated(device), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_row_runs_alone_and_thousands_do_not, open_graph, close_graph),
        cmocka_unit_test_setup_teardown(verification_runs_where_it_is_told_to, open_graph, close_graph),
        cmocka_unit_test_setup_teardown(both_give_the_same_bits, open_graph, close_graph),
        cmocka_unit_test_setup_teardown(they_take_turns, open_graph, close_graph),
    };
    return cmocka_run_group_tests(tests, open_device, close_device);
}
