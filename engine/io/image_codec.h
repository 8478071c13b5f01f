/* What image.c shares with the decoders, png.c and jpeg.c. */
#ifndef GZ_IMAGE_CODEC_H
#define GZ_IMAGE_CODEC_H
#include "image.h"

/* Decode a whole file in memory; on an error *image may hold pixels, which the caller frees. */
gaze_status gz_png_decode(const char *path, const void *bytes, size_t size, gz_image *image);
gaze_status gz_jpeg_decode(const char *path, const void *bytes, size_t size, gz_image *image);

/* gz_image_create for a size that a header claims: refused where a file of `file_bytes` can't hold so many
 * pixels. */
gaze_status gz_image_create_from_file(const char *path, size_t file_bytes, size_t most_pixels_a_byte,
                                      size_t height, size_t width, size_t channels, gz_image *image);

/* The orientation in an APP1 segment (behind its length), 1 (upright) to 8; 1 where it says none. */
unsigned gz_exif_orientation(const void *segment, size_t size);

/* Turns and mirrors the image so that it stands upright. */
gaze_status gz_image_orient(gz_image *image, unsigned orientation);

#endif
