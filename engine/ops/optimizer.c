/* Keras 3's optimizers (keras/src/optimizers: sgd, adam, adamw, rmsprop) over a whole slab in one launch.
   hyper [4]: the learning rate, and the one with Adam's bias correction, which the host computes. */
#include "../graph/builder.h"
#include "ops.h"

#include <math.h>

enum { PARAMETER, GRADIENT, HYPER, MOMENTS };

static const gz_optimizer_attr *attr_of(const gz_node *node) { return node->attr; }

size_t gz_optimizer_moments(const gz_optimizer_attr *attr)
{
    const size_t momentum = attr->momentum != 0;
    if (attr->kind == GZ_SGD) return momentum;
    return attr->kind == GZ_RMSPROP ? 1 + momentum + attr->centered : 2;
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char text[2][96];
    const size_t n_in = MOMENTS + gz_optimizer_moments(attr_of(node));
    (void)graph;
    GZ_TRY(gz_op_expect_inputs(node, n_in, n_in));
    const gz_shape slab = node->in[PARAMETER]->shape;
    if (!gz_shape_equal(node->in[HYPER]->shape, GZ_SHAPE(4)))
        return gz_op_fail(node, "hyperparameters have shape %s, expected [4]",
                          gz_shape_text(node->in[HYPER]->shape, text[0]));
    for (size_t i = 0; i < n_in; i++)
        if (i != HYPER && !gz_shape_equal(node->in[i]->shape, slab))
            return gz_op_fail(node, "input %zu has shape %s, expected the parameters' %s", i,
                              gz_shape_text(node->in[i]->shape, text[0]), gz_shape_text(slab, text[1]));
    return GAZE_OK;
}

/* m = momentum m - lr g; Nesterov: p += momentum m - lr g, else p += m */
static void reference_sgd(const gz_optimizer_attr *a, double *const *in, size_t i)
{
    const double g = in[GRADIENT][i], rate = in[HYPER][0];
    double *p = &in[PARAMETER][i], *m = &in[MOMENTS][i];
    if (a->momentum == 0) {
        *p -= rate * g;
        return;
    }
    *m = a->momentum * *m - rate * g;
    *p += a->nesterov ? a->momentum * *m - rate * g : *m;
}

/* m += (g - m)(1 - beta_1); v += (g^2 - v)(1 - beta_2); p -= m lr' / (sqrt(v) + epsilon); adamw: first p -= p
 * decay lr */
static void reference_adam(const gz_optimizer_attr *a, double *const *in, size_t i)
{
    const double g = in[GRADIENT][i];
    double *p = &in[PARAMETER][i], *m = &in[MOMENTS][i], *v = &in[MOMENTS + 1][i];
    if (a->kind == GZ_ADAMW) *p -= *p * a->weight_decay * in[HYPER][0];
    *m += (g - *m) * (1 - a->beta_1);
    *v += (g * g - *v) * (1 - a->beta_2);
    *p -= *m * in[HYPER][1] / (sqrt(*v) + a->epsilon);
}

/* v = rho v + (1 - rho) g^2; step = lr g / sqrt(v + epsilon), or sqrt(v - a^2 + epsilon) with a = rho a + (1
   - rho) g; p -= step, or m = momentum m + step and p -= m */
static void reference_rmsprop(const gz_optimizer_attr *a, double *const *in, size_t i)
{
    const double g = in[GRADIENT][i], rest = 1 - a->rho;
    double *v = &in[MOMENTS][i], square = 0;
    *v = a->rho * *v + rest * g * g;
    if (a->centered) {
        double *average = &in[MOMENTS + 1 + (a->momentum != 0)][i];
        *average = a->rho * *average + rest * g;
        square = *average * *average;
    }
    double step = in[HYPER][0] * g / sqrt(*v - square + a->epsilon);
    if (a->momentum != 0) step = in[MOMENTS + 1][i] = a->momentum * in[MOMENTS + 1][i] + step;
    in[PARAMETER][i] -= step;
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_optimizer_attr *a = attr_of(node);
    const size_t n = gz_shape_count(node->in[PARAMETER]->shape);
    (void)out;
    for (size_t i = 0; i < n; i++) switch (a->kind) {
        case GZ_SGD: reference_sgd(a, in, i); break;
        case GZ_ADAM:
        case GZ_ADAMW: reference_adam(a, in, i); break;
        case GZ_RMSPROP: reference_rmsprop(a, in, i); break;
        }
}

/* 4096 elements a group: with Adam 112 KB pass through. Elsewhere a work-item an element. */
static void arg_chunk(gz_builder *builder, gz_launch *launch, size_t n)
{
    const size_t chunk = gz_builder_family(builder) == GZ_FAMILY_CPU ? 4096 : 1;
    gz_arg_int(launch, n);
    gz_arg_int(launch, chunk);
    gz_launch_items(launch, (n + chunk - 1) / chunk);
}

static const gz_tensor *moment(const gz_node *node, bool there, size_t i)
{
    return there ? node->in[MOMENTS + i] : NULL;
}

static void arg_sgd(gz_builder *builder, gz_launch *launch, const gz_node *node, size_t n)
{
    const gz_optimizer_attr *a = attr_of(node);
    gz_arg_tensor(launch, moment(node, a->momentum != 0, 0));
    arg_chunk(builder, launch, n);
    gz_arg_float(launch, a->momentum);
    gz_arg_int(launch, a->nesterov);
}

static void arg_adam(gz_builder *builder, gz_launch *launch, const gz_node *node, size_t n)
{
    const gz_optimizer_attr *a = attr_of(node);
    gz_arg_tensor(launch, moment(node, true, 0));
    gz_arg_tensor(launch, moment(node, true, 1));
    arg_chunk(builder, launch, n);
    gz_arg_float(launch, a->kind == GZ_ADAMW ? a->weight_decay : 0);
    gz_arg_float(launch, 1 - a->beta_1);
    gz_arg_float(launch, 1 - a->beta_2);
    gz_arg_float(launch, a->epsilon);
}

static void arg_rmsprop(gz_builder *builder, gz_launch *launch, const gz_node *node, size_t n)
{
    const gz_optimizer_attr *a = attr_of(node);
    const bool momentum = a->momentum != 0;
    gz_arg_tensor(launch, moment(node, true, 0));
    gz_arg_tensor(launch, moment(node, momentum, 1));
    gz_arg_tensor(launch, moment(node, a->centered, 1 + momentum));
    arg_chunk(builder, launch, n);
    gz_arg_float(launch, a->rho);
    gz_arg_float(launch, 1 - a->rho);
    gz_arg_float(launch, a->centered ? 1 - a->rho : 0);
    gz_arg_float(launch, a->momentum);
    gz_arg_float(launch, a->epsilon);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    static void (*const arguments[])(gz_builder *, gz_launch *, const gz_node *,
                                     size_t) = {arg_sgd, arg_adam, arg_adam, arg_rmsprop};
    static const char *const kernels[] = {"sgd", "adam", "adam", "rmsprop"};
    const gz_optimizer_kind kind = attr_of(node)->kind;
    gz_launch *launch = gz_launch_add(builder, "optimizer", kernels[kind], "");
    for (size_t i = 0; i < MOMENTS; i++) gz_arg_tensor(launch, node->in[i]);
    arguments[kind](builder, launch, node, gz_shape_count(node->in[PARAMETER]->shape));
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const double n = (double)gz_shape_count(node->in[PARAMETER]->shape);
    const double moments = (double)gz_optimizer_moments(attr_of(node));
    return (gz_cost){(3 + 5 * moments) * n, 4 * n * (3 + 2 * moments)};
}

/* About ten roundings, of which sqrt has 3 ULP and the division 2.5. */
static gz_limit limit(const gz_node *node, size_t i)
{
    (void)node;
    (void)i;
    return (gz_limit){GZ_RELATIVE, 10};
}

static const gz_optimizer_attr
    sgd = {.kind = GZ_SGD},
    sgd_momentum = {.kind = GZ_SGD, .momentum = 0.9},
    nesterov = {.kind = GZ_SGD, .momentum = 0.9, .nesterov = true},
    adam = {.kind = GZ_ADAM, .beta_1 = 0.9, .beta_2 = 0.999, .epsilon = 1e-7},
    adamw = {.kind = GZ_ADAMW, .beta_1 = 0.9, .beta_2 = 0.999, .epsilon = 1e-7, .weight_decay = 0.004},
    rmsprop = {.kind = GZ_RMSPROP, .rho = 0.9, .epsilon = 1e-7},
    rmsprop_momentum = {.kind = GZ_RMSPROP, .rho = 0.9, .momentum = 0.5, .epsilon = 1e-7},
    /* epsilon keeps the root real: the moments of a case are any, not those of one history */
    rmsprop_centered = {.kind = GZ_RMSPROP, .centered = true, .rho = 0.9, .epsilon = 1},
    rmsprop_all = {.kind = GZ_RMSPROP, .centered = true, .rho = 0.9, .momentum = 0.5, .epsilon = 1};

/* The second moments are squares: Adam's input 4, RMSprop's input 3. */
#define CASE(ATTR, N, ...)                                                                               \
    {                                                                                                    \
        .in = {{1, {N}}, {1, {N}}, {1, {4}}, {1, {N}}, {1, {N}}, {1, {N}}}, .attr = &(ATTR), __VA_ARGS__ \
    }
#define SGD(ATTR, MOMENTS_, N) CASE(ATTR, N, .n_in = MOMENTS + (MOMENTS_))
#define ADAM(ATTR, N)          CASE(ATTR, N, .n_in = MOMENTS + 2, .fill_of = {[MOMENTS + 1] = GZ_FILL_POSITIVE})
#define RMSPROP(ATTR, MOMENTS_, N) \
    CASE(ATTR, N, .n_in = MOMENTS + (MOMENTS_), .fill_of = {[MOMENTS] = GZ_FILL_POSITIVE})

static const gz_case cases[] = {
    SGD(sgd, 0, 1),
    SGD(sgd, 0, 1031),
    SGD(sgd_momentum, 1, 4097),
    SGD(nesterov, 1, 63),
    ADAM(adam, 1),
    ADAM(adam, 33),
    ADAM(adam, 20000),
    ADAM(adamw, 4129),
    RMSPROP(rmsprop, 1, 65),
    RMSPROP(rmsprop, 1, 8191),
    RMSPROP(rmsprop_momentum, 2, 100),
    RMSPROP(rmsprop_centered, 2, 31),
    RMSPROP(rmsprop_all, 3, 4111),
};

const gz_op gz_op_optimizer = {
    .name = "optimizer",
    .attr_bytes = sizeof(gz_optimizer_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
    .updates = 1u << PARAMETER | 7u << MOMENTS,
};

gaze_status gz_optimizer(gz_graph *g, const gz_optimizer_attr *attr, gz_tensor *parameter,
                         gz_tensor *gradient, gz_tensor *hyper, gz_tensor *const *moments)
{
    gz_tensor *in[GZ_MAX_INPUTS] = {parameter, gradient, hyper};
    const size_t n_moments = gz_optimizer_moments(attr);
    for (size_t i = 0; i < n_moments; i++) in[MOMENTS + i] = moments[i];
    return gz_graph_node(g, &gz_op_optimizer, attr, sizeof *attr, in, MOMENTS + n_moments, NULL, 0);
}
