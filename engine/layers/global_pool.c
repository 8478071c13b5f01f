/* Keras' global pools: x [B,H,W,C] or [B,T,C] -> y [B,C], or all axes with keepdims. The 1-D average leaves
   out masked steps. */
#include "layer.h"

typedef struct global_pool_options {
    bool keepdims;
} global_pool_options;

static gaze_status read(gz_json *json, void *to)
{
    global_pool_options *options = to;
    return gz_json_bool(json, "keepdims", false, &options->keepdims);
}

/* y [B,C] as x's shape with ones between, where asked for. */
static gaze_status finish(gz_build *b, const global_pool_options *options, const gz_flow *in, gz_flow *out)
{
    gz_shape shape = in->x->shape;
    for (size_t i = 1; i + 1 < shape.rank; i++) shape.dim[i] = 1;
    return options->keepdims ? gz_graph_view(gz_build_graph(b), out->x, shape, &out->x) : GAZE_OK;
}

static gaze_status build2d(gz_build *b, const gz_layer *layer, const void *options, const gz_flow *in,
                           gz_reduction reduction, gz_flow *out)
{
    GZ_TRY(gz_layer_expect_rank(layer, 0, in, 4, "an image [height, width, channels]"));
    GZ_TRY(gz_reduce_middle(gz_build_graph(b), in->x, reduction, &out->x));
    return finish(b, options, in, out);
}

static gaze_status build_average2d(gz_build *b, const gz_layer *layer, const void *options, const gz_flow *in,
                                   size_t n_in, gz_flow *out)
{
    (void)n_in;
    return build2d(b, layer, options, in, GZ_MEAN, out);
}

static gaze_status build_max2d(gz_build *b, const gz_layer *layer, const void *options, const gz_flow *in,
                               size_t n_in, gz_flow *out)
{
    (void)n_in;
    return build2d(b, layer, options, in, GZ_MAX, out);
}

/* The softmax of equal scores over the steps that count is 1/n, and zeros where none counts. */
static gaze_status masked_mean(gz_graph *graph, const gz_flow *in, gz_tensor **y)
{
    gz_tensor *ones, *shares;
    GZ_TRY(gz_graph_tensor(graph, GZ_INPUT, GZ_CONSTANT_ONE, GZ_F32, in->mask->shape, &ones));
    GZ_TRY(gz_softmax(graph, ones, in->mask, &shares));
    return gz_weighted_sum(graph, shares, in->x, y);
}

static gaze_status build_average1d(gz_build *b, const gz_layer *layer, const void *options, const gz_flow *in,
                                   size_t n_in, gz_flow *out)
{
    (void)n_in;
    gz_graph *graph = gz_build_graph(b);
    GZ_TRY(gz_layer_expect_rank(layer, 0, in, 3, "[time, features]"));
    if (in->mask)
        GZ_TRY(masked_mean(graph, in, &out->x));
    else
        GZ_TRY(gz_reduce_middle(graph, in->x, GZ_MEAN, &out->x));
    return finish(b, options, in, out);
}

static gaze_status build_max1d(gz_build *b, const gz_layer *layer, const void *options, const gz_flow *in,
                               size_t n_in, gz_flow *out)
{
    (void)n_in;
    GZ_TRY(gz_layer_expect_rank(layer, 0, in, 3, "[time, features]"));
    GZ_TRY(gz_reduce_middle(gz_build_graph(b), in->x, GZ_MAX, &out->x));
    return finish(b, options, in, out);
}

#define POOL(NAME, BUILD) \
    const gz_layer_type gz_layer_##NAME = {#NAME, sizeof(global_pool_options), 1, 1, read, BUILD}
POOL(global_average_pool1d, build_average1d);
POOL(global_max_pool1d, build_max1d);
POOL(global_average_pool2d, build_average2d);
POOL(global_max_pool2d, build_max2d);
