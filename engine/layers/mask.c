/* Masks of layers with several inputs, as Keras joins them. */
#include "layer.h"

gaze_status gz_mask_join(gz_build *b, const gz_flow *in, size_t n_in, gz_tensor **mask)
{
    *mask = NULL;
    for (size_t i = 0; i < n_in; i++)
        if (!in[i].mask) return GAZE_OK;
    *mask = in[0].mask;
    for (size_t i = 1; i < n_in; i++)
        if (in[i].mask != *mask) GZ_TRY(gz_mask_or(gz_build_graph(b), *mask, in[i].mask, mask));
    return GAZE_OK;
}

/* All steps of x count; [B,T,...] of `rank` dimensions. */
static gaze_status all_steps(gz_graph *graph, gz_shape shape, size_t rank, gz_tensor **mask)
{
    shape.rank = rank;
    return gz_graph_tensor(graph, GZ_INPUT, GZ_CONSTANT_ONE, GZ_I32, shape, mask);
}

gaze_status gz_mask_append(gz_build *b, const gz_flow *in, size_t n_in, gz_tensor **mask)
{
    gz_tensor *parts[GZ_MAX_INPUTS];
    size_t rank = 0;
    *mask = NULL;
    for (size_t i = 0; i < n_in; i++)
        if (in[i].mask) rank = in[i].mask->shape.rank;
    if (!rank) return GAZE_OK;
    for (size_t i = 0; i < n_in; i++) {
        parts[i] = in[i].mask;
        if (!parts[i]) GZ_TRY(all_steps(gz_build_graph(b), in[i].x->shape, rank, &parts[i]));
    }
    return gz_concatenate(gz_build_graph(b), parts, n_in, 1, mask);
}
