#include "channel.h"

#include <stdio.h>

gaze_status gz_channel_read(gz_json *json, void *to)
{
    gz_channel_options *options = to;
    return gz_json_size(json, "ratio", 1, 16, &options->ratio);
}

gaze_status gz_channel_expect(const gz_layer *layer, const gz_flow *in)
{
    if (in->x->shape.rank == 3) return GAZE_OK;
    return gz_layer_expect_rank(layer, 0, in, 4, "[height, width, channels] or [time, features]");
}

static gaze_status weight(gz_build *b, const gz_layer *layer, const char *prefix, const char *name,
                          gz_shape shape, gz_tensor **out)
{
    char full[64];
    snprintf(full, sizeof full, "%s%s", prefix, name);
    return gz_build_weight(b, layer, full, shape, shape.rank == 1 ? GZ_INIT_ZEROS : GZ_INIT_GLOROT_UNIFORM,
                           out);
}

/* t [B,n,C] -> relu(t reduce) expand [B,n,C] */
static gaze_status add_mlp(gz_build *b, const gz_layer *layer, const char *prefix, size_t hidden,
                           gz_tensor *t, gz_tensor **y)
{
    gz_graph *graph = gz_build_graph(b);
    const size_t C = gz_shape_last(t->shape);
    gz_tensor *kernel, *bias, *h;
    GZ_TRY(weight(b, layer, prefix, "reduce.kernel", GZ_SHAPE(C, hidden), &kernel));
    GZ_TRY(weight(b, layer, prefix, "reduce.bias", GZ_SHAPE(hidden), &bias));
    GZ_TRY(gz_dense(graph, t, kernel, bias, GZ_RELU, &h));
    GZ_TRY(weight(b, layer, prefix, "expand.kernel", GZ_SHAPE(hidden, C), &kernel));
    GZ_TRY(weight(b, layer, prefix, "expand.bias", GZ_SHAPE(C), &bias));
    return gz_dense(graph, h, kernel, bias, GZ_LINEAR, y);
}

gaze_status gz_channel_factors(gz_build *b, const gz_layer *layer, const gz_channel_options *options,
                               const char *prefix, gz_tensor *x, const gz_reduction *described,
                               size_t n_described, gz_tensor **s)
{
    gz_graph *graph = gz_build_graph(b);
    const size_t B = x->shape.dim[0], C = gz_shape_last(x->shape), hidden = C / options->ratio;
    gz_tensor *t[2], *both;
    for (size_t i = 0; i < n_described; i++) {
        GZ_TRY(gz_reduce_middle(graph, x, described[i], &t[i]));
        GZ_TRY(gz_graph_view(graph, t[i], GZ_SHAPE(B, 1, C), &t[i]));
    }
    both = t[0];
    if (n_described > 1) GZ_TRY(gz_concatenate(graph, t, n_described, 1, &both));
    GZ_TRY(add_mlp(b, layer, prefix, hidden ? hidden : 1, both, &both));
    if (n_described > 1) GZ_TRY(gz_reduce_middle(graph, both, GZ_SUM_ALL, &both));
    GZ_TRY(gz_graph_view(graph, both, GZ_SHAPE(B, C), &both));
    return gz_activation(graph, both, GZ_SIGMOID, s);
}

gaze_status gz_channel_apply(gz_build *b, const gz_layer *layer, const char *kind, const char *part,
                             const gz_flow *in, gz_tensor *s, gz_flow *out)
{
    const gz_map_note note = {
        .kind = kind,
        .axes = GAZE_MAP_CHANNELS,
        .meaning = "how much of this channel is let through, from 0 (nothing) to 1 (all); the channels do "
                   "not sum to 1",
    };
    GZ_TRY(gz_build_map(b, layer, part, s, &note));
    out->field = in->field;
    return gz_scale_channels(gz_build_graph(b), in->x, s, &out->x);
}
