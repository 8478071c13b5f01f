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
    if (y->n_atoms == GZ_ATOMS)
        return gz_refuse("its axes are made of more than %d parts, which can't be kept apart", GZ_ATOMS);
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
    GZ_TRY(gz_attend(im, a->scores->q, a->scores->k, a->scores->k->rank - 1, b, a->scores->factor,
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

static gaze_status expect_known_attributes(const gz_onnx_node *node)
{
    static const char *const known[] = {"is_causal", "kv_num_heads",          "q_num_heads",      "scale",
                                        "softcap",   "qk_matmul_output_mode", "softmax_precision"};
    for (size_t i = 0; i < node->proto->n_attribute; i++) {
        const char *name = gz_proto_text(node->proto->attribute[i]->name);
        if (!gz_is_among(known, sizeof known / sizeof *known, name)) return gz_refuse("its '%s'", name);
    }
    return GAZE_OK;
}

gaze_status gz_onnx_attention(gz_import *im, const gz_onnx_node *node)
{
    gz_value *in[3], part_of[3], *y = node->out[0];
    const gz_constant *mask;
    bool causal = gz_node_int(node, "is_causal", 0) != 0;
    const int64_t heads[2] = {gz_node_int(node, "q_num_heads", 0), gz_node_int(node, "kv_num_heads", 0)};
    GZ_TRY(expect_known_attributes(node));
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
    GZ_TRY(gz_attend(im, &part_of[0], &part_of[1], 2, &part_of[2],
                     gz_node_float(node, "scale", 1 / sqrt((double)K)), causal, y));
    if (in[0]->rank == 4) return GAZE_OK;
    gz_value_transpose(y, (size_t[]){0, 2, 1, 3}, y);
    return gz_reshape_value(im, y, 3, (size_t[]){y->dim[0], y->dim[1], y->dim[2] * y->dim[3]}, y);
}
