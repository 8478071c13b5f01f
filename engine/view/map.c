/* The map alone. */
#include "page.h"

#include <stdlib.h>

enum { TARGET = 400, LEAST_STRIP = 28 };

static size_t rounded(double value) { return value < 1 ? 1 : (size_t)(value + 0.5); }

/* Screen size of the whole map: whole pixels a cell where the size is ours to choose. */
static gz_size blocks_size(const gz_map *map, size_t pixel)
{
    const bool known = map->field.known && map->field.step[0] > 0 && map->field.step[1] > 0;
    const double step_y = known ? map->field.step[0] : 1, step_x = known ? map->field.step[1] : 1;
    const double height = (double)map->height * step_y, width = (double)map->width * step_x;
    if (pixel) return (gz_size){rounded(height * (double)pixel), rounded(width * (double)pixel)};
    const double zoom = TARGET / (height > width ? height : width);
    const double cell_y = zoom * step_y < 1 ? 1 : (double)(size_t)(zoom * step_y);
    return (gz_size){(size_t)cell_y * map->height, rounded(cell_y * step_x / step_y) * map->width};
}

static gz_size map_size(const gz_map *map, size_t pixel)
{
    gz_size size = blocks_size(map, pixel);
    if (map->height == 1 && size.height < LEAST_STRIP) size.height = LEAST_STRIP;
    if (map->width == 1 && size.width < LEAST_STRIP) size.width = LEAST_STRIP;
    return size;
}

gaze_status gz_view_map(const gz_map *map, const gz_picture_options *options, gz_image *out)
{
    GZ_TRY(gz_panel_check(map, NULL));
    gz_range range;
    GZ_TRY(gz_range_of(options, map->values, map->height * map->width, &range));
    gz_text text = {0};
    gz_text_add(&text, "%s%s%s %zu x %zu cells.", options->caption ? options->caption : "",
                options->caption ? " " : "", range.meaning, map->height, map->width);
    char *caption;
    gz_page page;
    GZ_TRY(gz_text_take(&text, &caption));
    const gz_size size = map_size(map, options->pixel);
    const gaze_status status =
        gz_page_create(&(gz_body){size, 0, gz_page_text_size(size), 0}, &range, options, caption, &page);
    free(caption);
    GZ_TRY(status);
    const gz_box box = {page.top, page.left, size.height, size.width};
    const gz_map cells = {map->height, map->width, map->values, .field = {.known = false}};
    gz_panel_cells(&page.image, box, size, &cells, &(gz_paint){options->colors, &range, 1});
    gz_canvas_frame(&page.image, box, 1, gz_gray);
    *out = page.image;
    return GAZE_OK;
}
