/* A folder with train.safetensors, and test.safetensors if there is one; or one file, which is the training
   part. Tensors are named as the inputs, and "label". */
#include "../base/text.h"
#include "../io/safetensors.h"
#include "arrays.h"

#include <string.h>

static gaze_status find_tensor(gz_arena *arena, const char *path, const gz_safetensors *file,
                               const char *name, gz_column *column)
{
    const gaze_array *array = gz_safetensors_find(file, name);
    if (!array) {
        const char **names = gz_arena_allocate(arena, (file->count + 1) * sizeof *names);
        for (size_t i = 0; names && i < file->count; i++) names[i] = file->arrays[i].name;
        return gz_fail(GAZE_ERROR_DATA, "%s: there is no tensor '%s' among its %zu%s", path, name,
                       file->count, names ? gz_did_you_mean(arena, name, names) : "");
    }
    *column = (gz_column){.type = array->dtype == GAZE_FLOAT32 ? GZ_NUMBER_F32 : GZ_NUMBER_I32,
                          .bytes = strcmp(file->types[array - file->arrays], "U8") == 0,
                          .rank = array->rank,
                          .items = array->data};
    memcpy(column->shape, array->shape, sizeof column->shape);
    column->place = gz_arena_format(arena, "%s: tensor '%s'", path, name);
    return column->place ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static gaze_status load_part(gz_data *data, const char *path, gz_part which, bool labels)
{
    gz_arrays *arrays = data->state;
    gz_columns *part = &arrays->parts[which];
    gz_safetensors file;
    GZ_TRY(gz_safetensors_read(path, &file));
    arrays->arenas[which] = file.arena;
    for (size_t i = 0; i < data->n_inputs; i++)
        GZ_TRY(find_tensor(data->arena, path, &file, data->inputs[i].name, &part->inputs[i]));
    return labels ? find_tensor(data->arena, path, &file, "label", &part->label) : GAZE_OK;
}

static gaze_status find_files(const gz_data_spec *spec, gz_data *data, const char *paths[GZ_N_PARTS])
{
    gz_file_kind kind;
    if (!spec->path || !*spec->path)
        return gz_fail(GAZE_ERROR_USAGE,
                       "safetensors data needs a path, as in safetensors:FOLDER or safetensors:FILE");
    paths[GZ_TRAIN] = spec->path;
    paths[GZ_TEST] = NULL;
    GZ_TRY(gz_file_look(spec->path, &kind));
    if (kind != GZ_FOLDER) return GAZE_OK;
    paths[GZ_TRAIN] = gz_path_join(data->arena, spec->path, "train.safetensors");
    paths[GZ_TEST] = gz_path_join(data->arena, spec->path, "test.safetensors");
    if (!paths[GZ_TRAIN] || !paths[GZ_TEST]) return GAZE_ERROR_DEVICE;
    GZ_TRY(gz_file_look(paths[GZ_TEST], &kind));
    if (kind != GZ_FILE) paths[GZ_TEST] = NULL;
    return GAZE_OK;
}

static gaze_status safetensors_open(const gz_data_spec *spec, const gz_data_need *need, gz_data *data)
{
    const char *paths[GZ_N_PARTS] = {NULL};
    gz_hash hashes[GZ_N_PARTS] = {{{0}}};
    gz_arrays *arrays;
    GZ_TRY(find_files(spec, data, paths));
    GZ_TRY(gz_arrays_create(spec, paths[GZ_TEST] != NULL, data, &arrays));
    for (int i = 0; i < GZ_N_PARTS; i++) {
        if (!paths[i]) continue;
        GZ_TRY(load_part(data, paths[i], (gz_part)i, need->n_classes > 0));
        GZ_TRY(gz_hash_file(paths[i], &hashes[i]));
    }
    data->hash = gz_hash_bytes(hashes, sizeof hashes);
    return gz_arrays_complete(need, data);
}

const gz_data_type gz_data_safetensors = {.name = "safetensors",
                                          .open = safetensors_open,
                                          .close = gz_arrays_close,
                                          .count = gz_arrays_count,
                                          .fetch = gz_arrays_fetch,
                                          .sample_hash = gz_arrays_sample_hash};
