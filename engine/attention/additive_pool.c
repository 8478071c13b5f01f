/* y = sum_t a_t h_t: tokens [B,N,D] -> [B,D]; a as in token_weights.h. */
#include "token_weights.h"

static gaze_status build(gz_build *b, const gz_layer *layer, const void *options, const gz_flow *in,
                         size_t n_in, gz_flow *out)
{
    (void)n_in;
    gz_tokens tokens;
    GZ_TRY(gz_tokens_build(b, layer, options, "additive_pool", NULL, in, &tokens));
    return gz_weighted_sum(gz_build_graph(b), tokens.a, tokens.h, &out->x);
}

const gz_attention_kind gz_attention_additive_pool = {
    "additive_pool", sizeof(gz_token_options), 1, 1, gz_tokens_read, build};
