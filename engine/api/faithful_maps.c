/* gaze_faithful: maps as a value for each part of an input. */
#include "faithful.h"

#include "../faithful/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TIES = 0x7469, CELLS = 0x6365 }; /* apart from the samples' streams by their place above 2^32 */

static uint64_t stream_of(uint64_t use, size_t sample) { return use << 32 | sample; }

static gaze_status no_place(const gz_dump_map *m)
{
    return gz_fail(GAZE_ERROR_USAGE,
                   "map '%s' has no place on the model's input, so nothing can be taken away in "
                   "its order",
                   m->info->name);
}

/* Each key's mean over the queries. */
static gaze_status merge_queries(const gz_faithful *f, const gz_dump *d, const gz_dump_map *m, gz_map *map)
{
    float *keys = gz_arena_allocate(d->arena, m->width * sizeof *keys);
    if (!keys) return GAZE_ERROR_DEVICE;
    for (size_t k = 0; k < m->width; k++) {
        double sum = 0;
        for (size_t q = 0; q < m->height; q++) sum += m->cells[q * m->width + k];
        keys[k] = (float)(sum / (double)m->height);
    }
    *map = (gz_map){1, m->width, keys, {.known = false}};
    gz_map grid;
    if (f->parts.height == 1) return GAZE_OK;
    if (!d->image || !gz_dump_grid(d, m, &grid)) return no_place(m);
    *map = (gz_map){grid.height, grid.width, keys, grid.field};
    return GAZE_OK;
}

/* Each step's largest value. */
static gaze_status merge_features(const gz_dump *d, const gz_dump_map *m, gz_map *map)
{
    float *largest = gz_arena_allocate(d->arena, m->height * sizeof *largest);
    if (!largest) return GAZE_ERROR_DEVICE;
    for (size_t t = 0; t < m->height; t++) {
        largest[t] = m->cells[t * m->width];
        for (size_t i = 1; i < m->width; i++) largest[t] = fmaxf(largest[t], m->cells[t * m->width + i]);
    }
    *map = (gz_map){1, m->height, largest, {.known = false}};
    return GAZE_OK;
}

static gaze_status place_cells(const gz_faithful *f, const gz_dump *d, const gz_dump_map *m, gz_map *map)
{
    const gaze_map_axes axes = m->info->axes;
    const size_t rank = m->info->rank;
    const bool image = f->parts.height > 1;
    size_t grid[2];
    if (axes == GAZE_MAP_QUERY_KEY) return merge_queries(f, d, m, map);
    if (axes == GAZE_MAP_VALUES && rank == 2 && !image) return merge_features(d, m, map);
    if (axes == GAZE_MAP_CHANNELS || rank > 3 || (image ? axes == GAZE_MAP_VALUES && rank < 3 : rank != 1))
        return no_place(m);
    *map = (gz_map){m->height, m->width, m->cells, m->info->field};
    if (!image || rank > 1) return GAZE_OK;
    if (!d->image || !gz_dump_split_tokens(d, m->width, grid)) return no_place(m);
    *map = (gz_map){grid[0], grid[1], m->cells, {.known = false}};
    return GAZE_OK;
}

/* How the map became values of the parts, once. */
static gaze_status describe(gz_faithful *f, const gz_dump_map *m, const gz_map *map)
{
    const bool stretched =
        !map->field.known && (map->height != f->parts.height || map->width != f->parts.width);
    const char *how = f->options->reduce ? f->options->reduce : m->heads ? "mean" : "max", *parts = "";
    if (f->said) return GAZE_OK;
    if (m->parts)
        parts = gz_arena_format(f->arena, " The map's %zu %s are merged: %s.", m->parts,
                                m->heads ? "heads" : "channels", how);
    if (!parts) return GAZE_ERROR_DEVICE;
    f->said = gz_arena_format(
        f->arena, "%s%s%s", parts, m->between ? " A key's value is its mean over the queries." : "",
        stretched ? " Where the map's cells lie is not known: they are stretched over the input." : "");
    return f->said ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static void find_peak(const gz_faithful *f, const gz_map *map, double peak[2])
{
    const gaze_receptive_field field = gz_map_field(map, f->parts.height, f->parts.width);
    const size_t cells = map->height * map->width;
    size_t best = 0;
    bool equal = true;
    for (size_t i = 1; i < cells; i++) {
        equal &= map->values[i] == map->values[0];
        if (map->values[i] > map->values[best]) best = i;
    }
    peak[0] = equal ? NAN : field.first[0] + field.step[0] * (double)(best / map->width);
    peak[1] = equal ? NAN : field.first[1] + field.step[1] * (double)(best % map->width);
}

static gaze_status score_map(gz_faithful *f, size_t number, const gz_map *map, size_t sample)
{
    gz_faithful_scores *s = &f->scores[number];
    find_peak(f, map, s->peak);
    GZ_TRY(gz_map_place(map, f->parts.height, f->parts.width, s->values));
    return gz_order(s->values, gz_faithful_count(f), f->key, stream_of(TIES, sample), s->order);
}

/* As many cells as the map has, in the same places: what the map's grid alone is worth. */
static gaze_status score_random(gz_faithful *f, gz_arena *arena, gz_map map, size_t sample)
{
    const size_t cells = map.height * map.width;
    float *values = gz_arena_allocate(arena, cells * sizeof *values);
    if (!values) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < cells; i++)
        values[i] = (float)gz_random_uniform(f->key, stream_of(CELLS, sample), i);
    map.values = values;
    return score_map(f, GZ_FAITHFUL_RANDOM, &map, sample);
}

static gaze_status score_all(gz_faithful *f, gz_dump *d, const gz_faithful_sample *sample)
{
    gz_map map;
    GZ_TRY(gz_arena_create(&d->arena));
    GZ_TRY(gz_dump_parse_reduction(d));
    GZ_TRY(gz_dump_fit_views(d, f->n_inputs));
    GZ_TRY(gz_dump_run(d, f->n_inputs));
    f->prediction = d->predictions[0];
    GZ_TRY(place_cells(f, d, &d->maps[0], &map));
    GZ_TRY(describe(f, &d->maps[0], &map));
    GZ_TRY(score_map(f, GZ_FAITHFUL_OWN, &map, sample->index));
    GZ_TRY(score_random(f, d->arena, map, sample->index));
    if (!f->maps[1]) return GAZE_OK;
    GZ_TRY(place_cells(f, d, &d->maps[1], &map));
    return score_map(f, GZ_FAITHFUL_GRADCAM, &map, sample->index);
}

gaze_status gz_faithful_score(gz_faithful *f, const gz_faithful_sample *sample)
{
    const gaze_dump_options options = {.reduce = f->options->reduce};
    gz_dump_map maps[2] = {{.info = f->maps[0]}, {.info = f->maps[1]}};
    gz_dump d = {.model = f->model,
                 .inputs = sample->inputs,
                 .n_inputs = f->n_inputs,
                 .options = &options,
                 .views = ~0u,
                 .batch = 1,
                 .maps = maps,
                 .n_maps = f->maps[1] ? 2 : 1};
    const gaze_status status = score_all(f, &d, sample);
    for (size_t i = 0; i < d.n_results; i++) free(d.results[i].data);
    gz_arena_destroy(d.arena);
    return status;
}
