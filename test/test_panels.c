/* One query on the image, and the five panels around an attention layer. */
#include "pictures.h"

#include <math.h>

enum { CELLS = 8, PIXELS = 20 };

static float row[CELLS * CELLS], before[CELLS * CELLS], after[CELLS * CELLS], flat[CELLS * CELLS];
static float gray[PIXELS * PIXELS];

#define POOLED                                                               \
    {                                                                        \
        .known = true, .first = {2.5, 2.5}, .step = {2, 2}, .size = { 6, 6 } \
    }
static const gz_map row_map = {CELLS, CELLS, row, POOLED};
static const gz_photo photo = {PIXELS, PIXELS, 1, gray};

/* Quotients of small integers only, so that every machine has the same bits. */
static int make(void **state)
{
    for (size_t i = 0; i < CELLS * CELLS; i++) {
        const float y = (float)(i / CELLS) - 2, x = (float)(i % CELLS) - 5;
        row[i] = 1 / (8 + 4 * (x * x + y * y));
        before[i] = (float)(i % CELLS) / 4;
        after[i] = before[i] * row[i];
        flat[i] = 0;
    }
    for (size_t i = 0; i < PIXELS * PIXELS; i++) gray[i] = (float)((i / PIXELS + i % PIXELS) % 16) / 16;
    return scratch_make(state);
}

static void one_query_has_its_golden_bytes(void **state)
{
    (void)state;
    gz_image image;
    const gz_picture_options options = {
        .pixel = 6, .title = "non_local: attention, sample 3", .caption = "Share of the row's cell."};
    assert_done(gz_view_query(&row_map, &photo, (size_t[]){1, 6}, &options, &image));
    assert_golden("query", &image);
}

static bool is_ink(const gz_image *image, size_t y, size_t x, const uint8_t rgb[3])
{
    return memcmp(image->pixels + 3 * (y * image->width + x), rgb, 3) == 0;
}

static void the_frame_is_around_the_querys_pixels(void **state)
{
    (void)state;
    static const uint8_t orange[3] = {213, 94, 0};
    gz_image image;
    const gz_picture_options options = {.pixel = 10};
    assert_done(gz_view_query(&row_map, &photo, (size_t[]){1, 6}, &options, &image));
    /* Cell (1, 6) is centred on (4.5, 14.5) and its block is 2 pixels wide: rows 4..5, columns 14..15. The
     * panels begin at (28, 14), below a line of words. */
    const size_t top = 28 + 4 * 10, left = 14 + 14 * 10;
    assert_true(is_ink(&image, top - 2, left + 5, orange));
    assert_true(is_ink(&image, top + 21, left + 5, orange));
    assert_true(is_ink(&image, top + 5, left - 2, orange));
    assert_true(is_ink(&image, top + 5, left + 21, orange));
    assert_false(is_ink(&image, top + 5, left + 5, orange));
    gz_image_free(&image);
}

static void a_query_at_the_edge_is_framed_inside_the_picture(void **state)
{
    (void)state;
    gz_image image;
    const gz_map strip = {CELLS, CELLS, row, .field = {.known = false}};
    for (size_t i = 0; i < 4; i++) {
        const size_t query[2] = {i / 2 * (CELLS - 1), i % 2 * (CELLS - 1)};
        assert_done(gz_view_query(&strip, &photo, query, &(gz_picture_options){0}, &image));
        gz_image_free(&image);
    }
}

static const gz_features features = {{CELLS, CELLS, before, POOLED},
                                     {CELLS, CELLS, after, POOLED},
                                     "largest value of 32 channels",
                                     "largest value of 32 channels"};

static void five_panels_have_their_golden_bytes(void **state)
{
    (void)state;
    gz_image image;
    const gz_picture_options options = {
        .pixel = 6, .title = "seed 003: gate, sample 3", .caption = "Share of the attention."};
    assert_done(gz_view_panels(&row_map, &photo, &features, &options, &image));
    assert_golden("panels", &image);
}

static void features_that_cannot_be_drawn_have_their_reason_in_their_place(void **state)
{
    (void)state;
    gz_image image;
    gz_features dead = features;
    dead.after.values = flat;
    const gz_picture_options options = {.pixel = 5};
    assert_done(gz_view_panels(&row_map, &photo, &dead, &options, &image));
    assert_golden("panels-dead", &image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_query_has_its_golden_bytes),
        cmocka_unit_test(the_frame_is_around_the_querys_pixels),
        cmocka_unit_test(a_query_at_the_edge_is_framed_inside_the_picture),
        cmocka_unit_test(five_panels_have_their_golden_bytes),
        cmocka_unit_test(features_that_cannot_be_drawn_have_their_reason_in_their_place),
    };
    return cmocka_run_group_tests(tests, make, scratch_remove);
}
