/* Panels of one size beside each other, each with a word above it. */
#ifndef GZ_ROW_H
#define GZ_ROW_H
#include "page.h"

typedef struct gz_row {
    const char *const *heads; /* [count] */
    size_t count;
    gz_size panel;
    gz_letters letters;
    size_t head, column; /* screen rows of the words; screen columns from one panel to the next */
    gz_body body;
} gz_row;

/* Panels for this photo, about `target` pixels long, at most `most`. */
gz_row gz_row_plan(const gz_photo *photo, size_t pixel, size_t target, size_t most, const char *const *heads,
                   size_t count);
gz_box gz_row_box(const gz_row *row, const gz_page *page, size_t panel);
/* Words and frames. */
void gz_row_draw(const gz_row *row, gz_page *page);

#endif
