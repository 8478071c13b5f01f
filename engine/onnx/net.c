#include "net.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MOST_LAYERS = 10000 }; /* that a model file may have */

gaze_status gz_net_add(gz_net *net, const char *type, const char *name, gz_net_at input, size_t rank,
                       const size_t *dim, gz_net_layer **layer)
{
    if (rank > GZ_NET_RANK)
        return gz_fail(GAZE_ERROR_MODEL, "a %s of %zu dimensions, expected at most %d",
                       type ? type : "sample", rank, GZ_NET_RANK);
    const bool whole = input.layer && input.layer->whole,
               reads = type && (!strcmp(type, "reshape") || !strcmp(type, "flatten"));
    if (whole && !reads && strcmp(type, "embedding"))
        return gz_fail(GAZE_ERROR_MODEL,
                       "whole numbers are only taken as ids that look up rows of a table (Gather)");
    if (net->n_layers++ == MOST_LAYERS) return gz_fail(GAZE_ERROR_MODEL, "more than %d layers", MOST_LAYERS);
    gz_net_layer *new = gz_arena_allocate(net->arena, sizeof *new);
    if (!new) return GAZE_ERROR_DEVICE;
    *new = (gz_net_layer){.type = type,
                          .name = name,
                          .n_inputs = input.layer != NULL,
                          .inputs = {input},
                          .rank = rank,
                          .whole = whole && reads};
    for (size_t i = 0; i < rank; i++) new->dim[i] = dim[i];
    *(net->last ? &net->last->next : &net->first) = new;
    net->last = new;
    *layer = new;
    return GAZE_OK;
}

gaze_status gz_net_add_behind(gz_net *net, gz_net_layer *before, const char *type, gz_net_layer **layer)
{
    gz_net_layer *last = net->last;
    GZ_TRY(gz_net_add(net, type, NULL, (gz_net_at){before, NULL}, before->rank, before->dim, layer));
    if (before == last) return GAZE_OK;
    last->next = NULL;
    net->last = last;
    (*layer)->next = before->next;
    before->next = *layer;
    return GAZE_OK;
}

gaze_status gz_net_option(gz_net *net, gz_net_layer *layer, const char *key, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *json = gz_arena_copy(net->arena, text);
    if (!json) return GAZE_ERROR_DEVICE;
    size_t at = 0;
    while (at < layer->n_options && strcmp(layer->options[at].key, key)) at++;
    layer->options[at].key = key;
    layer->options[at].json = json;
    if (at == layer->n_options) layer->n_options++;
    return GAZE_OK;
}

const char *gz_net_find_option(const gz_net_layer *layer, const char *key)
{
    for (size_t i = 0; i < layer->n_options; i++)
        if (!strcmp(layer->options[i].key, key)) return layer->options[i].json;
    return NULL;
}

void gz_net_drop_option(gz_net_layer *layer, const char *key)
{
    size_t kept = 0;
    for (size_t i = 0; i < layer->n_options; i++)
        if (strcmp(layer->options[i].key, key)) layer->options[kept++] = layer->options[i];
    layer->n_options = kept;
}

gaze_status gz_net_weight(gz_net *net, gz_net_layer *layer, const char *name, size_t rank,
                          const size_t *shape, float **data)
{
    gaze_array *w = &layer->weights[layer->n_weights];
    size_t count = sizeof **data;
    *w = (gaze_array){.name = name, .dtype = GAZE_FLOAT32, .rank = rank};
    for (size_t i = 0; i < rank; i++) {
        w->shape[i] = shape[i];
        if (!gz_multiply(count, shape[i], &count)) count = SIZE_MAX;
    }
    if (count > net->budget)
        return gz_fail(GAZE_ERROR_MODEL, "its weights are very much larger than the file");
    net->budget -= count;
    w->data = *data = gz_arena_allocate(net->arena, count);
    if (!w->data) return GAZE_ERROR_DEVICE;
    layer->n_weights++;
    return GAZE_OK;
}

gaze_array *gz_net_find_weight(gz_net_layer *layer, const char *name)
{
    for (size_t i = 0; i < layer->n_weights; i++)
        if (!strcmp(layer->weights[i].name, name)) return &layer->weights[i];
    return NULL;
}

gaze_status gz_net_copy(gz_net *net, const gz_net_layer *layer, gz_net_layer **copy)
{
    gz_net_layer *new;
    GZ_TRY(gz_net_add(net, layer->type, layer->name, layer->inputs[0], layer->rank, layer->dim, &new));
    gz_net_layer *const next = new->next;
    *new = *layer;
    new->next = next;
    new->n_weights = 0;
    for (size_t i = 0; i < layer->n_weights; i++) {
        const gaze_array *w = &layer->weights[i];
        float *data;
        GZ_TRY(gz_net_weight(net, new, w->name, w->rank, w->shape, &data));
        size_t count = 1;
        for (size_t k = 0; k < w->rank; k++) count *= w->shape[k];
        memcpy(data, w->data, count * sizeof *data);
    }
    *copy = new;
    return GAZE_OK;
}

static bool same_text(const char *a, const char *b) { return a == b || (a && b && !strcmp(a, b)); }

static bool alike(const gz_net_layer *a, const gz_net_layer *b)
{
    if (!a->type || strcmp(a->type, b->type) || a->n_weights || a->n_inputs != b->n_inputs ||
        a->n_options != b->n_options)
        return false;
    for (size_t i = 0; i < a->n_inputs; i++)
        if (a->inputs[i].layer != b->inputs[i].layer || !same_text(a->inputs[i].part, b->inputs[i].part))
            return false;
    for (size_t i = 0; i < a->n_options; i++)
        if (strcmp(a->options[i].key, b->options[i].key) || strcmp(a->options[i].json, b->options[i].json))
            return false;
    return true;
}

gz_net_layer *gz_net_like(const gz_net *net, const gz_net_layer *layer)
{
    for (gz_net_layer *l = net->first; l; l = l->next)
        if (l != layer && alike(l, layer)) return l;
    return NULL;
}

bool gz_net_is_linear(const gz_net_layer *layer)
{
    static const char *const types[] = {"dense", "conv1d", "conv2d", "depthwise_conv2d"};
    if (!layer->type || gz_net_find_option(layer, "activation")) return false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(layer->type, types[i])) return true;
    return false;
}
