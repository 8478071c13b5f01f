#include "json.h"
#include "../base/text.h"
#include "../io/json_text.h"

#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOUND_MOST = 60, MESSAGE_MOST = 2048 };

static gaze_status fail_at(const char *path, const char *text, const char *where, const char *what)
{
    size_t line = 1, column = 1;
    for (const char *c = text; c < where; c++) {
        column = *c == '\n' ? 1 : column + 1;
        line += *c == '\n';
    }
    return gz_fail(GAZE_ERROR_MODEL, "%s:%zu:%zu: %s", path, line, column, what);
}

gaze_status gz_json_parse_file(const char *path, const char *text, size_t size, cJSON **root)
{
    const char *end = text;
    cJSON *parsed;
    GZ_TRY(gz_json_text_parse(text, size, &end, &parsed));
    if (!parsed) return fail_at(path, text, end, "not valid JSON here");
    while (end < text + size && *end && strchr(" \t\r\n", *end)) end++;
    gaze_status status = GAZE_OK;
    if (end < text + size && *end)
        status = fail_at(path, text, end, "more text after the end of the JSON object");
    else if (!cJSON_IsObject(parsed))
        status = fail_at(path, text, text, "expected a JSON object {...}");
    if (status != GAZE_OK)
        cJSON_Delete(parsed);
    else
        *root = parsed;
    return status;
}

gz_json gz_json_object(gz_arena *arena, const cJSON *object, const char *place)
{
    return (gz_json){.arena = arena, .object = object, .place = place};
}

static bool was_asked(const gz_json *json, const char *key)
{
    return gz_is_among(json->asked, json->n_asked, key);
}

const cJSON *gz_json_get(gz_json *json, const char *key)
{
    if (!was_asked(json, key) && json->n_asked < GZ_JSON_MAX_KEYS) json->asked[json->n_asked++] = key;
    return cJSON_GetObjectItemCaseSensitive(json->object, key);
}

bool gz_json_has(gz_json *json, const char *key) { return gz_json_get(json, key) != NULL; }

gaze_status gz_json_fail(const gz_json *json, const char *key, const char *format, ...)
{
    char text[MESSAGE_MOST];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (!key) return gz_fail(GAZE_ERROR_MODEL, "%s: %s", json->place, text);
    return gz_fail(GAZE_ERROR_MODEL, "%s: key '%s': %s", json->place, key, text);
}

/* The key that is most like one that is missing, of those that nothing has asked for; NULL: none is. */
static const char *written_as(const gz_json *json, const char *key)
{
    const char *others[GZ_JSON_MAX_KEYS + 1];
    size_t count = 0;
    for (const cJSON *item = json->object->child; item && count < GZ_JSON_MAX_KEYS; item = item->next)
        if (!was_asked(json, item->string)) others[count++] = item->string;
    others[count] = NULL;
    return gz_nearest(key, others);
}

static gaze_status fail_missing(const gz_json *json, const char *key, const char *expected)
{
    const char *like = written_as(json, key);
    if (!like) return gz_json_fail(json, key, "missing, expected %s", expected);
    return gz_json_fail(json, key, "missing, expected %s; there is a key '%s'", expected, like);
}

gaze_status gz_json_wrong(const gz_json *json, const char *key, const cJSON *value, const char *expected)
{
    if (!value) return fail_missing(json, key, expected);
    char *found = cJSON_PrintUnformatted(value);
    if (!found) return gz_fail_memory(FOUND_MOST);
    gaze_status status = gz_json_fail(json, key, "found %.*s%s, expected %s", FOUND_MOST, found,
                                      strlen(found) > FOUND_MOST ? "..." : "", expected);
    cJSON_free(found);
    return status;
}

static bool whole(const cJSON *item, double least, double most)
{
    if (!cJSON_IsNumber(item)) return false;
    const double value = item->valuedouble;
    return value >= least && value <= most && value == floor(value);
}

static const char *at_least(size_t least, char text[64])
{
    snprintf(text, 64, "a whole number of at least %zu", least);
    return text;
}

static const double LARGEST = 9007199254740992.0; /* 2^53: beyond it a double no longer holds every integer */

gaze_status gz_json_need_size(gz_json *json, const char *key, size_t least, size_t *value)
{
    const cJSON *item = gz_json_get(json, key);
    char text[64];
    if (!whole(item, (double)least, LARGEST)) return gz_json_wrong(json, key, item, at_least(least, text));
    *value = (size_t)item->valuedouble;
    return GAZE_OK;
}

gaze_status gz_json_size(gz_json *json, const char *key, size_t least, size_t fallback, size_t *value)
{
    if (gz_json_has(json, key)) return gz_json_need_size(json, key, least, value);
    *value = fallback;
    return GAZE_OK;
}

gaze_status gz_json_integer(gz_json *json, const char *key, int fallback, int *value)
{
    const cJSON *item = gz_json_get(json, key);
    if (item && !whole(item, INT_MIN, INT_MAX)) return gz_json_wrong(json, key, item, "a whole number");
    *value = item ? (int)item->valuedouble : fallback;
    return GAZE_OK;
}

gaze_status gz_json_number(gz_json *json, const char *key, double fallback, double *value)
{
    const cJSON *item = gz_json_get(json, key);
    if (item && !(cJSON_IsNumber(item) && isfinite(item->valuedouble)))
        return gz_json_wrong(json, key, item, "a number");
    *value = item ? item->valuedouble : fallback;
    return GAZE_OK;
}

gaze_status gz_json_number_in(gz_json *json, const char *key, double least, double below, double fallback,
                              double *value)
{
    double number = fallback;
    GZ_TRY(gz_json_number(json, key, fallback, &number));
    char text[96];
    snprintf(text, sizeof text, isinf(below) ? "a number of at least %g" : "a number from %g to below %g",
             least, below);
    if (!(number >= least && number < below)) return gz_json_wrong(json, key, gz_json_get(json, key), text);
    *value = number;
    return GAZE_OK;
}

gaze_status gz_json_bool(gz_json *json, const char *key, bool fallback, bool *value)
{
    const cJSON *item = gz_json_get(json, key);
    if (item && !cJSON_IsBool(item)) return gz_json_wrong(json, key, item, "true or false");
    *value = item ? cJSON_IsTrue(item) : fallback;
    return GAZE_OK;
}

gaze_status gz_json_need_text(gz_json *json, const char *key, const char **value)
{
    const cJSON *item = gz_json_get(json, key);
    if (!cJSON_IsString(item)) return gz_json_wrong(json, key, item, "a text in quotes");
    *value = gz_arena_copy(json->arena, item->valuestring);
    return *value ? GAZE_OK : GAZE_ERROR_DEVICE;
}

gaze_status gz_json_text(gz_json *json, const char *key, const char *fallback, const char **value)
{
    if (gz_json_has(json, key)) return gz_json_need_text(json, key, value);
    *value = fallback;
    return GAZE_OK;
}

gaze_status gz_json_child(gz_json *json, const char *key, gz_json *child)
{
    const cJSON *item = gz_json_get(json, key);
    if (!cJSON_IsObject(item)) return gz_json_wrong(json, key, item, "an object {...}");
    const char *place = gz_arena_format(json->arena, "%s: '%s'", json->place, key);
    if (!place) return GAZE_ERROR_DEVICE;
    *child = gz_json_object(json->arena, item, place);
    return GAZE_OK;
}

static gaze_status check_key(const gz_json *json, const cJSON *item)
{
    for (const cJSON *later = item->next; later; later = later->next)
        if (strcmp(later->string, item->string) == 0) return gz_json_fail(json, item->string, "given twice");
    if (was_asked(json, item->string)) return GAZE_OK;
    gz_text known = {0};
    for (size_t i = 0; i < json->n_asked; i++) gz_text_add(&known, "%s%s", i ? ", " : "", json->asked[i]);
    char *chars;
    GZ_TRY(gz_text_take(&known, &chars));
    gaze_status status =
        gz_json_fail(json, NULL, "unknown key '%s'%s (known here: %s)", item->string,
                     gz_did_you_mean(json->arena, item->string, json->asked), chars ? chars : "none");
    free(chars);
    return status;
}

gaze_status gz_json_further_input(gz_json *json, const char *key, const char *name)
{
    if (json->n_further == GZ_JSON_MAX_FURTHER)
        return gz_json_fail(json, key, "found more than %d names, expected fewer", GZ_JSON_MAX_FURTHER);
    json->further[json->n_further].key = key;
    json->further[json->n_further++].name = name;
    return GAZE_OK;
}

gaze_status gz_json_done(gz_json *json)
{
    for (const cJSON *item = json->object->child; item; item = item->next) GZ_TRY(check_key(json, item));
    return GAZE_OK;
}
