#include "scratch.h"

#include <jpeglib.h>
#include <png.h>

#include "../engine/io/image.h"

static const char *write_png(const char *name, size_t height, size_t width, int color, int bits,
                             const void *pixels, size_t row_bytes)
{
    const char *path = scratch_path(name);
    FILE *file = fopen(path, "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    const png_color palette[4] = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {9, 8, 7}};
    png_init_io(png, file);
    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, bits, color, PNG_INTERLACE_NONE, 0, 0);
    if (color == PNG_COLOR_TYPE_PALETTE) png_set_PLTE(png, info, palette, 4);
    png_write_info(png, info);
    for (size_t y = 0; y < height; y++) png_write_row(png, (png_const_bytep)pixels + y * row_bytes);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    fclose(file);
    return path;
}

static const char *write_jpeg(const char *name, size_t height, size_t width, int channels,
                              const unsigned char *pixels)
{
    const char *path = scratch_path(name);
    FILE *file = fopen(path, "wb");
    struct jpeg_error_mgr errors;
    struct jpeg_compress_struct encoder = {.err = jpeg_std_error(&errors)};
    jpeg_create_compress(&encoder);
    jpeg_stdio_dest(&encoder, file);
    encoder.image_height = (JDIMENSION)height;
    encoder.image_width = (JDIMENSION)width;
    encoder.input_components = channels;
    encoder.in_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_set_defaults(&encoder);
    jpeg_set_quality(&encoder, 95, TRUE);
    jpeg_start_compress(&encoder, TRUE);
    for (size_t y = 0; y < height; y++) {
        JSAMPROW row = (JSAMPROW)(pixels + y * width * (size_t)channels);
        jpeg_write_scanlines(&encoder, &row, 1);
    }
    jpeg_finish_compress(&encoder);
    jpeg_destroy_compress(&encoder);
    fclose(file);
    return path;
}

static void assert_pixels(const char *path, size_t channels, const uint8_t *expected, size_t bytes)
{
    gz_image image;
    assert_done(gz_image_read(path, &image));
    assert_int_equal(image.channels, channels);
    assert_int_equal(image.height * image.width * image.channels, bytes);
    assert_memory_equal(image.pixels, expected, bytes);
    gz_image_free(&image);
    assert_null(image.pixels);
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    for (size_t channels = 1; channels <= 3; channels += 2) {
        gz_image image;
        assert_done(gz_image_create(7, 5, channels, 9, &image));
        for (size_t i = 0; i < 35 * channels; i += 2) image.pixels[i] = (uint8_t)(i * 5);
        assert_done(gz_png_write(scratch_path("w.png"), &image, NULL));
        assert_pixels(scratch_path("w.png"), channels, image.pixels, 35 * channels);
        gz_image_free(&image);
    }
}

static void the_same_pixels_are_the_same_bytes(void **state)
{
    (void)state;
    gz_image image;
    gz_hash first, second;
    const char *const text[] = {"Title", "a map", NULL};
    assert_done(gz_image_create(100, 120, 3, 200, &image));
    for (size_t i = 0; i < 36000; i++) image.pixels[i] = (uint8_t)(i * i >> 7);
    assert_done(gz_png_write(scratch_path("1.png"), &image, text));
    sleep(1);
    assert_done(gz_png_write(scratch_path("2.png"), &image, text));
    assert_done(gz_hash_file(scratch_path("1.png"), &first));
    assert_done(gz_hash_file(scratch_path("2.png"), &second));
    assert_string_equal(first.text, second.text);
    gz_image_free(&image);
}

static void text_chunks_are_kept_and_no_time(void **state)
{
    (void)state;
    gz_image image;
    char *bytes;
    size_t size;
    const char *const text[] = {"Source", "model x", NULL};
    assert_done(gz_image_create(2, 2, 1, 0, &image));
    assert_done(gz_png_write(scratch_path("t.png"), &image, text));
    assert_done(gz_file_read(scratch_path("t.png"), 1000, &bytes, &size));
    bool found = false;
    for (size_t i = 0; i + 18 < size; i++) {
        found = found || memcmp(bytes + i, "tEXtSource\0model x", 18) == 0;
        assert_memory_not_equal(bytes + i, "tIME", 4);
    }
    assert_true(found);
    free(bytes);
    gz_image_free(&image);
}

static void palettes_are_expanded(void **state)
{
    (void)state;
    const uint8_t packed[1] = {0x1b}; /* 0, 1, 2, 3 of 2 bits */
    const uint8_t expected[12] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 8, 7};
    assert_pixels(write_png("p.png", 1, 4, PNG_COLOR_TYPE_PALETTE, 2, packed, 1), 3, expected, 12);
}

static void sixteen_bits_and_one_bit_become_eight(void **state)
{
    (void)state;
    const uint8_t deep[4] = {0x80, 0x80, 0xff, 0xff}, flat[1] = {0x40};
    assert_pixels(write_png("16.png", 1, 2, PNG_COLOR_TYPE_GRAY, 16, deep, 4), 1,
                  (const uint8_t[]){0x80, 0xff}, 2);
    assert_pixels(write_png("1.png", 1, 2, PNG_COLOR_TYPE_GRAY, 1, flat, 1), 1, (const uint8_t[]){0, 255}, 2);
}

static void transparency_lies_on_white(void **state)
{
    (void)state;
    const uint8_t rgba[12] = {10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 255, 51}, gray[2] = {0, 128};
    const uint8_t expected[9] = {10, 20, 30, 255, 255, 255, 204, 224, 255};
    assert_pixels(write_png("a.png", 1, 3, PNG_COLOR_TYPE_RGB_ALPHA, 8, rgba, 12), 3, expected, 9);
    assert_pixels(write_png("g.png", 1, 1, PNG_COLOR_TYPE_GRAY_ALPHA, 8, gray, 2), 1, (const uint8_t[]){127},
                  1);
}

static void jpegs_are_read_in_gray_and_in_colour(void **state)
{
    (void)state;
    unsigned char pixels[16 * 16 * 3];
    gz_image image;
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (unsigned char)(i % 3 == 0 ? 200 : 40);
    assert_done(gz_image_read(write_jpeg("c.jpg", 16, 16, 3, pixels), &image));
    assert_int_equal(image.channels, 3);
    for (size_t i = 0; i < sizeof pixels; i++) assert_in_range(image.pixels[i] + 4, pixels[i], pixels[i] + 8);
    gz_image_free(&image);
    memset(pixels, 77, sizeof pixels);
    assert_done(gz_image_read(write_jpeg("g.jpg", 9, 31, 1, pixels), &image));
    assert_int_equal(image.channels, 1);
    assert_int_equal(image.height, 9);
    assert_int_equal(image.width, 31);
    assert_in_range(image.pixels[9 * 31 - 1], 76, 78);
    gz_image_free(&image);
}

static void a_jpeg_of_very_many_scans_is_refused(void **state)
{
    (void)state;
    gz_image image;
    assert_refused(gz_image_read(SOURCE_DIR "/test/fuzz/corpus/jpeg/seed-many-scans", &image),
                   GAZE_ERROR_DATA, "seed-many-scans", "more than 100 scans", NULL);
}

static void a_cmyk_jpeg_is_refused(void **state)
{
    (void)state;
    unsigned char pixels[8 * 8 * 4] = {0};
    gz_image image;
    assert_refused(gz_image_read(write_jpeg("k.jpg", 8, 8, 4, pixels), &image), GAZE_ERROR_DATA, "k.jpg",
                   "CMYK", NULL);
}

static void assert_cuts_refused(const char *path, size_t least)
{
    char *bytes;
    size_t size;
    gz_image image;
    assert_done(gz_file_read(path, 100000, &bytes, &size));
    for (size_t cut = least; cut < size; cut += cut + 8 < size ? 7 : 1)
        assert_refused(gz_image_read(write_scratch("cut", bytes, cut), &image), GAZE_ERROR_DATA,
                       "cut: damaged", "byte", NULL);
    free(bytes);
}

static void truncated_images_are_refused_with_the_byte(void **state)
{
    (void)state;
    unsigned char pixels[40 * 40 * 3];
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (unsigned char)(i * i >> 4);
    assert_cuts_refused(write_png("whole.png", 40, 40, PNG_COLOR_TYPE_RGB, 8, pixels, 120), 8);
    assert_cuts_refused(write_jpeg("whole.jpg", 40, 40, 3, pixels), 3);
}

static void a_damaged_png_is_refused(void **state)
{
    (void)state;
    unsigned char pixels[40 * 40];
    char *bytes;
    size_t size;
    gz_image image;
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (unsigned char)(i * i >> 4);
    assert_done(
        gz_file_read(write_png("d.png", 40, 40, PNG_COLOR_TYPE_GRAY, 8, pixels, 40), 100000, &bytes, &size));
    bytes[size / 2] ^= 1;
    assert_refused(gz_image_read(write_scratch("d.png", bytes, size), &image), GAZE_ERROR_DATA, "d.png",
                   "damaged PNG", "IDAT", NULL);
    free(bytes);
}

/* The header says 16384 x 16384; its checksum is right. */
static void a_small_file_that_claims_many_pixels_takes_no_memory(void **state)
{
    (void)state;
    static const unsigned char png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n',
                                        0,    0,   0,   13,  'I',  'H',  'D',  'R'};
    unsigned char pixels[8 * 8] = {0}, *header;
    char *bytes;
    size_t size;
    gz_image image;
    assert_done(
        gz_file_read(write_png("big.png", 1, 1, PNG_COLOR_TYPE_GRAY, 8, pixels, 1), 1000, &bytes, &size));
    assert_memory_equal(bytes, png, sizeof png);
    header = (unsigned char *)bytes + 16;
    header[2] = header[6] = 0x40;
    header[3] = header[7] = 0;
    uint32_t crc = ~0u;
    for (size_t i = 12; i < 29; i++) {
        crc ^= (unsigned char)bytes[i];
        for (int k = 0; k < 8; k++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    crc = ~crc;
    for (int i = 0; i < 4; i++) bytes[29 + i] = (char)(crc >> (24 - 8 * i));
    assert_refused(gz_image_read(write_scratch("big.png", bytes, size), &image), GAZE_ERROR_DATA,
                   "16384x16384 pixels by its header", NULL);
    free(bytes);
    assert_done(gz_file_read(write_jpeg("big.jpg", 8, 8, 1, pixels), 1000, &bytes, &size));
    for (size_t i = 0; i + 9 < size; i++) /* start of frame */
        if (bytes[i] == (char)0xff && bytes[i + 1] == (char)0xc0) memcpy(bytes + i + 5, "\x40\0\x40\0", 4);
    assert_refused(gz_image_read(write_scratch("big.jpg", bytes, size), &image), GAZE_ERROR_DATA,
                   "16384x16384 pixels by its header", NULL);
    free(bytes);
}

static void other_files_are_refused(void **state)
{
    (void)state;
    gz_image image;
    assert_refused(gz_image_read(write_scratch("x.png", "GIF89a", 6), &image), GAZE_ERROR_DATA, "x.png",
                   "neither PNG nor JPEG", NULL);
    assert_refused(gz_image_read(scratch_path("no.png"), &image), GAZE_ERROR_DATA, "no.png", "No such file",
                   NULL);
}

static void impossible_sizes_are_refused(void **state)
{
    (void)state;
    gz_image image;
    assert_int_equal(gz_image_create(0, 5, 1, 0, &image), GAZE_ERROR_DATA);
    assert_int_equal(gz_image_create(1 << 15, 1 << 14, 1, 0, &image), GAZE_ERROR_DATA);
    assert_int_equal(gz_image_create(SIZE_MAX, SIZE_MAX, 3, 0, &image), GAZE_ERROR_DATA);
}

static void a_full_disk_is_an_error(void **state)
{
    (void)state;
    gz_image image;
    assert_done(gz_image_create(2, 2, 1, 0, &image));
    assert_refused(gz_png_write("/dev/full", &image, NULL), GAZE_ERROR_DATA, "/dev/full", NULL);
    gz_image_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(the_same_pixels_are_the_same_bytes),
        cmocka_unit_test(text_chunks_are_kept_and_no_time),
        cmocka_unit_test(palettes_are_expanded),
        cmocka_unit_test(sixteen_bits_and_one_bit_become_eight),
        cmocka_unit_test(transparency_lies_on_white),
        cmocka_unit_test(jpegs_are_read_in_gray_and_in_colour),
        cmocka_unit_test(a_jpeg_of_very_many_scans_is_refused),
        cmocka_unit_test(a_cmyk_jpeg_is_refused),
        cmocka_unit_test(truncated_images_are_refused_with_the_byte),
        cmocka_unit_test(a_damaged_png_is_refused),
        cmocka_unit_test(a_small_file_that_claims_many_pixels_takes_no_memory),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(impossible_sizes_are_refused),
        cmocka_unit_test(a_full_disk_is_an_error),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
