/* s = sigmoid(conv([mean_c x, max_c x], conv.kernel, same) + conv.bias), y = x s: the spatial half of CBAM
   (Woo et al. 2018, eq. 3). */
#include "spatial.h"

#include <stdio.h>

gaze_status gz_spatial_read(gz_json *json, void *to)
{
    static const size_t SEVEN[2] = {7, 7};
    gz_spatial_options *options = to;
    return gz_json_pair(json, "kernel_size", 1, SEVEN, options->kernel_size);
}

static gaze_status weight(gz_build *b, const gz_layer *layer, const char *prefix, const char *name,
                          gz_shape shape, gz_initializer initializer, gz_tensor **out)
{
    char full[64];
    snprintf(full, sizeof full, "%s%s", prefix, name);
    return gz_build_weight(b, layer, full, shape, initializer, out);
}

gaze_status gz_spatial_build(gz_build *b, const gz_layer *layer, const gz_spatial_options *options,
                             const gz_spatial_names *names, const gz_flow *in, gz_flow *out)
{
    gz_graph *graph = gz_build_graph(b);
    GZ_TRY(gz_layer_expect_rank(layer, 0, in, 4, "an image [height, width, channels]"));
    const gz_shape x = in->x->shape;
    const size_t kh = options->kernel_size[0], kw = options->kernel_size[1];
    const gz_window window = {.size = {kh, kw}, .stride = {1, 1}, .dilation = {1, 1}, .padding = GZ_SAME};
    gz_tensor *kernel, *bias, *described, *s, *map;
    GZ_TRY(weight(b, layer, names->prefix, "conv.kernel", GZ_SHAPE(kh, kw, 2, 1), GZ_INIT_GLOROT_UNIFORM,
                  &kernel));
    GZ_TRY(weight(b, layer, names->prefix, "conv.bias", GZ_SHAPE(1), GZ_INIT_ZEROS, &bias));
    GZ_TRY(gz_channel_pool(graph, in->x, &described));
    GZ_TRY(gz_conv2d(graph, described, kernel, bias, &window, GZ_SIGMOID, &s));

    const gz_map_note note = {
        .kind = names->kind,
        .axes = GAZE_MAP_POSITIONS,
        .meaning =
            "how much of this cell is let through, from 0 (nothing) to 1 (all); the cells do not sum to 1",
        .field = gz_field_window(&in->field, &window, (size_t[]){(kh - 1) / 2, (kw - 1) / 2}),
    };
    GZ_TRY(gz_graph_view(graph, s, GZ_SHAPE(x.dim[0], x.dim[1], x.dim[2]), &map));
    GZ_TRY(gz_build_map(b, layer, names->part, map, &note));
    out->field = in->field;
    return gz_scale_rows(graph, in->x, s, 1, &out->x);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *options, const gz_flow *in,
                         size_t n_in, gz_flow *out)
{
    (void)n_in;
    return gz_spatial_build(b, layer, options, &(gz_spatial_names){"spatial", "", NULL}, in, out);
}

const gz_attention_kind gz_attention_spatial = {"spatial", sizeof(gz_spatial_options), 1, 1, gz_spatial_read,
                                                build};
