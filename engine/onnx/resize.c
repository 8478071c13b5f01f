/* Resize (Upsample, before opset 10) by whole factors to the nearest: every element repeated. */
#include "operators.h"

#include <math.h>
#include <string.h>

static bool says(const gz_onnx_node *node, const char *name, const char *word, const char *fallback)
{
    const Onnx__AttributeProto *a = gz_proto_attribute(node->proto, name);
    if (!a || !a->has_s) return !strcmp(word, fallback);
    return a->s.len == strlen(word) && !memcmp(a->s.data, word, a->s.len);
}

/* By a whole factor, both of these take element i / factor for element i. */
static bool is_plain(const gz_onnx_node *node)
{
    const bool left = says(node, "coordinate_transformation_mode", "asymmetric", "half_pixel") &&
                      says(node, "nearest_mode", "floor", "round_prefer_floor"),
               middle = says(node, "coordinate_transformation_mode", "half_pixel", "half_pixel") &&
                        says(node, "nearest_mode", "round_prefer_floor", "round_prefer_floor");
    return says(node, "mode", "nearest", "nearest") && (!strcmp(node->op, "Upsample") || left || middle);
}

static gaze_status read_factors(const gz_onnx_node *node, const gz_value *v, size_t *factor)
{
    const bool upsample = !strcmp(node->op, "Upsample");
    const gz_constant *scales, *sizes;
    GZ_TRY(gz_node_constant(node, upsample ? 1 : 2, false, &scales));
    GZ_TRY(gz_node_constant(node, 3, false, &sizes));
    const bool by_size = !upsample && sizes && gz_constant_count(sizes);
    const gz_constant *c = by_size ? sizes : scales;
    if (!c || gz_constant_count(c) != v->rank || gz_proto_attribute(node->proto, "axes"))
        return gz_refuse("it doesn't have a scale or a size for each axis");
    for (size_t i = 0; i < v->rank; i++) {
        const double f = gz_constant_at(c, i) / (by_size ? (double)v->dim[i] : 1);
        if (!(f >= 1 && f <= 1000) || f != floor(f))
            return gz_refuse("a factor of %g, expected a whole number", f);
        factor[i] = (size_t)f;
    }
    return GAZE_OK;
}

gaze_status gz_onnx_resize(gz_import *im, const gz_onnx_node *node)
{
    gz_value *v, y;
    size_t factor[GZ_ONNX_RANK], apart[GZ_ONNX_RANK], wide[GZ_ONNX_RANK], dim[GZ_ONNX_RANK], rank = 0;
    GZ_TRY(gz_node_computed(node, 0, &v));
    if (!is_plain(node)) return gz_refuse("it interpolates, expected 'nearest' by whole factors");
    GZ_TRY(read_factors(node, v, factor));
    for (size_t i = 0; i < v->rank; i++) {
        dim[i] = v->dim[i] * factor[i];
        if (rank + 2 > GZ_ONNX_RANK) return gz_refuse("%zu axes, too many to be made larger", v->rank);
        apart[rank] = wide[rank] = v->dim[i];
        rank++;
        if (factor[i] == 1) continue;
        apart[rank] = 1;
        wide[rank++] = factor[i];
    }
    GZ_TRY(gz_reshape_value(im, v, rank, apart, &y));
    GZ_TRY(gz_broadcast(im, &y, rank, wide, &y));
    return gz_reshape_value(im, &y, v->rank, dim, node->out[0]);
}
