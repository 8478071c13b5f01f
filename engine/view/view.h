/* Pictures of maps. Knows base and io only: everything arrives as plain arrays, and leaves as gz_image or PNG
   files. Same input, same bytes. A map that can't be drawn (gz_map_undrawable) is refused with
   GAZE_ERROR_DATA and the words for it. Every picture has a colour bar with numbers and, below, a caption:
   the caller's, then what the view knows (how values became colours, where the cells lie). */
#ifndef GZ_VIEW_H
#define GZ_VIEW_H
#include "../io/image.h"

typedef enum gz_colors { GZ_VIRIDIS, GZ_GRAY, GZ_JET } gz_colors;
typedef enum gz_scaling {
    GZ_MINMAX,
    GZ_UNIT,
    GZ_PERCENTILE
} gz_scaling; /* "minmax", "0..1", "percentile" (1 % to 99 %) */
gaze_status gz_colors_parse(const char *word, gz_colors *colors);    /* NULL: viridis */
gaze_status gz_scaling_parse(const char *word, gz_scaling *scaling); /* NULL: minmax */
const char *gz_scaling_word(gz_scaling scaling);
void gz_color(gz_colors colors, double value_0_to_1,
              uint8_t rgb[3]); /* beyond 0..1, and NaN: the nearest end, 0 */

/* A map on an image, one sample. */
typedef struct gz_map {
    size_t height, width;
    const float *values;        /* [height, width] */
    gaze_receptive_field field; /* where cell (0,0) lies on the image; not known: the map is stretched over
                                   it, and the caption says so */
} gz_map;

/* What can't be drawn is said in words: NULL when the map can be drawn, or "every value is 0.00694", "one
   cell only: 1", "3 of 144 values are not finite", into `text`. Values that differ by the rounding of float32
   alone count as one value. */
const char *gz_map_undrawable(const gz_map *map, char text[160]);

typedef struct gz_picture_options {
    gz_colors colors;
    gz_scaling scaling;
    size_t pixel; /* screen pixels per image pixel; 0: a whole number that makes a panel about 400 wide (side
                     by side 280, sheet 112); photos above 1000 (side by side 700, sheet 160) are then reduced
                     to that */
    const float *ranged; /* [n_ranged] what the scale is made from, for pictures that are to share one (not
                            sheet and heads, which have one for all their maps); NULL: the map's own values */
    size_t n_ranged;
    double alpha;        /* overlay: 0..1, how much of the colour is seen; 0: 0.5 */
    const char *title;   /* wrapped where it is too long for a line; NULL: none */
    const char *caption; /* what the numbers mean; wrapped below; NULL: none */
} gz_picture_options;

/* image [height, width, channels 1 or 3] float32 in 0..1 (clipped). */
typedef struct gz_photo {
    size_t height, width, channels;
    const float *values;
} gz_photo;

/* The map's field, or the one that stretches it over the image where its own is not known. */
gaze_receptive_field gz_map_field(const gz_map *map, size_t image_height, size_t image_width);

/* Value at a point of the image (pixel 0's centre is 0): bilinear between cell centres field.first +
   field.step*i; beyond the outermost centres the nearest cell's value; NaN where the nearest cell's receptive
   field doesn't reach. */
double gz_map_at(const gz_map *map, const gaze_receptive_field *field, double y, double x);

/* gz_map_at of every pixel. out [image_height, image_width] */
gaze_status gz_map_place(const gz_map *map, size_t image_height, size_t image_width, float *out);

/* The cells alone, each a block of its true size (field.step image pixels); a map of one row or column is a
 * strip. */
gaze_status gz_view_map(const gz_map *map, const gz_picture_options *options, gz_image *out);

/* Names of a matrix' rows and columns, where they are known; NULL: numbers from 0. */
typedef struct gz_axes {
    const char *const *queries; /* [height] */
    const char *const *keys;    /* [width] */
} gz_axes;

/* A map whose rows are queries and whose columns are keys, with their names, every few where there is no room
   for all. Few cells hold their numbers; above 1600 rows or columns neighbours are merged into their largest,
   and the caption says so. options->pixel: screen pixels per cell. */
gaze_status gz_view_matrix(const gz_map *map, const gz_axes *axes, const gz_picture_options *options,
                           gz_image *out);

/* A grid of small matrices, one for each of `count` heads or channels, with their numbers and one scale for
   all. values [count, height, width]; part: what one is called: "head". At most 1600. */
typedef struct gz_stack {
    size_t count, height, width;
    const float *values;
    const char *part;
} gz_stack;
gaze_status gz_view_heads(const gz_stack *stack, const gz_picture_options *options, gz_image *out);

/* Steps of a sequence, with their names or NULL for numbers. */
typedef struct gz_sequence {
    size_t count;
    const float *values;      /* [count] */
    const char *const *names; /* [count] */
} gz_sequence;

/* One bar a step that begins at 0; above 800 steps neighbours are merged into their largest. options->pixel:
   screen pixels per bar. */
gaze_status gz_view_bars(const gz_sequence *sequence, const gz_picture_options *options, gz_image *out);

/* The names as running text on their colours, each with its value below it; the first 1000. */
gaze_status gz_view_words(const gz_sequence *sequence, const gz_picture_options *options, gz_image *out);

/* The same as one HTML page that needs nothing beside it: values are colours, small numbers and titles. The
   whole sequence. free() *page. */
gaze_status gz_view_html(const gz_sequence *sequence, const gz_picture_options *options, char **page);

/* Curves over 0..1 with values in 0..1, in panels of one size. Each curve has a colour, a marker and, above
   its panel, a name. */
enum { GZ_MOST_CURVES = 3 };
typedef struct gz_curves {
    const char *head; /* of the panel */
    const char *names[GZ_MOST_CURVES];
    const double *values[GZ_MOST_CURVES]; /* [points] each */
} gz_curves;
typedef struct gz_plot {
    size_t rows, columns;
    const gz_curves *panels; /* [rows, columns] */
    size_t n_curves, points;
    const char *y_axis;
    const char *const *x_axes; /* [columns] */
} gz_plot;
gaze_status gz_view_curves(const gz_plot *plot, const gz_picture_options *options, gz_image *out);

/* The placed map over the photo in gray, so that every hue is the map's. */
gaze_status gz_view_overlay(const gz_map *map, const gz_photo *photo, const gz_picture_options *options,
                            gz_image *out);

/* Input, cells in their places, overlay. */
gaze_status gz_view_side_by_side(const gz_map *map, const gz_photo *photo, const gz_picture_options *options,
                                 gz_image *out);

/* The same for what one query looks at: map holds its row, cell by cell; the cell (query[0], query[1]) is
 * framed. */
gaze_status gz_view_query(const gz_map *map, const gz_photo *photo, const size_t query[2],
                          const gz_picture_options *options, gz_image *out);

/* Input, cells, features before and after the layer, overlay. Features lie where the map's cells lie; they
   are gray, each with its own scale, which the caption tells. `merged` says how their channels became one:
   "largest value of 32 channels". Features that can't be drawn have their reason in the place of the picture.
 */
typedef struct gz_features {
    gz_map before, after;
    const char *before_merged, *after_merged;
} gz_features;
gaze_status gz_view_panels(const gz_map *map, const gz_photo *photo, const gz_features *features,
                           const gz_picture_options *options, gz_image *out);

/* Contact sheet: one tile a sample: photo and overlay (the cells alone where photo.values is NULL), "#17
   true: Coat" and "pred: Shirt 0.71" below. Wrong ones have a thick frame and a cross: two marks that need no
   colour. A tile whose map can't be drawn says why in the overlay's place. All tiles share one range of
   values, the colour bar's. */
typedef struct gz_tile {
    gz_photo photo;
    gz_map map;
    const char *true_class, *predicted_class; /* NULL: unknown */
    double probability;                       /* below 0: unknown */
    bool wrong;
    size_t index; /* number in the data set */
} gz_tile;
/* columns 0: as many as fit a width of about 1100 */
gaze_status gz_view_sheet(const gz_tile *tiles, size_t count, size_t columns,
                          const gz_picture_options *options, gz_image *out);

#endif
