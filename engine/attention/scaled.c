/* Scaled dot-product attention by heads: whole, or in tiles. */
#include "query_key.h"

/* As long as this on both sides, and no deeper, tiles win: see docs/attention.md. */
enum { LEAST_TOKENS = 512, MOST_DEPTH = 256 };

gaze_status gz_tiled_read(gz_json *json, gz_tiled *tiled)
{
    bool given = false;
    *tiled = GZ_TILED_BY_LENGTH;
    if (!gz_json_has(json, "tiled")) return GAZE_OK;
    GZ_TRY(gz_json_bool(json, "tiled", false, &given));
    *tiled = given ? GZ_TILED_ALWAYS : GZ_TILED_NEVER;
    return GAZE_OK;
}

static bool in_tiles(const gz_scaled *s)
{
    const size_t Tq = s->q->shape.dim[1], Tv = s->v->shape.dim[1], K = s->q->shape.dim[3],
                 V = s->v->shape.dim[3];
    if (s->tiled != GZ_TILED_BY_LENGTH) return s->tiled == GZ_TILED_ALWAYS;
    return Tq >= LEAST_TOKENS && Tv >= LEAST_TOKENS && K <= MOST_DEPTH && V <= MOST_DEPTH;
}

static gaze_status weigh(gz_build *b, const gz_layer *layer, const gz_scaled *s, gz_tensor **a)
{
    gz_graph *graph = gz_build_graph(b);
    const gz_matmul_attr score = {.transpose_b = true, .heads_a = true, .heads_b = true, .factor = s->factor};
    const gz_keys_seen keys = {
        .order.causal = s->masks.causal, .mask = s->masks.mask, .queries = s->masks.queries};
    gz_tensor *scores, *map;
    GZ_TRY(gz_matmul(graph, s->q, s->k, &score, &scores));
    GZ_TRY(gz_softmax_of(graph, scores, &keys, a));
    GZ_TRY(gz_graph_view(graph, *a, s->map_shape, &map));
    return gz_build_map(b, layer, NULL, map, &s->note);
}

gaze_status gz_scaled_attend(gz_build *b, const gz_layer *layer, const gz_scaled *s, gz_tensor **y)
{
    const gz_matmul_attr mix = {.heads_b = true, .heads_y = true, .factor = 1};
    gz_tensor *a;
    if (!in_tiles(s)) {
        GZ_TRY(weigh(b, layer, s, &a));
        return gz_matmul(gz_build_graph(b), a, s->v, &mix, y);
    }
    if (gz_build_wants_map(b, layer, NULL))
        GZ_TRY(weigh(b, layer, s, &a));
    else
        GZ_TRY(gz_build_map_shape(b, layer, NULL, s->map_shape, &s->note));
    return gz_attention(gz_build_graph(b), s->q, s->k, s->v, &s->masks, s->factor, y);
}
