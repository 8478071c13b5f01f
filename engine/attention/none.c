/* y = x: the slot left empty, for a baseline. It has no map. */
#include "../layers/layer.h"

static gaze_status read(gz_json *json, void *options)
{
    (void)json, (void)options;
    return GAZE_OK;
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *options, const gz_flow *in,
                         size_t n_in, gz_flow *out)
{
    (void)b, (void)layer, (void)options, (void)n_in;
    *out = *in;
    return GAZE_OK;
}

const gz_attention_kind gz_attention_none = {"none", 1, 1, 1, read, build};
