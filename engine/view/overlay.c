/* A map on its photo: alone, and beside photo and cells. */
#include "row.h"

#include <stdlib.h>
#include <math.h>

enum { TARGET = 400, MOST = 1000, SIDE_TARGET = 280, SIDE_MOST = 700 };

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
    GZ_TRY(gz_range_of(options, map->values, map->height * map->width, range));
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

/* The block of a cell on the screen. */
static gz_box block_of(const gz_map *map, const gz_photo *photo, gz_box panel, size_t row, size_t column)
{
    const gaze_receptive_field f = gz_map_field(map, photo->height, photo->width);
    const double cell[2] = {(double)row, (double)column},
                 screen[2] = {(double)panel.height, (double)panel.width},
                 pixels[2] = {(double)photo->height, (double)photo->width};
    size_t first[2], end[2];
    for (size_t axis = 0; axis < 2; axis++) {
        const double zoom = screen[axis] / pixels[axis],
                     middle = f.first[axis] + f.step[axis] * cell[axis] + 0.5;
        first[axis] = (size_t)fmax(0, zoom * (middle - f.step[axis] / 2) + 0.5);
        end[axis] = (size_t)fmin(screen[axis], fmax(0, zoom * (middle + f.step[axis] / 2) + 0.5));
    }
    return (gz_box){panel.y + first[0], panel.x + first[1], end[0] > first[0] ? end[0] - first[0] : 1,
                    end[1] > first[1] ? end[1] - first[1] : 1};
}

/* Orange between two lines of white, so that it is seen on every ground. */
static void draw_mark(gz_image *image, gz_box block)
{
    gz_canvas_frame(image, block, 4, gz_white);
    gz_canvas_frame(image, (gz_box){block.y - 1, block.x - 1, block.height + 2, block.width + 2}, 2,
                    gz_orange);
}

/* query: row and column of the cell to mark, or NULL. */
static gaze_status beside(const gz_map *map, const gz_photo *photo, const size_t *query,
                          const gz_picture_options *options, gz_image *out)
{
    static const char *const heads[] = {"input", "cells", "overlay"};
    gz_range range;
    gz_page page;
    GZ_TRY(gz_panel_check(map, photo));
    const gz_row row = gz_row_plan(photo, options->pixel, SIDE_TARGET, SIDE_MOST, heads, 3);
    GZ_TRY(begin(map, photo, options, &row.body, &range, &page));
    const gz_paint paint = paint_of(options, &range);
    gz_panel_photo(&page.image, gz_row_box(&row, &page, 0), photo);
    gz_panel_cells(&page.image, gz_row_box(&row, &page, 1), (gz_size){photo->height, photo->width}, map,
                   &paint);
    gz_panel_overlay(&page.image, gz_row_box(&row, &page, 2), photo, map, &paint);
    gz_row_draw(&row, &page);
    for (size_t i = 0; query && i < 3; i++)
        draw_mark(&page.image, block_of(map, photo, gz_row_box(&row, &page, i), query[0], query[1]));
    *out = page.image;
    return GAZE_OK;
}

gaze_status gz_view_side_by_side(const gz_map *map, const gz_photo *photo, const gz_picture_options *options,
                                 gz_image *out)
{
    return beside(map, photo, NULL, options, out);
}

gaze_status gz_view_query(const gz_map *map, const gz_photo *photo, const size_t query[2],
                          const gz_picture_options *options, gz_image *out)
{
    gz_picture_options own = *options;
    gz_text text = {0};
    char *caption;
    gz_text_add(&text, "%s%sThe query is the framed cell (%zu, %zu).",
                options->caption ? options->caption : "", options->caption ? " " : "", query[0], query[1]);
    GZ_TRY(gz_text_take(&text, &caption));
    own.caption = caption;
    const gaze_status status = beside(map, photo, query, &own, out);
    free(caption);
    return status;
}
