/* Keras' LayerNormalization and BatchNormalization, over the last axis and over all but the last. */
#include "layer.h"

typedef struct normalization_options {
    double epsilon, momentum;
    bool center, scale;
} normalization_options;

static gaze_status read_layer(gz_json *json, void *to)
{
    normalization_options *options = to;
    GZ_TRY(gz_json_number_in(json, "epsilon", 0, 1e30, 1e-3, &options->epsilon));
    GZ_TRY(gz_json_bool(json, "center", true, &options->center));
    return gz_json_bool(json, "scale", true, &options->scale);
}

static gaze_status read_batch(gz_json *json, void *to)
{
    normalization_options *options = to;
    GZ_TRY(gz_json_number_in(json, "momentum", 0, 1 + 1e-12, 0.99, &options->momentum));
    return read_layer(json, to);
}

/* gamma and beta [C], NULL where they are switched off. */
static gaze_status add_weights(gz_build *b, const gz_layer *layer, const normalization_options *options,
                               gz_batch_inputs *in)
{
    const gz_shape shape = GZ_SHAPE(gz_shape_last(in->x->shape));
    if (options->scale) GZ_TRY(gz_build_weight(b, layer, "gamma", shape, GZ_INIT_ONES, &in->gamma));
    return options->center ? gz_build_weight(b, layer, "beta", shape, GZ_INIT_ZEROS, &in->beta) : GAZE_OK;
}

static gaze_status build_layer(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in,
                               size_t n_in, gz_flow *out)
{
    (void)n_in;
    const normalization_options *options = from;
    gz_batch_inputs inputs = {.x = in->x};
    if (in->x->shape.rank < 2) return gz_layer_expect_rank(layer, 0, in, 2, "[features]");
    GZ_TRY(add_weights(b, layer, options, &inputs));
    *out = *in;
    return gz_layer_normalization(gz_build_graph(b), in->x, inputs.gamma, inputs.beta, options->epsilon,
                                  &out->x);
}

/* y, and the moving statistics brought a step on. */
static gaze_status train(gz_build *b, const gz_batch_inputs *in, const normalization_options *options,
                         gz_tensor *const moving[2], gz_tensor **y)
{
    gz_graph *graph = gz_build_graph(b);
    gz_tensor *out[3];
    GZ_TRY(gz_batch_normalization(graph, in, options->epsilon, out));
    for (size_t i = 0; i < 2; i++) GZ_TRY(gz_moving_average(graph, moving[i], out[i + 1], options->momentum));
    *y = out[0];
    return GAZE_OK;
}

static gaze_status build_batch(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in,
                               size_t n_in, gz_flow *out)
{
    (void)n_in;
    const normalization_options *options = from;
    gz_batch_inputs inputs = {.x = in->x, .mask = in->mask};
    gz_tensor *moving[2];
    if (in->x->shape.rank < 2) return gz_layer_expect_rank(layer, 0, in, 2, "[features]");
    const gz_shape shape = GZ_SHAPE(gz_shape_last(in->x->shape));
    GZ_TRY(add_weights(b, layer, options, &inputs));
    GZ_TRY(gz_build_statistic(b, layer, "moving_mean", shape, GZ_INIT_ZEROS, &moving[0]));
    GZ_TRY(gz_build_statistic(b, layer, "moving_variance", shape, GZ_INIT_ONES, &moving[1]));
    *out = *in;
    if (gz_build_training(b)) return train(b, &inputs, options, moving, &out->x);
    return gz_normalize_channels(gz_build_graph(b), &inputs, moving[0], moving[1], options->epsilon, &out->x);
}

const gz_layer_type gz_layer_layer_normalization = {
    "layer_normalization", sizeof(normalization_options), 1, 1, read_layer, build_layer};
const gz_layer_type gz_layer_batch_normalization = {
    "batch_normalization", sizeof(normalization_options), 1, 1, read_batch, build_batch};
