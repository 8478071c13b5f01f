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
