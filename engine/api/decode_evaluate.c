/* gaze_evaluate_decoded: how many answers are the data's own, token by token. */
#include "api.h"
#include "data.h"
#include "../base/clock.h"
#include "../train/group.h"

#include <stdlib.h>
#include <string.h>

enum { DEFAULT_BATCH = 64 };

typedef struct measuring {
    gaze_model *model;
    const gz_data *data;
    const gz_model_decode *how;
    gaze_decode_options options;
    gaze_array inputs[GZ_MAX_INPUTS]; /* all but the one that is written */
    gaze_decode_metrics metrics;
} measuring;

/* The label up to its end. */
static size_t length_of(const measuring *m, const int32_t *label)
{
    size_t length = 0;
    while (length < m->data->label_count && !(m->how->has_end && label[length] == m->how->end)) length++;
    return length;
}

static void compare(measuring *m, const gz_batch *batch, const gaze_decoded *decoded)
{
    for (size_t b = 0; b < batch->count; b++) {
        const int32_t *label = batch->labels + b * m->data->label_count,
                      *answer = decoded->tokens + b * decoded->max_length;
        const size_t length = length_of(m, label);
        m->metrics.exact +=
            decoded->lengths[b] == length && memcmp(label, answer, length * sizeof *label) == 0;
    }
    m->metrics.samples += batch->count;
}

static void take_inputs(measuring *m, const gz_batch *batch)
{
    size_t n = 0;
    for (size_t i = 0; i < m->data->n_inputs; i++) {
        if (i == m->how->at) continue;
        const gaze_array *one = &m->data->inputs[i];
        gaze_array *all = &m->inputs[n++];
        *all = (gaze_array){one->name, one->dtype, one->rank + 1, {batch->count}, batch->inputs[i]};
        memcpy(all->shape + 1, one->shape, one->rank * sizeof *one->shape);
    }
}

static gaze_status measure_batch(measuring *m, const gz_batch *batch)
{
    gaze_decoded decoded;
    take_inputs(m, batch);
    GZ_TRY(gaze_decode(m->model, m->inputs, m->data->n_inputs - 1, &m->options, &decoded));
    compare(m, batch, &decoded);
    gaze_decoded_free(&decoded);
    return GAZE_OK;
}

static gaze_status measure(measuring *m, const gz_group *group, gz_part part)
{
    const gz_batches_options options = {.part = part,
                                        .batch_size = m->options.batch_size,
                                        .seed = m->model->seed,
                                        .epochs = 1,
                                        .share = gz_group_share(group)};
    gz_batches *batches = NULL;
    const double began = gz_seconds();
    gaze_status status;
    GZ_GO(gz_batches_open(m->data, &options, &batches));
    for (;;) {
        const gz_batch *batch;
        GZ_GO(gz_batches_next(batches, &batch));
        if (!batch) break;
        GZ_GO(measure_batch(m, batch));
    }
    m->metrics.seconds = gz_seconds() - began;
done:
    gz_batches_close(batches);
    return status;
}

/* Labels are the answers, one token a step. */
static gaze_status check(const measuring *m)
{
    const char *input = m->how->input;
    if (!input)
        return gz_fail(GAZE_ERROR_MODEL, "%s has no \"decode\", so there are no answers to compare",
                       m->model->file->path);
    const size_t steps = m->data->inputs[m->how->at].shape[0];
    if (m->data->has_labels && m->data->label_count == steps) return GAZE_OK;
    return gz_fail(GAZE_ERROR_DATA,
                   "the data has %zu labels a sample, expected %zu: one for each step of the input '%s'",
                   m->data->has_labels ? m->data->label_count : 0, steps, input);
}

/* What each process has counted. */
static gaze_status add_all(gz_group *group, gaze_decode_metrics *metrics)
{
    const size_t mine[2] = {metrics->samples, metrics->exact};
    size_t *all;
    GZ_TRY(gz_allocate(2 * group->calls->ranks, sizeof *all, &all));
    const gaze_status status = gz_group_gather(group, mine, all, sizeof mine);
    metrics->samples = metrics->exact = 0;
    for (size_t r = 0; status == GAZE_OK && r < group->calls->ranks; r++) {
        metrics->samples += all[2 * r];
        metrics->exact += all[2 * r + 1];
    }
    free(all);
    return status;
}

gaze_status gaze_evaluate_decoded(gaze_model *model, gaze_data *data, const gaze_decode_options *options,
                                  bool *test, gaze_decode_metrics *metrics)
{
    measuring m = {.model = model, .data = data->data, .how = &model->file->decode};
    if (options) m.options = *options;
    gz_group shared, *group = gz_group_open(model->context->group, &shared);
    GZ_TRY(gz_group_agree(group, check(&m)));
    const gz_part part = gz_data_count(m.data, GZ_TEST) ? GZ_TEST : GZ_TRAIN;
    if (!m.options.batch_size) m.options.batch_size = DEFAULT_BATCH;
    if (!m.options.max_length && !m.how->max_length) m.options.max_length = m.data->label_count;
    gaze_status status = measure(&m, group, part);
    if (status == GAZE_OK && group) status = add_all(group, &m.metrics);
    GZ_TRY(gz_group_end(group, status));
    gz_api_log_bad(model->context, data);
    if (test) *test = part == GZ_TEST;
    *metrics = m.metrics;
    return GAZE_OK;
}
