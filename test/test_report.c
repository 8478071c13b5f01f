/* Reports of verification: escaped, whole, with every failure once. */
#include "scratch.h"

#include <cjson/cJSON.h>
#include <math.h>

#include "../engine/verify/failures.h"
#include "../engine/verify/report.h"

static const char EVIL[] = "a \"quoted\" \\ <script>alert(1)</script> & 'b'\nnext\tline \x01 \xff end";

static const char *const MESSAGES[] = {EVIL, "case 2, cpu kernels: plain words"};

static gaze_report *filled(const char *name)
{
    gaze_report *report;
    const gaze_device_info device = {.platform = EVIL,
                                     .name = EVIL,
                                     .driver = "1 & 2",
                                     .family = "cpu",
                                     .vector_width = 8,
                                     .index = 3,
                                     .usable = true};
    const gaze_verify_line line = {.op = "softmax",
                                   .family = "plain",
                                   .cases = 4,
                                   .checks = 30,
                                   .failed = 2,
                                   .worst = INFINITY,
                                   .ms = 1.5,
                                   .failures = MESSAGES,
                                   .n_failures = 2};
    const gaze_verify_line good = {.op = "dense", .family = "cpu", .cases = 1, .checks = 7, .worst = 0.25};
    const gaze_program_counts programs = {.compiled = 5, .cached = 6};
    assert_done(gaze_report_open(scratch_path(name), EVIL, &report));
    assert_done(gz_report_begin(report, &device, "-DX=1"));
    assert_done(gz_report_add(report, &line));
    assert_done(gz_report_add(report, &good));
    assert_int_equal(gz_report_end(report, gz_fail(GAZE_ERROR_DEVICE, "lost <it>"), 2, &programs),
                     GAZE_ERROR_DEVICE);
    return report;
}

static char *written(const char *name)
{
    char *text;
    size_t size;
    gaze_report *report = filled(name);
    assert_done(gaze_report_write(report));
    gaze_report_free(report);
    assert_done(gz_file_read(scratch_path(name), 1 << 20, &text, &size));
    assert_int_equal(strlen(text), size);
    return text;
}

static double number(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItem(object, key);
    assert_true(cJSON_IsNumber(item));
    return item->valuedouble;
}

static void assert_text(const cJSON *object, const char *key, const char *expected)
{
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(object, key)), expected);
}

static void json_parses_and_gives_back_what_went_in(void **state)
{
    (void)state;
    char *text = written("r.json");
    cJSON *report = cJSON_Parse(text);
    assert_non_null(report);
    const cJSON *part = cJSON_GetArrayItem(cJSON_GetObjectItem(report, "devices"), 0);
    const cJSON *line = cJSON_GetArrayItem(cJSON_GetObjectItem(part, "ops"), 0);
    const char *message = cJSON_GetStringValue(cJSON_GetArrayItem(cJSON_GetObjectItem(line, "failures"), 0));
    assert_text(report, "version", gaze_version());
    assert_text(part, "error", "lost <it>");
    assert_text(cJSON_GetObjectItem(part, "device"), "driver", "1 & 2");
    assert_text(cJSON_GetObjectItem(part, "device"), "options", "-DX=1");
    assert_true(number(part, "passed") == 35 && number(part, "failed") == 2 && number(part, "seconds") == 2);
    assert_true(number(line, "cases") == 4 && number(line, "checks") == 30 &&
                number(line, "vector_width") == 8);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(line, "worst"))); /* infinite */
    assert_memory_equal(message, EVIL, (size_t)(strchr(EVIL, '\xff') - EVIL));
    assert_non_null(strstr(message, "\xef\xbf\xbd end")); /* what is no UTF-8 is U+FFFD */
    cJSON_Delete(report);
    free(text);
}

static void html_escapes_all_that_a_driver_says(void **state)
{
    (void)state;
    char *text = written("r.html");
    assert_null(strstr(text, "<script"));
    assert_null(strstr(text, "<it>"));
    assert_null(strchr(text, '\x01'));
    assert_null(strchr(text, '\xff'));
    assert_non_null(strstr(text, "&#60;script&#62;alert(1)&#60;/script&#62; &#38; &#39;b&#39;\nnext\tline"));
    assert_non_null(strstr(text, "lost &#60;it&#62;"));
    assert_non_null(strstr(text, "35 passed, 2 failed"));
    assert_string_equal(text + strlen(text) - 8, "</html>\n");
    free(text);
}

static void html_asks_for_nothing_from_elsewhere(void **state)
{
    static const char *const outside[] = {"http", "url(", "@import", "src=", "href="};
    (void)state;
    char *text = written("r.html");
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) assert_null(strstr(text, outside[i]));
    free(text);
}

static void other_names_are_refused(void **state)
{
    gaze_report *report;
    (void)state;
    assert_refused(gaze_report_open("report.txt", NULL, &report), GAZE_ERROR_USAGE, "report.txt", ".html",
                   NULL);
    assert_refused(gaze_report_open(".html", NULL, &report), GAZE_ERROR_USAGE, ".html", NULL);
}

static void path_that_cannot_be_written_is_refused_at_opening(void **state)
{
    gaze_report *report;
    (void)state;
    assert_refused(gaze_report_open(scratch_path("no/r.html"), NULL, &report), GAZE_ERROR_DATA, "no/r.html",
                   NULL);
}

static void opening_writes_nothing(void **state)
{
    gaze_report *report;
    (void)state;
    assert_int_equal(mkdir(scratch_path("empty"), 0700), 0);
    assert_done(gaze_report_open(scratch_path("empty/r.json"), NULL, &report));
    gaze_report_free(report);
    assert_int_equal(entries_in(scratch_path("empty")), 0);
}

static void device_that_nothing_ran_on_is_there_with_the_reason(void **state)
{
    char *text;
    gaze_report *report;
    const gaze_device_info device = {.platform = "P", .name = "N"};
    (void)state;
    assert_done(gaze_report_open(scratch_path("s.json"), NULL, &report));
    assert_done(gaze_report_skip(report, &device, "no compiler"));
    assert_done(gz_report_json(report, &text));
    assert_non_null(strstr(text, "\"error\": \"no compiler\""));
    free(text);
    gaze_report_free(report);
}

/* ---- Failures ---- */

static const char *joined(gz_failures *failures, gz_arena *arena, size_t i)
{
    const char **texts;
    assert_done(gz_failures_texts(failures, arena, &texts));
    return texts[i];
}

static void the_same_message_names_all_its_cases(void **state)
{
    gz_failures failures = {0};
    gz_arena *arena;
    (void)state;
    assert_done(gz_arena_create(&arena));
    gz_failures_add(&failures, "case 1, cpu: it is: wrong");
    gz_failures_add(&failures, "case 2, cpu: y[3] is 4");
    gz_failures_add(&failures, "case 7, cpu: it is: wrong");
    gz_failures_add(&failures, "without: a case");
    assert_int_equal(failures.count, 3);
    assert_string_equal(joined(&failures, arena, 0), "case 1, cpu; case 7, cpu: it is: wrong");
    assert_string_equal(joined(&failures, arena, 1), "case 2, cpu: y[3] is 4");
    assert_string_equal(joined(&failures, arena, 2), "without: a case");
    gz_arena_destroy(arena);
    gz_failures_free(&failures);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_parses_and_gives_back_what_went_in),
        cmocka_unit_test(html_escapes_all_that_a_driver_says),
        cmocka_unit_test(html_asks_for_nothing_from_elsewhere),
        cmocka_unit_test(other_names_are_refused),
        cmocka_unit_test(path_that_cannot_be_written_is_refused_at_opening),
        cmocka_unit_test(opening_writes_nothing),
        cmocka_unit_test(device_that_nothing_ran_on_is_there_with_the_reason),
        cmocka_unit_test(the_same_message_names_all_its_cases),
    };
    return cmocka_run_group_tests_name("report", tests, scratch_make, scratch_remove);
}
