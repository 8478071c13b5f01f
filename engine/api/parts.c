#include "parts.h"

#include "derived.h"

#include <string.h>

static gaze_status match(gaze_model *model, const gaze_map_part *part, gaze_map_part *parts)
{
    const gaze_map_info *info;
    for (size_t i = 0; i < model->n_maps; i++) {
        if (strcmp(model->maps[i].name, part->map) != 0) continue;
        if (parts[i].map)
            return gz_fail(GAZE_ERROR_USAGE, "two parts of map '%s' were asked for, expected one", part->map);
        parts[i] = *part;
        return GAZE_OK;
    }
    return gaze_find_map(model, part->map, &info);
}

gaze_status gz_parts_match(gaze_model *model, const gaze_run_options *options, gaze_map_part *parts)
{
    for (size_t i = 0; i < options->n_parts; i++) GZ_TRY(match(model, &options->parts[i], parts));
    for (size_t i = 0; i < model->n_maps; i++) parts[i].map = NULL; /* plans are told apart by the rest */
    return GAZE_OK;
}

static void move_rows(const gaze_array *values, gz_shape whole, const gaze_map_part *part)
{
    const size_t keys = gz_shape_last(whole), queries = whole.dim[whole.rank - 2],
                 heads = whole.rank == 4 ? whole.dim[1] : 1;
    float *to = values->data;
    for (size_t b = 0; b < whole.dim[0]; b++)
        for (size_t h = part->head; h < part->head + part->heads; h++, to += part->queries * keys)
            memmove(to, (const float *)values->data + ((b * heads + h) * queries + part->query) * keys,
                    part->queries * keys * sizeof *to);
}

gaze_status gz_parts_cut(const gaze_run_options *options, const gaze_map_info *map, gaze_array *values)
{
    gz_shape whole = {.rank = values->rank};
    memcpy(whole.dim, values->shape, values->rank * sizeof *whole.dim);
    for (size_t i = 0; i < options->n_parts; i++) {
        gaze_map_part part = options->parts[i];
        if (strcmp(part.map, map->name) != 0) continue;
        GZ_TRY(gz_map_part_resolve(map->name, whole, map->axes, &part));
        move_rows(values, whole, &part);
        if (whole.rank == 4) values->shape[1] = part.heads;
        values->shape[whole.rank - 2] = part.queries;
    }
    return GAZE_OK;
}
