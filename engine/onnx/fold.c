/* Arithmetic on constants. */
#include "operators.h"

#include <math.h>
#include <string.h>

static double power(double a, double b) { return pow(a, b); }

static double quotient(double a, double b) { return a / b; }

static double modulo(double a, double b) { return b == 0 ? 0 : a - b * floor(a / b); }

static double unknown(double a, double b) { return (void)a, (void)b, (double)NAN; }

static double add(double a, double b) { return a + b; }
static double subtract(double a, double b) { return a - b; }
static double multiply(double a, double b) { return a * b; }
static double least(double a, double b) { return a < b ? a : b; }
static double largest(double a, double b) { return a > b ? a : b; }
static double equal(double a, double b) { return a == b; }
static double less(double a, double b) { return a < b; }
static double less_or_equal(double a, double b) { return a <= b; }
static double greater(double a, double b) { return a > b; }
static double greater_or_equal(double a, double b) { return a >= b; }
static double both(double a, double b) { return a != 0 && b != 0; }
static double either(double a, double b) { return a != 0 || b != 0; }

typedef struct binary {
    const char *op;
    double (*function)(double a, double b);
    bool truth; /* the result is a boolean */
} binary;

static const binary BINARY[] = {
    {"Add", add, false},        {"Sum", add, false},
    {"Sub", subtract, false},   {"Mul", multiply, false},
    {"Div", quotient, false},   {"Pow", power, false},
    {"Mod", modulo, false},     {"Min", least, false},
    {"Max", largest, false},    {"Equal", equal, true},
    {"Less", less, true},       {"LessOrEqual", less_or_equal, true},
    {"Greater", greater, true}, {"GreaterOrEqual", greater_or_equal, true},
    {"And", both, true},        {"Or", either, true},
};

static binary find_binary(const char *op)
{
    for (size_t i = 0; i < sizeof BINARY / sizeof *BINARY; i++)
        if (!strcmp(BINARY[i].op, op)) return BINARY[i];
    return (binary){op, unknown, false};
}

gaze_status gz_constant_expand(gz_import *im, const gz_constant *c, size_t rank, const size_t *dim,
                               gz_constant **out)
{
    ptrdiff_t own[GZ_ONNX_RANK], step[GZ_ONNX_RANK] = {0};
    size_t stored = gz_constant_count(c), limit = stored > GZ_FOLD_LIMIT ? stored : GZ_FOLD_LIMIT;
    if (rank < c->rank || rank > GZ_ONNX_RANK)
        return gz_refuse("a constant of %zu axes as one of %zu", c->rank, rank);
    gz_constant_steps(c, own);
    for (size_t i = 0; i < c->rank; i++) {
        const size_t axis = i + rank - c->rank;
        if (c->dim[i] != 1 && c->dim[i] != dim[axis])
            return gz_refuse("sizes %zu and %zu don't go together", c->dim[i], dim[axis]);
        step[axis] = c->dim[i] == 1 ? 0 : own[i];
    }
    return gz_constant_pick(im->arena, c, rank, dim, step, 0, limit, out);
}

gaze_status gz_constant_of_sample(gz_import *im, const gz_constant *c, size_t axis, gz_constant **out)
{
    size_t dim[GZ_ONNX_RANK];
    ptrdiff_t step[GZ_ONNX_RANK];
    gz_constant_steps(c, step);
    memcpy(dim, c->dim, sizeof dim);
    dim[axis] = 1;
    const size_t n = gz_constant_stored(c), block = (size_t)step[axis];
    for (size_t i = 0; block && i < n; i++)
        if (i / block % c->dim[axis] && gz_constant_at(c, i) != gz_constant_at(c, i - block))
            return gz_refuse("a constant that differs from sample to sample");
    return gz_constant_pick(im->arena, c, c->rank, dim, step, 0, SIZE_MAX / 16, out);
}

static bool is_small_enough(const gz_constant *a, const gz_constant *b, size_t count)
{
    return count <= GZ_FOLD_LIMIT || count <= gz_constant_stored(a) || count <= gz_constant_stored(b);
}

static gaze_status fold_two(gz_import *im, const char *op, const gz_value *x, const gz_value *y,
                            gz_constant **out)
{
    const binary function = find_binary(op);
    size_t rank, dim[GZ_ONNX_RANK];
    gz_constant *a, *b, shape;
    const bool whole = function.truth || (x->constant->i && y->constant->i);
    GZ_TRY(gz_broadcast_shape(x, y, &rank, dim));
    if (x->constant->uniform && y->constant->uniform) {
        double value = function.function(gz_constant_at(x->constant, 0), gz_constant_at(y->constant, 0));
        return gz_constant_uniform(im->arena, whole, rank, dim, whole ? trunc(value) : value, out);
    }
    shape.rank = rank;
    memcpy(shape.dim, dim, sizeof dim);
    const size_t count = gz_constant_count(&shape);
    if (!is_small_enough(x->constant, y->constant, count))
        return gz_refuse("its result, which is the same for every input, is too large");
    GZ_TRY(gz_constant_expand(im, x->constant, rank, dim, &a));
    GZ_TRY(gz_constant_expand(im, y->constant, rank, dim, &b));
    GZ_TRY(gz_constant_make(im->arena, whole, rank, dim, SIZE_MAX / 16, out));
    for (size_t i = 0; i < count; i++) {
        const double value = function.function(gz_constant_at(a, i), gz_constant_at(b, i));
        gz_constant_set(*out, i, whole ? trunc(value) : value);
    }
    return GAZE_OK;
}

gaze_status gz_onnx_fold_binary(gz_import *im, const gz_onnx_node *node)
{
    gz_value sum = node->in[0] ? *node->in[0] : (gz_value){.rank = 0};
    for (size_t i = 0; i < node->n_in; i++)
        if (!node->in[i]) return gz_refuse("its input %zu is missing", i);
    if (node->n_in < 1) return gz_refuse("it has no input");
    for (size_t i = 1; i < node->n_in; i++) {
        GZ_TRY(fold_two(im, node->op, &sum, node->in[i], &sum.constant));
        sum.rank = sum.constant->rank;
        memcpy(sum.dim, sum.constant->dim, sizeof sum.dim);
    }
    node->out[0]->constant = sum.constant;
    return GAZE_OK;
}

static double absolute(double x) { return fabs(x); }
static double negative(double x) { return -x; }
static double opposite(double x) { return x == 0; }
static double root(double x) { return sqrt(x); }
static double reciprocal(double x) { return 1 / x; }
static double positive(double x) { return x > 0 ? x : 0; }

static const struct {
    const char *op;
    double (*function)(double x);
} UNARY[] = {
    {"Abs", absolute}, {"Neg", negative}, {"Not", opposite}, {"Sqrt", root}, {"Reciprocal", reciprocal},
    {"Floor", floor},  {"Ceil", ceil},    {"Exp", exp},      {"Log", log},   {"Tanh", tanh},
    {"Relu", positive}};

gaze_status gz_onnx_fold_unary(gz_import *im, const gz_onnx_node *node)
{
    const gz_constant *c;
    gz_constant **out = &node->out[0]->constant;
    GZ_TRY(gz_node_constant(node, 0, true, &c));
    if (c->uniform)
        GZ_TRY(gz_constant_uniform(im->arena, c->i != NULL, c->rank, c->dim, 0, out));
    else
        GZ_TRY(gz_constant_make(im->arena, c->i != NULL, c->rank, c->dim, SIZE_MAX / 16, out));
    for (size_t k = 0; k < sizeof UNARY / sizeof *UNARY; k++)
        for (size_t i = 0; !strcmp(UNARY[k].op, node->op) && i < gz_constant_stored(c); i++)
            gz_constant_set(*out, i, UNARY[k].function(gz_constant_at(c, i)));
    return GAZE_OK;
}

gaze_status gz_onnx_fold_where(gz_import *im, const gz_onnx_node *node)
{
    const gz_value *in[3];
    gz_constant *c[3];
    gz_value shape;
    size_t rank, dim[GZ_ONNX_RANK];
    for (size_t i = 0; i < 3; i++)
        if (!(in[i] = gz_node_in(node, i)) || !in[i]->constant)
            return gz_refuse("its input %zu is missing", i);
    GZ_TRY(gz_broadcast_shape(in[0], in[1], &shape.rank, shape.dim));
    GZ_TRY(gz_broadcast_shape(&shape, in[2], &rank, dim));
    for (size_t i = 0; i < 3; i++) GZ_TRY(gz_constant_expand(im, in[i]->constant, rank, dim, &c[i]));
    const bool whole = c[1]->i && c[2]->i;
    if (c[0]->uniform) return node->out[0]->constant = c[gz_constant_at(c[0], 0) != 0 ? 1 : 2], GAZE_OK;
    GZ_TRY(gz_constant_make(im->arena, whole, rank, dim, SIZE_MAX / 16, &node->out[0]->constant));
    for (size_t i = 0, n = gz_constant_count(c[0]); i < n; i++)
        gz_constant_set(node->out[0]->constant, i,
                        gz_constant_at(c[gz_constant_at(c[0], i) != 0 ? 1 : 2], i));
    return GAZE_OK;
}

gaze_status gz_onnx_fold_product(gz_import *im, const gz_onnx_node *node)
{
    const gz_constant *c;
    double product = 1;
    GZ_TRY(gz_node_constant(node, 0, true, &c));
    if (c->rank != 1 || gz_constant_count(c) > 64) return gz_refuse("a product of more than a few numbers");
    for (size_t i = 0; i < gz_constant_count(c); i++) product *= gz_constant_at(c, i);
    const size_t one = 1;
    return gz_constant_uniform(im->arena, c->i != NULL, gz_node_int(node, "keepdims", 1) ? 1 : 0, &one,
                               product, &node->out[0]->constant);
}
