#include "image_codec.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>
#include <jerror.h>

/* A block of 8x8 pixels takes at least one bit. A progressive file has about 10 scans; each costs time for
 * the whole image, however few its bytes are. */
enum { MOST_PIXELS_A_BYTE = 512, MOST_SCANS = 100, EXIF_MARKER = JPEG_APP0 + 1, LONGEST_SEGMENT = 0xffff };

typedef struct jpeg_job {
    struct jpeg_error_mgr errors; /* first: libjpeg hands out its address */
    struct jpeg_progress_mgr progress;
    jmp_buf failed;
    const char *path;
    size_t size;
    char reason[JMSG_LENGTH_MAX];
    gaze_status status; /* of what failed outside libjpeg */
    struct jpeg_decompress_struct decoder;
    unsigned orientation;
    gz_image image;
} jpeg_job;

static void fail(j_common_ptr decoder)
{
    jpeg_job *job = (jpeg_job *)decoder->err;
    decoder->err->format_message(decoder, job->reason);
    longjmp(job->failed, 1);
}

/* libjpeg fills what a damaged file lacks with gray and only warns. Bytes too many between markers do no
 * harm. */
static void judge_warning(j_common_ptr decoder, int level)
{
    if (level < 0 && decoder->err->msg_code != JWRN_EXTRANEOUS_DATA) fail(decoder);
}

static void count_scans(j_common_ptr decoder)
{
    jpeg_job *job = (jpeg_job *)decoder->err;
    if (job->decoder.input_scan_number <= MOST_SCANS) return;
    snprintf(job->reason, sizeof job->reason, "more than %d scans", MOST_SCANS);
    longjmp(job->failed, 1);
}

static gaze_status prepare_image(jpeg_job *job)
{
    struct jpeg_decompress_struct *d = &job->decoder;
    if (d->jpeg_color_space == JCS_CMYK || d->jpeg_color_space == JCS_YCCK)
        return gz_fail(GAZE_ERROR_DATA, "%s: a CMYK JPEG, expected gray or RGB; convert it first", job->path);
    d->out_color_space = d->num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    return gz_image_create_from_file(job->path, job->size, MOST_PIXELS_A_BYTE, d->image_height,
                                     d->image_width, d->num_components == 1 ? 1 : 3, &job->image);
}

/* The first segment that says one. */
static unsigned find_orientation(const struct jpeg_decompress_struct *d)
{
    for (jpeg_saved_marker_ptr m = d->marker_list; m; m = m->next) {
        const unsigned orientation = gz_exif_orientation(m->data, m->data_length);
        if (orientation > 1) return orientation;
    }
    return 1;
}

static void read_rows(jpeg_job *job)
{
    struct jpeg_decompress_struct *d = &job->decoder;
    while (d->output_scanline < d->output_height) {
        JSAMPROW row = job->image.pixels + d->output_scanline * job->image.width * job->image.channels;
        jpeg_read_scanlines(d, &row, 1);
    }
}

/* Jumps back here on an error of libjpeg; nothing that is used afterwards lives in a local variable. */
static bool decode(jpeg_job *job, const void *bytes)
{
    if (setjmp(job->failed)) return false;
    jpeg_create_decompress(&job->decoder);
    job->decoder.progress = &job->progress;
    jpeg_mem_src(&job->decoder, bytes, (unsigned long)job->size);
    jpeg_save_markers(&job->decoder, EXIF_MARKER, LONGEST_SEGMENT);
    jpeg_read_header(&job->decoder, TRUE);
    job->orientation = find_orientation(&job->decoder);
    job->status = prepare_image(job);
    if (job->status != GAZE_OK) return false;
    job->decoder.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&job->decoder);
    read_rows(job);
    jpeg_finish_decompress(&job->decoder);
    return true;
}

gaze_status gz_jpeg_decode(const char *path, const void *bytes, size_t size, gz_image *image)
{
    jpeg_job *job;
    gaze_status status = GAZE_OK;
    GZ_TRY(gz_allocate(1, sizeof *job, &job));
    job->path = path;
    job->size = size;
    job->decoder.err = jpeg_std_error(&job->errors);
    job->errors.error_exit = fail;
    job->errors.emit_message = judge_warning;
    job->progress.progress_monitor = count_scans;
    if (decode(job, bytes)) {
        *image = job->image;
        status = gz_fail_context(gz_image_orient(image, job->orientation), "%s", path);
    } else {
        const size_t left = job->decoder.src ? job->decoder.src->bytes_in_buffer : size;
        status = job->status;
        if (status == GAZE_OK)
            status = gz_fail(GAZE_ERROR_DATA, "%s: damaged JPEG near byte %zu of %zu: %s", path,
                             left < size ? size - left : size, size, job->reason);
        gz_image_free(&job->image);
    }
    jpeg_destroy_decompress(&job->decoder);
    free(job);
    return status;
}
