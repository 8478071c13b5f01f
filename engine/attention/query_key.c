#include "query_key.h"

#include <string.h>

gaze_status gz_mask_read(gz_json *json, bool *causal)
{
    const char **names = NULL;
    size_t n = 0;
    *causal = false;
    if (!gz_json_has(json, "mask")) return GAZE_OK;
    GZ_TRY(gz_json_texts(json, "mask", &names, &n));
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], "causal") == 0)
            *causal = true;
        else
            GZ_TRY(gz_json_further_input(json, "mask", names[i]));
    }
    return GAZE_OK;
}

static gaze_status see_tokens(gz_build *b, const gz_layer *layer, const gz_flow *in, size_t input,
                              gz_tensor **tokens)
{
    const gz_shape x = in[input].x->shape;
    if (x.rank != 4)
        GZ_TRY(gz_layer_expect_rank(layer, input, in, 3, "[time, features] or [height, width, channels]"));
    const size_t B = x.dim[0], D = gz_shape_last(x);
    return gz_graph_view(gz_build_graph(b), in[input].x, GZ_SHAPE(B, gz_shape_count(x) / B / D, D), tokens);
}

static gaze_status join(gz_build *b, gz_tensor *mask, gz_tensor **all)
{
    if (mask && *all) return gz_mask_and(gz_build_graph(b), *all, mask, all);
    if (mask) *all = mask;
    return GAZE_OK;
}

/* A named mask: above 0.5 a value counts. */
static gaze_status join_named(gz_build *b, const gz_layer *layer, const gz_flow *in, size_t input,
                              gz_query_key *seen)
{
    char text[96];
    gz_tensor *mask;
    const size_t B = seen->v->shape.dim[0], Tv = seen->v->shape.dim[1];
    if (!gz_shape_equal(in[input].x->shape, GZ_SHAPE(B, Tv)))
        return gz_layer_fail(layer,
                             "its mask '%s' has the shape %s, expected [%zu], one number for each value",
                             layer->inputs[input], gz_sample_text(in[input].x, text), Tv);
    GZ_TRY(gz_threshold(gz_build_graph(b), in[input].x, &mask));
    return join(b, mask, &seen->mask);
}

gaze_status gz_query_key_see(gz_build *b, const gz_layer *layer, const gz_flow *in, size_t n_in,
                             gz_query_key *seen)
{
    const size_t own = n_in - layer->n_further, value = own > 1 ? 1 : 0, key = own > 2 ? 2 : value;
    *seen = (gz_query_key){.query_mask = in[0].mask, .mask = in[value].mask, .query = in};
    if (key != value) seen->key_mask = in[key].mask;
    GZ_TRY(see_tokens(b, layer, in, 0, &seen->q));
    GZ_TRY(see_tokens(b, layer, in, value, &seen->v));
    GZ_TRY(see_tokens(b, layer, in, key, &seen->k));
    const size_t Tv = seen->v->shape.dim[1], Tk = seen->k->shape.dim[1];
    if (Tv != Tk)
        return gz_layer_fail(layer,
                             "its value '%s' has %zu tokens and its key '%s' has %zu, expected as many",
                             layer->inputs[value], Tv, layer->inputs[key], Tk);
    for (size_t i = own; i < n_in; i++) GZ_TRY(join_named(b, layer, in, i, seen));
    return GAZE_OK;
}

gaze_status gz_query_key_join_key_mask(gz_build *b, gz_query_key *seen)
{
    return join(b, seen->key_mask, &seen->mask);
}

gaze_status gz_query_key_expect_equal(const gz_layer *layer, const gz_query_key *seen)
{
    const size_t Dq = seen->q->shape.dim[2], Dk = seen->k->shape.dim[2],
                 own = layer->n_inputs - layer->n_further;
    if (Dq == Dk) return GAZE_OK;
    return gz_layer_fail(layer, "its query '%s' has %zu features and its key '%s' has %zu, expected as many",
                         layer->inputs[0], Dq, layer->inputs[own - 1], Dk);
}

gaze_status gz_query_key_softmax(gz_build *b, const gz_query_key *seen, bool causal, gz_tensor *scores,
                                 gz_tensor **a)
{
    const gz_keys_seen keys = {.order.causal = causal, .mask = seen->mask};
    return gz_softmax_of(gz_build_graph(b), scores, &keys, a);
}

/* y [B,Tq,Dv] in the shape of the query, zeros for masked queries */
static gaze_status put_out(gz_graph *graph, const gz_query_key *seen, gz_tensor *y, gz_flow *out)
{
    gz_shape shape = seen->query->x->shape;
    if (seen->query_mask) GZ_TRY(gz_mask_rows(graph, y, seen->query_mask, &y));
    shape.dim[shape.rank - 1] = seen->v->shape.dim[2];
    out->mask = seen->query_mask;
    out->field = seen->query->field;
    return gz_graph_view(graph, y, shape, &out->x);
}

gaze_status gz_query_key_finish(gz_build *b, const gz_layer *layer, const char *kind, const char *meaning,
                                const gz_query_key *seen, gz_tensor *a, gz_flow *out)
{
    gz_tensor *y;
    const gz_map_note note = {
        .kind = kind, .meaning = meaning, .axes = GAZE_MAP_QUERY_KEY, .field = seen->query->field};
    GZ_TRY(gz_build_map(b, layer, NULL, a, &note));
    GZ_TRY(gz_matmul(gz_build_graph(b), a, seen->v, &(gz_matmul_attr){.factor = 1}, &y));
    return put_out(gz_build_graph(b), seen, y, out);
}

const char gz_query_key_meaning[] =
    "share of the attention of the row's query that the column's key gets; each row sums to 1";

/* [B,T,D] as one head */
static gaze_status one_head(gz_graph *graph, gz_tensor *x, gz_tensor **head)
{
    return gz_graph_view(graph, x, GZ_SHAPE(x->shape.dim[0], x->shape.dim[1], 1, x->shape.dim[2]), head);
}

gaze_status gz_query_key_multiply(gz_build *b, const gz_layer *layer, const char *kind,
                                  const gz_query_key *seen, bool causal, gz_tiled tiled, gz_flow *out)
{
    gz_graph *graph = gz_build_graph(b);
    const size_t B = seen->q->shape.dim[0], Tq = seen->q->shape.dim[1], Tv = seen->v->shape.dim[1];
    gz_scaled scaled = {
        .factor = 1,
        .masks = {.mask = seen->mask, .causal = causal},
        .tiled = tiled,
        .map_shape = GZ_SHAPE(B, Tq, Tv),
        .note = {.kind = kind,
                 .meaning = gz_query_key_meaning,
                 .axes = GAZE_MAP_QUERY_KEY,
                 .field = seen->query->field},
    };
    gz_tensor *y;
    GZ_TRY(one_head(graph, seen->q, &scaled.q));
    GZ_TRY(one_head(graph, seen->k, &scaled.k));
    GZ_TRY(one_head(graph, seen->v, &scaled.v));
    GZ_TRY(gz_scaled_attend(b, layer, &scaled, &y));
    GZ_TRY(gz_graph_view(graph, y, GZ_SHAPE(B, Tq, seen->v->shape.dim[2]), &y));
    return put_out(graph, seen, y, out);
}

gaze_status gz_query_key_attend(gz_build *b, const gz_layer *layer, const char *kind,
                                const gz_query_key *seen, bool causal, gz_tensor *scores, gz_flow *out)
{
    gz_tensor *a;
    GZ_TRY(gz_query_key_softmax(b, seen, causal, scores, &a));
    return gz_query_key_finish(b, layer, kind, gz_query_key_meaning, seen, a, out);
}
