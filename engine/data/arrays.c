#include "arrays.h"

#include <stdlib.h>
#include <string.h>

gaze_status gz_arrays_create(const gz_data_spec *spec, bool has_test, gz_data *data, gz_arrays **out)
{
    gz_arrays *arrays;
    GZ_TRY(gz_allocate(1, sizeof *arrays, &arrays));
    data->state = arrays;
    arrays->n_inputs = data->n_inputs;
    arrays->values = gz_arena_allocate(data->arena, data->n_inputs * sizeof *arrays->values);
    arrays->dtypes = gz_arena_allocate(data->arena, data->n_inputs * sizeof *arrays->dtypes);
    if (!arrays->values || !arrays->dtypes) return GAZE_ERROR_DEVICE;
    for (int part = 0; part < (has_test ? 2 : 1); part++) {
        arrays->parts[part].inputs = gz_arena_allocate(data->arena, data->n_inputs * sizeof(gz_column));
        if (!arrays->parts[part].inputs) return GAZE_ERROR_DEVICE;
    }
    *out = arrays;
    return gz_scale_table(data->arena, spec->scale, arrays->table);
}

static gaze_status refuse_shape(gz_arena *arena, const gz_column *column, const gaze_array *input)
{
    return gz_fail(GAZE_ERROR_DATA, "%s: the shape is %s, expected %s for input '%s'", column->place,
                   gz_array_shape_text(arena, column->rank, column->shape, false),
                   gz_array_shape_text(arena, input->rank, input->shape, true), input->name);
}

/* Fills in the dimensions that are still open: the test part has to have those of the training part. */
static gaze_status fit_input(gz_arena *arena, const gz_column *column, gaze_array *input)
{
    bool fits = column->rank == input->rank + 1;
    for (size_t i = 0; fits && i < input->rank; i++)
        fits = column->shape[i + 1] > 0 && (input->shape[i] == 0 || input->shape[i] == column->shape[i + 1]);
    if (!fits) return refuse_shape(arena, column, input);
    memcpy(input->shape, column->shape + 1, input->rank * sizeof *input->shape);
    if (input->dtype == GAZE_INT32 && column->type == GZ_NUMBER_F32)
        return gz_fail(GAZE_ERROR_DATA, "%s: holds floats, expected integers for input '%s'", column->place,
                       input->name);
    return GAZE_OK;
}

static gaze_status check_count(const gz_column *column, const gz_columns *part)
{
    const gz_column *first = part->inputs;
    if (column->rank == 0 || column->shape[0] == 0)
        return gz_fail(GAZE_ERROR_DATA, "%s: holds no samples", column->place);
    if (column->shape[0] == first->shape[0]) return GAZE_OK;
    return gz_fail(GAZE_ERROR_DATA, "%s: %zu samples, expected %zu as in %s", column->place, column->shape[0],
                   first->shape[0], first->place);
}

static int32_t label_at(const gz_column *column, size_t index)
{
    int32_t label;
    if (column->type == GZ_NUMBER_U8) return ((const unsigned char *)column->items)[index];
    memcpy(&label, (const char *)column->items + 4 * index, sizeof label);
    return label;
}

static gaze_status check_labels(gz_arena *arena, const gz_column *column, const gz_data_need *need,
                                size_t *label_count)
{
    const size_t least = need->label_rank + 1;
    if (column->type == GZ_NUMBER_F32)
        return gz_fail(
            GAZE_ERROR_DATA,
            "%s: holds floats, expected class numbers as integers (numpy.argmax of one-hot labels)",
            column->place);
    if (column->rank != least && !(column->rank == least + 1 && column->shape[least] == 1))
        return gz_fail(GAZE_ERROR_DATA, "%s: the shape is %s, expected %s", column->place,
                       gz_array_shape_text(arena, column->rank, column->shape, false),
                       need->label_rank ? "[samples,steps]" : "[samples]");
    const size_t steps = need->label_rank ? column->shape[1] : 1;
    for (size_t i = 0; i < column->shape[0] * steps; i++) {
        const int32_t label = label_at(column, i);
        if (label < 0 || (size_t)label >= need->n_classes)
            return gz_label_refuse(column->place, i / steps, label, need->n_classes);
    }
    if (*label_count && *label_count != steps)
        return gz_fail(GAZE_ERROR_DATA, "%s: %zu steps, expected %zu as in the training part", column->place,
                       steps, *label_count);
    *label_count = steps;
    return GAZE_OK;
}

static gaze_status complete_part(const gz_data_need *need, gz_data *data, gz_columns *part)
{
    gz_arrays *arrays = data->state;
    for (size_t i = 0; i < data->n_inputs; i++) {
        GZ_TRY(check_count(&part->inputs[i], part));
        GZ_TRY(fit_input(data->arena, &part->inputs[i], &data->inputs[i]));
    }
    part->count = part->inputs[0].shape[0];
    if (!part->label.place) return GAZE_OK;
    GZ_TRY(check_count(&part->label, part));
    return check_labels(data->arena, &part->label, need, &arrays->label_count);
}

gaze_status gz_arrays_complete(const gz_data_need *need, gz_data *data)
{
    gz_arrays *arrays = data->state;
    for (int part = 0; part < GZ_N_PARTS; part++)
        if (arrays->parts[part].inputs) GZ_TRY(complete_part(need, data, &arrays->parts[part]));
    for (size_t i = 0; i < data->n_inputs; i++) {
        const gaze_array *input = &data->inputs[i];
        arrays->dtypes[i] = input->dtype;
        arrays->values[i] = 1;
        for (size_t k = 0; k < input->rank; k++)
            arrays->values[i] *= input->shape[k]; /* fits: the file holds as many */
    }
    data->label_count = arrays->label_count;
    data->has_labels = arrays->label_count > 0;
    return GAZE_OK;
}

void gz_arrays_close(void *state)
{
    gz_arrays *arrays = state;
    for (int part = 0; part < GZ_N_PARTS; part++) {
        const gz_columns *columns = &arrays->parts[part];
        for (size_t i = 0; columns->inputs && i < arrays->n_inputs; i++) free(columns->inputs[i].owned);
        free(columns->label.owned);
        gz_arena_destroy(arrays->arenas[part]);
    }
    free(arrays);
}

size_t gz_arrays_count(const void *state, gz_part part)
{
    return ((const gz_arrays *)state)->parts[part].count;
}

static size_t sample_bytes(const gz_column *column, size_t values)
{
    return values * gz_number_bytes(column->type);
}

static void copy_sample(const gz_arrays *arrays, const gz_column *column, size_t index, size_t values,
                        gaze_dtype dtype, void *out)
{
    const size_t bytes = sample_bytes(column, values);
    const unsigned char *source = (const unsigned char *)column->items + index * bytes;
    float *floats = out;
    int32_t *integers = out, integer;
    if (column->type == GZ_NUMBER_F32 || (column->type == GZ_NUMBER_I32 && dtype == GAZE_INT32)) {
        memcpy(out, source, bytes);
        return;
    }
    for (size_t i = 0; i < values; i++) {
        if (column->type == GZ_NUMBER_U8)
            integer = source[i];
        else
            memcpy(&integer, source + 4 * i, sizeof integer);
        if (dtype == GAZE_INT32)
            integers[i] = integer;
        else
            floats[i] = column->bytes ? arrays->table[integer] : (float)integer;
    }
}

gaze_status gz_arrays_fetch(const void *state, gz_part which, size_t index, void *const *inputs,
                            int32_t *label)
{
    const gz_arrays *arrays = state;
    const gz_columns *part = &arrays->parts[which];
    for (size_t i = 0; i < arrays->n_inputs; i++)
        copy_sample(arrays, &part->inputs[i], index, arrays->values[i], arrays->dtypes[i], inputs[i]);
    for (size_t t = 0; part->label.place && t < arrays->label_count; t++)
        label[t] = label_at(&part->label, index * arrays->label_count + t);
    return GAZE_OK;
}

uint64_t gz_arrays_sample_hash(const void *state, gz_part which, size_t index)
{
    const gz_arrays *arrays = state;
    uint64_t hash = 0;
    for (size_t i = 0; i < arrays->n_inputs; i++) {
        const gz_column *column = &arrays->parts[which].inputs[i];
        const size_t bytes = sample_bytes(column, arrays->values[i]);
        hash = gz_hash_number((const char *)column->items + index * bytes, bytes, hash);
    }
    return hash;
}
