#include "text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_WORD = 63 };

static int lower(char c) { return tolower((unsigned char)c); }

static size_t smallest(size_t a, size_t b, size_t c)
{
    const size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Edit distance with swapped neighbours counting once (optimal string alignment); capital letters don't
 * matter. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][LONGEST_WORD + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    const size_t n = strlen(b);
    for (size_t j = 0; j <= n; j++) row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t *oldest = before;
        before = above, above = row, row = oldest;
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            const bool same = lower(a[i - 1]) == lower(b[j - 1]);
            row[j] = smallest(above[j] + 1, row[j - 1] + 1, above[j - 1] + !same);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]) &&
                before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
    }
    return row[n];
}

const char *gz_nearest(const char *word, const char *const *words)
{
    const size_t length = strlen(word);
    if (length > LONGEST_WORD) return NULL;
    size_t allowed = length / 3 > 2 ? length / 3 : 2;
    if (allowed >= length) allowed = length ? length - 1 : 0; /* else any two letters would do for one */
    const char *nearest = NULL;
    size_t least = allowed + 1;
    for (; *words; words++) {
        if (strlen(*words) > LONGEST_WORD) continue;
        const size_t d = distance(word, *words);
        if (d < least) {
            least = d;
            nearest = *words;
        }
    }
    return nearest;
}

bool gz_is_among(const char *const *words, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], word) == 0) return true;
    return false;
}

const char *gz_did_you_mean(gz_arena *arena, const char *word, const char *const *words)
{
    const char *nearest = gz_nearest(word, words);
    const char *text = nearest ? gz_arena_format(arena, ", did you mean '%s'?", nearest) : NULL;
    return text ? text : "";
}

const char *gz_bytes_text(size_t bytes, char text[24])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    size_t unit = 0;
    for (; value >= 1024; unit++) value /= 1024;
    snprintf(text, 24, value < 9.95 ? "%.2g %s" : "%.0f %s", value, units[unit]);
    return text;
}

bool gz_parse_size(const char *text, size_t *value)
{
    size_t result = 0;
    if (!*text) return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return false;
        if (!gz_multiply(result, 10, &result) || !gz_add(result, (size_t)(*text - '0'), &result))
            return false;
    }
    *value = result;
    return true;
}

bool gz_parse_double(const char *text, double *value)
{
    char *end;
    if (!*text || isspace((unsigned char)*text)) return false;
    const double result = strtod(text, &end);
    if (*end || !isfinite(result)) return false;
    *value = result;
    return true;
}

bool gz_ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), n = strlen(end);
    return length > n && strcmp(text + length - n, end) == 0;
}

/* Length of the UTF-8 character at `text` (RFC 3629: shortest form, no surrogates), 0 if there is none. */
static size_t character_bytes(const unsigned char *text, size_t left)
{
    const unsigned char first = text[0];
    if (first < 0x80) return 1;
    const size_t length = first >= 0xC2 && first < 0xE0   ? 2
                          : (first & 0xF0) == 0xE0        ? 3
                          : first >= 0xF0 && first < 0xF5 ? 4
                                                          : 0;
    if (length == 0 || length > left) return 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xC0) != 0x80) return 0;
    const unsigned char second = text[1];
    const bool too_long = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
    const bool surrogate = first == 0xED && second >= 0xA0, beyond = first == 0xF4 && second >= 0x90;
    return too_long || surrogate || beyond ? 0 : length;
}

size_t gz_utf8_prefix(const void *bytes, size_t size)
{
    const unsigned char *text = bytes;
    size_t done = 0;
    while (done < size) {
        const size_t length = character_bytes(text + done, size - done);
        if (!length) break;
        done += length;
    }
    return done;
}

void gz_text_add_list(gz_text *text, const char *format, va_list arguments)
{
    if (text->status != GAZE_OK) return;
    va_list again;
    va_copy(again, arguments);
    const int length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0)
        text->status = gz_fail(GAZE_ERROR_USAGE, "text cannot be formatted: %s", strerror(errno));
    else
        text->status = gz_grow(&text->chars, &text->capacity, text->length + (size_t)length + 1, 1);
    if (text->status == GAZE_OK) {
        vsnprintf(text->chars + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
}

void gz_text_add(gz_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    gz_text_add_list(text, format, arguments);
    va_end(arguments);
}

static void add_json_character(gz_text *text, const char *character, size_t length)
{
    const char c = *character;
    const char *short_form = c == '\n' ? "\\n" : c == '\t' ? "\\t" : c == '\r' ? "\\r" : NULL;
    if (length == 0)
        gz_text_add(text, "\\ufffd"); /* not UTF-8, which JSON has to be */
    else if (c == '"' || c == '\\')
        gz_text_add(text, "\\%c", c);
    else if (short_form)
        gz_text_add(text, "%s", short_form);
    else if ((unsigned char)c < 0x20)
        gz_text_add(text, "\\u%04x", (unsigned)c);
    else
        gz_text_add(text, "%.*s", (int)length, character);
}

void gz_text_add_json_string(gz_text *text, const char *value)
{
    size_t left = strlen(value);
    gz_text_add(text, "\"");
    while (left) {
        const size_t length = character_bytes((const unsigned char *)value, left);
        add_json_character(text, value, length);
        value += length ? length : 1;
        left -= length ? length : 1;
    }
    gz_text_add(text, "\"");
}

gaze_status gz_text_take(gz_text *text, char **chars)
{
    if (text->status == GAZE_OK && !text->chars) gz_text_add(text, "%s", "");
    const gaze_status status = text->status;
    if (status != GAZE_OK) free(text->chars);
    *chars = status == GAZE_OK ? text->chars : NULL;
    *text = (gz_text){0};
    return status;
}

char *gz_text_keep(gz_text *text, gz_arena *arena)
{
    char *chars, *kept = NULL;
    if (gz_text_take(text, &chars) == GAZE_OK) kept = gz_arena_copy(arena, chars);
    free(chars);
    return kept;
}
