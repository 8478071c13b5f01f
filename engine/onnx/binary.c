/* Add, Sub, Mul, Div and Pow: with a number, with a constant array, with another value. */
#include "operators.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool is_repeated(const gz_value *v)
{
    return v->at.layer->type && !strcmp(v->at.layer->type, "repeat_vector");
}

gaze_status gz_merge_values(gz_import *im, const char *type, const gz_value *const *v, size_t n, gz_value *to)
{
    gz_value work[GZ_NET_INPUTS];
    gz_net_layer *layer;
    const bool product = !strcmp(type, "multiply");
    double factor = 1;
    for (size_t i = 0; i < n; i++) {
        work[i] = *v[i];
        work[i].moment = NULL;
        if (work[i].scores || work[i].erf || gz_moment_is_alone(v[i]))
            return gz_refuse("its input is only known as a part of another operator");
        if (product && work[i].offset == 0) factor *= work[i].factor, work[i].factor = 1;
        GZ_TRY(gz_settle(im, &work[i]));
    }
    for (size_t i = 1; i < n; i++) /* what was repeated takes the order of what wasn't */
        if (!is_repeated(&work[i]) && is_repeated(&work[0])) {
            const gz_value first = work[0];
            work[0] = work[i];
            work[i] = first;
        }
    for (size_t pass = 0; pass < 2; pass++) /* the second time all atoms are cut as finely as any asks for */
        for (size_t i = 1; i < n; i++) GZ_TRY(gz_align(im, &work[0], &work[i]));
    GZ_TRY(
        gz_net_add(&im->net, type, NULL, work[0].at, work[0].at.layer->rank, work[0].at.layer->dim, &layer));
    for (size_t i = 1; i < n; i++) layer->inputs[layer->n_inputs++] = work[i].at;
    *to = work[0];
    to->at.layer = layer;
    to->factor = factor;
    return GAZE_OK;
}

static gaze_status merge_wide(gz_import *im, const char *type, const gz_value *a, const gz_value *b,
                              gz_value *to)
{
    size_t rank, dim[GZ_ONNX_RANK];
    gz_value x, y;
    GZ_TRY(gz_broadcast_shape(a, b, &rank, dim));
    GZ_TRY(gz_broadcast(im, a, rank, dim, &x));
    GZ_TRY(gz_broadcast(im, b, rank, dim, &y));
    return gz_merge_values(im, type, (const gz_value *const[]){&x, &y}, 2, to);
}

/* ---- Operators ---- */

static bool same_reading(const gz_value *a, const gz_value *b)
{
    return a->at.layer == b->at.layer && a->rank == b->rank && a->n_atoms == b->n_atoms &&
           !memcmp(a->order, b->order, a->n_atoms * sizeof *a->order) &&
           !memcmp(a->n_of, b->n_of, a->rank * sizeof *a->n_of);
}

static double near_one(double factor) { return fabs(factor - 1) < 1e-6 ? 1 : factor; }

/* gelu(t) = t/2 (1 + erf(t / sqrt 2)); here x offset (1 + sign erf(z)), z in proportion to x. */
static gaze_status finish_gelu(gz_import *im, const gz_value *x, const gz_value *erf, gz_value *to)
{
    const gz_value *z = erf->erf;
    gz_value t = *x;
    if (x->scores || x->erf || !same_reading(x, z) || x->offset != 0 || z->offset != 0 || z->factor == 0 ||
        fabs(fabs(erf->factor) - fabs(erf->offset)) > 1e-6 * fabs(erf->factor))
        return gz_refuse("an erf that is no part of gelu, x (1 + erf(x / sqrt(2)))");
    t.factor = near_one(z->factor * sqrt(2.0) * erf->factor / erf->offset);
    const double ratio = near_one(x->factor / t.factor); /* x = ratio t */
    GZ_TRY(gz_activate(im, &t, "gelu", to));
    to->factor = 2 * erf->offset * ratio;
    return GAZE_OK;
}

static gaze_status with_number(gz_import *im, const gz_value *x, double factor, double offset,
                               const gz_value *number, gz_value *to)
{
    size_t rank, dim[GZ_ONNX_RANK];
    if (x->scores && offset == 0) return gz_scores_scale(im, x, factor, to);
    GZ_TRY(gz_broadcast_shape(x, number, &rank, dim));
    if (factor == 0 && !x->erf && !x->scores)
        return gz_constant_uniform(im->arena, x->at.layer->whole, rank, dim, offset, &to->constant);
    if (x->erf)
        *to = *x;
    else
        GZ_TRY(gz_broadcast(im, x, rank, dim, to));
    to->moment = NULL;
    to->factor *= factor;
    to->offset = to->offset * factor + offset;
    return GAZE_OK;
}

/* Which input is known, and its number if it is one; x is the other. SIZE_MAX: neither. */
static size_t known_input(const gz_onnx_node *node, double *number, bool *is_number)
{
    *is_number = false;
    for (size_t i = 0; i < 2; i++) {
        const gz_value *v = gz_node_in(node, i);
        if (!v || !v->constant) continue;
        *is_number = gz_constant_is_uniform(v->constant, number);
        return i;
    }
    return SIZE_MAX;
}

static gaze_status expect_two(const gz_onnx_node *node)
{
    for (size_t i = 0; i < 2; i++)
        if (!gz_node_in(node, i)) return gz_refuse("it has %zu inputs, expected 2", node->n_in);
    return GAZE_OK;
}

/* a + sign b */
static gaze_status sum(gz_import *im, const gz_onnx_node *node, double sign)
{
    double number;
    bool is_number, done;
    gz_value negative, *to = node->out[0];
    GZ_TRY(expect_two(node));
    GZ_TRY(gz_moment_sum(im, node, sign, &done));
    if (done) return GAZE_OK;
    const size_t known = known_input(node, &number, &is_number);
    gz_value *a = node->in[0], *b = node->in[1];
    if (known == SIZE_MAX) {
        if (sign > 0) return merge_wide(im, "add", a, b, to);
        negative = *b;
        negative.factor *= -1;
        negative.offset *= -1;
        GZ_TRY(merge_wide(im, "add", a, &negative, to));
        return gz_moment_difference(im, a, b, to);
    }
    gz_value *x = node->in[1 - known];
    if (is_number)
        return with_number(im, x, known ? 1 : sign, known ? sign * number : number, node->in[known], to);
    if (x->scores && sign > 0) return gz_scores_mask(im, x, node->in[known]->constant, to);
    GZ_TRY(gz_node_computed(node, 1 - known, &x));
    negative = *x;
    if (!known) negative.factor *= sign, negative.offset *= sign;
    return gz_with_array(im, node, &negative, known, false, known ? sign : 1, to);
}

gaze_status gz_onnx_add(gz_import *im, const gz_onnx_node *node) { return sum(im, node, 1); }

gaze_status gz_onnx_sub(gz_import *im, const gz_onnx_node *node) { return sum(im, node, -1); }

gaze_status gz_onnx_mul(gz_import *im, const gz_onnx_node *node)
{
    double number;
    bool is_number, done;
    GZ_TRY(expect_two(node));
    GZ_TRY(gz_moment_product(im, node, &done));
    if (done) return GAZE_OK;
    const size_t known = known_input(node, &number, &is_number);
    gz_value *a = node->in[0], *b = node->in[1];
    if (known == SIZE_MAX) {
        if (a->erf) return finish_gelu(im, b, a, node->out[0]);
        if (b->erf) return finish_gelu(im, a, b, node->out[0]);
        GZ_TRY(merge_wide(im, "multiply", a, b, node->out[0]));
        return a == b ? gz_moment_square(im, a, node->out[0]) : GAZE_OK;
    }
    gz_value *x = node->in[1 - known];
    if (is_number) return with_number(im, x, number, 0, node->in[known], node->out[0]);
    GZ_TRY(gz_node_computed(node, 1 - known, &x));
    return gz_with_array(im, node, x, known, true, 1, node->out[0]);
}

gaze_status gz_onnx_div(gz_import *im, const gz_onnx_node *node)
{
    double number;
    bool is_number, done;
    GZ_TRY(expect_two(node));
    GZ_TRY(gz_moment_quotient(im, node, &done));
    if (done) return GAZE_OK;
    if (known_input(node, &number, &is_number) != 1)
        return gz_refuse("it divides by a value that the model computes");
    gz_value *x = node->in[0], reciprocal = *node->in[1];
    if (is_number && number == 0) return gz_refuse("it divides by 0");
    if (is_number) return with_number(im, x, 1 / number, 0, node->in[1], node->out[0]);
    GZ_TRY(gz_node_computed(node, 0, &x));
    reciprocal.constant = gz_inverse(im, node->in[1]->constant);
    if (!reciprocal.constant) return GAZE_ERROR_DEVICE;
    gz_onnx_node turned = *node;
    gz_value *in[2] = {x, &reciprocal};
    turned.in = in;
    return gz_with_array(im, &turned, x, 1, true, 1, node->out[0]);
}

gaze_status gz_onnx_pow(gz_import *im, const gz_onnx_node *node)
{
    double number = 0;
    bool is_number;
    GZ_TRY(expect_two(node));
    gz_value *x;
    if (known_input(node, &number, &is_number) != 1 || !is_number)
        return gz_refuse("its exponent is no single number");
    GZ_TRY(gz_node_computed(node, 0, &x));
    if (number == 1) return *node->out[0] = *x, GAZE_OK;
    if (number != 2 && number != 3 && number != 4)
        return gz_refuse("an exponent of %g, expected 1, 2, 3 or 4", number);
    GZ_TRY(
        gz_merge_values(im, "multiply", (const gz_value *const[]){x, x, x, x}, (size_t)number, node->out[0]));
    return number == 2 ? gz_moment_square(im, x, node->out[0]) : GAZE_OK;
}

gaze_status gz_onnx_sum(gz_import *im, const gz_onnx_node *node)
{
    const gz_value *all[GZ_NET_INPUTS];
    if (node->n_in == 2) return sum(im, node, 1);
    if (!node->n_in || node->n_in > GZ_NET_INPUTS)
        return gz_refuse("%zu inputs, expected 1 to %d", node->n_in, GZ_NET_INPUTS);
    for (size_t i = 0; i < node->n_in; i++) {
        gz_value *v;
        GZ_TRY(gz_node_computed(node, i, &v));
        if (v->rank != node->in[0]->rank || memcmp(v->dim, node->in[0]->dim, v->rank * sizeof *v->dim))
            return gz_refuse("its input %zu has another shape than its first", i);
        all[i] = v;
    }
    if (node->n_in == 1) return *node->out[0] = *all[0], GAZE_OK;
    return gz_merge_values(im, "add", all, node->n_in, node->out[0]);
}
