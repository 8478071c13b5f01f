/* Layer normalization that was exported in its parts: mean, differences from it, their squares, the variance,
   1/sqrt(variance + epsilon), and what is made of them. Parts are layers too, which nothing needs where the
   whole was recognised; only what has no layer (a square root) is a note alone. */
#include "operators.h"

#include <math.h>
#include <string.h>

static bool same(const gz_value *a, const gz_value *b)
{
    return a->at.layer == b->at.layer && a->rank == b->rank && a->n_atoms == b->n_atoms &&
           a->factor == b->factor && a->offset == b->offset &&
           !memcmp(a->order, b->order, a->n_atoms * sizeof *a->order) &&
           !memcmp(a->n_of, b->n_of, a->rank * sizeof *a->n_of);
}

static gaze_status put(gz_import *im, const gz_moment *from, gz_moment_kind kind, gz_value *to,
                       gz_moment **moment)
{
    gz_moment *new = gz_arena_duplicate(im->arena, from, sizeof *from);
    if (!new) return GAZE_ERROR_DEVICE;
    new->kind = kind;
    to->moment = new;
    if (moment) *moment = new;
    return GAZE_OK;
}

/* A value that is a note alone: read as x is. */
static gaze_status put_alone(gz_import *im, const gz_moment *from, gz_moment_kind kind, gz_value *to,
                             gz_moment **moment)
{
    *to = from->x;
    return put(im, from, kind, to, moment);
}

static bool is(const gz_value *v, gz_moment_kind kind) { return v->moment && v->moment->kind == kind; }

gaze_status gz_moment_mean(gz_import *im, const gz_value *v, const bool *over, gz_value *mean)
{
    if (is(v, GZ_SQUARES) && !memcmp(v->moment->over, over, v->rank * sizeof *over))
        return put(im, v->moment, GZ_VARIANCE, mean, NULL);
    gz_moment moment = {.x = *v};
    moment.x.moment = NULL;
    memcpy(moment.over, over, v->rank * sizeof *over);
    return put(im, &moment, GZ_MEAN, mean, NULL);
}

gaze_status gz_moment_difference(gz_import *im, const gz_value *a, const gz_value *b, gz_value *to)
{
    if (!is(b, GZ_MEAN) || !same(&b->moment->x, a)) return GAZE_OK;
    return put(im, b->moment, GZ_CENTRED, to, NULL);
}

/* The layer, without gamma and beta. */
static gaze_status normalize(gz_import *im, const gz_moment *m, gz_value *to)
{
    size_t axes[GZ_ONNX_RANK], back[GZ_ONNX_RANK], n = 0, first;
    gz_net_layer *layer;
    for (size_t i = 0; i < m->x.rank; i++)
        if (!m->over[i]) axes[n++] = i;
    first = n;
    for (size_t i = 0; i < m->x.rank; i++)
        if (m->over[i]) axes[n++] = i;
    for (size_t i = 0; i < n; i++) back[axes[i]] = i;
    gz_value x = m->x;
    GZ_TRY(gz_settle(im, &x));
    gz_value_transpose(&x, axes, &x);
    GZ_TRY(gz_arrange_last(im, &x, first));
    GZ_TRY(
        gz_net_add(&im->net, "layer_normalization", NULL, x.at, x.at.layer->rank, x.at.layer->dim, &layer));
    GZ_TRY(gz_net_option(&im->net, layer, "epsilon", "%.9g", m->epsilon));
    GZ_TRY(gz_net_option(&im->net, layer, "scale", "false"));
    GZ_TRY(gz_net_option(&im->net, layer, "center", "false"));
    x.at.layer = layer;
    gz_value_transpose(&x, back, to);
    return GAZE_OK;
}

gaze_status gz_with_constant(gz_import *im, const gz_onnx_node *node, gz_onnx_operator *function, gz_value *x,
                             const gz_constant *c, gz_value *to)
{
    gz_value constant = {.rank = c->rank, .constant = gz_arena_duplicate(im->arena, c, sizeof *c)},
             *in[2] = {x, &constant}, *out[1] = {to};
    if (!constant.constant) return GAZE_ERROR_DEVICE;
    memcpy(constant.dim, c->dim, sizeof c->dim);
    gz_onnx_node part = *node;
    part.in = in, part.out = out, part.n_in = 2, part.n_out = 1;
    x->uses = 1;
    return function(im, &part);
}

static gaze_status whole(gz_import *im, const gz_onnx_node *node, const gz_moment *m, gz_value *to)
{
    gz_value y, scaled;
    GZ_TRY(normalize(im, m, &y));
    scaled = y;
    if (m->gamma) GZ_TRY(gz_with_constant(im, node, gz_onnx_mul, &y, m->gamma, &scaled));
    if (!m->beta) return *to = scaled, GAZE_OK;
    return gz_with_constant(im, node, gz_onnx_add, &scaled, m->beta, to);
}

/* The other input of a node whose input i is known. */
static gaze_status times_constant(gz_import *im, const gz_value *v, const gz_constant *c, gz_value *to,
                                  bool *done)
{
    gz_moment *m;
    *done = is(v, GZ_INVERSE);
    if (!*done) return GAZE_OK;
    GZ_TRY(put_alone(im, v->moment, GZ_SCALED, to, &m));
    m->gamma = c;
    return GAZE_OK;
}

gaze_status gz_moment_product(gz_import *im, const gz_onnx_node *node, bool *done)
{
    gz_value *to = node->out[0];
    *done = false;
    for (size_t i = 0; i < 2 && !*done; i++) {
        const gz_value *a = node->in[i], *b = node->in[1 - i];
        if (b->constant) {
            GZ_TRY(times_constant(im, a, b->constant, to, done));
            continue;
        }
        if (!a->moment || (a->moment->kind != GZ_INVERSE && a->moment->kind != GZ_SCALED)) continue;
        const gz_moment *m = a->moment;
        *done = true;
        if (is(b, GZ_CENTRED) && same(&b->moment->x, &m->x)) return whole(im, node, m, to);
        if (same(b, &m->x)) return put_alone(im, m, GZ_PRODUCT, to, NULL);
        if (!is(b, GZ_MEAN) || !same(&b->moment->x, &m->x))
            return gz_refuse("a part of what is no layer normalization");
        gz_moment *shift;
        GZ_TRY(put_alone(im, m, GZ_SHIFT, to, &shift));
        shift->sign = b->moment->sign != 0 ? b->moment->sign : 1;
    }
    return GAZE_OK;
}

/* a + sign b */
gaze_status gz_moment_sum(gz_import *im, const gz_onnx_node *node, double sign, bool *done)
{
    gz_value *to = node->out[0];
    gz_moment *m;
    *done = true;
    for (size_t i = 0; i < 2; i++) {
        const gz_value *a = node->in[i], *b = node->in[1 - i];
        const double own = i == 0 ? 1 : sign, other = i == 0 ? sign : 1;
        double epsilon;
        if (is(a, GZ_VARIANCE) && b->constant && own == 1 && gz_constant_is_uniform(b->constant, &epsilon)) {
            GZ_TRY(put_alone(im, a->moment, GZ_VARIANCE, to, &m));
            m->epsilon += other * epsilon;
            m->alone = true;
            return GAZE_OK;
        }
        if (is(a, GZ_SHIFT) && b->constant && other == 1) {
            GZ_TRY(put_alone(im, a->moment, GZ_SHIFT, to, &m));
            m->sign *= own;
            m->beta = b->constant;
            return GAZE_OK;
        }
        if (is(a, GZ_PRODUCT) && is(b, GZ_SHIFT) && own == 1 && other * b->moment->sign == -1 &&
            same(&a->moment->x, &b->moment->x))
            return whole(im, node, b->moment, to);
    }
    return *done = false, GAZE_OK;
}

gaze_status gz_moment_quotient(gz_import *im, const gz_onnx_node *node, bool *done)
{
    const gz_value *a = node->in[0], *b = node->in[1];
    *done = is(b, GZ_DEVIATION);
    if (!*done) return GAZE_OK;
    if (a->constant) return gz_refuse("a number divided by a deviation");
    if (!is(a, GZ_CENTRED) || !same(&a->moment->x, &b->moment->x))
        return gz_refuse("a part of what is no layer normalization");
    return whole(im, node, b->moment, node->out[0]);
}

gaze_status gz_moment_square(gz_import *im, const gz_value *v, gz_value *to)
{
    return is(v, GZ_CENTRED) ? put(im, v->moment, GZ_SQUARES, to, NULL) : GAZE_OK;
}

gaze_status gz_moment_negative(gz_import *im, const gz_value *v, gz_value *to)
{
    gz_moment *m;
    if (!is(v, GZ_MEAN)) return GAZE_OK;
    GZ_TRY(put(im, v->moment, GZ_MEAN, to, &m));
    m->sign = m->sign != 0 ? -m->sign : -1;
    return GAZE_OK;
}

bool gz_moment_is_alone(const gz_value *v)
{
    return v->moment &&
           (v->moment->kind >= GZ_DEVIATION || (v->moment->kind == GZ_VARIANCE && v->moment->alone));
}

gaze_status gz_onnx_sqrt(gz_import *im, const gz_onnx_node *node)
{
    const gz_value *v = gz_node_in(node, 0);
    if (!v || !is(v, GZ_VARIANCE))
        return gz_refuse("a square root, which is taken as a part of layer normalization only");
    return put_alone(im, v->moment, GZ_DEVIATION, node->out[0], NULL);
}

gaze_status gz_onnx_reciprocal(gz_import *im, const gz_onnx_node *node)
{
    const gz_value *v = gz_node_in(node, 0);
    if (!v || !is(v, GZ_DEVIATION))
        return gz_refuse("a reciprocal, which is taken as a part of layer normalization only");
    return put_alone(im, v->moment, GZ_INVERSE, node->out[0], NULL);
}
