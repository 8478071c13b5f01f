#include "facts.h"

#include <math.h>
#include <stdlib.h>

enum { LOSS, VALIDATION_LOSS, ACCURACY, VALIDATION_ACCURACY, COLUMNS };

/* Columns of the log, [COLUMNS][epochs], and the epochs themselves behind them. */
static double *columns_of(gz_text *page, const gz_log *log)
{
    double *all;
    if (page->status == GAZE_OK) page->status = gz_allocate((COLUMNS + 1) * log->count, sizeof *all, &all);
    if (page->status != GAZE_OK) return NULL;
    for (size_t i = 0; i < log->count; i++) {
        const gz_epoch_row *r = &log->rows[i];
        const double values[] = {r->loss, r->validation_loss, r->accuracy, r->validation_accuracy,
                                 (double)r->epoch};
        for (size_t c = 0; c <= COLUMNS; c++) all[c * log->count + i] = values[c];
    }
    return all;
}

static bool has_validation(const gz_log *log)
{
    for (size_t i = 0; i < log->count; i++)
        if (isfinite(log->rows[i].validation_loss)) return true;
    return false;
}

/* The epoch with the smallest (or largest) value of a column; count: there is none. */
static size_t best_of(const double *column, size_t count, bool largest)
{
    size_t best = count;
    for (size_t i = 0; i < count; i++)
        if (isfinite(column[i]) &&
            (best == count || (largest ? column[i] > column[best] : column[i] < column[best])))
            best = i;
    return best;
}

static void add_chart(gz_text *page, const gz_log *log, const double *all, size_t first, bool validation)
{
    const bool loss = first == LOSS;
    const double *epochs = all + COLUMNS * log->count, *own = all + first * log->count,
                 *other = validation ? own + log->count : own;
    const size_t best = best_of(other, log->count, !loss), last = log->count - 1;
    gz_text summary = {0};
    char *words = NULL;
    const char *what = loss ? "Training loss" : "Training accuracy";
    if (log->count == 1)
        gz_text_add(&summary, "%s %.4f in the only epoch", what, own[0]);
    else
        gz_text_add(&summary, "%s from %.4f to %.4f over %zu epochs", what, own[0], own[last], log->count);
    if (best < log->count)
        gz_text_add(&summary, "; %s of %s %.4f in epoch %zu.", loss ? "smallest" : "largest",
                    validation ? "validation" : "training", other[best], log->rows[best].epoch);
    if (page->status == GAZE_OK) page->status = gz_text_take(&summary, &words);
    if (page->status == GAZE_OK) {
        const gz_html_chart chart = {.id = loss ? "chart-loss" : "chart-accuracy",
                                     .title = loss ? "Loss over epochs" : "Accuracy over epochs",
                                     .summary = words,
                                     .x_name = "epoch",
                                     .x = epochs,
                                     .points = log->count,
                                     .n_lines = validation ? 2 : 1,
                                     .lines = {{"training", own}, {"validation", other}},
                                     .whole_x = true};
        gz_text_add(page, "<figure><figcaption>%s</figcaption>\n", loss ? "Loss" : "Accuracy");
        gz_html_chart_add(page, &chart);
        gz_text_add(page, "<p class=\"note\">%s</p></figure>\n", words);
    }
    free(words);
}

static void add_rows(gz_text *page, const void *facts)
{
    const gz_run_facts *f = facts;
    for (size_t i = 0; i < f->log.count; i++) {
        const gz_epoch_row *r = &f->log.rows[i];
        gz_text_add(page, "<tr><th scope=\"row\" class=\"n\">%zu</th><td class=\"n\">%zu</td>", r->epoch,
                    r->step);
        gz_number_cell(page, r->loss, 4);
        gz_number_cell(page, r->validation_loss, 4);
        gz_number_cell(page, r->accuracy, 4);
        gz_number_cell(page, r->validation_accuracy, 4);
        gz_number_cell(page, r->seconds, 1);
        gz_number_cell(page, r->samples_per_second, 0);
        gz_text_add(page, "</tr>\n");
    }
}

static void add_charts(gz_text *page, const void *facts)
{
    const gz_run_facts *f = facts;
    double *all = columns_of(page, &f->log);
    if (!all) return;
    add_chart(page, &f->log, all, LOSS, has_validation(&f->log));
    add_chart(page, &f->log, all, ACCURACY, has_validation(&f->log));
    free(all);
}

void gz_section_training(gz_text *page, const void *facts)
{
    static const gz_html_place places[] = {{"charts", add_charts}, {"rows", add_rows}};
    gz_section(page, facts, GZ_SECTION_TRAINING, "training.html", places, sizeof places / sizeof *places);
}
