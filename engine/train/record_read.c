/* What an earlier run wrote into its run.json. */
#include "record.h"

#include "../base/text.h"
#include "../layers/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* *root is NULL where there is no run.json. cJSON_Delete it. */
static gaze_status open_record(const char *folder, gz_arena *arena, const char **file, cJSON **root)
{
    char *text = NULL;
    size_t size;
    gz_file_kind kind;
    *root = NULL;
    *file = gz_path_join(arena, folder, "run.json");
    if (!*file) return GAZE_ERROR_DEVICE;
    GZ_TRY(gz_file_look(*file, &kind));
    if (kind == GZ_NOTHING) return GAZE_OK;
    GZ_TRY(gz_file_read(*file, 1 << 24, &text, &size));
    const gaze_status status = gz_json_parse_file(*file, text, size, root);
    free(text);
    return status;
}

static gaze_status read_data(const char *file, gz_arena *arena, const cJSON *root, const char **type,
                             const char **path)
{
    gz_json json = gz_json_object(arena, root, file);
    if (!cJSON_IsString(gz_json_get(&json, "data"))) return GAZE_OK;
    GZ_TRY(gz_json_need_text(&json, "data", type));
    return cJSON_IsString(gz_json_get(&json, "data_path")) ? gz_json_need_text(&json, "data_path", path)
                                                           : GAZE_OK;
}

gaze_status gz_run_record_data(const char *folder, gz_arena *arena, const char **type, const char **path)
{
    const char *file;
    cJSON *root;
    *type = *path = NULL;
    GZ_TRY(open_record(folder, arena, &file, &root));
    const gaze_status status = root ? read_data(file, arena, root, type, path) : GAZE_OK;
    cJSON_Delete(root);
    return status;
}

/* Counts and seeds whole, as far as a double holds them. */
static const char *number_text(gz_arena *arena, double value)
{
    const bool whole = value == floor(value) && fabs(value) < 0x1p53;
    return gz_arena_format(arena, whole ? "%.0f" : "%.9g", value);
}

/* Words with blanks between them, values of an object with commas; NULL: out of memory. */
static const char *value_text(gz_arena *arena, const cJSON *value)
{
    const char *text = NULL;
    const cJSON *item;
    if (cJSON_IsString(value)) return gz_arena_copy(arena, value->valuestring);
    if (cJSON_IsNumber(value)) return number_text(arena, value->valuedouble);
    cJSON_ArrayForEach(item, value)
    {
        if (!cJSON_IsString(item) || !item->valuestring[0]) continue;
        text = text ? gz_arena_format(arena, "%s%s%s", text, cJSON_IsArray(value) ? " " : ", ",
                                      item->valuestring)
                    : gz_arena_copy(arena, item->valuestring);
        if (!text) return NULL;
    }
    return text ? text : "";
}

static gaze_status read_facts(gz_arena *arena, const cJSON *root, gz_fact **facts, size_t *count)
{
    const size_t most = (size_t)cJSON_GetArraySize(root);
    const cJSON *item;
    *facts = gz_arena_allocate(arena, (most + 1) * sizeof **facts);
    if (!*facts) return GAZE_ERROR_DEVICE;
    cJSON_ArrayForEach(item, root)
    {
        gz_fact *fact = &(*facts)[(*count)++];
        *fact = (gz_fact){gz_arena_copy(arena, item->string), value_text(arena, item)};
        if (!fact->name || !fact->value) return GAZE_ERROR_DEVICE;
    }
    return GAZE_OK;
}

gaze_status gz_run_record_facts(const char *folder, gz_arena *arena, gz_fact **facts, size_t *count)
{
    const char *file;
    cJSON *root;
    *facts = NULL;
    *count = 0;
    GZ_TRY(open_record(folder, arena, &file, &root));
    const gaze_status status = root ? read_facts(arena, root, facts, count) : GAZE_OK;
    cJSON_Delete(root);
    return status;
}

const char *gz_fact_value(const gz_fact *facts, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(facts[i].name, name) == 0) return facts[i].value;
    return "";
}
