/* The embedded-Gaussian non-local block (Wang, Girshick, Gupta and He 2018, "Non-local neural networks",
   sections 3.2 and 3.3), without its batch normalisation and without 1 / sqrt(units): y = x + softmax(Q K^T)
   V output.kernel + output.bias over the N cells of x, Q = x query.kernel + query.bias [C,U], K and V
   likewise.
 */
#include "query_key.h"

typedef struct non_local_options {
    size_t units; /* U; 0: half of the channels, at least 1 */
    gz_tiled tiled;
} non_local_options;

static gaze_status read(gz_json *json, void *to)
{
    non_local_options *options = to;
    GZ_TRY(gz_json_size(json, "units", 1, 0, &options->units));
    return gz_tiled_read(json, &options->tiled);
}

static gaze_status project(gz_build *b, const gz_layer *layer, const char *part, gz_tensor *x, size_t units,
                           gz_tensor **y)
{
    gz_graph *graph = gz_build_graph(b);
    const char *kernel_name = gz_arena_format(graph->arena, "%s.kernel", part),
               *bias_name = gz_arena_format(graph->arena, "%s.bias", part);
    gz_tensor *kernel, *bias;
    if (!kernel_name || !bias_name) return GAZE_ERROR_DEVICE;
    GZ_TRY(gz_build_weight(b, layer, kernel_name, GZ_SHAPE(gz_shape_last(x->shape), units),
                           GZ_INIT_GLOROT_UNIFORM, &kernel));
    GZ_TRY(gz_build_weight(b, layer, bias_name, GZ_SHAPE(units), GZ_INIT_ZEROS, &bias));
    return gz_dense(graph, x, kernel, bias, GZ_LINEAR, y);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    const non_local_options *options = from;
    gz_query_key x, seen;
    gz_tensor *y;
    GZ_TRY(gz_query_key_see(b, layer, in, n_in, &x));
    const size_t C = x.q->shape.dim[2], half = C > 1 ? C / 2 : 1, U = options->units ? options->units : half;
    seen = (gz_query_key){.query = in};
    GZ_TRY(project(b, layer, "query", x.q, U, &seen.q));
    GZ_TRY(project(b, layer, "key", x.q, U, &seen.k));
    GZ_TRY(project(b, layer, "value", x.q, U, &seen.v));
    GZ_TRY(gz_query_key_multiply(b, layer, "non_local", &seen, false, options->tiled, out));
    GZ_TRY(project(b, layer, "output", out->x, C, &y));
    return gz_add_all(gz_build_graph(b), (gz_tensor *[]){in->x, y}, 2, &out->x);
}

const gz_attention_kind gz_attention_non_local = {"non_local", sizeof(non_local_options), 1, 1, read, build};
