#include "train.h"

#include "../base/clock.h"
#include <stdlib.h>

/* Counts what was predicted for what in confusion [K,K]. */
static gaze_status count_predictions(gz_step *step, const gz_batch *batch, float *p, gaze_metrics *metrics)
{
    const gz_tensor *output = step->built.outputs[0];
    const size_t rows = gz_shape_rows(output->shape), classes = metrics->n_classes;
    GZ_TRY(gz_plan_read(step->plan, output, p));
    for (size_t r = 0; r < rows; r++) {
        size_t best = 0;
        for (size_t k = 1; k < classes; k++)
            if (p[r * classes + k] > p[r * classes + best]) best = k;
        metrics->confusion[(size_t)batch->labels[r] * classes + best]++;
    }
    return GAZE_OK;
}

static gaze_status prepare_confusion(const gz_step *step, float **p, gaze_metrics *metrics)
{
    const gz_shape shape = step->built.outputs[0]->shape;
    metrics->n_classes = gz_shape_last(shape);
    GZ_TRY(gz_allocate(gz_shape_count(shape), sizeof **p, p));
    return gz_allocate(metrics->n_classes * metrics->n_classes, sizeof *metrics->confusion,
                       &metrics->confusion);
}

/* Counts are exact; the loss is a sum of each rank's, in their order. */
static gaze_status add_all(gz_group *group, gz_sums *sums, gaze_metrics *metrics)
{
    const struct {
        gz_sums sums;
        size_t samples, n_classes;
    } mine = {*sums, metrics->samples, metrics->n_classes}, *one;
    void *all;
    GZ_TRY(gz_allocate(group->calls->ranks, sizeof mine, &all));
    const gaze_status status = gz_group_gather(group, &mine, all, sizeof mine);
    *sums = (gz_sums){0};
    metrics->samples = 0;
    one = all;
    for (size_t r = 0; status == GAZE_OK && r < group->calls->ranks; r++, one++) {
        sums->loss += one->sums.loss;
        sums->correct += one->sums.correct;
        sums->rows += one->sums.rows;
        metrics->samples += one->samples;
        if (one->n_classes > metrics->n_classes) metrics->n_classes = one->n_classes;
    }
    free(all);
    return status;
}

/* A rank without a batch has no table yet. */
static gaze_status add_confusion(gz_group *group, gaze_metrics *metrics)
{
    const size_t cells = metrics->n_classes * metrics->n_classes;
    size_t *all;
    if (!metrics->confusion) GZ_TRY(gz_allocate(cells, sizeof *all, &metrics->confusion));
    GZ_TRY(gz_allocate(group->calls->ranks * cells, sizeof *all, &all));
    const gaze_status status = gz_group_gather(group, metrics->confusion, all, cells * sizeof *all);
    for (size_t i = 0; status == GAZE_OK && i < cells; i++) {
        metrics->confusion[i] = 0;
        for (size_t r = 0; r < group->calls->ranks; r++) metrics->confusion[i] += all[r * cells + i];
    }
    free(all);
    return status;
}

static gaze_status go_through(const gz_step_base *base, gz_part part, size_t batch_size, gz_step_pair *steps,
                              bool confusion, gaze_metrics *metrics)
{
    const size_t samples = gz_data_count(base->data, part),
                 size = batch_size < samples ? batch_size : samples;
    gz_group *group = base->group;
    const gz_batches_options options = {
        .part = part, .batch_size = size, .seed = base->seed, .epochs = 1, .share = gz_group_share(group)};
    gz_batches *batches = NULL;
    float *p = NULL;
    gz_sums sums;
    gaze_status status;
    const double began = gz_seconds();
    GZ_GO(gz_sums_clear(base->store));
    GZ_GO(gz_batches_open(base->data, &options, &batches));
    for (;;) {
        const gz_batch *batch;
        gz_step *step;
        GZ_GO(gz_batches_next(batches, &batch));
        if (!batch) break;
        metrics->samples += batch->count;
        GZ_GO(gz_step_pair_run(base, steps, size, false, batch, 0, &step));
        if (!confusion) continue;
        if (!p) GZ_GO(prepare_confusion(step, &p, metrics));
        GZ_GO(count_predictions(step, batch, p, metrics));
    }
    GZ_GO(gz_sums_read(base->store, &sums));
    GZ_GO(gz_sums_clear(base->store));
    if (group) GZ_GO(add_all(group, &sums, metrics));
    if (group && confusion) GZ_GO(add_confusion(group, metrics));
    metrics->loss = sums.loss / sums.rows;
    metrics->accuracy = sums.correct / sums.rows;
    metrics->seconds = gz_seconds() - began;
done:
    free(p);
    gz_batches_close(batches);
    return status;
}

gaze_status gz_measure(const gz_step_base *base, gz_part part, size_t batch_size, gz_step_pair *steps,
                       gaze_metrics *metrics)
{
    *metrics = (gaze_metrics){0};
    return go_through(base, part, batch_size, steps, false, metrics);
}

gaze_status gz_evaluate(const gz_step_base *base, gz_part part, size_t batch_size, gaze_metrics *metrics)
{
    gz_step_pair steps = {0};
    gaze_metrics found = {0};
    gaze_status status = gz_data_count(base->data, part) && base->data->has_labels
                             ? GAZE_OK
                             : gz_fail(GAZE_ERROR_DATA, "the %s data has no labelled samples to evaluate on",
                                       base->data->type->name);
    status = gz_group_agree(base->group, status);
    if (status == GAZE_OK) status = go_through(base, part, batch_size, &steps, true, &found);
    gz_step_pair_free(&steps);
    if (status == GAZE_OK)
        *metrics = found;
    else
        free(found.confusion);
    return status;
}

void gaze_metrics_free(gaze_metrics *metrics)
{
    free(metrics->confusion);
    *metrics = (gaze_metrics){0};
}
