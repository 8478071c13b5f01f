/* Means, sums and maxima over axes: global pools. */
#include "import.h"
#include "kinds.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The atoms of these axes become one, in front of all others. */
static gaze_status put_first(gz_import *im, gz_value *v, const bool *over)
{
    gz_groups groups = {.n = 2};
    bool chosen[GZ_ATOMS] = {false};
    for (size_t axis = 0; axis < v->rank; axis++)
        for (size_t i = 0; over[axis] && i < v->n_of[axis]; i++) chosen[gz_value_axis(v, axis)[i]] = true;
    if (chosen[0]) return gz_refuse("it works across the samples of a batch");
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t i = 1; i < v->n_atoms; i++)
            if (chosen[i] == (pass == 0)) groups.atoms[groups.n_atoms++] = i, groups.n_of[pass]++;
    const gz_net_layer *layer = v->at.layer;
    if (layer->rank == 3 && groups.n_of[0]) { /* an image, and its two axes: as it is */
        size_t size = 1;
        for (size_t i = 0; i < groups.n_of[0]; i++) size *= groups.atoms[i] == i + 1 ? v->atom[i + 1] : 0;
        if (size == layer->dim[0] * layer->dim[1]) return GAZE_OK;
    }
    return gz_arrange(im, v, &groups);
}

/* The reading without the atoms of these axes; the others move up. */
static void drop(gz_value *v, const bool *over)
{
    size_t shift[GZ_ATOMS] = {0}, gone = 0, at = 0;
    bool chosen[GZ_ATOMS] = {false};
    gz_value to = *v;
    for (size_t axis = 0; axis < v->rank; axis++)
        for (size_t i = 0; over[axis] && i < v->n_of[axis]; i++) chosen[gz_value_axis(v, axis)[i]] = true;
    to.n_atoms = 0;
    for (size_t i = 0; i < v->n_atoms; i++) {
        shift[i] = gone;
        if (chosen[i])
            gone++;
        else
            to.atom[to.n_atoms++] = v->atom[i];
    }
    for (size_t axis = 0; axis < v->rank; axis++) {
        const size_t *atoms = gz_value_axis(v, axis);
        for (size_t i = 0; !over[axis] && i < v->n_of[axis]; i++) to.order[at++] = atoms[i] - shift[atoms[i]];
        if (over[axis]) to.n_of[axis] = 0, to.dim[axis] = 1;
    }
    *v = to;
}

gaze_status gz_pool_axes(gz_import *im, const gz_value *v, const bool *over, const char *what, gz_value *to)
{
    char type[40];
    size_t n = 0;
    *to = *v;
    for (size_t i = 0; i < v->rank; i++) n += over[i] ? v->n_of[i] : 0;
    if (strcmp(what, "average")) GZ_TRY(gz_settle(im, to));
    if (n == 0) { /* over nothing but sizes of 1 */
        drop(to, over);
        return GAZE_OK;
    }
    GZ_TRY(put_first(im, to, over));
    const gz_net_layer *layer = to->at.layer;
    snprintf(type, sizeof type, "global_%s_pool%zud", what, layer->rank - 1);
    const char *word = gz_arena_copy(im->arena, type);
    if (!word) return GAZE_ERROR_DEVICE;
    GZ_TRY(gz_layer_plain(im, word, to, NULL, 0, 1, &layer->dim[layer->rank - 1], &to->at));
    drop(to, over);
    return GAZE_OK;
}

/* Axes are an attribute in older opsets; none are all, unless the node says otherwise. */
static gaze_status read_axes(const gz_onnx_node *node, const gz_value *v, bool *over, bool *any)
{
    int64_t axes[GZ_ONNX_RANK];
    size_t n;
    GZ_TRY(gz_node_list(node, 1, "axes", GZ_ONNX_RANK, axes, &n));
    *any = n || !gz_node_int(node, "noop_with_empty_axes", 0);
    for (size_t i = 0; i < v->rank; i++) over[i] = !n;
    for (size_t i = 0; i < n; i++) {
        size_t axis;
        GZ_TRY(gz_axis(axes[i], v->rank, &axis));
        over[axis] = true;
    }
    return GAZE_OK;
}

static gaze_status without(gz_import *im, const gz_value *v, const bool *over, gz_value *to)
{
    size_t dim[GZ_ONNX_RANK], rank = 0;
    for (size_t i = 0; i < v->rank; i++)
        if (!over[i]) dim[rank++] = v->dim[i];
    return gz_reshape_value(im, v, rank, dim, to);
}

static gaze_status reduce(gz_import *im, const gz_onnx_node *node, const char *what, bool sum, double sign)
{
    gz_value *x, in, *y = node->out[0];
    bool over[GZ_ONNX_RANK] = {false}, any;
    size_t count = 1;
    GZ_TRY(gz_node_computed(node, 0, &x));
    GZ_TRY(read_axes(node, x, over, &any));
    if (!any) return *y = *x, GAZE_OK;
    const bool keeps = gz_node_int(node, "keepdims", 1) != 0;
    in = *x;
    in.factor *= sign;
    in.offset *= sign;
    for (size_t i = 0; i < x->rank; i++) count *= over[i] && i != gz_value_batch_axis(x) ? x->dim[i] : 1;
    GZ_TRY(gz_pool_axes(im, &in, over, what, y));
    y->factor *= sign;
    y->offset *= sign;
    const bool open = sum && gz_is_open(count);
    if (open && (x->at.part || x->offset || !gz_kind_is_additive(x->at.layer)))
        return gz_refuse("a sum over a size that the file leaves open; give it with --size NAME=N");
    if (sum) y->factor *= (double)count, y->offset *= (double)count;
    y->moment = NULL;
    if (open) {
        GZ_TRY(gz_settle(im, y));
        y->at.layer->open_scale = true;
    }
    if (!keeps) return without(im, y, over, y);
    return !sum && !strcmp(what, "average") ? gz_moment_mean(im, x, over, y) : GAZE_OK;
}

gaze_status gz_onnx_reduce_mean(gz_import *im, const gz_onnx_node *node)
{
    return reduce(im, node, "average", false, 1);
}

gaze_status gz_onnx_reduce_sum(gz_import *im, const gz_onnx_node *node)
{
    return reduce(im, node, "average", true, 1);
}

gaze_status gz_onnx_reduce_max(gz_import *im, const gz_onnx_node *node)
{
    return reduce(im, node, "max", false, 1);
}

gaze_status gz_onnx_reduce_min(gz_import *im, const gz_onnx_node *node)
{
    return reduce(im, node, "max", false, -1);
}
