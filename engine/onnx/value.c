#include "value.h"

#include <string.h>

const size_t *gz_value_axis(const gz_value *v, size_t axis)
{
    const size_t *at = v->order;
    for (size_t i = 0; i < axis; i++) at += v->n_of[i];
    return at;
}

size_t gz_value_size(const gz_value *v, size_t axis)
{
    const size_t *atoms = gz_value_axis(v, axis);
    size_t size = 1;
    for (size_t i = 0; i < v->n_of[axis]; i++) size *= v->atom[atoms[i]];
    return size;
}

void gz_value_of_layer(gz_value *v, gz_net_at at, size_t batch)
{
    const gz_net_layer *layer = at.layer;
    *v = (gz_value){
        .at = at, .factor = 1, .n_atoms = 1, .atom = {batch}, .n_of = {1}, .rank = 1, .dim = {batch}};
    for (size_t i = 0; i < layer->rank; i++) {
        const bool there = layer->dim[i] != 1;
        v->dim[v->rank] = layer->dim[i];
        v->n_of[v->rank++] = there;
        if (!there) continue;
        v->order[v->n_atoms] = v->n_atoms;
        v->atom[v->n_atoms++] = layer->dim[i];
    }
}

size_t gz_value_sample(const gz_value *v)
{
    size_t size = 1;
    for (size_t i = 1; i < v->n_atoms; i++) size *= v->atom[i];
    return size;
}

gaze_status gz_value_split(gz_value *v, size_t i, size_t first)
{
    if (v->n_atoms == GZ_ATOMS || !i || !first || v->atom[i] % first)
        return gz_fail(GAZE_ERROR_MODEL, "an axis of %zu is cut by %zu", v->atom[i], first);
    if (first == 1 || first == v->atom[i]) return GAZE_OK;
    memmove(v->atom + i + 1, v->atom + i, (v->n_atoms - i) * sizeof *v->atom);
    v->atom[i] = first;
    v->atom[i + 1] /= first;
    for (size_t k = 0; k < v->n_atoms; k++) v->order[k] += v->order[k] > i;
    size_t at = 0, axis = 0, end = v->n_of[0];
    while (v->order[at] != i) at++;
    while (at >= end) end += v->n_of[++axis];
    memmove(v->order + at + 2, v->order + at + 1, (v->n_atoms - at - 1) * sizeof *v->order);
    v->order[at + 1] = i + 1;
    v->n_of[axis]++;
    v->n_atoms++;
    return GAZE_OK;
}

/* Reads atoms from place *at on for an axis of this size. */
static bool take_axis(gz_value *v, size_t *at, size_t size, size_t *n)
{
    *n = 0;
    while (*at < v->n_atoms) {
        const size_t i = v->order[*at], has = v->atom[i];
        if (has == 1) { /* a batch of one: goes with what comes next, alone where nothing does */
            if (size == 1 && *n) return true;
        } else if (size == 1)
            return true;
        else if (size % has == 0)
            size /= has;
        else if (has % size == 0 && i) {
            if (gz_value_split(v, i, size) != GAZE_OK) return false;
            size = 1;
        } else
            return false;
        ++*at, ++*n;
    }
    return size == 1;
}

bool gz_value_reshape(const gz_value *v, size_t rank, const size_t *dim, gz_value *to)
{
    size_t n_of[GZ_ONNX_RANK] = {0}, at = 0;
    gz_value work = *v;
    for (size_t axis = 0; axis < rank; axis++)
        if (!take_axis(&work, &at, dim[axis], &n_of[axis])) return false;
    if (at < work.n_atoms) {
        if (!rank || work.atom[work.order[at]] != 1) return false;
        n_of[rank - 1] += work.n_atoms - at;
    }
    work.rank = rank;
    memcpy(work.n_of, n_of, sizeof n_of);
    for (size_t i = 0; i < rank; i++) work.dim[i] = dim[i];
    *to = work;
    return true;
}

void gz_value_transpose(const gz_value *v, const size_t *axes, gz_value *to)
{
    gz_value work = *v;
    size_t at = 0;
    for (size_t i = 0; i < v->rank; i++) {
        const size_t *atoms = gz_value_axis(v, axes[i]);
        for (size_t k = 0; k < v->n_of[axes[i]]; k++) work.order[at++] = atoms[k];
        work.n_of[i] = v->n_of[axes[i]];
        work.dim[i] = v->dim[axes[i]];
    }
    *to = work;
}

size_t gz_value_batch_axis(const gz_value *v)
{
    for (size_t axis = 0; axis < v->rank; axis++) {
        if (v->n_of[axis] == 1 && *gz_value_axis(v, axis) == 0) return axis;
    }
    return SIZE_MAX;
}

bool gz_value_move_batch(gz_value *v, size_t to)
{
    size_t at = 0, axis = 0, end = 0;
    if (v->atom[0] != 1) return false;
    while (v->order[at]) at++;
    for (size_t last = v->n_of[0]; at >= last; last += v->n_of[++axis]) {
    }
    memmove(v->order + at, v->order + at + 1, (v->n_atoms - at - 1) * sizeof *v->order);
    v->n_of[axis]--;
    for (size_t i = 0; i <= to; i++) end += v->n_of[i];
    memmove(v->order + end + 1, v->order + end, (v->n_atoms - end - 1) * sizeof *v->order);
    v->order[end] = 0;
    v->n_of[to]++;
    return true;
}

bool gz_value_place_batch(gz_value *v, size_t wish)
{
    if (gz_value_batch_axis(v) == wish) return true;
    return wish < v->rank && !v->n_of[wish] && gz_value_move_batch(v, wish);
}
