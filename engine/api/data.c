/* gaze_data_*: a data set that fits a model. */
#include "api.h"
#include "../train/record.h"
#include "data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "TYPE:PATH" */
static gaze_status read_words(const char *text, struct gaze_data *data)
{
    const char *colon = strchr(text, ':');
    const size_t length = colon ? (size_t)(colon - text) : strlen(text);
    char *type = gz_arena_copy(data->arena, text),
         *path = colon ? gz_arena_copy(data->arena, colon + 1) : NULL;
    if (!type || (colon && !path)) return GAZE_ERROR_DEVICE;
    type[length] = 0;
    data->spec.type = type;
    data->spec.path = path && *path ? path : NULL;
    return GAZE_OK;
}

/* What a run was trained on goes before what its model file says: --data may have replaced that. */
static gaze_status read_run(const gaze_model *m, struct gaze_data *data)
{
    const char *type, *path;
    if (!m->folder) return GAZE_OK;
    GZ_TRY(gz_run_record_data(m->folder, data->arena, &type, &path));
    if (!type) return GAZE_OK;
    data->spec.type = type;
    data->spec.path = path;
    return GAZE_OK;
}

/* "TYPE:PATH", or the run's data, or the model's own. */
static gaze_status read_spec(const gaze_model *m, const char *text, struct gaze_data *data)
{
    const gz_model *model = m->file;
    data->spec = (gz_data_spec){.type = model->data.type,
                                .path = model->data.path,
                                .scale = model->data.scale,
                                .train_count = model->data.train_count,
                                .test_count = model->data.test_count,
                                .allow_overlap = model->data.allow_overlap,
                                .aspect = model->data.aspect,
                                .skip_bad = model->data.skip_bad,
                                .augment = {model->data.flip, model->data.shift, model->data.crop}};
    if (text) return read_words(text, data);
    GZ_TRY(read_run(m, data));
    if (!data->spec.type)
        return gz_fail(GAZE_ERROR_USAGE, "%s says nothing about data: name it with --data TYPE:PATH",
                       model->path);
    return GAZE_OK;
}

/* Labels are class numbers of the first output's last axis, one a sample or one a step. */
static gz_data_need need_of(const gaze_model *model, gaze_array *inputs)
{
    const gz_shape output = model->probe.outputs[0]->shape;
    for (size_t i = 0; i < model->file->n_inputs; i++) {
        const gz_model_input *input = &model->file->inputs[i];
        inputs[i] =
            (gaze_array){.name = input->name, .dtype = (gaze_dtype)input->dtype, .rank = input->shape.rank};
        memcpy(inputs[i].shape, input->shape.dim, sizeof inputs[i].shape);
    }
    return (gz_data_need){.n_inputs = model->file->n_inputs,
                          .inputs = inputs,
                          .n_classes = gz_shape_last(output),
                          .label_rank = output.rank > 2 ? output.rank - 2 : 0,
                          .classes = model->file->classes};
}

static void write_log(const gaze_context *context, const char *message)
{
    if (context->log) context->log(context->log_user, GAZE_LOG_WARNING, message);
}

void gz_api_log_bad(const gaze_context *context, gaze_data *data)
{
    char first[512], message[600];
    const size_t count = gz_data_bad(data->data, first);
    if (count == data->bad) return;
    data->bad = count;
    snprintf(message, sizeof message, "%zu damaged sample%s left out, the first: %s", count,
             count == 1 ? " was" : "s were", first);
    write_log(context, message);
}

gaze_status gaze_data_open(gaze_model *model, const char *spec, uint64_t seed, gaze_data **out)
{
    return gaze_data_open_with(model, &(gaze_data_options){.spec = spec, .seed = seed}, out);
}

static gaze_status open_spec(const gaze_model *model, struct gaze_data *data)
{
    gaze_array *inputs;
    GZ_TRY(gz_allocate(model->file->n_inputs, sizeof *inputs, &inputs));
    const gz_data_need need = need_of(model, inputs);
    const gaze_status status = gz_data_open(&data->spec, &need, &data->data);
    free(inputs);
    return status;
}

gaze_status gaze_data_open_with(gaze_model *model, const gaze_data_options *options, gaze_data **out)
{
    struct gaze_data *data;
    gaze_status status;
    GZ_TRY(gz_allocate(1, sizeof *data, &data));
    GZ_GO(gz_arena_create(&data->arena));
    GZ_GO(read_spec(model, options->spec, data));
    data->spec.seed = options->seed;
    data->spec.skip_bad = data->spec.skip_bad || options->skip_bad;
    GZ_GO(open_spec(model, data));
    if (data->data->note) write_log(model->context, data->data->note);
    gz_api_log_bad(model->context, data);
    *out = data;
done:
    if (status != GAZE_OK) gaze_data_close(data);
    return status;
}

/* What the model's "data" says of files doesn't count; how images are changed in training does. */
gaze_status gaze_data_from(gaze_model *model, const gaze_data_arrays *train, const gaze_data_arrays *test,
                           bool allow_overlap, gaze_data **out)
{
    const gz_memory memory = {train, test};
    const gz_model_data *said = &model->file->data;
    struct gaze_data *data;
    gaze_status status;
    GZ_TRY(gz_allocate(1, sizeof *data, &data));
    GZ_GO(gz_arena_create(&data->arena));
    data->spec = (gz_data_spec){.type = "memory",
                                .allow_overlap = allow_overlap,
                                .augment = {said->flip, said->shift, said->crop},
                                .memory = &memory};
    GZ_GO(open_spec(model, data));
    data->spec.memory = NULL;
    *out = data;
done:
    if (status != GAZE_OK) gaze_data_close(data);
    return status;
}

void gaze_data_close(gaze_data *data)
{
    if (!data) return;
    gz_data_close(data->data);
    gz_arena_destroy(data->arena);
    free(data);
}

static gz_part part_of(bool test) { return test ? GZ_TEST : GZ_TRAIN; }

size_t gaze_data_count(const gaze_data *data, bool test) { return gz_data_count(data->data, part_of(test)); }
const char *gaze_data_hash(const gaze_data *data) { return data->data->hash.text; }
const char *gaze_data_type(const gaze_data *data) { return data->spec.type; }
const char *const *gaze_data_classes(const gaze_data *data) { return data->data->classes; }

static gaze_status allocate_sample(const gz_data *data, gaze_array *inputs, void **values)
{
    for (size_t i = 0; i < data->n_inputs; i++) {
        const gaze_array *one = &data->inputs[i];
        inputs[i] = (gaze_array){.name = one->name, .dtype = one->dtype, .rank = one->rank + 1, .shape = {1}};
        size_t count = 1;
        for (size_t k = 0; k < one->rank; k++) count *= inputs[i].shape[k + 1] = one->shape[k];
        GZ_TRY(gz_allocate(count, sizeof(float), &inputs[i].data));
        values[i] = inputs[i].data;
    }
    return GAZE_OK;
}

gaze_status gaze_data_sample(const gaze_data *data, bool test, size_t index, gaze_array *inputs,
                             size_t n_inputs, int32_t *label)
{
    const gz_data *set = data->data;
    void *values[GZ_MAX_INPUTS] = {0};
    int32_t *labels = NULL;
    gaze_status status;
    if (n_inputs != set->n_inputs || n_inputs > GZ_MAX_INPUTS)
        return gz_fail(GAZE_ERROR_USAGE, "room for %zu inputs was given, the data has %zu", n_inputs,
                       set->n_inputs);
    if (index >= gz_data_count(set, part_of(test)))
        return gz_fail(GAZE_ERROR_DATA, "sample %zu of the %s part: it has %zu samples", index,
                       test ? "test" : "training", gz_data_count(set, part_of(test)));
    for (size_t i = 0; i < n_inputs; i++) inputs[i].data = NULL;
    GZ_GO(allocate_sample(set, inputs, values));
    GZ_GO(gz_allocate(set->label_count, sizeof *labels, &labels));
    GZ_GO(gz_data_fetch(set, part_of(test), index, values, labels));
    if (label) *label = set->has_labels && set->label_count == 1 ? labels[0] : -1;
done:
    free(labels);
    for (size_t i = 0; status != GAZE_OK && i < n_inputs; i++) {
        free(inputs[i].data);
        inputs[i].data = NULL;
    }
    return status;
}

bool gaze_data_truth(const gaze_data *data, bool test, size_t index, size_t *y0, size_t *x0, size_t *y1,
                     size_t *x1)
{
    gz_rectangle r;
    if (!gz_data_truth(data->data, part_of(test), index, &r)) return false;
    *y0 = r.y0;
    *x0 = r.x0;
    *y1 = r.y1;
    *x1 = r.x1;
    return true;
}
