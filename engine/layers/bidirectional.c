/* Keras' Bidirectional: a recurrent layer from both ends; weights forward.* and backward.*. Both directions'
   outputs lie at their own steps, so that the backward ones need no turning round. */
#include "recurrent.h"

#include <stdint.h>

typedef enum merge_mode { CONCAT, SUM, MUL, AVE } merge_mode;

typedef struct bidirectional_options {
    gz_recurrent_options wrapped;
    merge_mode merge;
} bidirectional_options;

const gz_recurrent_options *gz_bidirectional_wrapped(const gz_layer *layer)
{
    return &((const bidirectional_options *)layer->options)->wrapped;
}

static gaze_status read(gz_json *json, void *to)
{
    static const char *const modes[] = {
        [CONCAT] = "concat", [SUM] = "sum", [MUL] = "mul", [AVE] = "ave", NULL};
    static const char *const types[] = {"lstm", "gru", "simple_rnn", NULL};
    bidirectional_options *options = to;
    gz_json child;
    size_t mode, type;
    GZ_TRY(gz_json_choice(json, "merge_mode", modes, CONCAT, &mode));
    options->merge = (merge_mode)mode;
    GZ_TRY(gz_recurrent_read_initial(json));
    GZ_TRY(gz_json_child(json, "layer", &child));
    GZ_TRY(gz_json_choice(&child, "type", types, SIZE_MAX, &type));
    GZ_TRY(gz_recurrent_read(&child, gz_layer_type_find(types[type]), &options->wrapped));
    return gz_json_done(&child);
}

static gaze_status merge(gz_graph *graph, merge_mode mode, gz_tensor *const *y, gz_tensor **out)
{
    switch (mode) {
    case CONCAT: return gz_concatenate(graph, y, 2, y[0]->shape.rank - 1, out);
    case SUM: return gz_add_all(graph, y, 2, out);
    case MUL: return gz_multiply_all(graph, y, 2, out);
    case AVE: break;
    }
    GZ_TRY(gz_add_all(graph, y, 2, out));
    return gz_scale(graph, *out, 0.5, out);
}

static gaze_status expose_states(gz_build *b, const gz_layer *layer, const gz_recurrent_run *runs)
{
    const char *const *part = gz_layer_states(layer);
    if (!*part) return GAZE_OK;
    for (size_t r = 0; r < 2; r++)
        for (size_t i = 0; i < 2; i++)
            if (runs[r].state[i]) GZ_TRY(gz_build_state(b, layer, *part++, runs[r].state[i]));
    return GAZE_OK;
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    const bidirectional_options *options = from;
    const gz_recurrent_options *wrapped = &options->wrapped;
    gz_graph *graph = gz_build_graph(b);
    gz_recurrent_run runs[2] = {
        {.options = wrapped, .prefix = "forward.", .backwards = wrapped->go_backwards},
        {.options = wrapped, .prefix = "backward.", .backwards = !wrapped->go_backwards}};
    gz_tensor *y[2];
    GZ_TRY(gz_recurrent_initial(layer, in, n_in, runs, 2));
    for (size_t i = 0; i < 2; i++) {
        GZ_TRY(gz_recurrent_build(b, layer, in, &runs[i]));
        y[i] = runs[i].y;
        if (!wrapped->return_sequences) GZ_TRY(gz_recurrent_last(graph, y[i], runs[i].backwards, &y[i]));
    }
    GZ_TRY(expose_states(b, layer, runs));
    GZ_TRY(merge(graph, options->merge, y, &out->x));
    if (!wrapped->return_sequences) return GAZE_OK;
    if (in->mask) GZ_TRY(gz_mask_rows(graph, out->x, in->mask, &out->x)); /* Keras: zero_output_for_mask */
    out->mask = in->mask;
    return wrapped->go_backwards ? gz_reverse_time(graph, out->x, &out->x) : GAZE_OK;
}

const gz_layer_type gz_layer_bidirectional = {
    "bidirectional", sizeof(bidirectional_options), 1, 1, read, build};
