/* s = sigmoid(mlp(mean x)), y = x s (Hu, Shen and Sun 2018, "Squeeze-and-excitation networks", eq. 2 to 4).
 */
#include "channel.h"

static gaze_status build(gz_build *b, const gz_layer *layer, const void *options, const gz_flow *in,
                         size_t n_in, gz_flow *out)
{
    (void)n_in;
    static const gz_reduction described[] = {GZ_MEAN};
    gz_tensor *s;
    GZ_TRY(gz_channel_expect(layer, in));
    GZ_TRY(gz_channel_factors(b, layer, options, "", in->x, described, 1, &s));
    return gz_channel_apply(b, layer, "squeeze_excite", NULL, in, s, out);
}

const gz_attention_kind gz_attention_squeeze_excite = {
    "squeeze_excite", sizeof(gz_channel_options), 1, 1, gz_channel_read, build};
