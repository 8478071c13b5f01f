/* gaze_dump: heads and channels, merged into the one map that is drawn. */
#include "dump.h"

#include <math.h>
#include <string.h>

gaze_status gz_dump_parse_reduction(gz_dump *d)
{
    static const char *const words[] = {"mean", "max", "head:0", NULL};
    const char *word = d->options->reduce;
    if (!word) return GAZE_OK;
    if (strcmp(word, "mean") == 0)
        d->reduction = GZ_MEAN_OF_ALL;
    else if (strcmp(word, "max") == 0)
        d->reduction = GZ_LARGEST_OF_ALL;
    else if (strncmp(word, "head:", 5) == 0 && gz_parse_size(word + 5, &d->part))
        d->reduction = GZ_ONE;
    else
        return gz_fail(GAZE_ERROR_USAGE, "unknown reduction '%s'%s (expected mean, max or head:K)", word,
                       gz_did_you_mean(d->arena, word, words));
    return GAZE_OK;
}

/* Heads lie one after the other, [H,Tq,Tv]; channels lie side by side, [H,W,C]. */
static float value_of(const gz_dump_map *map, const float *values, size_t part, size_t cell)
{
    return map->heads ? values[part * map->height * map->width + cell] : values[cell * map->parts + part];
}

/* What isn't a number stays one that isn't. */
static float largest(const gz_dump_map *map, const float *values, size_t cell)
{
    float best = value_of(map, values, 0, cell);
    for (size_t p = 1; p < map->parts; p++) {
        const float v = value_of(map, values, p, cell);
        if (v > best || isnan(v)) best = v;
    }
    return best;
}

static float mean(const gz_dump_map *map, const float *values, size_t cell)
{
    double sum = 0;
    for (size_t p = 0; p < map->parts; p++) sum += value_of(map, values, p, cell);
    return (float)(sum / (double)map->parts);
}

static gz_dump_reduction reduction_of(const gz_dump *d, const gz_dump_map *map)
{
    if (d->reduction != GZ_USUAL) return d->reduction;
    return map->heads ? GZ_MEAN_OF_ALL : GZ_LARGEST_OF_ALL;
}

static gaze_status say_reduction(const gz_dump *d, gz_dump_map *map)
{
    const gz_dump_reduction how = reduction_of(d, map);
    const char *word = map->heads ? "head" : "channel";
    if (how == GZ_ONE)
        map->merged = gz_arena_format(d->arena, "Drawn is %s %zu of %zu, counted from 0.", word, d->part,
                                      map->heads ? map->all_heads : map->parts);
    else
        map->merged = gz_arena_format(d->arena, "Drawn is the %s of each cell's %zu %ss.",
                                      how == GZ_MEAN_OF_ALL ? "mean" : "largest value", map->parts, word);
    return map->merged ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static gaze_status reduce(const gz_dump *d, gz_dump_map *map)
{
    const gz_dump_reduction how = reduction_of(d, map);
    const size_t cells = map->height * map->width, one = d->part - map->part.head;
    if (how == GZ_ONE && one >= map->parts)
        return gz_fail(GAZE_ERROR_USAGE, "map '%s' has no %s %zu, expected 0..%zu", map->info->name,
                       map->heads ? "head" : "channel", d->part, map->parts - 1);
    float *merged = gz_arena_allocate(d->arena, d->batch * cells * sizeof *merged);
    if (!merged) return GAZE_ERROR_DEVICE;
    for (size_t b = 0; b < d->batch; b++) {
        const float *values = (const float *)map->values->data + b * cells * map->parts;
        for (size_t i = 0; i < cells; i++)
            merged[b * cells + i] = how == GZ_ONE           ? value_of(map, values, one, i)
                                    : how == GZ_MEAN_OF_ALL ? mean(map, values, i)
                                                            : largest(map, values, i);
    }
    map->cells = merged;
    return say_reduction(d, map);
}

gaze_status gz_dump_find_cells(const gz_dump *d, gz_dump_map *map)
{
    const size_t rank = map->values->rank - 1, *shape = map->values->shape + 1;
    if (rank > 3)
        return gz_fail(GAZE_ERROR_MODEL, "map '%s' has %zu axes a sample, expected at most 3",
                       map->info->name, rank);
    if (rank == 3) {
        map->parts = map->heads ? shape[0] : shape[2];
        map->height = map->heads ? shape[1] : shape[0];
        map->width = map->heads ? shape[2] : shape[1];
        return reduce(d, map);
    }
    map->height = rank == 2 ? shape[0] : 1;
    map->width = rank ? shape[rank - 1] : 1;
    map->cells = map->values->data;
    return GAZE_OK;
}

void gz_dump_spread(const gz_dump_map *map, size_t sample, float *planes)
{
    const size_t cells = map->height * map->width;
    const float *values = (const float *)map->values->data + sample * cells * map->parts;
    for (size_t p = 0; p < map->parts; p++)
        for (size_t i = 0; i < cells; i++) planes[p * cells + i] = value_of(map, values, p, i);
}
