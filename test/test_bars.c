/* Sequences as bars, as coloured words, and as a page. */
#include "pictures.h"

#include <math.h>

enum { STEPS = 14 };

static float look[STEPS];
static const char *const names[STEPS] = {"The",
                                         "film",
                                         "was",
                                         "not",
                                         "bad",
                                         ",",
                                         "the",
                                         ("com\xc3\xa9"
                                          "die"),
                                         "&",
                                         "<b>",
                                         "a very long token that is cut somewhere",
                                         "\"",
                                         "!",
                                         "<end>"};
static const gz_sequence named = {STEPS, look, names}, numbered = {STEPS, look, NULL};
static const gz_picture_options options = {.title = "sentiment: attention, sample 3",
                                           .caption = "Share of the attention; all steps sum to 1."};

/* Quotients of small integers only, so that every machine has the same bits. */
static int make(void **state)
{
    for (size_t i = 0; i < STEPS; i++) look[i] = 1 / (4 + 2 * ((float)i - 4) * ((float)i - 4));
    return scratch_make(state);
}

static void bars_have_their_golden_bytes(void **state)
{
    (void)state;
    gz_image image;
    assert_done(gz_view_bars(&named, &options, &image));
    assert_golden("bars", &image);
}

static void words_have_their_golden_bytes(void **state)
{
    (void)state;
    gz_image image;
    assert_done(gz_view_words(&named, &options, &image));
    assert_golden("words", &image);
}

static void bars_below_zero_hang_from_it(void **state)
{
    (void)state;
    gz_image image;
    const float both[] = {2, 1, -1, 0, 0.5f, -0.5f};
    assert_done(gz_view_bars(&(gz_sequence){6, both, NULL}, &(gz_picture_options){.pixel = 24}, &image));
    assert_golden("bars-signed", &image);
}

static void the_page_has_its_golden_text(void **state)
{
    (void)state;
    char *page, *golden;
    size_t size;
    assert_done(gz_view_html(&named, &options, &page));
    assert_done(gz_file_write(BINARY_DIR "/words.html", page, strlen(page)));
    read_all(SOURCE_DIR "/test/golden/pictures/words.html", &golden, &size);
    const bool same = size == strlen(page) && !memcmp(page, golden, size);
    free(page);
    free(golden);
    if (!same) fail_msg("words.html differs from test/golden/pictures/words.html");
}

static char *page_of(const char *name)
{
    char *page;
    const float values[] = {0.25f, 0.75f};
    const char *const both[] = {name, "plain"};
    assert_done(gz_view_html(&(gz_sequence){2, values, both},
                             &(gz_picture_options){.title = name, .caption = name}, &page));
    return page;
}

static size_t count_of(const char *text, const char *word)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, word)); at++) count++;
    return count;
}

static void no_text_of_the_page_can_become_markup(void **state)
{
    (void)state;
    char *page = page_of("<script>alert('\"&')</script>");
    assert_null(strstr(page, "<script"));
    assert_int_equal(count_of(page, "&#60;script&#62;alert(&#39;&#34;&#38;&#39;)"),
                     4); /* title, h1, word, caption */
    free(page);
    page = page_of("a\xff\x01z");
    assert_int_equal(count_of(page, "a&#xfffd;&#xfffd;z"), 4);
    free(page);
}

static void the_page_asks_nothing_of_the_network(void **state)
{
    (void)state;
    static const char *const words[] = {"http", "src=", "href", "url(", "@import", "<link", "<script"};
    char *page = page_of("x");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) assert_null(strstr(page, words[i]));
    free(page);
}

static void every_value_of_the_page_is_there_as_text(void **state)
{
    (void)state;
    char *page = page_of("x");
    assert_non_null(strstr(page, "title=\"step 1: 0.75\">plain<sup>0.750</sup>"));
    free(page);
}

static void long_sequences_stay_below_2000_pixels(void **state)
{
    (void)state;
    static const size_t counts[] = {2, 64, 65, 800, 801, 20000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        float *values = calloc(counts[i], sizeof *values);
        gz_image image;
        assert_non_null(values);
        values[counts[i] - 1] = 1;
        const gz_sequence sequence = {counts[i], values, NULL};
        assert_done(gz_view_bars(&sequence, &(gz_picture_options){0}, &image));
        assert_true(image.width <= 2000 && image.height <= 2000);
        gz_image_free(&image);
        assert_done(gz_view_words(&sequence, &(gz_picture_options){0}, &image));
        assert_true(image.width <= 2000 && image.height <= 2000);
        gz_image_free(&image);
        free(values);
    }
}

static void sequences_that_cannot_be_drawn_are_refused_with_the_words(void **state)
{
    (void)state;
    gz_image image;
    char *page;
    const float same[] = {0.5f, 0.5f};
    const gz_sequence constant = {2, same, NULL};
    const gz_picture_options none = {0};
    assert_refused(gz_view_bars(&constant, &none, &image), GAZE_ERROR_DATA, "every value is 0.5", NULL);
    assert_refused(gz_view_words(&constant, &none, &image), GAZE_ERROR_DATA, "every value is 0.5", NULL);
    assert_refused(gz_view_html(&constant, &none, &page), GAZE_ERROR_DATA, "every value is 0.5", NULL);
}

static void steps_without_names_have_numbers(void **state)
{
    (void)state;
    char *page;
    assert_done(gz_view_html(&numbered, &(gz_picture_options){0}, &page));
    assert_non_null(strstr(page, ">13<sup>"));
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bars_have_their_golden_bytes),
        cmocka_unit_test(words_have_their_golden_bytes),
        cmocka_unit_test(bars_below_zero_hang_from_it),
        cmocka_unit_test(the_page_has_its_golden_text),
        cmocka_unit_test(no_text_of_the_page_can_become_markup),
        cmocka_unit_test(the_page_asks_nothing_of_the_network),
        cmocka_unit_test(every_value_of_the_page_is_there_as_text),
        cmocka_unit_test(long_sequences_stay_below_2000_pixels),
        cmocka_unit_test(sequences_that_cannot_be_drawn_are_refused_with_the_words),
        cmocka_unit_test(steps_without_names_have_numbers),
    };
    return cmocka_run_group_tests(tests, make, scratch_remove);
}
