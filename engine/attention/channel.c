/* s = sigmoid(mlp(mean x) + mlp(max x)), y = x s: the channel half of CBAM (Woo et al. 2018, eq. 2). */
#include "channel.h"

static gaze_status build(gz_build *b, const gz_layer *layer, const void *options, const gz_flow *in,
                         size_t n_in, gz_flow *out)
{
    (void)n_in;
    static const gz_reduction described[] = {GZ_MEAN, GZ_MAX};
    gz_tensor *s;
    GZ_TRY(gz_channel_expect(layer, in));
    GZ_TRY(gz_channel_factors(b, layer, options, "", in->x, described, 2, &s));
    return gz_channel_apply(b, layer, "channel", NULL, in, s, out);
}

const gz_attention_kind gz_attention_channel = {"channel", sizeof(gz_channel_options), 1, 1, gz_channel_read,
                                                build};
