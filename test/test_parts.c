/* Launches made in parts by threads of the host: every group once, one launch after the other, whoever makes
   which part. */
#include "child.h"
#include "on_device.h"

#include "../engine/device/team.h"

#include <float.h>
#include <time.h>

static char folder[64];
static gz_device *host;

static const char source[] =
    "#include \"common.h\"\n"
    /* counts[group] += 1 */
    "__kernel void count(__global int *counts, int across, int down)\n"
    "{\n"
    "    counts[(get_group_id(2) * down + get_group_id(1)) * across + get_group_id(0)]++;\n"
    "}\n"
    /* to[i] = from[i + 1] + 1, in a ring */
    "__kernel void follow(const __global int *from, __global int *to, int size)\n"
    "{\n"
    "    const int i = get_global_id(0);\n"
    "    if (i < size) to[i] = from[(i + 1) % size] + 1;\n"
    "}\n"
    "__kernel void twice(__global float *values) { values[get_global_id(0)] *= 2; }\n";

static int open_host(void **state)
{
    isolate_environment(temporary_folder(folder));
    write_text(folder, "team.cl", source);
    setenv("GAZE_KERNEL_DIR", folder, 1);
    if (open_device(state)) return -1;
    host = gz_device_hosted(device);
    return 0;
}

static int close_host(void **state)
{
    unsetenv("GAZE_KERNEL_DIR");
    remove_folder(folder);
    return close_device(state);
}

/* PoCL 3 alone has such a device. */
#define expect_host() \
    (void)state;      \
    if (!host) skip()

static cl_mem zeros(size_t count)
{
    cl_mem memory;
    assert_ok(gz_device_allocate(host, count * 4, &memory));
    return memory;
}

static cl_kernel kernel_of(const char *name)
{
    cl_kernel kernel;
    assert_ok(gz_device_kernel(host, "team", name, "", &kernel));
    return kernel;
}

static void expect_each_once(size_t x, size_t y, size_t z, size_t group)
{
    const size_t count = x * y * z;
    const cl_int across = (cl_int)x, down = (cl_int)y;
    int32_t *counts = malloc(count * 4);
    const cl_mem memory = zeros(count);
    gz_work work = {kernel_of("count"), {x, y, z}, {group, 1, 1}, 0, NULL};
    gz_command_times times;
    clSetKernelArg(work.kernel, 0, sizeof memory, &memory);
    clSetKernelArg(work.kernel, 1, sizeof across, &across);
    clSetKernelArg(work.kernel, 2, sizeof down, &down);
    assert_ok(gz_device_turn(host));
    for (int i = 0; i < 3; i++) assert_int_equal(gz_device_enqueue(host, &work, NULL, &times), CL_SUCCESS);
    assert_ok(gz_device_read(host, memory, 0, counts, count * 4));
    for (size_t i = 0; i < count; i++)
        if (counts[i] != 3) fail_msg("group %zu of %zu x %zu x %zu ran %d times", i, x, y, z, counts[i]);
    clReleaseKernel(work.kernel);
    gz_device_release(host, memory);
    free(counts);
}

static void every_group_runs_once(void **state)
{
    expect_host();
    for (size_t n = 1; n < 20; n++) expect_each_once(n, 1, 1, 1);
    expect_each_once(3, 7, 2, 1);
    expect_each_once(2, 1, 9, 1);
    expect_each_once(5, 5, 5, 1);
    expect_each_once(60001, 1, 1, 1);
    expect_each_once(2, 70001, 1, 1);
}

/* 3000 launches, of which each needs all values of the one before. */
static void launches_follow_each_other(void **state)
{
    enum { SIZE = 501, LAUNCHES = 3000, GROUP = 4 };
    const cl_int size = SIZE;
    int32_t values[SIZE];
    gz_work works[2] = {{NULL, {(SIZE + GROUP - 1) / GROUP, 1, 1}, {GROUP, 1, 1}, 0, NULL}};
    gz_command_times times;
    cl_mem memory[2];
    expect_host();
    works[1] = works[0];
    for (int i = 0; i < 2; i++) memory[i] = zeros(SIZE);
    for (int i = 0; i < 2; i++) {
        works[i].kernel = kernel_of("follow");
        clSetKernelArg(works[i].kernel, 0, sizeof(cl_mem), &memory[i]);
        clSetKernelArg(works[i].kernel, 1, sizeof(cl_mem), &memory[1 - i]);
        clSetKernelArg(works[i].kernel, 2, sizeof size, &size);
    }
    assert_ok(gz_device_turn(host));
    for (int i = 0; i < LAUNCHES; i++) {
        assert_int_equal(gz_device_enqueue(host, &works[i % 2], NULL, &times), CL_SUCCESS);
        if (i % 1000 == 500) nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL); /* all fall asleep */
    }
    assert_ok(gz_device_read(host, memory[0], 0, values, sizeof values));
    for (int i = 0; i < SIZE; i++) assert_int_equal(values[i], LAUNCHES);
    for (int i = 0; i < 2; i++) {
        clReleaseKernel(works[i].kernel);
        gz_device_release(host, memory[i]);
    }
}

/* In kernels, whoever runs them; the caller's own arithmetic keeps them. */
static void subnormal_numbers_are_zeros(void **state)
{
    enum { COUNT = 64 };
    gz_device *const both[] = {device, host};
    expect_host();
    for (int d = 0; d < 2; d++) {
        float values[COUNT];
        cl_mem memory;
        cl_kernel kernel;
        gz_command_times times;
        volatile float least = FLT_MIN;
        for (int i = 0; i < COUNT; i++) values[i] = i % 2 ? 1e-40f : 3e-38f;
        assert_ok(gz_device_kernel(both[d], "team", "twice", "", &kernel));
        assert_ok(gz_device_allocate(both[d], sizeof values, &memory));
        assert_ok(gz_device_write(both[d], memory, 0, values, sizeof values));
        clSetKernelArg(kernel, 0, sizeof memory, &memory);
        gz_work work = {kernel, {COUNT, 1, 1}, {1, 1, 1}, 0, NULL};
        if (both[d] == host) assert_ok(gz_device_turn(host));
        assert_int_equal(gz_device_enqueue(both[d], &work, NULL, &times), CL_SUCCESS);
        assert_ok(gz_device_read(both[d], memory, 0, values, sizeof values));
        for (int i = 0; i < COUNT; i++) assert_true(values[i] == (i % 2 ? 0 : 6e-38f));
        assert_true(least / 2 > 0);
        clReleaseKernel(kernel);
        gz_device_release(both[d], memory);
    }
}

static void a_call_that_fails_is_told(void **state)
{
    gz_command_times times;
    expect_host();
    gz_work work = {kernel_of("count"), {8, 1, 1}, {1, 1, 1}, 0, NULL}; /* no arguments */
    assert_int_not_equal(gz_device_enqueue(host, &work, NULL, &times), CL_SUCCESS);
    clReleaseKernel(work.kernel);
    expect_each_once(8, 1, 1, 1);
}

/* From the beginning of the first part to the end of the last one. */
static void parts_are_timed_as_one(void **state)
{
    const gaze_context_options options = {.profile = true};
    gz_device *timed;
    gz_command_times before = {0}, times = {0};
    cl_event event = (cl_event)&options;
    expect_host();
    assert_ok(gz_device_open(&options, &timed));
    gz_device *keep = host;
    host = gz_device_hosted(timed);
    gz_work work = {kernel_of("count"), {100000, 1, 1}, {1, 1, 1}, 0, NULL};
    const cl_mem memory = zeros(100000);
    const cl_int across = 100000, down = 1;
    clSetKernelArg(work.kernel, 0, sizeof memory, &memory);
    clSetKernelArg(work.kernel, 1, sizeof across, &across);
    clSetKernelArg(work.kernel, 2, sizeof down, &down);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(gz_device_enqueue(host, &work, &event, &times), CL_SUCCESS);
        assert_null(event);
        assert_true(times.queued >= before.end && times.start >= times.queued && times.end > times.start);
        before = times;
    }
    clReleaseKernel(work.kernel);
    gz_device_release(host, memory);
    gz_device_close(timed);
    host = keep;
}

/* A kernel that asks how large the launch is would get the part's size: it isn't compiled. */
static void a_kernel_can_not_ask_for_the_size(void **state)
{
    cl_kernel kernel;
    expect_host();
    setenv("GAZE_KERNEL_DIR", SOURCE_DIR "/cl", 1);
    assert_int_equal(gz_device_kernel(host, "embedding_gpu", "embedding_gpu", "", &kernel),
                     GAZE_ERROR_DEVICE);
    assert_non_null(strstr(gaze_message(), "a_part_does_not_know_the_size_of_its_launch"));
    setenv("GAZE_KERNEL_DIR", folder, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_group_runs_once),       cmocka_unit_test(launches_follow_each_other),
        cmocka_unit_test(subnormal_numbers_are_zeros), cmocka_unit_test(a_call_that_fails_is_told),
        cmocka_unit_test(parts_are_timed_as_one),      cmocka_unit_test(a_kernel_can_not_ask_for_the_size),
    };
    return cmocka_run_group_tests(tests, open_host, close_host);
}
