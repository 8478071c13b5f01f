/* Values of different shapes or orders brought to one. */
#include "import.h"

#include <stdio.h>
#include <string.h>

gaze_status gz_broadcast_shape(const gz_value *a, const gz_value *b, size_t *rank, size_t *dim)
{
    *rank = a->rank > b->rank ? a->rank : b->rank;
    for (size_t i = 0; i < *rank; i++) {
        const size_t x = i + a->rank >= *rank ? a->dim[i + a->rank - *rank] : 1,
                     y = i + b->rank >= *rank ? b->dim[i + b->rank - *rank] : 1;
        if (x != y && x != 1 && y != 1) return gz_refuse("sizes %zu and %zu don't go together", x, y);
        dim[i] = x == 1 ? y : x;
    }
    return GAZE_OK;
}

/* v with `rank` axes, and what it lacks of `dim` as atoms behind its own: repeated, then put in front. */
static gaze_status repeat(gz_import *im, gz_value *v, const size_t *dim, const bool *lacks)
{
    gz_value to = {.rank = v->rank, .factor = v->factor, .offset = v->offset};
    size_t n = 1, missing = 0, at = 0, sizes[2];
    char text[32];
    gz_groups flat = {.n = 1, .n_of = {v->n_atoms - 1}, .n_atoms = v->n_atoms - 1};
    for (size_t i = 0; i < flat.n_atoms; i++) flat.atoms[i] = i + 1;
    GZ_TRY(gz_arrange(im, v, &flat));
    for (size_t i = 0; i < v->rank; i++)
        if (lacks[i]) n *= dim[i], missing++;
    if (gz_is_open(n))
        return gz_refuse("it repeats values by a size that the file leaves open; give it with --size");
    if (v->n_atoms + missing > GZ_ATOMS)
        return gz_refuse("its axes are made of more than %d parts, which can't be kept apart", GZ_ATOMS);
    snprintf(text, sizeof text, "%zu", n);
    sizes[0] = n, sizes[1] = gz_value_sample(v);
    GZ_TRY(gz_layer_plain(im, "repeat_vector", v, &(gz_option){"n", text}, 1, 2, sizes, &to.at));
    to.n_atoms = v->n_atoms + missing;
    to.atom[0] = v->atom[0];
    memcpy(to.atom + 1 + missing, v->atom + 1, (v->n_atoms - 1) * sizeof *v->atom);
    for (size_t axis = 0, next = 1; axis < v->rank; axis++) {
        const size_t *atoms = gz_value_axis(v, axis);
        to.dim[axis] = lacks[axis] ? dim[axis] : v->dim[axis];
        for (size_t k = 0; k < v->n_of[axis]; k++) to.order[at++] = atoms[k] ? atoms[k] + missing : 0;
        to.n_of[axis] = v->n_of[axis] + lacks[axis];
        if (!lacks[axis]) continue;
        to.atom[next] = dim[axis];
        to.order[at++] = next++;
    }
    *v = to;
    return GAZE_OK;
}

gaze_status gz_broadcast(gz_import *im, const gz_value *v, size_t rank, const size_t *dim, gz_value *to)
{
    bool lacks[GZ_ONNX_RANK], any = false;
    size_t wide[GZ_ONNX_RANK] = {0};
    if (rank < v->rank || rank > GZ_ONNX_RANK)
        return gz_refuse("a value of %zu axes as one of %zu", v->rank, rank);
    for (size_t i = 0; i < rank; i++) wide[i] = i + v->rank >= rank ? v->dim[i + v->rank - rank] : 1;
    GZ_TRY(gz_reshape_value(im, v, rank, wide, to));
    for (size_t i = 0; i < rank; i++) {
        any |= lacks[i] = wide[i] == 1 && dim[i] != 1;
        if (wide[i] != dim[i] && wide[i] != 1)
            return gz_refuse("a size of %zu as one of %zu", wide[i], dim[i]);
    }
    return any ? repeat(im, to, dim, lacks) : GAZE_OK;
}

/* The place in v's reading of the first atom of an axis. */
static size_t start_of(const gz_value *v, size_t axis) { return (size_t)(gz_value_axis(v, axis) - v->order); }

gaze_status gz_refine(gz_value *x, gz_value *y, size_t but)
{
    for (size_t axis = 0; axis < x->rank; axis++) {
        if (axis == but) continue;
        for (size_t k = 0; k < x->n_of[axis] || k < y->n_of[axis]; k++) {
            if (k == x->n_of[axis] || k == y->n_of[axis])
                return gz_refuse("its inputs have the batch in different axes");
            const size_t i = x->order[start_of(x, axis) + k], j = y->order[start_of(y, axis) + k],
                         a = x->atom[i], b = y->atom[j];
            if ((i == 0) != (j == 0)) return gz_refuse("its inputs have the batch in different axes");
            if (a == b) continue;
            if (a > b && a % b == 0)
                GZ_TRY(gz_value_split(x, i, b));
            else if (b > a && b % a == 0)
                GZ_TRY(gz_value_split(y, j, a));
            else
                return gz_refuse("axes of its inputs are made of parts that don't fit");
        }
    }
    return GAZE_OK;
}

gaze_status gz_align(gz_import *im, gz_value *x, gz_value *y)
{
    gz_groups groups = {0};
    size_t place[GZ_ATOMS], at = 0;
    const size_t batch = gz_value_batch_axis(x);
    if (batch != SIZE_MAX) gz_value_place_batch(y, batch);
    GZ_TRY(gz_refine(x, y, SIZE_MAX));
    for (size_t i = 0; i < x->n_atoms; i++) place[x->order[i]] = i;
    for (size_t i = 1; i < x->n_atoms; i++) groups.atoms[groups.n_atoms++] = y->order[place[i]];
    const gz_net_layer *layer = x->at.layer;
    groups.n = layer->rank;
    for (size_t g = 0; g < layer->rank; g++)
        for (size_t size = 1; size < layer->dim[g]; groups.n_of[g]++) size *= x->atom[1 + at++];
    return gz_arrange(im, y, &groups);
}
