/* Channels first, then cells (Woo et al. 2018, "CBAM: convolutional block attention module", eq. 1): channel
   attention, and spatial attention on its result. */
#include "channel.h"
#include "spatial.h"

typedef struct cbam_options {
    gz_channel_options channel;
    gz_spatial_options spatial;
} cbam_options;

static gaze_status read(gz_json *json, void *to)
{
    cbam_options *options = to;
    GZ_TRY(gz_channel_read(json, &options->channel));
    return gz_spatial_read(json, &options->spatial);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    (void)n_in;
    static const gz_reduction described[] = {GZ_MEAN, GZ_MAX};
    const cbam_options *options = from;
    gz_flow refined = {0};
    gz_tensor *s;
    GZ_TRY(gz_layer_expect_rank(layer, 0, in, 4, "an image [height, width, channels]"));
    GZ_TRY(gz_channel_factors(b, layer, &options->channel, "channel.", in->x, described, 2, &s));
    GZ_TRY(gz_channel_apply(b, layer, "cbam", "channel", in, s, &refined));
    return gz_spatial_build(b, layer, &options->spatial, &(gz_spatial_names){"cbam", "spatial.", "spatial"},
                            &refined, out);
}

const gz_attention_kind gz_attention_cbam = {"cbam", sizeof(cbam_options), 1, 1, read, build};
