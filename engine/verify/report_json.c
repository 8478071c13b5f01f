#include "../base/text.h"
#include "report.h"

#include <math.h>
#include <string.h>

static void add_string(gz_text *text, const char *key, const char *value)
{
    gz_text_add(text, "\"%s\": ", key);
    if (value)
        gz_text_add_json_string(text, value);
    else
        gz_text_add(text, "null");
}

/* JSON has no word for infinity. */
static void add_number(gz_text *text, const char *key, double value)
{
    if (isfinite(value))
        gz_text_add(text, "\"%s\": %.9g", key, value);
    else
        gz_text_add(text, "\"%s\": null", key);
}

static void add_device(gz_text *text, const gz_report_part *part)
{
    const gaze_device_info *d = &part->device;
    const struct {
        const char *key, *value;
    } strings[] = {{"platform", d->platform}, {"name", d->name},         {"vendor", d->vendor},
                   {"version", d->version},   {"driver", d->driver},     {"compiler", d->compiler},
                   {"type", d->type},         {"family", d->family},     {"extensions", d->extensions},
                   {"reason", d->reason},     {"options", part->options}};
    gz_text_add(text, "{\n  \"device\": {");
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        add_string(text, strings[i].key, strings[i].value);
        gz_text_add(text, ",\n    ");
    }
    gz_text_add(
        text,
        "\"index\": %zu, \"compute_units\": %zu, \"vector_width\": %zu, \"max_group\": %zu, "
        "\"global_bytes\": %zu, \"local_bytes\": %zu, \"max_allocation_bytes\": %zu, \"usable\": %s},\n",
        d->index, d->compute_units, d->vector_width, d->max_group, d->global_bytes, d->local_bytes,
        d->max_allocation_bytes, d->usable ? "true" : "false");
}

static void add_line(gz_text *text, const gz_report_line *line, size_t width)
{
    gz_text_add(text, "    {\"op\": \"%s\", \"family\": \"%s\", \"vector_width\": %zu, ", line->op,
                line->family, width);
    gz_text_add(text, "\"cases\": %zu, \"checks\": %zu, \"failed\": %zu, ", line->cases, line->checks,
                line->failed);
    add_number(text, "worst", line->worst);
    gz_text_add(text, ", ");
    add_number(text, "ms", line->ms);
    gz_text_add(text, ", \"failures\": [");
    for (size_t i = 0; i < line->n_failures; i++) {
        gz_text_add(text, i ? ", " : "");
        gz_text_add_json_string(text, line->failures[i]);
    }
    gz_text_add(text, "]}");
}

static void add_part(gz_text *text, const gz_report_part *part)
{
    size_t passed, failed;
    gz_report_count(part, &passed, &failed);
    add_device(text, part);
    gz_text_add(text, "  \"passed\": %zu, \"failed\": %zu, ", passed, failed);
    add_number(text, "seconds", part->seconds);
    gz_text_add(text, ", \"programs_compiled\": %zu, \"programs_cached\": %zu, ", part->programs.compiled,
                part->programs.cached);
    add_string(text, "error", part->error);
    gz_text_add(text, ",\n  \"ops\": [\n");
    for (size_t i = 0; i < part->n_lines; i++) {
        gz_text_add(text, i ? ",\n" : "");
        add_line(text, &part->lines[i], part->device.vector_width);
    }
    gz_text_add(text, "]}");
}

static void add_environment(gz_text *text, const gaze_report *report)
{
    gz_text_add(text, "\"environment\": [");
    for (size_t i = 0; report->environment[i]; i++) {
        gz_text_add(text, i ? ", " : "");
        gz_text_add_json_string(text, report->environment[i]);
    }
    gz_text_add(text, "],\n");
}

gaze_status gz_report_json(const gaze_report *report, char **out)
{
    gz_text text = {0};
    gz_text_add(&text, "{\"gaze_report\": 1, \"version\": \"%s\", \"time\": \"%s\",\n", GAZE_VERSION,
                report->time);
    add_string(&text, "command", report->command);
    gz_text_add(&text, ",\n");
    add_string(&text, "system", report->system);
    gz_text_add(&text, ",\n");
    add_environment(&text, report);
    gz_text_add(&text, "\"devices\": [");
    for (size_t i = 0; i < report->n_parts; i++) {
        gz_text_add(&text, i ? ",\n" : "");
        add_part(&text, &report->parts[i]);
    }
    gz_text_add(&text, "]}\n");
    return gz_text_take(&text, out);
}
