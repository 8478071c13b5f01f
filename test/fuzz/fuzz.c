#include "fuzz.h"
#include "../../engine/data/resize.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_FILES = 16, LONGEST_PATH = 256 };

static char folder[LONGEST_PATH];
static char paths[MOST_FILES][LONGEST_PATH];
static size_t n_paths;

static void give_up(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    abort();
}

/* Folders inside go with their last file. */
static void remove_folder(void)
{
    for (size_t i = 0; i < n_paths; i++) {
        unlink(paths[i]);
        for (char *slash; (slash = strrchr(paths[i], '/')) && strlen(folder) < (size_t)(slash - paths[i]);) {
            *slash = 0;
            rmdir(paths[i]);
        }
    }
    rmdir(folder);
}

const char *fuzz_folder(void)
{
    if (*folder) return folder;
    const char *temporary = getenv("TMPDIR");
    if (!temporary) temporary = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(folder, sizeof folder, "%.200s/gaze-fuzz-XXXXXX", temporary);
    if (!mkdtemp(folder)) give_up(folder, "cannot be made");
    atexit(remove_folder);
    return folder;
}

static const char *path_of(const char *name)
{
    char path[LONGEST_PATH];
    snprintf(path, sizeof path, "%.200s/%.50s", fuzz_folder(), name);
    for (size_t i = 0; i < n_paths; i++)
        if (strcmp(paths[i], path) == 0) return paths[i];
    if (n_paths == MOST_FILES) give_up(name, "one file too many");
    strcpy(paths[n_paths], path);
    *strrchr(path, '/') = 0;
    if (gz_folder_make(path, true) != GAZE_OK) give_up(path, gaze_message());
    return paths[n_paths++];
}

const char *fuzz_file(const char *name, const uint8_t *bytes, size_t size)
{
    const char *path = path_of(name);
    FILE *file = fopen(path, "wb");
    if (!file || (size && fwrite(bytes, 1, size, file) != size)) give_up(path, "cannot be written");
    fclose(file);
    return path;
}

fuzz_parts fuzz_split(const uint8_t *bytes, size_t size)
{
    if (size < 2) return (fuzz_parts){{bytes, bytes}, {0, 0}};
    const size_t said = bytes[0] + 256u * bytes[1], first = said < size - 2 ? said : size - 2;
    return (fuzz_parts){{bytes + 2, bytes + 2 + first}, {first, size - 2 - first}};
}

bool fuzz_loaded(gaze_status status, const char *name)
{
    if (getenv("FUZZ_VERBOSE"))
        fprintf(stderr, "%s: %s\n", name, status == GAZE_OK ? "read" : gaze_message());
    if (status == GAZE_OK) return true;
    if (status != GAZE_ERROR_DATA && status != GAZE_ERROR_MODEL && status != GAZE_ERROR_USAGE)
        give_up("the file is not what the message is about", gaze_message());
    if (!strstr(gaze_message(), name)) give_up("the message does not name the file", gaze_message());
    return false;
}

void fuzz_touch(const void *bytes, size_t size)
{
    static volatile bool seen;
    const gz_hash hash = gz_hash_bytes(bytes, size);
    if (hash.text[0] == '0') seen = !seen; /* a branch that depends on every byte */
}

static void *room(size_t count)
{
    void *memory;
    if (gz_allocate(count, 4, &memory) != GAZE_OK) give_up("a sample", gaze_message());
    return memory;
}

static void fetch_all(const gz_data *data)
{
    size_t values = 1;
    for (size_t i = 0; i < data->inputs->rank; i++) values *= data->inputs->shape[i];
    void *input = room(values);
    int32_t *labels = room(data->label_count);
    for (int part = GZ_TRAIN; part <= GZ_TEST; part++)
        for (size_t i = 0; i < gz_data_count(data, (gz_part)part); i++) {
            if (gz_data_fetch(data, (gz_part)part, i, &input, labels) != GAZE_OK) continue;
            fuzz_touch(input, values * 4);
            fuzz_touch(labels, data->label_count * 4);
        }
    free(input);
    free(labels);
}

void fuzz_data(const char *type, const char *path, const char *name, gaze_dtype dtype, size_t rank)
{
    const gz_data_spec spec = {.type = type, .path = path, .allow_overlap = true};
    const gaze_array input = {.name = "x", .dtype = dtype, .rank = rank};
    const gz_data_need need = {.n_inputs = 1, .inputs = &input, .n_classes = 10};
    gz_data *data;
    if (!fuzz_loaded(gz_data_open(&spec, &need, &data), name)) return;
    fetch_all(data);
    gz_data_close(data);
}

void fuzz_image(const char *path, const char *name)
{
    const gz_sample_size size = {8, 8, 3, GZ_ASPECT_CROP};
    static const float table[256];
    float sample[8 * 8 * 3];
    gz_image image = {0};
    if (!fuzz_loaded(gz_image_read(path, &image), name)) return;
    fuzz_touch(image.pixels, image.height * image.width * image.channels);
    if (gz_resize(&image, &size, table, sample) == GAZE_OK) fuzz_touch(sample, sizeof sample);
    gz_image_free(&image);
}
