#include "layer.h"

#include <stdint.h>

enum { SOFTMAX = GZ_SILU + 1 };

static const char *const words[] = {
    [GZ_LINEAR] = "linear",   [GZ_RELU] = "relu",
    [GZ_SIGMOID] = "sigmoid", [GZ_TANH] = "tanh",
    [GZ_ELU] = "elu",         [GZ_LEAKY_RELU] = "leaky_relu",
    [GZ_GELU] = "gelu",       [GZ_SILU] = "silu",
    [SOFTMAX] = "softmax",    NULL,
};

static gaze_status read_choice(gz_json *json, const char *key, size_t fallback, gz_activation_choice *choice)
{
    size_t word;
    GZ_TRY(gz_json_choice(json, key, words, fallback, &word));
    choice->softmax = word == SOFTMAX;
    choice->kind = choice->softmax ? GZ_LINEAR : (gz_activation_kind)word;
    return GAZE_OK;
}

gaze_status gz_activation_read(gz_json *json, const char *key, gz_activation_choice *choice)
{
    return read_choice(json, key, GZ_LINEAR, choice);
}

gz_activation_kind gz_activation_fused(gz_activation_choice choice)
{
    return !choice.softmax && gz_activation_fuses(choice.kind) ? choice.kind : GZ_LINEAR;
}

static gaze_status append(gz_graph *graph, gz_activation_choice choice, gz_tensor *x, gz_tensor **y)
{
    if (choice.softmax) return gz_softmax(graph, x, NULL, y);
    if (choice.kind != GZ_LINEAR) return gz_activation(graph, x, choice.kind, y);
    *y = x;
    return GAZE_OK;
}

gaze_status gz_activation_apply(gz_graph *graph, gz_activation_choice choice, gz_tensor *x, gz_tensor **y)
{
    *y = x;
    return gz_activation_fused(choice) != GZ_LINEAR ? GAZE_OK : append(graph, choice, x, y);
}

/* {"type": "activation", "activation": WORD}: Keras' Activation. */
static gaze_status read(gz_json *json, void *options)
{
    return read_choice(json, "activation", SIZE_MAX, options);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *options, const gz_flow *in,
                         size_t n_in, gz_flow *out)
{
    (void)layer, (void)n_in;
    const gz_activation_choice *choice = options;
    *out = *in;
    return append(gz_build_graph(b), *choice, in->x, &out->x);
}

const gz_layer_type gz_layer_activation = {"activation", sizeof(gz_activation_choice), 1, 1, read, build};
