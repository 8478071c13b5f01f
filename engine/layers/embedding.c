/* Keras' Embedding: ids int32 [B,T,...] -> y [B,T,...,output_dim], the rows of embeddings
   [input_dim,output_dim]. With mask_zero, steps of id 0 do not count for the layers behind. */
#include "layer.h"

typedef struct embedding_options {
    size_t input_dim, output_dim;
    bool mask_zero;
} embedding_options;

static gaze_status read(gz_json *json, void *to)
{
    embedding_options *options = to;
    GZ_TRY(gz_json_need_size(json, "input_dim", 1, &options->input_dim));
    GZ_TRY(gz_json_need_size(json, "output_dim", 1, &options->output_dim));
    return gz_json_bool(json, "mask_zero", false, &options->mask_zero);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    (void)n_in;
    const embedding_options *options = from;
    gz_graph *graph = gz_build_graph(b);
    gz_tensor *ids = in->x, *table;
    if (ids->dtype != GZ_I32)
        return gz_layer_fail(
            layer, "its input '%s' holds float32 values, expected ids: an input with \"dtype\": \"int32\"",
            layer->inputs[0]);
    gz_build_ids(b, layer, ids, options->input_dim);
    GZ_TRY(gz_build_weight(b, layer, "embeddings", GZ_SHAPE(options->input_dim, options->output_dim),
                           GZ_INIT_UNIFORM_005, &table));
    if (options->mask_zero && ids->shape.rank > 1) GZ_TRY(gz_not_equal_zero(graph, ids, &out->mask));
    return gz_embedding(graph, ids, table, &out->x);
}

const gz_layer_type gz_layer_embedding = {"embedding", sizeof(embedding_options), 1, 1, read, build};
