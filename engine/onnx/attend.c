/* Attention's layer, once queries, keys and values have met. */
#include "import.h"

#include <math.h>
#include <string.h>

typedef struct part {
    gz_value v; /* [T, heads * depth] */
    size_t heads, depth;
    gz_net_layer *dense; /* that made it alone, or NULL */
    double factor;
} part;

/* v [..., T and depth in the last two axes] as [T, heads * depth]: all other axes but the batch's are heads.
 */
static gaze_status arrange(gz_import *im, const gz_value *from, size_t time, size_t depth, part *p)
{
    gz_groups groups = {.n = 2};
    p->v = *from;
    p->heads = 1;
    p->factor = 1;
    if (from->offset != 0) GZ_TRY(gz_settle(im, &p->v));
    for (size_t pass = 0; pass < 3; pass++)
        for (size_t axis = 0; axis < from->rank; axis++) {
            const size_t wanted = axis == time ? 0 : axis == depth ? 2 : 1;
            for (size_t i = 0; pass == wanted && i < from->n_of[axis]; i++) {
                const size_t atom = gz_value_axis(&p->v, axis)[i];
                if (!atom && wanted != 1) return gz_refuse("attention across the samples of a batch");
                if (!atom) continue;
                groups.atoms[groups.n_atoms++] = atom;
                groups.n_of[pass != 0]++;
                if (pass == 1) p->heads *= p->v.atom[atom];
            }
        }
    GZ_TRY(gz_arrange(im, &p->v, &groups));
    p->factor = p->v.factor;
    p->v.factor = 1;
    p->depth = from->dim[depth];
    gz_net_layer *layer = p->v.at.layer;
    if (layer->type && !strcmp(layer->type, "dense") && gz_net_is_linear(layer) &&
        layer->inputs[0].layer->rank == 2 && !layer->inputs[0].part)
        p->dense = layer;
    return GAZE_OK;
}

/* What the query of attention costs is sqrt(depth) here; a factor that is nearly 1 is 1. */
static double near_one(double factor) { return fabs(factor - 1) < 1e-6 ? 1 : factor; }

/* The kernel and bias of a projection: those of the dense layer before it, or the identity. */
static gaze_status project(gz_import *im, gz_net_layer *layer, const char *name, const part *p, bool absorb,
                           double factor)
{
    const size_t width = p->heads * p->depth, D = absorb ? p->dense->inputs[0].layer->dim[1] : width;
    const char *kernel_name = gz_arena_format(im->arena, "%s.kernel", name),
               *bias_name = gz_arena_format(im->arena, "%s.bias", name);
    float *kernel, *bias;
    if (!kernel_name || !bias_name) return GAZE_ERROR_DEVICE;
    if (!absorb && width > 2048)
        return gz_refuse("attention of %zu values a token without a product before it", width);
    GZ_TRY(gz_net_weight(&im->net, layer, kernel_name, 3, (size_t[]){D, p->heads, p->depth}, &kernel));
    GZ_TRY(gz_net_weight(&im->net, layer, bias_name, 2, (size_t[]){p->heads, p->depth}, &bias));
    const gaze_array *w = absorb ? gz_net_find_weight(p->dense, "kernel") : NULL,
                     *b = absorb ? gz_net_find_weight(p->dense, "bias") : NULL;
    for (size_t i = 0; i < D * width; i++)
        kernel[i] = (float)(factor * (w ? (double)((float *)w->data)[i] : i / width == i % width));
    for (size_t i = 0; b && i < width; i++) bias[i] = (float)(factor * (double)((float *)b->data)[i]);
    return GAZE_OK;
}

/* The last product, the identity so far. */
static gaze_status add_end(gz_import *im, gz_net_layer *layer, const part *v, size_t D)
{
    float *kernel, *bias;
    GZ_TRY(gz_net_weight(&im->net, layer, "output.kernel", 3, (size_t[]){v->heads, v->depth, D}, &kernel));
    GZ_TRY(gz_net_weight(&im->net, layer, "output.bias", 1, &D, &bias));
    for (size_t i = 0; i < D; i++) kernel[i * D + i] = 1;
    layer->open_end = true;
    return GAZE_OK;
}

static gaze_status multi_head(gz_import *im, const part *q, const part *k, const part *v, double factor,
                              gz_net_layer **layer)
{
    const size_t width = v->heads * v->depth;
    const bool absorb = q->dense && q->dense->inputs[0].layer->dim[1] == width;
    if (!absorb && q->heads * q->depth != width)
        return gz_refuse("attention whose queries and values differ in size");
    const gz_net_at in[3] = {absorb ? q->dense->inputs[0] : q->v.at, v->dense ? v->dense->inputs[0] : v->v.at,
                             k->dense ? k->dense->inputs[0] : k->v.at};
    const size_t T = q->v.at.layer->dim[0];
    GZ_TRY(gz_net_add(&im->net, "attention", NULL, in[0], 2, (size_t[]){T, width}, layer));
    const bool one = in[1].layer == in[0].layer && in[2].layer == in[0].layer;
    for (size_t i = 1; i < 3 && !one; i++) (*layer)->inputs[(*layer)->n_inputs++] = in[i];
    GZ_TRY(gz_net_option(&im->net, *layer, "kind", "\"multi_head\""));
    GZ_TRY(gz_net_option(&im->net, *layer, "num_heads", "%zu", q->heads));
    GZ_TRY(gz_net_option(&im->net, *layer, "key_dim", "%zu", q->depth));
    if (v->depth != q->depth) GZ_TRY(gz_net_option(&im->net, *layer, "value_dim", "%zu", v->depth));
    GZ_TRY(project(im, *layer, "query", q, absorb,
                   near_one(factor * q->factor * k->factor * sqrt((double)q->depth))));
    GZ_TRY(project(im, *layer, "key", k, k->dense != NULL, 1));
    GZ_TRY(project(im, *layer, "value", v, v->dense != NULL, 1));
    return add_end(im, *layer, v, width);
}

static gaze_status one_head(gz_import *im, const part *q, const part *k, const part *v, double factor,
                            gz_net_layer **layer)
{
    const double scale = factor * q->factor * k->factor;
    float *weight;
    GZ_TRY(gz_net_add(&im->net, "attention", NULL, q->v.at, 2, (size_t[]){q->v.at.layer->dim[0], v->depth},
                      layer));
    (*layer)->inputs[(*layer)->n_inputs++] = v->v.at;
    if (k->v.at.layer != v->v.at.layer) (*layer)->inputs[(*layer)->n_inputs++] = k->v.at;
    GZ_TRY(gz_net_option(&im->net, *layer, "kind", "\"dot\""));
    if (scale == 1) return GAZE_OK;
    GZ_TRY(gz_net_option(&im->net, *layer, "use_scale", "true"));
    GZ_TRY(gz_net_weight(&im->net, *layer, "scale", 0, NULL, &weight));
    *weight = (float)scale;
    return GAZE_OK;
}

/* q [..., Tq, K], k with its keys in axis k_time and its depth in the other, v [..., Tk, V] -> [..., Tq, V]
 */
gaze_status gz_attend(gz_import *im, const gz_value *q, const gz_value *k, size_t k_time, const gz_value *v,
                      double factor, bool causal, gz_value *to)
{
    const size_t r = q->rank;
    part parts[3] = {{.heads = 0}};
    gz_net_layer *layer;
    GZ_TRY(arrange(im, q, r - 2, r - 1, &parts[0]));
    GZ_TRY(arrange(im, k, k_time, 2 * k->rank - 3 - k_time, &parts[1]));
    GZ_TRY(arrange(im, v, v->rank - 2, v->rank - 1, &parts[2]));
    if (parts[1].heads != parts[0].heads || parts[2].heads != parts[0].heads ||
        parts[1].depth != parts[0].depth || parts[1].v.at.layer->dim[0] != parts[2].v.at.layer->dim[0])
        return gz_refuse("attention whose queries, keys and values don't fit");
    if (parts[0].heads == 1)
        GZ_TRY(one_head(im, &parts[0], &parts[1], &parts[2], factor, &layer));
    else
        GZ_TRY(multi_head(im, &parts[0], &parts[1], &parts[2], factor, &layer));
    if (causal) GZ_TRY(gz_net_option(&im->net, layer, "mask", "\"causal\""));
    *to = parts[0].v; /* the atoms of the depth are the last ones */
    to->at = (gz_net_at){layer, NULL};
    to->factor = parts[2].factor;
    to->n_atoms -= to->n_of[r - 1];
    to->n_of[r - 1] = parts[2].depth != 1;
    to->dim[r - 1] = parts[2].depth;
    if (parts[2].depth == 1) return GAZE_OK;
    size_t at = 0;
    for (size_t i = 0; i + 1 < r; i++) at += to->n_of[i];
    to->order[at] = to->n_atoms;
    to->atom[to->n_atoms++] = parts[2].depth;
    return GAZE_OK;
}
