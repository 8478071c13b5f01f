/* One factor a cell from the mean and the maximum over its channels: the kind `spatial`, and the second half
 * of `cbam`. */
#ifndef GZ_SPATIAL_H
#define GZ_SPATIAL_H
#include "../layers/layer.h"

typedef struct gz_spatial_options {
    size_t kernel_size[2];
} gz_spatial_options;

gaze_status gz_spatial_read(gz_json *json, void *options);

/* Weights <prefix>conv.kernel [kh,kw,2,1] and <prefix>conv.bias [1]; the map [H,W] is <layer>, or
 * <layer>/<part>. */
typedef struct gz_spatial_names {
    const char *kind, *prefix, *part;
} gz_spatial_names;
gaze_status gz_spatial_build(gz_build *build, const gz_layer *layer, const gz_spatial_options *options,
                             const gz_spatial_names *names, const gz_flow *in, gz_flow *out);

#endif
