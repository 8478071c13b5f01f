#include "page.h"

#include <stdlib.h>
#include <string.h>

enum { MARGIN = 14, GAP = 10, BAR = 14, TICK = 4, LEAST_TEXT = 380, LEAST_BAR = 64, MOST_BAR = 420 };

typedef struct layout {
    gz_letters title, number, caption;
    char numbers[3][40]; /* of the bar's top, middle and bottom */
    size_t text_width, bar_height, numbers_width;
} layout;

size_t gz_page_text_size(gz_size panel)
{
    const size_t longer = panel.height > panel.width ? panel.height : panel.width;
    return longer > 500 ? (longer + 499) / 500 : 1;
}

static void write_numbers(const gz_range *range, layout *l)
{
    const double values[3] = {range->high, (range->low + range->high) / 2, range->low};
    for (size_t i = 0; i < 3; i++) {
        const bool beyond = (i == 0 && range->above) || (i == 2 && range->below);
        const char *sign = !beyond ? "" : i == 0 ? ">= " : "<= ";
        char number[32];
        gz_range_number(range, values[i], number);
        strcat(strcpy(l->numbers[i], sign), number);
        const size_t width = gz_text_width(&l->number, l->numbers[i], strlen(l->numbers[i]));
        if (width > l->numbers_width) l->numbers_width = width;
    }
}

static layout plan(const gz_body *body, const gz_range *range)
{
    const size_t text = body->text, panels = body->size.height - body->head - body->foot;
    layout l = {.title = {text, true, gz_black},
                .number = {text, false, gz_black},
                .caption = {text, false, gz_gray}};
    size_t width = body->size.width;
    if (range) {
        write_numbers(range, &l);
        width += text * (GAP + BAR + TICK + 3) + l.numbers_width;
        l.bar_height = panels < LEAST_BAR * text ? LEAST_BAR * text : panels;
        if (l.bar_height > MOST_BAR * text) l.bar_height = MOST_BAR * text;
    }
    l.text_width = width < LEAST_TEXT * text ? LEAST_TEXT * text : width;
    return l;
}

static void draw_bar(gz_image *image, size_t y, size_t x, const layout *l, gz_colors colors)
{
    const size_t text = l->number.size, height = l->bar_height, width = BAR * text;
    for (size_t row = 0; row < height; row++) {
        gz_ink ink;
        gz_color(colors, 1 - (double)row / (double)(height - 1), ink.rgb);
        gz_canvas_fill(image, (gz_box){y + row, x, 1, width}, ink);
    }
    gz_canvas_frame(image, (gz_box){y, x, height, width}, 1, gz_gray);
    for (size_t i = 0; i < 3; i++) {
        const size_t middle = y + i * (height - 1) / 2;
        gz_canvas_fill(image, (gz_box){middle, x + width, 1, TICK * text}, gz_gray);
        gz_canvas_text(image, middle - 4 * text, x + width + (TICK + 3) * text, &l->number, l->numbers[i],
                       strlen(l->numbers[i]));
    }
}

gaze_status gz_page_create(const gz_body *body, const gz_range *range, const gz_picture_options *options,
                           const char *caption, gz_page *page)
{
    const layout l = plan(body, range);
    const size_t margin = MARGIN * body->text, gap = GAP * body->text, line = gz_text_line_height(&l.title);
    const size_t title =
        options->title ? gz_text_lines(&l.title, options->title, l.text_width) * line + gap / 2 : 0;
    const size_t bar = body->head + l.bar_height, middle = body->size.height > bar ? body->size.height : bar;
    const size_t below = gz_text_lines(&l.caption, caption, l.text_width) * line;
    const size_t top = margin + title, bottom = top + middle + (below ? gap : 0);
    gz_image image = {0};
    GZ_TRY(gz_image_create(bottom + below + margin, l.text_width + 2 * margin, 3, 255, &image));
    gz_canvas_wrapped(&image, margin, margin, &l.title, options->title, l.text_width);
    gz_canvas_wrapped(&image, bottom, margin, &l.caption, caption, l.text_width);
    if (range) draw_bar(&image, top + body->head, margin + body->size.width + gap, &l, options->colors);
    *page = (gz_page){.image = image, .top = top, .left = margin};
    return GAZE_OK;
}

/* "2.5 + 2 i", "i", "0.5 + i" */
static void say_axis(gz_text *caption, double first, double step, char letter)
{
    if (first != 0) gz_text_add(caption, "%g + ", first);
    if (step != 1) gz_text_add(caption, "%g ", step);
    gz_text_add(caption, "%c", letter);
}

void gz_page_say_place(gz_text *caption, const gz_map *map, size_t height, size_t width)
{
    const gaze_receptive_field *f = &map->field;
    if (!f->known) {
        gz_text_add(caption, " Where the cells lie on the image is not known: the map is stretched over it.");
        return;
    }
    gz_text_add(caption, " Cell (i, j) lies at pixel (");
    say_axis(caption, f->first[0], f->step[0], 'i');
    gz_text_add(caption, ", ");
    say_axis(caption, f->first[1], f->step[1], 'j');
    gz_text_add(caption, ") and sees %g x %g pixels.", f->size[0], f->size[1]);
    if (gz_panel_leaves_pixels(map, height, width))
        gz_text_add(caption, " Pixels that no cell sees have no colour.");
}
