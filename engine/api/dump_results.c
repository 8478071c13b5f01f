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

/* [H,W,C] -> [H,W], the largest of each cell's channels; what isn't a number stays one that isn't. */
static void largest_channel(const float *values, size_t cells, size_t channels, float *out)
{
    for (size_t i = 0; i < cells; i++) {
        const float *v = values + i * channels;
        out[i] = v[0];
        for (size_t c = 1; c < channels; c++)
            if (v[c] > out[i] || isnan(v[c])) out[i] = v[c];
    }
}

/* [H,Tq,Tv] -> [Tq,Tv] */
static void mean_head(const float *values, size_t heads, size_t cells, float *out)
{
    for (size_t i = 0; i < cells; i++) {
        double sum = 0;
        for (size_t h = 0; h < heads; h++) sum += values[h * cells + i];
        out[i] = (float)(sum / (double)heads);
    }
}

static gaze_status merge(const gz_dump *d, gz_dump_map *map)
{
    const bool heads = strcmp(map->info->kind, "multi_head") == 0;
    const size_t *shape = map->values->shape + 1, sample = shape[0] * shape[1] * shape[2];
    map->height = heads ? shape[1] : shape[0];
    map->width = heads ? shape[2] : shape[1];
    map->merged =
        heads ? "Drawn is the mean of the heads." : "Drawn is the largest value of each cell's channels.";
    const size_t cells = map->height * map->width;
    float *merged = gz_arena_allocate(d->arena, d->batch * cells * sizeof *merged);
    if (!merged) return GAZE_ERROR_DEVICE;
    for (size_t b = 0; b < d->batch; b++) {
        const float *values = (const float *)map->values->data + b * sample;
        if (heads)
            mean_head(values, shape[0], cells, merged + b * cells);
        else
            largest_channel(values, cells, shape[2], merged + b * cells);
    }
    map->cells = merged;
    return GAZE_OK;
}

static gaze_status find_cells(const gz_dump *d, gz_dump_map *map)
{
    const size_t rank = map->values->rank - 1, *shape = map->values->shape + 1;
    if (rank == 3) return merge(d, map);
    if (rank > 3)
        return gz_fail(GAZE_ERROR_MODEL, "map '%s' has %zu axes a sample, expected at most 3",
                       map->info->name, rank);
    map->height = rank == 2 ? shape[0] : 1;
    map->width = rank ? shape[rank - 1] : 1;
    map->cells = map->values->data;
    return GAZE_OK;
}

gaze_status gz_dump_run(gz_dump *d, size_t n_inputs)
{
    const gaze_array *outputs;
    gaze_model_outputs(d->model, &outputs);
    d->results = gz_arena_allocate(d->arena, (d->n_maps + 1) * sizeof *d->results);
    if (!d->results) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < d->n_maps; i++)
        if (!(d->results[i].name = gz_arena_format(d->arena, "map:%s", d->maps[i].info->name))) return GAZE_ERROR_DEVICE;
    d->results[d->n_maps].name = outputs[0].name;
    GZ_TRY(gaze_run(d->model, d->inputs, n_inputs, d->results, d->n_maps + 1, 0));
    for (size_t i = 0; i < d->n_maps; i++) {
        d->maps[i].values = &d->results[i];
        GZ_TRY(find_cells(d, &d->maps[i]));
    }
    return find_predictions(d, &d->results[d->n_maps]);
}
