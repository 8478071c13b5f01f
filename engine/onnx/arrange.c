/* Values brought into the order and shape that a layer asks for. */
#include "import.h"

#include <stdio.h>
#include <string.h>

gaze_status gz_value_new(gz_import *im, gz_value **v)
{
    *v = gz_arena_allocate(im->arena, sizeof **v);
    if (!*v) return GAZE_ERROR_DEVICE;
    (*v)->factor = 1;
    return GAZE_OK;
}

gaze_status gz_value_constant(gz_import *im, gz_constant *c, gz_value **v)
{
    GZ_TRY(gz_value_new(im, v));
    (*v)->constant = c;
    (*v)->rank = c->rank;
    memcpy((*v)->dim, c->dim, sizeof c->dim);
    return GAZE_OK;
}

gaze_status gz_layer_plain(gz_import *im, const char *type, const gz_value *v, const gz_option *options,
                           size_t n, size_t rank, const size_t *dim, gz_net_at *out)
{
    gz_net_layer *const last = im->net.last, *layer, *like;
    GZ_TRY(gz_net_add(&im->net, type, NULL, v->at, rank, dim, &layer));
    for (size_t i = 0; i < n; i++)
        GZ_TRY(gz_net_option(&im->net, layer, options[i].key, "%s", options[i].json));
    like = gz_net_like(&im->net, layer);
    if (like) {
        last->next = NULL;
        im->net.last = last;
    }
    *out = (gz_net_at){like ? like : layer, NULL};
    return GAZE_OK;
}

gaze_status gz_settle(gz_import *im, gz_value *v)
{
    char scale[40], offset[40];
    if (v->factor == 1 && v->offset == 0) return GAZE_OK;
    snprintf(scale, sizeof scale, "%.9g", v->factor);
    snprintf(offset, sizeof offset, "%.9g", v->offset);
    const gz_option options[2] = {{"scale", scale}, {"offset", offset}};
    GZ_TRY(gz_layer_plain(im, "rescaling", v, options, v->offset != 0 ? 2 : 1, v->at.layer->rank,
                          v->at.layer->dim, &v->at));
    v->factor = 1;
    v->offset = 0;
    return GAZE_OK;
}

static gaze_status shape_text(size_t rank, const size_t *dim, char *text, size_t size)
{
    size_t length = 0, open = 0;
    for (size_t i = 0; i < rank; i++) {
        const char *comma = i ? ", " : "[";
        open += gz_is_open(dim[i]);
        length +=
            (size_t)(gz_is_open(dim[i]) ? snprintf(text + length, size - length, "%s-1", comma)
                                        : snprintf(text + length, size - length, "%s%zu", comma, dim[i]));
    }
    snprintf(text + length, size - length, "]");
    if (open < 2) return GAZE_OK;
    return gz_refuse("two sizes that the file leaves open are rearranged here; give them with --size NAME=N");
}

static gaze_status reshape_layer(gz_import *im, gz_value *v, size_t rank, const size_t *dim)
{
    const gz_net_layer *layer = v->at.layer;
    char text[160];
    if (layer->rank == rank && !memcmp(layer->dim, dim, rank * sizeof *dim)) return GAZE_OK;
    if (rank == 1) return gz_layer_plain(im, "flatten", v, NULL, 0, 1, dim, &v->at);
    GZ_TRY(shape_text(rank, dim, text, sizeof text));
    return gz_layer_plain(im, "reshape", v, &(gz_option){"target_shape", text}, 1, rank, dim, &v->at);
}

/* The atoms in another order, by the fewest dimensions: those that stay neighbours are one. */
static gaze_status permute_layer(gz_import *im, gz_value *v, const size_t *atoms, size_t n)
{
    size_t run_of[GZ_ATOMS] = {0}, n_runs = 0, size[GZ_ATOMS], dim[GZ_NET_RANK], to[GZ_NET_RANK];
    bool starts[GZ_ATOMS] = {false};
    char text[96];
    for (size_t i = 0; i < n; i++) starts[atoms[i]] = i == 0 || atoms[i] != atoms[i - 1] + 1;
    for (size_t i = 1; i <= n; i++) {
        if (starts[i]) size[n_runs++] = 1;
        run_of[i] = n_runs - 1;
        size[n_runs - 1] *= v->atom[i];
    }
    if (n_runs > GZ_NET_RANK)
        return gz_refuse("it moves %zu axes at once, expected at most %d", n_runs, GZ_NET_RANK);
    memcpy(dim, size, n_runs * sizeof *dim);
    GZ_TRY(reshape_layer(im, v, n_runs, dim));
    size_t length = 0, at = 0;
    for (size_t i = 0; i < n; i++) {
        if (!starts[atoms[i]]) continue;
        to[at] = size[run_of[atoms[i]]];
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%zu", at++ ? ", " : "[",
                                   run_of[atoms[i]] + 1);
    }
    snprintf(text + length, sizeof text - length, "]");
    return gz_layer_plain(im, "permute", v, &(gz_option){"dims", text}, 1, n_runs, to, &v->at);
}

gaze_status gz_arrange(gz_import *im, gz_value *v, const gz_groups *groups)
{
    size_t place[GZ_ATOMS] = {0}, size[GZ_ATOMS] = {v->atom[0]}, dim[GZ_NET_RANK], at = 0;
    bool moved = false;
    if (v->scores || v->erf) return gz_refuse("its input is only known as a part of another operator");
    for (size_t i = 0; i < groups->n_atoms; i++) {
        place[groups->atoms[i]] = i + 1;
        size[i + 1] = v->atom[groups->atoms[i]];
        moved |= groups->atoms[i] != i + 1;
    }
    if (moved) GZ_TRY(permute_layer(im, v, groups->atoms, groups->n_atoms));
    for (size_t i = 0; i < v->n_atoms; i++) v->order[i] = place[v->order[i]];
    memcpy(v->atom, size, v->n_atoms * sizeof *size);
    for (size_t g = 0; g < groups->n; g++) {
        dim[g] = 1;
        for (size_t i = 0; i < groups->n_of[g]; i++) dim[g] *= v->atom[1 + at++];
    }
    return reshape_layer(im, v, groups->n, dim);
}

gaze_status gz_arrange_axes(gz_import *im, gz_value *v, size_t n, const size_t *n_of, const size_t *axes)
{
    gz_groups groups = {.n = n};
    if (n > GZ_NET_RANK)
        return gz_refuse("%zu dimensions, expected at most %d beside the batch", n, GZ_NET_RANK);
    for (size_t g = 0; g < n; g++)
        for (size_t i = 0; i < n_of[g]; i++, axes++) {
            const size_t *atoms = gz_value_axis(v, *axes);
            for (size_t k = 0; k < v->n_of[*axes]; k++) {
                if (!atoms[k]) continue;
                groups.atoms[groups.n_atoms++] = atoms[k];
                groups.n_of[g]++;
            }
        }
    if (groups.n_atoms + 1 != v->n_atoms) return gz_refuse("it works across the samples of a batch");
    return gz_arrange(im, v, &groups);
}

gaze_status gz_arrange_plain(gz_import *im, gz_value *v)
{
    size_t n_of[GZ_ONNX_RANK], axes[GZ_ONNX_RANK], n = 0;
    const size_t batch = gz_value_batch_axis(v);
    for (size_t i = 0; i < v->rank; i++) {
        if (i == batch) continue;
        n_of[n] = 1;
        axes[n++] = i;
    }
    return gz_arrange_axes(im, v, n, n_of, axes);
}

/* The dimensions that the layer has for its first atoms stay if they end with them. */
static void group_first(const gz_value *v, size_t n_atoms, gz_groups *groups)
{
    const gz_net_layer *layer = v->at.layer;
    size_t at = 0;
    groups->n = 0;
    for (size_t i = 0; i < layer->rank && at < n_atoms && groups->n + 1 < GZ_NET_RANK; i++) {
        size_t size = 1, n = 0;
        while (size < layer->dim[i]) size *= v->atom[1 + at++], n++;
        groups->n_of[groups->n++] = n;
    }
    if (at == n_atoms) return;
    groups->n = 1;
    groups->n_of[0] = n_atoms;
}

gaze_status gz_arrange_last(gz_import *im, gz_value *v, size_t first)
{
    gz_groups groups = {0};
    bool last[GZ_ATOMS] = {false};
    size_t n_last = 0, behind = 0;
    for (size_t axis = first; axis < v->rank; axis++)
        for (size_t i = 0; i < v->n_of[axis]; i++, n_last++) last[gz_value_axis(v, axis)[i]] = true;
    if (last[0]) {
        if (!first || !gz_value_move_batch(v, first - 1))
            return gz_refuse("it works across the samples of a batch");
        return gz_arrange_last(im, v, first);
    }
    for (size_t i = v->n_atoms - n_last; i < v->n_atoms; i++) behind += last[i];
    const bool stay = behind == n_last;
    for (size_t i = 1; i < v->n_atoms; i++)
        if (!last[i]) groups.atoms[groups.n_atoms++] = i;
    if (stay)
        group_first(v, groups.n_atoms, &groups);
    else if (groups.n_atoms)
        groups.n_of[groups.n++] = groups.n_atoms;
    const size_t *atoms = gz_value_axis(v, first);
    for (size_t i = 0; i < n_last; i++)
        groups.atoms[groups.n_atoms++] = stay ? v->n_atoms - n_last + i : atoms[i];
    groups.n_of[groups.n++] = n_last;
    return gz_arrange(im, v, &groups);
}

gaze_status gz_reshape_value(gz_import *im, const gz_value *v, size_t rank, const size_t *dim, gz_value *to)
{
    size_t axes[GZ_ONNX_RANK], n_of = v->rank - 1;
    if (gz_value_reshape(v, rank, dim, to)) return GAZE_OK;
    if (!v->rank || gz_value_batch_axis(v) != 0 || v->scores || v->erf)
        return gz_refuse("its shape is made another in a way that mixes the samples of a batch");
    for (size_t i = 1; i < v->rank; i++) axes[i - 1] = i;
    gz_value flat = *v;
    GZ_TRY(gz_arrange_axes(im, &flat, 1, &n_of, axes));
    const double factor = flat.factor, offset = flat.offset;
    gz_value_of_layer(&flat, flat.at, im->batch);
    flat.factor = factor;
    flat.offset = offset;
    if (gz_value_reshape(&flat, rank, dim, to)) return GAZE_OK;
    return gz_refuse("its shape is made another in a way that mixes the samples of a batch");
}
