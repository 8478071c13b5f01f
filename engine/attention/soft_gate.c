/* g = softmax or sigmoid of (flatten(x) W + gate.bias) over all D' values of x, y = x g. W is gate.kernel
   [D',D'], or, with "gate_rank": r, gate.reduce [D',r] times gate.expand [r,D']. */
#include "../layers/layer.h"

typedef enum gate { GATE_SOFTMAX, GATE_SIGMOID } gate;

typedef struct soft_gate_options {
    gate gate;
    size_t rank; /* 0: W is one matrix */
} soft_gate_options;

static gaze_status read(gz_json *json, void *to)
{
    static const char *const gates[] = {[GATE_SOFTMAX] = "softmax", [GATE_SIGMOID] = "sigmoid", NULL};
    soft_gate_options *options = to;
    size_t choice;
    GZ_TRY(gz_json_choice(json, "gate", gates, GATE_SOFTMAX, &choice));
    options->gate = (gate)choice;
    return gz_json_size(json, "gate_rank", 1, 0, &options->rank);
}

/* flat [B,D'] -> flat W + bias [B,D'] */
static gaze_status transform(gz_build *b, const gz_layer *layer, const soft_gate_options *options,
                             gz_tensor *flat, gz_activation_kind activation, gz_tensor **z)
{
    gz_graph *graph = gz_build_graph(b);
    const size_t D = flat->shape.dim[1], r = options->rank;
    gz_tensor *kernel, *bias;
    if (r) {
        gz_tensor *reduce;
        GZ_TRY(gz_build_weight(b, layer, "gate.reduce", GZ_SHAPE(D, r), GZ_INIT_GLOROT_UNIFORM, &reduce));
        GZ_TRY(gz_build_weight(b, layer, "gate.expand", GZ_SHAPE(r, D), GZ_INIT_GLOROT_UNIFORM, &kernel));
        GZ_TRY(gz_dense(graph, flat, reduce, NULL, GZ_LINEAR, &flat));
    } else {
        GZ_TRY(gz_build_weight(b, layer, "gate.kernel", GZ_SHAPE(D, D), GZ_INIT_GLOROT_UNIFORM, &kernel));
    }
    GZ_TRY(gz_build_weight(b, layer, "gate.bias", GZ_SHAPE(D), GZ_INIT_ZEROS, &bias));
    return gz_dense(graph, flat, kernel, bias, activation, z);
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    (void)n_in;
    const soft_gate_options *options = from;
    const bool softmax = options->gate == GATE_SOFTMAX;
    gz_graph *graph = gz_build_graph(b);
    const gz_shape x = in->x->shape;
    const size_t B = x.dim[0];
    gz_tensor *flat, *g;
    GZ_TRY(gz_graph_view(graph, in->x, GZ_SHAPE(B, gz_shape_count(x) / B), &flat));
    GZ_TRY(transform(b, layer, options, flat, softmax ? GZ_LINEAR : GZ_SIGMOID, &g));
    if (softmax) GZ_TRY(gz_softmax(graph, g, NULL, &g));
    GZ_TRY(gz_graph_view(graph, g, x, &g));

    const gz_map_note note = {
        .kind = "soft_gate",
        .axes = GAZE_MAP_VALUES,
        .meaning = softmax ? "share of the attention that this value gets; all values sum to 1"
                           : "how much of this value is let through, from 0 (nothing) to 1 (all)",
        .sums_to_one = softmax,
        .field = in->field,
    };
    GZ_TRY(gz_build_map(b, layer, NULL, g, &note));
    out->field = in->field;
    return gz_multiply_all(graph, (gz_tensor *[]){in->x, g}, 2, &out->x);
}

const gz_attention_kind gz_attention_soft_gate = {"soft_gate", sizeof(soft_gate_options), 1, 1, read, build};
