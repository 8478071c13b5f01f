/* A team of threads, with a driver that these tests stand in for: a kernel is C, and runs in the thread that
   enqueues it. So ThreadSanitizer sees all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../engine/device/device_parts.h"
#include "../engine/device/team.h"

enum { SIZE = 37, LAUNCHES = 20000, THREADS = 3 };

static int values[2][SIZE]; /* by launches of even and odd numbers */
static int launch;
static atomic_int calls_to_fail, queues_to_fail;

cl_command_queue clCreateCommandQueue(cl_context context, cl_device_id device,
                                      cl_command_queue_properties properties, cl_int *code)
{
    static int queue;
    (void)context, (void)device, (void)properties;
    *code = CL_SUCCESS;
    return atomic_fetch_sub(&queues_to_fail, 1) > 0 ? NULL : (cl_command_queue)&queue;
}

cl_int clReleaseCommandQueue(cl_command_queue queue)
{
    (void)queue;
    return CL_SUCCESS;
}

cl_int clFinish(cl_command_queue queue)
{
    (void)queue;
    return CL_SUCCESS;
}

/* Each group: its value and its neighbour's, of the launch before. */
cl_int clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions,
                              const size_t *offset, const size_t *global, const size_t *local, cl_uint n_wait,
                              const cl_event *wait, cl_event *event)
{
    const int *from = values[launch % 2];
    int *to = values[(launch + 1) % 2];
    (void)queue, (void)kernel, (void)dimensions, (void)local, (void)n_wait, (void)wait, (void)event;
    if (atomic_fetch_sub(&calls_to_fail, 1) > 0) return CL_OUT_OF_RESOURCES;
    for (size_t i = offset[0] - 1; i < offset[0] - 1 + global[0]; i++) to[i] = from[(i + 1) % SIZE] + 1;
    return CL_SUCCESS;
}

static gz_device device;
static gz_team *team;
static gz_work work = {NULL, {SIZE, 1, 1}, {1, 1, 1}, 0, NULL};

static int make_team(void **state)
{
    (void)state;
    memset(values, 0, sizeof values);
    launch = 0;
    calls_to_fail = queues_to_fail = 0;
    return gz_team_create(&device, THREADS, false, &team) == GAZE_OK ? 0 : -1;
}

static int end_team(void **state)
{
    (void)state;
    gz_team_destroy(team);
    return 0;
}

static void run(int launches)
{
    for (const int end = launch + launches; launch < end; launch++) {
        if (launch % 4)
            work.seconds = launch % 2 ? 0 : 1; /* as if it had taken that long: few parts, or many */
        assert_int_equal(gz_team_run(team, &work, NULL), CL_SUCCESS);
    }
}

static void expect_values(void)
{
    for (int i = 0; i < SIZE; i++) assert_int_equal(values[launch % 2][i], launch);
}

static void each_launch_has_all_of_the_one_before(void **state)
{
    (void)state;
    run(LAUNCHES);
    expect_values();
}

static void they_sleep_and_are_called(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        run(20);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        if (i % 2) gz_team_call(team);
    }
    expect_values();
}

static void a_team_that_has_nothing_to_do_ends(void **state)
{
    gz_team *idle;
    (void)state;
    assert_int_equal(gz_team_create(&device, THREADS, false, &idle), GAZE_OK);
    gz_team_destroy(idle);
    run(1);
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL); /* asleep: close_team has to wake them */
}

static void a_part_that_fails_fails_the_launch_alone(void **state)
{
    (void)state;
    run(10);
    for (int parts = 1; parts <= THREADS; parts++) {
        atomic_store(&calls_to_fail, parts);
        work.seconds = 0;
        assert_int_equal(gz_team_run(team, &work, NULL), CL_OUT_OF_RESOURCES);
        assert_string_equal(work.failed, "clEnqueueNDRangeKernel");
        atomic_store(&calls_to_fail, 0);
    }
    run(10);
    expect_values();
}

static void fewer_do_where_not_all_can_start(void **state)
{
    (void)state;
    assert_int_equal(gz_team_threads(team), THREADS);
    atomic_store(&queues_to_fail, 1);
    run(100);
    assert_int_equal(gz_team_threads(team), 1);
    expect_values();
}

static void one_thread_needs_no_other(void **state)
{
    gz_team *keep = team;
    (void)state;
    assert_int_equal(gz_team_create(&device, 1, false, &team), GAZE_OK);
    run(100);
    expect_values();
    gz_team_destroy(team);
    team = keep;
}

static void a_team_has_no_more_than_its_most(void **state)
{
    gz_team *large;
    (void)state;
    assert_int_equal(gz_team_create(&device, 1000, false, &large), GAZE_OK);
    assert_int_equal(gz_team_threads(large), GZ_TEAM_MOST);
    gz_team_destroy(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_launch_has_all_of_the_one_before, make_team, end_team),
        cmocka_unit_test_setup_teardown(they_sleep_and_are_called, make_team, end_team),
        cmocka_unit_test_setup_teardown(a_team_that_has_nothing_to_do_ends, make_team, end_team),
        cmocka_unit_test_setup_teardown(a_part_that_fails_fails_the_launch_alone, make_team, end_team),
        cmocka_unit_test_setup_teardown(fewer_do_where_not_all_can_start, make_team, end_team),
        cmocka_unit_test_setup_teardown(one_thread_needs_no_other, make_team, end_team),
        cmocka_unit_test_setup_teardown(a_team_has_no_more_than_its_most, make_team, end_team),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
