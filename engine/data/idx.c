/* MNIST's files (yann.lecun.com/exdb/mnist): big-endian counts, then bytes; as they are or gzipped. */
#include "../base/bytes.h"
#include "types.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_FOLDER "/usr/share/datasets/fashion-mnist"

enum {
    IMAGES_MAGIC = 0x803,
    LABELS_MAGIC = 0x801,
    IMAGES_START = 16,
    LABELS_START = 8,
    MOST_BYTES = 0x7fffffff
};

typedef struct idx_part {
    char *images, *labels; /* whole files */
    size_t count, height, width;
} idx_part;

typedef struct idx {
    idx_part parts[GZ_N_PARTS];
    float table[256]; /* bytes as floats */
} idx;

typedef struct idx_file {
    const char *path;
    char *bytes;
    size_t size;
} idx_file;

static const char *const stems[GZ_N_PARTS][2] = {{"train-images-idx3-ubyte", "train-labels-idx1-ubyte"},
                                                 {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}};

/* *path is NULL where neither the file nor its .gz is there. */
static gaze_status find_file(gz_arena *arena, const char *folder, const char *stem, const char **path)
{
    char *plain = gz_path_join(arena, folder, stem),
         *packed = plain ? gz_arena_format(arena, "%s.gz", plain) : NULL;
    if (!packed) return GAZE_ERROR_DEVICE;
    gz_file_kind kind;
    GZ_TRY(gz_file_look(*path = plain, &kind));
    if (kind != GZ_FILE) GZ_TRY(gz_file_look(*path = packed, &kind));
    if (kind != GZ_FILE) *path = NULL;
    return GAZE_OK;
}

static gaze_status refuse_missing(const char *folder, const char *stem)
{
    const char *advice =
        strcmp(folder, DEFAULT_FOLDER) == 0 ? "; apt-get install dataset-fashion-mnist puts it there" : "";
    if (!gz_folder_exists(folder))
        return gz_fail(GAZE_ERROR_DATA, "%s: there is no such folder%s", folder, advice);
    return gz_fail(GAZE_ERROR_DATA, "%s: holds neither %s nor %s.gz%s", folder, stem, stem, advice);
}

static gaze_status check_magic(const idx_file *file, uint32_t magic, size_t start)
{
    if (file->size < start)
        return gz_fail(GAZE_ERROR_DATA, "%s: truncated: %zu bytes, an idx file begins with %zu", file->path,
                       file->size, start);
    const uint32_t found = gz_load_u32_big_endian(file->bytes);
    if (found == magic) return GAZE_OK;
    return gz_fail(GAZE_ERROR_DATA,
                   "%s: begins with 0x%08x, expected 0x%08x (idx, unsigned bytes, %u dimension%s)",
                   file->path, found, magic, magic & 255u, (magic & 255u) == 1 ? "" : "s");
}

static gaze_status check_size(const idx_file *file, size_t expected)
{
    if (file->size == expected) return GAZE_OK;
    return gz_fail(GAZE_ERROR_DATA, "%s: %s: %zu bytes, expected %zu by the counts in its header", file->path,
                   file->size < expected ? "truncated" : "too long", file->size, expected);
}

static gaze_status read_images(idx_file *file, idx_part *part)
{
    size_t bytes;
    GZ_TRY(gz_file_read_gz(file->path, MOST_BYTES, &file->bytes, &file->size));
    part->images = file->bytes;
    GZ_TRY(check_magic(file, IMAGES_MAGIC, IMAGES_START));
    part->count = gz_load_u32_big_endian(file->bytes + 4);
    part->height = gz_load_u32_big_endian(file->bytes + 8);
    part->width = gz_load_u32_big_endian(file->bytes + 12);
    if (!part->count || !part->height || !part->width)
        return gz_fail(GAZE_ERROR_DATA, "%s: %zu images of %zux%zu pixels, expected at least one of each",
                       file->path, part->count, part->height, part->width);
    if (!gz_multiply(part->height, part->width, &bytes) || !gz_multiply(bytes, part->count, &bytes) ||
        !gz_add(bytes, IMAGES_START, &bytes))
        bytes = SIZE_MAX;
    return check_size(file, bytes);
}

static gaze_status read_labels(idx_file *file, const char *images_path, idx_part *part, size_t n_classes)
{
    GZ_TRY(gz_file_read_gz(file->path, MOST_BYTES, &file->bytes, &file->size));
    part->labels = file->bytes;
    GZ_TRY(check_magic(file, LABELS_MAGIC, LABELS_START));
    const size_t count = gz_load_u32_big_endian(file->bytes + 4);
    GZ_TRY(check_size(file, LABELS_START + count));
    if (count != part->count)
        return gz_fail(GAZE_ERROR_DATA, "%s: %zu labels, expected %zu, as many as %s has images", file->path,
                       count, part->count, images_path);
    const unsigned char *labels = (unsigned char *)file->bytes + LABELS_START;
    for (size_t i = 0; n_classes && i < count; i++)
        if (labels[i] >= n_classes) return gz_label_refuse(file->path, i, labels[i], n_classes);
    return GAZE_OK;
}

/* The test part may be missing; half a part may not. */
static gaze_status read_part(gz_data *data, const char *folder, gz_part which, size_t n_classes,
                             gz_hash hashes[2])
{
    idx_part *part = &((idx *)data->state)->parts[which];
    idx_file images = {0}, labels = {0};
    GZ_TRY(find_file(data->arena, folder, stems[which][0], &images.path));
    GZ_TRY(find_file(data->arena, folder, stems[which][1], &labels.path));
    if (which == GZ_TEST && !images.path && !labels.path) return GAZE_OK;
    if (!images.path || !labels.path) return refuse_missing(folder, stems[which][!!images.path]);
    GZ_TRY(read_images(&images, part));
    GZ_TRY(read_labels(&labels, images.path, part, n_classes));
    hashes[0] = gz_hash_bytes(images.bytes, images.size);
    hashes[1] = gz_hash_bytes(labels.bytes, labels.size);
    return GAZE_OK;
}

/* The input may be [H,W], [H,W,1] or [H*W]. */
static gaze_status fit_input(gz_data *data, const char *folder)
{
    const idx_part *train = &((idx *)data->state)->parts[GZ_TRAIN], *test = train + 1;
    gaze_array *input = data->inputs;
    const size_t flat = train->height * train->width,
                 sizes[3] = {input->rank == 1 ? flat : train->height, train->width, 1};
    bool fits = input->rank >= 1 && input->rank <= 3;
    for (size_t i = 0; fits && i < input->rank; i++)
        fits = input->shape[i] == 0 || input->shape[i] == sizes[i];
    if (!fits)
        return gz_fail(GAZE_ERROR_DATA,
                       "%s: images of %zux%zu pixels and one channel, expected %s for input '%s'", folder,
                       train->height, train->width,
                       gz_array_shape_text(data->arena, input->rank, input->shape, false), input->name);
    if (test->count && (test->height != train->height || test->width != train->width))
        return gz_fail(GAZE_ERROR_DATA,
                       "%s: the test images have %zux%zu pixels, expected %zux%zu as in the training part",
                       folder, test->height, test->width, train->height, train->width);
    memcpy(input->shape, sizes, input->rank * sizeof *sizes);
    return GAZE_OK;
}

static gaze_status check_need(const gz_data_need *need)
{
    if (need->n_inputs != 1 || need->inputs[0].dtype != GAZE_FLOAT32)
        return gz_fail(GAZE_ERROR_DATA, "idx data is one image a sample, but the model has %zu inputs%s",
                       need->n_inputs, need->n_inputs == 1 ? " of int32" : "");
    if (need->n_classes && need->label_rank)
        return gz_fail(GAZE_ERROR_DATA,
                       "idx data has one label a sample, but the model's output has one a step");
    return GAZE_OK;
}

static gaze_status idx_open(const gz_data_spec *spec, const gz_data_need *need, gz_data *data)
{
    const char *folder = spec->path && *spec->path ? spec->path : DEFAULT_FOLDER;
    gz_hash hashes[4] = {{{0}}};
    idx *state;
    GZ_TRY(check_need(need));
    GZ_TRY(gz_allocate(1, sizeof *state, &state));
    data->state = state;
    GZ_TRY(gz_scale_table(data->arena, spec->scale, state->table));
    GZ_TRY(read_part(data, folder, GZ_TRAIN, need->n_classes, hashes));
    GZ_TRY(read_part(data, folder, GZ_TEST, need->n_classes, hashes + 2));
    GZ_TRY(fit_input(data, folder));
    data->has_labels = true;
    data->label_count = 1;
    data->hash = gz_hash_bytes(hashes, sizeof hashes);
    return GAZE_OK;
}

static void idx_close(void *state)
{
    idx *data = state;
    for (int i = 0; i < GZ_N_PARTS; i++) {
        free(data->parts[i].images);
        free(data->parts[i].labels);
    }
    free(data);
}

static size_t idx_count(const void *state, gz_part part) { return ((const idx *)state)->parts[part].count; }

static const unsigned char *pixels_of(const idx_part *part, size_t index)
{
    return (const unsigned char *)part->images + IMAGES_START + index * part->height * part->width;
}

static gaze_status idx_fetch(const void *state, gz_part which, size_t index, void *const *inputs,
                             int32_t *label)
{
    const idx *data = state;
    const idx_part *part = &data->parts[which];
    const unsigned char *pixels = pixels_of(part, index);
    float *out = inputs[0];
    for (size_t i = 0; i < part->height * part->width; i++) out[i] = data->table[pixels[i]];
    *label = (unsigned char)part->labels[LABELS_START + index];
    return GAZE_OK;
}

static uint64_t idx_sample_hash(const void *state, gz_part which, size_t index)
{
    const idx_part *part = &((const idx *)state)->parts[which];
    return gz_hash_number(pixels_of(part, index), part->height * part->width, 0);
}

const gz_data_type gz_data_idx = {.name = "idx",
                                  .open = idx_open,
                                  .close = idx_close,
                                  .count = idx_count,
                                  .fetch = idx_fetch,
                                  .sample_hash = idx_sample_hash};
