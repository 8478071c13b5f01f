/* gaze_array_read and _write: arrays and pictures as files. */
#include "../io/image.h"
#include "../io/npy.h"

#include <stdlib.h>
#include <string.h>

static gaze_status read_picture(const char *path, gaze_array *array)
{
    gz_image image = {0};
    float *values = NULL;
    gaze_status status;
    GZ_GO(gz_image_read(path, &image));
    const size_t count = image.height * image.width * image.channels;
    GZ_GO(gz_allocate(count, sizeof *values, &values));
    for (size_t i = 0; i < count; i++) values[i] = (float)image.pixels[i] / 255.0f;
    array->dtype = GAZE_FLOAT32;
    array->rank = 4;
    memcpy(array->shape, (size_t[]){1, image.height, image.width, image.channels}, 4 * sizeof(size_t));
    array->data = values;
done:
    gz_image_free(&image);
    return status;
}

gaze_status gaze_array_read(const char *path, gaze_array *array)
{
    bool is_npy;
    GZ_TRY(gz_npy_recognize(path, &is_npy));
    return is_npy ? gz_npy_read(path, array) : read_picture(path, array);
}

gaze_status gaze_array_write(const char *path, const gaze_array *array) { return gz_npy_write(path, array); }

gaze_status gaze_picture_write(const char *path, const gaze_picture *picture)
{
    if (!picture->rgb || !picture->height || !picture->width)
        return gz_fail(GAZE_ERROR_USAGE, "%s: the picture to write has no pixels", path);
    const gz_image image = {
        .height = picture->height, .width = picture->width, .channels = 3, .pixels = picture->rgb};
    return gz_png_write(path, &image, NULL);
}
