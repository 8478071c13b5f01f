/* A page: title, body, colour bar with numbers beside it, caption below. */
#ifndef GZ_PAGE_H
#define GZ_PAGE_H
#include "../base/text.h"
#include "panel.h"

typedef struct gz_page {
    gz_image image;   /* the caller's */
    size_t top, left; /* of the body */
} gz_page;

/* Letters grow with the panel: 1 up to 500 pixels, 2 up to 1000, ... */
size_t gz_page_text_size(gz_size panel);

typedef struct gz_body {
    gz_size size;
    size_t head; /* rows of it above the panels; the bar begins below them */
    size_t text; /* size of the letters */
    size_t foot; /* rows of it below the panels */
} gz_body;

/* range NULL: no bar; caption: options->caption and what the view knows. */
gaze_status gz_page_create(const gz_body *body, const gz_range *range, const gz_picture_options *options,
                           const char *caption, gz_page *page);

/* What the overlay of a map on an image of this size is like, in sentences that follow options->caption. */
void gz_page_say_place(gz_text *caption, const gz_map *map, size_t height, size_t width);

#endif
