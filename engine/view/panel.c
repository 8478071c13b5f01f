#include "panel.h"

#include <math.h>
#include <string.h>

static size_t at_least_one(size_t n) { return n ? n : 1; }

gz_size gz_panel_size(size_t height, size_t width, size_t pixel, size_t target, size_t most)
{
    const size_t longer = height > width ? height : width;
    if (!pixel && longer > most)
        return (gz_size){at_least_one((height * most + longer / 2) / longer),
                         at_least_one((width * most + longer / 2) / longer)};
    if (!pixel) pixel = at_least_one((target + longer / 2) / longer);
    return (gz_size){height * pixel, width * pixel};
}

gaze_status gz_panel_check(const gz_map *map, const gz_photo *photo)
{
    char text[160];
    const char *why = gz_map_undrawable(map, text);
    if (why) return gz_fail(GAZE_ERROR_DATA, "the map cannot be drawn: %s", why);
    if (photo && (!photo->height || !photo->width || (photo->channels != 1 && photo->channels != 3)))
        return gz_fail(GAZE_ERROR_DATA,
                       "a photo of %zux%zux%zu cannot be drawn, expected height, width and 1 or 3 channels",
                       photo->height, photo->width, photo->channels);
    return GAZE_OK;
}

/* Pixels of the image that screen pixel `at` of `screen` shows. */
typedef struct span {
    size_t first, end;
} span;

static span shown_by(size_t at, size_t screen, size_t pixels)
{
    const size_t first = at * pixels / screen, end = (at + 1) * pixels / screen;
    return (span){first, end > first ? end : first + 1};
}

static double clipped(float value) { return value > 0 ? fmin(value, 1) : 0; } /* NaN: 0 */

static void photo_color(const gz_photo *photo, span rows, span columns, double rgb[3])
{
    const size_t channels = photo->channels;
    double sum[3] = {0};
    for (size_t y = rows.first; y < rows.end; y++)
        for (size_t x = columns.first; x < columns.end; x++)
            for (size_t c = 0; c < channels; c++)
                sum[c] += clipped(photo->values[(y * photo->width + x) * channels + c]);
    const double count = (double)((rows.end - rows.first) * (columns.end - columns.first));
    for (size_t c = 0; c < 3; c++) rgb[c] = 255 * sum[channels == 3 ? c : 0] / count;
}

static gz_ink to_ink(const double rgb[3])
{
    return (gz_ink){{(uint8_t)(rgb[0] + 0.5), (uint8_t)(rgb[1] + 0.5), (uint8_t)(rgb[2] + 0.5)}};
}

void gz_panel_photo(gz_image *image, gz_box box, const gz_photo *photo)
{
    double rgb[3];
    for (size_t y = 0; y < box.height; y++)
        for (size_t x = 0; x < box.width; x++) {
            photo_color(photo, shown_by(y, box.height, photo->height), shown_by(x, box.width, photo->width),
                        rgb);
            gz_canvas_set(image, box.y + y, box.x + x, to_ink(rgb));
        }
}

/* The point of the image in the middle of screen pixel `at`; pixel 0's centre is 0. */
static double point_of(size_t at, size_t screen, size_t pixels)
{
    return ((double)at + 0.5) * (double)pixels / (double)screen - 0.5;
}

/* The cell whose block holds the point, or SIZE_MAX. */
static size_t cell_of(const gaze_receptive_field *field, size_t axis, size_t cells, double point)
{
    if (!(field->step[axis] > 0)) return 0;
    const double cell = floor((point - field->first[axis]) / field->step[axis] + 0.5 + 1e-9);
    return cell >= 0 && cell < (double)cells ? (size_t)cell : SIZE_MAX;
}

gz_ink gz_paint_ink(const gz_paint *paint, double value)
{
    gz_ink ink;
    gz_color(paint->colors, gz_range_part(paint->range, value), ink.rgb);
    return ink;
}

void gz_panel_cells(gz_image *image, gz_box box, gz_size shown, const gz_map *map, const gz_paint *paint)
{
    const gaze_receptive_field field = gz_map_field(map, shown.height, shown.width);
    for (size_t y = 0; y < box.height; y++) {
        const size_t row = cell_of(&field, 0, map->height, point_of(y, box.height, shown.height));
        for (size_t x = 0; x < box.width; x++) {
            const size_t column = cell_of(&field, 1, map->width, point_of(x, box.width, shown.width));
            const bool cell = row != SIZE_MAX && column != SIZE_MAX;
            gz_canvas_set(image, box.y + y, box.x + x,
                          cell ? gz_paint_ink(paint, map->values[row * map->width + column]) : gz_pale);
        }
    }
}

/* ITU-R BT.601 luma, so that colours of the photo aren't taken for colours of the map; black is lifted, since
   on it the brightest colours of a map would look like dark ones. */
static void make_gray(double rgb[3])
{
    const double black = 72, luma = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
    rgb[0] = rgb[1] = rgb[2] = black + luma * (255 - black) / 255;
}

static void blend(double rgb[3], gz_ink ink, double alpha)
{
    for (size_t c = 0; c < 3; c++) rgb[c] = (1 - alpha) * rgb[c] + alpha * ink.rgb[c];
}

void gz_panel_overlay(gz_image *image, gz_box box, const gz_photo *photo, const gz_map *map,
                      const gz_paint *paint)
{
    const gaze_receptive_field field = gz_map_field(map, photo->height, photo->width);
    double rgb[3];
    for (size_t y = 0; y < box.height; y++)
        for (size_t x = 0; x < box.width; x++) {
            photo_color(photo, shown_by(y, box.height, photo->height), shown_by(x, box.width, photo->width),
                        rgb);
            make_gray(rgb);
            const double value = gz_map_at(map, &field, point_of(y, box.height, photo->height),
                                           point_of(x, box.width, photo->width));
            if (!isnan(value)) blend(rgb, gz_paint_ink(paint, value), paint->alpha);
            gz_canvas_set(image, box.y + y, box.x + x, to_ink(rgb));
        }
}

void gz_panel_words(gz_image *image, gz_box box, const gz_letters *letters, const char *why)
{
    const size_t pad = 4, width = box.width > 2 * pad ? box.width - 2 * pad : 1;
    const size_t height = gz_text_lines(letters, why, width) * gz_text_line_height(letters);
    gz_canvas_fill(image, box, gz_pale);
    gz_canvas_wrapped(image, box.y + (box.height > height ? (box.height - height) / 2 : 0), box.x + pad,
                      letters, why, width);
}

bool gz_panel_leaves_pixels(const gz_map *map, size_t height, size_t width)
{
    const gaze_receptive_field field = gz_map_field(map, height, width);
    const double size[2] = {(double)height, (double)width},
                 cells[2] = {(double)map->height, (double)map->width};
    for (size_t axis = 0; axis < 2; axis++) {
        const double reach = field.size[axis] / 2, first = field.first[axis];
        const double last = first + field.step[axis] * (cells[axis] - 1);
        if (first - reach > 0 || last + reach < size[axis] - 1 || field.size[axis] + 1 < field.step[axis])
            return true;
    }
    return false;
}
