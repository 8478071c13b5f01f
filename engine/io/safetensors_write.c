#include "../base/text.h"
#include "safetensors.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 8 };

static bool array_bytes(const gaze_array *array, size_t *bytes)
{
    *bytes = 4;
    for (size_t i = 0; i < array->rank; i++)
        if (!gz_multiply(*bytes, array->shape[i], bytes)) return false;
    return true;
}

static void add_metadata(gz_text *text, const char *const *metadata)
{
    gz_text_add(text, "\"__metadata__\":{");
    for (size_t i = 0; metadata[i] && metadata[i + 1]; i += 2) {
        gz_text_add(text, "%s", i ? "," : "");
        gz_text_add_json_string(text, metadata[i]);
        gz_text_add(text, ":");
        gz_text_add_json_string(text, metadata[i + 1]);
    }
    gz_text_add(text, "}");
}

static void add_array(gz_text *text, const gaze_array *array, size_t begin, size_t end)
{
    gz_text_add_json_string(text, array->name);
    gz_text_add(text, ":{\"dtype\":\"%s\",\"shape\":[", array->dtype == GAZE_FLOAT32 ? "F32" : "I32");
    for (size_t i = 0; i < array->rank; i++) gz_text_add(text, "%s%zu", i ? "," : "", array->shape[i]);
    gz_text_add(text, "],\"data_offsets\":[%zu,%zu]}", begin, end);
}

/* Blanks at its end put the data at a multiple of 8. */
static gaze_status compose_header(const gaze_array *arrays, size_t count, const char *const *metadata,
                                  char **header)
{
    gz_text text = {0};
    size_t offset = 0;
    gz_text_add(&text, "{");
    if (metadata) add_metadata(&text, metadata);
    for (size_t i = 0; i < count; i++) {
        size_t bytes;
        if (!array_bytes(&arrays[i], &bytes)) text.status = gz_fail_memory(SIZE_MAX);
        if (text.status != GAZE_OK) break;
        gz_text_add(&text, "%s", i || metadata ? "," : "");
        add_array(&text, &arrays[i], offset, offset + bytes);
        offset += bytes;
    }
    gz_text_add(&text, "}");
    while (text.length % ALIGNMENT && text.status == GAZE_OK) gz_text_add(&text, " ");
    return gz_text_take(&text, header);
}

static gaze_status write_all(gz_writer *writer, const char *header, const gaze_array *arrays, size_t count)
{
    const uint64_t length = strlen(header);
    GZ_TRY(gz_writer_write(writer, &length, sizeof length));
    GZ_TRY(gz_writer_write(writer, header, (size_t)length));
    for (size_t i = 0; i < count; i++) {
        size_t bytes;
        if (array_bytes(&arrays[i], &bytes)) GZ_TRY(gz_writer_write(writer, arrays[i].data, bytes));
    }
    return GAZE_OK;
}

gaze_status gz_safetensors_write(const char *path, const gaze_array *arrays, size_t count,
                                 const char *const *metadata)
{
    gz_writer *writer = NULL;
    char *header;
    GZ_TRY(compose_header(arrays, count, metadata, &header));
    gaze_status status = gz_writer_open(path, &writer);
    if (status == GAZE_OK) status = write_all(writer, header, arrays, count);
    free(header);
    if (status == GAZE_OK) return gz_writer_commit(writer);
    gz_writer_abandon(writer);
    return status;
}
