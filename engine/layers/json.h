/* Reading one JSON object key by key, with errors that name the place, what was found and what was expected.
   Over cJSON. Errors stick in the status that each call returns; keys that nothing asked for are found by
   gz_json_done. */
#ifndef GZ_JSON_H
#define GZ_JSON_H
#include "../base/memory.h"
#include <cjson/cJSON.h>

enum { GZ_JSON_MAX_KEYS = 48 }; /* that one object may have */
enum { GZ_JSON_MAX_FURTHER = 8 };

typedef struct gz_json {
    gz_arena *arena;
    const cJSON *object;
    const char *place; /* "models/x.json: layer 'conv_1'" */
    const char
        *asked[GZ_JSON_MAX_KEYS + 1]; /* keys asked for so far, NULL-terminated; the names outlive this */
    size_t n_asked;
    struct {
        const char *key, *name;
    } further[GZ_JSON_MAX_FURTHER]; /* see gz_json_further_input */
    size_t n_further;
    const struct gz_attention_kind *const *kinds; /* beside the built-in ones, NULL-terminated; NULL: none */
} gz_json;

/* Parses a file that holds one object; the message of a syntax error has line and column. cJSON_Delete *root.
 */
gaze_status gz_json_parse_file(const char *path, const char *text, size_t size, cJSON **root);

/* The object is the caller's to check: anything else has no keys. */
gz_json gz_json_object(gz_arena *arena, const cJSON *object, const char *place);

bool gz_json_has(gz_json *json, const char *key); /* asking counts */
/* `fallback` is taken when the key is missing. gz_json_need_* fail when it is. */
gaze_status gz_json_size(gz_json *json, const char *key, size_t least, size_t fallback, size_t *value);
gaze_status gz_json_need_size(gz_json *json, const char *key, size_t least, size_t *value);
gaze_status gz_json_number(gz_json *json, const char *key, double fallback, double *value);
/* As above, and least <= value < below. */
gaze_status gz_json_number_in(gz_json *json, const char *key, double least, double below, double fallback,
                              double *value);
gaze_status gz_json_integer(gz_json *json, const char *key, int fallback, int *value); /* negative ones too */
gaze_status gz_json_bool(gz_json *json, const char *key, bool fallback, bool *value);
gaze_status gz_json_text(gz_json *json, const char *key, const char *fallback, const char **value);
gaze_status gz_json_need_text(gz_json *json, const char *key, const char **value);
/* One of `words` (NULL-terminated); *value is its position; fallback SIZE_MAX: the key is needed. The message
 * offers the nearest and lists all. */
gaze_status gz_json_choice(gz_json *json, const char *key, const char *const *words, size_t fallback,
                           size_t *value);
/* A number for both, or [y, x]; fallback NULL: the key is needed. */
gaze_status gz_json_pair(gz_json *json, const char *key, size_t least, const size_t fallback[2],
                         size_t value[2]);
/* A list of sizes; -1 and null are given as SIZE_MAX where `open` allows. */
gaze_status gz_json_sizes(gz_json *json, const char *key, bool open, size_t most, size_t *values,
                          size_t *count);
gaze_status gz_json_texts(gz_json *json, const char *key, const char ***values,
                          size_t *count);                 /* a string or a list of them */
const cJSON *gz_json_get(gz_json *json, const char *key); /* NULL if missing */
gaze_status gz_json_child(gz_json *json, const char *key,
                          gz_json *child); /* an object; its place is this one's and the key */

/* A layer reads the input or layer `name`, found under `key`, beside its "inputs": the caller checks the name
 * and puts it behind them. */
gaze_status gz_json_further_input(gz_json *json, const char *key, const char *name);

/* Every key of the object must have been asked for, and be there once. */
gaze_status gz_json_done(gz_json *json);
/* "<place>: key '<key>': <message>" as GAZE_ERROR_MODEL; key NULL: "<place>: <message>". */
gaze_status gz_json_fail(const gz_json *json, const char *key, const char *format, ...) GZ_PRINTF(3, 4);
/* "found <the value>, expected <expected>"; "missing, expected <expected>" where value is NULL. */
gaze_status gz_json_wrong(const gz_json *json, const char *key, const cJSON *value, const char *expected);

#endif
