#include "resize.h"
#include "../base/text.h"
#include "types.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The part of an axis of the image that becomes the sample's axis: pixels begin .. begin + length - 1. Those
   that the image doesn't have are black. */
typedef struct window {
    ptrdiff_t begin;
    size_t length;
} window;

/* Between two pixels of the image; -1: black. */
typedef struct tap {
    ptrdiff_t first, second;
    float part; /* of the second */
} tap;

const char *const gz_aspect_words[] = {
    [GZ_ASPECT_SQUEEZE] = "squeeze", [GZ_ASPECT_CROP] = "crop", [GZ_ASPECT_PAD] = "pad", NULL};

gaze_status gz_aspect_choose(gz_arena *arena, const char *word, gz_aspect *aspect)
{
    for (int i = 0; gz_aspect_words[i]; i++) {
        if (word && strcmp(word, gz_aspect_words[i]) != 0) continue;
        *aspect = (gz_aspect)i;
        return GAZE_OK;
    }
    return gz_fail(GAZE_ERROR_USAGE, "\"aspect\" is '%s'%s, expected %s", word,
                   gz_did_you_mean(arena, word, gz_aspect_words), gz_list_text(arena, gz_aspect_words));
}

static window centred(size_t there, size_t length)
{
    const ptrdiff_t spare = (ptrdiff_t)there - (ptrdiff_t)length;
    return (window){spare < 0 ? -(-spare / 2) : spare / 2, length ? length : 1};
}

static void choose_windows(const gz_image *image, const gz_sample_size *size, window *rows, window *columns)
{
    const size_t h = image->height, w = image->width;
    const size_t fitting_h = w * size->height / size->width, fitting_w = h * size->width / size->height;
    *rows = (window){0, h};
    *columns = (window){0, w};
    if (size->aspect == GZ_ASPECT_SQUEEZE) return;
    if ((size->aspect == GZ_ASPECT_CROP) == (fitting_h < h))
        *rows = centred(h, fitting_h);
    else
        *columns = centred(w, fitting_w);
}

static ptrdiff_t pixel_or_black(ptrdiff_t pixel, size_t there)
{
    return pixel >= 0 && pixel < (ptrdiff_t)there ? pixel : -1;
}

static gaze_status make_taps(window from, size_t there, size_t count, tap **taps)
{
    GZ_TRY(gz_allocate(count, sizeof **taps, taps));
    const double step = (double)from.length / (double)count, last = (double)(from.length - 1);
    for (size_t i = 0; i < count; i++) {
        double at = ((double)i + 0.5) * step - 0.5;
        at = at < 0 ? 0 : at > last ? last : at;
        const double first = floor(at);
        const ptrdiff_t pixel = (ptrdiff_t)first, next = first < last ? pixel + 1 : pixel;
        (*taps)[i] = (tap){pixel_or_black(from.begin + pixel, there),
                           pixel_or_black(from.begin + next, there), (float)(at - first)};
    }
    return GAZE_OK;
}

/* 19595 + 38470 + 7471 = 2^16 */
static uint8_t luma(const uint8_t *rgb)
{
    return (uint8_t)((rgb[0] * 19595u + rgb[1] * 38470u + rgb[2] * 7471u + 0x8000u) >> 16);
}

typedef struct sampler {
    const gz_image *image;
    const gz_sample_size *size;
    const float *table;
} sampler;

static float value_at(const sampler *s, ptrdiff_t y, ptrdiff_t x, size_t channel)
{
    if (y < 0 || x < 0) return s->table[0];
    const uint8_t *pixel = s->image->pixels + ((size_t)y * s->image->width + (size_t)x) * s->image->channels;
    if (s->image->channels == 1) return s->table[*pixel];
    return s->table[s->size->channels == 1 ? luma(pixel) : pixel[channel]];
}

static float blend(float a, float b, float part) { return part > 0 ? a + (b - a) * part : a; }

static void write_row(const sampler *s, tap row, const tap *columns, float *out)
{
    for (size_t x = 0; x < s->size->width; x++) {
        const tap column = columns[x];
        for (size_t c = 0; c < s->size->channels; c++) {
            const float above = blend(value_at(s, row.first, column.first, c),
                                      value_at(s, row.first, column.second, c), column.part),
                        below = blend(value_at(s, row.second, column.first, c),
                                      value_at(s, row.second, column.second, c), column.part);
            *out++ = blend(above, below, row.part);
        }
    }
}

gaze_status gz_resize(const gz_image *image, const gz_sample_size *size, const float table[256], float *out)
{
    const sampler s = {image, size, table};
    window of_rows, of_columns;
    tap *rows = NULL, *columns = NULL;
    gaze_status status;
    choose_windows(image, size, &of_rows, &of_columns);
    GZ_GO(make_taps(of_rows, image->height, size->height, &rows));
    GZ_GO(make_taps(of_columns, image->width, size->width, &columns));
    for (size_t y = 0; y < size->height; y++)
        write_row(&s, rows[y], columns, out + y * size->width * size->channels);
done:
    free(rows);
    free(columns);
    return status;
}
