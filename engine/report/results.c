#include "facts.h"
#include "../view/canvas.h"
#include "../view/view.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_COLUMNS = 40, MOST_MISTAKES = 20 };

typedef struct class_counts {
    size_t samples, predicted, right;
} class_counts;

static size_t at(const gaze_metrics *m, size_t k, size_t j) { return m->confusion[k * m->n_classes + j]; }

static class_counts count(const gaze_metrics *m, size_t k)
{
    class_counts c = {.right = at(m, k, k)};
    for (size_t j = 0; j < m->n_classes; j++) {
        c.samples += at(m, k, j);
        c.predicted += at(m, j, k);
    }
    return c;
}

static double share(size_t part, size_t whole) { return whole ? (double)part / (double)whole : NAN; }

/* The class that is most often said in place of class k; k itself when there is none. */
static size_t mistaken_for(const gaze_metrics *m, size_t k)
{
    size_t worst = k, most = 0;
    for (size_t j = 0; j < m->n_classes; j++)
        if (j != k && at(m, k, j) > most) worst = j, most = at(m, k, j);
    return worst;
}

typedef struct scores {
    double values[3]; /* precision, recall, F1; NaN: not defined */
} scores;

static scores scores_of(const class_counts *c)
{
    return (scores){{share(c->right, c->predicted), share(c->right, c->samples),
                     share(2 * c->right, c->samples + c->predicted)}};
}

static void add_class(gz_text *page, const gz_run_facts *f, size_t k)
{
    const class_counts c = count(&f->metrics, k);
    const scores s = scores_of(&c);
    const size_t wrong = mistaken_for(&f->metrics, k);
    char text[24];
    gz_text_add(page, "<tr><th scope=\"row\">");
    gz_text_add_html(page, gz_class_name(f->classes, k, text));
    gz_text_add(page, "</th><td class=\"n\">%zu</td>", c.samples);
    for (size_t i = 0; i < 3; i++) gz_number_cell(page, s.values[i], 4);
    gz_text_add(page, "<td>");
    if (wrong != k)
        gz_html_add(page, "%s (%zu)", gz_class_name(f->classes, wrong, text), at(&f->metrics, k, wrong));
    gz_text_add(page, "</td></tr>\n");
}

static void add_classes(gz_text *page, const void *facts)
{
    const gz_run_facts *f = facts;
    for (size_t k = 0; k < f->metrics.n_classes; k++) add_class(page, f, k);
}

/* Of the classes that have samples; a precision that isn't defined counts as 0: none was found. */
static void add_mean(gz_text *page, const void *facts)
{
    const gz_run_facts *f = facts;
    double sums[3] = {0};
    size_t present = 0, samples = 0;
    for (size_t k = 0; k < f->metrics.n_classes; k++) {
        const class_counts c = count(&f->metrics, k);
        const scores s = scores_of(&c);
        samples += c.samples;
        present += c.samples > 0;
        for (size_t i = 0; c.samples && i < 3; i++) sums[i] += isfinite(s.values[i]) ? s.values[i] : 0;
    }
    gz_text_add(page, "<tr><th scope=\"row\">mean of classes</th><td class=\"n\">%zu</td>", samples);
    for (size_t i = 0; i < 3; i++) gz_number_cell(page, sums[i] / (double)present, 4);
    gz_text_add(page, "<td></td></tr>");
}

static void add_unit(gz_text *page, const void *facts)
{
    const gz_run_facts *f = facts;
    if (f->steps) gz_text_add(page, " Counted are steps of the sequences, each a token.");
}

void gz_section_classes(gz_text *page, const void *facts)
{
    static const gz_html_place places[] = {{"rows", add_classes}, {"mean", add_mean}, {"unit", add_unit}};
    gz_html_fill(page, "classes.html", places, sizeof places / sizeof *places, facts);
}

static void add_cell(gz_text *page, size_t n, double part, bool diagonal)
{
    gz_ink ground;
    gz_color(GZ_VIRIDIS, part, ground.rgb);
    const gz_ink ink = gz_ink_on(ground);
    gz_text_add(page, "<td class=\"n%s\" style=\"background:#%02x%02x%02x;color:#%02x%02x%02x\">%zu</td>",
                diagonal ? " right" : "", ground.rgb[0], ground.rgb[1], ground.rgb[2], ink.rgb[0], ink.rgb[1],
                ink.rgb[2], n);
}

static void add_heads(gz_text *page, const void *facts)
{
    const gz_run_facts *f = facts;
    char text[24];
    for (size_t j = 0; j < f->metrics.n_classes; j++) {
        gz_text_add(page, "<th scope=\"col\" class=\"n\">");
        gz_text_add_html(page, gz_class_name(f->classes, j, text));
        gz_text_add(page, "</th>");
    }
}

static void add_matrix_rows(gz_text *page, const void *facts)
{
    const gz_run_facts *f = facts;
    const gaze_metrics *m = &f->metrics;
    char text[24];
    for (size_t k = 0; k < m->n_classes; k++) {
        const class_counts c = count(m, k);
        gz_text_add(page, "<tr><th scope=\"row\">");
        gz_text_add_html(page, gz_class_name(f->classes, k, text));
        gz_text_add(page, "</th>");
        for (size_t j = 0; j < m->n_classes; j++)
            add_cell(page, at(m, k, j), c.samples ? share(at(m, k, j), c.samples) : 0, j == k);
        gz_text_add(page, "</tr>\n");
    }
}

typedef struct mistake {
    size_t n, true_class, predicted;
} mistake;

static int most_first(const void *a, const void *b)
{
    const mistake *x = a, *y = b;
    if (x->n != y->n) return x->n < y->n ? 1 : -1;
    const size_t i = x->true_class, j = y->true_class;
    return i != j ? (i > j) - (i < j) : (x->predicted > y->predicted) - (x->predicted < y->predicted);
}

static void add_mistakes(gz_text *page, const gz_run_facts *f, const mistake *all, size_t n)
{
    char text[24];
    for (size_t i = 0; i < n && i < MOST_MISTAKES; i++) {
        gz_text_add(page, "<tr><td>");
        gz_text_add_html(page, gz_class_name(f->classes, all[i].true_class, text));
        gz_text_add(page, "</td><td>");
        gz_text_add_html(page, gz_class_name(f->classes, all[i].predicted, text));
        gz_text_add(page, "</td><td class=\"n\">%zu</td></tr>\n", all[i].n);
    }
    if (!n) gz_text_add(page, "<tr><td colspan=\"3\">none</td></tr>\n");
}

static void add_mistake_rows(gz_text *page, const void *facts)
{
    const gz_run_facts *f = facts;
    const gaze_metrics *m = &f->metrics;
    mistake *all = NULL;
    size_t n = 0;
    if (page->status == GAZE_OK) page->status = gz_allocate(m->n_classes * m->n_classes, sizeof *all, &all);
    if (page->status != GAZE_OK) return;
    for (size_t k = 0; k < m->n_classes; k++)
        for (size_t j = 0; j < m->n_classes; j++)
            if (j != k && at(m, k, j)) all[n++] = (mistake){at(m, k, j), k, j};
    qsort(all, n, sizeof *all, most_first);
    add_mistakes(page, f, all, n);
    free(all);
}

void gz_section_confusion(gz_text *page, const void *facts)
{
    static const gz_html_place matrix[] = {{"heads", add_heads}, {"rows", add_matrix_rows}};
    static const gz_html_place mistakes[] = {{"rows", add_mistake_rows}};
    const gz_run_facts *f = facts;
    if (f->metrics.n_classes <= MOST_COLUMNS)
        gz_html_fill(page, "confusion.html", matrix, sizeof matrix / sizeof *matrix, facts);
    else
        gz_text_add(page, "<p>%zu classes are too many for a matrix on a page.</p>\n", f->metrics.n_classes);
    gz_html_fill(page, "mistakes.html", mistakes, 1, facts);
}
