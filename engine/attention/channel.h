/* One factor a channel, s [B,C], made from what each channel holds: shared by the kinds that look at
 * channels. */
#ifndef GZ_CHANNEL_H
#define GZ_CHANNEL_H
#include "../layers/layer.h"

typedef struct gz_channel_options {
    size_t ratio; /* hidden values: C / ratio rounded down, at least 1 */
} gz_channel_options;

gaze_status gz_channel_read(gz_json *json, void *options);

/* x [B,...,C] -> s = sigmoid(mlp(mean x) + mlp(max x)), the sum over as many of the two as are given; mlp(t)
   = relu(t <prefix>reduce.kernel + <prefix>reduce.bias) <prefix>expand.kernel + <prefix>expand.bias. */
gaze_status gz_channel_factors(gz_build *build, const gz_layer *layer, const gz_channel_options *options,
                               const char *prefix, gz_tensor *x, const gz_reduction *described,
                               size_t n_described, gz_tensor **s);

/* The input is an image or a sequence: [B,...,C] with something between. */
gaze_status gz_channel_expect(const gz_layer *layer, const gz_flow *in);

/* y = x s, with the map s [C] under `part`. */
gaze_status gz_channel_apply(gz_build *build, const gz_layer *layer, const char *kind, const char *part,
                             const gz_flow *in, gz_tensor *s, gz_flow *out);

#endif
