/* Softmax, and its logarithm where that is not wanted. */
#include "operators.h"

#include <string.h>

/* softmax(log(softmax(x))) is softmax(x): what --softmax makes of it where it is the output. */
gaze_status gz_onnx_log_softmax(gz_import *im, const gz_onnx_node *node)
{
    gz_value *x;
    size_t axis;
    GZ_TRY(gz_node_computed(node, 0, &x));
    GZ_TRY(gz_axis(gz_node_int(node, "axis", im->opset < 13 ? 1 : -1), x->rank, &axis));
    const bool is_output =
        im->graph->n_output && node->out[0]->uses == 1 &&
        !strcmp(gz_proto_text(im->graph->output[0]->name), gz_proto_text(node->proto->output[0]));
    if (!im->options->softmax || !is_output || axis + 1 != x->rank)
        return gz_refuse(
            "Gaze has no logarithm; of a model whose first output it is, --softmax makes probabilities");
    *node->out[0] = *x;
    return GAZE_OK;
}

/* Before opset 13 over this axis and all behind it as one. */
gaze_status gz_onnx_softmax(gz_import *im, const gz_onnx_node *node)
{
    gz_value *x = gz_node_in(node, 0), y;
    const bool old = im->opset < 13;
    size_t axis, dim[GZ_ONNX_RANK];
    if (!x || !x->scores) GZ_TRY(gz_node_computed(node, 0, &x));
    GZ_TRY(gz_axis(gz_node_int(node, "axis", old ? 1 : -1), x->rank, &axis));
    if (x->scores) return gz_scores_softmax(im, x, axis, node->out[0]);
    memcpy(dim, x->dim, sizeof dim);
    if (!old && axis + 1 < x->rank) { /* the axis behind all others, and back */
        size_t to[GZ_ONNX_RANK], back[GZ_ONNX_RANK], n = 0;
        for (size_t i = 0; i < x->rank; i++)
            if (i != axis) to[n++] = i;
        to[n] = axis;
        for (size_t i = 0; i < x->rank; i++) back[to[i]] = i;
        gz_value_transpose(x, to, &y);
        GZ_TRY(gz_arrange_last(im, &y, x->rank - 1));
        GZ_TRY(gz_activate(im, &y, "softmax", &y));
        gz_value_transpose(&y, back, node->out[0]);
        return GAZE_OK;
    }
    y = *x;
    GZ_TRY(gz_settle(im, &y));
    GZ_TRY(gz_arrange_last(im, &y, axis));
    return gz_activate(im, &y, "softmax", node->out[0]);
}
