#include "merge.h"

static float largest(const gz_map *map, size_t y0, size_t y1, size_t x0, size_t x1)
{
    float best = map->values[y0 * map->width + x0];
    for (size_t y = y0; y < y1 && y < map->height; y++)
        for (size_t x = x0; x < x1 && x < map->width; x++)
            if (map->values[y * map->width + x] > best) best = map->values[y * map->width + x];
    return best;
}

gaze_status gz_merge(const gz_map *map, size_t most, gz_merged *merged)
{
    const size_t rows = (map->height + most - 1) / most, columns = (map->width + most - 1) / most;
    *merged = (gz_merged){*map, rows, columns, NULL};
    if (rows <= 1 && columns <= 1) return GAZE_OK;
    const size_t height = (map->height + rows - 1) / rows, width = (map->width + columns - 1) / columns;
    GZ_TRY(gz_allocate(height * width, sizeof *merged->own, &merged->own));
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
            merged->own[y * width + x] =
                largest(map, y * rows, (y + 1) * rows, x * columns, (x + 1) * columns);
    merged->map = (gz_map){height, width, merged->own, .field = {.known = false}};
    return GAZE_OK;
}

void gz_merge_say(gz_text *caption, const gz_merged *merged)
{
    if (merged->rows > 1 || merged->columns > 1)
        gz_text_add(caption, " Each drawn cell is the largest of %zu x %zu.", merged->rows, merged->columns);
}
