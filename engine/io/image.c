#include "image.h"

#include <stdlib.h>
#include <string.h>

#include "image_codec.h"

enum { MOST_PIXELS = 1 << 28, MOST_BYTES = 1 << 30 };

gaze_status gz_image_create(size_t height, size_t width, size_t channels, uint8_t fill, gz_image *image)
{
    size_t pixels, bytes;
    if (!height || !width || !gz_multiply(height, width, &pixels) || pixels > MOST_PIXELS)
        return gz_fail(GAZE_ERROR_DATA, "an image of %zux%zu pixels, expected 1 to %d pixels", width, height,
                       MOST_PIXELS);
    if (!gz_multiply(pixels, channels, &bytes)) return gz_fail_memory(SIZE_MAX);
    GZ_TRY(gz_allocate(bytes, 1, &image->pixels));
    memset(image->pixels, fill, bytes);
    image->height = height;
    image->width = width;
    image->channels = channels;
    return GAZE_OK;
}

void gz_image_free(gz_image *image)
{
    free(image->pixels);
    *image = (gz_image){0};
}

gaze_status gz_image_create_from_file(const char *path, size_t file_bytes, size_t most_pixels_a_byte,
                                      size_t height, size_t width, size_t channels, gz_image *image)
{
    const size_t most =
        MOST_PIXELS / most_pixels_a_byte > file_bytes ? file_bytes * most_pixels_a_byte : MOST_PIXELS;
    size_t pixels;
    if (gz_multiply(height, width, &pixels) && pixels > most)
        return gz_fail(GAZE_ERROR_DATA,
                       "%s: %zux%zu pixels by its header, expected at most %zu in a file of %zu bytes", path,
                       width, height, most, file_bytes);
    return gz_fail_context(gz_image_create(height, width, channels, 0, image), "%s", path);
}

gaze_status gz_image_read(const char *path, gz_image *image)
{
    static const unsigned char png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'},
                               jpeg[] = {0xff, 0xd8, 0xff};
    char *bytes;
    size_t size;
    gz_image result = {0};
    GZ_TRY(gz_file_read(path, MOST_BYTES, &bytes, &size));
    gaze_status status;
    if (size >= sizeof png && memcmp(bytes, png, sizeof png) == 0)
        status = gz_png_decode(path, bytes, size, &result);
    else if (size >= sizeof jpeg && memcmp(bytes, jpeg, sizeof jpeg) == 0)
        status = gz_jpeg_decode(path, bytes, size, &result);
    else
        status = gz_fail(GAZE_ERROR_DATA, "%s: neither PNG nor JPEG by its first bytes", path);
    free(bytes);
    if (status == GAZE_OK)
        *image = result;
    else
        gz_image_free(&result);
    return status;
}
