/* y_t = N a_t h_t, the shape of the input; N counts all tokens, masked ones too, so that even attention
   changes nothing. a as in token_weights.h. */
#include "token_weights.h"

static gaze_status build(gz_build *b, const gz_layer *layer, const void *options, const gz_flow *in,
                         size_t n_in, gz_flow *out)
{
    (void)n_in;
    gz_tokens tokens;
    GZ_TRY(gz_tokens_build(b, layer, options, "additive_scale", NULL, in, &tokens));
    const double N = (double)tokens.a->shape.dim[1];
    *out = *in;
    GZ_TRY(gz_scale_rows(gz_build_graph(b), tokens.h, tokens.a, N, &out->x));
    return gz_graph_view(gz_build_graph(b), out->x, in->x->shape, &out->x);
}

const gz_attention_kind gz_attention_additive_scale = {
    "additive_scale", sizeof(gz_token_options), 1, 1, gz_tokens_read, build};
