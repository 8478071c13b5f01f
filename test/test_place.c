/* Where the cells of a map lie on the image, and maps that can't be drawn. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../engine/view/view.h"

enum { CELLS = 12, PIXELS = 28 };

/* Seed 000: two 3x3 convolutions and a 2x2 pool; cell i sees pixels 2i..2i+5. */
static const gaze_receptive_field seed_000 = {
    .known = true, .first = {2.5, 2.5}, .step = {2, 2}, .size = {6, 6}};

static float values[CELLS * CELLS];
static const gz_map map = {CELLS, CELLS, values,
                           .field = {.known = true, .first = {2.5, 2.5}, .step = {2, 2}, .size = {6, 6}}};

/* Centre of the weight that cell (row, column) alone puts on the image. */
static void centre_of_cell(size_t row, size_t column, double *y, double *x)
{
    float placed[PIXELS * PIXELS];
    double sum = 0;
    memset(values, 0, sizeof values);
    values[row * CELLS + column] = 1;
    assert_int_equal(gz_map_place(&map, PIXELS, PIXELS, placed), GAZE_OK);
    *y = *x = 0;
    for (size_t i = 0; i < PIXELS * PIXELS; i++) {
        sum += placed[i];
        *y += placed[i] * (double)(i / PIXELS);
        *x += placed[i] * (double)(i % PIXELS);
    }
    *y /= sum;
    *x /= sum;
}

static void cell_i_is_centred_on_pixel_2i_plus_2_5(void **state)
{
    (void)state;
    for (size_t i = 1; i + 1 < CELLS; i++) /* the outermost cells also fill the border */
        for (size_t j = 1; j + 1 < CELLS; j++) {
            double y, x;
            centre_of_cell(i, j, &y, &x);
            assert_true(fabs(y - (2 * (double)i + 2.5)) < 0.01);
            assert_true(fabs(x - (2 * (double)j + 2.5)) < 0.01);
        }
}

/* A map whose values are the cells' own centres must show each pixel its own position. */
static void no_pixel_is_misplaced_between_the_outermost_centres(void **state)
{
    (void)state;
    float placed[PIXELS * PIXELS];
    for (size_t i = 0; i < CELLS * CELLS; i++) values[i] = (float)(2 * (double)(i % CELLS) + 2.5);
    assert_int_equal(gz_map_place(&map, PIXELS, PIXELS, placed), GAZE_OK);
    for (size_t x = 3; x <= 24; x++) assert_true(fabs(placed[5 * PIXELS + x] - (double)x) < 0.01);
    for (size_t x = 0; x < 3; x++) assert_true(fabs(placed[5 * PIXELS + x] - 2.5) < 0.01);
    for (size_t x = 25; x < PIXELS; x++) assert_true(fabs(placed[5 * PIXELS + x] - 24.5) < 0.01);
}

/* The stretch that the field replaces is wrong by up to 1.8 pixels: the test above would see it. */
static void stretching_is_not_used_when_the_field_is_known(void **state)
{
    (void)state;
    const gz_map unknown = {CELLS, CELLS, values, .field = {.known = false}};
    const gaze_receptive_field known = gz_map_field(&map, PIXELS, PIXELS),
                               stretched = gz_map_field(&unknown, PIXELS, PIXELS);
    assert_true(known.first[0] == seed_000.first[0] && known.step[1] == seed_000.step[1]);
    assert_true(fabs(stretched.first[0] - 0.6667) < 1e-3 && fabs(stretched.step[0] - 2.3333) < 1e-3);
    assert_true(fabs(stretched.first[0] - seed_000.first[0]) > 1.8);
}

static void rows_and_columns_have_fields_of_their_own(void **state)
{
    (void)state;
    const float two_by_three[] = {0, 1, 2, 10, 11, 12};
    const gz_map wide = {
        2, 3, two_by_three, {.known = true, .first = {1, 4}, .step = {4, 8}, .size = {40, 40}}};
    float placed[6 * 24];
    assert_int_equal(gz_map_place(&wide, 6, 24, placed), GAZE_OK);
    assert_float_equal(placed[1 * 24 + 4], 0, 1e-6);
    assert_float_equal(placed[5 * 24 + 20], 12, 1e-6);
    assert_float_equal(placed[3 * 24 + 8], 5.5, 1e-6);
}

static void pixels_that_no_cell_sees_are_nan(void **state)
{
    (void)state;
    const float pair[] = {1, 2};
    const gz_map gaps = {1, 2, pair, {.known = true, .first = {0, 1}, .step = {1, 6}, .size = {3, 3}}};
    float placed[3 * 10];
    assert_int_equal(gz_map_place(&gaps, 3, 10, placed), GAZE_OK);
    for (size_t x = 0; x < 10; x++) {
        const bool seen = x <= 2 || (x >= 6 && x <= 8);
        assert_true(isnan(placed[x]) == !seen);
        assert_true(isnan(placed[2 * 10 + x])); /* the cells reach from row -1 to row 1 */
    }
}

static const char *words_for(size_t height, size_t width, const float *cells)
{
    static char text[160];
    return gz_map_undrawable(&(gz_map){height, width, cells, {.known = false}}, text);
}

static void what_cannot_be_drawn_is_said_in_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < CELLS * CELLS; i++) values[i] = 1 / 144.0f;
    assert_string_equal(words_for(CELLS, CELLS, values), "every value is 0.00694");
    assert_string_equal(words_for(1, 1, (const float[]){1}), "one cell only: 1");
    values[3] = NAN, values[5] = INFINITY, values[100] = -INFINITY;
    assert_string_equal(words_for(CELLS, CELLS, values), "3 of 144 values are not finite");
    assert_string_equal(words_for(1, 2, (const float[]){1, NAN}), "1 of 2 values is not finite");
}

static void rounding_is_not_drawn_as_noise(void **state)
{
    (void)state;
    for (size_t i = 0; i < CELLS * CELLS; i++) values[i] = 1 / 144.0f + (i % 2 ? 1e-9f : 0);
    assert_string_equal(words_for(CELLS, CELLS, values), "every value is 0.00694 up to rounding");
    values[7] *= 1.001f;
    assert_null(words_for(CELLS, CELLS, values));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cell_i_is_centred_on_pixel_2i_plus_2_5),
        cmocka_unit_test(no_pixel_is_misplaced_between_the_outermost_centres),
        cmocka_unit_test(stretching_is_not_used_when_the_field_is_known),
        cmocka_unit_test(rows_and_columns_have_fields_of_their_own),
        cmocka_unit_test(pixels_that_no_cell_sees_are_nan),
        cmocka_unit_test(what_cannot_be_drawn_is_said_in_words),
        cmocka_unit_test(rounding_is_not_drawn_as_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
