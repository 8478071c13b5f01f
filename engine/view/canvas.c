#include "canvas.h"

#include <math.h>
#include <string.h>

const gz_ink gz_black = {{26, 26, 26}}, gz_gray = {{90, 90, 90}}, gz_pale = {{228, 228, 228}},
             gz_white = {{255, 255, 255}}, gz_orange = {{213, 94, 0}}, gz_blue = {{0, 114, 178}};

/* IEC 61966-2-1's curve, the other way round. */
static double linear(double part)
{
    return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4);
}

gz_ink gz_ink_on(gz_ink ground)
{
    static const double weights[3] = {0.2126, 0.7152, 0.0722}, even = 0.179129; /* sqrt(1.05 * 0.05) - 0.05 */
    static const gz_ink black = {{0, 0, 0}};
    double luminance = 0;
    for (size_t c = 0; c < 3; c++) luminance += weights[c] * linear(ground.rgb[c] / 255.0);
    return luminance > even ? black : gz_white;
}

void gz_canvas_set(gz_image *image, size_t y, size_t x, gz_ink ink)
{
    if (y < image->height && x < image->width) memcpy(image->pixels + 3 * (y * image->width + x), ink.rgb, 3);
}

void gz_canvas_fill(gz_image *image, gz_box box, gz_ink ink)
{
    for (size_t y = box.y; y < box.y + box.height; y++)
        for (size_t x = box.x; x < box.x + box.width; x++) gz_canvas_set(image, y, x, ink);
}

void gz_canvas_frame(gz_image *image, gz_box box, size_t thickness, gz_ink ink)
{
    const size_t t = thickness, width = box.width + 2 * t;
    gz_canvas_fill(image, (gz_box){box.y - t, box.x - t, t, width}, ink);
    gz_canvas_fill(image, (gz_box){box.y + box.height, box.x - t, t, width}, ink);
    gz_canvas_fill(image, (gz_box){box.y, box.x - t, box.height, t}, ink);
    gz_canvas_fill(image, (gz_box){box.y, box.x + box.width, box.height, t}, ink);
}

void gz_canvas_cross(gz_image *image, gz_box box, size_t thickness, gz_ink ink)
{
    const size_t run = box.width > thickness ? box.width - thickness : 0;
    for (size_t i = 0; i < box.height; i++) {
        const size_t x = box.height > 1 ? (run * i + (box.height - 1) / 2) / (box.height - 1) : 0;
        gz_canvas_fill(image, (gz_box){box.y + i, box.x + x, 1, thickness}, ink);
        gz_canvas_fill(image, (gz_box){box.y + box.height - 1 - i, box.x + x, 1, thickness}, ink);
    }
}

static double distance(gz_point p, gz_point from, gz_point to)
{
    const double dy = to.y - from.y, dx = to.x - from.x, square = dy * dy + dx * dx;
    const double along = square > 0 ? ((p.y - from.y) * dy + (p.x - from.x) * dx) / square : 0;
    const double part = fmin(1, fmax(0, along));
    const double y = p.y - from.y - part * dy, x = p.x - from.x - part * dx;
    return sqrt(y * y + x * x); /* hypot's newest form wants glibc 2.35, all else 2.34 */
}

static void blend(gz_image *image, size_t y, size_t x, gz_ink ink, double part)
{
    uint8_t *pixel = image->pixels + 3 * (y * image->width + x);
    for (size_t c = 0; c < 3; c++) pixel[c] = (uint8_t)(pixel[c] + part * (ink.rgb[c] - pixel[c]) + 0.5);
}

void gz_canvas_line(gz_image *image, gz_point from, gz_point to, double width, gz_ink ink)
{
    const double reach = width / 2 + 1;
    const double top = fmax(0, fmin(from.y, to.y) - reach), left = fmax(0, fmin(from.x, to.x) - reach),
                 bottom = fmin((double)image->height, fmax(from.y, to.y) + reach + 1),
                 right = fmin((double)image->width, fmax(from.x, to.x) + reach + 1);
    for (double y = floor(top); y < bottom; y++)
        for (double x = floor(left); x < right; x++) {
            const double part = width / 2 + 0.5 - distance((gz_point){y, x}, from, to);
            if (part > 0) blend(image, (size_t)y, (size_t)x, ink, fmin(1, part));
        }
}
