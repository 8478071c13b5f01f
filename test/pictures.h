/* Pictures compared with those in test/golden/pictures. */
#ifndef TEST_PICTURES_H
#define TEST_PICTURES_H
#include "scratch.h"

#include "../engine/view/view.h"

static inline void read_all(const char *path, char **bytes, size_t *size)
{
    assert_done(gz_file_read(path, 1 << 24, bytes, size));
}

/* Byte for byte test/golden/pictures/<name>.png. A picture that is meant to change is looked at and then
 * copied there. */
static inline void assert_golden(const char *name, gz_image *image)
{
    char file[64], golden[512], fresh[512];
    char *expected, *found;
    size_t expected_size, found_size;
    snprintf(file, sizeof file, "%s.png", name);
    snprintf(golden, sizeof golden, SOURCE_DIR "/test/golden/pictures/%s", file);
    snprintf(fresh, sizeof fresh, BINARY_DIR "/%s", file);
    assert_done(gz_png_write(fresh, image, NULL));
    gz_image_free(image);
    read_all(fresh, &found, &found_size);
    read_all(golden, &expected, &expected_size);
    const bool same = found_size == expected_size && memcmp(found, expected, found_size) == 0;
    free(found);
    free(expected);
    if (!same) fail_msg("%s differs from %s", fresh, golden);
}

#endif
