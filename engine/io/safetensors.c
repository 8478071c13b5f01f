#include "safetensors_parts.h"
#include "../base/bytes.h"
#include "../base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { SIZE_BYTES = 8, LONGEST_HEADER = 100000000, PIECE_NUMBERS = 8192 };

static gaze_status open_file(gz_tensor_file *r, size_t *size)
{
    struct stat facts;
    r->file = fopen(r->path, "rb");
    if (!r->file) return gz_fail_errno(r->path, "cannot be opened");
    if (fstat(fileno(r->file), &facts) != 0) return gz_fail_errno(r->path, "cannot be read");
    if (!S_ISREG(facts.st_mode)) return gz_fail(GAZE_ERROR_DATA, "%s: not a file", r->path);
    *size = (size_t)facts.st_size;
    return GAZE_OK;
}

static gaze_status read_exactly(const gz_tensor_file *r, void *bytes, size_t size)
{
    errno = 0;
    if (fread(bytes, 1, size, r->file) == size) return GAZE_OK;
    if (ferror(r->file)) return gz_fail_errno(r->path, "cannot be read");
    return gz_fail(GAZE_ERROR_DATA, "%s: became shorter while it was read", r->path);
}

static gaze_status read_header(gz_tensor_file *r)
{
    unsigned char start[SIZE_BYTES];
    size_t size = 0;
    GZ_TRY(open_file(r, &size));
    if (size < SIZE_BYTES)
        return gz_fail(GAZE_ERROR_DATA, "%s: truncated: %zu bytes, a safetensors file begins with 8", r->path,
                       size);
    GZ_TRY(read_exactly(r, start, SIZE_BYTES));
    const uint64_t length = gz_load_u64(start);
    if (length > LONGEST_HEADER || length > size - SIZE_BYTES)
        return gz_fail(GAZE_ERROR_DATA,
                       "%s: not a safetensors file, or truncated: its header has %llu bytes by its first 8, "
                       "the file %zu",
                       r->path, (unsigned long long)length, size);
    r->header_bytes = (size_t)length;
    r->data_bytes = size - SIZE_BYTES - r->header_bytes;
    GZ_TRY(gz_allocate(r->header_bytes + 1, 1, &r->header));
    return read_exactly(r, r->header, r->header_bytes);
}

static gaze_status parse_header(gz_tensor_file *r)
{
    const char *end = NULL;
    const size_t valid = gz_utf8_prefix(r->header, r->header_bytes);
    if (valid != r->header_bytes)
        return gz_fail(GAZE_ERROR_DATA, "%s: byte %zu of the header (%zu of the file) is not UTF-8", r->path,
                       valid, SIZE_BYTES + valid);
    GZ_TRY(gz_json_text_parse(r->header, r->header_bytes, &end, &r->root));
    size_t byte = r->root || end ? (size_t)(end - r->header) : 0;
    while (r->root && byte < r->header_bytes && r->header[byte] == ' ') byte++;
    if (!r->root || byte != r->header_bytes)
        return gz_fail(GAZE_ERROR_DATA, "%s: the header is not JSON at its byte %zu (%zu of the file)",
                       r->path, byte, SIZE_BYTES + byte);
    if (!cJSON_IsObject(r->root))
        return gz_fail(GAZE_ERROR_DATA, "%s: the header is not a JSON object", r->path);
    return GAZE_OK;
}

static gaze_status read_numbers(const gz_tensor_file *r, const gz_tensor_entry *e, void *out)
{
    char piece[PIECE_NUMBERS * sizeof(double)], place[512];
    const size_t item_bytes = gz_number_bytes(e->type), count = (e->end - e->begin) / item_bytes;
    if (e->type == GZ_NUMBER_F32 || e->type == GZ_NUMBER_I32) return read_exactly(r, out, 4 * count);
    snprintf(place, sizeof place, "%s: tensor '%s'", r->path, e->name);
    for (size_t done = 0; done < count;) {
        const size_t some = count - done < PIECE_NUMBERS ? count - done : PIECE_NUMBERS;
        GZ_TRY(read_exactly(r, piece, some * item_bytes));
        GZ_TRY(gz_number_convert(place, e->type, piece, done, some, (char *)out + 4 * done));
        done += some;
    }
    return GAZE_OK;
}

static gaze_status read_array(const gz_tensor_file *r, const gz_tensor_entry *e, gz_arena *arena,
                              gaze_array *array)
{
    size_t bytes;
    const size_t count = (e->end - e->begin) / gz_number_bytes(e->type);
    if (!gz_multiply(count, 4, &bytes)) return gz_fail_memory(SIZE_MAX);
    *array = (gaze_array){
        .name = gz_arena_copy(arena, e->name), .dtype = gz_number_dtype(e->type), .rank = e->rank};
    memcpy(array->shape, e->shape, sizeof e->shape);
    array->data = gz_arena_allocate(arena, bytes);
    if (!array->name || !array->data) return GAZE_ERROR_DEVICE;
    return read_numbers(r, e, array->data);
}

static gaze_status read_arrays(const gz_tensor_file *r, gz_safetensors *file)
{
    file->arrays = gz_arena_allocate(file->arena, r->count * sizeof *file->arrays);
    const char **types = gz_arena_allocate(file->arena, r->count * sizeof *types);
    if (!file->arrays || !types) return GAZE_ERROR_DEVICE;
    file->types = types;
    file->count = r->count;
    for (size_t i = 0; i < r->count; i++) {
        types[i] = gz_safetensors_type(r->entries[i].type);
        GZ_TRY(read_array(r, &r->entries[i], file->arena, &file->arrays[i]));
    }
    return GAZE_OK;
}

static gaze_status read_metadata(const gz_tensor_file *r, gz_safetensors *file)
{
    const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(r->root, "__metadata__"), *item;
    const size_t count = metadata ? (size_t)cJSON_GetArraySize(metadata) : 0;
    if (metadata && !cJSON_IsObject(metadata))
        return gz_fail(GAZE_ERROR_DATA, "%s: \"__metadata__\" is not a JSON object", r->path);
    const char **words = gz_arena_allocate(file->arena, (2 * count + 1) * sizeof *words);
    if (!words) return GAZE_ERROR_DEVICE;
    file->metadata = words;
    cJSON_ArrayForEach(item, metadata)
    {
        if (!cJSON_IsString(item))
            return gz_fail(GAZE_ERROR_DATA, "%s: \"__metadata__\": '%s' is not a string", r->path,
                           item->string);
        *words++ = gz_arena_copy(file->arena, item->string);
        *words++ = gz_arena_copy(file->arena, item->valuestring);
        if (!words[-1] || !words[-2]) return GAZE_ERROR_DEVICE;
    }
    return GAZE_OK;
}

gaze_status gz_safetensors_read(const char *path, gz_safetensors *file)
{
    gaze_status status;
    gz_tensor_file r = {.path = path};
    gz_safetensors result = {0};
    GZ_GO(read_header(&r));
    GZ_GO(parse_header(&r));
    GZ_GO(gz_safetensors_entries(&r));
    GZ_GO(gz_arena_create(&result.arena));
    GZ_GO(read_metadata(&r, &result));
    GZ_GO(read_arrays(&r, &result));
    *file = result;
done:
    if (status != GAZE_OK) gz_safetensors_free(&result);
    cJSON_Delete(r.root);
    free(r.entries);
    free(r.header);
    if (r.file) fclose(r.file);
    return status;
}

void gz_safetensors_free(gz_safetensors *file)
{
    gz_arena_destroy(file->arena);
    *file = (gz_safetensors){0};
}

const gaze_array *gz_safetensors_find(const gz_safetensors *file, const char *name)
{
    for (size_t i = 0; i < file->count; i++)
        if (strcmp(file->arrays[i].name, name) == 0) return &file->arrays[i];
    return NULL;
}
