/* Keras' ZeroPadding2D: x [B,H,W,C] among zeros; "padding": n, [h, w] or [[top, bottom], [left, right]]. */
#include "layer.h"

#include <string.h>

typedef struct zero_padding_options {
    size_t before[2], after[2]; /* y, x */
} zero_padding_options;

static bool read_side(const cJSON *value, size_t *side)
{
    const double n = cJSON_IsNumber(value) ? value->valuedouble : -1;
    if (n < 0 || n > 1e6 || n != (double)(size_t)n) return false;
    *side = (size_t)n;
    return true;
}

static bool read_axis(const cJSON *value, size_t *before, size_t *after)
{
    if (cJSON_GetArraySize(value) == 2)
        return read_side(cJSON_GetArrayItem(value, 0), before) &&
               read_side(cJSON_GetArrayItem(value, 1), after);
    if (!read_side(value, before)) return false;
    *after = *before;
    return true;
}

static gaze_status read(gz_json *json, void *to)
{
    zero_padding_options *o = to;
    *o = (zero_padding_options){{1, 1}, {1, 1}};
    if (!gz_json_has(json, "padding")) return GAZE_OK;
    const cJSON *value = gz_json_get(json, "padding");
    const bool list = cJSON_IsArray(value) && cJSON_GetArraySize(value) == 2;
    const cJSON *y = list ? cJSON_GetArrayItem(value, 0) : value,
                *x = list ? cJSON_GetArrayItem(value, 1) : value;
    if (read_axis(y, &o->before[0], &o->after[0]) && read_axis(x, &o->before[1], &o->after[1]))
        return GAZE_OK;
    return gz_json_fail(
        json, "padding",
        "expected n, [height, width] or [[top, bottom], [left, right]], whole numbers of at least 0");
}

static gaze_status build(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in, size_t n_in,
                         gz_flow *out)
{
    (void)n_in;
    const zero_padding_options *o = from;
    GZ_TRY(gz_layer_expect_rank(layer, 0, in, 4, "an image [height, width, channels]"));
    out->x = in->x;
    out->field = in->field;
    for (size_t axis = 0; axis < 2; axis++) {
        const size_t count = in->x->shape.dim[axis + 1] + o->before[axis] + o->after[axis];
        out->field.first[axis] -= (double)o->before[axis] * in->field.step[axis];
        if (o->before[axis] + o->after[axis])
            GZ_TRY(gz_slice_gradient(gz_build_graph(b), out->x, axis + 1, o->before[axis], count, &out->x));
    }
    return GAZE_OK;
}

const gz_layer_type gz_layer_zero_padding2d = {
    "zero_padding2d", sizeof(zero_padding_options), 1, 1, read, build};
