/* A sequence as bars. */
#include "font.h"
#include "merge.h"
#include "page.h"
#include "ruler.h"

#include <stdlib.h>

enum {
    TARGET = 560,
    MOST_BAR = 40,
    LABELLED = 64,
    LEAST_BAR = 12,
    MOST = 1600,
    NARROW = 2,
    TALL = 160,
    SMALL_TEXT = 1000
};

typedef struct bars {
    const gz_picture_options *options;
    gz_merged merged;
    gz_range range; /* with 0 in it */
    size_t width;   /* of one on the screen */
    size_t height, text;
    gz_ruler ruler;
} bars;

/* Up to 64 steps each has room for its name. */
static size_t bar_width(size_t count)
{
    size_t width = TARGET / count;
    if (count <= LABELLED && width < LEAST_BAR) width = LEAST_BAR;
    return width > MOST_BAR ? MOST_BAR : width < NARROW ? NARROW : width;
}

/* Bars that don't begin at 0 would make small differences look large. */
static void include_zero(gz_range *range, gz_scaling scaling)
{
    const bool low = range->low > 0, high = range->high < 0;
    if (low) range->low = 0;
    if (high) range->high = 0;
    if (scaling != GZ_MINMAX) return;
    if (low) range->meaning = "Heights and colours run from 0 to the largest value.";
    if (high) range->meaning = "Heights and colours run from the smallest value to 0.";
    if (!low && !high)
        range->meaning = "Heights and colours run from the smallest to the largest value; bars begin at 0.";
}

static gaze_status plan(const gz_sequence *sequence, const gz_picture_options *options, bars *b)
{
    const size_t pixel = options->pixel ? options->pixel : NARROW;
    const gz_map map = {1, sequence->count, sequence->values, .field = {.known = false}};
    *b = (bars){.options = options};
    GZ_TRY(gz_panel_check(&map, NULL));
    GZ_TRY(gz_range_of(options, sequence->values, sequence->count, &b->range));
    include_zero(&b->range, options->scaling);
    GZ_TRY(gz_merge(&map, pixel < MOST ? MOST / pixel : 1, &b->merged));
    const size_t count = b->merged.map.width;
    b->width = options->pixel ? options->pixel : bar_width(count);
    b->text = count * b->width > SMALL_TEXT ? 2 : 1;
    b->height = TALL * b->text;
    b->ruler = gz_ruler_columns(sequence->names, count, b->width, b->merged.columns, b->text);
    return GAZE_OK;
}

static gaze_status write_caption(const bars *b, size_t count, char **caption)
{
    gz_text text = {0};
    const char *own = b->options->caption;
    gz_text_add(&text, "%s%s%s %zu steps.", own ? own : "", own ? " " : "", b->range.meaning, count);
    gz_merge_say(&text, &b->merged);
    return gz_text_take(&text, caption);
}

/* Screen rows from the top to this value. */
static size_t depth_of(const bars *b, double value)
{
    const double part = gz_range_part(&b->range, value), inside = part < 0 ? 0 : part > 1 ? 1 : part;
    return (size_t)((1 - inside) * (double)b->height + 0.5);
}

static void draw_bar(const bars *b, gz_image *image, gz_box box, size_t step)
{
    const double value = b->merged.map.values[step];
    const gz_paint paint = {b->options->colors, &b->range, 1};
    const size_t top = depth_of(b, value > 0 ? value : 0), bottom = depth_of(b, value > 0 ? 0 : value);
    const size_t gap = b->width > 4 ? 1 : 0;
    const gz_box bar = {box.y + top, box.x + step * b->width + gap, bottom - top, b->width - 2 * gap};
    gz_canvas_fill(image, bar, gz_paint_ink(&paint, value));
    if (gap && bar.height && bar.width > 2)
        gz_canvas_frame(image, (gz_box){bar.y, bar.x + 1, bar.height, bar.width - 2}, 1, gz_gray);
}

static void draw(const bars *b, gz_page *page)
{
    gz_image *image = &page->image;
    const gz_box box = {page->top, page->left, b->height, b->merged.map.width * b->width};
    for (size_t i = 0; i < 3; i++)
        gz_canvas_fill(image, (gz_box){box.y + i * (b->height - 1) / 2, box.x, 1, box.width}, gz_pale);
    for (size_t i = 0; i < b->merged.map.width; i++) draw_bar(b, image, box, i);
    gz_canvas_fill(image, (gz_box){box.y + depth_of(b, 0), box.x, 1, box.width}, gz_gray);
    gz_ruler_draw_below(&b->ruler, image, box.y + b->height, box.x);
}

gaze_status gz_view_bars(const gz_sequence *sequence, const gz_picture_options *options, gz_image *out)
{
    bars b = {0};
    char *caption = NULL;
    gz_page page;
    gaze_status status;
    GZ_GO(plan(sequence, options, &b));
    GZ_GO(write_caption(&b, sequence->count, &caption));
    const gz_body body = {{b.height + b.ruler.room, b.merged.map.width * b.width}, 0, b.text, b.ruler.room};
    GZ_GO(gz_page_create(&body, &b.range, options, caption, &page));
    draw(&b, &page);
    *out = page.image;
done:
    free(caption);
    free(b.merged.own);
    return status;
}
