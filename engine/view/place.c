/* Where the cells of a map lie on the image, and what can't be drawn. */
#include "view.h"

#include <math.h>
#include <stdio.h>

const char *gz_map_undrawable(const gz_map *map, char text[160])
{
    static const double rounding = 16 * 0x1p-23; /* of a softmax over equal scores */
    const size_t count = map->height * map->width;
    size_t odd = 0;
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        const double v = map->values[i];
        if (!isfinite(v)) odd++;
        low = fmin(low, v);
        high = fmax(high, v);
    }
    if (odd)
        snprintf(text, 160, "%zu of %zu values %s not finite", odd, count, odd == 1 ? "is" : "are");
    else if (count < 2)
        snprintf(text, 160, count ? "one cell only: %.3g" : "no cell at all", low);
    else if (high - low <= rounding * fmax(fabs(low), fabs(high)))
        snprintf(text, 160, "every value is %.3g%s", low, high > low ? " up to rounding" : "");
    else
        return NULL;
    return text;
}

gaze_receptive_field gz_map_field(const gz_map *map, size_t image_height, size_t image_width)
{
    if (map->field.known) return map->field;
    const double y = (double)image_height / (double)map->height, x = (double)image_width / (double)map->width;
    return (gaze_receptive_field){.first = {(y - 1) / 2, (x - 1) / 2}, .step = {y, x}, .size = {y, x}};
}

/* Cells before and behind a point of one axis, and how far it is between them. */
typedef struct place {
    size_t before, behind;
    double part;
    bool seen;
} place;

static place find_place(const gaze_receptive_field *field, size_t axis, size_t cells, double point)
{
    const double last = (double)(cells - 1), step = field->step[axis];
    double cell = step > 0 ? (point - field->first[axis]) / step : 0;
    cell = cell > 0 ? fmin(cell, last) : 0;
    const double before = floor(cell), nearest = floor(cell + 0.5), reach = field->size[axis] / 2;
    return (place){.before = (size_t)before,
                   .behind = (size_t)fmin(before + 1, last),
                   .part = cell - before,
                   .seen = fabs(point - field->first[axis] - step * nearest) <= reach + 1e-9};
}

double gz_map_at(const gz_map *map, const gaze_receptive_field *field, double y, double x)
{
    const place p = find_place(field, 0, map->height, y), q = find_place(field, 1, map->width, x);
    if (!p.seen || !q.seen) return NAN;
    const float *above = map->values + p.before * map->width, *below = map->values + p.behind * map->width;
    const double top = (1 - q.part) * above[q.before] + q.part * above[q.behind];
    const double bottom = (1 - q.part) * below[q.before] + q.part * below[q.behind];
    return (1 - p.part) * top + p.part * bottom;
}

gaze_status gz_map_place(const gz_map *map, size_t image_height, size_t image_width, float *out)
{
    if (!map->height || !map->width || !image_height || !image_width)
        return gz_fail(GAZE_ERROR_DATA,
                       "a map of %zux%zu cells cannot be placed on an image of %zux%zu pixels", map->height,
                       map->width, image_height, image_width);
    const gaze_receptive_field field = gz_map_field(map, image_height, image_width);
    for (size_t y = 0; y < image_height; y++)
        for (size_t x = 0; x < image_width; x++)
            out[y * image_width + x] = (float)gz_map_at(map, &field, (double)y, (double)x);
    return GAZE_OK;
}
