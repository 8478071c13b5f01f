/* The letters of the pictures: ASCII 32..126, 10 rows (8 above the line, 2 below it), 1 to 7 columns. */
#ifndef GZ_FONT_H
#define GZ_FONT_H
#include <stdint.h>

enum { GZ_FONT_ROWS = 10, GZ_FONT_CAPITAL_ROWS = 8, GZ_FONT_LINE_ROWS = 14 };

typedef struct gz_glyph {
    uint8_t width;
    uint8_t rows[GZ_FONT_ROWS]; /* bit 7 is the leftmost column */
} gz_glyph;

/* The glyph of the letter at *text (UTF-8), which moves behind it; European letters lose their accents,
 * others are a hollow box. */
const gz_glyph *gz_font_next(const char **text);

#endif
