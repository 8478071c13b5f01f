/* The contact sheet. */
#include "page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TARGET = 112, MOST = 160, WIDTH = 1100, PAD = 8, GAP = 12, BETWEEN = 4, FRAME = 3, MARK = 13 };

typedef struct sheet {
    const gz_picture_options *options;
    gz_size panel, tile; /* the largest of all; tile: with text and padding, without frame */
    size_t columns, rows;
    bool photos, any_wrong, any_words, all_known;
    gz_range range;
    bool has_range;
} sheet;

static const gz_letters words = {1, false, {{26, 26, 26}}};

static gz_size panel_of(const gz_tile *tile, size_t pixel)
{
    if (tile->photo.values) return gz_panel_size(tile->photo.height, tile->photo.width, pixel, TARGET, MOST);
    gz_size size = gz_panel_size(tile->map.height, tile->map.width, pixel, 2 * TARGET, 2 * MOST);
    if (size.height < MARK) size.height = MARK;
    return size;
}

static gaze_status check_photo(const gz_tile *tile)
{
    const gz_photo *p = &tile->photo;
    if (!p->values || (p->height && p->width && (p->channels == 1 || p->channels == 3))) return GAZE_OK;
    return gz_fail(GAZE_ERROR_DATA,
                   "sample %zu: a photo of %zux%zux%zu cannot be drawn, expected 1 or 3 channels",
                   tile->index, p->height, p->width, p->channels);
}

/* The values of all drawable tiles decide the range. */
static gaze_status make_range(const gz_tile *tiles, size_t count, sheet *s)
{
    char why[160];
    float *values = NULL;
    size_t used = 0, capacity = 0;
    gaze_status status = GAZE_OK;
    for (size_t i = 0; i < count; i++) {
        const gz_map *map = &tiles[i].map;
        const size_t cells = map->height * map->width;
        if (gz_map_undrawable(map, why)) continue;
        GZ_GO(gz_grow(&values, &capacity, used + cells, sizeof *values));
        memcpy(values + used, map->values, cells * sizeof *values);
        used += cells;
    }
    s->has_range = used > 0;
    if (used) GZ_GO(gz_range_make(s->options->scaling, values, used, &s->range));
done:
    free(values);
    return status;
}

static gaze_status plan(const gz_tile *tiles, size_t count, size_t columns, sheet *s)
{
    char why[160];
    for (size_t i = 0; i < count; i++) {
        GZ_TRY(check_photo(&tiles[i]));
        const gz_size size = panel_of(&tiles[i], s->options->pixel);
        if (size.height > s->panel.height) s->panel.height = size.height;
        if (size.width > s->panel.width) s->panel.width = size.width;
        s->photos |= tiles[i].photo.values != NULL;
        s->any_wrong |= tiles[i].wrong;
        s->any_words |= gz_map_undrawable(&tiles[i].map, why) != NULL;
    }
    const size_t line = gz_text_line_height(&words);
    const size_t width = s->photos ? 2 * s->panel.width + BETWEEN : s->panel.width;
    s->tile.width = (width < 2 * TARGET ? 2 * TARGET : width) + 2 * PAD;
    s->tile.height = PAD + s->panel.height + 4 + 2 * line + PAD / 2;
    if (!columns) columns = WIDTH / (s->tile.width + GAP);
    s->columns = columns < 1 ? 1 : columns > count ? count : columns;
    s->rows = (count + s->columns - 1) / s->columns;
    return make_range(tiles, count, s);
}

static gaze_status write_caption(const sheet *s, const gz_tile *first, char **caption)
{
    gz_text text = {0};
    gz_text_add(&text, "%s", s->options->caption ? s->options->caption : "");
    if (s->has_range) gz_text_add(&text, " %s One scale for all tiles.", s->range.meaning);
    if (s->has_range && first->photo.values)
        gz_page_say_place(&text, &first->map, first->photo.height, first->photo.width);
    if (s->any_wrong) gz_text_add(&text, " A thick frame and a cross mark a wrong prediction.");
    return gz_text_take(&text, caption);
}

static void draw_panels(const sheet *s, const gz_tile *tile, size_t y, size_t x, gz_image *image)
{
    char text[160];
    const gz_size size = panel_of(tile, s->options->pixel);
    const gz_paint paint = {s->options->colors, &s->range, s->options->alpha > 0 ? s->options->alpha : 0.5};
    gz_box box = {y, x, size.height, size.width};
    if (tile->photo.values) {
        gz_panel_photo(image, box, &tile->photo);
        box.x += s->panel.width + BETWEEN;
    }
    const char *why = gz_map_undrawable(&tile->map, text);
    if (why)
        gz_panel_words(image, box, &words, why);
    else if (tile->photo.values)
        gz_panel_overlay(image, box, &tile->photo, &tile->map, &paint);
    else
        gz_panel_cells(
            image, box, (gz_size){tile->map.height, tile->map.width},
            &(gz_map){tile->map.height, tile->map.width, tile->map.values, .field = {.known = false}},
            &paint);
}

static void draw_text(const gz_tile *tile, gz_box box, gz_image *image)
{
    char text[256];
    const char *separator = tile->true_class ? " true: " : "";
    snprintf(text, sizeof text, "#%zu%s%s", tile->index, separator, tile->true_class ? tile->true_class : "");
    gz_canvas_cut(image, box.y, box.x, &words, text, box.width);
    if (!tile->predicted_class) return;
    char probability[16] = "";
    if (tile->probability >= 0) snprintf(probability, sizeof probability, " %.2f", tile->probability);
    const size_t number = gz_text_width(&words, probability, strlen(probability)) + words.size;
    snprintf(text, sizeof text, "pred: %s", tile->predicted_class);
    const size_t room = box.width - (tile->wrong ? MARK + 4 : 0) - number, line = gz_text_line_height(&words);
    gz_canvas_cut(image, box.y + line, box.x, &words, text, room);
    const size_t used = gz_text_width(&words, text, strlen(text));
    gz_canvas_text(image, box.y + line, box.x + (used < room ? used : room), &words, probability,
                   strlen(probability));
}

static void draw_mark(gz_image *image, size_t y, size_t x)
{
    gz_canvas_fill(image, (gz_box){y, x, MARK, MARK}, gz_orange);
    gz_canvas_cross(image, (gz_box){y + 2, x + 2, MARK - 4, MARK - 4}, 2, gz_white);
}

static void draw_tile(const sheet *s, const gz_tile *tile, size_t y, size_t x, gz_image *image)
{
    const gz_box frame = {y, x, s->tile.height, s->tile.width};
    const size_t line = gz_text_line_height(&words);
    gz_canvas_frame(image, frame, tile->wrong ? FRAME : 1, tile->wrong ? gz_orange : gz_pale);
    draw_panels(s, tile, y + PAD, x + PAD, image);
    const gz_box text = {y + PAD + s->panel.height + 6, x + PAD, 2 * line, s->tile.width - 2 * PAD};
    draw_text(tile, text, image);
    if (tile->wrong) draw_mark(image, text.y + line - 3, text.x + text.width - MARK);
}

gaze_status gz_view_sheet(const gz_tile *tiles, size_t count, size_t columns,
                          const gz_picture_options *options, gz_image *out)
{
    sheet s = {.options = options};
    gz_page page;
    char *caption;
    if (!count) return gz_fail(GAZE_ERROR_DATA, "a contact sheet of no samples");
    GZ_TRY(plan(tiles, count, columns, &s));
    GZ_TRY(write_caption(&s, &tiles[0], &caption));
    const gz_size step = {s.tile.height + GAP, s.tile.width + GAP};
    const gz_body body = {
        {s.rows * step.height - GAP + 2 * FRAME, s.columns * step.width - GAP + 2 * FRAME}, FRAME, 1, 0};
    const gaze_status status = gz_page_create(&body, s.has_range ? &s.range : NULL, options, caption, &page);
    free(caption);
    GZ_TRY(status);
    for (size_t i = 0; i < count; i++)
        draw_tile(&s, &tiles[i], page.top + FRAME + i / s.columns * step.height,
                  page.left + FRAME + i % s.columns * step.width, &page.image);
    *out = page.image;
    return GAZE_OK;
}
