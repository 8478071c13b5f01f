/* The attention gate of Oktay et al. 2018, "Attention U-Net", eq. 1 and 2, for x and g of one height and
   width (the paper samples x down to g's and s up again): s = sigmoid(relu(x x.kernel + g g.kernel + g.bias)
   score.kernel + score.bias), y = x s. */
#include "../layers/layer.h"

typedef struct gate_options {
    size_t units; /* U; 0: half of x's channels, at least 1 */
} gate_options;

static gaze_status read(gz_json *json, void *to)
{
    gate_options *options = to;
    return gz_json_size(json, "units", 1, 0, &options->units);
}

static gaze_status expect_one_size(const gz_layer *layer, const gz_flow *in)
{
    char x[96], g[96];
    for (size_t i = 0; i < 2; i++)
        GZ_TRY(gz_layer_expect_rank(layer, i, in, 4, "an image [height, width, channels]"));
    for (size_t i = 1; i < 3; i++)
        if (in[0].x->shape.dim[i] != in[1].x->shape.dim[i])
            return gz_layer_fail(
                layer, "its input '%s' has the shape %s and '%s' has %s, expected the same height and width",
                layer->inputs[0], gz_sample_text(in[0].x, x), layer->inputs[1], gz_sample_text(in[1].x, g));
    return GAZE_OK;
}

/* s [B,H,W,1] */
static gaze_status gate(gz_build *b, const gz_layer *layer, size_t U, gz_tensor *x, gz_tensor *g,
                        gz_tensor **s)
{
    gz_graph *graph = gz_build_graph(b);
    gz_tensor *x_kernel, *g_kernel, *g_bias, *score_kernel, *score_bias, *parts[2], *hidden;
    GZ_TRY(gz_build_weight(b, layer, "x.kernel", GZ_SHAPE(gz_shape_last(x->shape), U), GZ_INIT_GLOROT_UNIFORM,
                           &x_kernel));
    GZ_TRY(gz_build_weight(b, layer, "g.kernel", GZ_SHAPE(gz_shape_last(g->shape), U), GZ_INIT_GLOROT_UNIFORM,
                           &g_kernel));
    GZ_TRY(gz_build_weight(b, layer, "g.bias", GZ_SHAPE(U), GZ_INIT_ZEROS, &g_bias));
    GZ_TRY(gz_build_weight(b, layer, "score.kernel", GZ_SHAPE(U, 1), GZ_INIT_GLOROT_UNIFORM, &score_kernel));
    GZ_TRY(gz_build_weight(b, layer, "score.bias", GZ_SHAPE(1), GZ_INIT_ZEROS, &score_bias));
    GZ_TRY(gz_dense(graph, x, x_kernel, NULL, GZ_LINEAR, &parts[0]));
    GZ_TRY(gz_dense(graph, g, g_kernel, g_bias, GZ_LINEAR, &parts[1]));
    GZ_TRY(gz_add_all(graph, parts, 2, &hidden));
    GZ_TRY(gz_activation(graph, hidden, GZ_RELU, &hidden));
    return gz_dense(graph, hidden, score_kernel, score_bias, GZ_SIGMOID, s);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    (void)n_in;
    const gate_options *options = from;
    gz_graph *graph = gz_build_graph(b);
    gz_tensor *s, *map;
    GZ_TRY(expect_one_size(layer, in));
    const gz_shape x = in->x->shape;
    const size_t C = gz_shape_last(x), half = C > 1 ? C / 2 : 1;
    GZ_TRY(gate(b, layer, options->units ? options->units : half, in[0].x, in[1].x, &s));
    const gz_map_note note = {
        .kind = "gate",
        .axes = GAZE_MAP_POSITIONS,
        .meaning =
            "how much of this cell is let through, from 0 (nothing) to 1 (all); the cells do not sum to 1",
        .field = in->field,
    };
    GZ_TRY(gz_graph_view(graph, s, GZ_SHAPE(x.dim[0], x.dim[1], x.dim[2]), &map));
    GZ_TRY(gz_build_map(b, layer, NULL, map, &note));
    out->field = in->field;
    return gz_scale_rows(graph, in->x, s, 1, &out->x);
}

const gz_attention_kind gz_attention_gate = {"gate", sizeof(gate_options), 2, 2, read, build};
