/* The orientation that cameras write into JPEG files (Exif 2.32, tag 0x0112, in an APP1 segment as TIFF). */
#include "image_codec.h"

#include <stdlib.h>
#include <string.h>

enum { TAG = 0x0112, SHORT = 3, ENTRY = 12, HEADER = 8 };

typedef struct tiff {
    const unsigned char *bytes;
    size_t size;
    bool big_endian;
} tiff;

/* 0 behind the end, which leads nowhere below. */
static size_t load(const tiff *t, size_t at, size_t count)
{
    size_t value = 0;
    if (at > t->size || count > t->size - at) return 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | t->bytes[at + (t->big_endian ? i : count - 1 - i)];
    return value;
}

unsigned gz_exif_orientation(const void *segment, size_t size)
{
    static const char name[6] = "Exif\0";
    const unsigned char *bytes = segment;
    if (size < sizeof name + HEADER || memcmp(bytes, name, sizeof name)) return 1;
    const tiff t = {bytes + sizeof name, size - sizeof name, bytes[sizeof name] == 'M'};
    const size_t directory = load(&t, 4, 4), count = load(&t, directory, 2);
    for (size_t i = 0; i < count; i++) {
        const size_t entry = directory + 2 + i * ENTRY;
        if (load(&t, entry, 2) != TAG || load(&t, entry + 2, 2) != SHORT) continue;
        const size_t value = load(&t, entry + 8, 2);
        return value >= 1 && value <= 8 ? (unsigned)value : 1;
    }
    return 1;
}

/* Where pixel (y, x) of the upright image lies in the stored one. Orientations 5 to 8 exchange the axes. */
static size_t stored_at(const gz_image *stored, unsigned orientation, size_t y, size_t x)
{
    const bool exchanged = orientation >= 5,
               upside_down = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7,
               mirrored = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    const size_t row = exchanged ? x : y, column = exchanged ? y : x;
    return (upside_down ? stored->height - 1 - row : row) * stored->width +
           (mirrored ? stored->width - 1 - column : column);
}

gaze_status gz_image_orient(gz_image *image, unsigned orientation)
{
    const bool exchanged = orientation >= 5;
    const size_t channels = image->channels;
    gz_image upright = {0};
    if (orientation <= 1 || orientation > 8) return GAZE_OK;
    GZ_TRY(gz_image_create(exchanged ? image->width : image->height, exchanged ? image->height : image->width,
                           channels, 0, &upright));
    uint8_t *out = upright.pixels;
    for (size_t y = 0; y < upright.height; y++)
        for (size_t x = 0; x < upright.width; x++, out += channels)
            memcpy(out, image->pixels + stored_at(image, orientation, y, x) * channels, channels);
    gz_image_free(image);
    *image = upright;
    return GAZE_OK;
}
