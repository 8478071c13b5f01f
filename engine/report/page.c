#include "facts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const char *gz_class_name(const char *const *names, size_t number, char text[24])
{
    for (size_t i = 0; names && names[i]; i++)
        if (i == number) return names[i];
    snprintf(text, 24, "%zu", number);
    return text;
}

void gz_number_cell(gz_text *page, double value, int decimals)
{
    if (isfinite(value))
        gz_text_add(page, "<td class=\"n\">%.*f</td>", decimals, value);
    else
        gz_text_add(page, "<td class=\"n\">–</td>");
}

void gz_section(gz_text *page, const gz_run_facts *facts, size_t section, const char *file,
                const gz_html_place *places, size_t count)
{
    if (!facts->missing[section]) {
        gz_html_fill(page, file, places, count, facts);
        return;
    }
    gz_text_add(page, "<p class=\"missing\">");
    gz_text_add_html(page, facts->missing[section]);
    gz_text_add(page, ".</p>\n");
}

static void add_title(gz_text *page, const void *facts)
{
    gz_text_add_html(page, ((const gz_run_facts *)facts)->model);
}

static void add_about(gz_text *page, const void *facts)
{
    const char *about = ((const gz_run_facts *)facts)->about;
    if (!about) return;
    gz_text_add(page, "<p>");
    gz_text_add_html(page, about);
    gz_text_add(page, "</p>");
}

static void add_term(gz_text *page, const char *id, const char *name, const char *value)
{
    gz_text_add(page, "<div><dt>%s</dt><dd id=\"%s\">%s</dd></div>\n", name, id, value);
}

static void add_lead(gz_text *page, const void *facts)
{
    const gz_run_facts *f = facts;
    char text[64];
    snprintf(text, sizeof text, "%.4f", f->metrics.accuracy);
    add_term(page, "accuracy", f->test ? "test accuracy" : "training accuracy", text);
    snprintf(text, sizeof text, "%.4f", f->metrics.loss);
    add_term(page, "loss", f->test ? "test loss" : "training loss", text);
    snprintf(text, sizeof text, "%zu", f->metrics.samples);
    add_term(page, "samples", f->test ? "test samples" : "training samples", text);
    if (f->log.count) {
        snprintf(text, sizeof text, "%zu", f->log.rows[f->log.count - 1].epoch);
        add_term(page, "n-epochs", "epochs", text);
    }
    if (!f->decodes) return;
    snprintf(text, sizeof text, "%.4f", (double)f->decoded.exact / (double)f->decoded.samples);
    add_term(page, "exact", "exact answers, written by the model alone", text);
}

static void add_run(gz_text *page, const void *facts)
{
    const gz_run_facts *f = facts;
    for (size_t i = 0; i < f->n_run; i++) gz_html_row(page, f->run[i].name, f->run[i].value);
}

static void add_device(gz_text *page, const void *facts)
{
    const gaze_device_info *d = &((const gz_run_facts *)facts)->device;
    gz_html_row(page, "name", d->name);
    gz_report_html_device(page, d, NULL);
}

static void add_run_and_device(gz_text *page, const void *facts)
{
    static const gz_html_place places[] = {{"run", add_run}, {"device", add_device}};
    gz_html_fill(page, "run.html", places, sizeof places / sizeof *places, facts);
}

static void add_written(gz_text *page, const void *facts)
{
    const gz_run_facts *f = facts;
    gz_html_add(page, "Gaze %s, %s, at %s", gaze_version(), f->command ? f->command : "gaze_run_report",
                f->time);
}

static void add_script(gz_text *page, const void *facts)
{
    (void)facts;
    gz_html_file(page, "report.js");
}

gaze_status gz_run_page(const gz_run_facts *facts, char **out)
{
    static const gz_html_place places[] = {{"title", add_title},
                                           {"about", add_about},
                                           {"lead", add_lead},
                                           {"training", gz_section_training},
                                           {"classes", gz_section_classes},
                                           {"confusion", gz_section_confusion},
                                           {"examples", gz_section_examples},
                                           {"faithful", gz_section_faithful},
                                           {"profile", gz_section_profile},
                                           {"memory", gz_section_memory},
                                           {"verify", gz_section_verify},
                                           {"run", add_run_and_device},
                                           {"written", add_written},
                                           {"script", add_script}};
    gz_text page = {0}, title = {0};
    char *words = NULL;
    gaze_status status;
    gz_text_add(&title, "%s: Gaze report", facts->model);
    GZ_TRY(gz_text_take(&title, &words));
    gz_html_begin(&page, words, "report.css");
    gz_html_fill(&page, "report.html", places, sizeof places / sizeof *places, facts);
    gz_html_end(&page);
    status = gz_text_take(&page, out);
    free(words);
    return status;
}
