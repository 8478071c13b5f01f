/* A label and the sample's values a line, with commas between. A folder with train.csv, and test.csv if there
   is one; or one file, which is the training part. The values of several inputs stand one after another.
   Token ids (one int32 input [steps]) may be fewer than the model's steps: zeros follow, which an embedding
   with "mask_zero" leaves out; where the model leaves the steps open, the longest line says how many there
   are. */
#include "arrays.h"
#include "csv_table.h"

#include <stdlib.h>
#include <string.h>

/* Padding may take so many times the memory of what is there, or so many values in all. */
enum { MOST_PADDING = 64, SMALL = 1 << 24 };

typedef struct csv_parts {
    gz_csv_table tables[GZ_N_PARTS];
    const char *paths[GZ_N_PARTS]; /* NULL: there is no such part */
    bool padded;
} csv_parts;

static gaze_status find_files(const gz_data_spec *spec, gz_data *data, csv_parts *parts)
{
    gz_file_kind kind;
    if (!spec->path || !*spec->path)
        return gz_fail(GAZE_ERROR_USAGE, "csv data needs a path, as in csv:FOLDER or csv:FILE");
    parts->paths[GZ_TRAIN] = spec->path;
    GZ_TRY(gz_file_look(spec->path, &kind));
    if (kind != GZ_FOLDER) return GAZE_OK;
    parts->paths[GZ_TRAIN] = gz_path_join(data->arena, spec->path, "train.csv");
    parts->paths[GZ_TEST] = gz_path_join(data->arena, spec->path, "test.csv");
    if (!parts->paths[GZ_TRAIN] || !parts->paths[GZ_TEST]) return GAZE_ERROR_DEVICE;
    GZ_TRY(gz_file_look(parts->paths[GZ_TEST], &kind));
    if (kind != GZ_FILE) parts->paths[GZ_TEST] = NULL;
    return GAZE_OK;
}

/* Values of one sample of an input, and whether a dimension is open: it counts as 1. */
static gaze_status count_values(const gaze_array *input, size_t *count, bool *open)
{
    *count = 1;
    *open = false;
    for (size_t i = 0; i < input->rank; i++) {
        *open = *open || input->shape[i] == 0;
        if (input->shape[i] && !gz_multiply(*count, input->shape[i], count)) return gz_fail_memory(SIZE_MAX);
    }
    return GAZE_OK;
}

static gaze_status check_need(const gz_data_need *need, gz_data *data)
{
    if (need->n_classes && need->label_rank)
        return gz_fail(GAZE_ERROR_DATA, "csv data has one label a sample, but the model's output has one a "
                                        "step: npy and safetensors can hold those");
    for (size_t i = 0; i < data->n_inputs; i++) {
        size_t count, n_open = 0;
        bool open;
        GZ_TRY(count_values(&data->inputs[i], &count, &open));
        for (size_t k = 0; k < data->inputs[i].rank; k++) n_open += data->inputs[i].shape[k] == 0;
        if (n_open > 1 || (n_open == 1 && data->n_inputs > 1))
            return gz_fail(
                GAZE_ERROR_DATA, "csv data: input '%s' is %s, expected %s, so that a line can be divided",
                data->inputs[i].name,
                gz_array_shape_text(data->arena, data->inputs[i].rank, data->inputs[i].shape, false),
                data->n_inputs > 1 ? "sizes for all dimensions where there are several inputs"
                                   : "at most one open dimension");
    }
    return GAZE_OK;
}

static gaze_status read_tables(const gz_data_need *need, gz_data *data, csv_parts *parts)
{
    size_t *ends = gz_arena_allocate(data->arena, data->n_inputs * sizeof *ends), total = 0;
    gaze_dtype *types = gz_arena_allocate(data->arena, data->n_inputs * sizeof *types);
    gz_hash hashes[GZ_N_PARTS] = {{{0}}};
    if (!ends || !types) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < data->n_inputs; i++) {
        size_t count;
        bool open;
        GZ_TRY(count_values(&data->inputs[i], &count, &open));
        if (!gz_add(total, count, &total)) return gz_fail_memory(SIZE_MAX);
        ends[i] = total;
        types[i] = data->inputs[i].dtype;
    }
    const gz_csv_line line = {need->n_classes, data->n_inputs, types, ends};
    for (int p = 0; p < GZ_N_PARTS; p++) {
        if (!parts->paths[p]) continue;
        GZ_TRY(gz_csv_read(parts->paths[p], &line, &parts->tables[p]));
        GZ_TRY(gz_hash_file(parts->paths[p], &hashes[p]));
    }
    data->hash = gz_hash_bytes(hashes, sizeof hashes);
    return GAZE_OK;
}

/* An open dimension takes what the lines have: the longest of token ids, the first of all else. */
static gaze_status fit_open(gz_data *data, csv_parts *parts)
{
    gaze_array *input = data->inputs;
    const gz_csv_table *train = &parts->tables[GZ_TRAIN], *test = &parts->tables[GZ_TEST];
    size_t unit, length = train->longest > test->longest ? train->longest : test->longest;
    bool open;
    parts->padded = data->n_inputs == 1 && input->rank == 1 && input->dtype == GAZE_INT32;
    GZ_TRY(count_values(input, &unit, &open));
    if (!open) return GAZE_OK;
    if (!parts->padded) length = train->starts[1];
    if (length % unit)
        return gz_fail(GAZE_ERROR_DATA, "%s:%zu: %zu values after the label, expected a multiple of %zu (%s)",
                       train->path, train->lines[0], length, unit,
                       gz_array_shape_text(data->arena, input->rank, input->shape, false));
    for (size_t k = 0; k < input->rank; k++)
        if (!input->shape[k]) input->shape[k] = length / unit;
    return GAZE_OK;
}

static gaze_status check_rows(const csv_parts *parts, const gz_csv_table *table, size_t expected)
{
    for (size_t i = 0; i < table->rows; i++) {
        const size_t found = table->starts[i + 1] - table->starts[i];
        if (found == expected || (parts->padded && found < expected)) continue;
        return gz_fail(GAZE_ERROR_DATA, "%s:%zu: %zu values after the label, expected %s%zu", table->path,
                       table->lines[i], found, parts->padded ? "at most " : "", expected);
    }
    size_t padded;
    if (!gz_multiply(table->rows, expected, &padded)) return gz_fail_memory(SIZE_MAX);
    if (padded <= SMALL || padded / MOST_PADDING <= table->n_values) return GAZE_OK;
    return gz_fail(
        GAZE_ERROR_DATA,
        "%s: %zu lines would be filled up to %zu tokens each, %zu times what they hold: shorten the "
        "longest, or sort lines into files by length",
        table->path, table->rows, expected, padded / table->n_values);
}

static gaze_status make_column(const gz_csv_table *table, const gaze_array *input, size_t first, size_t count,
                               gz_column *column)
{
    uint32_t *items;
    size_t total;
    if (!gz_multiply(table->rows, count, &total)) return gz_fail_memory(SIZE_MAX);
    GZ_TRY(gz_allocate(total, sizeof *items, &items));
    *column = (gz_column){.place = table->path,
                          .type = input->dtype == GAZE_INT32 ? GZ_NUMBER_I32 : GZ_NUMBER_F32,
                          .rank = input->rank + 1,
                          .shape = {table->rows},
                          .items = items,
                          .owned = items};
    memcpy(column->shape + 1, input->shape, input->rank * sizeof *input->shape);
    for (size_t i = 0; i < table->rows; i++) {
        const size_t there = table->starts[i + 1] - table->starts[i] - first;
        memcpy(items + i * count, table->values + table->starts[i] + first,
               (there < count ? there : count) * sizeof *items);
    }
    return GAZE_OK;
}

static gaze_status make_part(gz_data *data, csv_parts *parts, int which, gz_columns *part)
{
    gz_csv_table *table = &parts->tables[which];
    size_t total = 0, count, first = 0;
    bool open;
    for (size_t i = 0; i < data->n_inputs; i++) {
        GZ_TRY(count_values(&data->inputs[i], &count, &open));
        if (!gz_add(total, count, &total)) return gz_fail_memory(SIZE_MAX);
    }
    GZ_TRY(check_rows(parts, table, total));
    for (size_t i = 0; i < data->n_inputs; i++, first += count) {
        GZ_TRY(count_values(&data->inputs[i], &count, &open));
        GZ_TRY(make_column(table, &data->inputs[i], first, count, &part->inputs[i]));
    }
    part->label = (gz_column){.place = table->path,
                              .type = GZ_NUMBER_I32,
                              .rank = 1,
                              .shape = {table->rows},
                              .items = table->labels,
                              .owned = table->labels};
    table->labels = NULL;
    return GAZE_OK;
}

static gaze_status make_parts(const gz_data_spec *spec, const gz_data_need *need, gz_data *data,
                              csv_parts *parts)
{
    gz_arrays *arrays;
    GZ_TRY(find_files(spec, data, parts));
    GZ_TRY(read_tables(need, data, parts));
    GZ_TRY(fit_open(data, parts));
    GZ_TRY(gz_arrays_create(spec, parts->paths[GZ_TEST] != NULL, data, &arrays));
    for (int i = 0; i < GZ_N_PARTS; i++)
        if (parts->paths[i]) GZ_TRY(make_part(data, parts, i, &arrays->parts[i]));
    if (!need->n_classes)
        for (int i = 0; i < GZ_N_PARTS; i++) arrays->parts[i].label.place = NULL;
    return gz_arrays_complete(need, data);
}

static gaze_status csv_open(const gz_data_spec *spec, const gz_data_need *need, gz_data *data)
{
    csv_parts parts = {0};
    GZ_TRY(check_need(need, data));
    const gaze_status status = make_parts(spec, need, data, &parts);
    for (int i = 0; i < GZ_N_PARTS; i++) gz_csv_free(&parts.tables[i]);
    return status;
}

const gz_data_type gz_data_csv = {.name = "csv",
                                  .open = csv_open,
                                  .close = gz_arrays_close,
                                  .count = gz_arrays_count,
                                  .fetch = gz_arrays_fetch,
                                  .sample_hash = gz_arrays_sample_hash};
