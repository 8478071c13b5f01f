#include "facts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct layer_time {
    const char *layer;
    double ms;
    size_t launches;
} layer_time;

/* Sums of the kernels' times, in the order of the first kernel of each layer. */
static size_t sum_layers(const gaze_bench_result *b, layer_time *layers)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n_lines; i++) {
        size_t k = 0;
        while (k < n && strcmp(layers[k].layer, b->lines[i].layer) != 0) k++;
        if (k == n) layers[n++] = (layer_time){.layer = b->lines[i].layer};
        layers[k].ms += b->lines[i].ms;
        layers[k].launches += b->lines[i].launches;
    }
    return n;
}

static void add_layers(gz_text *page, const void *facts)
{
    const gaze_bench_result *b = &((const gz_run_facts *)facts)->bench;
    layer_time *layers = NULL;
    double all = 0, most = 0;
    if (page->status == GAZE_OK) page->status = gz_allocate(b->n_lines, sizeof *layers, &layers);
    if (page->status != GAZE_OK) return;
    const size_t n = sum_layers(b, layers);
    for (size_t i = 0; i < n; i++) all += layers[i].ms, most = fmax(most, layers[i].ms);
    for (size_t i = 0; i < n; i++) {
        gz_text_add(page, "<tr><th scope=\"row\">");
        gz_text_add_html(page, layers[i].layer);
        gz_text_add(page, "</th><td class=\"n\">%zu</td>", layers[i].launches);
        gz_number_cell(page, layers[i].ms, 3);
        gz_number_cell(page, 100 * layers[i].ms / all, 1);
        gz_text_add(page, "<td class=\"bar\"><i style=\"width:%.1f%%\"></i></td></tr>\n",
                    100 * layers[i].ms / most);
    }
    free(layers);
}

static void add_kernels(gz_text *page, const void *facts)
{
    const gaze_bench_result *b = &((const gz_run_facts *)facts)->bench;
    for (size_t i = 0; i < b->n_lines; i++) {
        const gaze_bench_line *l = &b->lines[i];
        gz_text_add(page, "<tr><td>");
        gz_text_add_html(page, l->layer);
        gz_text_add(page, "</td><td>%s</td><td>%s</td><td class=\"n\">%zu</td>", l->op, l->kernel,
                    l->launches);
        gz_number_cell(page, l->ms, 3);
        gz_number_cell(page, l->gflops, 1);
        gz_number_cell(page, l->gbytes_per_second, 1);
        gz_number_cell(page, l->percent_of_peak, 1);
        gz_text_add(page, "</tr>\n");
    }
}

static void add_sentence(gz_text *page, const void *facts)
{
    const gz_run_facts *f = facts;
    const gaze_bench_result *b = &f->bench;
    gz_text_add(page,
                "<strong>%.1f samples/s</strong>: a prediction of a batch of %zu takes %.3f ms; measured "
                "kernel by kernel, "
                "%.3f ms of it are spent in %zu kernels.",
                b->samples_per_second, f->bench_batch, b->step_ms, b->kernels_ms, b->launches);
    if (b->peak_gflops > 0)
        gz_text_add(page, " The device's measured peak: %.1f GFLOP/s, and %.1f GB/s read and written.",
                    b->peak_gflops, b->copy_gbytes);
}

void gz_section_profile(gz_text *page, const void *facts)
{
    static const gz_html_place places[] = {
        {"sentence", add_sentence}, {"layers", add_layers}, {"kernels", add_kernels}};
    gz_section(page, facts, GZ_SECTION_PROFILE, "profile.html", places, sizeof places / sizeof *places);
}
