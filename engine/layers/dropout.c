/* Keras' Dropout: in training each value is kept with probability 1 - rate and then divided by 1 - rate; the
   identity otherwise. Which values are kept depends on the seed, the layer's name and the step alone. */
#include "layer.h"
#include "../base/philox.h"

typedef struct dropout_options {
    double rate;
} dropout_options;

static gaze_status read(gz_json *json, void *to)
{
    dropout_options *options = to;
    if (!gz_json_has(json, "rate")) return gz_json_wrong(json, "rate", NULL, "a number from 0 to below 1");
    return gz_json_number_in(json, "rate", 0, 1, 0, &options->rate);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    (void)n_in;
    const dropout_options *options = from;
    *out = *in;
    if (!gz_build_training(b) || options->rate == 0) return GAZE_OK;
    gz_tensor *step;
    GZ_TRY(gz_build_step(b, &step));
    const gz_key key = gz_key_make(gz_build_seed(b), layer->name);
    return gz_dropout(gz_build_graph(b), in->x, step, options->rate, key.word, &out->x);
}

const gz_layer_type gz_layer_dropout = {"dropout", sizeof(dropout_options), 1, 1, read, build};
