#include "safetensors.h"
#include "../base/bytes.h"
#include "../base/text.h"
#include "json_text.h"
#include "number.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { SIZE_BYTES = 8, LONGEST_HEADER = 100000000, PIECE_NUMBERS = 8192 };

static const char *const type_names[] = {"F64", "F32", "F16", "BF16",
                                         "I64", "I32", "U8",  NULL}; /* as gz_number */

typedef struct entry {
    const char *name;
    gz_number type;
    size_t begin, end; /* in the data */
    size_t rank, shape[GAZE_MAX_RANK];
} entry;

typedef struct reading {
    const char *path;
    FILE *file;
    size_t header_bytes, data_bytes;
    char *header;
    cJSON *root;
    entry *entries;
    size_t count;
} reading;

static gaze_status open_file(reading *r, size_t *size)
{
    struct stat facts;
    r->file = fopen(r->path, "rb");
    if (!r->file) return gz_fail_errno(r->path, "cannot be opened");
    if (fstat(fileno(r->file), &facts) != 0) return gz_fail_errno(r->path, "cannot be read");
    if (!S_ISREG(facts.st_mode)) return gz_fail(GAZE_ERROR_DATA, "%s: not a file", r->path);
    *size = (size_t)facts.st_size;
    return GAZE_OK;
}

static gaze_status read_exactly(const reading *r, void *bytes, size_t size)
{
    errno = 0;
    if (fread(bytes, 1, size, r->file) == size) return GAZE_OK;
    if (ferror(r->file)) return gz_fail_errno(r->path, "cannot be read");
    return gz_fail(GAZE_ERROR_DATA, "%s: became shorter while it was read", r->path);
}

static gaze_status read_header(reading *r)
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

static gaze_status parse_header(reading *r)
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

static gaze_status read_type(const reading *r, const cJSON *item, entry *e)
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

static gaze_status read_shape(const reading *r, const cJSON *item, entry *e, size_t *bytes)
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

static gaze_status read_offsets(const reading *r, const cJSON *item, entry *e)
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

static gaze_status read_entry(const reading *r, const cJSON *item, entry *e)
{
    size_t bytes;
    *e = (entry){.name = item->string};
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

static gaze_status read_entries(reading *r)
{
    const cJSON *item;
    GZ_TRY(gz_allocate((size_t)cJSON_GetArraySize(r->root), sizeof *r->entries, &r->entries));
    cJSON_ArrayForEach(item, r->root) if (!is_metadata(item))
        GZ_TRY(read_entry(r, item, &r->entries[r->count++]));
    return GAZE_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const entry *)a)->name, ((const entry *)b)->name);
}

static int by_offset(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end) return x->end < y->end ? -1 : 1;
    return by_name(a, b);
}

static gaze_status check_names(reading *r)
{
    if (r->count) qsort(r->entries, r->count, sizeof *r->entries, by_name);
    for (size_t i = 1; i < r->count; i++)
        if (by_name(&r->entries[i - 1], &r->entries[i]) == 0)
            return gz_fail(GAZE_ERROR_DATA, "%s: tensor '%s' is there twice", r->path, r->entries[i].name);
    return GAZE_OK;
}

static gaze_status check_offsets(reading *r)
{
    size_t at = 0;
    if (r->count) qsort(r->entries, r->count, sizeof *r->entries, by_offset);
    for (size_t i = 0; i < r->count; i++) {
        const entry *e = &r->entries[i];
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
static gaze_status read_numbers(const reading *r, const entry *e, void *out)
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

static gaze_status read_array(const reading *r, const entry *e, gz_arena *arena, gaze_array *array)
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

static gaze_status read_arrays(const reading *r, gz_safetensors *file)
{
    file->arrays = gz_arena_allocate(file->arena, r->count * sizeof *file->arrays);
    const char **types = gz_arena_allocate(file->arena, r->count * sizeof *types);
    if (!file->arrays || !types) return GAZE_ERROR_DEVICE;
    file->types = types;
    file->count = r->count;
    for (size_t i = 0; i < r->count; i++) {
        types[i] = type_names[r->entries[i].type];
        GZ_TRY(read_array(r, &r->entries[i], file->arena, &file->arrays[i]));
    }
    return GAZE_OK;
}

static gaze_status read_metadata(const reading *r, gz_safetensors *file)
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
    reading r = {.path = path};
    gz_safetensors result = {0};
    GZ_GO(read_header(&r));
    GZ_GO(parse_header(&r));
    GZ_GO(read_entries(&r));
    GZ_GO(check_names(&r));
    GZ_GO(check_offsets(&r));
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
