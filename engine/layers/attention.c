/* The attention slot: reads "kind" and hands over to that kind (attention/). */
#include "layer.h"

#include <stdint.h>

typedef struct attention_options {
    const gz_attention_kind *kind;
    void *options; /* the kind's own */
} attention_options;

/* The words of the built-in kinds, then those of the others. */
static gaze_status list_words(gz_json *json, const char ***out, size_t *n_built_in)
{
    size_t n = 0, further = 0;
    while (gz_attention_words[n]) n++;
    while (json->kinds && json->kinds[further]) further++;
    const char **words = gz_arena_allocate(json->arena, (n + further + 1) * sizeof *words);
    if (!words) return GAZE_ERROR_DEVICE;
    for (size_t i = 0; i < n; i++) words[i] = gz_attention_words[i];
    for (size_t i = 0; i < further; i++) words[n + i] = json->kinds[i]->kind;
    *out = words;
    *n_built_in = n;
    return GAZE_OK;
}

static gaze_status choose(gz_json *json, const char *const *words, size_t *kind)
{
    const gaze_status status = gz_json_choice(json, "kind", words, SIZE_MAX, kind);
    const char *message = status != GAZE_OK ? gz_arena_copy(json->arena, gaze_message()) : NULL;
    if (!message) return status;
    return gz_fail(status, "%s; a kind of your own comes with --plugin FILE or GAZE_PLUGINS", message);
}

static gaze_status read(gz_json *json, void *to)
{
    attention_options *attention = to;
    const char **words;
    size_t kind, n_built_in;
    GZ_TRY(list_words(json, &words, &n_built_in));
    GZ_TRY(choose(json, words, &kind));
    const bool built_in = kind < n_built_in;
    attention->kind = built_in ? gz_attention_kinds[kind] : json->kinds[kind - n_built_in];
    attention->options = gz_arena_allocate(json->arena, attention->kind->options_bytes);
    if (!attention->options) return GAZE_ERROR_DEVICE;
    if (!built_in) *(const gz_attention_kind **)attention->options = attention->kind;
    return attention->kind->read(json, attention->options);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *options, const gz_flow *in,
                         size_t n_in, gz_flow *out)
{
    const attention_options *attention = options;
    const gz_attention_kind *kind = attention->kind;
    const size_t own = n_in - layer->n_further;
    if (own < kind->min_inputs || own > kind->max_inputs)
        return gz_layer_fail(layer, "kind '%s' has %zu inputs, expected %zu to %zu", kind->kind, own,
                             kind->min_inputs, kind->max_inputs);
    return kind->build(b, layer, attention->options, in, n_in, out);
}

const char *gz_attention_kind_of(const gz_layer *layer)
{
    if (layer->type != &gz_layer_attention) return NULL;
    const attention_options *attention = layer->options;
    return attention->kind->kind;
}

const gz_layer_type gz_layer_attention = {"attention", sizeof(attention_options), 1, 3, read, build};
