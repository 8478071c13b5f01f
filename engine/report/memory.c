/* The memory plan as a picture: right is later, up is a higher address. */
#include "facts.h"

#include <stdio.h>

enum { WIDTH = 360, HEIGHT = 220, LEFT = 52, RIGHT = 8, TOP = 10, BOTTOM = 36, LEAST_LETTERS = 12 };

static size_t last_node(const gz_memory_facts *m)
{
    size_t last = 0;
    for (size_t i = 0; i < m->n_tensors; i++)
        if (m->tensors[i].death > last) last = m->tensors[i].death;
    return last;
}

static double x_at(const gz_memory_facts *m, size_t node)
{
    return LEFT + (double)node / (double)(last_node(m) + 1) * (WIDTH - LEFT - RIGHT);
}

static double y_at(const gz_memory_facts *m, size_t offset)
{
    return TOP + (1 - (double)offset / (double)m->peak_bytes) * (HEIGHT - TOP - BOTTOM);
}

/* The name inside its block, where there is room for at least the beginning of it. */
static void add_block(gz_text *page, const gz_memory_facts *m, const gz_tensor_life *t)
{
    const double x = x_at(m, t->birth), y = y_at(m, t->offset + t->bytes), width = x_at(m, t->death + 1) - x,
                 height = y_at(m, t->offset) - y;
    const int letters = (int)(width / 6) - 1;
    char bytes[24];
    gz_text_add(page, "<g><title>");
    gz_html_add(page, "%s: %s at %zu, operations %zu to %zu", t->name, gz_bytes_text(t->bytes, bytes),
                t->offset, t->birth, t->death);
    gz_text_add(page, "</title><path class=\"block\" d=\"M%.1f %.1fh%.1fv%.1fh%.1fz\"/>", x, y, width, height,
                -width);
    if (height >= LEAST_LETTERS && letters >= 4) {
        gz_text_add(page, "<text x=\"%.1f\" y=\"%.1f\">", x + 3, y + height / 2 + 4);
        gz_html_add(page, "%.*s", letters, t->name);
        gz_text_add(page, "</text>");
    }
    gz_text_add(page, "</g>\n");
}

static void add_picture(gz_text *page, const void *facts)
{
    const gz_memory_facts *m = &((const gz_run_facts *)facts)->memory;
    char peak[24];
    gz_bytes_text(m->peak_bytes, peak);
    gz_text_add(
        page,
        "<svg class=\"chart plan\" viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"plan-t plan-d\">",
        WIDTH, HEIGHT);
    gz_text_add(
        page,
        "<title id=\"plan-t\">Memory plan</title><desc id=\"plan-d\">%zu tensors in %s; each is in the "
        "table below.</desc>\n",
        m->n_tensors, peak);
    for (size_t i = 0; i < m->n_tensors; i++) add_block(page, m, &m->tensors[i]);
    gz_text_add(page, "<g class=\"axes\"><path d=\"M%d %dV%dH%d\"/>", LEFT, TOP, HEIGHT - BOTTOM,
                WIDTH - RIGHT);
    gz_text_add(page, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>", LEFT - 4, TOP + 6, peak);
    gz_text_add(page, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">0</text>", LEFT - 4, HEIGHT - BOTTOM);
    gz_text_add(page, "<text x=\"%d\" y=\"%d\">operation 0</text>", LEFT, HEIGHT - BOTTOM + 16);
    gz_text_add(page, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%zu</text></g>\n</svg>\n", WIDTH - RIGHT,
                HEIGHT - BOTTOM + 16, last_node(m));
}

static void add_total(gz_text *page, const char *name, size_t batch, size_t bytes)
{
    char text[24], whole[96];
    if (!bytes) return;
    snprintf(whole, sizeof whole, batch ? "%s of %zu, at its peak" : "%s", name, batch);
    gz_html_row(page, whole, gz_bytes_text(bytes, text));
}

static void add_totals(gz_text *page, const void *facts)
{
    const gz_memory_facts *m = &((const gz_run_facts *)facts)->memory;
    add_total(page, "a prediction of a batch", m->batch, m->peak_bytes);
    add_total(page, "the same if every tensor had its own", 0, m->naive_bytes);
    add_total(page, "weights", 0, m->weights_bytes);
    add_total(page, "a training step of a batch", m->train_batch, m->train_peak_bytes);
    add_total(page, "weights, gradients and what the optimizer keeps", 0, m->train_store_bytes);
}

static void add_tensors(gz_text *page, const void *facts)
{
    const gz_memory_facts *m = &((const gz_run_facts *)facts)->memory;
    for (size_t i = 0; i < m->n_tensors; i++) {
        const gz_tensor_life *t = &m->tensors[i];
        const size_t numbers[] = {t->offset, t->bytes, t->birth, t->death};
        gz_text_add(page, "<tr><td>");
        gz_text_add_html(page, t->name);
        gz_text_add(page, "</td>");
        for (size_t k = 0; k < 4; k++) gz_text_add(page, "<td class=\"n\">%zu</td>", numbers[k]);
        gz_text_add(page, "</tr>\n");
    }
}

void gz_section_memory(gz_text *page, const void *facts)
{
    static const gz_html_place places[] = {
        {"totals", add_totals}, {"picture", add_picture}, {"tensors", add_tensors}};
    gz_section(page, facts, GZ_SECTION_MEMORY, "memory.html", places, sizeof places / sizeof *places);
}
