/* gaze_dump: which rows of a map of queries by keys are computed. */
#include "dump.h"
#include "inputs.h"

#include <string.h>

enum {
    OF_ONE_QUERY = GZ_DUMP_BIT(GZ_DUMP_BARS) | GZ_DUMP_BIT(GZ_DUMP_TEXT) | GZ_DUMP_BIT(GZ_DUMP_HTML) |
                   GZ_DUMP_BIT(GZ_DUMP_QUERY) | GZ_DUMP_BIT(GZ_DUMP_ANIMATION)
};
static const double most_bytes = 0x1p30; /* of one map in a dump */

static void keep_shape(gz_dump_map *map, const gaze_map_info *info)
{
    map->queries = info->shape[info->rank - 2];
    map->width = info->shape[info->rank - 1];
    map->all_heads = map->heads ? info->shape[0] : 1;
}

/* A rollout over open lengths has the tokens of its last layer. */
static void find_shape(const gz_built *built, gz_dump_map *map)
{
    keep_shape(map, map->info);
    for (size_t k = 0; k < built->n_maps; k++) {
        const gaze_map_info *made = &built->maps[k].info;
        const bool same = strcmp(made->name, map->info->name) == 0,
                   last = !map->queries && made->axes == GAZE_MAP_QUERY_KEY &&
                          strcmp(made->layer, map->info->layer) == 0;
        if (same || last) keep_shape(map, made);
    }
}

/* With these inputs. */
static gaze_status find_shapes(gz_dump *d, size_t n_inputs)
{
    gz_inputs inputs = {0};
    gz_built built = {0};
    gaze_status status;
    GZ_GO(gz_inputs_match(d->model, d->inputs, n_inputs, &inputs));
    const gz_build_options options = {.batch = 1, .inputs = inputs.shapes};
    GZ_GO(gz_model_build(d->model->file, &options, &built));
    for (size_t i = 0; i < d->n_maps; i++)
        if (d->maps[i].between) find_shape(&built, &d->maps[i]);
done:
    gz_built_free(&built);
    gz_inputs_free(&inputs);
    return status;
}

static bool shows_one_query(const gz_dump *d, const gz_dump_map *map)
{
    return d->query_numbers && map->fits && !(map->fits & ~(unsigned)OF_ONE_QUERY);
}

static gaze_status choose(const gz_dump *d, gz_dump_map *map)
{
    gaze_map_part part = {.map = map->info->name, .query = d->query[0], .queries = d->query_rows};
    bool found = true;
    map->part = (gaze_map_part){0};
    if (!d->query_rows && !shows_one_query(d, map)) return GAZE_OK;
    if (!d->query_rows) {
        GZ_TRY(gz_dump_find_query(d, map, &part.query, &found));
        part.queries = 1;
    }
    if (map->heads && d->reduction == GZ_ONE && !(map->fits & GZ_DUMP_BIT(GZ_DUMP_HEADS))) {
        part.head = d->part;
        part.heads = 1;
    }
    if (found) map->part = part;
    return GAZE_OK;
}

static gaze_status check_size(const gz_dump *d, const gz_dump_map *map)
{
    const double heads = (double)(map->part.heads ? map->part.heads : map->all_heads),
                 queries = (double)(map->part.queries ? map->part.queries : map->queries),
                 bytes = 4 * (double)d->batch * heads * queries * (double)map->width;
    if (bytes <= most_bytes) return GAZE_OK;
    return gz_fail(GAZE_ERROR_USAGE,
                   "map '%s' takes %.1f GiB for %zu sample%s, more than the 1 GiB that a dump holds; ask for "
                   "some of its %zu queries%s: --query 0..3%s",
                   map->info->name, bytes / 0x1p30, d->batch, d->batch == 1 ? "" : "s", map->queries,
                   map->heads ? ", and for one head" : "", map->heads ? " --reduce head:0" : "");
}

gaze_status gz_dump_choose_parts(gz_dump *d, size_t n_inputs)
{
    bool any = false;
    for (size_t i = 0; i < d->n_maps; i++) any |= d->maps[i].between;
    if (any) GZ_TRY(find_shapes(d, n_inputs));
    for (size_t i = 0; i < d->n_maps; i++) {
        gz_dump_map *map = &d->maps[i];
        if (!map->between) continue;
        GZ_TRY(choose(d, map));
        GZ_TRY(check_size(d, map));
    }
    return GAZE_OK;
}

void gz_dump_write_part(gz_text *text, const gz_dump_map *map)
{
    const gaze_map_part *part = &map->part;
    if (!part->map) {
        gz_text_add(text, "  \"part\": null,\n");
        return;
    }
    gz_text_add(text, "  \"part\": {\"query\": %zu, \"queries\": %zu, \"of_queries\": %zu", part->query,
                part->queries, map->queries);
    if (map->heads)
        gz_text_add(text, ", \"head\": %zu, \"heads\": %zu, \"of_heads\": %zu", part->head, map->parts,
                    map->all_heads);
    gz_text_add(text, "},\n");
}
