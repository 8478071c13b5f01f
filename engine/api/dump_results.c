/* gaze_dump: running the model, and what its results mean for the pictures. */
#include "dump.h"

#include <math.h>
#include <string.h>

/* The class of the largest value; a probability where the row is non-negative and sums to 1. */
static gz_dump_prediction predict(const float *row, size_t classes)
{
    size_t best = 0;
    double sum = 0;
    bool negative = false;
    for (size_t k = 0; k < classes; k++) {
        if (row[k] > row[best]) best = k;
        sum += row[k];
        negative |= row[k] < 0;
    }
    return (gz_dump_prediction){best, !negative && fabs(sum - 1) < 1e-3 ? row[best] : -1};
}

static gaze_status find_predictions(gz_dump *d, const gaze_array *output)
{
    if (output->rank != 2 || output->dtype != GAZE_FLOAT32 || output->shape[1] < 2) return GAZE_OK;
    const size_t classes = output->shape[1];
    gz_dump_prediction *predictions = gz_arena_allocate(d->arena, d->batch * sizeof *predictions);
    if (!predictions) return GAZE_ERROR_DEVICE;
    for (size_t b = 0; b < d->batch; b++)
        predictions[b] = predict((const float *)output->data + b * classes, classes);
    d->predictions = predictions;
    return GAZE_OK;
}

gaze_status gz_dump_run(gz_dump *d, size_t n_inputs)
{
    const gaze_array *outputs;
    gaze_model_outputs(d->model, &outputs);
    d->results = gz_arena_allocate(d->arena, (d->n_maps + 1) * sizeof *d->results);
    if (!d->results) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < d->n_maps; i++)
        if (!(d->results[i].name = gz_arena_format(d->arena, "map:%s", d->maps[i].info->name)))
            return GAZE_ERROR_DEVICE;
    d->results[d->n_maps].name = outputs[0].name;
    GZ_TRY(gaze_run(d->model, d->inputs, n_inputs, d->results, d->n_maps + 1, 0));
    for (size_t i = 0; i < d->n_maps; i++) {
        d->maps[i].values = &d->results[i];
        GZ_TRY(gz_dump_find_cells(d, &d->maps[i]));
    }
    return find_predictions(d, &d->results[d->n_maps]);
}
