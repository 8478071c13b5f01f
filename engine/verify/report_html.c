#include "../html/html.h"
#include "report.h"

static void add_size(gz_text *page, const char *name, size_t value, const char *unit)
{
    gz_text_add(page, "<tr><th scope=\"row\">%s</th><td>%zu%s</td></tr>\n", name, value, unit);
}

void gz_report_html_device(gz_text *page, const gaze_device_info *d, const char *options)
{
    gz_html_row(page, "platform", d->platform);
    gz_html_row(page, "vendor", d->vendor);
    gz_html_row(page, "version", d->version);
    gz_html_row(page, "driver", d->driver);
    gz_html_row(page, "compiler", d->compiler);
    gz_html_row(page, "options", options);
    gz_html_row(page, "type", d->type);
    gz_html_row(page, "kernels of the device", d->family);
    add_size(page, "vector width", d->vector_width, " floats");
    add_size(page, "compute units", d->compute_units, "");
    add_size(page, "largest group", d->max_group, "");
    add_size(page, "memory", d->global_bytes >> 20, " MiB");
    add_size(page, "local memory", d->local_bytes >> 10, " KiB");
    gz_html_row(page, "extensions", d->extensions);
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
            gz_text_add(page, "<pre class=\"bad\">");
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

void gz_report_html_ops(gz_text *page, const gz_report_part *part)
{
    if (!part->n_lines) return;
    gz_html_file(page, "ops.html");
    for (size_t i = 0; i < part->n_lines; i++) add_line(page, &part->lines[i], part->device.vector_width);
    gz_text_add(page, "</table>\n");
}

void gz_report_html_counts(gz_text *page, const gz_report_part *part)
{
    size_t passed, failed;
    gz_report_count(part, &passed, &failed);
    gz_text_add(page, "<p><strong class=\"%s\">%zu passed, %zu failed</strong> in %.1f s; ",
                failed || part->error ? "bad" : "good", passed, failed, part->seconds);
    gz_text_add(page, "%zu programs compiled, %zu taken from the cache</p>\n", part->programs.compiled,
                part->programs.cached);
    if (part->error) {
        gz_text_add(page, "<h3>It ended early</h3>\n<pre class=\"bad\">");
        gz_text_add_html(page, part->error);
        gz_text_add(page, "</pre>\n");
    }
    add_failures(page, part);
}

static void add_part(gz_text *page, const gz_report_part *part)
{
    gz_text_add(page, "<h2>Device %zu: ", part->device.index);
    gz_text_add_html(page, part->device.name ? part->device.name : "none");
    gz_text_add(page, "</h2>\n");
    gz_report_html_counts(page, part);
    gz_text_add(page, "<h3>What it ran on</h3>\n<table>\n");
    gz_report_html_device(page, &part->device, part->options);
    gz_text_add(page, "</table>\n");
    if (part->n_lines) gz_text_add(page, "<h3>Every op</h3>\n");
    gz_report_html_ops(page, part);
}

gaze_status gz_report_html(const gaze_report *report, char **out)
{
    gz_text page = {0};
    gz_html_begin(&page, "Gaze: verification", NULL);
    gz_text_add(&page, "<h1>Gaze: kernels against their references</h1>\n<table>\n");
    gz_html_row(&page, "version", GAZE_VERSION);
    gz_html_row(&page, "command", report->command);
    gz_html_row(&page, "time", report->time);
    gz_html_row(&page, "system", report->system);
    for (size_t i = 0; report->environment[i]; i++) gz_html_row(&page, "set", report->environment[i]);
    gz_text_add(&page, "</table>\n");
    for (size_t i = 0; i < report->n_parts; i++) add_part(&page, &report->parts[i]);
    gz_html_end(&page);
    return gz_text_take(&page, out);
}
