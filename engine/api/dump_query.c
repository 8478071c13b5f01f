/* gaze_dump: maps over a sequence, and what one query looks at. */
#include "dump.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

gaze_status gz_dump_parse_query(gz_dump *d)
{
    const char *text = d->options->query;
    if (!text) return GAZE_OK;
    char *first = gz_arena_copy(d->arena, text), *comma = first ? strchr(first, ',') : NULL,
         *dots = first && !comma ? strstr(first, "..") : NULL,
         *second = comma  ? comma + 1
                   : dots ? dots + 2
                          : NULL;
    if (!first) return GAZE_ERROR_DEVICE;
    if (comma) *comma = 0;
    if (dots) *dots = 0;
    if (!gz_parse_size(first, &d->query[0]) || (second && !gz_parse_size(second, &d->query[1])) ||
        (dots && d->query[1] < d->query[0]))
        return gz_fail(GAZE_ERROR_USAGE,
                       "the query is '%s', expected its number, FIRST..LAST, or a pixel as ROW,COLUMN", text);
    if (dots)
        d->query_rows = d->query[1] - d->query[0] + 1;
    else
        d->query_numbers = comma ? 2 : 1;
    return GAZE_OK;
}

static gaze_status say_query(const gz_dump *d, const gz_axes *axes, size_t query, size_t row,
                             const char **said)
{
    const char *name = axes->queries ? axes->queries[row] : NULL;
    *said = name ? gz_arena_format(d->arena, " The row of query %zu, '%s'.", query, name)
                 : gz_arena_format(d->arena, " The row of query %zu.", query);
    return *said ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static gaze_status check_query(const gz_dump *d, const gz_dump_map *map)
{
    if (d->query[0] < map->queries) return GAZE_OK;
    return gz_fail(GAZE_ERROR_USAGE, "map '%s' has no query %zu, expected 0..%zu", map->info->name,
                   d->query[0], map->queries - 1);
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
    const size_t query = d->query[0], row = query - map->part.query;
    GZ_TRY(check_query(d, map));
    sequence->values = cells + row * map->width;
    return say_query(d, &axes, query, row, said);
}

/* The cell whose centre is nearest to the pixel. */
static gaze_status nearest_cell(const gz_dump *d, const gz_map *grid, size_t cell[2])
{
    const size_t *image = d->image->shape + 1, cells[2] = {grid->height, grid->width};
    const gaze_receptive_field field = gz_map_field(grid, image[0], image[1]);
    for (size_t axis = 0; axis < 2; axis++) {
        const double step = field.step[axis], at = (double)d->query[axis] - field.first[axis];
        if (d->query[axis] >= image[axis])
            return gz_fail(
                GAZE_ERROR_USAGE,
                "the query (%zu, %zu) is no pixel of the input, which has %zu x %zu (height x width)",
                d->query[0], d->query[1], image[0], image[1]);
        cell[axis] = step > 0 ? (size_t)fmin((double)(cells[axis] - 1), fmax(0, floor(at / step + 0.5))) : 0;
    }
    return GAZE_OK;
}

gaze_status gz_dump_image_query(const gz_dump *d, const gz_dump_map *map, size_t sample, gz_map *row,
                                size_t query[2], bool *has_grid)
{
    *has_grid = gz_dump_grid(d, map, row);
    if (!*has_grid) return GAZE_OK;
    if (d->query_numbers == 1) {
        GZ_TRY(check_query(d, map));
        query[0] = d->query[0] / row->width;
        query[1] = d->query[0] % row->width;
    } else {
        GZ_TRY(nearest_cell(d, row, query));
    }
    row->values += (sample * map->height + query[0] * row->width + query[1] - map->part.query) * map->width;
    return GAZE_OK;
}

gaze_status gz_dump_find_query(const gz_dump *d, const gz_dump_map *map, size_t *query, bool *found)
{
    gz_map grid;
    size_t cell[2];
    *found = true;
    *query = d->query[0];
    if (d->query_numbers == 1 || !d->image) return check_query(d, map);
    *found = gz_dump_grid(d, map, &grid);
    if (!*found) return GAZE_OK;
    GZ_TRY(nearest_cell(d, &grid, cell));
    *query = cell[0] * grid.width + cell[1];
    return GAZE_OK;
}
