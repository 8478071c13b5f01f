/* What the query-key kinds share: inputs [query, value(, key)] as tokens, their masks, and the end, y = a v.
   Tq queries, Tv values; k = v without a third input, and one input alone is all three. */
#ifndef GZ_QUERY_KEY_H
#define GZ_QUERY_KEY_H
#include "../layers/layer.h"

/* "mask": "causal", the name of an input or layer of shape [Tv], or a list of both; the names become further
 * inputs of the layer. */
gaze_status gz_mask_read(gz_json *json, bool *causal);

typedef struct gz_query_key {
    gz_tensor *q, *k, *v;  /* [B,Tq,Dq], [B,Tv,Dk], [B,Tv,Dv]: images as their cells in row-major order */
    gz_tensor *query_mask; /* int32 [B,Tq] or NULL */
    gz_tensor *mask;       /* int32 [B,Tv] or NULL: of the value, and all that "mask" names */
    gz_tensor *key_mask;   /* of the third input alone, not yet in `mask`; or NULL */
    const gz_flow *query;  /* whose shape the output has, but for the features */
} gz_query_key;

gaze_status gz_query_key_see(gz_build *build, const gz_layer *layer, const gz_flow *in, size_t n_in,
                             gz_query_key *seen);
/* Joins key_mask into mask. */
gaze_status gz_query_key_join_key_mask(gz_build *build, gz_query_key *seen);
/* Fails unless q and k have as many features. */
gaze_status gz_query_key_expect_equal(const gz_layer *layer, const gz_query_key *seen);

/* scores [B,Tq,Tv] -> a: softmax over the keys that the masks and `causal` leave. */
gaze_status gz_query_key_softmax(gz_build *build, const gz_query_key *seen, bool causal, gz_tensor *scores,
                                 gz_tensor **a);
/* y = a v, zeros for masked queries; a [B,Tq,Tv] is exposed as the layer's map. */
gaze_status gz_query_key_finish(gz_build *build, const gz_layer *layer, const char *kind, const char *meaning,
                                const gz_query_key *seen, gz_tensor *a, gz_flow *out);

/* The whole of a kind that makes scores: softmax, map, output. */
gaze_status gz_query_key_attend(gz_build *build, const gz_layer *layer, const char *kind,
                                const gz_query_key *seen, bool causal, gz_tensor *scores, gz_flow *out);

#endif
