/* Opening a folder of images. */
#include "../base/text.h"
#include "folder.h"

#include <stdlib.h>
#include <string.h>

static const char *const part_names[GZ_N_PARTS] = {"train", "test"};

static gaze_status fit_input(const gz_data_need *need, gz_data *data, gz_sample_size *size)
{
    gaze_array *input = data->inputs;
    const char *shape = gz_array_shape_text(data->arena, input->rank, input->shape, false);
    if (need->n_inputs != 1 || input->dtype != GAZE_FLOAT32 || input->rank != 3 ||
        (input->shape[2] > 1 && input->shape[2] != 3))
        return gz_fail(GAZE_ERROR_DATA,
                       "folder data is one float32 image [height,width,1 or 3] a sample, but the model reads "
                       "%zu inputs, the first %s%s",
                       need->n_inputs, shape, input->dtype == GAZE_INT32 ? " of int32" : "");
    if (!input->shape[0] || !input->shape[1])
        return gz_fail(
            GAZE_ERROR_DATA,
            "the model leaves the size of its input '%s' open (%s), but images in folders are brought "
            "to one size, which \"shape\" or --img_size has to say",
            input->name, shape);
    if (need->n_classes && need->label_rank)
        return gz_fail(GAZE_ERROR_DATA,
                       "folder data has one label a sample, but the model's output has one a step");
    if (!input->shape[2]) input->shape[2] = 3;
    size->height = input->shape[0];
    size->width = input->shape[1];
    size->channels = input->shape[2];
    return GAZE_OK;
}

static gaze_status find_parts(const gz_data_spec *spec, gz_arena *arena, gz_folder *state)
{
    if (!spec->path || !*spec->path)
        return gz_fail(GAZE_ERROR_USAGE,
                       "folder data needs a path, as in folder:DIR, which holds train/<class>/<image>");
    for (int i = 0; i < GZ_N_PARTS; i++) {
        const char *path = gz_path_join(arena, spec->path, part_names[i]);
        if (!path) return GAZE_ERROR_DEVICE;
        gz_file_kind kind;
        GZ_TRY(gz_file_look(path, &kind));
        if (kind == GZ_FOLDER)
            state->parts[i].path = path;
        else if (i == GZ_TRAIN)
            return gz_fail(GAZE_ERROR_DATA,
                           "%s: there is no such folder, expected a folder of images for each class in it",
                           path);
    }
    return GAZE_OK;
}

static gaze_status copy_names(gz_arena *arena, const char *const *names, const char *const **copy)
{
    size_t count = 0;
    while (names[count]) count++;
    const char **copies = gz_arena_allocate(arena, (count + 1) * sizeof *copies);
    for (size_t i = 0; copies && i < count; i++)
        if (!(copies[i] = gz_arena_copy(arena, names[i]))) return GAZE_ERROR_DEVICE;
    *copy = copies;
    return copies ? GAZE_OK : GAZE_ERROR_DEVICE;
}

/* The names of the classes: the model's, or those of the training part's folders. */
static gaze_status choose_classes(const gz_data_need *need, gz_data *data, const gz_folder *state)
{
    const char **names, *path = state->parts[GZ_TRAIN].path;
    size_t count;
    GZ_TRY(gz_folder_classes(data->arena, path, &names, &count));
    if (need->n_classes && count > need->n_classes)
        return gz_fail(GAZE_ERROR_DATA,
                       "%s: holds %zu classes (folders), but the model's output has %zu: --num_classes %zu, "
                       "or change its last layer",
                       path, count, need->n_classes, count);
    data->classes = names;
    return need->classes ? copy_names(data->arena, need->classes, &data->classes) : GAZE_OK;
}

static gaze_status find_class(const gz_data_need *need, gz_data *data, const char *path, const char *name,
                              int32_t *label)
{
    const char *const *classes = data->classes;
    size_t i = 0;
    while (classes[i] && strcmp(classes[i], name) != 0) i++;
    *label = (int32_t)i;
    if (classes[i] && need->n_classes && i >= need->n_classes)
        return gz_fail(GAZE_ERROR_DATA, "%s/%s: is class %zu, but the model's output has %zu classes", path,
                       name, i, need->n_classes);
    if (classes[i]) return GAZE_OK;
    return gz_fail(GAZE_ERROR_DATA, "%s/%s: there is no class '%s'%s; expected %s", path, name, name,
                   gz_did_you_mean(data->arena, name, classes), gz_list_text(data->arena, classes));
}

static gaze_status list_part(const gz_data_need *need, gz_data *data, gz_folder_part *part,
                             gz_folder_bad *bad)
{
    const char **names;
    size_t count;
    if (!part->path) return GAZE_OK;
    GZ_TRY(gz_folder_classes(data->arena, part->path, &names, &count));
    for (size_t i = 0; i < count; i++) {
        int32_t label;
        GZ_TRY(find_class(need, data, part->path, names[i], &label));
        GZ_TRY(gz_folder_add_class(data->arena, part, names[i], label, bad));
    }
    return GAZE_OK;
}

static gaze_status judge_bad(const gz_folder *state, const gz_folder_bad *bad)
{
    const size_t good = state->parts[GZ_TRAIN].count + state->parts[GZ_TEST].count;
    if (bad->count && !state->skip_bad)
        return gz_fail(GAZE_ERROR_DATA,
                       "%s; %zu of %zu files are damaged like this: remove them, or leave them out with "
                       "--skip-bad or \"skip_bad\": true in the model's \"data\"",
                       bad->first, bad->count, good + bad->count);
    state->bad->count = bad->count;
    if (bad->count) snprintf(state->bad->first, sizeof state->bad->first, "%s", bad->first);
    if (state->parts[GZ_TRAIN].count) return GAZE_OK;
    return gz_fail(GAZE_ERROR_DATA, "%s: none of its files is an image", state->parts[GZ_TRAIN].path);
}

static gaze_status prepare_bad(const gz_folder *state)
{
    for (int i = 0; i < GZ_N_PARTS; i++) GZ_TRY(gz_allocate(state->parts[i].count, 1, &state->bad->known[i]));
    return GAZE_OK;
}

/* Of names and sizes: reading 100,000 files would take minutes. */
static gz_hash hash_listing(const gz_folder *state)
{
    uint64_t hash = 0;
    for (int p = 0; p < GZ_N_PARTS; p++) {
        const gz_folder_part *part = &state->parts[p];
        for (size_t i = 0; i < part->count; i++) {
            const char *name = part->names + part->files[i].name;
            hash = gz_hash_number(name, strlen(name) + 1, hash);
            hash = gz_hash_number(&part->files[i].size, sizeof part->files[i].size, hash);
        }
        hash = gz_hash_number("", 1, hash);
    }
    return gz_hash_bytes(&hash, sizeof hash);
}

static gaze_status describe(gz_data *data, const gz_folder *state)
{
    static const char *const words[] = {[GZ_ASPECT_SQUEEZE] = "squeezed to it, whatever their aspect",
                                        [GZ_ASPECT_CROP] = "cropped to its aspect first",
                                        [GZ_ASPECT_PAD] = "padded to its aspect first"};
    data->note = gz_arena_format(
        data->arena, "images of other sizes than %zux%zu are %s (\"aspect\": \"%s\")", state->size.height,
        state->size.width, words[state->size.aspect], gz_aspect_words[state->size.aspect]);
    return data->note ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static gaze_status make_state(gz_data *data, gz_folder **out)
{
    gz_folder *state;
    GZ_TRY(gz_allocate(1, sizeof *state, &state));
    const gaze_status status = gz_allocate(1, sizeof *state->bad, &state->bad);
    if (status != GAZE_OK) {
        free(state);
        return status;
    }
    pthread_mutex_init(&state->bad->mutex, NULL);
    data->state = *out = state;
    return GAZE_OK;
}

gaze_status gz_folder_open(const gz_data_spec *spec, const gz_data_need *need, gz_data *data)
{
    gz_folder_bad bad = {0};
    gz_folder *state;
    GZ_TRY(make_state(data, &state));
    state->skip_bad = data->skip_bad = spec->skip_bad;
    GZ_TRY(fit_input(need, data, &state->size));
    GZ_TRY(gz_aspect_choose(data->arena, spec->aspect, &state->size.aspect));
    GZ_TRY(gz_scale_table(data->arena, spec->scale, state->table));
    GZ_TRY(find_parts(spec, data->arena, state));
    GZ_TRY(choose_classes(need, data, state));
    for (int i = 0; i < GZ_N_PARTS; i++) GZ_TRY(list_part(need, data, &state->parts[i], &bad));
    GZ_TRY(judge_bad(state, &bad));
    GZ_TRY(prepare_bad(state));
    GZ_TRY(gz_folder_find_twins(&state->parts[GZ_TRAIN], &state->parts[GZ_TEST]));
    data->hash = hash_listing(state);
    data->has_labels = true;
    data->label_count = 1;
    return describe(data, state);
}
