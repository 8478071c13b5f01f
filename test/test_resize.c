#include "scratch.h"

#include "../engine/data/resize.h"

static float plain[256]; /* bytes as they are */

static int fill_table(void **state)
{
    (void)state;
    for (int i = 0; i < 256; i++) plain[i] = (float)i;
    return 0;
}

static void assert_resized(size_t height, size_t width, size_t channels, const char *pixels,
                           gz_sample_size size, const float *expected)
{
    gz_image image;
    float out[64];
    assert_done(gz_image_create(height, width, channels, 0, &image));
    memcpy(image.pixels, pixels, height * width * channels);
    assert_done(gz_resize(&image, &size, plain, out));
    for (size_t i = 0; i < size.height * size.width * size.channels; i++)
        if (out[i] != expected[i]) fail_msg("value %zu is %g, expected %g", i, out[i], expected[i]);
    gz_image_free(&image);
}

static void the_same_size_is_the_same_values(void **state)
{
    (void)state;
    assert_resized(2, 3, 1, "\1\2\3\4\5\6", (gz_sample_size){2, 3, 1, GZ_ASPECT_SQUEEZE},
                   (float[]){1, 2, 3, 4, 5, 6});
}

/* Centres of the new pixels lie at -0.25, 0.25, 0.75 and 1.25 of the old ones. */
static void twice_the_size_blends_by_quarters(void **state)
{
    (void)state;
    assert_resized(1, 2, 1, "\0\10", (gz_sample_size){1, 4, 1, GZ_ASPECT_SQUEEZE}, (float[]){0, 2, 6, 8});
    assert_resized(2, 1, 1, "\0\10", (gz_sample_size){4, 1, 1, GZ_ASPECT_SQUEEZE}, (float[]){0, 2, 6, 8});
}

/* A third of the size takes the middle ones, as Keras does without antialias. */
static void shrinking_takes_points(void **state)
{
    (void)state;
    assert_resized(1, 6, 1, "\1\2\3\4\5\6", (gz_sample_size){1, 2, 1, GZ_ASPECT_SQUEEZE}, (float[]){2, 5});
    assert_resized(2, 4, 1, "\0\2\4\6\10\12\14\16", (gz_sample_size){1, 2, 1, GZ_ASPECT_SQUEEZE},
                   (float[]){5, 9});
}

static void a_crop_is_the_middle(void **state)
{
    (void)state;
    assert_resized(2, 4, 1, "\1\2\3\4\5\6\7\10", (gz_sample_size){2, 2, 1, GZ_ASPECT_CROP},
                   (float[]){2, 3, 6, 7});
    assert_resized(4, 2, 1, "\1\2\3\4\5\6\7\10", (gz_sample_size){2, 2, 1, GZ_ASPECT_CROP},
                   (float[]){3, 4, 5, 6});
}

static void padding_is_black_on_both_sides(void **state)
{
    (void)state;
    assert_resized(2, 4, 1, "\1\2\3\4\5\6\7\10", (gz_sample_size){4, 4, 1, GZ_ASPECT_PAD},
                   (float[]){0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0});
    assert_resized(2, 1, 1, "\1\2", (gz_sample_size){2, 3, 1, GZ_ASPECT_PAD}, (float[]){0, 1, 0, 0, 2, 0});
}

static void gray_becomes_three_channels_and_three_become_luma(void **state)
{
    (void)state;
    assert_resized(1, 2, 1, "\5\7", (gz_sample_size){1, 2, 3, GZ_ASPECT_SQUEEZE},
                   (float[]){5, 5, 5, 7, 7, 7});
    assert_resized(1, 3, 3, "\377\0\0\0\377\0\0\0\377", (gz_sample_size){1, 3, 1, GZ_ASPECT_SQUEEZE},
                   (float[]){76, 150, 29});
    assert_resized(1, 1, 3, "\1\2\3", (gz_sample_size){1, 1, 3, GZ_ASPECT_SQUEEZE}, (float[]){1, 2, 3});
}

static void values_go_through_the_table(void **state)
{
    (void)state;
    float table[256], out[3];
    gz_image image;
    for (int i = 0; i < 256; i++) table[i] = (float)i / 127.5f - 1;
    assert_done(gz_image_create(1, 1, 1, 255, &image));
    const gz_sample_size padded = {1, 3, 1, GZ_ASPECT_PAD};
    assert_done(gz_resize(&image, &padded, table, out));
    assert_true(out[0] == -1 && out[1] == 1 && out[2] == -1);
    gz_image_free(&image);
}

static void extreme_aspects_keep_a_pixel(void **state)
{
    (void)state;
    float out[4];
    gz_image image;
    assert_done(gz_image_create(1, 1000, 1, 9, &image));
    const gz_sample_size tall = {4, 1, 1, GZ_ASPECT_CROP};
    assert_done(gz_resize(&image, &tall, plain, out));
    for (int i = 0; i < 4; i++) assert_true(out[i] == 9);
    gz_image_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_size_is_the_same_values),
        cmocka_unit_test(twice_the_size_blends_by_quarters),
        cmocka_unit_test(shrinking_takes_points),
        cmocka_unit_test(a_crop_is_the_middle),
        cmocka_unit_test(padding_is_black_on_both_sides),
        cmocka_unit_test(gray_becomes_three_channels_and_three_become_luma),
        cmocka_unit_test(values_go_through_the_table),
        cmocka_unit_test(extreme_aspects_keep_a_pixel),
    };
    return cmocka_run_group_tests(tests, fill_table, NULL);
}
