/* Windows of 2x2 that don't overlap, and where in its window each maximum lies: places, int32, 0 to 3 row by
   row. Images [B,H,W,C]; maxima, their gradients dy and places [B,H/2,W/2,C]. What has no window gets no
   gradient. */
#ifndef GZ_PLACES_H
#define GZ_PLACES_H
#include "ops.h"
#include "../graph/builder.h"

typedef struct gz_places_size {
    size_t B, H, W, C;
} gz_places_size;

/* Of an image of rank 4. */
gz_places_size gz_places_size_of(gz_shape image);
/* Of maxima, dy and places. */
gz_shape gz_places_shape(const gz_places_size *size);

/* Maxima y of x, each pixel times its factor s [B,H,W] (or NULL), and their places, or NULL. */
void gz_places_find(gz_builder *builder, const gz_places_size *size, const gz_tensor *x, const gz_tensor *s,
                    const gz_tensor *y, const gz_tensor *place);

/* dx [B,H,W,C], as scratch where it is NULL; dy itself where place is NULL. */
const gz_tensor *gz_places_spread(gz_builder *builder, const gz_places_size *size, const gz_tensor *dy,
                                  const gz_tensor *place, const gz_tensor *dx);

/* Of places_gradient and places_dot: are dy and places of that size? */
gaze_status gz_places_expect(const gz_node *node, const gz_places_size *size);

/* Arguments H, W, C and `rows`, and the groups or items for `rows` rows of `columns` windows or pixels. */
void gz_places_launch(gz_builder *builder, gz_launch *launch, const gz_places_size *size, size_t rows,
                      size_t columns);

/* dx at value `at` of [B,H,W,C]. */
double gz_places_value(const gz_places_size *size, const double *dy, const double *place, size_t at);

/* Of places_gradient, dy, place -> dx [B,H,W,C]; places_dot has x [B,H,W,C] as its third input. */
typedef struct gz_places_attr {
    size_t image[2]; /* H, W */
} gz_places_attr;
enum { GZ_PLACES_DY, GZ_PLACES_PLACE, GZ_PLACES_X };

#endif
