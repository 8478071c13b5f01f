/* Names or numbers along a side of a picture: every one, or every 2nd, 5th, 10th .. where there is no room.
 */
#ifndef GZ_RULER_H
#define GZ_RULER_H
#include "canvas.h"

typedef struct gz_ruler {
    const char *const *names; /* of the steps; NULL: numbers */
    size_t count;             /* cells along the side */
    size_t cell;              /* screen pixels of one */
    size_t merged;            /* steps that it shows; the first of them is named */
    size_t every;             /* cells from one label to the next */
    size_t room;              /* rows or columns of the screen that the labels need beside the cells */
    bool up;                  /* of a horizontal side: labels read upwards */
    gz_letters letters;
} gz_ruler;

/* names [count * merged] or NULL; the rest is set. A label above 96 font pixels ends in "..". */
gz_ruler gz_ruler_rows(const char *const *names, size_t count, size_t cell, size_t merged, size_t text);
gz_ruler gz_ruler_columns(const char *const *names, size_t count, size_t cell, size_t merged, size_t text);

/* Left of cells whose top left corner is (y, x). */
void gz_ruler_draw_rows(const gz_ruler *ruler, gz_image *image, size_t y, size_t x);
/* Above them, or below cells that end at y. */
void gz_ruler_draw_above(const gz_ruler *ruler, gz_image *image, size_t y, size_t x);
void gz_ruler_draw_below(const gz_ruler *ruler, gz_image *image, size_t y, size_t x);

#endif
