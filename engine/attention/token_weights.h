/* The weights of additive attention over tokens, shared by the kinds that differ in what they do with them
   (Bahdanau, Cho and Bengio 2014, eq. 6, without a decoder state; Yang et al. 2016, "Hierarchical attention
   networks", eq. 5 and 6): a = softmax over t of tanh(h_t hidden.kernel + hidden.bias) score.kernel */
#ifndef GZ_TOKEN_WEIGHTS_H
#define GZ_TOKEN_WEIGHTS_H
#include "../layers/layer.h"

typedef struct gz_token_options {
    size_t units; /* U; 0: D */
} gz_token_options;

typedef struct gz_tokens {
    gz_tensor *h; /* [B,N,D]: the input, an image seen as its H*W cells in row-major order */
    gz_tensor *a; /* [B,N]; masked tokens have 0 */
} gz_tokens;

gaze_status gz_tokens_read(gz_json *json, void *options);

/* in: [B,T,D] or [B,H,W,D]. The map [N] or [H,W] is exposed under the layer's name, or "<layer>/<part>". */
gaze_status gz_tokens_build(gz_build *build, const gz_layer *layer, const gz_token_options *options,
                            const char *kind, const char *part, const gz_flow *in, gz_tokens *tokens);

#endif
