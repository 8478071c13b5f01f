/* What a node says: attributes, inputs, axes, names. */
#include "import.h"

#include <math.h>
#include <string.h>

bool gz_is_open(size_t size) { return size >= (size_t)1 << 22; }

bool gz_is_sample_count(const gz_import *im, size_t size)
{
    return size == GZ_ANY_BATCH && im->batch == size;
}

int64_t gz_node_int(const gz_onnx_node *node, const char *name, int64_t fallback)
{
    const Onnx__AttributeProto *a = gz_proto_attribute(node->proto, name);
    return a && a->has_i ? a->i : fallback;
}

double gz_node_float(const gz_onnx_node *node, const char *name, double fallback)
{
    const Onnx__AttributeProto *a = gz_proto_attribute(node->proto, name);
    return a && a->has_f ? (double)a->f : fallback;
}

const char *gz_node_text(const gz_onnx_node *node, const char *name, const char *fallback)
{
    const Onnx__AttributeProto *a = gz_proto_attribute(node->proto, name);
    if (!a || !a->has_s) return fallback;
    static const char *const known[] = {"NOTSET",  "SAME_UPPER",    "SAME_LOWER", "VALID",   "forward",
                                        "reverse", "bidirectional", "constant",   "reflect", "edge",
                                        "wrap",    "none",          "tanh"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i]) == a->s.len && !memcmp(known[i], a->s.data, a->s.len)) return known[i];
    return "another word";
}

gaze_status gz_node_ints(const gz_onnx_node *node, const char *name, size_t most, int64_t *values,
                         size_t *count)
{
    const Onnx__AttributeProto *a = gz_proto_attribute(node->proto, name);
    *count = a ? a->n_ints : 0;
    if (*count > most) return gz_refuse("'%s' has %zu numbers, expected at most %zu", name, *count, most);
    for (size_t i = 0; i < *count; i++) values[i] = a->ints[i];
    return GAZE_OK;
}

gaze_status gz_node_list(const gz_onnx_node *node, size_t i, const char *name, size_t most, int64_t *values,
                         size_t *count)
{
    const gz_constant *c;
    GZ_TRY(gz_node_constant(node, i, false, &c));
    if (!c) return gz_node_ints(node, name, most, values, count);
    *count = gz_constant_count(c);
    if (!c->i || c->rank > 1 || *count > most)
        return gz_refuse("'%s' is no list of at most %zu whole numbers", name, most);
    for (size_t k = 0; k < *count; k++) values[k] = c->i[c->uniform ? 0 : k];
    return GAZE_OK;
}

gz_value *gz_node_in(const gz_onnx_node *node, size_t i) { return i < node->n_in ? node->in[i] : NULL; }

gaze_status gz_node_readable(const gz_onnx_node *node, size_t i, gz_value **v)
{
    *v = gz_node_in(node, i);
    return *v && (*v)->scores ? GAZE_OK : gz_node_computed(node, i, v);
}

gaze_status gz_node_slices(const gz_onnx_node *node, gz_slices *cuts)
{
    size_t n_ends, n_axes, n_steps;
    GZ_TRY(gz_node_list(node, 1, "starts", GZ_ONNX_RANK, cuts->starts, &cuts->n));
    GZ_TRY(gz_node_list(node, 2, "ends", GZ_ONNX_RANK, cuts->ends, &n_ends));
    GZ_TRY(gz_node_list(node, 3, "axes", GZ_ONNX_RANK, cuts->axes, &n_axes));
    GZ_TRY(gz_node_list(node, 4, "steps", GZ_ONNX_RANK, cuts->steps, &n_steps));
    if (n_ends != cuts->n || (n_axes && n_axes != cuts->n) || (n_steps && n_steps != cuts->n))
        return gz_refuse("its lists differ in length");
    for (size_t i = 0; i < cuts->n && !n_axes; i++) cuts->axes[i] = (int64_t)i;
    for (size_t i = 0; i < cuts->n && !n_steps; i++) cuts->steps[i] = 1;
    return GAZE_OK;
}

gaze_status gz_node_computed(const gz_onnx_node *node, size_t i, gz_value **v)
{
    *v = gz_node_in(node, i);
    if (!*v) return gz_refuse("its input %zu is missing", i);
    if ((*v)->constant)
        return gz_refuse("its input %zu is a constant, expected a value that the model computes", i);
    if ((*v)->scores)
        return gz_refuse(
            "its input is a product of computed values, which is taken as a part of attention only");
    if (gz_moment_is_alone(*v))
        return gz_refuse("its input is a part of layer normalization that no layer makes");
    if ((*v)->erf) return gz_refuse("its input is an erf, which is taken as a part of gelu only");
    return GAZE_OK;
}

gaze_status gz_node_constant(const gz_onnx_node *node, size_t i, bool needed, const gz_constant **c)
{
    const gz_value *v = gz_node_in(node, i);
    *c = v ? v->constant : NULL;
    if (v && !v->constant)
        return gz_refuse("its input %zu is computed by the model, expected a constant: a weight or a number",
                         i);
    return v || !needed ? GAZE_OK : gz_refuse("its input %zu is missing", i);
}

gaze_status gz_axis(int64_t axis, size_t rank, size_t *result)
{
    const int64_t at = axis < 0 ? axis + (int64_t)rank : axis;
    if (at < 0 || at >= (int64_t)rank)
        return gz_refuse("axis %lld of a value of %zu dimensions", (long long)axis, rank);
    *result = (size_t)at;
    return GAZE_OK;
}

const char *gz_node_name(const gz_onnx_node *node, size_t weight)
{
    const char *word = weight < node->proto->n_input ? gz_proto_text(node->proto->input[weight]) : "";
    const char *dot = strrchr(word, '.');
    if (dot && dot > word && strncmp(word, "onnx::", 6)) return word; /* "conv1.weight" */
    word = gz_proto_text(node->proto->name);
    return *word ? word : NULL;
}
