/* Images in folders: train/<class>/<name>.jpg, .jpeg or .png, and test/<class>/... if there is one. Opening
   lists them and looks at their first bytes; they are decoded when a batch needs them. Classes are the sorted
   names of the folders, or, where the model has "classes", the places of those names there. */
#include "folder.h"
#include "../base/text.h"

#include <stdlib.h>
#include <string.h>

static void folder_close(void *state)
{
    gz_folder *f = state;
    for (int i = 0; i < GZ_N_PARTS; i++) {
        gz_folder_free(&f->parts[i]);
        free(f->bad->known[i]);
    }
    pthread_mutex_destroy(&f->bad->mutex);
    free(f->bad);
    free(f);
}

static size_t folder_count(const void *state, gz_part part)
{
    return ((const gz_folder *)state)->parts[part].count;
}

static const char *folder_sample_name(const void *state, gz_part part, size_t index)
{
    const gz_folder_part *p = &((const gz_folder *)state)->parts[part];
    return p->names + p->files[index].name;
}

static gaze_status path_of(const gz_folder *state, gz_part part, size_t index, char **path)
{
    gz_text text = {0};
    gz_text_add(&text, "%s/%s", state->parts[part].path, folder_sample_name(state, part, index));
    return gz_text_take(&text, path);
}

/* Takes down the message of a file that can't be decoded, once. */
static void note_bad(const gz_folder *state, gz_part part, size_t index)
{
    gz_found_bad *bad = state->bad;
    pthread_mutex_lock(&bad->mutex);
    if (!bad->known[part][index] && bad->count++ == 0)
        snprintf(bad->first, sizeof bad->first, "%s", gaze_message());
    bad->known[part][index] = 1;
    pthread_mutex_unlock(&bad->mutex);
}

static bool is_known_bad(const gz_folder *state, gz_part part, size_t index)
{
    pthread_mutex_lock(&state->bad->mutex);
    const bool known = state->bad->known[part][index];
    pthread_mutex_unlock(&state->bad->mutex);
    return known;
}

static gaze_status refuse_bad(const gz_folder *state, gz_part part, size_t index, gaze_status status)
{
    if (status != GAZE_ERROR_DATA) return status;
    if (state->skip_bad) {
        note_bad(state, part, index);
        return status;
    }
    char message[GZ_BAD_MESSAGE];
    snprintf(message, sizeof message, "%s", gaze_message());
    return gz_fail(status, "%s; --skip-bad leaves damaged files out", message);
}

static gaze_status folder_fetch(const void *state, gz_part part, size_t index, void *const *inputs,
                                int32_t *label)
{
    const gz_folder *f = state;
    gz_image image = {0};
    char *path = NULL;
    gaze_status status;
    if (f->skip_bad && is_known_bad(f, part, index))
        return gz_fail(GAZE_ERROR_DATA, "%s is damaged, as was found before",
                       folder_sample_name(state, part, index));
    GZ_GO(path_of(f, part, index, &path));
    status = gz_image_read(path, &image);
    if (status != GAZE_OK) {
        status = refuse_bad(f, part, index, status);
        goto done;
    }
    GZ_GO(gz_resize(&image, &f->size, f->table, inputs[0]));
    *label = f->parts[part].files[index].label;
done:
    gz_image_free(&image);
    free(path);
    return status;
}

/* Only what may be in both parts is read: files of the same size and the same bytes in the middle. */
static uint64_t folder_sample_hash(const void *state, gz_part part, size_t index)
{
    const gz_folder *f = state;
    const gz_folder_file *file = &f->parts[part].files[index];
    const char *name = folder_sample_name(state, part, index);
    gz_hash hash;
    char *path;
    if (file->twin && path_of(f, part, index, &path) == GAZE_OK) {
        const gaze_status status = gz_hash_file(path, &hash);
        free(path);
        if (status == GAZE_OK) return gz_hash_number(hash.text, sizeof hash.text, 0);
    }
    return gz_hash_number(name, strlen(name), (uint64_t)part + 1);
}

static size_t folder_bad(const void *state, char first[GZ_BAD_MESSAGE])
{
    gz_found_bad *bad = ((const gz_folder *)state)->bad;
    pthread_mutex_lock(&bad->mutex);
    const size_t count = bad->count;
    memcpy(first, bad->first, sizeof bad->first);
    pthread_mutex_unlock(&bad->mutex);
    return count;
}

const gz_data_type gz_data_folder = {.name = "folder",
                                     .open = gz_folder_open,
                                     .close = folder_close,
                                     .count = folder_count,
                                     .fetch = folder_fetch,
                                     .sample_hash = folder_sample_hash,
                                     .sample_name = folder_sample_name,
                                     .bad = folder_bad};
