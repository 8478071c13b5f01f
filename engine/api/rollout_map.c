/* "rollout[:mean|:QUERY]": the rollout over a model's blocks of self-attention, whole, or what reaches the
   mean of all tokens, or one of them. */
#include "rollout.h"

#include "../base/text.h"

#include <stdlib.h>
#include <string.h>

typedef struct rollout_map {
    const char **blocks; /* [n_blocks] names of maps, in the model's order */
    size_t n_blocks, tokens;
    enum { WHOLE, MEAN, ONE } rows;
    size_t query; /* ONE */
    bool on_image;
    gz_token_grid grid;
} rollout_map;

static size_t layer_number(const gaze_model *m, const char *name)
{
    size_t i = 0;
    while (strcmp(m->file->layers[i].name, name) != 0) i++;
    return i;
}

/* Queries and keys are the same tokens. */
static bool is_self_attention(const gaze_model *m, const gaze_map_info *map)
{
    const gz_layer *layer = &m->file->layers[layer_number(m, map->layer)];
    if (map->axes != GAZE_MAP_QUERY_KEY) return false;
    for (size_t i = 1; i < layer->n_inputs - layer->n_further; i++)
        if (strcmp(layer->inputs[i], layer->inputs[0]) != 0) return false;
    return true;
}

static gaze_status find_blocks(const gaze_model *m, rollout_map *r)
{
    r->blocks = gz_arena_allocate(m->file->arena, (m->n_maps + 1) * sizeof *r->blocks);
    if (!r->blocks) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < m->n_maps; i++) {
        const gaze_map_info *map = &m->probe.maps[i].info;
        if (!is_self_attention(m, map)) continue;
        const size_t tokens = map->shape[map->rank - 1];
        if (r->n_blocks && tokens != r->tokens)
            return gz_fail(GAZE_ERROR_USAGE,
                           "rollout: map '%s' is between %zu tokens, '%s' between %zu: expected as many",
                           map->name, tokens, r->blocks[0], r->tokens);
        r->tokens = tokens;
        r->blocks[r->n_blocks++] = map->name;
    }
    if (r->n_blocks) return GAZE_OK;
    return gz_fail(GAZE_ERROR_USAGE, "rollout: the model '%s' has no self-attention between tokens",
                   m->file->name);
}

static gaze_status read_rows(const gaze_model *m, const char *words, rollout_map *r)
{
    r->rows = !words ? WHOLE : strcmp(words, "mean") == 0 ? MEAN : ONE;
    if (r->rows != ONE) return GAZE_OK;
    if (!gz_parse_size(words, &r->query))
        return gz_fail(GAZE_ERROR_USAGE,
                       "rollout: found '%s', expected rollout, rollout:mean, or rollout:QUERY, a number",
                       words);
    if (m->open != 1 || r->query < r->tokens) return GAZE_OK;
    return gz_fail(GAZE_ERROR_USAGE, "rollout: there is no query %zu, expected 0..%zu", r->query,
                   r->tokens - 1);
}

static const char *write_meaning(gz_arena *arena, const rollout_map *r)
{
    const char *blocks = r->n_blocks == 1 ? "block" : "blocks";
    const char *of = "the row's token", *from = r->on_image ? "this cell" : "this token";
    if (r->rows == WHOLE) from = "the column's token";
    if (r->rows == MEAN) of = "the mean of all tokens";
    if (r->rows == ONE) of = gz_arena_format(arena, "token %zu", r->query);
    if (!of) return NULL;
    return gz_arena_format(
        arena,
        "attention rollout (Abnar and Zuidema 2020), each block counted as half attention and half residual "
        "connection: how much of %s after %zu %s came from %s",
        of, r->n_blocks, blocks, from);
}

static gaze_status name_it(gz_arena *arena, const rollout_map *r, gaze_map_info *info)
{
    info->name = r->rows == WHOLE  ? gz_rollout_maps.word
                 : r->rows == MEAN ? gz_arena_format(arena, "%s:mean", gz_rollout_maps.word)
                                   : gz_arena_format(arena, "%s:%zu", gz_rollout_maps.word, r->query);
    info->meaning = write_meaning(arena, r);
    return info->name && info->meaning ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static void shape_it(const gaze_model *m, const rollout_map *r, gaze_map_info *info)
{
    const size_t tokens = m->open == 1 ? r->tokens : 0;
    info->axes = r->rows == WHOLE ? GAZE_MAP_QUERY_KEY : GAZE_MAP_POSITIONS;
    info->rank = r->rows == WHOLE || r->on_image ? 2 : 1;
    info->shape[0] = info->shape[1] = tokens;
    if (r->on_image && r->rows != WHOLE) memcpy(info->shape, r->grid.size, sizeof r->grid.size);
    if (r->on_image) info->field = r->grid.field;
    info->sums_to_one = r->rows == WHOLE || !r->on_image || !r->grid.class_token;
}

static gaze_status describe(gaze_model *m, const char *words, gz_derived *map)
{
    gz_arena *arena = m->file->arena;
    rollout_map *r = gz_arena_allocate(arena, sizeof *r);
    if (!r) return GAZE_ERROR_DEVICE;
    GZ_TRY(find_blocks(m, r));
    GZ_TRY(read_rows(m, words, r));
    const gaze_map_info *last = NULL;
    for (size_t i = 0; i < m->n_maps; i++)
        if (m->probe.maps[i].info.name == r->blocks[r->n_blocks - 1]) last = &m->probe.maps[i].info;
    r->on_image = m->open == 1 && gz_find_token_grid(m, layer_number(m, last->layer), r->tokens, &r->grid);
    map->info = (gaze_map_info){.layer = last->layer, .kind = "rollout"};
    map->own = r;
    shape_it(m, r, &map->info);
    return name_it(arena, r, &map->info);
}

/* A row of tokens as cells of the image, without the class token. */
static void put_on_grid(const rollout_map *r, gaze_array *values)
{
    const size_t batch = values->shape[0], cells = r->grid.size[0] * r->grid.size[1],
                 first = r->grid.class_token ? 1 : 0;
    float *data = values->data;
    for (size_t b = 0; b < batch; b++)
        memmove(data + b * cells, data + b * r->tokens + first, cells * sizeof *data);
    values->rank = 3;
    memcpy(values->shape + 1, r->grid.size, sizeof r->grid.size);
}

/* What the rows are weighted by; *weights NULL: they stay apart. */
static gaze_status weigh_rows(const rollout_map *r, size_t tokens, float **weights)
{
    *weights = NULL;
    if (r->rows == WHOLE) return GAZE_OK;
    if (r->rows == ONE && r->query >= tokens)
        return gz_fail(GAZE_ERROR_USAGE, "rollout: there is no query %zu, expected 0..%zu", r->query,
                       tokens - 1);
    GZ_TRY(gz_allocate(tokens, sizeof **weights, weights));
    for (size_t i = 0; i < tokens; i++)
        (*weights)[i] = r->rows == MEAN ? 1.0F / (float)tokens : i == r->query ? 1 : 0;
    return GAZE_OK;
}

static gaze_status roll(const rollout_map *r, const gaze_array *maps, gaze_array *values)
{
    float *weights;
    GZ_TRY(weigh_rows(r, maps->shape[maps->rank - 1], &weights));
    const gaze_status status = gz_rollout(maps, r->n_blocks, weights, values);
    free(weights);
    GZ_TRY(status);
    if (r->on_image && r->rows != WHOLE) put_on_grid(r, values);
    return GAZE_OK;
}

static gaze_status run(gaze_model *m, const gz_derived *map, const gaze_array *inputs, size_t n_inputs,
                       size_t batch_size, gaze_array *values)
{
    const rollout_map *r = map->own;
    gaze_array *maps;
    gz_arena *arena;
    gaze_status status;
    GZ_TRY(gz_arena_create(&arena));
    maps = gz_arena_allocate(arena, r->n_blocks * sizeof *maps);
    for (size_t i = 0; maps && i < r->n_blocks; i++)
        maps[i].name = gz_arena_format(arena, "map:%s", r->blocks[i]);
    GZ_GO(maps ? gaze_run(m, inputs, n_inputs, maps, r->n_blocks, batch_size) : GAZE_ERROR_DEVICE);
    GZ_GO(roll(r, maps, values));
done:
    for (size_t i = 0; maps && i < r->n_blocks; i++) free(maps[i].data);
    gz_arena_destroy(arena);
    return status;
}

const gz_derivation gz_rollout_maps = {"rollout", describe, run};
