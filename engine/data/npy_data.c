/* train/<input>.npy and train/label.npy in a folder; test/ likewise, if it is there. */
#include "../io/npy.h"
#include "arrays.h"

#include <stdlib.h>
#include <string.h>

static const char *const folders[GZ_N_PARTS] = {"train", "test"};

/* Types of 8 bytes become 4 at once, so that values that don't fit are found now; the others stay as the file
 * has them. */
static gaze_status convert_column(const gz_npy_header *header, gz_column *column)
{
    size_t count = 1;
    if (header->item_bytes <= 4) return GAZE_OK;
    for (size_t i = 0; i < column->rank; i++) count *= column->shape[i]; /* fits: the file holds as many */
    void *items;
    GZ_TRY(gz_allocate(count, 4, &items));
    const gaze_status status = gz_npy_convert(column->place, header, column->items, 0, count, items);
    free(column->owned);
    column->items = column->owned = items;
    return status;
}

static gaze_status load_column(const char *path, gz_column *column, gz_hash *hash)
{
    gz_npy_header header;
    char *bytes;
    size_t size;
    GZ_TRY(gz_npy_load(path, &header, &bytes, &size));
    column->place = path;
    column->owned = bytes;
    column->items = bytes + header.data_offset;
    column->bytes = strcmp(header.type, "|u1") == 0;
    column->type = header.item_bytes == 1               ? GZ_NUMBER_U8
                   : header.array.dtype == GAZE_FLOAT32 ? GZ_NUMBER_F32
                                                        : GZ_NUMBER_I32;
    column->rank = header.array.rank;
    memcpy(column->shape, header.array.shape, sizeof column->shape);
    const gz_hash hashes[2] = {*hash, gz_hash_bytes(bytes, size)};
    *hash = gz_hash_bytes(hashes, sizeof hashes);
    return convert_column(&header, column);
}

/* `hash` goes on from file to file. */
static gaze_status load_part(gz_data *data, const char *folder, gz_columns *part, bool labels, gz_hash *hash)
{
    for (size_t i = 0; i < data->n_inputs; i++) {
        const char *path = gz_arena_format(data->arena, "%s/%s.npy", folder, data->inputs[i].name);
        if (!path) return GAZE_ERROR_DEVICE;
        GZ_TRY(load_column(path, &part->inputs[i], hash));
    }
    if (!labels) return GAZE_OK;
    const char *path = gz_path_join(data->arena, folder, "label.npy");
    return path ? load_column(path, &part->label, hash) : GAZE_ERROR_DEVICE;
}

static gaze_status npy_open(const gz_data_spec *spec, const gz_data_need *need, gz_data *data)
{
    gz_arrays *arrays;
    const char *paths[GZ_N_PARTS];
    gz_file_kind kinds[GZ_N_PARTS];
    if (!spec->path || !*spec->path)
        return gz_fail(GAZE_ERROR_USAGE,
                       "npy data needs a folder, as in npy:FOLDER, which holds train/<input>.npy");
    for (int i = 0; i < GZ_N_PARTS; i++) {
        paths[i] = gz_path_join(data->arena, spec->path, folders[i]);
        if (!paths[i]) return GAZE_ERROR_DEVICE;
        GZ_TRY(gz_file_look(paths[i], &kinds[i]));
    }
    if (kinds[GZ_TRAIN] != GZ_FOLDER)
        return gz_fail(GAZE_ERROR_DATA,
                       "%s: there is no such folder, expected <input>.npy and label.npy in it",
                       paths[GZ_TRAIN]);
    GZ_TRY(gz_arrays_create(spec, kinds[GZ_TEST] == GZ_FOLDER, data, &arrays));
    for (int i = 0; i < GZ_N_PARTS; i++)
        if (arrays->parts[i].inputs)
            GZ_TRY(load_part(data, paths[i], &arrays->parts[i], need->n_classes > 0, &data->hash));
    return gz_arrays_complete(need, data);
}

const gz_data_type gz_data_npy = {.name = "npy",
                                  .open = npy_open,
                                  .close = gz_arrays_close,
                                  .count = gz_arrays_count,
                                  .fetch = gz_arrays_fetch,
                                  .sample_hash = gz_arrays_sample_hash};
