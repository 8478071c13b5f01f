/* softmax(q k^T) v: the kind `dot` where there is one head, `multi_head` where there are several. The scores
   are no value of their own here: what nodes do to them is noted until they meet v. */
#include "operators.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static gaze_status like(gz_import *im, const gz_value *v, gz_scores **scores, gz_value *to)
{
    *to = *v;
    to->scores = *scores = gz_arena_duplicate(im->arena, v->scores, sizeof **scores);
    return *scores ? GAZE_OK : GAZE_ERROR_DEVICE;
}

gaze_status gz_scores_scale(gz_import *im, const gz_value *v, double factor, gz_value *to)
{
    gz_scores *scores;
    GZ_TRY(like(im, v, &scores, to));
    if (scores->weights || !(factor > 0))
        return gz_refuse("weights of attention, or scores, times %g", factor);
    scores->factor *= factor;
    return GAZE_OK;
}

/* Nothing is taken from keys up to the query, all from those behind it. */
static bool is_causal(const gz_constant *mask, size_t Tq, size_t Tk)
{
    if (mask->rank < 2 || mask->uniform || mask->dim[mask->rank - 1] != Tk || mask->dim[mask->rank - 2] != Tq)
        return false;
    for (size_t i = 0, n = gz_constant_count(mask); i < n; i++) {
        const double value = gz_constant_at(mask, i);
        if (i % Tk <= i / Tk % Tq ? value != 0 : value > -1000) return false;
    }
    return true;
}

gaze_status gz_scores_mask(gz_import *im, const gz_value *v, const gz_constant *mask, gz_value *to)
{
    gz_scores *scores;
    GZ_TRY(like(im, v, &scores, to));
    if (scores->weights || !is_causal(mask, v->dim[v->rank - 2], v->dim[v->rank - 1]))
        return gz_refuse("a mask of attention that is not causal");
    scores->causal = true;
    return GAZE_OK;
}

/* Where(mask, scores, -inf), or the other way round. */
gaze_status gz_onnx_where(gz_import *im, const gz_onnx_node *node)
{
    const gz_constant *truth, *filler;
    gz_constant *mask;
    double value;
    const size_t at = gz_node_in(node, 1) && gz_node_in(node, 1)->scores ? 1 : 2;
    const gz_value *v = gz_node_in(node, at);
    GZ_TRY(gz_node_constant(node, 0, true, &truth));
    if (!v || !v->scores) return gz_refuse("it chooses among values that the model computes");
    GZ_TRY(gz_node_constant(node, 3 - at, true, &filler));
    if (!gz_constant_is_uniform(filler, &value) || value > -1000)
        return gz_refuse("a mask of attention that puts %g", value);
    GZ_TRY(gz_constant_expand(im, truth, truth->rank, truth->dim, &mask));
    if (!truth->uniform)
        GZ_TRY(gz_constant_make(im->arena, false, truth->rank, truth->dim, SIZE_MAX / 16, &mask));
    for (size_t i = 0; i < gz_constant_stored(mask); i++)
        gz_constant_set(mask, i, (gz_constant_at(truth, i) != 0) == (at == 1) ? 0 : -1e9);
    return gz_scores_mask(im, v, mask, node->out[0]);
}

gaze_status gz_scores_softmax(gz_import *im, const gz_value *v, size_t axis, gz_value *to)
{
    gz_scores *scores;
    GZ_TRY(like(im, v, &scores, to));
    const bool keys = v->dim[axis] == scores->k->dim[scores->k->rank - 1] &&
                      (!v->n_of[axis] || gz_value_axis(v, axis)[v->n_of[axis] - 1] + 1 == v->n_atoms);
    if (scores->weights || !keys) return gz_refuse("a softmax of attention that is not over its keys");
    scores->weights = true;
    return GAZE_OK;
}

/* ---- Building it ---- */

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
    if (!absorb && width > 4096)
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
static gaze_status attend(gz_import *im, const gz_value *q, const gz_value *k, size_t k_time,
                          const gz_value *v, double factor, bool causal, gz_value *to)
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

/* How the scores are read: their atoms are numbered as q reads its own, with the keys behind all. */
static gaze_status read_scores(const gz_value *q, size_t Tk, gz_value *y)
{
    size_t at = 0;
    *y = *q;
    y->n_atoms = 0;
    y->n_of[q->rank - 1] = Tk != 1;
    y->dim[q->rank - 1] = Tk;
    for (size_t axis = 0; axis + 1 < q->rank; axis++)
        for (size_t i = 0; i < q->n_of[axis]; i++, y->n_atoms++) {
            if ((q->order[at] == 0) != (at == 0))
                return gz_refuse("attention whose queries don't have the batch first");
            y->atom[y->n_atoms] = q->atom[q->order[at++]];
            y->order[y->n_atoms] = y->n_atoms;
        }
    if (Tk == 1) return GAZE_OK;
    if (y->n_atoms == GZ_ATOMS) return gz_refuse("too many axes");
    y->atom[y->n_atoms] = Tk;
    y->order[y->n_atoms] = y->n_atoms;
    y->n_atoms++;
    return GAZE_OK;
}

static gaze_status start(gz_import *im, const gz_onnx_node *node, const gz_value *a, const gz_value *b)
{
    gz_value *y = node->out[0], *q;
    if (a->rank != b->rank || a->rank < 3 || a->dim[a->rank - 1] != b->dim[b->rank - 2])
        return gz_refuse("a product of two computed values that is no product of queries and keys");
    for (size_t i = 0; i + 2 < a->rank; i++)
        if (a->dim[i] != b->dim[i]) return gz_refuse("queries and keys of different batches or heads");
    gz_scores *scores = gz_arena_allocate(im->arena, sizeof *scores);
    if (!scores || !(q = gz_arena_duplicate(im->arena, a, sizeof *a))) return GAZE_ERROR_DEVICE;
    gz_value_place_batch(q, 0);
    *scores = (gz_scores){.q = q, .k = b, .factor = 1};
    GZ_TRY(read_scores(q, b->dim[b->rank - 1], y));
    y->scores = scores;
    return GAZE_OK;
}

/* Do the weights end with queries and keys, in this order? */
static bool ends_well(const gz_value *weights)
{
    const gz_scores *s = weights->scores;
    for (size_t i = 0; i < weights->n_atoms; i++)
        if (weights->order[i] != i) return false;
    return weights->rank > 1 && weights->dim[weights->rank - 1] == s->k->dim[s->k->rank - 1] &&
           weights->dim[weights->rank - 2] == s->q->dim[s->q->rank - 2];
}

gaze_status gz_scores_start(gz_import *im, const gz_onnx_node *node)
{
    const gz_value *a = node->in[0], *b = node->in[1];
    gz_value y, wide;
    if (b->scores || b->erf || a->erf)
        return gz_refuse("a product of what is only known as a part of another operator");
    if (!a->scores) return start(im, node, a, b);
    if (!a->scores->weights || !ends_well(a))
        return gz_refuse("scores of attention without a softmax, or turned round");
    if (a->rank != b->rank || a->dim[a->rank - 1] != b->dim[b->rank - 2])
        return gz_refuse("values that don't fit the weights of attention");
    GZ_TRY(attend(im, a->scores->q, a->scores->k, a->scores->k->rank - 1, b, a->scores->factor,
                  a->scores->causal, &y));
    wide = *a;
    wide.dim[a->rank - 1] = b->dim[b->rank - 1];
    return gz_reshape_value(im, &y, wide.rank, wide.dim, node->out[0]);
}

/* ---- The operator Attention (opset 23) ---- */

/* [B,T,H*K] as [B,H,T,K] */
static gaze_status by_heads(gz_import *im, const gz_value *v, size_t heads, gz_value *to)
{
    *to = *v;
    if (v->rank == 4) return GAZE_OK;
    if (v->rank != 3 || !heads || v->dim[2] % heads) return gz_refuse("an input that is not cut into heads");
    GZ_TRY(gz_reshape_value(im, v, 4, (size_t[]){v->dim[0], v->dim[1], heads, v->dim[2] / heads}, to));
    gz_value_transpose(to, (size_t[]){0, 2, 1, 3}, to);
    return GAZE_OK;
}

gaze_status gz_onnx_attention(gz_import *im, const gz_onnx_node *node)
{
    gz_value *in[3], part_of[3], *y = node->out[0];
    const gz_constant *mask;
    bool causal = gz_node_int(node, "is_causal", 0) != 0;
    const int64_t heads[2] = {gz_node_int(node, "q_num_heads", 0), gz_node_int(node, "kv_num_heads", 0)};
    for (size_t i = 0; i < 3; i++) {
        GZ_TRY(gz_node_computed(node, i, &in[i]));
        GZ_TRY(by_heads(im, in[i], (size_t)heads[i > 0], &part_of[i]));
    }
    GZ_TRY(gz_node_constant(node, 3, false, &mask));
    for (size_t i = 4; i < 7; i++)
        if (gz_node_in(node, i)) return gz_refuse("it has past keys and values, or lengths");
    for (size_t i = 1; i < node->n_out; i++)
        if (node->out[i]->uses) return gz_refuse("an output beside the first is read");
    if (gz_node_float(node, "softcap", 0) != 0) return gz_refuse("its scores are capped");
    if (mask && !is_causal(mask, part_of[0].dim[2], part_of[1].dim[2]))
        return gz_refuse("a mask that is not causal");
    causal |= mask != NULL;
    const size_t K = part_of[0].dim[3];
    GZ_TRY(attend(im, &part_of[0], &part_of[1], 2, &part_of[2],
                  gz_node_float(node, "scale", 1 / sqrt((double)K)), causal, y));
    if (in[0]->rank == 4) return GAZE_OK;
    gz_value_transpose(y, (size_t[]){0, 2, 1, 3}, y);
    return gz_reshape_value(im, y, 3, (size_t[]){y->dim[0], y->dim[1], y->dim[2] * y->dim[3]}, y);
}
