/* Scaled dot-product attention by heads: whole, or in tiles. In tiles there are no weights; those rows of
   them that are asked for are made beside it, from their queries and all keys. */
#include "query_key.h"

/* As long as this on both sides, and no deeper, tiles win: see docs/attention.md. Where the map is wanted its
 * weights are made anyway, and tiles win later. */
enum { LEAST_TOKENS = 512, MOST_DEPTH = 256, LEAST_TOKENS_UNSEEN = 64, MOST_DEPTH_UNSEEN = 64 };

gaze_status gz_tiled_read(gz_json *json, gz_tiled *tiled)
{
    bool given = false;
    *tiled = GZ_TILED_BY_LENGTH;
    if (!gz_json_has(json, "tiled")) return GAZE_OK;
    GZ_TRY(gz_json_bool(json, "tiled", false, &given));
    *tiled = given ? GZ_TILED_ALWAYS : GZ_TILED_NEVER;
    return GAZE_OK;
}

static bool is_long(const gz_scaled *s, size_t tokens, size_t depth)
{
    return s->q->shape.dim[1] >= tokens && s->v->shape.dim[1] >= tokens && s->q->shape.dim[3] <= depth &&
           s->v->shape.dim[3] <= depth;
}

static bool in_tiles(gz_build *b, const gz_layer *layer, const gz_scaled *s)
{
    if (s->tiled != GZ_TILED_BY_LENGTH) return s->tiled == GZ_TILED_ALWAYS;
    if (is_long(s, LEAST_TOKENS, MOST_DEPTH)) return true;
    return !gz_build_wants_map(b, layer, NULL) && is_long(s, LEAST_TOKENS_UNSEEN, MOST_DEPTH_UNSEEN);
}

/* a [B,heads,queries,Tv] of queries from `first` on */
static gaze_status weigh(gz_graph *graph, const gz_scaled *s, size_t first, gz_tensor **a)
{
    const gz_matmul_attr score = {.transpose_b = true, .heads_a = true, .heads_b = true, .factor = s->factor};
    const gz_keys_seen keys = {.order = {.causal = s->masks.causal, .first = first},
                               .mask = s->masks.mask,
                               .queries = s->masks.queries};
    gz_tensor *scores;
    GZ_TRY(gz_matmul(graph, s->q, s->k, &score, &scores));
    return gz_softmax_of(graph, scores, &keys, a);
}

static gaze_status part_of(gz_graph *graph, gz_tensor *x, size_t axis, size_t first, size_t count,
                           gz_tensor **y)
{
    *y = x;
    return count == x->shape.dim[axis] ? GAZE_OK : gz_slice(graph, x, axis, first, count, y);
}

/* The queries and heads that a part of the map is made from. */
static gaze_status choose(gz_graph *graph, const gz_scaled *s, const gaze_map_part *part, gz_scaled *chosen)
{
    gz_tensor **q = &chosen->q, **k = &chosen->k, **queries = &chosen->masks.queries;
    *chosen = *s;
    GZ_TRY(part_of(graph, s->q, 1, part->query, part->queries, q));
    GZ_TRY(part_of(graph, *q, 2, part->head, part->heads, q));
    GZ_TRY(part_of(graph, s->k, 2, part->head, part->heads, k));
    if (*queries) GZ_TRY(part_of(graph, *queries, 1, part->query, part->queries, queries));
    chosen->map_shape.dim[s->map_shape.rank - 2] = part->queries;
    if (s->map_shape.rank == 4) chosen->map_shape.dim[1] = part->heads;
    return GAZE_OK;
}

static gaze_status expose_rows(gz_build *b, const gz_layer *layer, const gz_scaled *s)
{
    gz_graph *graph = gz_build_graph(b);
    gaze_map_part part;
    gz_scaled chosen;
    gz_tensor *a;
    GZ_TRY(gz_build_map_part(b, layer, NULL, s->map_shape, s->note.axes, &part));
    GZ_TRY(choose(graph, s, &part, &chosen));
    GZ_TRY(weigh(graph, &chosen, part.query, &a));
    GZ_TRY(gz_graph_view(graph, a, chosen.map_shape, &a));
    return gz_build_map_rows(b, layer, NULL, a, &s->note);
}

gaze_status gz_scaled_attend(gz_build *b, const gz_layer *layer, const gz_scaled *s, gz_tensor **y)
{
    const gz_matmul_attr mix = {.heads_b = true, .heads_y = true, .factor = 1};
    gz_tensor *a, *map;
    if (!in_tiles(b, layer, s)) {
        GZ_TRY(weigh(gz_build_graph(b), s, 0, &a));
        GZ_TRY(gz_graph_view(gz_build_graph(b), a, s->map_shape, &map));
        GZ_TRY(gz_build_map(b, layer, NULL, map, &s->note));
        return gz_matmul(gz_build_graph(b), a, s->v, &mix, y);
    }
    if (gz_build_wants_map(b, layer, NULL))
        GZ_TRY(expose_rows(b, layer, s));
    else
        GZ_TRY(gz_build_map_shape(b, layer, NULL, s->map_shape, &s->note));
    return gz_attention(gz_build_graph(b), s->q, s->k, s->v, &s->masks, s->factor, y);
}
