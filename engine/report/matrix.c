/* A map of queries by keys as SVG: cells as a picture, names of rows and columns as text. */
#include "examples.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROOM = 288, MOST_CELL = 18, LETTER = 6, LINE = 11, MOST_LETTERS = 10 };

typedef struct side {
    const char *const *names; /* NULL: numbers */
    size_t count, every;      /* one of `every` is named */
    double room;              /* that the names take */
} side;

static side side_of(const char *const *names, size_t count, double cell)
{
    side s = {names, count, 1, 3 * LETTER};
    while ((double)s.every * cell < LINE) s.every++;
    for (size_t i = 0; names && i < count; i++) {
        const size_t letters = strlen(names[i]) < MOST_LETTERS ? strlen(names[i]) : MOST_LETTERS;
        s.room = fmax(s.room, (double)(letters * LETTER));
    }
    return s;
}

static void add_name(gz_text *page, const side *s, size_t i)
{
    if (s->names)
        gz_html_add(page, "%.*s", MOST_LETTERS, s->names[i]);
    else
        gz_text_add(page, "%zu", i);
    gz_text_add(page, "</text>");
}

static void add_names(gz_text *page, const side *rows, const side *columns, double cell)
{
    const double left = rows->room + 4, top = columns->room + 4;
    for (size_t i = 0; i < rows->count; i += rows->every) {
        gz_text_add(page, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">", left - 4,
                    top + ((double)i + 0.5) * cell + 3.5);
        add_name(page, rows, i);
    }
    for (size_t i = 0; i < columns->count; i += columns->every) {
        const double x = left + ((double)i + 0.5) * cell + 3.5;
        gz_text_add(page, "<text x=\"%.1f\" y=\"%.1f\" transform=\"rotate(-90 %.1f %.1f)\">", x, top - 4, x,
                    top - 4);
        add_name(page, columns, i);
    }
}

/* Cells that are drawn as one, and how far the picture reaches: its last row or column may stand for fewer.
 */
static size_t merged(size_t count) { return (count + GZ_MOST_DRAWN - 1) / GZ_MOST_DRAWN; }
static size_t reach(size_t count) { return (count + merged(count) - 1) / merged(count) * merged(count); }

void gz_matrix_add(gz_text *page, const gz_frames *f, const gz_axes *axes, const char *words)
{
    const size_t height = f->map->height, width = f->map->width, longer = height > width ? height : width;
    const double cell = fmin(MOST_CELL, (double)ROOM / (double)longer);
    const side rows = side_of(axes->queries, height, cell), columns = side_of(axes->keys, width, cell);
    const double left = rows.room + 4, top = columns.room + 4;
    const double all_width = left + cell * (double)width + 1, all_height = top + cell * (double)height + 1;
    gz_text_add(page,
                "<figure class=\"tile matrix-map\" style=\"max-width:%.1frem\"><svg viewBox=\"0 0 %.1f "
                "%.1f\" role=\"img\" data-name=\"",
                all_width / 14, all_width, all_height);
    gz_html_add(page, "%s, queries by keys", f->map->info->name);
    gz_text_add(page, "\" aria-label=\"");
    gz_html_add(page, "%s, queries by keys: %s", f->map->info->name, words);
    gz_text_add(page,
                "\"><image data-picture x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
                "preserveAspectRatio=\"none\" href=\"",
                left, top, cell * (double)reach(width), cell * (double)reach(height));
    gz_frames_picture(page, f, f->all->n_moments - 1, 0, 0);
    gz_text_add(page, "\"/>");
    add_names(page, &rows, &columns, cell);
    gz_text_add(page, "</svg><figcaption>rows: queries, columns: keys");
    if (merged(height) > 1 || merged(width) > 1)
        gz_text_add(page, "; each drawn cell is the largest of %zu x %zu", merged(height), merged(width));
    gz_text_add(page, "</figcaption></figure>\n");
}
