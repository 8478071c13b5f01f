#include "scratch.h"

#include "../engine/base/text.h"

static const char *const layers[] = {"conv2d", "dense", "dropout", "max_pool2d", NULL};

static void a_typing_error_finds_its_word(void **state)
{
    (void)state;
    assert_string_equal(gz_nearest("conv2", layers), "conv2d");
    assert_string_equal(gz_nearest("covn2d", layers), "conv2d");
    assert_string_equal(gz_nearest("Conv2D", layers), "conv2d");
    assert_string_equal(gz_nearest("maxpool_2d", layers), "max_pool2d");
}

static void a_word_like_no_other_finds_none(void **state)
{
    (void)state;
    char endless[5000];
    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = 0;
    assert_null(gz_nearest("transformer", layers));
    assert_null(gz_nearest("d", layers));
    assert_null(gz_nearest("", layers));
    assert_null(gz_nearest(endless, layers));
}

static void a_swap_of_neighbours_is_one_error(void **state)
{
    (void)state;
    const char *const words[] = {"abdc", "abcx", NULL};
    const char *const two_away[] = {"bacd", "zzcd", NULL};
    assert_string_equal(gz_nearest("abcd", words), "abdc");
    assert_string_equal(gz_nearest("abcd", two_away), "bacd");
}

static void the_offer_is_ready_for_a_message(void **state)
{
    (void)state;
    gz_arena *arena;
    assert_done(gz_arena_create(&arena));
    assert_string_equal(gz_did_you_mean(arena, "dens", layers), ", did you mean 'dense'?");
    assert_string_equal(gz_did_you_mean(arena, "recurrent", layers), "");
    gz_arena_destroy(arena);
}

static void bytes_are_rounded_for_people(void **state)
{
    (void)state;
    char text[24];
    assert_string_equal(gz_bytes_text(0, text), "0 B");
    assert_string_equal(gz_bytes_text(1023, text), "1023 B");
    assert_string_equal(gz_bytes_text(12288, text), "12 KiB");
    assert_string_equal(gz_bytes_text((size_t)3 << 29, text), "1.5 GiB");
    assert_string_equal(gz_bytes_text(SIZE_MAX, text), "16 EiB");
}

static void sizes_are_digits_that_fit(void **state)
{
    (void)state;
    size_t value;
    assert_true(gz_parse_size("64", &value));
    assert_int_equal(value, 64);
    assert_true(gz_parse_size("18446744073709551615", &value));
    const char *const wrong[] = {"", "-1", "+1", " 1", "1 ", "1.5", "0x10", "18446744073709551616"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) assert_false(gz_parse_size(wrong[i], &value));
}

static void numbers_are_finite_and_whole_texts(void **state)
{
    (void)state;
    double value;
    assert_true(gz_parse_double("-1e-3", &value));
    assert_true(value == -1e-3);
    const char *const wrong[] = {"", " 1", "1x", "inf", "nan", "1e999"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) assert_false(gz_parse_double(wrong[i], &value));
}

static void utf8_is_counted_up_to_the_first_wrong_byte(void **state)
{
    (void)state;
    const char *const right = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z";
    assert_int_equal(gz_utf8_prefix(right, strlen(right)), strlen(right));
    assert_int_equal(gz_utf8_prefix("ab\xff", 3), 2);
    assert_int_equal(gz_utf8_prefix("\xc3", 1), 0);     /* cut */
    assert_int_equal(gz_utf8_prefix("\xc0\x80", 2), 0); /* longer than needed */
    assert_int_equal(gz_utf8_prefix("x\xe0\x80\x80", 4), 1);
    assert_int_equal(gz_utf8_prefix("\xed\xa0\x80", 3), 0);     /* surrogate */
    assert_int_equal(gz_utf8_prefix("\xf4\x90\x80\x80", 4), 0); /* beyond U+10FFFF */
}

static void text_grows(void **state)
{
    (void)state;
    gz_text text = {0};
    char *chars;
    for (int i = 0; i < 1000; i++) gz_text_add(&text, "%03d,", i);
    assert_int_equal(text.length, 4000);
    assert_done(gz_text_take(&text, &chars));
    assert_memory_equal(chars + 3992, "998,999,", 9);
    free(chars);
}

static void no_text_is_the_empty_text(void **state)
{
    (void)state;
    gz_text text = {0};
    char *chars;
    assert_done(gz_text_take(&text, &chars));
    assert_string_equal(chars, "");
    free(chars);
}

static void json_strings_are_escaped_and_always_utf8(void **state)
{
    (void)state;
    gz_text text = {0};
    char *chars;
    gz_text_add_json_string(&text, "a\"b\\c\n\t\x01\xc3\xa4\xff!");
    assert_done(gz_text_take(&text, &chars));
    assert_string_equal(chars, "\"a\\\"b\\\\c\\n\\t\\u0001\xc3\xa4\\ufffd!\"");
    free(chars);
}

static void an_error_sticks_until_the_text_is_taken(void **state)
{
    (void)state;
    gz_text text = {0};
    char *chars;
    gz_text_add(&text, "begin");
    text.status = gz_fail_memory(7);
    gz_text_add(&text, "more");
    assert_int_equal(gz_text_take(&text, &chars), GAZE_ERROR_DEVICE);
    assert_null(chars);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_typing_error_finds_its_word),
        cmocka_unit_test(a_word_like_no_other_finds_none),
        cmocka_unit_test(a_swap_of_neighbours_is_one_error),
        cmocka_unit_test(the_offer_is_ready_for_a_message),
        cmocka_unit_test(bytes_are_rounded_for_people),
        cmocka_unit_test(sizes_are_digits_that_fit),
        cmocka_unit_test(numbers_are_finite_and_whole_texts),
        cmocka_unit_test(utf8_is_counted_up_to_the_first_wrong_byte),
        cmocka_unit_test(text_grows),
        cmocka_unit_test(no_text_is_the_empty_text),
        cmocka_unit_test(json_strings_are_escaped_and_always_utf8),
        cmocka_unit_test(an_error_sticks_until_the_text_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
