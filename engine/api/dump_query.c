/* gaze_dump: maps over a sequence, and what one query looks at. */
#include "dump.h"

#include <stdlib.h>
#include <string.h>

gaze_status gz_dump_parse_query(gz_dump *d)
{
    const char *text = d->options->query;
    if (!text) return GAZE_OK;
    char *first = gz_arena_copy(d->arena, text), *comma = first ? strchr(first, ',') : NULL;
    if (!first) return GAZE_ERROR_DEVICE;
    if (comma) *comma = 0;
    if (!gz_parse_size(first, &d->query[0]) || (comma && !gz_parse_size(comma + 1, &d->query[1])))
        return gz_fail(GAZE_ERROR_USAGE, "the query is '%s', expected its number, or a pixel as ROW,COLUMN",
                       text);
    d->query_numbers = comma ? 2 : 1;
    return GAZE_OK;
}

static gaze_status say_query(const gz_dump *d, const gz_axes *axes, size_t query, const char **said)
{
    const char *name = axes->queries ? axes->queries[query] : NULL;
    *said = name ? gz_arena_format(d->arena, " The row of query %zu, '%s'.", query, name)
                 : gz_arena_format(d->arena, " The row of query %zu.", query);
    return *said ? GAZE_OK : GAZE_ERROR_DEVICE;
}

gaze_status gz_dump_sequence(const gz_dump *d, const gz_dump_map *map, size_t sample, gz_sequence *sequence,
                             const char **said)
{
    const float *cells = map->cells + sample * map->height * map->width;
    gz_axes axes;
    GZ_TRY(gz_dump_names(d, map, sample, &axes));
    *sequence = (gz_sequence){map->width, cells, axes.keys};
    *said = "";
    if (!map->between) return GAZE_OK;
    const size_t query = d->query[0];
    if (query >= map->height)
        return gz_fail(GAZE_ERROR_USAGE, "map '%s' has no query %zu, expected 0..%zu", map->info->name, query,
                       map->height - 1);
    sequence->values = cells + query * map->width;
    return say_query(d, &axes, query, said);
}
