/* dump_attention: inputs from a data set. */
#include "dump.h"

#include <stdlib.h>
#include <string.h>

enum { DEFAULT_SAMPLES = 16 };

typedef struct sample_set {
    size_t *indices;
    size_t chosen, count, n_inputs; /* count: of chosen that could be read */
    int32_t *labels;
    gaze_place *truth;
    gaze_array inputs[DUMP_MOST_INPUTS];
} sample_set;

/* One part of "0..3,20": its ends. */
static bool parse_range(const char *text, size_t length, size_t *first, size_t *last)
{
    char copy[64], *end;
    if (!length || length >= sizeof copy) return false;
    memcpy(copy, text, length);
    copy[length] = 0;
    if (copy[0] < '0' || copy[0] > '9') return false;
    *first = *last = (size_t)strtoull(copy, &end, 10);
    if (strncmp(end, "..", 2) == 0 && end[2] >= '0' && end[2] <= '9')
        *last = (size_t)strtoull(end + 2, &end, 10);
    return !*end && *first <= *last;
}

/* Counts the samples that `text` names; with indices not NULL writes them too. */
static gaze_status parse_indices(const char *text, size_t available, const char *part, size_t *indices,
                                 size_t *count)
{
    *count = 0;
    for (const char *at = text;; at++) {
        const size_t length = strcspn(at, ",");
        size_t first, last;
        if (!parse_range(at, length, &first, &last))
            return dump_fail(GAZE_ERROR_USAGE,
                             "--index is '%s', expected numbers and ranges: 7, 0..15, or 0..3,20", text);
        if (last >= available)
            return dump_fail(GAZE_ERROR_DATA, "--index %zu: the %s part has %zu samples, 0..%zu", last, part,
                             available, available - 1);
        for (size_t i = first; i <= last; i++, (*count)++)
            if (indices) indices[*count] = i;
        at += length;
        if (!*at) return GAZE_OK;
    }
}

static gaze_status choose_samples(const dump_arguments *a, const gaze_data *data, bool test, sample_set *set)
{
    const size_t available = gaze_data_count(data, test);
    const char *part = test ? "test" : "training";
    char all[32];
    if (!available) return dump_fail(GAZE_ERROR_DATA, "the data has no samples");
    snprintf(all, sizeof all, "0..%zu", (available < DEFAULT_SAMPLES ? available : DEFAULT_SAMPLES) - 1);
    const char *text = a->index ? a->index : all;
    const gaze_status status = parse_indices(text, available, part, NULL, &set->chosen);
    if (status != GAZE_OK) return status;
    set->indices = calloc(set->chosen, sizeof *set->indices);
    set->labels = calloc(set->chosen, sizeof *set->labels);
    set->truth = calloc(set->chosen, sizeof *set->truth);
    if (!set->indices || !set->labels || !set->truth) return dump_no_memory();
    return parse_indices(text, available, part, set->indices, &set->chosen);
}

/* The first sample shows the shapes; others must have them too. */
static gaze_status append(sample_set *set, size_t sample, const gaze_array *one)
{
    for (size_t i = 0; i < set->n_inputs; i++) {
        gaze_array *all = &set->inputs[i];
        const size_t bytes = dump_elements(&one[i]) * 4;
        if (!sample) {
            *all = one[i];
            all->data = calloc(set->chosen, bytes);
            if (!all->data) return dump_no_memory();
        }
        for (size_t k = 1; k < all->rank; k++)
            if (all->shape[k] != one[i].shape[k])
                return dump_fail(GAZE_ERROR_DATA,
                                 "sample %zu and sample %zu differ in shape: dump them one at a time",
                                 set->indices[0], set->indices[sample]);
        memcpy((char *)all->data + sample * bytes, one[i].data, bytes);
    }
    return GAZE_OK;
}

static gaze_status fetch_one(const gaze_data *data, bool test, size_t index, sample_set *set)
{
    gaze_array one[DUMP_MOST_INPUTS] = {0};
    const size_t at = set->count;
    gaze_place *place = &set->truth[at];
    gaze_status status = gaze_data_sample(data, test, index, one, set->n_inputs, &set->labels[at]);
    if (status != GAZE_OK) return status;
    set->indices[at] = index;
    status = append(set, at, one);
    place->known = gaze_data_truth(data, test, index, &place->y0, &place->x0, &place->y1, &place->x1);
    for (size_t i = 0; i < set->n_inputs; i++) free(one[i].data);
    if (status == GAZE_OK) set->count++;
    return status;
}

/* Damaged samples are named and left out where that was asked for. */
static gaze_status fetch_samples(const dump_arguments *a, const gaze_data *data, bool test, sample_set *set)
{
    set->count = 0;
    for (size_t b = 0; b < set->chosen; b++) {
        const gaze_status status = fetch_one(data, test, set->indices[b], set);
        if (status == GAZE_ERROR_DATA && a->skip_bad)
            fprintf(stderr, "dump_attention: sample %zu is left out: %s\n", set->indices[b], gaze_message());
        else if (status != GAZE_OK)
            return status;
    }
    for (size_t i = 0; i < set->n_inputs; i++) set->inputs[i].shape[0] = set->count;
    return set->count
               ? GAZE_OK
               : dump_fail(GAZE_ERROR_DATA, "all %zu samples that were asked for are damaged", set->chosen);
}

gaze_status dump_samples(dump_arguments *a, gaze_model *model)
{
    const gaze_array *inputs;
    gaze_data *data = NULL;
    char stem[256];
    sample_set set = {.n_inputs = gaze_model_inputs(model, &inputs)};
    if (set.n_inputs > DUMP_MOST_INPUTS)
        return dump_fail(GAZE_ERROR_USAGE, "the model has %zu inputs, expected at most %d", set.n_inputs,
                         DUMP_MOST_INPUTS);
    const gaze_data_options from = {.spec = a->data, .seed = a->seed, .skip_bad = a->skip_bad};
    gaze_status status = gaze_data_open_with(model, &from, &data);
    if (status != GAZE_OK) return status;
    const bool test = gaze_data_count(data, true) > 0;
    snprintf(stem, sizeof stem, "%s-%s", gaze_data_type(data), test ? "test" : "train");
    status = choose_samples(a, data, test, &set);
    if (status == GAZE_OK) status = fetch_samples(a, data, test, &set);
    a->dump.truth = set.truth;
    a->dump.classes = gaze_data_classes(data);
    if (status == GAZE_OK)
        status = gaze_dump(model, set.inputs, set.n_inputs, stem, set.indices, set.labels, &a->dump,
                           dump_print, a);
    for (size_t i = 0; i < set.n_inputs; i++) free(set.inputs[i].data);
    free(set.indices);
    free(set.labels);
    free(set.truth);
    gaze_data_close(data);
    return status;
}
