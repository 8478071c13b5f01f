/* What `auto` goes by where there are several devices, on devices and measurements made up here. */
#include "scratch.h"

#include <math.h>
#include <sys/wait.h>

#include "../engine/device/choose.h"
#include "../engine/device/measure.h"

enum { N_FOUND = 4 };

/* What the next measurements give, by device; how many there were. */
static double answers[N_FOUND];
static size_t n_measured;

static gz_found made_up[N_FOUND];
static gz_probe probe;

static gaze_status answer(void *user, const gz_found *found, double *ms)
{
    (void)user;
    n_measured++;
    if (answers[found->info.index] < 0) return gz_fail(GAZE_ERROR_DEVICE, "the driver\nsays no");
    *ms = answers[found->info.index];
    return GAZE_OK;
}

static gaze_status crash(void *user, const gz_found *found, double *ms)
{
    if (found->info.index == 1) _exit(7);
    return answer(user, found, ms);
}

/* Two GPUs and a CPU that can be used, and one that can't. */
static int new_start(void **state)
{
    static const char *const names[N_FOUND] = {"CPU", "GPU A", "GPU B", "Old GPU"};
    (void)state;
    gz_arena_destroy(probe.arena);
    for (size_t i = 0; i < N_FOUND; i++)
        made_up[i] = (gz_found){.info = {.platform = "P",
                                         .name = names[i],
                                         .vendor = "V",
                                         .version = "OpenCL 1.2",
                                         .driver = "1",
                                         .type = i ? "gpu" : "cpu",
                                         .index = i,
                                         .usable = i != 3}};
    probe = (gz_probe){.found = made_up, .count = N_FOUND};
    n_measured = 0;
    return gz_arena_create(&probe.arena) == GAZE_OK ? 0 : -1;
}

static int fresh_folder(void **state)
{
    static const double times[N_FOUND] = {4, 3, 2, 1};
    memcpy(answers, times, sizeof answers);
    if (scratch_make(state) != 0) return -1;
    return new_start(state);
}

static int remove_folder(void **state)
{
    gz_arena_destroy(probe.arena);
    probe.arena = NULL;
    return scratch_remove(state);
}

static const gaze_device_info *chosen(gz_measure_found *measure)
{
    assert_done(gz_measure_devices(&probe, scratch_folder, measure, NULL));
    assert_done(gz_choose_auto(&probe));
    for (size_t i = 0; i < N_FOUND; i++)
        if (made_up[i].info.chosen) return &made_up[i].info;
    fail_msg("nothing is chosen");
    return NULL;
}

static void assert_says(const char *text, const char *part)
{
    if (!strstr(text, part)) fail_msg("\"%s\" does not say \"%s\"", text, part);
}

static void the_fastest_is_taken_and_each_says_why(void **state)
{
    (void)state;
    const gaze_device_info *best = chosen(answer);
    assert_string_equal(best->name, "GPU B");
    assert_int_equal(n_measured, 3); /* not the one that can't be used */
    assert_says(best->reason, "the fastest: 2 ms");
    assert_says(best->reason, scratch_path("devices"));
    assert_says(made_up[0].info.reason, "4 ms for the product that takes device 2 2 ms");
    assert_null(made_up[3].info.reason);
}

static void words_take_the_measured_one_too(void **state)
{
    const gz_found *found;
    (void)state;
    chosen(answer);
    assert_done(gz_choose(&probe, "auto", &found));
    assert_string_equal(found->info.name, "GPU B");
}

static void the_second_start_measures_nothing(void **state)
{
    chosen(answer);
    new_start(state);
    answers[0] = 0.1;
    assert_string_equal(chosen(answer)->name, "GPU B");
    assert_int_equal(n_measured, 0);
}

static void one_device_is_not_measured(void **state)
{
    (void)state;
    made_up[1].info.usable = made_up[2].info.usable = false;
    const gaze_device_info *best = chosen(answer);
    assert_string_equal(best->reason, "no GPU can be used, this is the first CPU");
    assert_int_equal(n_measured, 0);
    assert_int_equal(entries_in(scratch_folder), 0);
}

static void without_a_measurement_the_type_chooses(void **state)
{
    (void)state;
    assert_string_equal(chosen(NULL)->reason, "the first GPU that can be used");
    assert_string_equal(chosen(NULL)->name, "GPU A");
}

static void another_driver_is_measured_anew(void **state)
{
    chosen(answer);
    new_start(state);
    made_up[0].info.driver = "2";
    answers[0] = 1;
    assert_string_equal(chosen(answer)->name, "CPU");
    assert_int_equal(n_measured, 3);
}

static void another_list_of_devices_is_measured_anew(void **state)
{
    chosen(answer);
    new_start(state);
    made_up[2].info.usable = false;
    assert_string_equal(chosen(answer)->name, "GPU A");
    assert_int_equal(n_measured, 2);
}

static void kept(const char *from, const char *to)
{
    char *text, all[4096];
    size_t size;
    assert_done(gz_file_read(scratch_path("devices"), sizeof all, &text, &size));
    char *place = strstr(text, from);
    assert_non_null(place);
    snprintf(all, sizeof all, "%.*s%s%s", (int)(place - text), text, to, place + strlen(from));
    write_scratch("devices", all, strlen(all));
    free(text);
}

static void damaged_files_are_measured_anew(void **state)
{
    static const char *const lines[] = {"ms 2\nms 2\n", "", "ms -2\n", "ms nan\n", "ms 2 apples\n", "m"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        remove(scratch_path("devices"));
        new_start(state);
        chosen(answer);
        kept("ms 2\n", lines[i]);
        new_start(state);
        assert_string_equal(chosen(answer)->name, "GPU B");
        assert_int_equal(n_measured, 3);
    }
}

static void a_failed_measurement_is_no_choice_and_not_repeated(void **state)
{
    answers[2] = -1;
    assert_string_equal(chosen(answer)->name, "GPU A");
    new_start(state);
    assert_string_equal(chosen(answer)->name, "GPU A");
    assert_int_equal(n_measured, 0);
    assert_says(made_up[2].info.reason, "its measurement failed: the driver says no");
    assert_says(made_up[2].info.reason, "remove");
}

static void where_all_fail_the_type_chooses(void **state)
{
    (void)state;
    answers[0] = answers[1] = answers[2] = -1;
    assert_string_equal(chosen(answer)->name, "GPU A");
}

/* Without a word from the process that died the next start would die as well, and all after it. */
static void a_driver_that_ends_the_process_does_so_once(void **state)
{
    int ended;
    const pid_t child = fork();
    if (child == 0) {
        (void)gz_measure_devices(&probe, scratch_folder, crash, NULL);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFEXITED(ended) && WEXITSTATUS(ended) == 7);
    new_start(state);
    assert_string_equal(chosen(crash)->name, "GPU B");
    assert_int_equal(n_measured, 1); /* the CPU was done, GPU A is left out */
    assert_says(made_up[1].info.reason, "the driver crashed or hung");
}

/* The other process is alive: it may still be at it. */
static void a_device_that_another_process_measures_is_measured_here_too(void **state)
{
    char line[32];
    chosen(answer);
    snprintf(line, sizeof line, "running %ld\n", (long)getppid());
    kept("ms 2\n", line);
    new_start(state);
    assert_string_equal(chosen(answer)->name, "GPU B");
    assert_int_equal(n_measured, 1);
}

static void a_folder_that_cannot_be_made_costs_the_time_only(void **state)
{
    (void)state;
    write_scratch("file", "", 0);
    assert_done(gz_measure_devices(&probe, scratch_path("file/no"), answer, NULL));
    assert_done(gz_choose_auto(&probe));
    assert_true(made_up[2].info.chosen);
    assert_string_equal(made_up[2].info.reason, "the fastest: 2 ms for a product of matrices, measured once");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_fastest_is_taken_and_each_says_why),
        TEST(words_take_the_measured_one_too),
        TEST(the_second_start_measures_nothing),
        TEST(one_device_is_not_measured),
        TEST(without_a_measurement_the_type_chooses),
        TEST(another_driver_is_measured_anew),
        TEST(another_list_of_devices_is_measured_anew),
        TEST(damaged_files_are_measured_anew),
        TEST(a_failed_measurement_is_no_choice_and_not_repeated),
        TEST(where_all_fail_the_type_chooses),
        TEST(a_driver_that_ends_the_process_does_so_once),
        TEST(a_device_that_another_process_measures_is_measured_here_too),
        TEST(a_folder_that_cannot_be_made_costs_the_time_only),
    };
    return cmocka_run_group_tests_name("measure", tests, NULL, NULL);
}
