/* A map on its photo: alone, and beside photo and cells. */
#include "page.h"

#include <stdlib.h>
#include <string.h>

enum { TARGET = 400, MOST = 1000, SIDE_TARGET = 280, SIDE_MOST = 700, SIDE_GAP = 14 };

static gaze_status write_caption(const gz_map *map, const gz_photo *photo, const gz_range *range,
                                 const gz_picture_options *options, char **caption)
{
    gz_text text = {0};
    gz_text_add(&text, "%s%s%s", options->caption ? options->caption : "", options->caption ? " " : "",
                range->meaning);
    gz_page_say_place(&text, map, photo->height, photo->width);
    return gz_text_take(&text, caption);
}

/* Range and a page for a body of this size. */
static gaze_status begin(const gz_map *map, const gz_photo *photo, const gz_picture_options *options,
                         const gz_body *body, gz_range *range, gz_page *page)
{
    char *caption;
    GZ_TRY(gz_range_make(options->scaling, map->values, map->height * map->width, range));
    GZ_TRY(write_caption(map, photo, range, options, &caption));
    const gaze_status status = gz_page_create(body, range, options, caption, page);
    free(caption);
    return status;
}

static gz_paint paint_of(const gz_picture_options *options, const gz_range *range)
{
    return (gz_paint){options->colors, range, options->alpha > 0 ? options->alpha : 0.5};
}

gaze_status gz_view_overlay(const gz_map *map, const gz_photo *photo, const gz_picture_options *options,
                            gz_image *out)
{
    gz_range range;
    gz_page page;
    GZ_TRY(gz_panel_check(map, photo));
    const gz_size size = gz_panel_size(photo->height, photo->width, options->pixel, TARGET, MOST);
    GZ_TRY(begin(map, photo, options, &(gz_body){size, 0, gz_page_text_size(size), 0}, &range, &page));
    const gz_paint paint = paint_of(options, &range);
    const gz_box box = {page.top, page.left, size.height, size.width};
    gz_panel_overlay(&page.image, box, photo, map, &paint);
    gz_canvas_frame(&page.image, box, 1, gz_gray);
    *out = page.image;
    return GAZE_OK;
}

gaze_status gz_view_side_by_side(const gz_map *map, const gz_photo *photo, const gz_picture_options *options,
                                 gz_image *out)
{
    static const char *const heads[] = {"input", "cells", "overlay"};
    gz_range range;
    gz_page page;
    GZ_TRY(gz_panel_check(map, photo));
    const gz_size size = gz_panel_size(photo->height, photo->width, options->pixel, SIDE_TARGET, SIDE_MOST);
    const gz_letters letters = {gz_page_text_size(size), false, gz_gray};
    const size_t head = gz_text_line_height(&letters),
                 widest = gz_text_width(&letters, heads[2], strlen(heads[2]));
    const size_t column = (size.width > widest ? size.width : widest) + SIDE_GAP * letters.size;
    const gz_body body = {{head + size.height, column * 3 - SIDE_GAP * letters.size}, head, letters.size, 0};
    GZ_TRY(begin(map, photo, options, &body, &range, &page));
    const gz_paint paint = paint_of(options, &range);
    gz_box box = {page.top + head, page.left, size.height, size.width};
    for (size_t i = 0; i < 3; i++, box.x += column) {
        gz_canvas_text(&page.image, page.top, box.x, &letters, heads[i], strlen(heads[i]));
        if (i == 0) gz_panel_photo(&page.image, box, photo);
        if (i == 1) gz_panel_cells(&page.image, box, (gz_size){photo->height, photo->width}, map, &paint);
        if (i == 2) gz_panel_overlay(&page.image, box, photo, map, &paint);
        gz_canvas_frame(&page.image, box, 1, gz_gray);
    }
    *out = page.image;
    return GAZE_OK;
}
