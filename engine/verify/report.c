#include "report.h"
#include "../base/clock.h"
#include "../base/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

extern char **environ;

/* Checks `condition`; the message of an arena that is full is kept already. */
#define TRY_TEXT(condition)                         \
    do {                                            \
        if (!(condition)) return GAZE_ERROR_DEVICE; \
    } while (0)

static bool matters(const char *variable)
{
    static const char *const beginnings[] = {"GAZE_",   "POCL_",      "OCL_ICD_",
                                             "OPENCL_", "CL_CONFIG_", "CUDA_VISIBLE_"};
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        if (!strncmp(variable, beginnings[i], strlen(beginnings[i]))) return true;
    return false;
}

static gaze_status keep_environment(gaze_report *report)
{
    size_t count = 0, n = 0;
    while (environ && environ[count]) count++;
    TRY_TEXT(report->environment = gz_arena_allocate(report->arena, (count + 1) * sizeof(char *)));
    for (size_t i = 0; i < count; i++)
        if (matters(environ[i]))
            TRY_TEXT(report->environment[n++] = gz_arena_copy(report->arena, environ[i]));
    return GAZE_OK;
}

static gaze_status keep_facts(gaze_report *report, const char *path, const char *command)
{
    struct utsname system;
    const bool known = uname(&system) >= 0;
    gz_time_text(report->time);
    TRY_TEXT(report->path = gz_arena_copy(report->arena, path));
    TRY_TEXT(report->command = gz_arena_copy(report->arena, command ? command : ""));
    TRY_TEXT(report->system = known ? gz_arena_format(report->arena, "%s %s %s", system.sysname,
                                                      system.release, system.machine)
                                    : "");
    return keep_environment(report);
}

gaze_status gz_report_create(const char *path, const char *command, gaze_report **out)
{
    gaze_report *report;
    gaze_status status;
    GZ_TRY(gz_allocate(1, sizeof *report, &report));
    GZ_GO(gz_arena_create(&report->arena));
    GZ_GO(keep_facts(report, path, command));
    *out = report;
    report = NULL;
done:
    gaze_report_free(report);
    return status;
}

gaze_status gaze_report_open(const char *path, const char *command, gaze_report **out)
{
    if (!gz_ends_with(path, ".html") && !gz_ends_with(path, ".json"))
        return gz_fail(GAZE_ERROR_USAGE, "the report '%s': expected a name that ends in .html or .json",
                       path);
    GZ_TRY(gz_file_try(path));
    return gz_report_create(path, command, out);
}

static gaze_status copy_text(gaze_report *report, const char **text)
{
    if (*text) TRY_TEXT(*text = gz_arena_copy(report->arena, *text));
    return GAZE_OK;
}

gaze_status gz_report_begin(gaze_report *report, const gaze_device_info *device, const char *options)
{
    GZ_TRY(gz_grow(&report->parts, &report->capacity, report->n_parts + 1, sizeof *report->parts));
    gz_report_part *part = &report->parts[report->n_parts++];
    *part = (gz_report_part){.device = *device, .options = options};
    const char **texts[] = {&part->device.platform, &part->device.name,   &part->device.vendor,
                            &part->device.version,  &part->device.driver, &part->device.compiler,
                            &part->device.type,     &part->device.family, &part->device.extensions,
                            &part->device.reason,   &part->options};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) GZ_TRY(copy_text(report, texts[i]));
    return GAZE_OK;
}

gaze_status gz_report_add(gaze_report *report, const gaze_verify_line *line)
{
    gz_report_part *part = &report->parts[report->n_parts - 1];
    GZ_TRY(gz_grow(&part->lines, &part->capacity, part->n_lines + 1, sizeof *part->lines));
    gz_report_line *kept = &part->lines[part->n_lines++];
    *kept = (gz_report_line){.op = line->op,
                             .family = line->family,
                             .cases = line->cases,
                             .checks = line->checks,
                             .failed = line->failed,
                             .worst = line->worst,
                             .ms = line->ms};
    GZ_TRY(copy_text(report, &kept->op));
    GZ_TRY(copy_text(report, &kept->family));
    TRY_TEXT(kept->failures = gz_arena_allocate(report->arena, (line->n_failures + 1) * sizeof(char *)));
    for (; kept->n_failures < line->n_failures; kept->n_failures++)
        TRY_TEXT(kept->failures[kept->n_failures] =
                     gz_arena_copy(report->arena, line->failures[kept->n_failures]));
    return GAZE_OK;
}

gaze_status gz_report_end(gaze_report *report, gaze_status status, double seconds,
                          const gaze_program_counts *programs)
{
    gz_report_part *part = &report->parts[report->n_parts - 1];
    part->seconds = seconds;
    if (programs) part->programs = *programs;
    if (status != GAZE_OK) TRY_TEXT(part->error = gz_arena_copy(report->arena, gaze_message()));
    return status;
}

gaze_status gaze_report_skip(gaze_report *report, const gaze_device_info *device, const char *reason)
{
    GZ_TRY(gz_report_begin(report, device, NULL));
    gz_report_part *part = &report->parts[report->n_parts - 1];
    TRY_TEXT(part->error = gz_arena_copy(report->arena, reason));
    return GAZE_OK;
}

void gz_report_count(const gz_report_part *part, size_t *passed, size_t *failed)
{
    *passed = *failed = 0;
    for (size_t i = 0; i < part->n_lines; i++) {
        *passed += part->lines[i].checks - part->lines[i].failed;
        *failed += part->lines[i].failed;
    }
}

gaze_status gaze_report_write(const gaze_report *report)
{
    char *text;
    GZ_TRY(gz_ends_with(report->path, ".html") ? gz_report_html(report, &text)
                                               : gz_report_json(report, &text));
    const gaze_status status = gz_file_write(report->path, text, strlen(text));
    free(text);
    return status;
}

void gaze_report_free(gaze_report *report)
{
    if (!report) return;
    for (size_t i = 0; i < report->n_parts; i++) free(report->parts[i].lines);
    free(report->parts);
    gz_arena_destroy(report->arena);
    free(report);
}
