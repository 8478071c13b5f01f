/* Pages for the browser: templates, escaping, pictures as data, charts. */
#include "scratch.h"

#include "../engine/html/html.h"

#include <math.h>
#include <string.h>

static char *taken(gz_text *page)
{
    char *text;
    assert_done(gz_text_take(page, &text));
    return text;
}

static void add_number(gz_text *page, const void *facts) { gz_text_add(page, "%d", *(const int *)facts); }

static const gz_html_place mistake_places[] = {{"rows", add_number}};

static void places_are_filled_and_the_rest_stays(void **state)
{
    (void)state;
    gz_text page = {0};
    gz_html_fill(&page, "mistakes.html", mistake_places, 1, &(int){42});
    char *text = taken(&page);
    assert_non_null(strstr(text, "<tbody>\n42</tbody>"));
    assert_null(strstr(text, "{{"));
    free(text);
}

static void a_place_that_nobody_knows_is_an_error_that_names_it(void **state)
{
    (void)state;
    gz_text page = {0};
    char *text;
    gz_html_fill(&page, "classes.html", mistake_places, 1, &(int){42});
    assert_int_equal(gz_text_take(&page, &text), GAZE_ERROR_USAGE);
    assert_non_null(strstr(gaze_message(), "classes.html"));
    assert_non_null(strstr(gaze_message(), "{{unit}}"));
}

static void a_file_that_is_missing_is_an_error(void **state)
{
    (void)state;
    gz_text page = {0};
    char *text;
    gz_html_file(&page, "none.html");
    assert_int_equal(gz_text_take(&page, &text), GAZE_ERROR_USAGE);
    assert_non_null(strstr(gaze_message(), "none.html"));
}

static void words_cannot_become_markup_nor_end_a_script(void **state)
{
    (void)state;
    gz_text page = {0};
    gz_html_add(&page, "%s|", "<b a=\"1\">&'");
    gz_html_json(&page, "</script><!-- \"\\ \n");
    char *text = taken(&page);
    assert_string_equal(text,
                        "&#60;b a=&#34;1&#34;&#62;&#38;&#39;|\"\\u003c/script>\\u003c!-- \\\"\\\\ \\n\"");
    free(text);
}

/* The other way round, slowly. */
static size_t from_base64(const char *text, unsigned char *bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = 0;
    unsigned held = 0, bits = 0;
    for (; *text && *text != '='; text++) {
        held = held << 6 | (unsigned)(strchr(digits, *text) - digits);
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        bytes[n++] = (unsigned char)(held >> bits);
    }
    return n;
}

static void pictures_are_their_png_as_data(void **state)
{
    (void)state;
    static const char begin[] = "data:image/png;base64,";
    for (size_t width = 1; width < 40; width++) { /* every length of the last group */
        gz_image image;
        gz_text page = {0};
        char *png;
        size_t size;
        assert_done(gz_image_create(3, width, 3, 7, &image));
        for (size_t i = 0; i < 9 * width; i++) image.pixels[i] = (uint8_t)(i * i * width);
        gz_html_picture(&page, &image);
        char *text = taken(&page);
        assert_memory_equal(text, begin, strlen(begin));
        assert_int_equal(strlen(text + strlen(begin)) % 4, 0);
        unsigned char *bytes = malloc(strlen(text));
        assert_non_null(bytes);
        assert_done(gz_png_encode(&image, &png, &size));
        assert_int_equal(from_base64(text + strlen(begin), bytes), size);
        assert_memory_equal(bytes, png, size);
        free(png);
        free(bytes);
        free(text);
        gz_image_free(&image);
    }
}

static char *chart_of(const double *x, const double *a, const double *b, const double *c, size_t points)
{
    gz_text page = {0};
    gz_html_chart_add(&page, &(gz_html_chart){.id = "c",
                                              .title = "a & b",
                                              .summary = "s",
                                              .x_name = "x",
                                              .x = x,
                                              .points = points,
                                              .n_lines = 3,
                                              .lines = {{"first", a}, {"second", b}, {"third", c}},
                                              .whole_x = true});
    return taken(&page);
}

/* The height that a line's name stands at. */
static double height_of(const char *svg, const char *name)
{
    char end[32];
    snprintf(end, sizeof end, ">%s</text>", name);
    const char *at = strstr(svg, end);
    assert_non_null(at);
    while (strncmp(at, " y=\"", 4) != 0) at--;
    return strtod(at + 4, NULL);
}

static void names_of_lines_that_end_together_stand_apart(void **state)
{
    (void)state;
    const double x[] = {1, 2, 3}, a[] = {0, 1, 1}, b[] = {0.5, 1, 1}, c[] = {0.2, 1, 1};
    for (int upside = 0; upside < 2; upside++) { /* at the top, and at the bottom */
        const double low[] = {1, 0, 0};
        char *svg = upside ? chart_of(x, low, low, low, 3) : chart_of(x, a, b, c, 3);
        const double heights[] = {height_of(svg, "first"), height_of(svg, "second"), height_of(svg, "third")};
        for (size_t i = 0; i < 3; i++) {
            assert_true(heights[i] > 0 && heights[i] < 200);
            for (size_t k = 0; k < i; k++) assert_true(fabs(heights[i] - heights[k]) > 13.9);
        }
        free(svg);
    }
}

static void nothing_that_is_drawn_is_no_number(void **state)
{
    (void)state;
    const double x[] = {1, 2, 3}, flat[] = {2, 2, 2}, none[] = {NAN, NAN, NAN}, gap[] = {2, NAN, 2};
    for (size_t points = 1; points <= 3; points++) {
        char *svg = chart_of(x, flat, none, gap, points);
        assert_null(strstr(svg, "nan"));
        assert_null(strstr(svg, "inf"));
        assert_null(strstr(svg, ">-0"));
        free(svg);
    }
}

static void a_gap_in_a_line_is_left_open(void **state)
{
    (void)state;
    const double x[] = {1, 2, 3, 4, 5}, gap[] = {1, 2, NAN, 2, 1}, whole[] = {1, 2, 2, 2, 1};
    char *svg = chart_of(x, gap, whole, whole, 5);
    const char *path = strstr(svg, "class=\"stroke\" d=\"") + strlen("class=\"stroke\" d=\"");
    size_t moves = 0;
    for (; *path != '"'; path++) moves += *path == 'M';
    assert_int_equal(moves, 2);
    assert_non_null(strstr(svg, "a &#38; b"));
    free(svg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_filled_and_the_rest_stays),
        cmocka_unit_test(a_place_that_nobody_knows_is_an_error_that_names_it),
        cmocka_unit_test(a_file_that_is_missing_is_an_error),
        cmocka_unit_test(words_cannot_become_markup_nor_end_a_script),
        cmocka_unit_test(pictures_are_their_png_as_data),
        cmocka_unit_test(names_of_lines_that_end_together_stand_apart),
        cmocka_unit_test(nothing_that_is_drawn_is_no_number),
        cmocka_unit_test(a_gap_in_a_line_is_left_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
