/* Words for messages. */
#ifndef GZ_TEXT_H
#define GZ_TEXT_H
#include "memory.h"

#include <stdarg.h>

/* The word of the NULL-terminated list that is nearest to `word` (edit distance at most 1/3 of its length, at
 * least 2), or NULL. */
const char *gz_nearest(const char *word, const char *const *words);

/* Is `word` one of the `count` words? */
bool gz_is_among(const char *const *words, size_t count, const char *word);

/* ", did you mean 'X'?" or "" for a message; points into the arena or is static. */
const char *gz_did_you_mean(gz_arena *arena, const char *word, const char *const *words);

/* "1.5 GiB", "12 KiB", "7 B" into `text`, which is returned. */
const char *gz_bytes_text(size_t bytes, char text[24]);

/* Parses all of `text` as a non-negative integer or a finite number; false otherwise. */
bool gz_parse_size(const char *text, size_t *value);
bool gz_parse_double(const char *text, double *value);

/* Whether `text` is longer than `end` and ends in it. */
bool gz_ends_with(const char *text, const char *end);

/* How many of `size` bytes are valid UTF-8 from the beginning on: `size` if all are. */
size_t gz_utf8_prefix(const void *bytes, size_t size);

/* Text that grows; starts as {0}. Errors stick and are returned by gz_text_take. */
typedef struct gz_text {
    char *chars;
    size_t length, capacity;
    gaze_status status;
} gz_text;
void gz_text_add(gz_text *text, const char *format, ...) GZ_PRINTF(2, 3);
void gz_text_add_list(gz_text *text, const char *format, va_list arguments) GZ_PRINTF(2, 0);
void gz_text_add_json_string(gz_text *text, const char *value); /* quoted and escaped */
/* Text between tags and in attributes; a byte that is no UTF-8 becomes U+FFFD. */
void gz_text_add_html(gz_text *text, const char *value);
/* The owner frees *chars with free(); on an error everything is freed and *chars is NULL. */
gaze_status gz_text_take(gz_text *text, char **chars);
/* As above, for as long as the arena lives; NULL: an error. */
char *gz_text_keep(gz_text *text, gz_arena *arena);

#endif
