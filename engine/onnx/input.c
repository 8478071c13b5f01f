/* Inputs and outputs of the graph: where the batch is, what is an image, which sizes are open. */
#include "import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t OPEN[] = {268435459, 268435463, 268435493, 268435523,
                              268435537, 268435561, 268435577, 268435579};
enum { N_OPEN = sizeof OPEN / sizeof *OPEN };

/* --size NAME=N */
static gaze_status given_size(const gz_import *im, const char *name, size_t *size)
{
    *size = 0;
    for (const char *const *s = im->options->sizes; s && *s && *name; s++) {
        const size_t length = strlen(name);
        if (strncmp(*s, name, length) || (*s)[length] != '=') continue;
        if (!gz_parse_size(*s + length + 1, size) || !*size || *size > 1000000)
            return gz_fail(GAZE_ERROR_USAGE, "--size %s: expected NAME=N with N from 1 to 1000000", *s);
    }
    return GAZE_OK;
}

/* The same name, the same prime. */
static gaze_status open_size(gz_import *im, const char *name, size_t *size)
{
    GZ_TRY(given_size(im, name, size));
    if (*size) return GAZE_OK;
    size_t at = 0;
    while (at < im->open_sizes && (!*name || strcmp(im->open_names[at], name))) at++;
    if (at == N_OPEN)
        return gz_fail(GAZE_ERROR_MODEL, "%s: more than %d sizes are left open; give some with --size NAME=N",
                       im->path, N_OPEN);
    if (at == im->open_sizes) im->open_names[im->open_sizes++] = name;
    *size = OPEN[at];
    return GAZE_OK;
}

/* Which axis of this input has the samples. */
static gaze_status batch_axis(const gz_import *im, const char *name, size_t rank, size_t *axis)
{
    const char *text = im->options->batch_axis;
    *axis = 0;
    if (!text) return GAZE_OK;
    const char *equals = strchr(text, '=');
    if (equals && (strlen(name) != (size_t)(equals - text) || strncmp(text, name, (size_t)(equals - text))))
        return GAZE_OK;
    if (gz_parse_size(equals ? equals + 1 : text, axis) && *axis < rank) return GAZE_OK;
    return gz_fail(GAZE_ERROR_USAGE, "--batch-axis %s: expected an axis of input '%s', which has %zu", text,
                   name, rank);
}

static bool is_of(const char *op, const char *const *words)
{
    for (; *words; words++)
        if (!strcmp(*words, op)) return true;
    return false;
}

/* Do layers that have channels first read it, directly or behind functions of single values? */
static bool has_channels_first(const gz_import *im, const char *name, int depth, size_t *budget)
{
    static const char *const first[] =
        {"Conv", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "BatchNormalization", NULL},
                             *const pass[] = {"Add",      "Sub",       "Mul",  "Div", "Relu",
                                              "Identity", "Cast",      "Clip", "Pad", "Dropout",
                                              "Sigmoid",  "LeakyRelu", "Tanh", NULL};
    for (size_t i = 0; i < im->graph->n_node && depth < 8; i++) {
        const Onnx__NodeProto *node = im->graph->node[i];
        const char *op = gz_proto_text(node->op_type);
        if (!*budget) return false;
        --*budget;
        for (size_t k = 0; k < node->n_input; k++) {
            if (strcmp(gz_proto_text(node->input[k]), name)) continue;
            if (k == 0 && is_of(op, first)) return true;
            if (is_of(op, pass) && node->n_output &&
                has_channels_first(im, gz_proto_text(node->output[0]), depth + 1, budget))
                return true;
        }
    }
    return false;
}

typedef Onnx__TensorShapeProto__Dimension dimension;

static gaze_status read_dims(gz_import *im, const char *name, const Onnx__TypeProto__Tensor *type,
                             gz_value *v, size_t *batch)
{
    const Onnx__TensorShapeProto *shape = type->shape;
    if (!shape || !shape->n_dim || shape->n_dim > GZ_NET_RANK + 1)
        return gz_fail(GAZE_ERROR_MODEL,
                       "%s: input '%s' has %s, expected 1 to %d axes, the first for the batch", im->path,
                       name, !shape ? "no shape" : "no axis or too many", GZ_NET_RANK + 1);
    v->rank = shape->n_dim;
    GZ_TRY(batch_axis(im, name, v->rank, batch));
    for (size_t i = 0; i < v->rank; i++) {
        const dimension *d = shape->dim[i];
        const bool known = d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        const char *word = d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM
                               ? gz_proto_text(d->dim_param)
                               : "";
        if (known && (d->dim_value < 1 || d->dim_value > 1 << 22))
            return gz_fail(GAZE_ERROR_MODEL, "%s: input '%s' has an axis of %lld", im->path, name,
                           (long long)d->dim_value);
        if (known)
            v->dim[i] = (size_t)d->dim_value;
        else if (i == *batch)
            v->dim[i] = GZ_ANY_BATCH;
        else
            GZ_TRY(open_size(im, word, &v->dim[i]));
    }
    return GAZE_OK;
}

/* All inputs have one batch. */
static gaze_status join_batch(gz_import *im, const char *name, size_t found)
{
    if (!im->batch) im->batch = found;
    if (im->batch == found) return GAZE_OK;
    return gz_fail(GAZE_ERROR_MODEL,
                   "%s: input '%s' has a batch of %zu, other inputs of %zu; where the batch is another axis, "
                   "say so with --batch-axis",
                   im->path, name, found, im->batch);
}

gaze_status gz_input_read(gz_import *im, const Onnx__ValueInfoProto *info, gz_value *v)
{
    const char *name = gz_proto_text(info->name);
    const Onnx__TypeProto *type = info->type;
    size_t batch, dim[GZ_NET_RANK], order[GZ_ONNX_RANK] = {0}, n = 0, budget = 20000;
    gz_net_layer *layer;
    if (!type || type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE)
        return gz_fail(GAZE_ERROR_MODEL, "%s: input '%s' is no tensor", im->path, name);
    const int32_t element = type->tensor_type->elem_type;
    const bool whole =
        element == ONNX__TENSOR_PROTO__DATA_TYPE__INT64 || element == ONNX__TENSOR_PROTO__DATA_TYPE__INT32;
    const bool real = element == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT ||
                      element == ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE ||
                      element == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16;
    if (!whole && !real)
        return gz_fail(GAZE_ERROR_MODEL,
                       "%s: input '%s' is of ONNX's type %d, expected float, double, float16, int32 or int64",
                       im->path, name, (int)element);
    GZ_TRY(read_dims(im, name, type->tensor_type, v, &batch));
    GZ_TRY(join_batch(im, name, v->dim[batch]));
    order[n++] = batch;
    for (size_t i = 0; i < v->rank; i++)
        if (i != batch) order[n++] = i;
    if (batch == 0 && (v->rank == 3 || v->rank == 4) && has_channels_first(im, name, 0, &budget))
        for (size_t i = 1; i < n; i++) order[i] = i + 1 < n ? i + 1 : 1;
    for (size_t i = 1; i < n; i++) dim[i - 1] = v->dim[order[i]];
    if (n == 1) dim[0] = 1;
    GZ_TRY(gz_net_add(&im->net, NULL, name, (gz_net_at){NULL, NULL}, n > 1 ? n - 1 : 1, dim, &layer));
    layer->whole = whole;
    gz_value reading;
    size_t back[GZ_ONNX_RANK], onnx[GZ_ONNX_RANK];
    memcpy(onnx, v->dim, sizeof onnx);
    gz_value_of_layer(&reading, (gz_net_at){layer, NULL}, im->batch);
    for (size_t i = 0; i < n; i++) back[order[i]] = i;
    if (n == 1)
        gz_value_reshape(&reading, 1, onnx, v);
    else
        gz_value_transpose(&reading, back, v);
    gz_onnx_array *array = &im->arrays[im->n_arrays++];
    *array = (gz_onnx_array){.name = layer->name, .onnx_name = name, .rank = n > 1 ? n : 2, .layer = layer};
    for (size_t i = 0; i < array->rank; i++) array->axis[i] = i < n ? order[i] : SIZE_MAX;
    return GAZE_OK;
}

/* Do these axes lie in memory one behind the other? */
static bool lies_in_order(const gz_value *v, const size_t *axes, size_t n)
{
    size_t next = 1;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < v->n_of[axes[i]]; k++)
            if (gz_value_axis(v, axes[i])[k] != next++) return false;
    return true;
}

gaze_status gz_output_read(gz_import *im, const char *name, gz_net_at *at)
{
    gz_value *found = gz_graph_value(im, name), v;
    size_t axes[GZ_ONNX_RANK], ones[GZ_ONNX_RANK], n = 0;
    gz_net_layer *layer;
    if (!found || found->constant || found->scores || found->erf)
        return gz_refuse("output '%s' %s", name,
                         !found            ? "is made by nothing"
                         : found->constant ? "is the same for every input"
                                           : "is only a part of another operator");
    v = *found;
    gz_value_place_batch(&v, 0);
    GZ_TRY(gz_settle(im, &v));
    const size_t batch = gz_value_batch_axis(&v);
    if (batch == SIZE_MAX && v.atom[0] != 1)
        return gz_refuse("output '%s' has no axis for the batch alone", name);
    for (size_t i = 0; i < v.rank; i++)
        if (i != batch) ones[n] = 1, axes[n++] = i;
    const size_t last[3] = {2, v.rank == 4 ? 3 : 1, 1};
    if (batch == 0 && (v.rank == 3 || v.rank == 4) && !lies_in_order(&v, axes, n) &&
        lies_in_order(&v, last, n))
        memcpy(axes, last, n * sizeof *axes); /* an image, or steps, as they are */
    GZ_TRY(gz_arrange_axes(im, &v, n ? n : 1, n ? ones : (size_t[]){0}, axes));
    if (!v.at.layer->type || v.at.layer->is_output) {
        GZ_TRY(gz_net_add(&im->net, "activation", NULL, v.at, v.at.layer->rank, v.at.layer->dim, &layer));
        GZ_TRY(gz_net_option(&im->net, layer, "activation", "\"linear\""));
        v.at.layer = layer;
    }
    v.at.layer->is_output = true;
    *at = v.at;
    gz_onnx_array *array = &im->arrays[im->n_arrays++];
    *array = (gz_onnx_array){
        .onnx_name = name, .output = true, .rank = (n ? n : 1) + 1, .axis = {batch}, .layer = v.at.layer};
    for (size_t i = 1; i < array->rank; i++) array->axis[i] = n ? axes[i - 1] : SIZE_MAX;
    return GAZE_OK;
}
