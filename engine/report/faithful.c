#include "facts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_area(gz_text *page, double area, double error, double wins, bool random)
{
    gz_text_add(page, "<td class=\"n\">%.4f", area);
    if (isfinite(error)) gz_text_add(page, " ± %.4f", error);
    gz_text_add(page, "</td>");
    if (random)
        gz_text_add(page, "<td class=\"n\">–</td>");
    else
        gz_number_cell(page, 100 * wins, 1);
}

static void add_areas(gz_text *page, const void *facts)
{
    const gaze_faithful_result *r = &((const gz_run_facts *)facts)->faithful;
    for (size_t i = 0; i < r->n_curves; i++) {
        const gaze_faithful_curves *c = &r->curves[i];
        const bool random = strcmp(c->map, r->maps[1]) == 0;
        gz_text_add(page, "<tr><td>%s</td><th scope=\"row\">", c->removal);
        gz_text_add_html(page, c->map);
        gz_text_add(page, "</th>");
        add_area(page, c->deletion_area, c->deletion_error, c->deletion_wins, random);
        add_area(page, c->insertion_area, c->insertion_error, c->insertion_wins, random);
        gz_text_add(page, "</tr>\n");
    }
}

static const double *curve_of(const gaze_faithful_curves *c, bool insertion)
{
    return insertion ? c->insertion : c->deletion;
}

/* "gradcam:conv_2" is too long beside a line. */
static const char *short_name(const char *map) { return strncmp(map, "gradcam:", 8) ? map : "gradcam"; }

static void add_chart(gz_text *page, const gaze_faithful_result *r, size_t removal, bool insertion,
                      const double *x)
{
    const gaze_faithful_curves *curves = &r->curves[removal * r->n_maps];
    char id[48], title[120], summary[200];
    snprintf(id, sizeof id, "chart-%s-%zu", insertion ? "insertion" : "deletion", removal);
    snprintf(title, sizeof title, "%s, replaced by %s", insertion ? "Insertion" : "Deletion",
             curves->removal);
    snprintf(summary, sizeof summary, "Area %.4f with the map, %.4f with the random one.",
             insertion ? curves[0].insertion_area : curves[0].deletion_area,
             insertion ? curves[1].insertion_area : curves[1].deletion_area);
    gz_html_chart chart = {.id = id,
                           .title = title,
                           .summary = summary,
                           .x_name = insertion ? "part given back" : "part taken away",
                           .x = x,
                           .points = r->steps + 1,
                           .n_lines = r->n_maps,
                           .unit_y = true};
    for (size_t m = 0; m < r->n_maps; m++)
        chart.lines[m] = (gz_html_line){short_name(curves[m].map), curve_of(&curves[m], insertion)};
    gz_text_add(page, "<figure><figcaption>");
    gz_text_add_html(page, title);
    gz_text_add(page, "</figcaption>\n");
    gz_html_chart_add(page, &chart);
    gz_text_add(page, "</figure>\n");
}

static double part_at(const gaze_faithful_result *r, size_t i) { return (double)i / (double)r->steps; }

static void add_charts(gz_text *page, const void *facts)
{
    const gaze_faithful_result *r = &((const gz_run_facts *)facts)->faithful;
    double *x = NULL;
    if (page->status == GAZE_OK) page->status = gz_allocate(r->steps + 1, sizeof *x, &x);
    if (page->status != GAZE_OK) return;
    for (size_t i = 0; i <= r->steps; i++) x[i] = part_at(r, i);
    for (size_t i = 0; i < r->n_curves / r->n_maps; i++) {
        add_chart(page, r, i, false, x);
        add_chart(page, r, i, true, x);
    }
    free(x);
}

static void add_heads(gz_text *page, const void *facts)
{
    const gaze_faithful_result *r = &((const gz_run_facts *)facts)->faithful;
    for (size_t k = 0; k < 2 * r->n_curves; k++) {
        gz_text_add(page, "<th scope=\"col\" class=\"n\">");
        gz_html_add(page, "%s, %s, %s", r->curves[k / 2].map, r->curves[k / 2].removal,
                    k % 2 ? "insertion" : "deletion");
        gz_text_add(page, "</th>");
    }
}

static void add_points(gz_text *page, const void *facts)
{
    const gaze_faithful_result *r = &((const gz_run_facts *)facts)->faithful;
    for (size_t i = 0; i <= r->steps; i++) {
        gz_text_add(page, "<tr><th scope=\"row\" class=\"n\">%.2f</th>", part_at(r, i));
        for (size_t k = 0; k < 2 * r->n_curves; k++)
            gz_number_cell(page, curve_of(&r->curves[k / 2], k % 2)[i], 4);
        gz_text_add(page, "</tr>\n");
    }
}

static void add_pointing(gz_text *page, const void *facts)
{
    const gaze_faithful_result *r = &((const gz_run_facts *)facts)->faithful;
    if (!r->placed) return;
    gz_text_add(page,
                "<p id=\"pointing\">Share of %zu samples in which the map's largest cell lies where the "
                "evidence is:",
                r->placed);
    for (size_t m = 0; m < r->n_maps; m++)
        gz_html_add(page, "%s %s %.3f", m ? "," : "", r->maps[m], (double)r->pointed[m] / (double)r->placed);
    gz_text_add(page, ".</p>\n");
}

static void add_sentence(gz_text *page, const void *facts)
{
    const gaze_faithful_result *r = &((const gz_run_facts *)facts)->faithful;
    gz_html_add(page,
                "The map '%s' on the first %zu %s samples: their %zu parts are taken away, those first that "
                "the map gives "
                "most, and given back in that order, in %zu steps. Mean probability of the predicted class "
                "on the whole "
                "input: %.4f.",
                r->maps[0], r->samples, r->test ? "test" : "training", r->parts, r->steps, r->probability);
}

static void add_note(gz_text *page, const void *facts)
{
    gz_text_add_html(page, ((const gz_run_facts *)facts)->faithful.note);
}

void gz_section_faithful(gz_text *page, const void *facts)
{
    static const gz_html_place places[] = {{"sentence", add_sentence}, {"areas", add_areas},
                                           {"pointing", add_pointing}, {"charts", add_charts},
                                           {"heads", add_heads},       {"points", add_points},
                                           {"note", add_note}};
    gz_section(page, facts, GZ_SECTION_FAITHFUL, "faithful.html", places, sizeof places / sizeof *places);
}
