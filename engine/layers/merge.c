/* Layers of several inputs: Keras' Add, Multiply and Concatenate. */
#include "layer.h"

static gaze_status read_nothing(gz_json *json, void *options)
{
    (void)json, (void)options;
    return GAZE_OK;
}

static void tensors_of(const gz_flow *in, size_t n_in, gz_tensor *x[GZ_MAX_INPUTS])
{
    for (size_t i = 0; i < n_in; i++) x[i] = in[i].x;
}

typedef gaze_status merge_op(gz_graph *graph, gz_tensor *const *x, size_t n, gz_tensor **y);

static gaze_status build_elementwise(gz_build *b, const gz_layer *layer, const gz_flow *in, size_t n_in,
                                     merge_op *op, gz_flow *out)
{
    gz_tensor *x[GZ_MAX_INPUTS];
    GZ_TRY(gz_layer_expect_equal(layer, in, n_in));
    tensors_of(in, n_in, x);
    out->field = gz_field_join(in, n_in);
    GZ_TRY(gz_mask_join(b, in, n_in, &out->mask));
    return op(gz_build_graph(b), x, n_in, &out->x);
}

static gaze_status build_add(gz_build *b, const gz_layer *layer, const void *options, const gz_flow *in,
                             size_t n_in, gz_flow *out)
{
    (void)options;
    return build_elementwise(b, layer, in, n_in, gz_add_all, out);
}

static gaze_status build_multiply(gz_build *b, const gz_layer *layer, const void *options, const gz_flow *in,
                                  size_t n_in, gz_flow *out)
{
    (void)options;
    return build_elementwise(b, layer, in, n_in, gz_multiply_all, out);
}

const gz_layer_type gz_layer_add = {"add", 1, 2, GZ_MAX_INPUTS, read_nothing, build_add};
const gz_layer_type gz_layer_multiply = {"multiply", 1, 2, GZ_MAX_INPUTS, read_nothing, build_multiply};

typedef struct concatenate_options {
    int axis; /* Keras': 0 is the batch, -1 the last */
} concatenate_options;

static gaze_status read_concatenate(gz_json *json, void *to)
{
    concatenate_options *options = to;
    GZ_TRY(gz_json_integer(json, "axis", -1, &options->axis));
    if (options->axis == 0)
        return gz_json_fail(json, "axis", "found 0, the batch; expected 1 or more, or -1 (the last)");
    return GAZE_OK;
}

/* The inputs must agree on all axes but one. */
static gaze_status expect_fit(const gz_layer *layer, const gz_flow *in, size_t n_in, size_t axis)
{
    char first[96], other[96];
    for (size_t i = 1; i < n_in; i++) {
        gz_shape shape = in[i].x->shape;
        if (axis < shape.rank) shape.dim[axis] = in[0].x->shape.dim[axis];
        if (gz_shape_equal(shape, in[0].x->shape)) continue;
        return gz_layer_fail(
            layer,
            "its input '%s' has the shape %s and '%s' has %s, expected the same on all axes but axis %zu "
            "(the batch is axis 0)",
            layer->inputs[0], gz_sample_text(in[0].x, first), layer->inputs[i],
            gz_sample_text(in[i].x, other), axis);
    }
    return GAZE_OK;
}

static gaze_status build_concatenate(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in,
                                     size_t n_in, gz_flow *out)
{
    const concatenate_options *options = from;
    const int rank = (int)in[0].x->shape.rank,
              axis = options->axis < 0 ? options->axis + rank : options->axis;
    char text[96];
    if (axis < 1 || axis >= rank)
        return gz_layer_fail(layer, "\"axis\" %d does not fit its input '%s' of shape %s", options->axis,
                             layer->inputs[0], gz_sample_text(in[0].x, text));
    GZ_TRY(expect_fit(layer, in, n_in, (size_t)axis));
    gz_tensor *x[GZ_MAX_INPUTS];
    tensors_of(in, n_in, x);
    const bool on_features = axis == rank - 1; /* otherwise rows of cells are put side by side */
    if (on_features) out->field = gz_field_join(in, n_in);
    if (on_features)
        GZ_TRY(gz_mask_join(b, in, n_in, &out->mask));
    else if (axis == 1)
        GZ_TRY(gz_mask_append(b, in, n_in, &out->mask));
    return gz_concatenate(gz_build_graph(b), x, n_in, (size_t)axis, &out->x);
}

const gz_layer_type gz_layer_concatenate = {
    "concatenate", sizeof(concatenate_options), 2, GZ_MAX_INPUTS, read_concatenate, build_concatenate};
