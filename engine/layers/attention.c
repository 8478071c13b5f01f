/* The attention slot: reads "kind" and hands over to that kind (attention/). */
#include "layer.h"

#include <stdint.h>

typedef struct attention_options {
    const gz_attention_kind *kind;
    void *options; /* the kind's own */
} attention_options;

static gaze_status read(gz_json *json, void *to)
{
    attention_options *attention = to;
    size_t kind;
    GZ_TRY(gz_json_choice(json, "kind", gz_attention_words, SIZE_MAX, &kind));
    attention->kind = gz_attention_kinds[kind];
    attention->options = gz_arena_allocate(json->arena, attention->kind->options_bytes);
    return attention->options ? attention->kind->read(json, attention->options) : GAZE_ERROR_DEVICE;
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
