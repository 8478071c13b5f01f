/* APNG 1.0: a PNG whose chunks acTL, fcTL and fdAT hold an animation. Each frame is the rectangle that
   differs from the one before. */
#include "image.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    COMPRESSION_LEVEL = 9,
    MEMORY_LEVEL = 8,
    WINDOW_BITS = 15,
    FILTER_UP = 2,
    BITS = 8,
    GRAY = 0,
    RGB = 2,
    MOST_TEXT = 4096
};

typedef struct rectangle {
    size_t y, x, height, width;
} rectangle;

typedef struct apng {
    gz_writer *writer;
    const gz_animation *animation;
    uint32_t sequence; /* number of the next fcTL or fdAT */
    uint8_t *rows;     /* filtered rows of one frame */
    uint8_t *packed;   /* fdAT's number and the deflated rows */
    size_t packed_room;
} apng;

static void put_32(uint8_t *to, size_t value)
{
    for (size_t i = 0; i < 4; i++) to[i] = (uint8_t)(value >> (24 - 8 * i));
}

static gaze_status write_chunk(const apng *a, const char type[4], const uint8_t *data, size_t size)
{
    uint8_t head[8], tail[4];
    put_32(head, size);
    memcpy(head + 4, type, 4);
    uLong crc = crc32(0, head + 4, 4);
    if (size) crc = crc32(crc, data, (uInt)size);
    put_32(tail, crc);
    GZ_TRY(gz_writer_write(a->writer, head, sizeof head));
    if (size) GZ_TRY(gz_writer_write(a->writer, data, size));
    return gz_writer_write(a->writer, tail, sizeof tail);
}

static gaze_status write_header(const apng *a)
{
    static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    const gz_image *frame = a->animation->frames;
    uint8_t header[13] = {[8] = BITS, [9] = frame->channels == 1 ? GRAY : RGB}, control[8] = {0};
    put_32(header, frame->width);
    put_32(header + 4, frame->height);
    put_32(control, a->animation->count); /* played without end: 0 */
    GZ_TRY(gz_writer_write(a->writer, signature, sizeof signature));
    GZ_TRY(write_chunk(a, "IHDR", header, sizeof header));
    return write_chunk(a, "acTL", control, sizeof control);
}

static gaze_status write_text(const apng *a, const char *const *text)
{
    uint8_t data[MOST_TEXT];
    for (; text && text[0] && text[1]; text += 2) {
        const size_t key = strlen(text[0]) + 1, value = strlen(text[1]);
        if (key + value > sizeof data) continue;
        memcpy(data, text[0], key);
        memcpy(data + key, text[1], value);
        GZ_TRY(write_chunk(a, "tEXt", data, key + value));
    }
    return GAZE_OK;
}

static bool rows_differ(const gz_image *a, const gz_image *b, size_t y)
{
    const size_t bytes = a->width * a->channels;
    return memcmp(a->pixels + y * bytes, b->pixels + y * bytes, bytes) != 0;
}

static bool columns_differ(const gz_image *a, const gz_image *b, size_t x)
{
    for (size_t y = 0; y < a->height; y++) {
        const size_t at = (y * a->width + x) * a->channels;
        if (memcmp(a->pixels + at, b->pixels + at, a->channels) != 0) return true;
    }
    return false;
}

/* What differs; one pixel where nothing does. */
static rectangle difference(const gz_image *before, const gz_image *frame)
{
    size_t top = 0, bottom = frame->height, left = 0, right = frame->width;
    while (top + 1 < bottom && !rows_differ(before, frame, top)) top++;
    while (bottom - 1 > top && !rows_differ(before, frame, bottom - 1)) bottom--;
    while (left + 1 < right && !columns_differ(before, frame, left)) left++;
    while (right - 1 > left && !columns_differ(before, frame, right - 1)) right--;
    return (rectangle){top, left, bottom - top, right - left};
}

static gaze_status write_control(apng *a, size_t number, rectangle r)
{
    const gz_animation *animation = a->animation;
    const size_t ms = number + 1 < animation->count ? animation->frame_ms : animation->last_ms;
    uint8_t data[26] = {0}; /* the frame stays, and covers what was there: dispose and blend 0 */
    put_32(data, a->sequence++);
    put_32(data + 4, r.width);
    put_32(data + 8, r.height);
    put_32(data + 12, r.x);
    put_32(data + 16, r.y);
    put_32(data + 20, ms << 16 | 1000); /* numerator and denominator of seconds, 16 bits each */
    return write_chunk(a, "fcTL", data, sizeof data);
}

/* Each row as its difference from the row above. */
static size_t filter_rows(const gz_image *frame, rectangle r, uint8_t *to)
{
    const size_t stride = frame->width * frame->channels, bytes = r.width * frame->channels;
    const uint8_t *row = frame->pixels + r.y * stride + r.x * frame->channels;
    uint8_t *at = to;
    for (size_t y = 0; y < r.height; y++, row += stride) {
        *at++ = FILTER_UP;
        for (size_t i = 0; i < bytes; i++) *at++ = (uint8_t)(row[i] - (y ? row[i - stride] : 0));
    }
    return (size_t)(at - to);
}

static gaze_status deflate_rows(apng *a, size_t size, uint8_t *to, size_t room, size_t *packed)
{
    z_stream z = {.next_in = a->rows, .avail_in = (uInt)size, .next_out = to, .avail_out = (uInt)room};
    if (deflateInit2(&z, COMPRESSION_LEVEL, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return gz_fail_memory(size);
    const int code = deflate(&z, Z_FINISH);
    *packed = z.total_out;
    deflateEnd(&z);
    return code == Z_STREAM_END ? GAZE_OK
                                : gz_fail(GAZE_ERROR_DATA, "a frame of %zu bytes cannot be deflated", size);
}

static gaze_status write_frame(apng *a, size_t number)
{
    const gz_image *frame = &a->animation->frames[number];
    const rectangle r =
        number ? difference(frame - 1, frame) : (rectangle){0, 0, frame->height, frame->width};
    size_t size = 0;
    GZ_TRY(write_control(a, number, r));
    GZ_TRY(deflate_rows(a, filter_rows(frame, r, a->rows), a->packed + 4, a->packed_room, &size));
    if (!number) return write_chunk(a, "IDAT", a->packed + 4, size);
    put_32(a->packed, a->sequence++);
    return write_chunk(a, "fdAT", a->packed, size + 4);
}

static gaze_status write_all(apng *a, const char *const *text)
{
    const gz_image *frame = a->animation->frames;
    const size_t bytes = frame->height * (frame->width * frame->channels + 1);
    a->packed_room = compressBound((uLong)bytes) + 64;
    GZ_TRY(gz_allocate(bytes, 1, &a->rows));
    GZ_TRY(gz_allocate(a->packed_room + 4, 1, &a->packed));
    GZ_TRY(write_header(a));
    GZ_TRY(write_text(a, text));
    for (size_t i = 0; i < a->animation->count; i++) GZ_TRY(write_frame(a, i));
    return write_chunk(a, "IEND", NULL, 0);
}

static gaze_status check(const char *path, const gz_animation *animation)
{
    const gz_image *first = animation->frames;
    if (!animation->count) return gz_fail(GAZE_ERROR_USAGE, "%s: an animation without frames", path);
    for (size_t i = 0; i < animation->count; i++) {
        const gz_image *f = &animation->frames[i];
        if ((f->channels != 1 && f->channels != 3) || f->height != first->height ||
            f->width != first->width || f->channels != first->channels)
            return gz_fail(GAZE_ERROR_USAGE,
                           "%s: frame %zu is %zu x %zu x %zu, expected %zu x %zu of 1 or 3 channels", path, i,
                           f->height, f->width, f->channels, first->height, first->width);
    }
    return GAZE_OK;
}

gaze_status gz_apng_write(const char *path, const gz_animation *animation, const char *const *text)
{
    apng a = {.animation = animation};
    GZ_TRY(check(path, animation));
    GZ_TRY(gz_writer_open(path, &a.writer));
    gaze_status status = write_all(&a, text);
    free(a.rows);
    free(a.packed);
    if (status == GAZE_OK) return gz_writer_commit(a.writer);
    gz_writer_abandon(a.writer);
    return status;
}
