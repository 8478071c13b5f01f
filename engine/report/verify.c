#include "facts.h"

static void add_part(gz_text *page, const gz_report_part *part, const char *title, const char *lines)
{
    gz_text_add(page, "<h3>%s</h3>\n", title);
    gz_report_html_counts(page, part);
    if (!part->n_lines) return;
    gz_text_add(page,
                "<details><summary>%s</summary>\n<div class=\"scroll\" role=\"region\" tabindex=\"0\" "
                "aria-label=\"%s\">",
                lines, lines);
    gz_report_html_ops(page, part);
    gz_text_add(page, "</div></details>\n");
}

static void add_kernels(gz_text *page, const void *facts)
{
    add_part(page, &((const gz_run_facts *)facts)->verify->parts[0], "Every kernel against its reference",
             "Every op");
}

static void add_model(gz_text *page, const void *facts)
{
    add_part(page, &((const gz_run_facts *)facts)->verify->parts[1], "This model with its weights",
             "Every weight, output and map");
}

void gz_section_verify(gz_text *page, const void *facts)
{
    static const gz_html_place places[] = {{"kernels", add_kernels}, {"model", add_model}};
    gz_section(page, facts, GZ_SECTION_VERIFY, "verify.html", places, sizeof places / sizeof *places);
}
