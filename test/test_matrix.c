/* Matrices of queries and keys, and grids of heads. */
#include "pictures.h"

#include <math.h>

#include "../engine/view/merge.h"
#include "../engine/view/ruler.h"

enum { QUERIES = 7, KEYS = 9, HEADS = 6 };

static float turned[QUERIES * KEYS], stacked[HEADS * KEYS * KEYS];
static const char *const french[] = {"<start>",
                                     "la",
                                     "zone",
                                     ("\xc3\xa9"
                                      "conomique"),
                                     "a very long token that is cut",
                                     "\"",
                                     "<end>"};
static const char *const english[] = {"<start>", "the", "European", "Economic", "Area",
                                      ".",       "x",   "&",        "<end>"};

/* Quotients of small integers only, so that every machine has the same bits. */
static int make(void **state)
{
    for (size_t i = 0; i < QUERIES * KEYS; i++) {
        const float far = (float)(i / KEYS) - 6 + (float)(i % KEYS);
        turned[i] = 1 / (1 + 4 * far * far);
    }
    for (size_t h = 0; h < HEADS; h++)
        for (size_t i = 0; i < KEYS * KEYS; i++) {
            const float far = (float)(i / KEYS) - (float)(i % KEYS) + (float)h;
            stacked[h * KEYS * KEYS + i] = (float)(h + 1) / (6 + 6 * far * far);
        }
    return scratch_make(state);
}

static void matrix_with_tokens_has_its_golden_bytes(void **state)
{
    (void)state;
    gz_image image;
    const gz_map map = {QUERIES, KEYS, turned, .field = {.known = false}};
    const gz_picture_options options = {.title = "reverse: luong, sample 3",
                                        .caption = "Share of the row's query; each row sums to 1."};
    assert_done(gz_view_matrix(&map, &(gz_axes){french, english}, &options, &image));
    assert_golden("matrix", &image);
}

static void matrix_without_tokens_has_numbers(void **state)
{
    (void)state;
    gz_image image;
    const gz_map map = {QUERIES, KEYS, turned, .field = {.known = false}};
    assert_done(gz_view_matrix(&map, &(gz_axes){NULL, NULL}, &(gz_picture_options){.pixel = 14}, &image));
    assert_golden("matrix-numbers", &image);
}

static void heads_have_their_golden_bytes(void **state)
{
    (void)state;
    gz_image image;
    const gz_stack stack = {HEADS, KEYS, KEYS, stacked, "head"};
    assert_done(gz_view_heads(&stack, &(gz_picture_options){.title = "6 heads"}, &image));
    assert_golden("heads", &image);
}

static bool has_ink(const gz_image *image, size_t y, size_t x, const uint8_t rgb[3])
{
    return memcmp(image->pixels + 3 * (y * image->width + x), rgb, 3) == 0;
}

/* A screen pixel of the colour; *y is image->height where there is none. */
static void find_ink(const gz_image *image, const uint8_t rgb[3], size_t *y, size_t *x)
{
    for (*y = 0; *y < image->height; (*y)++)
        for (*x = 0; *x < image->width; (*x)++)
            if (has_ink(image, *y, *x, rgb)) return;
}

static void rows_are_queries_and_columns_are_keys(void **state)
{
    (void)state;
    gz_image image;
    const float values[6] = {[1] = 0.5f, [5] = 1}; /* half: query 0, key 1; all: query 1, key 2 */
    const gz_map map = {2, 3, values, .field = {.known = false}};
    uint8_t teal[3], yellow[3];
    size_t y = 0, x = 0;
    gz_color(GZ_VIRIDIS, 0.5, teal);
    gz_color(GZ_VIRIDIS, 1, yellow);
    assert_done(gz_view_matrix(&map, &(gz_axes){NULL, NULL}, &(gz_picture_options){.pixel = 20}, &image));
    find_ink(&image, teal, &y, &x);
    assert_true(has_ink(&image, y + 19, x + 19, teal));
    assert_true(has_ink(&image, y + 20, x + 20, yellow) && has_ink(&image, y + 39, x + 39, yellow));
    assert_false(has_ink(&image, y + 19, x + 20, yellow) || has_ink(&image, y + 20, x + 19, yellow));
    gz_image_free(&image);
}

static void a_long_sequence_is_merged_and_keeps_its_peak(void **state)
{
    (void)state;
    enum { LONG = 3001 };
    float *values = calloc(LONG * 2, sizeof *values);
    gz_merged merged;
    assert_non_null(values);
    values[LONG + 2999] = 1;
    const gz_map map = {2, LONG, values, .field = {.known = false}};
    assert_done(gz_merge(&map, 1600, &merged));
    assert_true(merged.rows == 1 && merged.columns == 2);
    assert_true(merged.map.height == 2 && merged.map.width == 1501);
    assert_true(merged.map.values[1501 + 1499] == 1);
    gz_text text = {0};
    char *said;
    gz_merge_say(&text, &merged);
    assert_done(gz_text_take(&text, &said));
    assert_string_equal(said, " Each drawn cell is the largest of 1 x 2.");
    free(said);
    free(merged.own);
    free(values);
}

static size_t height_of(size_t rows, size_t columns)
{
    float *values;
    gz_image image;
    assert_done(gz_allocate(rows * columns, sizeof *values, &values));
    values[0] = 1;
    const gz_map map = {rows, columns, values, .field = {.known = false}};
    assert_done(gz_view_matrix(&map, &(gz_axes){NULL, NULL}, &(gz_picture_options){.title = "rows"}, &image));
    const size_t height = image.height;
    gz_image_free(&image);
    free(values);
    return height;
}

static void a_few_long_rows_are_as_high_as_their_labels(void **state)
{
    (void)state;
    assert_int_equal(height_of(12, 3000) - height_of(8, 3000), 4 * 24);
    assert_int_equal(height_of(900, 1500) - height_of(800, 1500), 100);
}

static void pictures_of_any_size_stay_below_2000_pixels(void **state)
{
    (void)state;
    static const size_t sides[][2] = {{1, 2},       {2, 1},     {64, 64},    {65, 700},
                                      {1600, 1600}, {1601, 30}, {5000, 5000}};
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        const size_t count = sides[i][0] * sides[i][1];
        float *values = calloc(count, sizeof *values);
        gz_image image;
        assert_non_null(values);
        values[count - 1] = 1;
        const gz_map map = {sides[i][0], sides[i][1], values, .field = {.known = false}};
        assert_done(gz_view_matrix(&map, &(gz_axes){NULL, NULL}, &(gz_picture_options){0}, &image));
        assert_true(image.width >= 380 && image.width <= 2000 && image.height <= 2000);
        gz_image_free(&image);
        free(values);
    }
}

static void labels_are_thinned_where_they_would_touch(void **state)
{
    (void)state;
    static const struct {
        size_t count, cell, every;
    } rows[] = {{64, 12, 1}, {64, 11, 1}, {70, 10, 2}, {100, 5, 5}, {300, 2, 10}, {768, 1, 20}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(gz_ruler_rows(NULL, rows[i].count, rows[i].cell, 1, 1).every, rows[i].every);
    const gz_ruler numbers = gz_ruler_columns(NULL, 1500, 1, 2, 1);
    assert_int_equal(numbers.every, 50); /* "2900" and a gap in 50 pixels */
    assert_false(numbers.up);
}

static void long_names_of_columns_read_upwards(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "an"};
    assert_false(gz_ruler_columns(names, 2, 20, 1, 1).up);
    assert_true(gz_ruler_columns(english, KEYS, 30, 1, 1).up);
}

static void matrices_that_cannot_be_drawn_are_refused_with_the_words(void **state)
{
    (void)state;
    gz_image image;
    const float same[4] = {1, 1, 1, 1}, odd[4] = {0, NAN, 1, 2};
    const gz_map constant = {2, 2, same, .field = {.known = false}},
                 broken = {2, 2, odd, .field = {.known = false}};
    const gz_axes axes = {NULL, NULL};
    assert_refused(gz_view_matrix(&constant, &axes, &(gz_picture_options){0}, &image), GAZE_ERROR_DATA,
                   "every value is 1", NULL);
    assert_refused(gz_view_matrix(&broken, &axes, &(gz_picture_options){0}, &image), GAZE_ERROR_DATA,
                   "1 of 4 values is not finite", NULL);
    assert_refused(gz_view_heads(&(gz_stack){1, 2, 2, same, "head"}, &(gz_picture_options){0}, &image),
                   GAZE_ERROR_DATA, "every value is 1", NULL);
}

static void more_heads_than_a_picture_holds_are_refused(void **state)
{
    (void)state;
    gz_image image;
    float values[1601] = {1};
    assert_refused(
        gz_view_heads(&(gz_stack){1601, 1, 1, values, "channel"}, &(gz_picture_options){0}, &image),
        GAZE_ERROR_DATA, "1601 channels", "1600", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matrix_with_tokens_has_its_golden_bytes),
        cmocka_unit_test(matrix_without_tokens_has_numbers),
        cmocka_unit_test(heads_have_their_golden_bytes),
        cmocka_unit_test(rows_are_queries_and_columns_are_keys),
        cmocka_unit_test(a_long_sequence_is_merged_and_keeps_its_peak),
        cmocka_unit_test(a_few_long_rows_are_as_high_as_their_labels),
        cmocka_unit_test(pictures_of_any_size_stay_below_2000_pixels),
        cmocka_unit_test(labels_are_thinned_where_they_would_touch),
        cmocka_unit_test(long_names_of_columns_read_upwards),
        cmocka_unit_test(matrices_that_cannot_be_drawn_are_refused_with_the_words),
        cmocka_unit_test(more_heads_than_a_picture_holds_are_refused),
    };
    return cmocka_run_group_tests(tests, make, scratch_remove);
}
