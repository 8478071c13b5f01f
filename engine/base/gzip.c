/* gzip files (RFC 1952) through zlib: one or several members, nothing after them. */
#include "bytes.h"
#include "file.h"
#include "text.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

enum { GZIP_WINDOW = 15 + 16, FOOTER_BYTES = 8, DEFLATE_RATIO = 1032 };

typedef struct inflation {
    const char *path;
    const unsigned char *packed;
    size_t packed_size, taken; /* taken: bytes of `packed` that zlib has */
    char *bytes;
    size_t size, capacity, limit;
    z_stream stream;
} inflation;

static bool is_gzip(const void *bytes, size_t size)
{
    const unsigned char *b = bytes;
    return size >= 2 && b[0] == 0x1f && b[1] == 0x8b;
}

/* The last four bytes say the size modulo 2^32. They may lie, but no file grows by more than deflate's ratio.
 */
static size_t expected_size(const inflation *job)
{
    if (job->packed_size < FOOTER_BYTES) return 0;
    const size_t said = gz_load_u32(job->packed + job->packed_size - 4);
    const size_t most =
        job->packed_size > SIZE_MAX / DEFLATE_RATIO ? SIZE_MAX : job->packed_size * DEFLATE_RATIO;
    const size_t size = said < most ? said : most;
    return size < job->limit ? size : job->limit;
}

static uInt at_most_uint(size_t size) { return size < UINT_MAX ? (uInt)size : UINT_MAX; }

static gaze_status inflate_some(inflation *job, int *result)
{
    z_stream *z = &job->stream;
    if (job->size == job->capacity - 1)
        GZ_TRY(gz_grow(&job->bytes, &job->capacity, job->capacity + 65536, 1));
    const uInt in = at_most_uint(job->packed_size - job->taken),
               out = at_most_uint(job->capacity - 1 - job->size);
    z->next_in = (z_const Bytef *)(job->packed + job->taken);
    z->avail_in = in;
    z->next_out = (Bytef *)job->bytes + job->size;
    z->avail_out = out;
    *result = inflate(z, Z_NO_FLUSH);
    job->taken += in - z->avail_in;
    job->size += out - z->avail_out;
    return GAZE_OK;
}

static gaze_status refuse(const inflation *job, int result)
{
    if (result == Z_MEM_ERROR) return gz_fail_memory(1 << 16);
    if (result == Z_BUF_ERROR || result == Z_OK)
        return gz_fail(
            GAZE_ERROR_DATA,
            "%s: gzip data is truncated: the file ends at byte %zu, %zu bytes came out of it so far; "
            "copy or download the file again",
            job->path, job->packed_size, job->size);
    return gz_fail(GAZE_ERROR_DATA, "%s: gzip data is damaged at byte %zu of %zu: %s", job->path, job->taken,
                   job->packed_size, job->stream.msg ? job->stream.msg : "not deflate data");
}

static gaze_status inflate_member(inflation *job)
{
    for (int result = Z_OK; result != Z_STREAM_END;) {
        const size_t taken = job->taken, size = job->size;
        GZ_TRY(inflate_some(job, &result));
        if (job->size > job->limit) {
            char text[24];
            return gz_fail(GAZE_ERROR_DATA, "%s: inflates to more than the %s that are read at most",
                           job->path, gz_bytes_text(job->limit, text));
        }
        const bool moved = job->taken != taken || job->size != size;
        if (result != Z_STREAM_END && (result != Z_OK || !moved)) return refuse(job, result);
    }
    return GAZE_OK;
}

static gaze_status inflate_all(inflation *job)
{
    for (;;) {
        GZ_TRY(inflate_member(job));
        const size_t left = job->packed_size - job->taken;
        if (left == 0) return GAZE_OK;
        if (!is_gzip(job->packed + job->taken, left))
            return gz_fail(GAZE_ERROR_DATA, "%s: %zu bytes after the end of the gzip data, from byte %zu on",
                           job->path, left, job->taken);
        inflateReset(&job->stream);
    }
}

static gaze_status inflate_bytes(inflation *job)
{
    size_t expected = expected_size(job);
    GZ_TRY(gz_grow(&job->bytes, &job->capacity, expected + (expected < SIZE_MAX), 1));
    if (inflateInit2(&job->stream, GZIP_WINDOW) != Z_OK) return gz_fail_memory(1 << 16);
    const gaze_status status = inflate_all(job);
    inflateEnd(&job->stream);
    return status;
}

gaze_status gz_file_read_gz(const char *path, size_t limit, char **bytes, size_t *size)
{
    char *packed;
    size_t packed_size;
    GZ_TRY(gz_file_read(path, limit, &packed, &packed_size));
    if (!is_gzip(packed, packed_size)) {
        *bytes = packed;
        *size = packed_size;
        return GAZE_OK;
    }
    inflation job = {
        .path = path, .packed = (unsigned char *)packed, .packed_size = packed_size, .limit = limit};
    const gaze_status status = inflate_bytes(&job);
    free(packed);
    if (status != GAZE_OK) {
        free(job.bytes);
        return status;
    }
    job.bytes[job.size] = 0;
    *bytes = job.bytes;
    *size = job.size;
    return GAZE_OK;
}
