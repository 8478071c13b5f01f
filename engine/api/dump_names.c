/* gaze_dump: what the queries and keys of a map are called. */
#include "dump.h"

#include <string.h>

static size_t count_names(const char *const *names)
{
    size_t count = 0;
    while (names[count]) count++;
    return count;
}

const char *gz_dump_origin(const gz_dump *d, const char *layer, size_t at)
{
    const gz_model *file = d->model->file;
    for (size_t i = file->n_layers; i-- > 0;) {
        if (strcmp(file->layers[i].name, layer) != 0) continue;
        const gz_layer *l = &file->layers[i];
        layer = l->inputs[at + l->n_further < l->n_inputs ? at : 0]; /* no mask */
        at = 0;
    }
    return layer;
}

const gaze_array *gz_dump_input(const gz_dump *d, const char *name)
{
    const gaze_array *inputs;
    const size_t count = gaze_model_inputs(d->model, &inputs);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < d->n_inputs && strcmp(inputs[i].name, name) == 0; k++)
            if (d->inputs[k].name ? strcmp(d->inputs[k].name, name) == 0 : k == i) return &d->inputs[k];
    return NULL;
}

/* Token numbers of the input, one for each of `count` steps, in words where there is a vocabulary. */
static gaze_status names_of_input(const gz_dump *d, const gaze_array *input, size_t sample, size_t count,
                                  const char *const **out)
{
    const char *const *vocabulary = d->options->vocabulary;
    const size_t words = vocabulary ? count_names(vocabulary) : 0;
    if (!input || input->dtype != GAZE_INT32 || input->rank != 2 || input->shape[1] != count) return GAZE_OK;
    const int32_t *ids = (const int32_t *)input->data + sample * count;
    const char **names = gz_arena_allocate(d->arena, count * sizeof *names);
    if (!names) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < count; i++) {
        const bool known = ids[i] >= 0 && (size_t)ids[i] < words;
        names[i] = known ? vocabulary[ids[i]] : gz_arena_format(d->arena, "%d", (int)ids[i]);
        if (!names[i]) return GAZE_ERROR_DEVICE;
    }
    *out = names;
    return GAZE_OK;
}

bool gz_dump_has_names(const gz_dump *d, const gz_dump_map *map)
{
    if (d->options->tokens || d->options->value_tokens) return true;
    if (!d->model) return false;
    const gaze_array *input = gz_dump_input(d, gz_dump_origin(d, map->info->layer, 1));
    return input && input->dtype == GAZE_INT32 && input->rank == 2;
}

bool gz_dump_writes(const gz_dump *d, const gz_dump_map *map)
{
    const char *written = d->model ? d->model->file->decode.input : NULL;
    return map->between && written && strcmp(gz_dump_origin(d, map->info->layer, 0), written) == 0 &&
           d->written_tokens.shape[1] == map->queries;
}

/* Tokens that are written say more about a query than those that are read there. */
static const gaze_array *tokens_of_queries(const gz_dump *d, const gz_dump_map *map)
{
    return gz_dump_writes(d, map) ? &d->written_tokens
                                  : gz_dump_input(d, gz_dump_origin(d, map->info->layer, 0));
}

static gaze_status names_of_axis(const gz_dump *d, const gz_dump_map *map, size_t sample, bool query,
                                 const char *const **out)
{
    const size_t count = query ? map->queries : map->width;
    const char *const *own = query ? d->options->query_tokens : d->options->value_tokens;
    const char *const *given = own ? own : d->options->tokens;
    *out = NULL;
    if (!given && !d->model) return GAZE_OK;
    if (!given)
        return names_of_input(
            d, query ? tokens_of_queries(d, map) : gz_dump_input(d, gz_dump_origin(d, map->info->layer, 1)),
            sample, count, out);
    if (count_names(given) != count)
        return gz_fail(GAZE_ERROR_DATA, "map '%s' has %zu %s, but %zu tokens were given", map->info->name,
                       count,
                       query          ? "queries"
                       : map->between ? "keys"
                                      : "steps",
                       count_names(given));
    *out = given;
    return GAZE_OK;
}

gaze_status gz_dump_names(const gz_dump *d, const gz_dump_map *map, size_t sample, gz_axes *axes)
{
    *axes = (gz_axes){NULL, NULL};
    if (map->info->axes == GAZE_MAP_CHANNELS || map->info->axes == GAZE_MAP_VALUES) return GAZE_OK;
    if (map->between) GZ_TRY(names_of_axis(d, map, sample, true, &axes->queries));
    if (axes->queries) axes->queries += map->part.query;
    return names_of_axis(d, map, sample, false, &axes->keys);
}
