#include "../base/text.h"
#include "image_codec.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

/* Deflate makes at most 1032 bytes of one, and a byte holds at most 8 pixels. */
enum { MOST_PIXELS_A_BYTE = 1032 * 8, COMPRESSION_LEVEL = 6, MEMORY_LEVEL = 8, WINDOW_BITS = 15 };

typedef struct png_job {
    jmp_buf failed;
    const char *path;
    char reason[160];
    gaze_status status; /* of what failed outside libpng, its memory included */
    const unsigned char *bytes;
    size_t size, at;
    png_structp png;
    png_infop info;
    gz_image read; /* gray or RGB, with alpha as the last channel where there is one */
    png_bytep *rows;
} png_job;

static void fail(png_structp png, png_const_charp reason)
{
    png_job *job = png_get_error_ptr(png);
    snprintf(job->reason, sizeof job->reason, "%s", reason);
    longjmp(job->failed, 1);
}

static void ignore_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

/* libpng would only say "Out of memory" where a damaged file has another text. */
static png_voidp allocate(png_structp png, png_alloc_size_t bytes)
{
    png_job *job = png_get_mem_ptr(png);
    void *memory = malloc(bytes);
    if (!memory) job->status = gz_fail_memory(bytes);
    return memory;
}

static void release(png_structp png, png_voidp memory)
{
    (void)png;
    free(memory);
}

static void take_bytes(png_structp png, png_bytep out, size_t count)
{
    png_job *job = png_get_io_ptr(png);
    if (count > job->size - job->at) {
        job->at = job->size;
        png_error(png, "the file ends here: truncated");
    }
    memcpy(out, job->bytes + job->at, count);
    job->at += count;
}

/* Rows of `image` for libpng. */
static gaze_status point_at_rows(const gz_image *image, png_bytep **rows)
{
    GZ_TRY(gz_allocate(image->height, sizeof **rows, rows));
    for (size_t y = 0; y < image->height; y++)
        (*rows)[y] = image->pixels + y * image->width * image->channels;
    return GAZE_OK;
}

static gaze_status prepare_image(png_job *job)
{
    const size_t height = png_get_image_height(job->png, job->info),
                 width = png_get_image_width(job->png, job->info);
    GZ_TRY(gz_image_create_from_file(job->path, job->size, MOST_PIXELS_A_BYTE, height, width,
                                     png_get_channels(job->png, job->info), &job->read));
    return point_at_rows(&job->read, &job->rows);
}

/* Jumps back here on an error of libpng; nothing that is used afterwards lives in a local variable. */
static bool decode(png_job *job)
{
    if (setjmp(job->failed)) return false;
    png_set_read_fn(job->png, job, take_bytes);
    png_set_keep_unknown_chunks(job->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1); /* texts may inflate to much */
    png_read_info(job->png, job->info);
    png_set_expand(job->png); /* palettes to RGB, fewer bits to 8, transparent colours to alpha */
    png_set_scale_16(job->png);
    png_set_interlace_handling(job->png);
    png_read_update_info(job->png, job->info);
    job->status = prepare_image(job);
    if (job->status != GAZE_OK) return false;
    png_read_image(job->png, job->rows);
    png_read_end(job->png, NULL);
    return true;
}

static gaze_status put_on_white(const gz_image *from, gz_image *to)
{
    const size_t channels = from->channels - 1, pixels = from->height * from->width;
    GZ_TRY(gz_image_create(from->height, from->width, channels, 255, to));
    for (size_t i = 0; i < pixels; i++) {
        const uint8_t *source = from->pixels + i * from->channels;
        const unsigned alpha = source[channels];
        for (size_t c = 0; c < channels; c++)
            to->pixels[i * channels + c] = (uint8_t)((source[c] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
    return GAZE_OK;
}

static gaze_status take_image(png_job *job, gz_image *image)
{
    if (job->read.channels == 2 || job->read.channels == 4) return put_on_white(&job->read, image);
    *image = job->read;
    job->read = (gz_image){0};
    return GAZE_OK;
}

gaze_status gz_png_decode(const char *path, const void *bytes, size_t size, gz_image *image)
{
    png_job job = {.path = path, .bytes = bytes, .size = size};
    gaze_status status = GAZE_OK;
    job.png =
        png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &job, fail, ignore_warning, &job, allocate, release);
    if (job.png) job.info = png_create_info_struct(job.png);
    if (!job.info)
        status = gz_fail_memory(size);
    else if (decode(&job))
        status = take_image(&job, image);
    else if (job.status != GAZE_OK)
        status = job.status;
    else
        status = gz_fail(GAZE_ERROR_DATA, "%s: damaged PNG at byte %zu of %zu: %s", path, job.at, size,
                         job.reason);
    png_destroy_read_struct(&job.png, &job.info, NULL);
    gz_image_free(&job.read);
    free(job.rows);
    return status;
}

static void add_text(png_job *job, const char *const *text)
{
    for (; text && text[0] && text[1]; text += 2) {
        union {
            const char *constant;
            char *changeable; /* as libpng wants it, which leaves it alone */
        } key = {text[0]}, value = {text[1]};
        const png_text chunk = {
            .compression = PNG_TEXT_COMPRESSION_NONE, .key = key.changeable, .text = value.changeable};
        png_set_text(job->png, job->info, &chunk, 1);
    }
}

/* Everything that decides the bytes is fixed here. Rows of magnified pixels are equal to the row above. */
static bool encode(png_job *job, FILE *stream, const gz_image *image, const char *const *text)
{
    if (setjmp(job->failed)) return false;
    png_init_io(job->png, stream);
    png_set_filter(job->png, PNG_FILTER_TYPE_BASE, PNG_FILTER_UP);
    png_set_compression_level(job->png, COMPRESSION_LEVEL);
    png_set_compression_mem_level(job->png, MEMORY_LEVEL);
    png_set_compression_window_bits(job->png, WINDOW_BITS);
    png_set_compression_strategy(job->png, 0);
    png_set_IHDR(job->png, job->info, (png_uint_32)image->width, (png_uint_32)image->height, 8,
                 image->channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    add_text(job, text);
    png_write_info(job->png, job->info);
    png_write_image(job->png, job->rows);
    png_write_end(job->png, job->info);
    return true;
}

static gaze_status write_png(FILE *stream, const char *path, const gz_image *image, const char *const *text)
{
    png_job job = {.path = path};
    gaze_status status;
    if (image->channels != 1 && image->channels != 3)
        return gz_fail(GAZE_ERROR_USAGE, "%s: an image of %zu channels, expected 1 or 3", path,
                       image->channels);
    GZ_TRY(point_at_rows(image, &job.rows));
    job.png =
        png_create_write_struct_2(PNG_LIBPNG_VER_STRING, &job, fail, ignore_warning, &job, allocate, release);
    if (job.png) job.info = png_create_info_struct(job.png);
    if (!job.info)
        status = gz_fail_memory(image->width * image->channels);
    else if (encode(&job, stream, image, text))
        status = GAZE_OK;
    else if (job.status != GAZE_OK)
        status = job.status;
    else
        status = gz_fail(GAZE_ERROR_DATA, "%s: the PNG cannot be written: %s", path, job.reason);
    png_destroy_write_struct(&job.png, &job.info);
    free(job.rows);
    return status;
}

gaze_status gz_png_write(const char *path, const gz_image *image, const char *const *text)
{
    gz_writer *writer;
    GZ_TRY(gz_writer_open(path, &writer));
    const gaze_status status = write_png(gz_writer_stream(writer), path, image, text);
    if (status == GAZE_OK) return gz_writer_commit(writer);
    gz_writer_abandon(writer);
    return status;
}

gaze_status gz_png_encode(const gz_image *image, char **bytes, size_t *size)
{
    *bytes = NULL;
    FILE *stream = open_memstream(bytes, size);
    if (!stream) return gz_fail_memory(BUFSIZ);
    gaze_status status = write_png(stream, "PNG in memory", image, NULL);
    if (fclose(stream) != 0 && status == GAZE_OK) status = gz_fail_memory(*size);
    if (status == GAZE_OK) return GAZE_OK;
    free(*bytes);
    *bytes = NULL;
    return status;
}
