/* Pictures of maps. Knows base and io only: everything arrives as plain arrays, and leaves as gz_image or PNG files.
   Same input, same bytes. */
#ifndef GZ_VIEW_H
#define GZ_VIEW_H
#include "../io/image.h"

typedef enum gz_colors { GZ_GRAY, GZ_VIRIDIS, GZ_JET } gz_colors;
typedef enum gz_scaling { GZ_MINMAX, GZ_UNIT, GZ_PERCENTILE } gz_scaling; /* "minmax", "0..1", "percentile" (1 % to 99 %) */
gaze_status gz_colors_parse(const char *word, gz_colors *colors);   /* NULL: viridis */
gaze_status gz_scaling_parse(const char *word, gz_scaling *scaling); /* NULL: minmax */
void gz_color(gz_colors colors, double value_0_to_1, uint8_t rgb[3]);

/* A map on an image, one sample. */
typedef struct gz_map {
    size_t height, width;
    const float *values;        /* [height, width] */
    gaze_receptive_field field; /* where cell (0,0) lies on the image; not known: the map is stretched over it, and the caption says so */
} gz_map;

/* What can't be drawn is said in words: NULL when the map can be drawn, or "every value is 0.00694", "one cell only: 1",
   "3 of 144 values are not finite", into `text`. */
const char *gz_map_undrawable(const gz_map *map, char text[160]);

typedef struct gz_picture_options {
    gz_colors colors;
    gz_scaling scaling;
    size_t pixel;        /* screen pixels per image pixel */
    double alpha;        /* overlay: 0..1, how much of the colour is seen; 0: 0.5 */
    const char *title;   /* one line, ASCII; NULL: none */
    const char *caption; /* what the numbers mean; wrapped below; NULL: none */
} gz_picture_options;

/* image [image_height, image_width, channels 1 or 3] float32 in 0..1 (clipped). */
typedef struct gz_photo {
    size_t height, width, channels;
    const float *values;
} gz_photo;

/* Value of the map at each image pixel: bilinear between cell centres field.first + field.step*i; beyond the outermost centres the nearest cell's
   value; pixels that no cell's receptive field covers are NaN. out [photo height, photo width]. */
gaze_status gz_map_place(const gz_map *map, size_t image_height, size_t image_width, float *out);

gaze_status gz_view_map(const gz_map *map, const gz_picture_options *options, gz_image *out);
gaze_status gz_view_overlay(const gz_map *map, const gz_photo *photo, const gz_picture_options *options, gz_image *out);
gaze_status gz_view_side_by_side(const gz_map *map, const gz_photo *photo, const gz_picture_options *options, gz_image *out);

/* Contact sheet: one tile a sample: image, overlay, "true: coat" and "pred: shirt 0.71" below (wrong ones marked by a red frame and an x). */
typedef struct gz_tile {
    gz_photo photo;
    gz_map map;
    const char *true_class, *predicted_class; /* NULL: unknown */
    double probability;
    bool wrong;
    size_t index; /* number in the data set */
} gz_tile;
gaze_status gz_view_sheet(const gz_tile *tiles, size_t count, size_t columns, const gz_picture_options *options, gz_image *out);

#endif
