/* A part of an axis, and zeros around one. */
#include "import.h"

#include <stdio.h>
#include <string.h>

/* [before, the axis, behind], the axis's atoms in one piece. */
static gaze_status isolate(gz_import *im, gz_value *v, size_t axis, size_t dim[3])
{
    gz_groups groups = {.n = 3};
    const size_t *atoms = gz_value_axis(v, axis), n = v->n_of[axis];
    bool of_axis[GZ_ATOMS] = {false};
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        if (!atoms[i]) return gz_refuse("it takes the samples of a batch apart, or adds to them");
        of_axis[atoms[i]] = true;
    }
    const size_t first = n ? atoms[0] : 1;
    for (size_t i = 1; i < v->n_atoms; i++) {
        if (i == first)
            for (size_t k = 0; k < n; k++) groups.atoms[at++] = atoms[k];
        if (!of_axis[i]) groups.atoms[at++] = i, groups.n_of[i < first ? 0 : 2]++;
    }
    groups.n_atoms = at;
    groups.n_of[1] = n;
    GZ_TRY(gz_arrange(im, v, &groups));
    memcpy(dim, v->at.layer->dim, 3 * sizeof *dim);
    return GAZE_OK;
}

/* Behind a layer that gave the axis `count` elements: that is one atom now, or none. */
static void replace_axis(gz_value *v, size_t axis, size_t count)
{
    gz_value to = *v;
    const size_t *atoms = gz_value_axis(v, axis), n = v->n_of[axis], keeps = count != 1;
    size_t first = v->n_atoms, at = 0;
    for (size_t i = 0; i < n; i++) first = atoms[i] < first ? atoms[i] : first;
    if (!n) first = 1; /* it had one element, and was put in front */
    to.n_atoms = v->n_atoms - n + keeps;
    for (size_t i = 1, k = 1; i <= v->n_atoms; i++) {
        if (i == first && keeps) to.atom[k++] = count;
        if (i < v->n_atoms && !(i >= first && i < first + n)) to.atom[k++] = v->atom[i];
    }
    for (size_t a = 0; a < v->rank; a++) {
        const size_t *of = gz_value_axis(v, a);
        if (a == axis) {
            if (keeps) to.order[at++] = first;
            continue;
        }
        for (size_t i = 0; i < v->n_of[a]; i++) to.order[at++] = of[i] < first ? of[i] : of[i] - n + keeps;
    }
    to.n_of[axis] = keeps;
    to.dim[axis] = count;
    *v = to;
}

static gaze_status edge(gz_import *im, const char *type, gz_value *v, size_t axis, const char *key,
                        size_t before, size_t after, size_t count)
{
    size_t dim[3];
    char text[96];
    GZ_TRY(isolate(im, v, axis, dim));
    dim[1] = count;
    snprintf(text, sizeof text, "[[0, 0], [%zu, %zu]]", before, after);
    GZ_TRY(gz_layer_plain(im, type, v, &(gz_option){key, text}, 1, 3, dim, &v->at));
    replace_axis(v, axis, count);
    if (dim[0] != 1) return GAZE_OK;
    gz_groups rest = {.n = 2,
                      .n_atoms = v->n_atoms - 1}; /* nothing before the axis: two dimensions are enough */
    for (size_t i = 0; i < rest.n_atoms; i++) rest.atoms[i] = i + 1;
    rest.n_of[0] = count != 1;
    rest.n_of[1] = rest.n_atoms - rest.n_of[0];
    return gz_arrange(im, v, &rest);
}

/* A dense layer of its own that has these units alone. */
static gaze_status take_units(gz_import *im, gz_value *v, size_t axis, size_t first, size_t count)
{
    gz_net_layer *layer = v->at.layer, *part;
    const size_t *atoms = gz_value_axis(v, axis), n = v->n_of[axis];
    size_t inner = 1, units = layer->dim[layer->rank - 1], size = gz_value_size(v, axis);
    for (size_t i = atoms[n - 1] + 1; i < v->n_atoms; i++) inner *= v->atom[i];
    const size_t outer = units / size / inner, kept = outer * count * inner;
    GZ_TRY(gz_net_copy(&im->net, layer, &part));
    for (size_t w = 0; w < part->n_weights; w++) {
        gaze_array *array = &part->weights[w];
        const size_t rows = array->rank == 2 ? array->shape[0] : 1;
        float *from = array->data, *to = array->data;
        for (size_t r = 0; r < rows * outer; r++, from += size * inner, to += count * inner)
            memmove(to, from + first * inner, count * inner * sizeof *to);
        array->shape[array->rank - 1] = kept;
    }
    part->dim[part->rank - 1] = kept;
    GZ_TRY(gz_net_option(&im->net, part, "units", "%zu", kept));
    v->at.layer = part;
    replace_axis(v, axis, count);
    return GAZE_OK;
}

/* Is the axis a part of the units of a dense layer, in one piece? */
static bool is_of_units(const gz_value *v, size_t axis)
{
    const gz_net_layer *layer = v->at.layer;
    const size_t *atoms = gz_value_axis(v, axis), n = v->n_of[axis];
    size_t units = 1, first = v->n_atoms;
    if (!layer->type || strcmp(layer->type, "dense") || !gz_net_is_linear(layer) || !n) return false;
    while (first > 1 && units < layer->dim[layer->rank - 1]) units *= v->atom[--first];
    for (size_t i = 0; i < n; i++)
        if (atoms[i] < first || (i && atoms[i] != atoms[i - 1] + 1)) return false;
    return units == layer->dim[layer->rank - 1];
}

/* Is it the last step of a recurrent layer that goes forward? Then the layer's state is it. */
static bool is_last_state(const gz_value *v, size_t axis, size_t first, size_t count)
{
    const gz_net_layer *layer = v->at.layer;
    const size_t *atoms = gz_value_axis(v, axis);
    return gz_net_find_option(layer, "return_state") && strcmp(layer->type, "bidirectional") &&
           !gz_net_find_option(layer, "go_backwards") && v->n_of[axis] == 1 && *atoms == 1 && count == 1 &&
           first + 1 == v->atom[1] && v->atom[1] == layer->dim[0];
}

static gaze_status last_state(gz_import *im, gz_value *v, size_t axis)
{
    v->at.part = "state_h";
    GZ_TRY(gz_layer_plain(im, "flatten", v, NULL, 0, 1, &v->at.layer->dim[1], &v->at));
    replace_axis(v, axis, 1);
    return GAZE_OK;
}

gaze_status gz_take(gz_import *im, const gz_value *v, size_t axis, size_t first, size_t count, gz_value *to)
{
    const size_t size = v->dim[axis];
    *to = *v;
    if (first == 0 && count == size) return GAZE_OK;
    if (!count || first + count > size)
        return gz_refuse("elements %zu to %zu of an axis of %zu", first, first + count, size);
    if (is_last_state(to, axis, first, count)) return last_state(im, to, axis);
    if (is_of_units(to, axis)) return take_units(im, to, axis, first, count);
    if (gz_is_open(first) || gz_is_open(size - first - count))
        return gz_refuse("it takes a part of an axis that the file leaves open; give its size with --size");
    return edge(im, "cropping2d", to, axis, "cropping", first, size - first - count, count);
}

gaze_status gz_pad(gz_import *im, const gz_value *v, size_t axis, size_t before, size_t after, gz_value *to)
{
    *to = *v;
    if (!before && !after) return GAZE_OK;
    GZ_TRY(gz_settle(im, to));
    return edge(im, "zero_padding2d", to, axis, "padding", before, after, v->dim[axis] + before + after);
}
