/* Keras' Dense: y [B,...,units] = activation(x [B,...,K] kernel [K,units] + bias [units]), on the last axis.
 */
#include "layer.h"

typedef struct dense_options {
    size_t units;
    gz_activation_choice activation;
    bool use_bias;
} dense_options;

static gaze_status read(gz_json *json, void *to)
{
    dense_options *options = to;
    GZ_TRY(gz_json_need_size(json, "units", 1, &options->units));
    GZ_TRY(gz_activation_read(json, "activation", &options->activation));
    return gz_json_bool(json, "use_bias", true, &options->use_bias);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    (void)n_in;
    const dense_options *options = from;
    gz_graph *graph = gz_build_graph(b);
    if (in->x->shape.rank < 2) return gz_layer_expect_rank(layer, 0, in, 2, "[features]");
    const size_t K = gz_shape_last(in->x->shape), U = options->units;
    gz_tensor *kernel, *bias = NULL;
    GZ_TRY(gz_build_weight(b, layer, "kernel", GZ_SHAPE(K, U), GZ_INIT_GLOROT_UNIFORM, &kernel));
    if (options->use_bias) GZ_TRY(gz_build_weight(b, layer, "bias", GZ_SHAPE(U), GZ_INIT_ZEROS, &bias));
    *out = *in;
    GZ_TRY(gz_dense(graph, in->x, kernel, bias, gz_activation_fused(options->activation), &out->x));
    return gz_activation_apply(graph, options->activation, out->x, &out->x);
}

const gz_layer_type gz_layer_dense = {"dense", sizeof(dense_options), 1, 1, read, build};
