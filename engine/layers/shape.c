/* Layers that only see the same values in another shape: Keras' Flatten and Reshape. No kernel, no copy. */
#include "layer.h"

#include <stdint.h>

static gaze_status read_flatten(gz_json *json, void *options)
{
    (void)json, (void)options;
    return GAZE_OK;
}

static gaze_status build_flatten(gz_build *b, const gz_layer *layer, const void *options, const gz_flow *in,
                                 size_t n_in, gz_flow *out)
{
    (void)layer, (void)options, (void)n_in;
    const size_t B = in->x->shape.dim[0], D = gz_shape_count(in->x->shape) / B;
    return gz_graph_view(gz_build_graph(b), in->x, GZ_SHAPE(B, D), &out->x);
}

const gz_layer_type gz_layer_flatten = {"flatten", 1, 1, 1, read_flatten, build_flatten};

typedef struct reshape_options {
    size_t rank, dim[GZ_MAX_RANK]; /* SIZE_MAX: what is left */
} reshape_options;

static gaze_status read_reshape(gz_json *json, void *to)
{
    reshape_options *options = to;
    size_t open = 0;
    GZ_TRY(gz_json_sizes(json, "target_shape", true, GZ_MAX_RANK - 1, options->dim, &options->rank));
    for (size_t i = 0; i < options->rank; i++) open += options->dim[i] == SIZE_MAX;
    if (open > 1)
        return gz_json_fail(json, "target_shape", "found -1 %zu times, expected it at most once", open);
    return GAZE_OK;
}

static gaze_status build_reshape(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in,
                                 size_t n_in, gz_flow *out)
{
    (void)n_in;
    const reshape_options *options = from;
    const size_t B = in->x->shape.dim[0], D = gz_shape_count(in->x->shape) / B;
    gz_shape shape = {.rank = options->rank + 1, .dim = {B}};
    size_t *open = NULL, product = 1;
    for (size_t i = 0; i < options->rank; i++) {
        shape.dim[i + 1] = options->dim[i];
        if (options->dim[i] == SIZE_MAX)
            open = &shape.dim[i + 1];
        else if (!gz_multiply(product, options->dim[i], &product))
            product = 0;
    }
    char text[96];
    if (!product || (open ? D % product != 0 : D != product))
        return gz_layer_fail(
            layer, "its input '%s' has the shape %s (%zu values), which does not fit \"target_shape\"",
            layer->inputs[0], gz_sample_text(in->x, text), D);
    if (open) *open = D / product;
    return gz_graph_view(gz_build_graph(b), in->x, shape, &out->x);
}

const gz_layer_type gz_layer_reshape = {"reshape",    sizeof(reshape_options), 1, 1, read_reshape,
                                        build_reshape};
