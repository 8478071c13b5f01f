/* The pictures: their bytes, what is on them, and what is refused. */
#include "pictures.h"

#include <math.h>

#include "../engine/view/canvas.h"
#include "../engine/view/range.h"

enum { CELLS = 12, PIXELS = 28, TILES = 6 };

static float blob[CELLS * CELLS], ramp[CELLS * CELLS], flat[CELLS * CELLS], broken[CELLS * CELLS];
static float gray[PIXELS * PIXELS], rgb[20 * 32 * 3];

#define SEED_000                                                             \
    {                                                                        \
        .known = true, .first = {2.5, 2.5}, .step = {2, 2}, .size = { 6, 6 } \
    }
static const gz_map blob_map = {CELLS, CELLS, blob, SEED_000};
static const gz_photo gray_photo = {PIXELS, PIXELS, 1, gray}, rgb_photo = {20, 32, 3, rgb};
static const char meaning[] = "Share of the attention that this cell gets; all cells sum to 1.";

/* Quotients of small integers only, so that every machine has the same bits. */
static int make(void **state)
{
    for (size_t i = 0; i < CELLS * CELLS; i++) {
        const float y = (float)(i / CELLS) - 3, x = (float)(i % CELLS) - 8;
        blob[i] = 1 / (16 + 4 * (x * x + y * y));
        ramp[i] = (float)(i % CELLS) / 16;
        flat[i] = 1 / 144.0f;
        broken[i] = i == 7 ? NAN : ramp[i];
    }
    for (size_t i = 0; i < PIXELS * PIXELS; i++) {
        const size_t y = i / PIXELS, x = i % PIXELS;
        gray[i] = y > 6 && y < 24 && x > 4 && x < 20 ? (float)(x + y) / 64 : 0;
    }
    for (size_t i = 0; i < 20 * 32 * 3; i++) rgb[i] = (float)((i / 3 % 32 + i % 3 * 10) % 32) / 32;
    return scratch_make(state);
}

static void map_alone_has_its_golden_bytes(void **state)
{
    (void)state;
    gz_image image;
    const gz_picture_options options = {
        .colors = GZ_GRAY, .title = "seed 000: attention, sample 0", .caption = meaning};
    assert_done(gz_view_map(&blob_map, &options, &image));
    assert_golden("map", &image);
}

static void overlay_has_its_golden_bytes(void **state)
{
    (void)state;
    gz_image image;
    const gz_picture_options options = {
        .colors = GZ_JET, .scaling = GZ_PERCENTILE, .pixel = 6, .caption = meaning};
    assert_done(gz_view_overlay(&blob_map, &gray_photo, &options, &image));
    assert_golden("overlay", &image);
}

static void side_by_side_has_its_golden_bytes(void **state)
{
    (void)state;
    gz_image image;
    const gz_map map = {CELLS, CELLS, ramp, .field = {.known = false}};
    const gz_picture_options options = {
        .scaling = GZ_UNIT, .pixel = 5, .title = "A map without a place", .caption = meaning};
    assert_done(gz_view_side_by_side(&map, &rgb_photo, &options, &image));
    assert_golden("side", &image);
}

static void strip_has_its_golden_bytes(void **state)
{
    (void)state;
    gz_image image;
    const gz_map map = {1, CELLS, blob + 3 * CELLS, .field = {.known = false}};
    assert_done(gz_view_map(&map, &(gz_picture_options){.title = "A sequence of 12 steps"}, &image));
    assert_golden("strip", &image);
}

static void make_tiles(gz_tile tiles[TILES])
{
    static const float *const maps[TILES] = {blob, ramp, flat, broken, blob, ramp};
    for (size_t i = 0; i < TILES; i++)
        tiles[i] = (gz_tile){.photo = gray_photo,
                             .map = {CELLS, CELLS, maps[i], SEED_000},
                             .true_class = i == 5 ? NULL : "Coat",
                             .predicted_class =
                                 i == 4 ? "A class with a name that is too long for its tile" : "Shirt",
                             .probability = i == 1 ? -1 : 0.71,
                             .wrong = i == 0 || i == 4,
                             .index = 17 + i};
}

static void sheet_has_its_golden_bytes(void **state)
{
    (void)state;
    gz_image image;
    gz_tile tiles[TILES];
    make_tiles(tiles);
    const gz_picture_options options = {.pixel = 2, .title = "seed 000: attention", .caption = meaning};
    assert_done(gz_view_sheet(tiles, TILES, 3, &options, &image));
    assert_golden("sheet", &image);
}

static void same_input_gives_the_same_pixels(void **state)
{
    (void)state;
    gz_image one, two;
    gz_tile tiles[TILES];
    make_tiles(tiles);
    assert_done(gz_view_sheet(tiles, TILES, 0, &(gz_picture_options){.title = "same"}, &one));
    assert_done(gz_view_sheet(tiles, TILES, 0, &(gz_picture_options){.title = "same"}, &two));
    assert_true(one.height == two.height && one.width == two.width);
    assert_memory_equal(one.pixels, two.pixels, one.height * one.width * 3);
    gz_image_free(&one);
    gz_image_free(&two);
}

static void maps_that_cannot_be_drawn_are_refused_with_the_words(void **state)
{
    (void)state;
    gz_image image;
    const gz_picture_options options = {0};
    const gz_map constant = {CELLS, CELLS, flat, SEED_000}, odd = {CELLS, CELLS, broken, SEED_000},
                 single = {1, 1, blob, SEED_000};
    assert_refused(gz_view_map(&constant, &options, &image), GAZE_ERROR_DATA, "every value is 0.00694", NULL);
    assert_refused(gz_view_overlay(&odd, &gray_photo, &options, &image), GAZE_ERROR_DATA,
                   "1 of 144 values is not finite", NULL);
    assert_refused(gz_view_side_by_side(&single, &gray_photo, &options, &image), GAZE_ERROR_DATA,
                   "one cell only", NULL);
    assert_refused(gz_view_sheet(NULL, 0, 0, &options, &image), GAZE_ERROR_DATA, "no samples", NULL);
}

static void photos_of_two_channels_are_refused(void **state)
{
    (void)state;
    gz_image image;
    const gz_photo photo = {10, 10, 2, gray};
    assert_refused(gz_view_overlay(&blob_map, &photo, &(gz_picture_options){0}, &image), GAZE_ERROR_DATA,
                   "1 or 3 channels", NULL);
}

static bool has_color(const gz_image *image, gz_ink ink)
{
    for (size_t i = 0; i < image->height * image->width; i++)
        if (memcmp(image->pixels + 3 * i, ink.rgb, 3) == 0) return true;
    return false;
}

static void a_sheet_without_mistakes_has_no_mark(void **state)
{
    (void)state;
    gz_image image;
    gz_tile tiles[TILES];
    make_tiles(tiles);
    assert_done(gz_view_sheet(&tiles[1], 1, 0, &(gz_picture_options){0}, &image));
    assert_false(has_color(&image, gz_orange));
    gz_image_free(&image);
    assert_done(gz_view_sheet(&tiles[0], 1, 0, &(gz_picture_options){0}, &image));
    assert_true(has_color(&image, gz_orange));
    gz_image_free(&image);
}

/* Pixels of one colour in the widest run of a row: how wide a photo was drawn. */
static size_t widest_run(const gz_image *image, gz_ink ink)
{
    size_t widest = 0;
    for (size_t y = 0; y < image->height; y++)
        for (size_t x = 0, run = 0; x < image->width; x++) {
            run = memcmp(image->pixels + 3 * (y * image->width + x), ink.rgb, 3) ? 0 : run + 1;
            if (run > widest) widest = run;
        }
    return widest;
}

static void photos_of_one_to_2000_pixels_make_pictures_of_a_usable_size(void **state)
{
    (void)state;
    static const size_t sides[][2] = {{1, 1}, {1, 28}, {28, 1}, {7, 300}, {500, 300}, {1500, 2000}};
    const gz_map map = {2, 2, blob,
                        .field = {.known = true, .first = {-50, -50}, .step = {1, 1}, .size = {1, 1}}};
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        float *values = malloc(sides[i][0] * sides[i][1] * sizeof *values);
        gz_image image;
        assert_non_null(values);
        for (size_t k = 0; k < sides[i][0] * sides[i][1]; k++) values[k] = 0;
        const gz_photo photo = {sides[i][0], sides[i][1], 1, values};
        assert_done(gz_view_overlay(&map, &photo, &(gz_picture_options){0}, &image));
        const size_t longer = sides[i][0] > sides[i][1] ? sides[i][0] : sides[i][1];
        const size_t expected = longer > 1000 ? 1000 : longer * (longer < 400 ? 400 / longer : 1);
        assert_int_equal(widest_run(&image, (gz_ink){{72, 72, 72}}), expected * sides[i][1] / longer);
        assert_true(image.width >= 380 && image.width <= 1400 && image.height <= 1400);
        gz_image_free(&image);
        free(values);
    }
}

static void overlay_colors_are_half_map_and_half_gray_photo(void **state)
{
    (void)state;
    const float two[] = {0, 1}, white[] = {1, 0, 0, 1, 1, 1};
    const gz_map map = {1, 2, two, .field = {.known = false}};
    const gz_photo photo = {1, 2, 3, white}; /* a red and a white pixel */
    gz_image image;
    assert_done(gz_view_overlay(&map, &photo, &(gz_picture_options){.colors = GZ_GRAY, .pixel = 10}, &image));
    /* red has luma 76.2, lifted to 126.7; half of it and half of the map's black is 63; white and white is
     * white */
    const uint8_t *left = image.pixels + 3 * (20 * image.width + 14), *right = left + 3 * 19;
    assert_true(left[0] == 63 && left[1] == 63 && left[2] == 63);
    assert_true(right[0] == 255 && right[1] == 255 && right[2] == 255);
    gz_image_free(&image);
}

static void numbers_have_the_digits_that_tell_them_apart(void **state)
{
    (void)state;
    static const struct {
        double low, high, value;
        const char *text;
    } cases[] = {
        {0, 1, 0.5, "0.50"},
        {0, 1, 0, "0"},
        {0.0012, 0.0834, 0.0423, "0.0423"},
        {100, 100.002, 100.001, "100.00100"},
        {-5, 5, -5, "-5.0"},
        {0, 3e9, 1.5e9, "1.50e+09"},
        {0, 2e-12, 1e-12, "1.00e-12"},
        {0, 1234, 617, "617"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[32];
        gz_range_number(&(gz_range){.low = cases[i].low, .high = cases[i].high}, cases[i].value, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void percentiles_are_numpys(void **state)
{
    (void)state;
    float values[201];
    gz_range range;
    for (size_t i = 0; i < 201; i++) values[i] = (float)(i * 7 % 201); /* 0..200, mixed */
    assert_done(gz_range_make(GZ_PERCENTILE, values, 201, &range));
    assert_float_equal(range.low, 2, 1e-9);
    assert_float_equal(range.high, 198, 1e-9);
    assert_true(range.below && range.above);
}

static void a_map_with_one_peak_falls_back_from_percentiles(void **state)
{
    (void)state;
    float values[CELLS * CELLS] = {[50] = 1};
    gz_range range;
    assert_done(gz_range_make(GZ_PERCENTILE, values, CELLS * CELLS, &range));
    assert_true(range.low == 0 && range.high == 1);
    assert_non_null(strstr(range.meaning, "smallest to the largest"));
}

static void text_is_wrapped_at_blanks_and_never_lost(void **state)
{
    (void)state;
    const gz_letters letters = {1, false, gz_black};
    static const char text[] = "one two three Caf\xc3\xa9 averyveryveryverylongword end";
    for (size_t width = 1; width < 300; width++) {
        size_t letters_seen = 0;
        const char *next;
        for (const char *at = text; *at; at = next) {
            const size_t bytes = gz_text_line(&letters, at, width, &next);
            assert_true(next > at);
            if (width > 8) assert_true(gz_text_width(&letters, at, bytes) <= width);
            for (size_t i = 0; i < bytes; i++) letters_seen += at[i] != ' ';
        }
        assert_int_equal(letters_seen, sizeof text - 1 - 5); /* all but the blanks */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(map_alone_has_its_golden_bytes),
        cmocka_unit_test(overlay_has_its_golden_bytes),
        cmocka_unit_test(side_by_side_has_its_golden_bytes),
        cmocka_unit_test(strip_has_its_golden_bytes),
        cmocka_unit_test(sheet_has_its_golden_bytes),
        cmocka_unit_test(same_input_gives_the_same_pixels),
        cmocka_unit_test(maps_that_cannot_be_drawn_are_refused_with_the_words),
        cmocka_unit_test(photos_of_two_channels_are_refused),
        cmocka_unit_test(a_sheet_without_mistakes_has_no_mark),
        cmocka_unit_test(photos_of_one_to_2000_pixels_make_pictures_of_a_usable_size),
        cmocka_unit_test(overlay_colors_are_half_map_and_half_gray_photo),
        cmocka_unit_test(numbers_have_the_digits_that_tell_them_apart),
        cmocka_unit_test(percentiles_are_numpys),
        cmocka_unit_test(a_map_with_one_peak_falls_back_from_percentiles),
        cmocka_unit_test(text_is_wrapped_at_blanks_and_never_lost),
    };
    return cmocka_run_group_tests(tests, make, scratch_remove);
}
