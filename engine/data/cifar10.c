/* CIFAR-10's binary version (Krizhevsky 2009, www.cs.toronto.edu/~kriz/cifar.html): records of one label byte
   and 3072 pixels, the red, green and blue planes of a 32x32 image one after another. */
#include "types.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_FOLDER "cifar-10-batches-bin"

enum {
    SIDE = 32,
    CHANNELS = 3,
    PLANE = SIDE * SIDE,
    PIXELS = PLANE * CHANNELS,
    RECORD = 1 + PIXELS,
    N_CLASSES = 10,
    N_TRAIN_FILES = 5,
    MOST_BYTES = 0x7fffffff,
    MOST_NAMES_BYTES = 4096
};

typedef struct cifar10_file {
    char *bytes; /* the whole file */
    size_t count;
} cifar10_file;

typedef struct cifar10 {
    cifar10_file files[GZ_N_PARTS][N_TRAIN_FILES];
    float table[256]; /* bytes as floats */
} cifar10;

static gaze_status refuse_missing(const char *folder, const char *name)
{
    static const char advice[] = "cifar-10-binary.tar.gz, which www.cs.toronto.edu/~kriz/cifar.html offers, "
                                 "has the folder " DEFAULT_FOLDER " in it";
    if (!gz_folder_exists(folder))
        return gz_fail(GAZE_ERROR_DATA, "%s: there is no such folder; %s", folder, advice);
    return gz_fail(GAZE_ERROR_DATA, "%s: holds no %s; %s", folder, name, advice);
}

/* Where the archive was unpacked serves as well as the folder inside it. */
static gaze_status find_folder(gz_arena *arena, const char *path, const char **folder)
{
    *folder = path && *path ? path : DEFAULT_FOLDER;
    const char *inside = gz_path_join(arena, *folder, DEFAULT_FOLDER);
    if (!inside) return GAZE_ERROR_DEVICE;
    gz_file_kind kind;
    GZ_TRY(gz_file_look(inside, &kind));
    if (kind == GZ_FOLDER) *folder = inside;
    return GAZE_OK;
}

static gaze_status check_records(const char *path, const cifar10_file *file, size_t size, size_t n_classes)
{
    if (size == 0 || size % RECORD)
        return gz_fail(
            GAZE_ERROR_DATA,
            "%s: %zu bytes, expected records of %d (a label, 3 planes of %dx%d pixels): record %zu "
            "has %zu",
            path, size, RECORD, SIDE, SIDE, size / RECORD, size % RECORD);
    for (size_t i = 0; i < file->count; i++) {
        const size_t label = (unsigned char)file->bytes[i * RECORD];
        if (label >= N_CLASSES)
            return gz_fail(GAZE_ERROR_DATA, "%s: the label of record %zu is %zu, expected 0..%d", path, i,
                           label, N_CLASSES - 1);
        if (n_classes && label >= n_classes) return gz_label_refuse(path, i, (int64_t)label, n_classes);
    }
    return GAZE_OK;
}

/* `hash` goes on from file to file. */
static gaze_status read_file(const char *path, size_t n_classes, cifar10_file *file, gz_hash *hash)
{
    size_t size;
    GZ_TRY(gz_file_read(path, MOST_BYTES, &file->bytes, &size));
    file->count = size / RECORD;
    GZ_TRY(check_records(path, file, size, n_classes));
    const gz_hash hashes[2] = {*hash, gz_hash_bytes(file->bytes, size)};
    *hash = gz_hash_bytes(hashes, sizeof hashes);
    return GAZE_OK;
}

/* The test file may be missing, those of the training part may not. */
static gaze_status read_files(gz_data *data, const char *folder, size_t n_classes)
{
    cifar10 *state = data->state;
    for (size_t i = 0; i <= N_TRAIN_FILES; i++) {
        const bool test = i == N_TRAIN_FILES;
        const char *name =
                       test ? "test_batch.bin" : gz_arena_format(data->arena, "data_batch_%zu.bin", i + 1),
                   *path = name ? gz_path_join(data->arena, folder, name) : NULL;
        if (!path) return GAZE_ERROR_DEVICE;
        gz_file_kind kind;
        GZ_TRY(gz_file_look(path, &kind));
        if (kind == GZ_FILE)
            GZ_TRY(read_file(path, n_classes, test ? state->files[GZ_TEST] : &state->files[GZ_TRAIN][i],
                             &data->hash));
        else if (!test)
            return refuse_missing(folder, name);
    }
    return GAZE_OK;
}

/* A line a class; the file may be missing. */
static gaze_status read_names(gz_data *data, const char *folder)
{
    char *text, *line;
    size_t size, count = 0;
    const char *path = gz_path_join(data->arena, folder, "batches.meta.txt");
    const char **names = gz_arena_allocate(data->arena, (N_CLASSES + 1) * sizeof *names);
    if (!path || !names) return GAZE_ERROR_DEVICE;
    gz_file_kind kind;
    GZ_TRY(gz_file_look(path, &kind));
    if (kind != GZ_FILE) return GAZE_OK;
    GZ_TRY(gz_file_read(path, MOST_NAMES_BYTES, &text, &size));
    gaze_status status = GAZE_OK;
    for (char *at = text; (line = strtok_r(at, "\r\n", &at)) && status == GAZE_OK; count++) {
        if (count == N_CLASSES) break;
        names[count] = gz_arena_copy(data->arena, line);
        if (!names[count]) status = GAZE_ERROR_DEVICE;
    }
    if (status == GAZE_OK && (count != N_CLASSES || line))
        status = gz_fail(GAZE_ERROR_DATA, "%s: %s than %d lines, expected the name of a class in each", path,
                         line ? "more" : "fewer", N_CLASSES);
    free(text);
    data->classes = names;
    return status;
}

static gaze_status fit_input(const gz_data_need *need, gz_data *data)
{
    static const size_t sizes[3] = {SIDE, SIDE, CHANNELS};
    gaze_array *input = data->inputs;
    bool fits = need->n_inputs == 1 && input->dtype == GAZE_FLOAT32 && input->rank == 3;
    for (size_t i = 0; fits && i < 3; i++) fits = input->shape[i] == 0 || input->shape[i] == sizes[i];
    if (!fits)
        return gz_fail(
            GAZE_ERROR_DATA,
            "cifar10 data is one float32 image [32,32,3] a sample, but the model reads %zu inputs, "
            "the first %s%s",
            need->n_inputs, gz_array_shape_text(data->arena, input->rank, input->shape, false),
            input->dtype == GAZE_INT32 ? " of int32" : "");
    if (need->n_classes && need->label_rank)
        return gz_fail(GAZE_ERROR_DATA,
                       "cifar10 data has one label a sample, but the model's output has one a step");
    memcpy(input->shape, sizes, sizeof sizes);
    return GAZE_OK;
}

static gaze_status cifar10_open(const gz_data_spec *spec, const gz_data_need *need, gz_data *data)
{
    const char *folder;
    cifar10 *state;
    GZ_TRY(fit_input(need, data));
    GZ_TRY(find_folder(data->arena, spec->path, &folder));
    GZ_TRY(gz_allocate(1, sizeof *state, &state));
    data->state = state;
    GZ_TRY(gz_scale_table(data->arena, spec->scale, state->table));
    GZ_TRY(read_files(data, folder, need->n_classes));
    GZ_TRY(read_names(data, folder));
    data->has_labels = true;
    data->label_count = 1;
    return GAZE_OK;
}

static void cifar10_close(void *state)
{
    cifar10 *data = state;
    for (int part = 0; part < GZ_N_PARTS; part++)
        for (int i = 0; i < N_TRAIN_FILES; i++) free(data->files[part][i].bytes);
    free(data);
}

static size_t cifar10_count(const void *state, gz_part part)
{
    const cifar10_file *files = ((const cifar10 *)state)->files[part];
    size_t count = 0;
    for (int i = 0; i < N_TRAIN_FILES; i++) count += files[i].count;
    return count;
}

static const unsigned char *record_of(const cifar10 *data, gz_part part, size_t index)
{
    const cifar10_file *file = data->files[part];
    for (; index >= file->count; file++) index -= file->count;
    return (const unsigned char *)file->bytes + index * RECORD;
}

static gaze_status cifar10_fetch(const void *state, gz_part part, size_t index, void *const *inputs,
                                 int32_t *label)
{
    const cifar10 *data = state;
    const unsigned char *record = record_of(data, part, index);
    float *out = inputs[0];
    for (size_t c = 0; c < CHANNELS; c++)
        for (size_t i = 0; i < PLANE; i++) out[i * CHANNELS + c] = data->table[record[1 + c * PLANE + i]];
    *label = record[0];
    return GAZE_OK;
}

static uint64_t cifar10_sample_hash(const void *state, gz_part part, size_t index)
{
    return gz_hash_number(record_of(state, part, index) + 1, PIXELS, 0);
}

const gz_data_type gz_data_cifar10 = {.name = "cifar10",
                                      .open = cifar10_open,
                                      .close = cifar10_close,
                                      .count = cifar10_count,
                                      .fetch = cifar10_fetch,
                                      .sample_hash = cifar10_sample_hash};
