/* Drawing on an RGB gz_image. Everything is clipped to it. */
#ifndef GZ_CANVAS_H
#define GZ_CANVAS_H
#include "../io/image.h"

typedef struct gz_box {
    size_t y, x, height, width;
} gz_box;

typedef struct gz_ink {
    uint8_t rgb[3];
} gz_ink;
extern const gz_ink gz_black, gz_gray, gz_pale, gz_white, gz_orange,
    gz_blue; /* vermilion and blue of Okabe and Ito 2008 */

/* Black or white, whichever has the larger contrast on it (WCAG 2): at least 4.58:1 on any ground. */
gz_ink gz_ink_on(gz_ink ground);

void gz_canvas_set(gz_image *image, size_t y, size_t x, gz_ink ink);
void gz_canvas_fill(gz_image *image, gz_box box, gz_ink ink);
/* A frame of `thickness` around the box, outside it. */
void gz_canvas_frame(gz_image *image, gz_box box, size_t thickness, gz_ink ink);
/* A cross from corner to corner of the box. */
void gz_canvas_cross(gz_image *image, gz_box box, size_t thickness, gz_ink ink);

/* A straight line between the centres of two pixels, which may lie between pixels; its sides are smooth. */
typedef struct gz_point {
    double y, x;
} gz_point;
void gz_canvas_line(gz_image *image, gz_point from, gz_point to, double width, gz_ink ink);

/* Letters: `size` screen pixels per font pixel; bold ones are struck twice. */
typedef struct gz_letters {
    size_t size;
    bool bold;
    gz_ink ink;
} gz_letters;
size_t gz_text_width(const gz_letters *letters, const char *text, size_t bytes);
/* Its top left corner is (y, x). */
void gz_canvas_text(gz_image *image, size_t y, size_t x, const gz_letters *letters, const char *text,
                    size_t bytes);

/* The same turned by a quarter: it reads upwards, from (y, x), the bottom of its first letter's left side. */
void gz_canvas_text_up(gz_image *image, size_t y, size_t x, const gz_letters *letters, const char *text,
                       size_t bytes);

/* Bytes of `text` that make a line of at most `width`, broken at a blank where there is one; *next is where
   the following line begins. At least one letter, unless the text is at its end. */
size_t gz_text_line(const gz_letters *letters, const char *text, size_t width, const char **next);
size_t gz_text_line_height(const gz_letters *letters);
/* Lines that `text` takes when wrapped; 0 for NULL. */
size_t gz_text_lines(const gz_letters *letters, const char *text, size_t width);
void gz_canvas_wrapped(gz_image *image, size_t y, size_t x, const gz_letters *letters, const char *text,
                       size_t width);
/* One line that ends in ".." where the text is wider than `width`. */
void gz_canvas_cut(gz_image *image, size_t y, size_t x, const gz_letters *letters, const char *text,
                   size_t width);
/* Bytes of `text` that stand before the ".." in a line of `width`; all of them where it fits. */
size_t gz_text_cut(const gz_letters *letters, const char *text, size_t width);

#endif
