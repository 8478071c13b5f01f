#include "../base/text.h"
#include "report.h"

static const char style[] =
    "html{color-scheme:light}"
    "body{font:1rem/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;max-width:64rem;margin:1rem "
    "auto;padding:0 1rem;overflow-wrap:anywhere}"
    "h1{font-size:1.4rem}h2{font-size:1.2rem;margin-top:2em}h3{font-size:1rem}"
    "table{border-collapse:collapse;font-size:.9rem}"
    "th,td{padding:.1em .6em;text-align:left;border-bottom:1px solid #ddd;vertical-align:top}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}"
    "pre{white-space:pre-wrap;background:#f6f6f6;padding:.5em;border-left:.3em solid #b00020}"
    "strong.bad{color:#b00020}strong.good{color:#0a6b2c}tr.bad{background:#fdecee}"
    "@media print{tr.bad,pre{print-color-adjust:exact}}";

static void add_row(gz_text *page, const char *name, const char *value)
{
    if (!value || !value[0]) return;
    gz_text_add(page, "<tr><th scope=\"row\">%s</th><td>", name);
    gz_text_add_html(page, value);
    gz_text_add(page, "</td></tr>\n");
}

static void add_size(gz_text *page, const char *name, size_t value, const char *unit)
{
    gz_text_add(page, "<tr><th scope=\"row\">%s</th><td>%zu%s</td></tr>\n", name, value, unit);
}

static void add_device(gz_text *page, const gz_report_part *part)
{
    const gaze_device_info *d = &part->device;
    gz_text_add(page, "<table>\n");
    add_row(page, "platform", d->platform);
    add_row(page, "vendor", d->vendor);
    add_row(page, "version", d->version);
    add_row(page, "driver", d->driver);
    add_row(page, "compiler", d->compiler);
    add_row(page, "options", part->options);
    add_row(page, "type", d->type);
    add_row(page, "kernels of the device", d->family);
    add_size(page, "vector width", d->vector_width, " floats");
    add_size(page, "compute units", d->compute_units, "");
    add_size(page, "largest group", d->max_group, "");
    add_size(page, "memory", d->global_bytes >> 20, " MiB");
    add_size(page, "local memory", d->local_bytes >> 10, " KiB");
    add_row(page, "extensions", d->extensions);
    gz_text_add(page, "</table>\n");
}

static void add_failures(gz_text *page, const gz_report_part *part)
{
    for (size_t i = 0; i < part->n_lines; i++) {
        const gz_report_line *line = &part->lines[i];
        if (!line->n_failures) continue;
        gz_text_add(page, "<h3>");
        gz_text_add_html(page, line->op);
        gz_text_add(page, ", %s: %zu of %zu checks failed</h3>\n", line->family, line->failed, line->checks);
        for (size_t k = 0; k < line->n_failures; k++) {
            gz_text_add(page, "<pre>");
            gz_text_add_html(page, line->failures[k]);
            gz_text_add(page, "</pre>\n");
        }
    }
}

static void add_line(gz_text *page, const gz_report_line *line, size_t width)
{
    gz_text_add(page, "<tr%s><td>", line->failed ? " class=\"bad\"" : "");
    gz_text_add_html(page, line->op);
    gz_text_add(page, "</td><td>%s</td><td class=\"n\">%zu</td><td class=\"n\">%zu</td>", line->family, width,
                line->cases);
    gz_text_add(page, "<td class=\"n\">%zu</td><td class=\"n\">%zu</td><td class=\"n\">%.3f</td>",
                line->checks, line->failed, line->worst);
    gz_text_add(page, "<td class=\"n\">%.1f</td></tr>\n", line->ms);
}

static void add_table(gz_text *page, const gz_report_part *part)
{
    if (!part->n_lines) return;
    gz_text_add(page, "<h3>Every op</h3>\n<table>\n<tr><th>op</th><th>kernels</th><th class=\"n\">width</th>"
                      "<th class=\"n\">cases</th><th class=\"n\">checks</th><th class=\"n\">failed</th>"
                      "<th class=\"n\">worst error, of its limit</th><th class=\"n\">ms</th></tr>\n");
    for (size_t i = 0; i < part->n_lines; i++) add_line(page, &part->lines[i], part->device.vector_width);
    gz_text_add(page, "</table>\n");
}

static void add_part(gz_text *page, const gz_report_part *part)
{
    size_t passed, failed;
    gz_report_count(part, &passed, &failed);
    gz_text_add(page, "<h2>Device %zu: ", part->device.index);
    gz_text_add_html(page, part->device.name ? part->device.name : "none");
    gz_text_add(page, "</h2>\n<p><strong class=\"%s\">%zu passed, %zu failed</strong> in %.1f s; ",
                failed || part->error ? "bad" : "good", passed, failed, part->seconds);
    gz_text_add(page, "%zu programs compiled, %zu taken from the cache</p>\n", part->programs.compiled,
                part->programs.cached);
    if (part->error) {
        gz_text_add(page, "<h3>It ended early</h3>\n<pre>");
        gz_text_add_html(page, part->error);
        gz_text_add(page, "</pre>\n");
    }
    add_failures(page, part);
    gz_text_add(page, "<h3>What it ran on</h3>\n");
    add_device(page, part);
    add_table(page, part);
}

gaze_status gz_report_html(const gaze_report *report, char **out)
{
    gz_text page = {0};
    gz_text_add(&page,
                "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<title>Gaze: verification</title>\n<style>%s</style>\n</head>\n<body>\n"
                "<h1>Gaze: kernels against their references</h1>\n<table>\n",
                style);
    add_row(&page, "version", GAZE_VERSION);
    add_row(&page, "command", report->command);
    add_row(&page, "time", report->time);
    add_row(&page, "system", report->system);
    for (size_t i = 0; report->environment[i]; i++) add_row(&page, "set", report->environment[i]);
    gz_text_add(&page, "</table>\n");
    for (size_t i = 0; i < report->n_parts; i++) add_part(&page, &report->parts[i]);
    gz_text_add(&page, "</body>\n</html>\n");
    return gz_text_take(&page, out);
}
