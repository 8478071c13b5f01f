#include "ruler.h"
#include "font.h"

#include <stdio.h>
#include <string.h>

enum { GAP = 4, MOST = 96, APART = 11 };

typedef struct label {
    const char *text;
    size_t bytes, width; /* width: with the ".." of one that is cut */
    char number[24];
} label;

/* The label of a cell; it must stay where it is, since it may point into itself. */
static void find_label(const gz_ruler *ruler, size_t cell, label *l)
{
    const size_t step = cell * ruler->merged;
    snprintf(l->number, sizeof l->number, "%zu", step);
    l->text = ruler->names && ruler->names[step] ? ruler->names[step] : l->number;
    l->bytes = gz_text_cut(&ruler->letters, l->text, MOST * ruler->letters.size);
    l->width = gz_text_width(&ruler->letters, l->text, l->bytes);
    if (l->text[l->bytes]) l->width += gz_text_width(&ruler->letters, " ..", 3);
}

static size_t widest_label(const gz_ruler *ruler)
{
    size_t widest = 0;
    for (size_t i = 0; i < ruler->count; i += ruler->every) {
        label l;
        find_label(ruler, i, &l);
        if (l.width > widest) widest = l.width;
    }
    return widest;
}

/* 1, 2, 5, 10, 20, .. */
static size_t next_step(size_t every)
{
    size_t ten = 1;
    while (every >= 10 * ten) ten *= 10;
    return every == 2 * ten ? 5 * ten : 2 * every;
}

static gz_ruler create(const char *const *names, size_t count, size_t cell, size_t merged, size_t text)
{
    gz_ruler ruler = {.names = names,
                      .count = count,
                      .cell = cell,
                      .merged = merged,
                      .every = 1,
                      .letters = {text, false, gz_black}};
    while (ruler.every * cell < APART * text) ruler.every = next_step(ruler.every);
    return ruler;
}

gz_ruler gz_ruler_rows(const char *const *names, size_t count, size_t cell, size_t merged, size_t text)
{
    gz_ruler ruler = create(names, count, cell, merged, text);
    ruler.room = widest_label(&ruler) + GAP * text;
    return ruler;
}

/* Numbers make room for themselves; names are turned. */
gz_ruler gz_ruler_columns(const char *const *names, size_t count, size_t cell, size_t merged, size_t text)
{
    gz_ruler ruler = create(names, count, cell, merged, text);
    size_t widest = widest_label(&ruler);
    while (!names && widest + GAP * text > ruler.every * cell && ruler.every < count)
        ruler.every = next_step(ruler.every);
    ruler.up = names && widest + GAP * text > ruler.every * cell;
    ruler.room = (ruler.up ? widest : GZ_FONT_ROWS * text) + GAP * text;
    return ruler;
}

static void draw_level(const gz_ruler *ruler, gz_image *image, size_t y, size_t x, const label *l)
{
    const size_t used = gz_text_width(&ruler->letters, l->text, l->bytes) + ruler->letters.size;
    gz_canvas_text(image, y, x, &ruler->letters, l->text, l->bytes);
    if (l->text[l->bytes]) gz_canvas_text(image, y, x + used, &ruler->letters, "..", 2);
}

static void draw_up(const gz_ruler *ruler, gz_image *image, size_t y, size_t x, const label *l)
{
    const size_t used = gz_text_width(&ruler->letters, l->text, l->bytes) + ruler->letters.size;
    gz_canvas_text_up(image, y, x, &ruler->letters, l->text, l->bytes);
    if (l->text[l->bytes]) gz_canvas_text_up(image, y - used, x, &ruler->letters, "..", 2);
}

/* Where capitals begin that stand in the middle of a cell. */
static size_t middle(const gz_ruler *ruler, size_t from, size_t cell)
{
    return from + cell * ruler->cell + ruler->cell / 2 - GZ_FONT_CAPITAL_ROWS / 2 * ruler->letters.size;
}

void gz_ruler_draw_rows(const gz_ruler *ruler, gz_image *image, size_t y, size_t x)
{
    for (size_t i = 0; i < ruler->count; i += ruler->every) {
        label l;
        find_label(ruler, i, &l);
        draw_level(ruler, image, middle(ruler, y, i), x - GAP * ruler->letters.size - l.width, &l);
    }
}

static void draw_columns(const gz_ruler *ruler, gz_image *image, size_t y, size_t x, bool above)
{
    const size_t gap = GAP * ruler->letters.size;
    for (size_t i = 0; i < ruler->count; i += ruler->every) {
        label l;
        find_label(ruler, i, &l);
        if (ruler->up) {
            draw_up(ruler, image, above ? y - gap : y + gap + l.width, middle(ruler, x, i), &l);
            continue;
        }
        const size_t centre = x + i * ruler->cell + ruler->cell / 2, half = l.width / 2;
        draw_level(ruler, image, above ? y - ruler->room : y + gap, centre > half ? centre - half : 0, &l);
    }
}

void gz_ruler_draw_above(const gz_ruler *ruler, gz_image *image, size_t y, size_t x)
{
    draw_columns(ruler, image, y, x, true);
}

void gz_ruler_draw_below(const gz_ruler *ruler, gz_image *image, size_t y, size_t x)
{
    draw_columns(ruler, image, y, x, false);
}
