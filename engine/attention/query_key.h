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
extern const char gz_query_key_meaning[]; /* of such an a */
/* y = a v, zeros for masked queries; a [B,Tq,Tv] is exposed as the layer's map. */
gaze_status gz_query_key_finish(gz_build *build, const gz_layer *layer, const char *kind, const char *meaning,
                                const gz_query_key *seen, gz_tensor *a, gz_flow *out);

/* "tiled": true or false; by the lengths without: long ones attend in tiles (gz_attention), without a tensor
 * of weights. */
typedef enum gz_tiled { GZ_TILED_BY_LENGTH, GZ_TILED_ALWAYS, GZ_TILED_NEVER } gz_tiled;
gaze_status gz_tiled_read(gz_json *json, gz_tiled *tiled);

/* q [B,Tq,H,K], k [B,Tv,H,K], v [B,Tv,H,V] -> y [B,Tq,H,V] = softmax(factor q k^T) v for each head. a,
   [B,H,Tq,Tv] seen as map_shape, is exposed as the layer's map; in tiles it is made, by the same formula,
   only when it is to be kept. */
typedef struct gz_scaled {
    gz_tensor *q, *k, *v;
    double factor;
    gz_attention_masks masks;
    gz_tiled tiled;
    gz_shape map_shape;
    gz_map_note note;
} gz_scaled;
gaze_status gz_scaled_attend(gz_build *build, const gz_layer *layer, const gz_scaled *s, gz_tensor **y);

/* The whole of a kind that makes its own scores: softmax, map, output. */
gaze_status gz_query_key_attend(gz_build *build, const gz_layer *layer, const char *kind,
                                const gz_query_key *seen, bool causal, gz_tensor *scores, gz_flow *out);

/* The whole of a kind whose scores are q k^T. */
gaze_status gz_query_key_multiply(gz_build *build, const gz_layer *layer, const char *kind,
                                  const gz_query_key *seen, bool causal, gz_tiled tiled, gz_flow *out);

#endif
