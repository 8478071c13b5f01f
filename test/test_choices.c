/* What gaze tune goes by: the order of candidates, when one is faster, and the list that is kept. */
#include "scratch.h"

#include "../engine/api/tune.h"
#include "../engine/bench/faster.h"
#include "../engine/device/device_parts.h"

#include <glob.h>
#include <math.h>

static const char *const NAMES[] = {"a", "b", "c", "d", NULL};

static void the_usual_candidate_is_the_first(void **state)
{
    const gz_candidates c = {NAMES, 1 << 0 | 1 << 3, 2};
    (void)state;
    assert_int_equal(gz_candidates_count(&c), 3);
    assert_int_equal(gz_candidate_at(&c, 0), 2);
    assert_int_equal(gz_candidate_at(&c, 1), 0);
    assert_int_equal(gz_candidate_at(&c, 2), 3);
    assert_true(gz_candidate_at(&c, 3) == SIZE_MAX);
}

static bool is_faster(double usual, double other, size_t rounds, size_t lost)
{
    double a[32], b[32], ratio;
    for (size_t i = 0; i < rounds; i++) {
        a[i] = usual;
        b[i] = i < lost ? 2 * usual : other;
    }
    return gz_is_faster(a, b, rounds, &ratio);
}

static void five_percent_in_most_of_five_rounds_are_faster(void **state)
{
    (void)state;
    assert_true(is_faster(1, 0.9, 5, 0));
    assert_false(is_faster(1, 0.9, 4, 0)); /* too few */
    assert_false(is_faster(1, 0.97, 25, 0));
    assert_true(is_faster(1, 0.9, 20, 5));
    assert_false(is_faster(1, 0.9, 20, 6)); /* the median is well below, but six rounds were lost */
    assert_false(is_faster(0, 0, 20, 0));
    const double usual[] = {10, 1, 1, 1, 10}, other[] = {9, 0.9, 0.99, 0.99, 9}; /* slow rounds alone */
    double ratio;
    assert_false(gz_is_faster(usual, other, 5, &ratio));
    assert_true(fabs(ratio - 0.9) < 1e-12);
}

static void time_candidate(gz_tune_choice *choice, size_t n, double ms)
{
    choice->times[n].rounds = 10;
    for (size_t i = 0; i < 10; i++) {
        choice->times[n].usual[i] = 1;
        choice->times[n].other[i] = ms;
    }
}

static void the_fastest_that_did_not_fail_is_taken(void **state)
{
    const char *failed[4] = {NULL};
    gz_tune_times times[4];
    gz_tune_choice choice = {.candidates = {NAMES, 15, 0}, .count = 4, .failed = failed, .times = times};
    (void)state;
    time_candidate(&choice, 1, 0.5);
    time_candidate(&choice, 2, 0.8);
    time_candidate(&choice, 3, 0.99);
    gz_tune_decide(&choice);
    assert_int_equal(choice.taken, 1);
    failed[1] = "it is wrong";
    gz_tune_decide(&choice);
    assert_int_equal(choice.taken, 2);
    failed[2] = "it is wrong, too";
    gz_tune_decide(&choice);
    assert_int_equal(choice.taken, 0);
}

/* No driver is asked: a device that has a name alone. */
static gz_device device;
static size_t n_warnings;

static void count_warnings(void *user, gaze_log_level level, const char *message)
{
    (void)user;
    (void)message;
    n_warnings += level == GAZE_LOG_WARNING;
}

static void open_device(void)
{
    gz_choices_free(&device.choices);
    device = (gz_device){.facts.info = {.platform = "none",
                                        .name = "test",
                                        .vendor = "none",
                                        .version = "1",
                                        .driver = "1",
                                        .family = "cpu"},
                         .facts.vector_width = 8,
                         .log = count_warnings};
    n_warnings = 0;
}

static int setup(void **state)
{
    if (scratch_make(state) != 0) return -1;
    setenv("XDG_CACHE_HOME", scratch_path("cache"), 1);
    unsetenv("GAZE_PROGRAM_CACHE");
    unsetenv("GAZE_CHOICES");
    open_device();
    return 0;
}

static int teardown(void **state)
{
    gz_choices_free(&device.choices);
    device = (gz_device){0};
    return scratch_remove(state);
}

static void put(const char *key, const char *candidate)
{
    assert_done(gz_choices_put(&device, &(gaze_chosen){key, candidate, 2, 1}));
}

static void keep(void)
{
    bool kept;
    assert_done(gz_choices_keep(&device, &kept));
    assert_true(kept);
}

static void what_was_chosen_is_known_to_the_next_process(void **state)
{
    const gaze_chosen *list;
    (void)state;
    assert_false(gz_choices_any(&device));
    put("training cpu dense 1 x 2 to 3", "tiles");
    put("training cpu dense 1 x 2 to 4", "tiles");
    put("training cpu dense 1 x 2 to 3", "panels");
    keep();
    open_device();
    assert_int_equal(gz_choices_list(&device, &list), 2);
    assert_string_equal(gz_choices_find(&device, "training cpu dense 1 x 2 to 3"), "panels");
    assert_null(gz_choices_find(&device, "prediction cpu dense 1 x 2 to 3"));
    put("training cpu dense 1 x 2 to 3", NULL);
    keep();
    open_device();
    assert_int_equal(gz_choices_list(&device, &list), 1);
    gz_choices_clear(&device);
    keep();
    open_device();
    assert_false(gz_choices_any(&device));
    assert_int_equal(n_warnings, 0);
}

static void another_driver_knows_nothing_of_it(void **state)
{
    (void)state;
    put("key", "tiles");
    keep();
    open_device();
    device.facts.info.driver = "2";
    assert_false(gz_choices_any(&device));
    assert_int_equal(n_warnings, 0);
}

static void the_hosted_one_has_the_list_of_its_device(void **state)
{
    gz_device hosted = {.whole = &device};
    (void)state;
    put("key", "tiles");
    assert_string_equal(gz_choices_find(&hosted, "key"), "tiles");
}

static void what_the_environment_names_goes_first(void **state)
{
    (void)state;
    setenv("GAZE_CHOICES", "usual", 1);
    put("key", "tiles");
    assert_string_equal(gz_choices_find(&device, "key"), "usual");
    assert_string_equal(gz_choices_find(&device, "any"), "usual");
    unsetenv("GAZE_CHOICES");
}

/* The one entry of the cache, with byte `at` of it changed. */
static void damage(size_t at)
{
    glob_t found;
    assert_int_equal(glob(scratch_path("cache/gaze/programs/*"), 0, NULL, &found), 0);
    assert_int_equal(found.gl_pathc, 1);
    FILE *file = fopen(found.gl_pathv[0], "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)at, SEEK_SET), 0);
    const int byte = fgetc(file);
    assert_int_equal(fseek(file, (long)at, SEEK_SET), 0);
    fputc(byte ^ 4, file);
    assert_int_equal(fclose(file), 0);
    globfree(&found);
}

static void a_damaged_list_is_left_with_a_warning(void **state)
{
    const size_t places[] = {0, 9, 41, 60, 300};
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        gz_choices_clear(&device);
        put("a key of some length, so that its text is the most of what lies in the file, whatever is said "
            "before it of platform, device, vendor, version, driver, options and source",
            "tiles");
        keep();
        damage(places[i]);
        open_device();
        assert_false(gz_choices_any(&device));
        assert_int_equal(n_warnings, 1);
    }
}

static void lines_that_are_none_are_refused_all_together(void **state)
{
    static const char *const texts[] = {"key\ttiles\t1\n", "key\ttiles\t1\t0\n",  "key\ttiles\t1\tnan\n",
                                        "key\n",           "key\ttiles\t-1\t1\n", "key\ttiles\t1\t1\t1\n"};
    const gaze_chosen *list;
    char text[100];
    (void)state;
    assert_int_equal(gz_choices_list(&device, &list), 0);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        snprintf(text, sizeof text, "good\ttiles\t2\t1\n%s", texts[i]);
        assert_false(gz_choices_read(&device.choices, text));
        assert_int_equal(device.choices.count, 0);
    }
    strcpy(text, "good\ttiles\t2\t1\n");
    assert_true(gz_choices_read(&device.choices, text));
    assert_int_equal(device.choices.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_usual_candidate_is_the_first),
        cmocka_unit_test(five_percent_in_most_of_five_rounds_are_faster),
        cmocka_unit_test(the_fastest_that_did_not_fail_is_taken),
        cmocka_unit_test_setup_teardown(what_was_chosen_is_known_to_the_next_process, setup, teardown),
        cmocka_unit_test_setup_teardown(another_driver_knows_nothing_of_it, setup, teardown),
        cmocka_unit_test_setup_teardown(the_hosted_one_has_the_list_of_its_device, setup, teardown),
        cmocka_unit_test_setup_teardown(what_the_environment_names_goes_first, setup, teardown),
        cmocka_unit_test_setup_teardown(a_damaged_list_is_left_with_a_warning, setup, teardown),
        cmocka_unit_test_setup_teardown(lines_that_are_none_are_refused_all_together, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
