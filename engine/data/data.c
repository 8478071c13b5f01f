#include "data.h"
#include "../base/text.h"
#include "augment.h"
#include "types.h"

#include <stdlib.h>
#include <string.h>

static const gz_data_type *const types[] = {&gz_data_idx,      &gz_data_cifar10, &gz_data_csv,
                                            &gz_data_folder,   &gz_data_npy,     &gz_data_safetensors,
                                            &gz_data_synthetic};
enum { N_TYPES = sizeof types / sizeof *types };

static gaze_status find_type(gz_data *data, const char *name)
{
    const char *names[N_TYPES + 1] = {NULL};
    for (size_t i = 0; i < N_TYPES; i++) {
        names[i] = types[i]->name;
        if (name && strcmp(name, names[i]) == 0) data->type = types[i];
    }
    if (data->type) return GAZE_OK;
    return gz_fail(GAZE_ERROR_USAGE, "data type '%s' is unknown%s; expected %s, as in idx:FOLDER",
                   name ? name : "", name ? gz_did_you_mean(data->arena, name, names) : "",
                   gz_list_text(data->arena, names));
}

static gaze_status copy_inputs(gz_data *data, const gz_data_need *need)
{
    data->n_inputs = need->n_inputs;
    data->inputs = gz_arena_duplicate(data->arena, need->inputs, need->n_inputs * sizeof *need->inputs);
    if (!data->inputs) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < need->n_inputs; i++) {
        data->inputs[i].data = NULL;
        data->inputs[i].name = gz_arena_copy(data->arena, need->inputs[i].name);
        if (!data->inputs[i].name) return GAZE_ERROR_DEVICE;
    }
    return GAZE_OK;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static gaze_status hash_part(const gz_data *data, gz_part part, size_t *count, uint64_t **hashes)
{
    *count = gz_data_count(data, part);
    GZ_TRY(gz_allocate(*count, sizeof **hashes, hashes));
    for (size_t i = 0; i < *count; i++) (*hashes)[i] = data->type->sample_hash(data->state, part, i);
    return GAZE_OK;
}

static const char *name_of(const gz_data *data, gz_part part, size_t index)
{
    if (!data->type->sample_name) return "";
    const char *name = data->type->sample_name(data->state, part, index),
               *text = gz_arena_format(data->arena, " (%s)", name);
    return text ? text : "";
}

static gaze_status refuse_overlap(const gz_data *data, uint64_t shared, size_t train_index, size_t n_shared)
{
    size_t test_index = 0;
    while (data->type->sample_hash(data->state, GZ_TEST, test_index) != shared) test_index++;
    return gz_fail(
        GAZE_ERROR_DATA,
        "sample %zu%s of the training part is sample %zu%s of the test part too; %zu samples in all "
        "are in both, expected "
        "none; \"allow_overlap\": true in the model's \"data\" permits it",
        train_index, name_of(data, GZ_TRAIN, train_index), test_index, name_of(data, GZ_TEST, test_index),
        n_shared);
}

/* A test on samples that were trained on says nothing. */
static gaze_status check_overlap(const gz_data *data)
{
    gaze_status status;
    uint64_t *train = NULL, *test = NULL;
    size_t n_train = 0, n_test = 0, n_shared = 0, first = 0;
    GZ_GO(hash_part(data, GZ_TEST, &n_test, &test));
    if (n_test == 0) goto done;
    GZ_GO(hash_part(data, GZ_TRAIN, &n_train, &train));
    qsort(test, n_test, sizeof *test, by_value);
    for (size_t i = 0; i < n_train; i++) {
        if (!bsearch(&train[i], test, n_test, sizeof *test, by_value)) continue;
        if (n_shared++ == 0) first = i;
    }
    if (n_shared) status = refuse_overlap(data, train[first], first, n_shared);
done:
    free(train);
    free(test);
    return status;
}

static gaze_status open_data(const gz_data_spec *spec, const gz_data_need *need, gz_data *data)
{
    GZ_TRY(gz_arena_create(&data->arena));
    if (spec->memory)
        data->type = &gz_data_memory;
    else
        GZ_TRY(find_type(data, spec->type));
    GZ_TRY(copy_inputs(data, need));
    GZ_TRY(data->type->open(spec, need, data));
    data->augment = spec->augment;
    if (gz_augment_wanted(&spec->augment)) GZ_TRY(gz_augment_check(data, &spec->augment));
    if (!data->type->sample_hash || spec->allow_overlap) return GAZE_OK;
    return gz_fail_context(check_overlap(data), "%s", spec->path ? spec->path : spec->type);
}

gaze_status gz_data_open(const gz_data_spec *spec, const gz_data_need *need, gz_data **out)
{
    gz_data *data;
    GZ_TRY(gz_allocate(1, sizeof *data, &data));
    const gaze_status status = open_data(spec, need, data);
    if (status == GAZE_OK)
        *out = data;
    else
        gz_data_close(data);
    return status;
}

void gz_data_close(gz_data *data)
{
    if (!data) return;
    if (data->state && data->type->close) data->type->close(data->state);
    gz_arena_destroy(data->arena);
    free(data);
}

size_t gz_data_count(const gz_data *data, gz_part part) { return data->type->count(data->state, part); }

gaze_status gz_data_fetch(const gz_data *data, gz_part part, size_t index, void *const *inputs,
                          int32_t *label)
{
    const size_t count = gz_data_count(data, part);
    if (index < count) return data->type->fetch(data->state, part, index, inputs, label);
    return gz_fail(GAZE_ERROR_USAGE, "sample %zu of the %s part, which has %zu samples (numbered from 0)",
                   index, part == GZ_TEST ? "test" : "training", count);
}

size_t gz_data_bad(const gz_data *data, char first[512])
{
    *first = 0;
    return data->type->bad ? data->type->bad(data->state, first) : 0;
}

bool gz_data_truth(const gz_data *data, gz_part part, size_t index, gz_rectangle *rectangle)
{
    if (!data->type->truth || index >= gz_data_count(data, part)) return false;
    return data->type->truth(data->state, part, index, rectangle);
}

gaze_status gz_scale_table(gz_arena *arena, const char *scale, float table[256])
{
    static const char *const words[] = {"0..1", "-1..1", "none", NULL};
    const char *word = scale ? scale : words[0];
    for (int i = 0; i < 256; i++) {
        const float byte = (float)i;
        if (strcmp(word, "0..1") == 0)
            table[i] = byte / 255.0f;
        else if (strcmp(word, "-1..1") == 0)
            table[i] = byte / 127.5f - 1;
        else if (strcmp(word, "none") == 0)
            table[i] = byte;
        else
            return gz_fail(GAZE_ERROR_USAGE, "\"scale\" is '%s'%s, expected 0..1, -1..1 or none", word,
                           gz_did_you_mean(arena, word, words));
    }
    return GAZE_OK;
}

const char *gz_array_shape_text(gz_arena *arena, size_t rank, const size_t *shape, bool samples)
{
    const char *text = samples ? "[samples" : "[";
    for (size_t i = 0; text && i < rank; i++) {
        const char *comma = i || samples ? "," : "";
        text = shape[i] ? gz_arena_format(arena, "%s%s%zu", text, comma, shape[i])
                        : gz_arena_format(arena, "%s%s?", text, comma);
    }
    if (text) text = gz_arena_format(arena, "%s]", text);
    return text ? text : "";
}

const char *gz_list_text(gz_arena *arena, const char *const *words)
{
    const char *text = words[0];
    for (size_t i = 1; text && words[i]; i++)
        text = gz_arena_format(arena, "%s%s%s", text, words[i + 1] ? ", " : " or ", words[i]);
    return text ? text : "";
}

gaze_status gz_label_refuse(const char *place, size_t sample, int64_t label, size_t n_classes)
{
    return gz_fail(GAZE_ERROR_DATA,
                   "%s: the label of sample %zu is %lld, expected 0..%zu (the model has %zu classes)", place,
                   sample, (long long)label, n_classes - 1, n_classes);
}
