/* Animated PNGs, chunk by chunk. */
#include "scratch.h"

#include <zlib.h>

#include "../engine/io/image.h"

enum { MOST_CHUNKS = 32 };

typedef struct chunk {
    char type[5];
    const uint8_t *data;
    size_t size;
} chunk;

typedef struct file {
    char *bytes;
    chunk chunks[MOST_CHUNKS];
    size_t count, size;
} file;

static size_t number_at(const uint8_t *bytes)
{
    return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
}

/* Every length and checksum must be right. */
static void read_chunks(const char *path, file *f)
{
    *f = (file){0};
    assert_done(gz_file_read(path, 1 << 20, &f->bytes, &f->size));
    const uint8_t *bytes = (const uint8_t *)f->bytes;
    assert_memory_equal(bytes, "\x89PNG\r\n\x1a\n", 8);
    for (size_t at = 8; at < f->size; f->count++) {
        chunk *c = &f->chunks[f->count];
        c->size = number_at(bytes + at);
        assert_true(at + 12 + c->size <= f->size);
        memcpy(c->type, bytes + at + 4, 4);
        c->data = bytes + at + 8;
        assert_int_equal(number_at(c->data + c->size),
                         crc32(crc32(0, NULL, 0), bytes + at + 4, (uInt)(c->size + 4)));
        at += 12 + c->size;
    }
}

static void assert_types(const file *f, const char *types)
{
    char found[MOST_CHUNKS * 5 + 1] = "";
    for (size_t i = 0; i < f->count; i++) strcat(strcat(found, f->chunks[i].type), " ");
    assert_string_equal(found, types);
}

#define assert_data(c, ...)                                          \
    do {                                                             \
        const uint8_t expected_[] = {__VA_ARGS__};                   \
        assert_int_equal((c)->size, sizeof expected_);               \
        assert_memory_equal((c)->data, expected_, sizeof expected_); \
    } while (0)

static void assert_inflates(const uint8_t *data, size_t size, const uint8_t *expected, size_t expected_size)
{
    uint8_t rows[64];
    uLongf found = sizeof rows;
    assert_int_equal(uncompress(rows, &found, data, (uLong)size), Z_OK);
    assert_int_equal(found, expected_size);
    assert_memory_equal(rows, expected, expected_size);
}

/* Gray, 2 rows of 3. In the second frame the lower right 1 x 2 differ; the third is like the second. */
static uint8_t first[6] = {1, 2, 3, 4, 5, 6}, second[6] = {1, 2, 3, 4, 50, 60};
static const gz_image frames[3] = {{2, 3, 1, first}, {2, 3, 1, second}, {2, 3, 1, second}};
static const gz_animation moving = {frames, 3, 250, 1500};

static void frames_are_the_rectangles_that_change(void **state)
{
    (void)state;
    file f;
    const char *path = scratch_path("a.png"), *const text[] = {"Software", "Gaze", NULL};
    assert_done(gz_apng_write(path, &moving, text));
    read_chunks(path, &f);
    assert_types(&f, "IHDR acTL tEXt fcTL IDAT fcTL fdAT fcTL fdAT IEND ");
    assert_data(&f.chunks[0], 0, 0, 0, 3, 0, 0, 0, 2, 8, 0, 0, 0, 0);
    assert_data(&f.chunks[1], 0, 0, 0, 3, 0, 0, 0, 0); /* 3 frames, without end */
    assert_memory_equal(f.chunks[2].data, "Software\0Gaze", 13);
    /* number, width, height, x, y, 250 / 1000 s */
    assert_data(&f.chunks[3], 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 250, 3, 232, 0,
                0);
    assert_data(&f.chunks[5], 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 250, 3, 232, 0,
                0);
    assert_data(&f.chunks[7], 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 5, 220, 3, 232, 0,
                0);
    assert_inflates(f.chunks[4].data, f.chunks[4].size, (const uint8_t[]){2, 1, 2, 3, 2, 3, 3, 3}, 8);
    assert_int_equal(number_at(f.chunks[6].data), 2);
    assert_inflates(f.chunks[6].data + 4, f.chunks[6].size - 4, (const uint8_t[]){2, 50, 60}, 3);
    assert_int_equal(number_at(f.chunks[8].data), 4);
    free(f.bytes);
}

static void other_programs_see_the_first_frame(void **state)
{
    (void)state;
    gz_image image;
    const char *path = scratch_path("b.png");
    assert_done(gz_apng_write(path, &moving, NULL));
    assert_done(gz_image_read(path, &image));
    assert_int_equal(image.height * 10 + image.width, 23);
    assert_memory_equal(image.pixels, first, sizeof first);
    gz_image_free(&image);
}

static void the_same_frames_are_the_same_bytes(void **state)
{
    (void)state;
    file a, b;
    assert_done(gz_apng_write(scratch_path("c.png"), &moving, NULL));
    assert_done(gz_apng_write(scratch_path("d.png"), &moving, NULL));
    read_chunks(scratch_path("c.png"), &a);
    read_chunks(scratch_path("d.png"), &b);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.bytes, b.bytes, a.size);
    free(a.bytes);
    free(b.bytes);
}

static void frames_that_differ_in_size_are_refused(void **state)
{
    (void)state;
    const gz_image two[2] = {{2, 3, 1, first}, {3, 2, 1, first}};
    const char *path = scratch_path("e.png");
    assert_refused(gz_apng_write(path, &(gz_animation){two, 2, 1, 1}, NULL), GAZE_ERROR_USAGE,
                   "frame 1 is 3 x 2 x 1", NULL);
    assert_refused(gz_apng_write(path, &(gz_animation){two, 0, 1, 1}, NULL), GAZE_ERROR_USAGE,
                   "without frames", NULL);
    assert_false(gz_file_exists(path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_the_rectangles_that_change),
        cmocka_unit_test(other_programs_see_the_first_frame),
        cmocka_unit_test(the_same_frames_are_the_same_bytes),
        cmocka_unit_test(frames_that_differ_in_size_are_refused),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
