/* What goes into an attention layer, where it looks, and what comes out. */
#include "row.h"

#include <stdlib.h>

enum { INPUT, CELLS, BEFORE, AFTER, OVERLAY, PANELS, TARGET = 200, MOST = 360 };

/* Features with their own scale, or why they can't be drawn. */
typedef struct feature {
    const gz_map *map;
    gz_range range;
    const char *why;
    char text[160];
} feature;

static gaze_status make_feature(const gz_map *map, feature *f)
{
    *f = (feature){.map = map};
    f->why = gz_map_undrawable(map, f->text);
    return f->why ? GAZE_OK : gz_range_make(GZ_MINMAX, map->values, map->height * map->width, &f->range);
}

static void say_feature(gz_text *text, const char *word, const char *merged, const feature *f)
{
    char low[32], high[32];
    gz_text_add(text, " %s: %s, ", word, merged);
    if (f->why) {
        gz_text_add(text, "%s.", f->why);
        return;
    }
    gz_range_number(&f->range, f->range.low, low);
    gz_range_number(&f->range, f->range.high, high);
    gz_text_add(text, "from %s (black) to %s (white).", low, high);
}

static gaze_status write_caption(const gz_map *map, const gz_photo *photo, const gz_range *range,
                                 const gz_features *features, const feature parts[2],
                                 const gz_picture_options *options, char **caption)
{
    gz_text text = {0};
    gz_text_add(&text, "%s%s%s", options->caption ? options->caption : "", options->caption ? " " : "",
                range->meaning);
    say_feature(&text, "Before", features->before_merged, &parts[0]);
    say_feature(&text, "After", features->after_merged, &parts[1]);
    gz_page_say_place(&text, map, photo->height, photo->width);
    return gz_text_take(&text, caption);
}

static void draw_feature(gz_image *image, gz_box box, gz_size shown, const feature *f,
                         const gz_letters *letters)
{
    if (f->why)
        gz_panel_words(image, box, letters, f->why);
    else
        gz_panel_cells(image, box, shown, f->map, &(gz_paint){GZ_GRAY, &f->range, 1});
}

gaze_status gz_view_panels(const gz_map *map, const gz_photo *photo, const gz_features *features,
                           const gz_picture_options *options, gz_image *out)
{
    static const char *const heads[PANELS] = {"input", "attention", "before", "after", "overlay"};
    gz_range range;
    gz_page page;
    feature parts[2];
    char *caption;
    GZ_TRY(gz_panel_check(map, photo));
    GZ_TRY(make_feature(&features->before, &parts[0]));
    GZ_TRY(make_feature(&features->after, &parts[1]));
    GZ_TRY(gz_range_of(options, map->values, map->height * map->width, &range));
    GZ_TRY(write_caption(map, photo, &range, features, parts, options, &caption));
    const gz_row row = gz_row_plan(photo, options->pixel, TARGET, MOST, heads, PANELS);
    const gaze_status status = gz_page_create(&row.body, &range, options, caption, &page);
    free(caption);
    GZ_TRY(status);
    const gz_paint paint = {options->colors, &range, options->alpha > 0 ? options->alpha : 0.5};
    const gz_size shown = {photo->height, photo->width};
    gz_panel_photo(&page.image, gz_row_box(&row, &page, INPUT), photo);
    gz_panel_cells(&page.image, gz_row_box(&row, &page, CELLS), shown, map, &paint);
    draw_feature(&page.image, gz_row_box(&row, &page, BEFORE), shown, &parts[0], &row.letters);
    draw_feature(&page.image, gz_row_box(&row, &page, AFTER), shown, &parts[1], &row.letters);
    gz_panel_overlay(&page.image, gz_row_box(&row, &page, OVERLAY), photo, map, &paint);
    gz_row_draw(&row, &page);
    *out = page.image;
    return GAZE_OK;
}
