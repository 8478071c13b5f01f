/* Keras' GlobalAveragePooling2D and GlobalMaxPooling2D: x [B,H,W,C] -> y [B,C], or [B,1,1,C] with keepdims.
 */
#include "layer.h"

typedef struct global_pool_options {
    bool keepdims;
} global_pool_options;

static gaze_status read(gz_json *json, void *to)
{
    global_pool_options *options = to;
    return gz_json_bool(json, "keepdims", false, &options->keepdims);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const global_pool_options *options,
                         const gz_flow *in, gz_reduction reduction, gz_flow *out)
{
    gz_graph *graph = gz_build_graph(b);
    GZ_TRY(gz_layer_expect_rank(layer, 0, in, 4, "an image [height, width, channels]"));
    GZ_TRY(gz_reduce_middle(graph, in->x, reduction, &out->x));
    if (!options->keepdims) return GAZE_OK;
    const gz_shape shape = GZ_SHAPE(in->x->shape.dim[0], 1, 1, gz_shape_last(in->x->shape));
    return gz_graph_view(graph, out->x, shape, &out->x);
}

static gaze_status build_average(gz_build *b, const gz_layer *layer, const void *options, const gz_flow *in,
                                 size_t n_in, gz_flow *out)
{
    (void)n_in;
    return build(b, layer, options, in, GZ_MEAN, out);
}

static gaze_status build_max(gz_build *b, const gz_layer *layer, const void *options, const gz_flow *in,
                             size_t n_in, gz_flow *out)
{
    (void)n_in;
    return build(b, layer, options, in, GZ_MAX, out);
}

const gz_layer_type gz_layer_global_average_pool2d = {
    "global_average_pool2d", sizeof(global_pool_options), 1, 1, read, build_average};
const gz_layer_type gz_layer_global_max_pool2d = {
    "global_max_pool2d", sizeof(global_pool_options), 1, 1, read, build_max};
