/* Images of any size as samples of one size. */
#ifndef GZ_DATA_RESIZE_H
#define GZ_DATA_RESIZE_H
#include "../io/image.h"

typedef enum gz_aspect {
    GZ_ASPECT_SQUEEZE, /* the whole image fills the sample: its aspect changes */
    GZ_ASPECT_CROP,    /* the largest middle part of the sample's aspect fills it */
    GZ_ASPECT_PAD,     /* the whole image, with black at two sides */
} gz_aspect;

typedef struct gz_sample_size {
    size_t height, width, channels; /* channels: 1 or 3 */
    gz_aspect aspect;
} gz_sample_size;

/* "squeeze" (NULL: this), "crop" or "pad"; other words are GAZE_ERROR_USAGE and offer the nearest. */
extern const char *const gz_aspect_words[]; /* by gz_aspect, NULL-terminated */
gaze_status gz_aspect_choose(gz_arena *arena, const char *word, gz_aspect *aspect);

/* Bilinear, pixels being squares around their centres, without smoothing where an image shrinks: what Keras'
   image_dataset_from_directory does, with crop_to_aspect_ratio and pad_to_aspect_ratio. Bytes become
   table[byte]; between gray and RGB the luma of ITU-R BT.601 is taken. out [height, width, channels]. */
gaze_status gz_resize(const gz_image *image, const gz_sample_size *size, const float table[256], float *out);

#endif
