#include "scratch.h"

#include <jpeglib.h>

#include "../engine/io/image_codec.h"

/* An Exif segment with one entry before the orientation. */
static const unsigned char little[] = {
    'E',  'x',  'i', 'f', 0, 0, 'I', 'I', 42, 0, 8, 0, 0, 0, 2, 0,  /* TIFF, directory at 8 of 2 entries */
    0,    0x01, 4,   0,   1, 0, 0,   0,   7,  0, 0, 0,              /* width: a long */
    0x12, 0x01, 3,   0,   1, 0, 0,   0,   6,  0, 0, 0, 0, 0, 0, 0}; /* orientation: a short */
static const unsigned char big[] = {'E',  'x',  'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1,
                                    0x01, 0x12, 0,   3,   0, 0, 0,   1,   0, 8,  0, 0, 0, 0, 0, 0};

static void both_byte_orders_are_read(void **state)
{
    (void)state;
    assert_int_equal(gz_exif_orientation(little, sizeof little), 6);
    assert_int_equal(gz_exif_orientation(big, sizeof big), 8);
}

static void other_segments_are_upright(void **state)
{
    (void)state;
    unsigned char changed[sizeof big];
    assert_int_equal(gz_exif_orientation("http://ns.adobe.com/xap/1.0/", 28), 1);
    assert_int_equal(gz_exif_orientation("", 0), 1);
    memcpy(changed, big, sizeof big);
    changed[25] = 9; /* there are only eight */
    assert_int_equal(gz_exif_orientation(changed, sizeof changed), 1);
    memcpy(changed, big, sizeof big);
    changed[10] = 0xff; /* the directory is far behind the end */
    assert_int_equal(gz_exif_orientation(changed, sizeof changed), 1);
}

/* Each cut in memory of its own, so that a sanitizer sees a step behind the end. */
static void a_cut_segment_is_upright(void **state)
{
    (void)state;
    for (size_t size = 0; size < 38; size++) {
        unsigned char *cut = malloc(size ? size : 1);
        assert_non_null(cut);
        memcpy(cut, little, size);
        assert_int_equal(gz_exif_orientation(cut, size), 1);
        free(cut);
    }
}

/* The stored image is  1 2 3  in all cases. What its orientation says:
                        4 5 6
   2 mirrored; 3 turned by 180 degrees; 4 upside down; 5 rows are columns; 6 to be turned right; 8 left;
   7 like 5, the other way. */
static void the_eight_orientations(void **state)
{
    (void)state;
    static const char *const expected[9] = {NULL,     "123456", "321654", "654321", "456123",
                                            "142536", "415263", "635241", "362514"};
    for (unsigned o = 1; o <= 8; o++) {
        gz_image image;
        assert_done(gz_image_create(2, 3, 1, 0, &image));
        memcpy(image.pixels, "123456", 6);
        assert_done(gz_image_orient(&image, o));
        assert_int_equal(image.height, o >= 5 ? 3 : 2);
        assert_int_equal(image.width, o >= 5 ? 2 : 3);
        assert_memory_equal(image.pixels, expected[o], 6);
        gz_image_free(&image);
    }
}

static void channels_stay_together(void **state)
{
    (void)state;
    gz_image image;
    assert_done(gz_image_create(1, 2, 3, 0, &image));
    memcpy(image.pixels, "rgbRGB", 6);
    assert_done(gz_image_orient(&image, 6));
    assert_int_equal(image.height, 2);
    assert_memory_equal(image.pixels, "rgbRGB", 6);
    assert_done(gz_image_orient(&image, 3));
    assert_memory_equal(image.pixels, "RGBrgb", 6);
    gz_image_free(&image);
}

/* 16x8 pixels: the left half dark, the right half bright; with the segment in front. */
static const char *write_halves(const void *segment, unsigned size)
{
    const char *path = scratch_path("halves.jpg");
    FILE *file = fopen(path, "wb");
    struct jpeg_error_mgr errors;
    struct jpeg_compress_struct encoder = {.err = jpeg_std_error(&errors)};
    unsigned char row[16] = {10, 10, 10, 10, 10, 10, 10, 10, 240, 240, 240, 240, 240, 240, 240, 240};
    JSAMPROW rows[1] = {row};
    jpeg_create_compress(&encoder);
    jpeg_stdio_dest(&encoder, file);
    encoder.image_height = 8;
    encoder.image_width = 16;
    encoder.input_components = 1;
    encoder.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&encoder);
    jpeg_start_compress(&encoder, TRUE);
    jpeg_write_marker(&encoder, JPEG_APP0 + 1, segment, size);
    for (int y = 0; y < 8; y++) jpeg_write_scanlines(&encoder, rows, 1);
    jpeg_finish_compress(&encoder);
    jpeg_destroy_compress(&encoder);
    fclose(file);
    return path;
}

static void a_jpeg_is_turned_upright(void **state)
{
    (void)state;
    gz_image image;
    assert_done(gz_image_read(write_halves(little, sizeof little), &image)); /* to be turned right */
    assert_int_equal(image.height, 16);
    assert_int_equal(image.width, 8);
    assert_in_range(image.pixels[0], 0, 30);
    assert_in_range(image.pixels[15 * 8 + 7], 220, 255);
    gz_image_free(&image);
    assert_done(gz_image_read(write_halves("Exif", 4), &image));
    assert_int_equal(image.height, 8);
    gz_image_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_byte_orders_are_read), cmocka_unit_test(other_segments_are_upright),
        cmocka_unit_test(a_cut_segment_is_upright),  cmocka_unit_test(the_eight_orientations),
        cmocka_unit_test(channels_stay_together),    cmocka_unit_test(a_jpeg_is_turned_upright),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
