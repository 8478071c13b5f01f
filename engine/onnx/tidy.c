/* What importing leaves behind put in order. */
#include "net.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct tidy {
    gz_net *net;
    gz_net_at *outputs;
    size_t n_outputs;
} tidy;

static bool is_type(const gz_net_layer *layer, const char *type)
{
    return layer->type && !strcmp(layer->type, type);
}

static bool is_at(gz_net_at a, const gz_net_layer *layer, const char *part)
{
    return a.layer == layer && (a.part == part || (a.part && part && !strcmp(a.part, part)));
}

/* All that read `from` read `to` from now on. */
static void replace(tidy *t, gz_net_at from, gz_net_at to)
{
    for (gz_net_layer *l = t->net->first; l; l = l->next)
        for (size_t i = 0; i < l->n_inputs; i++)
            if (l != to.layer && is_at(l->inputs[i], from.layer, from.part)) l->inputs[i] = to;
    for (size_t i = 0; i < t->n_outputs; i++)
        if (is_at(t->outputs[i], from.layer, from.part)) t->outputs[i] = to;
}

static void need(gz_net_layer *layer)
{
    layer->needed = true;
    layer->uses++;
}

/* Layers stand behind those that they read: one walk from behind would do, but the list has one direction. */
static void drop_unneeded(tidy *t)
{
    bool changed = true;
    for (gz_net_layer *l = t->net->first; l; l = l->next) l->needed = !l->type, l->uses = 0;
    for (size_t i = 0; i < t->n_outputs; i++) t->outputs[i].layer->needed = true;
    while (changed) {
        changed = false;
        for (gz_net_layer *l = t->net->first; l; l = l->next)
            for (size_t i = 0; l->needed && i < l->n_inputs; i++)
                if (!l->inputs[i].layer->needed) l->inputs[i].layer->needed = changed = true;
    }
    gz_net_layer **at = &t->net->first;
    t->net->last = NULL;
    while (*at) {
        if (!(*at)->needed) {
            *at = (*at)->next;
            continue;
        }
        t->net->last = *at;
        at = &(*at)->next;
    }
    for (gz_net_layer *l = t->net->first; l; l = l->next)
        for (size_t i = 0; i < l->n_inputs; i++) need(l->inputs[i].layer);
    for (size_t i = 0; i < t->n_outputs; i++) need(t->outputs[i].layer);
}

/* How many read this part of a layer. */
static size_t readers(const tidy *t, const gz_net_layer *layer, const char *part)
{
    size_t n = 0;
    for (const gz_net_layer *l = t->net->first; l; l = l->next)
        for (size_t i = 0; i < l->n_inputs; i++) n += is_at(l->inputs[i], layer, part);
    for (size_t i = 0; i < t->n_outputs; i++) n += is_at(t->outputs[i], layer, part);
    return n;
}

/* dense, then activation -> dense with the activation */
static gaze_status fuse_activation(tidy *t, gz_net_layer *l)
{
    gz_net_layer *before = l->inputs[0].layer;
    if (!is_type(l, "activation") || !gz_net_is_linear(before) || before->uses != 1 || l->inputs[0].part)
        return GAZE_OK;
    const char *word = gz_net_find_option(l, "activation");
    if (!strcmp(word, "\"linear\"")) return GAZE_OK;
    GZ_TRY(gz_net_option(t->net, before, "activation", "%s", word));
    replace(t, (gz_net_at){l, NULL}, (gz_net_at){before, NULL});
    return GAZE_OK;
}

/* x sigmoid(x) -> silu */
static gaze_status make_silu(tidy *t, gz_net_layer *l)
{
    if (!is_type(l, "multiply") || l->n_inputs != 2) return GAZE_OK;
    for (size_t i = 0; i < 2; i++) {
        const gz_net_layer *gate = l->inputs[i].layer;
        if (!is_type(gate, "activation") || strcmp(gz_net_find_option(gate, "activation"), "\"sigmoid\""))
            continue;
        if (!is_at(gate->inputs[0], l->inputs[1 - i].layer, l->inputs[1 - i].part)) continue;
        l->inputs[0] = gate->inputs[0];
        l->n_inputs = 1;
        l->type = "activation";
        return gz_net_option(t->net, l, "activation", "\"silu\"");
    }
    return GAZE_OK;
}

static bool same_shape(const gz_net_layer *a, const gz_net_layer *b)
{
    return a->rank == b->rank && !memcmp(a->dim, b->dim, a->rank * sizeof *a->dim);
}

static bool only_reshapes(const gz_net_layer *l) { return is_type(l, "reshape") || is_type(l, "flatten"); }

/* A shape of a shape is a shape; the shape that is there already is nothing. */
static void join_reshapes(tidy *t, gz_net_layer *l)
{
    while (only_reshapes(l) && only_reshapes(l->inputs[0].layer) && !l->inputs[0].part)
        l->inputs[0] = l->inputs[0].layer->inputs[0];
    if (only_reshapes(l) && !l->inputs[0].part && same_shape(l, l->inputs[0].layer) && !l->is_output)
        replace(t, (gz_net_at){l, NULL}, l->inputs[0]);
}

/* ---- Recurrent layers: they were made with all their steps and states ---- */

static bool is_recurrent(const gz_net_layer *l)
{
    return is_type(l, "lstm") || is_type(l, "gru") || is_type(l, "simple_rnn");
}

static void keep_last_step(gz_net_layer *l, size_t width)
{
    l->rank = 1;
    l->dim[0] = width;
}

/* The words "return_..." of a bidirectional layer's wrapped one, cut out of its text. */
static gaze_status cut_word(tidy *t, gz_net_layer *l, const char *word)
{
    char text[512];
    const char *json = gz_net_find_option(l, "layer"), *at = strstr(json, word);
    if (!at) return GAZE_OK;
    snprintf(text, sizeof text, "%.*s%s", (int)(at - json), json, at + strlen(word));
    return gz_net_option(t->net, l, "layer", "%s", text);
}

static gaze_status tidy_single(tidy *t, gz_net_layer *l)
{
    const bool h = readers(t, l, "state_h") > 0, c = readers(t, l, "state_c") > 0,
               all = readers(t, l, NULL) > 0;
    if (!h && !c) gz_net_drop_option(l, "return_state");
    if (all) return GAZE_OK;
    gz_net_drop_option(l, "return_sequences"); /* its output is the state now */
    keep_last_step(l, l->dim[1]);
    if (c) return GAZE_OK;
    gz_net_drop_option(l, "return_state");
    replace(t, (gz_net_at){l, "state_h"}, (gz_net_at){l, NULL});
    return GAZE_OK;
}

/* Both states h put together are the output of the last steps. */
static gaze_status tidy_both(tidy *t, gz_net_layer *l)
{
    static const char *const parts[] = {"forward_state_h", "backward_state_h", "forward_state_c",
                                        "backward_state_c"};
    size_t n[4];
    for (size_t i = 0; i < 4; i++) n[i] = readers(t, l, parts[i]);
    if (!n[0] && !n[1] && !n[2] && !n[3]) return cut_word(t, l, ", \"return_state\": true");
    if (readers(t, l, NULL) || n[0] != 1 || n[1] != 1 || n[2] || n[3]) return GAZE_OK;
    for (gz_net_layer *joined = l->next; joined; joined = joined->next) {
        if (!is_type(joined, "concatenate") || joined->n_inputs != 2) continue;
        const gz_net_layer *a = joined->inputs[0].layer, *b = joined->inputs[1].layer;
        if (!a->n_inputs || !b->n_inputs || !is_at(a->inputs[0], l, parts[0]) ||
            !is_at(b->inputs[0], l, parts[1]))
            continue;
        GZ_TRY(cut_word(t, l, ", \"return_state\": true"));
        GZ_TRY(cut_word(t, l, ", \"return_sequences\": true"));
        keep_last_step(l, l->dim[1]);
        replace(t, (gz_net_at){joined, NULL}, (gz_net_at){l, NULL});
        return GAZE_OK;
    }
    return GAZE_OK;
}

/* ---- Names ---- */

static bool is_taken(const gz_net *net, const gz_net_layer *but, const char *name)
{
    for (const gz_net_layer *l = net->first; l; l = l->next)
        if (l != but && l->needed && l->name && !strcmp(l->name, name)) return true;
    return false;
}

/* The part of a path of scopes that names the layer: "functional_1/hidden_1/Tensordot/MatMul" -> "hidden_1".
 */
static const char *scope_of(const char *wish, size_t *length)
{
    static const char *const steps[] = {"Tensordot", "einsum"};
    const char *begin = wish, *end = wish + strlen(wish);
    bool again = memchr(wish, '/', strlen(wish)) != NULL;
    while (again && end > wish) { /* the last part is the operation itself */
        while (end > wish && end[-1] != '/') end--;
        while (end > wish && end[-1] == '/') end--;
        for (begin = end; begin > wish && begin[-1] != '/';) begin--;
        again = false;
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
            again |= (size_t)(end - begin) == strlen(steps[i]) && !memcmp(begin, steps[i], strlen(steps[i]));
    }
    *length = (size_t)(end - begin);
    return begin;
}

/* "conv1.weight", "/conv1/Conv" -> "conv1": letters, digits, and _ for the rest. */
static void usable(const char *wish, char name[64])
{
    static const char *const ends[] = {".weight", ".weight_ih_l0", ".in_proj_weight",
                                       ".gamma",  ".kernel",       ".bias"};
    size_t n = 0, length;
    wish = scope_of(wish, &length);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const size_t end = strlen(ends[i]);
        if (length > end && !memcmp(wish + length - end, ends[i], end)) length -= end;
    }
    for (size_t i = 0; i < length && n < 48; i++) {
        const bool good = isalnum((unsigned char)wish[i]) || (wish[i] == '-' && n);
        if (good || (n && name[n - 1] != '_')) name[n++] = good ? wish[i] : '_';
    }
    while (n && name[n - 1] == '_') n--;
    name[n] = 0;
}

static gaze_status give_name(gz_net *net, gz_net_layer *l, size_t *number)
{
    char name[64] = "", text[80];
    if (l->name) usable(l->name, name);
    l->name = NULL;
    if (!*name) snprintf(name, sizeof name, "%s", l->type ? l->type : "input");
    if (!strcmp(name, "label")) snprintf(name, sizeof name, "label_");
    snprintf(text, sizeof text, "%s", name);
    while (is_taken(net, l, text)) snprintf(text, sizeof text, "%s_%zu", name, ++*number);
    l->name = gz_arena_copy(net->arena, text);
    return l->name ? GAZE_OK : GAZE_ERROR_DEVICE;
}

static gaze_status give_names(gz_net *net)
{
    for (gz_net_layer *l = net->first; l; l = l->next) l->needed = false; /* has its name already? */
    for (gz_net_layer *l = net->first; l; l = l->next) {
        size_t number = 1;
        GZ_TRY(give_name(net, l, &number));
        l->needed = true;
    }
    return GAZE_OK;
}

gaze_status gz_net_tidy(gz_net *net, gz_net_at *outputs, size_t n_outputs)
{
    tidy t = {net, outputs, n_outputs};
    drop_unneeded(&t);
    for (gz_net_layer *l = net->first; l; l = l->next) {
        if (is_recurrent(l)) GZ_TRY(tidy_single(&t, l));
        if (is_type(l, "bidirectional")) GZ_TRY(tidy_both(&t, l));
        join_reshapes(&t, l);
    }
    drop_unneeded(&t);
    for (gz_net_layer *l = net->first; l; l = l->next) GZ_TRY(gz_net_find_kind(net, l));
    drop_unneeded(&t);
    for (const gz_net_layer *l = net->first; l; l = l->next)
        if (l->open_scale)
            return gz_fail(GAZE_ERROR_MODEL, "attention over steps that are summed is read by something else "
                                             "too, and their number is left "
                                             "open; give it with --size NAME=N");
    for (gz_net_layer *l = net->first; l; l = l->next) GZ_TRY(make_silu(&t, l));
    drop_unneeded(&t);
    for (gz_net_layer *l = net->first; l; l = l->next) GZ_TRY(fuse_activation(&t, l));
    drop_unneeded(&t);
    return give_names(net);
}
