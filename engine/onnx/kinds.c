/* Attention that was exported in its parts, found among the layers: x times shares of its positions or
   channels, which were made from x. It becomes a layer of that kind, with its map. */
#include "kinds.h"
#include "import.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool gz_kind_is_type(const gz_net_layer *l, const char *type) { return l->type && !strcmp(l->type, type); }

bool gz_kind_says(const gz_net_layer *l, const char *key, const char *json)
{
    const char *found = gz_net_find_option(l, key);
    return found && !strcmp(found, json);
}

gz_net_layer *gz_kind_source(gz_net_layer *l)
{
    while ((gz_kind_is_type(l, "reshape") || gz_kind_is_type(l, "flatten")) && !l->inputs[0].part)
        l = l->inputs[0].layer;
    return l;
}

gz_net_layer *gz_kind_input(gz_net_layer *l, size_t i)
{
    return l->inputs[i].part ? NULL : gz_kind_source(l->inputs[i].layer);
}

static gz_net_layer *behind(gz_net_layer *l, const char *type)
{
    gz_net_layer *before = l && l->n_inputs ? gz_kind_input(l, 0) : NULL;
    return before && gz_kind_is_type(before, type) ? before : NULL;
}

static gz_net_layer *activated(gz_net_layer *l, const char *word)
{
    return l && gz_kind_is_type(l, "activation") && gz_kind_says(l, "activation", word) ? gz_kind_input(l, 0)
                                                                                        : NULL;
}

size_t gz_kind_count(const gz_net_layer *l)
{
    size_t n = 1;
    for (size_t i = 0; i < l->rank; i++) n *= l->dim[i];
    return n;
}

static size_t channels(const gz_net_layer *l) { return l->rank ? l->dim[l->rank - 1] : 0; }

/* y [N] where `l` is y_t for every channel of an x of C channels; NULL: it isn't. */
static gz_net_layer *of_positions(gz_net_layer *l, size_t C)
{
    gz_net_layer *turned = gz_kind_source(l),
                 *repeated = gz_kind_is_type(turned, "permute") ? behind(turned, "repeat_vector") : NULL;
    if (!repeated || !gz_kind_says(turned, "dims", "[2, 1]") || repeated->dim[0] != C) return NULL;
    return gz_kind_input(repeated, 0);
}

/* y [C] where `l` is y_c for each of N positions. */
static gz_net_layer *of_channels(gz_net_layer *l, size_t N, size_t C)
{
    gz_net_layer *repeated = gz_kind_source(l);
    if (!gz_kind_is_type(repeated, "repeat_vector") || repeated->dim[0] != N || repeated->dim[1] != C)
        return NULL;
    return gz_kind_input(repeated, 0);
}

void gz_kind_become(gz_net_layer *l, gz_net_layer *x)
{
    l->type = "attention";
    l->name = NULL;
    l->n_inputs = 1;
    l->inputs[0] = (gz_net_at){x, NULL};
    l->n_options = l->n_weights = 0;
    l->open_scale = false;
}

/* A weight, copied from a layer's, or zeros where it has none. */
static gaze_status move(gz_net *net, gz_net_layer *l, const char *name, size_t rank, const size_t *shape,
                        gz_net_layer *from, const char *weight)
{
    float *data;
    const gaze_array *w = gz_net_find_weight(from, weight);
    size_t n = 1;
    for (size_t i = 0; i < rank; i++) n *= shape[i];
    GZ_TRY(gz_net_weight(net, l, name, rank, shape, &data));
    if (w) memcpy(data, w->data, n * sizeof *data);
    return GAZE_OK;
}

/* ---- additive_pool, additive_scale: a = softmax(tanh(x W + b) u) ---- */

typedef struct additive {
    gz_net_layer *hidden, *score;
} additive;

static bool is_additive(gz_net_layer *a, gz_net_layer *x, additive *found)
{
    gz_net_layer *score = activated(a, "\"softmax\""), *bent, *hidden;
    if (!score || !gz_kind_is_type(score, "dense") || channels(score) != 1 || !gz_net_is_linear(score))
        return false;
    if (a->rank != 1 || !(bent = gz_kind_input(score, 0)) || !(hidden = activated(bent, "\"tanh\"")))
        return false;
    *found = (additive){hidden, score};
    return gz_kind_is_type(hidden, "dense") && gz_net_is_linear(hidden) && gz_kind_input(hidden, 0) == x &&
           channels(x) > 1;
}

bool gz_kind_is_additive(gz_net_layer *l)
{
    additive found;
    if (!gz_kind_is_type(l, "multiply") || l->n_inputs != 2) return false;
    for (size_t i = 0; i < 2; i++) {
        gz_net_layer *x = gz_kind_input(l, i);
        if (!x || l->inputs[1 - i].part || !channels(x)) continue;
        gz_net_layer *shares = of_positions(l->inputs[1 - i].layer, channels(x));
        if (shares && is_additive(shares, x, &found)) return true;
    }
    return false;
}

static gaze_status make_additive(gz_net *net, gz_net_layer *l, gz_net_layer *x, const additive *a,
                                 const char *kind)
{
    const size_t D = channels(x), U = channels(a->hidden);
    gz_net_layer *hidden = a->hidden, *score = a->score;
    gz_kind_become(l, x);
    GZ_TRY(gz_net_option(net, l, "kind", "\"%s\"", kind));
    GZ_TRY(gz_net_option(net, l, "units", "%zu", U));
    GZ_TRY(move(net, l, "hidden.kernel", 2, (size_t[]){D, U}, hidden, "kernel"));
    GZ_TRY(move(net, l, "hidden.bias", 1, &U, hidden, "bias"));
    return move(net, l, "score.kernel", 2, (size_t[]){U, 1}, score, "kernel");
}

/* The only reader of a layer, or NULL. */
static gz_net_layer *only_reader(const gz_net *net, const gz_net_layer *l)
{
    gz_net_layer *found = NULL;
    if (l->uses != 1 || l->is_output) return NULL;
    for (gz_net_layer *r = net->first; r; r = r->next)
        for (size_t i = 0; i < r->n_inputs; i++)
            if (r->inputs[i].layer == l) found = r;
    return found;
}

static double scale_of(const gz_net_layer *l)
{
    const char *scale = gz_kind_is_type(l, "rescaling") && !gz_net_find_option(l, "offset")
                            ? gz_net_find_option(l, "scale")
                            : NULL;
    return scale ? strtod(scale, NULL) : 0;
}

/* l = attention * factor: a rescaling behind it that undoes the factor becomes the attention; else l does,
   with a rescaling of its own. */
static gaze_status put(gz_net *net, gz_net_layer *l, gz_net_layer *x, const additive *a, const char *kind,
                       double factor)
{
    gz_net_layer *next = only_reader(net, l), *rescaling;
    if (next && fabs(scale_of(next) * factor - 1) < 1e-5) return make_additive(net, next, x, a, kind);
    GZ_TRY(make_additive(net, l, x, a, kind));
    GZ_TRY(gz_net_add_behind(net, l, "rescaling", &rescaling));
    for (gz_net_layer *r = rescaling->next; r; r = r->next)
        for (size_t i = 0; i < r->n_inputs; i++)
            if (r->inputs[i].layer == l) r->inputs[i].layer = rescaling;
    return gz_net_option(net, rescaling, "scale", "%.9g", factor);
}

static gaze_status find_additive(gz_net *net, gz_net_layer *l, gz_net_layer *x, gz_net_layer *a, bool *done)
{
    additive found;
    const double N = (double)(gz_kind_count(x) / channels(x));
    *done = a && is_additive(a, x, &found);
    if (!*done) return GAZE_OK;
    gz_net_layer *next = only_reader(net, l);
    *done = next != NULL;
    if (!next) return GAZE_OK;
    gz_net_layer *pool = gz_kind_is_type(next, "reshape") ? only_reader(net, next) : next;
    const bool pools =
        pool && !pool->is_output && channels(pool) == channels(x) &&
        (gz_kind_is_type(pool, "global_average_pool1d") || gz_kind_is_type(pool, "global_average_pool2d")) &&
        channels(pool->inputs[0].layer) == channels(x);
    const gz_net_layer *sum = pools && gz_is_open(gz_kind_count(x)) ? only_reader(net, pool) : NULL;
    *done = !gz_is_open(gz_kind_count(x)) ||
            (sum && sum->open_scale); /* else a number that isn't known would stay */
    if (!*done) return GAZE_OK;
    return put(net, pools ? pool : l, x, &found, pools ? "additive_pool" : "additive_scale", 1 / N);
}

/* ---- spatial: sigmoid of a convolution of the mean and the maximum over channels ---- */

static bool is_over_channels(gz_net_layer *pool, const char *type, gz_net_layer *x)
{
    gz_net_layer *turned = gz_kind_is_type(pool, type) ? behind(pool, "permute") : NULL;
    return turned && gz_kind_says(turned, "dims", "[2, 1]") && turned->dim[0] == channels(x) &&
           gz_kind_input(turned, 0) == x;
}

static gaze_status find_spatial(gz_net *net, gz_net_layer *l, gz_net_layer *x, gz_net_layer *s, bool *done)
{
    gz_net_layer *conv = activated(s, "\"sigmoid\""), *both, *of[2];
    *done = false;
    if (!conv || !gz_kind_is_type(conv, "conv2d") || !gz_net_is_linear(conv) || channels(conv) != 1 ||
        x->rank != 3)
        return GAZE_OK;
    const gaze_array *kernel = gz_net_find_weight(conv, "kernel");
    const bool plain = kernel->shape[0] == kernel->shape[1] && kernel->shape[2] == 2 &&
                       !gz_net_find_option(conv, "strides") && !gz_net_find_option(conv, "dilation_rate") &&
                       conv->dim[0] == x->dim[0] && conv->dim[1] == x->dim[1];
    if (!plain || !(both = behind(conv, "concatenate")) || both->n_inputs != 2) return GAZE_OK;
    for (size_t i = 0; i < 2; i++)
        if (!(of[i] = gz_kind_input(both, i))) return GAZE_OK;
    const size_t mean = gz_kind_is_type(of[0], "global_average_pool1d") ? 0 : 1;
    *done = is_over_channels(of[mean], "global_average_pool1d", x) &&
            is_over_channels(of[1 - mean], "global_max_pool1d", x);
    if (!*done) return GAZE_OK;
    const size_t size = kernel->shape[0], one = 1;
    gz_kind_become(l, x);
    GZ_TRY(gz_net_option(net, l, "kind", "\"spatial\""));
    GZ_TRY(gz_net_option(net, l, "kernel_size", "%zu", size));
    GZ_TRY(move(net, l, "conv.kernel", 4, kernel->shape, conv, "kernel"));
    GZ_TRY(move(net, l, "conv.bias", 1, &one, conv, "bias"));
    float *k = l->weights[0].data;
    for (size_t i = 0; mean == 1 && i < size * size; i++) {
        const float first = k[2 * i];
        k[2 * i] = k[2 * i + 1];
        k[2 * i + 1] = first;
    }
    return GAZE_OK;
}

/* ---- squeeze_excite: sigmoid of two products of the mean over positions ---- */

static bool is_product(const gz_net_layer *l, size_t in)
{
    const gaze_array *w = l && (gz_kind_is_type(l, "dense") || gz_kind_is_type(l, "conv2d"))
                              ? gz_net_find_weight((gz_net_layer *)l, "kernel")
                              : NULL;
    return w && gz_net_is_linear(l) && gz_kind_count(l) == channels(l) && w->shape[w->rank - 2] == in &&
           (w->rank == 2 || w->shape[0] * w->shape[1] == 1);
}

static gaze_status find_squeeze(gz_net *net, gz_net_layer *l, gz_net_layer *x, gz_net_layer *s, bool *done)
{
    const size_t C = channels(x);
    gz_net_layer *expand = activated(s, "\"sigmoid\""), *reduce, *mean;
    *done = false;
    if (!expand || x->rank != 3 || !(reduce = activated(gz_kind_input(expand, 0), "\"relu\"")) ||
        !is_product(reduce, C))
        return GAZE_OK;
    const size_t R = channels(reduce), ratio = R <= C ? C / R : 0;
    if (!is_product(expand, R) || channels(expand) != C || !ratio || C / ratio != R) return GAZE_OK;
    if (!(mean = behind(reduce, "global_average_pool2d")) || gz_kind_input(mean, 0) != x) return GAZE_OK;
    *done = true;
    gz_kind_become(l, x);
    GZ_TRY(gz_net_option(net, l, "kind", "\"squeeze_excite\""));
    GZ_TRY(gz_net_option(net, l, "ratio", "%zu", ratio));
    GZ_TRY(move(net, l, "reduce.kernel", 2, (size_t[]){C, R}, reduce, "kernel"));
    GZ_TRY(move(net, l, "reduce.bias", 1, &R, reduce, "bias"));
    GZ_TRY(move(net, l, "expand.kernel", 2, (size_t[]){R, C}, expand, "kernel"));
    return move(net, l, "expand.bias", 1, &C, expand, "bias");
}

gaze_status gz_net_find_kind(gz_net *net, gz_net_layer *l)
{
    bool done = false;
    if (!gz_kind_is_type(l, "multiply") || l->n_inputs != 2) return GAZE_OK;
    for (size_t i = 0; i < 2 && !done; i++) {
        gz_net_layer *x = gz_kind_input(l, i), *shares;
        if (!x || l->inputs[1 - i].part || !channels(x)) continue;
        GZ_TRY(gz_kind_find_gate(net, l, x, gz_kind_input(l, 1 - i), &done));
        if (done || l->inputs[i].layer != x) continue;
        shares = of_positions(l->inputs[1 - i].layer, channels(x));
        if (shares) GZ_TRY(find_additive(net, l, x, shares, &done));
        if (shares && !done) GZ_TRY(find_spatial(net, l, x, shares, &done));
        if (done) break;
        shares = of_channels(l->inputs[1 - i].layer, gz_kind_count(x) / channels(x), channels(x));
        if (shares) GZ_TRY(find_squeeze(net, l, x, shares, &done));
    }
    return GAZE_OK;
}
