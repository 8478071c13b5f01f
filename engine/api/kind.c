/* Attention kinds that are registered from outside. To the layers they are kinds like the built-in ones: an
   adapter reads and builds what the public struct says. */
#include "kind.h"

#include <stdlib.h>
#include <string.h>

typedef struct own_kind {
    gz_attention_kind adapter; /* first: what the layers point to is also this */
    gaze_attention_kind own;
} own_kind;

typedef struct own_options {
    const own_kind *kind; /* set by the attention layer: see gz_attention_kind */
    _Alignas(16) unsigned char values[];
} own_options;

static gaze_status read(gz_json *json, void *to)
{
    own_options *options = to;
    const gaze_attention_kind *own = &options->kind->own;
    return own->read ? own->read(json, options->values) : GAZE_OK;
}

static bool same_positions(gz_shape a, gz_shape b)
{
    if (a.rank != b.rank || a.rank < 3) return false;
    for (size_t i = 0; i + 1 < a.rank; i++)
        if (a.dim[i] != b.dim[i]) return false;
    return true;
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    const own_options *options = from;
    const gaze_attention_kind *own = &options->kind->own;
    const size_t n = n_in - layer->n_further;
    gaze_builder builder = {b, layer, own->name, in, n_in};
    gz_tensor *x[GZ_MAX_INPUTS];
    for (size_t i = 0; i < n; i++) x[i] = in[i].x;
    GZ_TRY(own->build(&builder, options->values, x, &out->x));
    if (!out->x) return gz_layer_fail(layer, "kind '%s' has made no output", own->name);
    if (!same_positions(out->x->shape, in->x->shape)) return GAZE_OK;
    out->mask = in->mask;
    out->field = in->field;
    return GAZE_OK;
}

static bool is_taken(const gz_kinds *kinds, const char *name)
{
    for (const char *const *word = gz_attention_words; *word; word++)
        if (strcmp(*word, name) == 0) return true;
    for (size_t i = 0; i < kinds->count; i++)
        if (strcmp(kinds->list[i]->kind, name) == 0) return true;
    return false;
}

static gaze_status check(const gz_kinds *kinds, const gaze_attention_kind *kind)
{
    if (kind->version != GAZE_KIND_VERSION)
        return gz_fail(GAZE_ERROR_USAGE,
                       "an attention kind was compiled for version %d of the interface, this library has %d: "
                       "compile it again with this library's gaze.h",
                       kind->version, GAZE_KIND_VERSION);
    if (!kind->name || !*kind->name || !kind->build)
        return gz_fail(GAZE_ERROR_USAGE, "an attention kind needs a name and a build function");
    if (kind->min_inputs < 1 || kind->max_inputs < kind->min_inputs ||
        kind->max_inputs > gz_layer_attention.max_inputs)
        return gz_fail(GAZE_ERROR_USAGE, "attention kind '%s' has %zu to %zu inputs, expected 1 to %zu",
                       kind->name, kind->min_inputs, kind->max_inputs, gz_layer_attention.max_inputs);
    if (is_taken(kinds, kind->name))
        return gz_fail(GAZE_ERROR_USAGE, "there is an attention kind '%s' already, expected another name",
                       kind->name);
    return GAZE_OK;
}

/* A new list: models that were opened before go on with theirs. */
static gaze_status append(gz_kinds *kinds, const gz_attention_kind *kind)
{
    const gz_attention_kind **list = gz_arena_allocate(kinds->arena, (kinds->count + 2) * sizeof *list);
    if (!list) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < kinds->count; i++) list[i] = kinds->list[i];
    list[kinds->count++] = kind;
    kinds->list = list;
    return GAZE_OK;
}

gaze_status gaze_register_kind(gaze_context *context, const gaze_attention_kind *kind)
{
    gz_kinds *kinds = &context->kinds;
    GZ_TRY(check(kinds, kind));
    if (!kinds->arena) GZ_TRY(gz_arena_create(&kinds->arena));
    own_kind *made = gz_arena_allocate(kinds->arena, sizeof *made);
    if (!made) return GAZE_ERROR_DEVICE;
    made->own = *kind;
    made->adapter = (gz_attention_kind){.kind = kind->name,
                                        .options_bytes = sizeof(own_options) + kind->options_bytes,
                                        .min_inputs = kind->min_inputs,
                                        .max_inputs = kind->max_inputs,
                                        .read = read,
                                        .build = build};
    return append(kinds, &made->adapter);
}
