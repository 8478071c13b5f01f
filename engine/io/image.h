/* PNG and JPEG files as 8-bit pixels. */
#ifndef GZ_IMAGE_H
#define GZ_IMAGE_H
#include "../base/file.h"

typedef struct gz_image {
    size_t height, width, channels; /* 1 gray, 3 RGB */
    uint8_t *pixels;                /* [height, width, channels]; free() */
} gz_image;

/* PNG through libpng (palette expanded, 16 bits reduced, alpha over white), JPEG through libjpeg-turbo
 * (turned upright as its Exif orientation says; CMYK is refused). Refused above 2^28 pixels. */
gaze_status gz_image_read(const char *path, gz_image *image);

/* RGB or gray PNG, the same bytes for the same pixels; text: key, value, ..., NULL as tEXt chunks, or NULL.
 */
gaze_status gz_png_write(const char *path, const gz_image *image, const char *const *text);
/* The same in memory, without text; free() *bytes. */
gaze_status gz_png_encode(const gz_image *image, char **bytes, size_t *size);

/* Frames of one size and as many channels, 1 or 3, each shown for frame_ms milliseconds, the last for last_ms
   (both below 65536), over and over. */
typedef struct gz_animation {
    const gz_image *frames;
    size_t count, frame_ms, last_ms;
} gz_animation;

/* As APNG, which is a PNG of the first frame to programs that don't know it; the same bytes for the same
 * frames. text as above. */
gaze_status gz_apng_write(const char *path, const gz_animation *animation, const char *const *text);

gaze_status gz_image_create(size_t height, size_t width, size_t channels, uint8_t fill, gz_image *image);
void gz_image_free(gz_image *image);

#endif
