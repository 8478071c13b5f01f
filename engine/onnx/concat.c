/* Concat and Pad. */
#include "import.h"
#include "operators.h"

#include <string.h>

/* The groups of v with the axis in one piece, where its first atom lies; behind all where it has none. */
static void groups_around(const gz_value *v, size_t axis, gz_groups *groups)
{
    const size_t *atoms = gz_value_axis(v, axis), n = v->n_of[axis];
    const size_t first = n ? atoms[0] : v->n_atoms;
    bool of_axis[GZ_ATOMS] = {false};
    *groups = (gz_groups){.n = 3};
    for (size_t i = 0; i < n; i++) of_axis[atoms[i]] = true;
    for (size_t i = 1; i <= v->n_atoms; i++) {
        if (i == first) {
            for (size_t k = 0; k < n; k++) groups->atoms[groups->n_atoms++] = atoms[k];
            groups->n_of[1] = n;
        }
        if (i < v->n_atoms && !of_axis[i])
            groups->atoms[groups->n_atoms++] = i, groups->n_of[i < first ? 0 : 2]++;
    }
}

/* The axis that has this atom, and its place there. */
static void place_of(const gz_value *v, size_t atom, size_t *axis, size_t *k)
{
    for (*axis = 0; *axis < v->rank; ++*axis)
        for (*k = 0; *k < v->n_of[*axis]; ++*k)
            if (gz_value_axis(v, *axis)[*k] == atom) return;
}

/* [before, the axis, behind] without what has no atoms, but for the axis. Returns where that is. */
static size_t leave_out_empty(gz_groups *groups)
{
    const size_t n_of[3] = {groups->n_of[0], groups->n_of[1], groups->n_of[2]};
    groups->n = 0;
    for (size_t g = 0; g < 3; g++)
        if (n_of[g] || g == 1) groups->n_of[groups->n++] = n_of[g];
    return n_of[0] ? 1 : 0;
}

/* y's atoms in the order of x's but for the axis, whose own come where x's are: [before, axis, behind]. */
static gaze_status arrange_like(gz_import *im, const gz_value *x, gz_value *y, size_t axis)
{
    gz_groups like, groups = {.n = 3};
    size_t at = 0;
    groups_around(x, axis, &like);
    for (size_t g = 0; g < 3; g++) {
        const size_t *own = gz_value_axis(y, axis);
        for (size_t i = 0; g == 1 && i < y->n_of[axis]; i++) groups.atoms[groups.n_atoms++] = own[i];
        groups.n_of[g] = g == 1 ? y->n_of[axis] : like.n_of[g];
        for (size_t i = 0; i < like.n_of[g]; i++, at++) {
            if (g == 1) continue;
            size_t of = 0, k = 0;
            place_of(x, like.atoms[at], &of, &k);
            groups.atoms[groups.n_atoms++] = gz_value_axis(y, of)[k];
        }
    }
    leave_out_empty(&groups);
    return gz_arrange(im, y, &groups);
}

/* Two computed values put one behind the other. */
static gaze_status join(gz_import *im, const gz_value *a, const gz_value *b, size_t axis, gz_value *to)
{
    gz_value x = *a, y = *b;
    gz_groups groups;
    gz_net_layer *layer;
    size_t dim[GZ_NET_RANK];
    GZ_TRY(gz_settle(im, &x));
    GZ_TRY(gz_settle(im, &y));
    for (size_t i = 0; gz_value_batch_axis(&x) == axis && i < x.rank; i++) gz_value_place_batch(&x, i);
    const size_t batch = gz_value_batch_axis(&x);
    if (batch == SIZE_MAX || batch == axis || !gz_value_place_batch(&y, batch))
        return gz_refuse("it puts samples of a batch together");
    GZ_TRY(gz_refine(&x, &y, axis));
    groups_around(&x, axis, &groups);
    size_t n = x.n_of[axis], first = groups.n_of[0] + 1, at = leave_out_empty(&groups);
    GZ_TRY(gz_arrange(im, &x, &groups));
    GZ_TRY(arrange_like(im, &x, &y, axis));
    memcpy(dim, x.at.layer->dim, sizeof dim);
    const size_t both = dim[at] += y.at.layer->dim[at];
    GZ_TRY(gz_net_add(&im->net, "concatenate", NULL, x.at, x.at.layer->rank, dim, &layer));
    layer->inputs[layer->n_inputs++] = y.at;
    GZ_TRY(gz_net_option(&im->net, layer, "axis", "%zu", at + 1));
    x.at.layer = layer;
    /* x's axis is one atom, or none: make it the joined one */
    at = 0;
    *to = x;
    to->n_atoms = x.n_atoms - n + 1;
    if (to->n_atoms > GZ_ATOMS)
        return gz_refuse("its axes are made of more than %d parts, which can't be kept apart", GZ_ATOMS);
    for (size_t i = 1, k = 1; i <= x.n_atoms; i++) {
        if (i == first) to->atom[k++] = both;
        if (i < x.n_atoms && !(i >= first && i < first + n)) to->atom[k++] = x.atom[i];
    }
    for (size_t i = 0; i < x.rank; i++) {
        const size_t *of = gz_value_axis(&x, i);
        if (i == axis) to->order[at++] = first;
        for (size_t k = 0; i != axis && k < x.n_of[i]; k++)
            to->order[at++] = of[k] < first ? of[k] : of[k] - n + 1;
    }
    to->n_of[axis] = 1;
    to->dim[axis] = both;
    return GAZE_OK;
}

/* A constant before or behind v: zeros there, and a table that is added. */
static gaze_status join_constant(gz_import *im, const gz_onnx_node *node, const gz_value *v, size_t i,
                                 size_t axis, gz_value *to)
{
    const gz_constant *c = node->in[i]->constant;
    const bool before = i == 0;
    gz_constant *wide, *sample;
    gz_value work = *v, table = {.rank = v->rank};
    size_t dim[GZ_ONNX_RANK], n, count = 1, inner = 1;
    if (c->rank != v->rank || c->i) return gz_refuse("a constant of another type or rank beside a value");
    memcpy(dim, v->dim, sizeof dim);
    dim[axis] = n = c->dim[axis];
    const size_t batch = gz_value_batch_axis(v);
    if (batch == SIZE_MAX || batch == axis) return gz_refuse("it adds samples to a batch");
    GZ_TRY(gz_constant_of_sample(im, c, batch, &sample));
    dim[batch] = 1;
    GZ_TRY(gz_constant_expand(im, sample, v->rank, dim, &sample));
    GZ_TRY(gz_pad(im, &work, axis, before ? n : 0, before ? 0 : n, &work));
    for (size_t k = 0; k < v->rank; k++) {
        table.dim[k] = k == batch ? 1 : work.dim[k];
        if (!gz_multiply(count, table.dim[k], &count)) count = SIZE_MAX;
        inner *= k > axis ? table.dim[k] : 1;
    }
    GZ_TRY(gz_constant_make(im->arena, false, v->rank, table.dim, GZ_FOLD_LIMIT * 4, &wide));
    const size_t row = work.dim[axis] * inner, own = n * inner;
    for (size_t k = 0; k < gz_constant_count(sample); k++)
        wide->f[k / own * row + (before ? 0 : row - own) + k % own] = (float)gz_constant_at(sample, k);
    table.constant = wide;
    gz_value *in[2] = {&work, &table};
    gz_onnx_node adds = *node;
    adds.in = in, adds.n_in = 2;
    work.uses = 2;
    gz_value *out[1] = {to};
    adds.out = out, adds.n_out = 1;
    return gz_onnx_add(im, &adds);
}

gaze_status gz_onnx_concat(gz_import *im, const gz_onnx_node *node)
{
    size_t axis, known = 0;
    gz_value sum, *first;
    if (!node->n_in || !node->in[0]) return gz_refuse("it has no input");
    GZ_TRY(gz_axis(gz_node_int(node, "axis", 0), node->in[0]->rank, &axis));
    for (size_t i = 0; i < node->n_in; i++) {
        if (!node->in[i] || node->in[i]->rank != node->in[0]->rank)
            return gz_refuse("its input %zu is missing, or has other axes than the %zu of the first", i,
                             node->in[0]->rank);
        known += node->in[i]->constant != NULL;
    }
    if (known) {
        if (node->n_in != 2) return gz_refuse("a constant among more than two inputs");
        const size_t i = node->in[0]->constant ? 0 : 1;
        GZ_TRY(gz_node_computed(node, 1 - i, &first));
        return join_constant(im, node, first, i, axis, node->out[0]);
    }
    GZ_TRY(gz_node_computed(node, 0, &first));
    sum = *first;
    for (size_t i = 1; i < node->n_in; i++) {
        gz_value *next;
        GZ_TRY(gz_node_computed(node, i, &next));
        GZ_TRY(join(im, &sum, next, axis, &sum));
    }
    *node->out[0] = sum;
    return GAZE_OK;
}

gaze_status gz_onnx_pad(gz_import *im, const gz_onnx_node *node)
{
    gz_value *v, y;
    int64_t pads[2 * GZ_ONNX_RANK], axes[GZ_ONNX_RANK];
    const gz_constant *number;
    double value = gz_node_float(node, "value", 0);
    size_t n, n_axes;
    GZ_TRY(gz_node_computed(node, 0, &v));
    if (strcmp(gz_node_text(node, "mode", "constant"), "constant"))
        return gz_refuse("its mode is not 'constant'");
    GZ_TRY(gz_node_list(node, 1, "pads", 2 * GZ_ONNX_RANK, pads, &n));
    GZ_TRY(gz_node_constant(node, 2, false, &number));
    GZ_TRY(gz_node_list(node, 3, "axes", GZ_ONNX_RANK, axes, &n_axes));
    if (number && !gz_constant_is_uniform(number, &value)) return gz_refuse("its value is no single number");
    if (n != 2 * (n_axes ? n_axes : v->rank)) return gz_refuse("%zu pads for %zu axes", n, v->rank);
    y = *v;
    y.offset -= value; /* zeros around the difference to the value */
    for (size_t i = 0; i < n / 2; i++) {
        size_t axis;
        GZ_TRY(gz_axis(n_axes ? axes[i] : (int64_t)i, v->rank, &axis));
        const int64_t before = pads[i], after = pads[i + n / 2], size = (int64_t)y.dim[axis];
        if (before > 1000000 || after > 1000000 || before < -size || after < -size || before + after <= -size)
            return gz_refuse("pads %lld and %lld of an axis of %lld", (long long)before, (long long)after,
                             (long long)size);
        const size_t cut = before < 0 ? (size_t)-before : 0, end = after < 0 ? (size_t)-after : 0;
        GZ_TRY(gz_take(im, &y, axis, cut, (size_t)size - cut - end, &y));
        GZ_TRY(gz_pad(im, &y, axis, before > 0 ? (size_t)before : 0, after > 0 ? (size_t)after : 0, &y));
    }
    y.offset += value;
    *node->out[0] = y;
    return GAZE_OK;
}
