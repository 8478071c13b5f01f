/* Keras' ZeroPadding2D and Cropping2D: x [B,H,W,C] among zeros, or without its rim; "padding", "cropping": n,
   [h, w] or [[top, bottom], [left, right]]. */
#include "layer.h"

#include <string.h>

typedef struct rim_options {
    size_t before[2], after[2]; /* y, x */
} rim_options;

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

static gaze_status read_rim(gz_json *json, const char *key, size_t fallback, rim_options *o)
{
    *o = (rim_options){{fallback, fallback}, {fallback, fallback}};
    if (!gz_json_has(json, key)) return GAZE_OK;
    const cJSON *value = gz_json_get(json, key);
    const bool list = cJSON_IsArray(value) && cJSON_GetArraySize(value) == 2;
    const cJSON *y = list ? cJSON_GetArrayItem(value, 0) : value,
                *x = list ? cJSON_GetArrayItem(value, 1) : value;
    if (read_axis(y, &o->before[0], &o->after[0]) && read_axis(x, &o->before[1], &o->after[1]))
        return GAZE_OK;
    return gz_json_fail(
        json, key,
        "expected n, [height, width] or [[top, bottom], [left, right]], whole numbers of at least 0");
}

static gaze_status read_padding(gz_json *json, void *to) { return read_rim(json, "padding", 1, to); }

static gaze_status read_cropping(gz_json *json, void *to) { return read_rim(json, "cropping", 0, to); }

static gaze_status build_rim(gz_build *b, const gz_layer *layer, const rim_options *o, bool crop,
                             const gz_flow *in, gz_flow *out)
{
    gz_graph *graph = gz_build_graph(b);
    GZ_TRY(gz_layer_expect_rank(layer, 0, in, 4, "an image [height, width, channels]"));
    out->x = in->x;
    out->field = in->field;
    for (size_t axis = 0; axis < 2; axis++) {
        const size_t count = in->x->shape.dim[axis + 1], before = o->before[axis],
                     rim = before + o->after[axis];
        if (crop && rim >= count) {
            char text[96];
            return gz_layer_fail(layer,
                                 "its input '%s' has the shape %s, of which \"cropping\" leaves nothing",
                                 layer->inputs[0], gz_sample_text(in->x, text));
        }
        out->field.first[axis] += (crop ? 1 : -1) * (double)before * in->field.step[axis];
        if (!rim) continue;
        GZ_TRY(crop ? gz_slice(graph, out->x, axis + 1, before, count - rim, &out->x)
                    : gz_slice_gradient(graph, out->x, axis + 1, before, count + rim, &out->x));
    }
    return GAZE_OK;
}

static gaze_status build_padding(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in,
                                 size_t n_in, gz_flow *out)
{
    (void)n_in;
    return build_rim(b, layer, from, false, in, out);
}

static gaze_status build_cropping(gz_build *b, const gz_layer *layer, const void *from, const gz_flow *in,
                                  size_t n_in, gz_flow *out)
{
    (void)n_in;
    return build_rim(b, layer, from, true, in, out);
}

const gz_layer_type gz_layer_zero_padding2d = {"zero_padding2d", sizeof(rim_options), 1, 1,
                                               read_padding,     build_padding};
const gz_layer_type gz_layer_cropping2d = {"cropping2d",  sizeof(rim_options), 1, 1,
                                           read_cropping, build_cropping};
