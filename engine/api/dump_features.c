/* gaze_dump: what lies around an attention layer: the features that it gets and makes, and the grid of its
 * tokens. */
#include "dump.h"
#include "rollout.h"

#include <math.h>
#include <string.h>

static const gz_layer *layer_of(const gz_dump *d, const gz_dump_map *map)
{
    const gz_model *file = d->model->file;
    for (size_t i = 0; i < file->n_layers; i++)
        if (strcmp(file->layers[i].name, map->info->layer) == 0) return &file->layers[i];
    return NULL;
}

/* Shape for a batch of 1; what is open has some size. */
static const gz_tensor *tensor_of(const gz_dump *d, const char *name)
{
    const gz_model *file = d->model->file;
    for (size_t i = 0; i < file->n_inputs; i++)
        if (strcmp(file->inputs[i].name, name) == 0) return d->model->probe.inputs[i];
    for (size_t i = 0; i < file->n_layers; i++)
        if (strcmp(file->layers[i].name, name) == 0) return d->model->probe.layers[i];
    return NULL;
}

static bool is_image(const gz_tensor *x) { return x && x->shape.rank == 4 && x->dtype == GZ_F32; }

bool gz_dump_has_features(const gz_dump *d, const gz_dump_map *map)
{
    const gz_layer *layer = layer_of(d, map);
    return layer && is_image(tensor_of(d, layer->inputs[0])) && is_image(tensor_of(d, layer->name));
}

bool gz_dump_before_is_input(const gz_dump *d, const gz_dump_map *map, const gaze_array **input)
{
    *input = gz_dump_input(d, layer_of(d, map)->inputs[0]);
    return *input != NULL;
}

const char *gz_dump_before_name(const gz_dump *d, const gz_dump_map *map)
{
    return gz_arena_format(d->arena, "layer:%s", layer_of(d, map)->inputs[0]);
}

/* Cells as large as the image's pixels, or as many of them in each direction. */
bool gz_dump_split_tokens(const gz_dump *d, size_t count, size_t grid[2])
{
    const size_t *image = d->image->shape + 1;
    for (size_t h = 1; h <= count; h++) {
        if (count % h || h * image[1] != count / h * image[0]) continue;
        grid[0] = h;
        grid[1] = count / h;
        return true;
    }
    return false;
}

bool gz_dump_grid(const gz_dump *d, const gz_dump_map *map, gz_map *row)
{
    const gaze_model *m = d->model;
    gz_token_grid grid;
    size_t layer = 0;
    if (map->queries != map->width) return false; /* then queries and keys are cells of one grid */
    while (layer < m->file->n_layers && strcmp(m->file->layers[layer].name, map->info->layer) != 0) layer++;
    if (layer < m->file->n_layers && gz_find_token_grid(m, layer, map->queries, &grid) && !grid.class_token) {
        *row = (gz_map){grid.size[0], grid.size[1], map->cells, grid.field};
        return true;
    }
    *row = (gz_map){.values = map->cells, .field = map->info->field};
    size_t size[2];
    if (!gz_dump_split_tokens(d, map->queries, size)) return false;
    row->height = size[0];
    row->width = size[1];
    return true;
}

static float merge_channels(const float *values, size_t channels, bool mean)
{
    double sum = 0;
    float best = values[0];
    for (size_t c = 0; c < channels; c++) {
        sum += values[c];
        if (values[c] > best || isnan(values[c])) best = values[c];
    }
    return mean ? (float)(sum / (double)channels) : best;
}

/* One sample [H,W,C] -> [H,W], by the mean where that was asked for, otherwise by the maximum. */
static gaze_status merge_feature(const gz_dump *d, const gaze_array *features, size_t sample, gz_map *map,
                                 const char **merged)
{
    const size_t *shape = features->shape + 1, cells = shape[0] * shape[1], channels = shape[2];
    const bool mean = d->reduction == GZ_MEAN_OF_ALL;
    const float *values = (const float *)features->data + sample * cells * channels;
    float *to = gz_arena_allocate(d->arena, cells * sizeof *to);
    *merged = channels == 1 ? "one channel"
                            : gz_arena_format(d->arena, "%s of %zu channels", mean ? "mean" : "largest value",
                                              channels);
    if (!to || !*merged) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < cells; i++) to[i] = merge_channels(values + i * channels, channels, mean);
    *map = (gz_map){shape[0], shape[1], to, map->field};
    return GAZE_OK;
}

/* Features of the map's size lie where its cells lie; others are stretched. */
gaze_status gz_dump_features(const gz_dump *d, const gz_dump_map *map, size_t sample, gz_features *features)
{
    *features = (gz_features){.before.field = map->info->field, .after.field = map->info->field};
    GZ_TRY(merge_feature(d, map->before, sample, &features->before, &features->before_merged));
    GZ_TRY(merge_feature(d, map->after, sample, &features->after, &features->after_merged));
    gz_map *const both[2] = {&features->before, &features->after};
    for (size_t i = 0; i < 2; i++)
        if (both[i]->height != map->height || both[i]->width != map->width) both[i]->field.known = false;
    return GAZE_OK;
}
