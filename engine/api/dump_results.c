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

static gaze_status ask_for(gz_dump *d, const char *name, const gaze_array **result)
{
    if (!name) return GAZE_ERROR_DEVICE;
    gaze_array *asked = &d->results[d->n_results++];
    asked->name = name;
    if (result) *result = asked;
    return GAZE_OK;
}

static gaze_status ask_for_features(gz_dump *d, gz_dump_map *map)
{
    if (!(map->fits & GZ_DUMP_BIT(GZ_DUMP_PANELS))) return GAZE_OK;
    if (!gz_dump_before_is_input(d, map, &map->before))
        GZ_TRY(ask_for(d, gz_dump_before_name(d, map), &map->before));
    return ask_for(d, gz_arena_format(d->arena, "layer:%s", map->info->layer), &map->after);
}

gaze_status gz_dump_run(gz_dump *d, size_t n_inputs)
{
    const gaze_array *outputs;
    size_t n_parts = 0;
    GZ_TRY(gz_dump_choose_parts(d, n_inputs));
    gaze_model_outputs(d->model, &outputs);
    gaze_map_part *parts = gz_arena_allocate(d->arena, d->n_maps * sizeof *parts);
    d->results = gz_arena_allocate(d->arena, (3 * d->n_maps + 1) * sizeof *d->results);
    if (!d->results || !parts) return GAZE_ERROR_DEVICE;
    GZ_TRY(ask_for(d, outputs[0].name, NULL));
    for (size_t i = 0; i < d->n_maps; i++) {
        gz_dump_map *map = &d->maps[i];
        GZ_TRY(ask_for(d, gz_arena_format(d->arena, "map:%s", map->info->name), &map->values));
        GZ_TRY(ask_for_features(d, map));
        if (map->part.map) parts[n_parts++] = map->part;
    }
    const gaze_run_options options = {.parts = parts, .n_parts = n_parts};
    GZ_TRY(gaze_run_with(d->model, d->inputs, n_inputs, d->results, d->n_results, &options));
    for (size_t i = 0; i < d->n_maps; i++) GZ_TRY(gz_dump_find_cells(d, &d->maps[i]));
    GZ_TRY(gz_dump_find_written(d));
    return find_predictions(d, &d->results[0]);
}
