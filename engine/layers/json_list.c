/* Choices among words, pairs and lists: the second half of json.h. */
#include "json.h"
#include "../base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gaze_status wrong_word(gz_json *json, const char *key, const cJSON *item, const char *const *words)
{
    gz_text expected = {0};
    gz_text_add(&expected, "one of");
    for (size_t i = 0; words[i]; i++) gz_text_add(&expected, "%s \"%s\"", i ? "," : "", words[i]);
    if (cJSON_IsString(item))
        gz_text_add(&expected, "%s", gz_did_you_mean(json->arena, item->valuestring, words));
    char *chars;
    GZ_TRY(gz_text_take(&expected, &chars));
    gaze_status status = gz_json_wrong(json, key, item, chars);
    free(chars);
    return status;
}

gaze_status gz_json_choice(gz_json *json, const char *key, const char *const *words, size_t fallback,
                           size_t *value)
{
    const cJSON *item = gz_json_get(json, key);
    if (!item && fallback != SIZE_MAX) {
        *value = fallback;
        return GAZE_OK;
    }
    for (size_t i = 0; cJSON_IsString(item) && words[i]; i++) {
        if (strcmp(item->valuestring, words[i]) != 0) continue;
        *value = i;
        return GAZE_OK;
    }
    return wrong_word(json, key, item, words);
}

/* A list entry as a size; -1 and null are SIZE_MAX where `open`. */
static bool list_size(const cJSON *item, bool open, size_t least, size_t *value)
{
    if (open && (cJSON_IsNull(item) || (cJSON_IsNumber(item) && item->valuedouble == -1))) {
        *value = SIZE_MAX;
        return true;
    }
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= (double)least) || item->valuedouble > 0x1p53)
        return false;
    *value = (size_t)item->valuedouble;
    return (double)*value == item->valuedouble;
}

gaze_status gz_json_pair(gz_json *json, const char *key, size_t least, const size_t fallback[2],
                         size_t value[2])
{
    const cJSON *item = gz_json_get(json, key);
    char expected[96];
    snprintf(expected, sizeof expected, "a whole number of at least %zu, or [height, width] of them", least);
    if (!item && fallback) {
        value[0] = fallback[0];
        value[1] = fallback[1];
        return GAZE_OK;
    }
    const bool two = cJSON_IsArray(item) && cJSON_GetArraySize(item) == 2;
    const cJSON *first = two ? item->child : item, *second = two ? item->child->next : item;
    size_t read[2];
    if (!list_size(first, false, least, &read[0]) || !list_size(second, false, least, &read[1]))
        return gz_json_wrong(json, key, item, expected);
    value[0] = read[0];
    value[1] = read[1];
    return GAZE_OK;
}

gaze_status gz_json_sizes(gz_json *json, const char *key, bool open, size_t most, size_t *values,
                          size_t *count)
{
    const cJSON *item = gz_json_get(json, key);
    char expected[96];
    snprintf(expected, sizeof expected, "a list of at most %zu whole numbers of at least 1%s", most,
             open ? ", or open ones" : "");
    if (!cJSON_IsArray(item) || (size_t)cJSON_GetArraySize(item) > most)
        return gz_json_wrong(json, key, item, expected);
    size_t n = 0;
    for (const cJSON *entry = item->child; entry; entry = entry->next)
        if (!list_size(entry, open, 1, &values[n++])) return gz_json_wrong(json, key, item, expected);
    *count = n;
    return GAZE_OK;
}

gaze_status gz_json_texts(gz_json *json, const char *key, const char ***values, size_t *count)
{
    const cJSON *item = gz_json_get(json, key);
    const size_t n = cJSON_IsArray(item) ? (size_t)cJSON_GetArraySize(item) : 1;
    const char **texts = gz_arena_allocate(json->arena, (n + 1) * sizeof *texts);
    if (!texts) return GAZE_ERROR_DEVICE;
    const cJSON *entry = cJSON_IsArray(item) ? item->child : item;
    for (size_t i = 0; i < n; i++, entry = entry->next) {
        if (!cJSON_IsString(entry)) return gz_json_wrong(json, key, item, "a list of texts in quotes");
        texts[i] = gz_arena_copy(json->arena, entry->valuestring);
        if (!texts[i]) return GAZE_ERROR_DEVICE;
    }
    *values = texts;
    *count = n;
    return GAZE_OK;
}
