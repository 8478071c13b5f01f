/* What a kind from outside asks for while it is built. */
#include "../attention/query_key.h"
#include "kind.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *gaze_map_axes_name(gaze_map_axes axes) { return gz_map_axes_word(axes); }

gaze_status gaze_read_size(gaze_keys *keys, const char *key, size_t least, size_t fallback, size_t *value)
{
    return gz_json_size(keys, key, least, fallback, value);
}

gaze_status gaze_read_number(gaze_keys *keys, const char *key, double fallback, double *value)
{
    return gz_json_number(keys, key, fallback, value);
}

gaze_status gaze_read_bool(gaze_keys *keys, const char *key, bool fallback, bool *value)
{
    return gz_json_bool(keys, key, fallback, value);
}

gaze_status gaze_read_choice(gaze_keys *keys, const char *key, const char *const *words, size_t fallback,
                             size_t *value)
{
    return gz_json_choice(keys, key, words, fallback, value);
}

gaze_status gaze_read_mask(gaze_keys *keys, bool *causal) { return gz_mask_read(keys, causal); }

gaze_shape gaze_tensor_shape(const gaze_tensor *x) { return x->shape; }

size_t gaze_build_inputs(const gaze_builder *b) { return b->n_in - b->layer->n_further; }

gaze_status gaze_build_fail(const gaze_builder *b, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return gz_layer_fail(b->layer, "%s", text);
}

gaze_status gaze_build_weight(gaze_builder *b, const char *name, gaze_shape shape,
                              gaze_initializer initializer, gaze_tensor **weight)
{
    static const gz_initializer known[] = {[GAZE_GLOROT_UNIFORM] = GZ_INIT_GLOROT_UNIFORM,
                                           [GAZE_ZEROS] = GZ_INIT_ZEROS,
                                           [GAZE_ONES] = GZ_INIT_ONES};
    if ((size_t)initializer >= sizeof known / sizeof *known)
        return gz_layer_fail(b->layer, "its weight '%s' has an initializer that isn't one", name);
    return gz_build_weight(b->build, b->layer, name, shape, known[initializer], weight);
}

static gaze_status check_input(const gaze_builder *b, size_t input)
{
    if (input < gaze_build_inputs(b)) return GAZE_OK;
    return gz_layer_fail(b->layer, "kind '%s' asks for input number %zu of %zu, expected one from 0 on",
                         b->kind, input, gaze_build_inputs(b));
}

gaze_status gaze_build_tokens(gaze_builder *b, size_t input, gaze_tensor **h, gaze_tensor **mask)
{
    GZ_TRY(check_input(b, input));
    const gz_shape x = b->in[input].x->shape;
    if (x.rank != 4)
        GZ_TRY(
            gz_layer_expect_rank(b->layer, input, b->in, 3, "[time, features] or [height, width, channels]"));
    const size_t B = x.dim[0], D = gz_shape_last(x), N = gz_shape_count(x) / B / D;
    *mask = b->in[input].mask;
    if (*mask) GZ_TRY(gz_graph_view(gz_build_graph(b->build), *mask, GZ_SHAPE(B, N), mask));
    return gz_graph_view(gz_build_graph(b->build), b->in[input].x, GZ_SHAPE(B, N, D), h);
}

/* Where the map's cells lie on the input image. */
static gaze_receptive_field field_of(const gaze_builder *b, const gaze_map_note *note)
{
    const size_t rows = note->window[0] ? note->window[0] : 1,
                 columns = note->window[1] ? note->window[1] : 1;
    const gz_window window = {
        .size = {rows, columns}, .stride = {1, 1}, .dilation = {1, 1}, .padding = GZ_SAME};
    return gz_field_window(&b->in->field, &window, (size_t[]){(rows - 1) / 2, (columns - 1) / 2});
}

gaze_status gaze_build_map(gaze_builder *b, const char *part, gaze_tensor *values, const gaze_map_note *note)
{
    const gz_map_note full = {
        .kind = b->kind,
        .meaning = note->meaning ? note->meaning : "what its kind says of it",
        .axes = note->axes,
        .sums_to_one = note->sums_to_one,
        .field = note->axes == GAZE_MAP_CHANNELS ? (gaze_receptive_field){0} : field_of(b, note),
    };
    return gz_build_map(b->build, b->layer, part, values, &full);
}

gaze_status gaze_build_query_key(gaze_builder *b, gaze_query_key *out)
{
    gz_query_key seen;
    GZ_TRY(gz_query_key_see(b->build, b->layer, b->in, b->n_in, &seen));
    GZ_TRY(gz_query_key_join_key_mask(b->build, &seen));
    *out = (gaze_query_key){seen.q, seen.k, seen.v, seen.query_mask, seen.mask};
    return GAZE_OK;
}

gaze_status gaze_build_attend(gaze_builder *b, const gaze_query_key *given, bool causal, gaze_tensor *scores,
                              const char *meaning, gaze_tensor **y)
{
    const gz_query_key seen = {given->q, given->k, given->v, given->query_mask, given->mask, NULL, b->in};
    gz_tensor *a;
    gz_flow out = {0};
    char text[96];
    const gz_shape q = seen.q->shape, v = seen.v->shape;
    if (!gz_shape_equal(scores->shape, GZ_SHAPE(q.dim[0], q.dim[1], v.dim[1])))
        return gz_layer_fail(b->layer,
                             "kind '%s' has made scores of shape %s, expected [%zu,%zu], queries by values",
                             b->kind, gz_sample_text(scores, text), q.dim[1], v.dim[1]);
    GZ_TRY(gz_query_key_softmax(b->build, &seen, causal, scores, &a));
    GZ_TRY(gz_query_key_finish(b->build, b->layer, b->kind, meaning ? meaning : gz_query_key_meaning, &seen,
                               a, &out));
    *y = out.x;
    return GAZE_OK;
}
