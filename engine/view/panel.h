/* The pictures' pieces: a photo, a map's cells, an overlay, each filling a box of the canvas. */
#ifndef GZ_PANEL_H
#define GZ_PANEL_H
#include "canvas.h"
#include "range.h"

typedef struct gz_size {
    size_t height, width;
} gz_size;

/* Screen size of an image: `pixel` times larger; for pixel 0 a whole number of times, so that the longer side
   is about `target`; reduced where it is above `most`. */
gz_size gz_panel_size(size_t height, size_t width, size_t pixel, size_t target, size_t most);

typedef struct gz_paint {
    gz_colors colors;
    const gz_range *range;
    double alpha;
} gz_paint;

gz_ink gz_paint_ink(const gz_paint *paint, double value);

/* GAZE_ERROR_DATA with the words where the map can't be drawn, or where the photo has neither 1 nor 3
 * channels. */
gaze_status gz_panel_check(const gz_map *map, const gz_photo *photo);

void gz_panel_photo(gz_image *image, gz_box box, const gz_photo *photo);
/* Blocks of the cells' true size in their places on an image of `shown` pixels; pale where there is none. */
void gz_panel_cells(gz_image *image, gz_box box, gz_size shown, const gz_map *map, const gz_paint *paint);
void gz_panel_overlay(gz_image *image, gz_box box, const gz_photo *photo, const gz_map *map,
                      const gz_paint *paint);

/* The reason in the place of the picture. */
void gz_panel_words(gz_image *image, gz_box box, const gz_letters *letters, const char *why);

/* Whether the overlay leaves pixels of the image uncoloured, since no cell sees them. */
bool gz_panel_leaves_pixels(const gz_map *map, size_t height, size_t width);

#endif
