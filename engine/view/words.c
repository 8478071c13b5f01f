/* A sequence as words on their colours. */
#include "font.h"
#include "page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1000, MANY = 200, WIDTH = 700, WIDER = 1200, PAD = 3, GAP = 3, LONGEST = 160 };

typedef struct words {
    const gz_sequence *sequence;
    gz_range range;
    size_t count, width; /* of the running text on the screen */
    gz_letters name, number;
} words;

typedef struct word {
    char text[32], number[32];
    const char *name;
    size_t name_width, number_width, width; /* of its box */
} word;

static void make_word(const words *w, size_t step, word *one)
{
    const gz_sequence *s = w->sequence;
    snprintf(one->text, sizeof one->text, "%zu", step);
    one->name = s->names && s->names[step] ? s->names[step] : one->text;
    gz_range_number(&w->range, s->values[step], one->number);
    one->number_width = gz_text_width(&w->number, one->number, strlen(one->number));
    one->name_width = gz_text_width(&w->name, one->name, strlen(one->name));
    if (one->name_width > LONGEST * w->name.size) one->name_width = LONGEST * w->name.size;
    const size_t wider = one->name_width > one->number_width ? one->name_width : one->number_width;
    one->width = wider + 2 * PAD * w->name.size;
}

static size_t box_height(const words *w) { return (GZ_FONT_ROWS + PAD) * w->name.size; }

static size_t line_height(const words *w)
{
    return box_height(w) + GZ_FONT_LINE_ROWS * w->number.size + GAP * w->name.size;
}

static void draw_word(const words *w, const word *one, size_t step, size_t y, size_t x, gz_colors colors,
                      gz_image *image)
{
    const gz_box box = {y, x, box_height(w), one->width};
    const gz_ink ground = gz_paint_ink(&(gz_paint){colors, &w->range, 1}, w->sequence->values[step]);
    gz_letters name = w->name;
    name.ink = gz_ink_on(ground);
    gz_canvas_fill(image, box, ground);
    gz_canvas_frame(image, (gz_box){y + 1, x + 1, box.height - 2, box.width - 2}, 1, gz_gray);
    gz_canvas_cut(image, y + PAD * name.size / 2 + name.size, x + (one->width - one->name_width) / 2, &name,
                  one->name, one->name_width);
    gz_canvas_text(image, y + box.height + 2 * w->number.size, x + (one->width - one->number_width) / 2,
                   &w->number, one->number, strlen(one->number));
}

/* Draws the lines, or, without an image, only finds their height. */
static size_t flow(const words *w, gz_colors colors, gz_page *page)
{
    size_t y = 0, x = 0;
    for (size_t i = 0; i < w->count; i++) {
        word one;
        make_word(w, i, &one);
        if (x && x + one.width > w->width) {
            x = 0;
            y += line_height(w);
        }
        if (page) draw_word(w, &one, i, page->top + y, page->left + x, colors, &page->image);
        x += one.width + GAP * w->name.size;
    }
    return y + line_height(w);
}

static gaze_status write_caption(const words *w, const gz_picture_options *options, char **caption)
{
    gz_text text = {0};
    gz_text_add(&text, "%s%s%s", options->caption ? options->caption : "", options->caption ? " " : "",
                w->range.meaning);
    if (w->count < w->sequence->count)
        gz_text_add(&text, " The first %zu of %zu steps.", w->count, w->sequence->count);
    return gz_text_take(&text, caption);
}

gaze_status gz_view_words(const gz_sequence *sequence, const gz_picture_options *options, gz_image *out)
{
    const gz_map map = {1, sequence->count, sequence->values, .field = {.known = false}};
    const size_t count = sequence->count < MOST ? sequence->count : MOST;
    words w = {.sequence = sequence,
               .count = count,
               .width = count > MANY ? WIDER : WIDTH,
               .name = {count > MANY ? 1 : 2, false, gz_black},
               .number = {1, false, gz_gray}};
    gz_page page;
    char *caption;
    GZ_TRY(gz_panel_check(&map, NULL));
    GZ_TRY(gz_range_of(options, sequence->values, sequence->count, &w.range));
    GZ_TRY(write_caption(&w, options, &caption));
    const gz_body body = {{flow(&w, options->colors, NULL), w.width}, 0, 1, 0};
    const gaze_status status = gz_page_create(&body, &w.range, options, caption, &page);
    free(caption);
    GZ_TRY(status);
    flow(&w, options->colors, &page);
    *out = page.image;
    return GAZE_OK;
}
