/* Letters on a canvas, and lines of them. */
#include "canvas.h"
#include "font.h"

#include <string.h>

static size_t advance(const gz_letters *letters, const gz_glyph *glyph)
{
    return letters->size * ((size_t)glyph->width + 1) + (letters->bold ? letters->size : 0);
}

size_t gz_text_width(const gz_letters *letters, const char *text, size_t bytes)
{
    size_t width = 0;
    for (const char *at = text; at < text + bytes;) width += advance(letters, gz_font_next(&at));
    return width ? width - letters->size : 0;
}

static void draw_glyph(gz_image *image, size_t y, size_t x, const gz_letters *letters, const gz_glyph *glyph)
{
    const size_t s = letters->size, width = letters->bold ? 2 * s : s;
    for (size_t row = 0; row < GZ_FONT_ROWS; row++)
        for (size_t column = 0; column < glyph->width; column++)
            if (glyph->rows[row] & (0x80u >> column))
                gz_canvas_fill(image, (gz_box){y + row * s, x + column * s, s, width}, letters->ink);
}

void gz_canvas_text(gz_image *image, size_t y, size_t x, const gz_letters *letters, const char *text,
                    size_t bytes)
{
    for (const char *at = text; at < text + bytes;) {
        const gz_glyph *glyph = gz_font_next(&at);
        draw_glyph(image, y, x, letters, glyph);
        x += advance(letters, glyph);
    }
}

static void draw_glyph_up(gz_image *image, size_t y, size_t x, const gz_letters *letters,
                          const gz_glyph *glyph)
{
    const size_t s = letters->size, width = letters->bold ? 2 * s : s;
    for (size_t row = 0; row < GZ_FONT_ROWS; row++)
        for (size_t column = 0; column < glyph->width; column++)
            if (glyph->rows[row] & (0x80u >> column))
                gz_canvas_fill(image, (gz_box){y - column * s - width + 1, x + row * s, width, s},
                               letters->ink);
}

void gz_canvas_text_up(gz_image *image, size_t y, size_t x, const gz_letters *letters, const char *text,
                       size_t bytes)
{
    for (const char *at = text; at < text + bytes;) {
        const gz_glyph *glyph = gz_font_next(&at);
        draw_glyph_up(image, y, x, letters, glyph);
        y -= advance(letters, glyph);
    }
}

size_t gz_text_line(const gz_letters *letters, const char *text, size_t width, const char **next)
{
    const char *blank = NULL, *at = text;
    size_t used = 0;
    while (*at) {
        const char *letter = at;
        used += advance(letters, gz_font_next(&at));
        if (*letter == ' ') blank = letter;
        if (used - letters->size <= width || *letter == ' ' || letter == text) continue;
        *next = blank ? blank + 1 : letter;
        return (size_t)((blank ? blank : letter) - text);
    }
    *next = at;
    return (size_t)(at - text);
}

size_t gz_text_line_height(const gz_letters *letters) { return GZ_FONT_LINE_ROWS * letters->size; }

size_t gz_text_lines(const gz_letters *letters, const char *text, size_t width)
{
    size_t lines = 0;
    for (const char *at = text; at && *at; lines++) gz_text_line(letters, at, width, &at);
    return lines;
}

void gz_canvas_wrapped(gz_image *image, size_t y, size_t x, const gz_letters *letters, const char *text,
                       size_t width)
{
    for (const char *at = text, *next; at && *at; at = next) {
        const size_t bytes = gz_text_line(letters, at, width, &next);
        gz_canvas_text(image, y, x, letters, at, bytes);
        y += gz_text_line_height(letters);
    }
}

size_t gz_text_cut(const gz_letters *letters, const char *text, size_t width)
{
    size_t bytes = strlen(text);
    if (gz_text_width(letters, text, bytes) <= width) return bytes;
    const size_t dots = gz_text_width(letters, " ..", 3);
    while (bytes && gz_text_width(letters, text, bytes) + dots > width) bytes--;
    while (bytes && ((unsigned char)text[bytes] & 0xc0) == 0x80) bytes--; /* not inside a UTF-8 letter */
    return bytes;
}

void gz_canvas_cut(gz_image *image, size_t y, size_t x, const gz_letters *letters, const char *text,
                   size_t width)
{
    const size_t bytes = gz_text_cut(letters, text, width);
    gz_canvas_text(image, y, x, letters, text, bytes);
    if (text[bytes])
        gz_canvas_text(image, y, x + gz_text_width(letters, text, bytes) + letters->size, letters, "..", 2);
}
