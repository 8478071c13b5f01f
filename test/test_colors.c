/* Colour maps and the words of the options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../engine/view/canvas.h"
#include "../engine/view/view.h"

#include <math.h>

typedef struct sample {
    double value;
    int rgb[3];
} sample;

/* From matplotlib 3.11: (255 * colormap(i)).round() at value i / 255. */
static const sample viridis[] = {
    {0, {68, 1, 84}},
    {8 / 255., {71, 13, 96}},
    {32 / 255., {71, 45, 123}},
    {64 / 255., {59, 82, 139}},
    {97 / 255., {44, 115, 142}},
    {128 / 255., {33, 145, 140}},
    {173 / 255., {58, 186, 118}},
    {200 / 255., {112, 207, 87}},
    {233 / 255., {197, 224, 33}},
    {1, {253, 231, 37}},
};
static const sample jet[] = {
    {0, {0, 0, 128}},
    {8 / 255., {0, 0, 164}},
    {64 / 255., {0, 128, 255}},
    {128 / 255., {125, 255, 122}},
    {200 / 255., {255, 119, 0}},
    {240 / 255., {196, 0, 0}},
    {1, {128, 0, 0}},
};

static void assert_colors(gz_colors colors, const sample *samples, size_t count, int limit)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t rgb[3];
        gz_color(colors, samples[i].value, rgb);
        for (size_t c = 0; c < 3; c++)
            if (abs(rgb[c] - samples[i].rgb[c]) > limit)
                fail_msg("value %g, channel %zu: %d, expected %d", samples[i].value, c, rgb[c],
                         samples[i].rgb[c]);
    }
}

static void viridis_is_matplotlibs(void **state)
{
    (void)state;
    assert_colors(GZ_VIRIDIS, viridis, sizeof viridis / sizeof *viridis, 1);
}

static void jet_is_matplotlibs(void **state)
{
    (void)state;
    /* matplotlib looks the value up in a table of 256 */
    assert_colors(GZ_JET, jet, sizeof jet / sizeof *jet, 2);
}

static void gray_runs_from_black_to_white(void **state)
{
    (void)state;
    static const sample gray[] = {{0, {0, 0, 0}}, {0.5, {128, 128, 128}}, {1, {255, 255, 255}}};
    assert_colors(GZ_GRAY, gray, 3, 0);
}

static void viridis_grows_brighter_at_every_step(void **state)
{
    (void)state;
    double before = 0;
    for (int i = 0; i <= 1000; i++) {
        uint8_t rgb[3];
        gz_color(GZ_VIRIDIS, i / 1000., rgb);
        const double luma = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
        assert_true(luma > before - 1.5);
        before = luma;
    }
}

static void values_beyond_the_ends_take_their_colors(void **state)
{
    (void)state;
    for (int colors = GZ_VIRIDIS; colors <= GZ_JET; colors++) {
        uint8_t low[3], below[3], high[3], above[3], none[3];
        gz_color((gz_colors)colors, 0, low);
        gz_color((gz_colors)colors, -3, below);
        gz_color((gz_colors)colors, 1, high);
        gz_color((gz_colors)colors, 7, above);
        gz_color((gz_colors)colors, strtod("nan", NULL), none);
        assert_memory_equal(low, below, 3);
        assert_memory_equal(high, above, 3);
        assert_memory_equal(low, none, 3);
    }
}

static void words_are_read_and_typos_get_the_nearest(void **state)
{
    (void)state;
    gz_colors colors;
    gz_scaling scaling;
    assert_int_equal(gz_colors_parse("jet", &colors), GAZE_OK);
    assert_int_equal(colors, GZ_JET);
    assert_int_equal(gz_colors_parse(NULL, &colors), GAZE_OK);
    assert_int_equal(colors, GZ_VIRIDIS);
    assert_int_equal(gz_scaling_parse("0..1", &scaling), GAZE_OK);
    assert_int_equal(scaling, GZ_UNIT);
    assert_int_equal(gz_scaling_parse(NULL, &scaling), GAZE_OK);
    assert_int_equal(scaling, GZ_MINMAX);
    assert_int_equal(gz_colors_parse("virids", &colors), GAZE_ERROR_USAGE);
    assert_non_null(strstr(gaze_message(), "did you mean 'viridis'?"));
    assert_int_equal(gz_scaling_parse("percent", &scaling), GAZE_ERROR_USAGE);
    assert_non_null(strstr(gaze_message(), "percentile"));
}

/* WCAG 2, in the words of its definition. */
static double luminance(const uint8_t rgb[3])
{
    double part[3];
    for (size_t c = 0; c < 3; c++) {
        const double s = rgb[c] / 255.;
        part[c] = s <= 0.04045 ? s / 12.92 : pow((s + 0.055) / 1.055, 2.4);
    }
    return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2];
}

static void letters_can_be_read_on_every_color(void **state)
{
    (void)state;
    for (int colors = GZ_VIRIDIS; colors <= GZ_JET; colors++)
        for (int i = 0; i < 1000; i++) {
            gz_ink ground;
            gz_color((gz_colors)colors, i / 999., ground.rgb);
            const double a = luminance(ground.rgb), b = luminance(gz_ink_on(ground).rgb);
            assert_true((fmax(a, b) + 0.05) / (fmin(a, b) + 0.05) >= 4.5);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(viridis_is_matplotlibs),
        cmocka_unit_test(jet_is_matplotlibs),
        cmocka_unit_test(gray_runs_from_black_to_white),
        cmocka_unit_test(viridis_grows_brighter_at_every_step),
        cmocka_unit_test(values_beyond_the_ends_take_their_colors),
        cmocka_unit_test(letters_can_be_read_on_every_color),
        cmocka_unit_test(words_are_read_and_typos_get_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
