#include "npy.h"
#include "../base/bytes.h"
#include "../base/text.h"
#include "number.h"

#include <stdlib.h>

enum { MAGIC_BYTES = 6, LONGEST_HEADER = 1 << 20 };

static const struct {
    const char *type;
    gz_number number;
} types[] = {{"<f4", GZ_NUMBER_F32}, {"<f8", GZ_NUMBER_F64}, {"<i4", GZ_NUMBER_I32},
             {"<i8", GZ_NUMBER_I64}, {"|u1", GZ_NUMBER_U8},  {"|b1", GZ_NUMBER_U8}};
enum { N_TYPES = sizeof types / sizeof *types };

/* The header is a Python dictionary, as in {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } */
typedef struct dictionary {
    const char *path, *start, *at, *end;
    size_t first_byte; /* of `start` in the file */
} dictionary;

static gaze_status unexpected(const dictionary *d, const char *expected)
{
    const size_t byte = d->first_byte + (size_t)(d->at - d->start);
    if (d->at == d->end)
        return gz_fail(GAZE_ERROR_DATA, "%s: the header ends at byte %zu, expected %s", d->path, byte,
                       expected);
    const unsigned char c = (unsigned char)*d->at;
    return gz_fail(GAZE_ERROR_DATA, "%s: byte %zu is 0x%02x ('%c'), expected %s", d->path, byte, c,
                   c >= 32 && c < 127 ? c : '?', expected);
}

static void skip_blanks(dictionary *d)
{
    while (d->at < d->end && (*d->at == ' ' || *d->at == '\n' || *d->at == '\t')) d->at++;
}

static bool take(dictionary *d, char c)
{
    skip_blanks(d);
    if (d->at == d->end || *d->at != c) return false;
    d->at++;
    return true;
}

static bool take_word(dictionary *d, const char *word)
{
    const size_t length = strlen(word);
    skip_blanks(d);
    if ((size_t)(d->end - d->at) < length || memcmp(d->at, word, length) != 0) return false;
    d->at += length;
    return true;
}

static gaze_status parse_type(dictionary *d, gz_npy_header *header)
{
    for (size_t i = 0; i < N_TYPES; i++) {
        char quoted[8];
        for (const char *quote = "'\""; *quote; quote++) {
            snprintf(quoted, sizeof quoted, "%c%s%c", *quote, types[i].type, *quote);
            if (!take_word(d, quoted)) continue;
            strcpy(header->type, types[i].type);
            header->item_bytes = gz_number_bytes(types[i].number);
            header->array.dtype = gz_number_dtype(types[i].number);
            return GAZE_OK;
        }
    }
    const size_t left = (size_t)(d->end - d->at);
    return gz_fail(GAZE_ERROR_DATA,
                   "%s: the type is %.*s, expected '<f4', '<f8', '<i4', '<i8', '|u1' or '|b1'; convert it "
                   "with numpy's astype",
                   d->path, (int)(left < 12 ? left : 12), d->at);
}

static gaze_status parse_order(dictionary *d)
{
    if (take_word(d, "False")) return GAZE_OK;
    if (!take_word(d, "True")) return unexpected(d, "True or False");
    return gz_fail(GAZE_ERROR_DATA,
                   "%s: the array is in Fortran order, expected C order; save numpy.ascontiguousarray of it",
                   d->path);
}

static gaze_status parse_dimension(dictionary *d, size_t *dimension)
{
    skip_blanks(d);
    if (d->at == d->end || *d->at < '0' || *d->at > '9') return unexpected(d, "a number in the shape");
    *dimension = 0;
    for (; d->at < d->end && *d->at >= '0' && *d->at <= '9'; d->at++)
        if (!gz_multiply(*dimension, 10, dimension) || !gz_add(*dimension, (size_t)(*d->at - '0'), dimension))
            return unexpected(d, "a smaller number in the shape");
    return GAZE_OK;
}

static gaze_status parse_shape(dictionary *d, gaze_array *array)
{
    if (!take(d, '(')) return unexpected(d, "'(' before the shape");
    for (array->rank = 0; !take(d, ')'); array->rank++) {
        if (array->rank == GAZE_MAX_RANK)
            return gz_fail(GAZE_ERROR_DATA, "%s: the array has more than %d dimensions", d->path,
                           GAZE_MAX_RANK);
        GZ_TRY(parse_dimension(d, &array->shape[array->rank]));
        if (take(d, ',')) continue;
        if (!take(d, ')')) return unexpected(d, "',' or ')' in the shape");
        array->rank++;
        break;
    }
    return GAZE_OK;
}

static gaze_status parse_entry(dictionary *d, gz_npy_header *header, unsigned *seen)
{
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    for (unsigned key = 0; key < 3; key++) {
        char single[24], twice[24];
        snprintf(single, sizeof single, "'%s'", keys[key]);
        snprintf(twice, sizeof twice, "\"%s\"", keys[key]);
        if (!take_word(d, single) && !take_word(d, twice)) continue;
        if (!take(d, ':')) return unexpected(d, "':'");
        *seen |= 1u << key;
        return key == 0 ? parse_type(d, header) : key == 1 ? parse_order(d) : parse_shape(d, &header->array);
    }
    return unexpected(d, "'descr', 'fortran_order' or 'shape'");
}

static gaze_status parse_dictionary(dictionary *d, gz_npy_header *header)
{
    unsigned seen = 0;
    if (!take(d, '{')) return unexpected(d, "'{'");
    while (!take(d, '}')) {
        GZ_TRY(parse_entry(d, header, &seen));
        if (take(d, ',')) continue;
        if (!take(d, '}')) return unexpected(d, "',' or '}'");
        break;
    }
    if (seen != 7)
        return gz_fail(GAZE_ERROR_DATA, "%s: the header lacks '%s'", d->path,
                       !(seen & 1)   ? "descr"
                       : !(seen & 2) ? "fortran_order"
                                     : "shape");
    return GAZE_OK;
}

gaze_status gz_npy_parse(const char *path, const char *bytes, size_t size, gz_npy_header *header)
{
    const unsigned version = size > MAGIC_BYTES ? (unsigned char)bytes[MAGIC_BYTES] : 0;
    if (size < MAGIC_BYTES || memcmp(bytes, "\x93NUMPY", MAGIC_BYTES) != 0)
        return gz_fail(GAZE_ERROR_DATA, "%s: not an .npy file: it doesn't begin with \\x93NUMPY", path);
    const size_t start = version == 1 ? 10 : 12;
    if (size < start)
        return gz_fail(GAZE_ERROR_DATA, "%s: truncated: %zu bytes, expected at least %zu", path, size, start);
    if (version < 1 || version > 3)
        return gz_fail(GAZE_ERROR_DATA, "%s: .npy version %u, expected 1, 2 or 3", path, version);
    const size_t length = version == 1 ? gz_load_u16(bytes + 8) : gz_load_u32(bytes + 8);
    if (length > LONGEST_HEADER)
        return gz_fail(GAZE_ERROR_DATA, "%s: a header of %zu bytes, expected at most %d", path, length,
                       LONGEST_HEADER);
    if (length > size - start)
        return gz_fail(GAZE_ERROR_DATA, "%s: truncated: the header needs %zu bytes, the file has %zu", path,
                       start + length, size);
    gz_npy_header result = {.data_offset = start + length};
    dictionary d = {path, bytes + start, bytes + start, bytes + start + length, start};
    GZ_TRY(parse_dictionary(&d, &result));
    *header = result;
    return GAZE_OK;
}

static gaze_status check_size(const char *path, const gz_npy_header *header, size_t size)
{
    size_t expected = header->item_bytes;
    bool fits = true;
    for (size_t i = 0; i < header->array.rank; i++)
        fits = fits && gz_multiply(expected, header->array.shape[i], &expected);
    if (!fits || !gz_add(expected, header->data_offset, &expected))
        return gz_fail(GAZE_ERROR_DATA, "%s: the shape in the header is larger than any file", path);
    if (size == expected) return GAZE_OK;
    return gz_fail(GAZE_ERROR_DATA, "%s: %s: %zu bytes, expected %zu by its header", path,
                   size < expected ? "truncated" : "bytes after the array", size, expected);
}

gaze_status gz_npy_load(const char *path, gz_npy_header *header, char **bytes, size_t *size)
{
    char *all;
    GZ_TRY(gz_file_read(path, SIZE_MAX - 1, &all, size));
    gaze_status status = gz_npy_parse(path, all, *size, header);
    if (status == GAZE_OK) status = check_size(path, header, *size);
    if (status == GAZE_OK)
        *bytes = all;
    else
        free(all);
    return status;
}

gaze_status gz_npy_convert(const char *path, const gz_npy_header *header, const void *source, size_t first,
                           size_t count, void *out)
{
    size_t i = 0;
    while (i + 1 < N_TYPES && strcmp(types[i].type, header->type) != 0) i++;
    return gz_number_convert(path, types[i].number, source, first, count, out);
}

gaze_status gz_npy_read(const char *path, gaze_array *array)
{
    gz_npy_header header;
    char *bytes = NULL;
    void *data = NULL;
    size_t size;
    GZ_TRY(gz_npy_load(path, &header, &bytes, &size));
    const size_t count = (size - header.data_offset) / header.item_bytes;
    gaze_status status = gz_allocate(count, 4, &data);
    if (status == GAZE_OK) status = gz_npy_convert(path, &header, bytes + header.data_offset, 0, count, data);
    free(bytes);
    if (status != GAZE_OK) {
        free(data);
        return status;
    }
    header.array.name = array->name;
    header.array.data = data;
    *array = header.array;
    return GAZE_OK;
}

/* Padded so that the items begin at a multiple of 64, as numpy does. */
static gaze_status write_header(gz_writer *writer, const gaze_array *array)
{
    char text[256];
    size_t length = (size_t)snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (",
                                     array->dtype == GAZE_FLOAT32 ? "<f4" : "<i4");
    for (size_t i = 0; i < array->rank; i++)
        length +=
            (size_t)snprintf(text + length, sizeof text - length, "%s%zu", i ? ", " : "", array->shape[i]);
    length += (size_t)snprintf(text + length, sizeof text - length, "%s), }", array->rank == 1 ? "," : "");
    const size_t padded = gz_round_up(10 + length + 1, 64) - 10;
    const unsigned char start[10] = {
        0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (unsigned char)padded, (unsigned char)(padded >> 8)};
    GZ_TRY(gz_writer_write(writer, start, sizeof start));
    memset(text + length, ' ', padded - length - 1);
    text[padded - 1] = '\n';
    return gz_writer_write(writer, text, padded);
}

gaze_status gz_npy_write(const char *path, const gaze_array *array)
{
    size_t bytes = 4;
    if (array->rank > GAZE_MAX_RANK)
        return gz_fail(GAZE_ERROR_USAGE, "%s: an array of %zu dimensions, expected at most %d", path,
                       array->rank, GAZE_MAX_RANK);
    for (size_t i = 0; i < array->rank; i++)
        if (!gz_multiply(bytes, array->shape[i], &bytes)) return gz_fail_memory(SIZE_MAX);
    gz_writer *writer;
    GZ_TRY(gz_writer_open(path, &writer));
    gaze_status status = write_header(writer, array);
    if (status == GAZE_OK) status = gz_writer_write(writer, array->data, bytes);
    if (status == GAZE_OK) return gz_writer_commit(writer);
    gz_writer_abandon(writer);
    return status;
}

gaze_status gz_npy_recognize(const char *path, bool *is_npy)
{
    static const char magic[] = {'\x93', 'N', 'U', 'M', 'P', 'Y'};
    char first[sizeof magic] = {0};
    FILE *file = fopen(path, "rb");
    if (!file) return gz_fail_errno(path, "can't be opened");
    gaze_status status = GAZE_OK;
    const size_t length = fread(first, 1, sizeof first, file);
    if (ferror(file)) status = gz_fail_errno(path, "can't be read");
    fclose(file);
    *is_npy = length == sizeof magic && !memcmp(first, magic, sizeof magic);
    return status;
}
