/* Keras' TimeDistributed over a dense layer, which works on the last axis anyway: weights <layer>.kernel,
 * <layer>.bias. */
#include "layer.h"

#include <string.h>

typedef struct time_distributed_options {
    void *dense;
} time_distributed_options;

static gaze_status read(gz_json *json, void *to)
{
    time_distributed_options *options = to;
    const cJSON *object = gz_json_get(json, "layer");
    const char *type;
    if (!cJSON_IsObject(object)) return gz_json_fail(json, "layer", "expected {\"type\": \"dense\", ...}");
    gz_json inner = gz_json_object(json->arena, object, json->place);
    GZ_TRY(gz_json_need_text(&inner, "type", &type));
    if (strcmp(type, gz_layer_dense.type))
        return gz_json_fail(json, "layer", "found a layer of type '%s', expected \"dense\"", type);
    options->dense = gz_arena_allocate(json->arena, gz_layer_dense.options_bytes);
    if (!options->dense) return GAZE_ERROR_DEVICE;
    GZ_TRY(gz_layer_dense.read(&inner, options->dense));
    return gz_json_done(&inner);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    if (in->x->shape.rank < 3) return gz_layer_expect_rank(layer, 0, in, 3, "[time, features]");
    const time_distributed_options *options = from;
    return gz_layer_dense.build(b, layer, options->dense, in, n_in, out);
}

const gz_layer_type gz_layer_time_distributed = {
    "time_distributed", sizeof(time_distributed_options), 1, 1, read, build};
