/* What a header says of its tensors: types, shapes and places. */
#include "safetensors_parts.h"

#include "../base/bytes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const type_names[] = {"F64", "F32", "F16", "BF16",
                                         "I64", "I32", "U8",  NULL}; /* as gz_number */

const char *gz_safetensors_type(gz_number type) { return type_names[type]; }

/* JSON numbers are doubles here: exact up to 2^53. */
static bool whole_number(const cJSON *item, size_t *value)
{
    if (!cJSON_IsNumber(item)) return false;
    const double number = item->valuedouble;
    if (!(number >= 0 && number <= 0x1p53) || number != floor(number) || number > (double)SIZE_MAX)
        return false;
    *value = (size_t)number;
    return true;
}

static gaze_status read_type(const gz_tensor_file *r, const cJSON *item, gz_tensor_entry *e)
{
    const cJSON *dtype = cJSON_GetObjectItemCaseSensitive(item, "dtype");
    if (!cJSON_IsString(dtype))
        return gz_fail(GAZE_ERROR_DATA, "%s: tensor '%s' has no \"dtype\"", r->path, e->name);
    for (int i = 0; type_names[i]; i++) {
        if (strcmp(dtype->valuestring, type_names[i]) != 0) continue;
        e->type = (gz_number)i;
        return GAZE_OK;
    }
    return gz_fail(GAZE_ERROR_DATA,
                   "%s: tensor '%s' has the dtype %.16s, expected F32, F64, F16, BF16, I32, I64 or U8",
                   r->path, e->name, dtype->valuestring);
}

static gaze_status read_shape(const gz_tensor_file *r, const cJSON *item, gz_tensor_entry *e, size_t *bytes)
{
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(item, "shape"), *dimension;
    if (!cJSON_IsArray(shape))
        return gz_fail(GAZE_ERROR_DATA, "%s: tensor '%s' has no \"shape\"", r->path, e->name);
    *bytes = gz_number_bytes(e->type);
    cJSON_ArrayForEach(dimension, shape)
    {
        if (e->rank == GAZE_MAX_RANK)
            return gz_fail(GAZE_ERROR_DATA, "%s: tensor '%s' has more than %d dimensions", r->path, e->name,
                           GAZE_MAX_RANK);
        size_t *extent = &e->shape[e->rank++];
        if (!whole_number(dimension, extent) || !gz_multiply(*bytes, *extent, bytes))
            return gz_fail(GAZE_ERROR_DATA,
                           "%s: tensor '%s': dimension %zu of its shape is not a possible size", r->path,
                           e->name, e->rank - 1);
    }
    return GAZE_OK;
}

static gaze_status read_offsets(const gz_tensor_file *r, const cJSON *item, gz_tensor_entry *e)
{
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(item, "data_offsets");
    if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2 ||
        !whole_number(cJSON_GetArrayItem(offsets, 0), &e->begin) ||
        !whole_number(cJSON_GetArrayItem(offsets, 1), &e->end))
        return gz_fail(GAZE_ERROR_DATA, "%s: tensor '%s' has no \"data_offsets\" [begin, end]", r->path,
                       e->name);
    if (e->begin <= e->end && e->end <= r->data_bytes) return GAZE_OK;
    return gz_fail(GAZE_ERROR_DATA,
                   "%s: tensor '%s' lies at %zu..%zu of the data, expected inside its %zu bytes; truncated?",
                   r->path, e->name, e->begin, e->end, r->data_bytes);
}

static gaze_status read_entry(const gz_tensor_file *r, const cJSON *item, gz_tensor_entry *e)
{
    size_t bytes;
    *e = (gz_tensor_entry){.name = item->string};
    if (!cJSON_IsObject(item))
        return gz_fail(GAZE_ERROR_DATA, "%s: tensor '%s' is not a JSON object", r->path, e->name);
    GZ_TRY(read_type(r, item, e));
    GZ_TRY(read_shape(r, item, e, &bytes));
    GZ_TRY(read_offsets(r, item, e));
    if (e->end - e->begin == bytes) return GAZE_OK;
    return gz_fail(GAZE_ERROR_DATA, "%s: tensor '%s' has %zu bytes, expected %zu by its dtype and shape",
                   r->path, e->name, e->end - e->begin, bytes);
}

static bool is_metadata(const cJSON *item) { return strcmp(item->string, "__metadata__") == 0; }

static gaze_status read_entries(gz_tensor_file *r)
{
    const cJSON *item;
    GZ_TRY(gz_allocate((size_t)cJSON_GetArraySize(r->root), sizeof *r->entries, &r->entries));
    cJSON_ArrayForEach(item, r->root) if (!is_metadata(item))
        GZ_TRY(read_entry(r, item, &r->entries[r->count++]));
    return GAZE_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const gz_tensor_entry *)a)->name, ((const gz_tensor_entry *)b)->name);
}

static int by_offset(const void *a, const void *b)
{
    const gz_tensor_entry *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end) return x->end < y->end ? -1 : 1;
    return by_name(a, b);
}

static gaze_status check_names(gz_tensor_file *r)
{
    if (r->count) qsort(r->entries, r->count, sizeof *r->entries, by_name);
    for (size_t i = 1; i < r->count; i++)
        if (by_name(&r->entries[i - 1], &r->entries[i]) == 0)
            return gz_fail(GAZE_ERROR_DATA, "%s: tensor '%s' is there twice", r->path, r->entries[i].name);
    return GAZE_OK;
}

static gaze_status check_offsets(gz_tensor_file *r)
{
    size_t at = 0;
    if (r->count) qsort(r->entries, r->count, sizeof *r->entries, by_offset);
    for (size_t i = 0; i < r->count; i++) {
        const gz_tensor_entry *e = &r->entries[i];
        if (e->begin != at)
            return gz_fail(
                GAZE_ERROR_DATA, "%s: tensor '%s' begins at byte %zu of the data, expected %zu: %s", r->path,
                e->name, e->begin, at, e->begin < at ? "it overlaps the one before" : "there is a gap");
        at = e->end;
    }
    if (at == r->data_bytes) return GAZE_OK;
    return gz_fail(GAZE_ERROR_DATA,
                   "%s: the tensors end at byte %zu of the data, expected %zu: bytes that belong to none",
                   r->path, at, r->data_bytes);
}

/* What is stored as it is kept goes straight to its place; other types pass through a small buffer. */

gaze_status gz_safetensors_entries(gz_tensor_file *r)
{
    GZ_TRY(read_entries(r));
    GZ_TRY(check_names(r));
    return check_offsets(r);
}
