#include "layer.h"

/* Least and largest rank of a sample's map, by axes, and what that looks like. */
static const struct {
    const char *word, *shapes;
    size_t least, most;
} known[] = {
    [GAZE_MAP_POSITIONS] = {"positions", "[time] or [height, width]", 1, 2},
    [GAZE_MAP_QUERY_KEY] = {"query-key", "[queries, keys] or [heads, queries, keys]", 2, 3},
    [GAZE_MAP_CHANNELS] = {"channels", "[channels]", 1, 1},
    [GAZE_MAP_VALUES] = {"values", "[features], [time, features] or [height, width, channels]", 1, 3},
};
enum { KNOWN = sizeof known / sizeof *known };

const char *gz_map_axes_word(gaze_map_axes axes)
{
    return (size_t)axes < KNOWN && known[axes].word ? known[axes].word : NULL;
}

gaze_status gz_map_check(const gz_layer *layer, const char *name, const gz_tensor *values, gaze_map_axes axes)
{
    char text[96];
    const size_t rank = values->shape.rank ? values->shape.rank - 1 : 0;
    if (!gz_map_axes_word(axes))
        return gz_layer_fail(layer, "its map '%s' doesn't say what its axes stand for", name);
    if (rank >= known[axes].least && rank <= known[axes].most) return GAZE_OK;
    return gz_layer_fail(layer, "its map '%s' of axes '%s' has the shape %s, expected %s", name,
                         known[axes].word, gz_sample_text(values, text), known[axes].shapes);
}

/* first, *count: of `all` heads or queries; a count of 0 stands for all from `first` on. */
static gaze_status resolve(const char *map, const char *word, size_t first, size_t all, size_t *count)
{
    const size_t last = first + (*count ? *count - 1 : 0);
    if (first >= all || *count > all - first)
        return gz_fail(GAZE_ERROR_USAGE, "map '%s' has no %s %zu, expected 0..%zu", map, word, last, all - 1);
    if (!*count) *count = all - first;
    return GAZE_OK;
}

gaze_status gz_map_part_resolve(const char *map, gz_shape whole, gaze_map_axes axes, gaze_map_part *part)
{
    const bool any = part->head || part->heads || part->query || part->queries;
    if (axes != GAZE_MAP_QUERY_KEY) {
        if (!any) return GAZE_OK;
        return gz_fail(GAZE_ERROR_USAGE, "map '%s' is not one of queries by keys: it has no rows to choose",
                       map);
    }
    GZ_TRY(resolve(map, "head", part->head, whole.rank == 4 ? whole.dim[1] : 1, &part->heads));
    return resolve(map, "query", part->query, whole.dim[whole.rank - 2], &part->queries);
}

bool gz_map_part_is_whole(const gaze_map_part *part, gz_shape whole)
{
    return !part->queries ||
           (part->queries == whole.dim[whole.rank - 2] && (whole.rank < 4 || part->heads == whole.dim[1]));
}

gaze_status gz_map_part_cut(gz_graph *graph, const gaze_map_part *part, gz_tensor *values, gz_tensor **rows)
{
    const gz_shape whole = values->shape;
    *rows = values;
    if (gz_map_part_is_whole(part, whole)) return GAZE_OK;
    if (whole.rank == 4) GZ_TRY(gz_slice(graph, *rows, 1, part->head, part->heads, rows));
    return gz_slice(graph, *rows, whole.rank - 2, part->query, part->queries, rows);
}
