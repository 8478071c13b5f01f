/* layer_normalization over the last axis: x [...,C], gamma and beta [C] or none -> y = gamma (x - mean) /
   sqrt(variance + epsilon) + beta, with the mean and the population variance of each row (Ba, Kiros and
   Hinton 2016, eq. 4). */
#include "layer_normalization.h"

#include <math.h>

enum { X, GAMMA, BETA };
enum { DY = GZ_LAYER_DY }; /* of the gradient: x, gamma, dy */
enum { DX = GZ_LAYER_DX, DGAMMA, DBETA };

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 1, 3));
    GZ_TRY(gz_expect_channels(node, GAMMA, "gamma", true));
    GZ_TRY(gz_expect_channels(node, BETA, "beta", true));
    return gz_node_output(graph, node, 0, GZ_F32, node->in[X]->shape);
}

static gaze_status gradient_infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 1, 3));
    GZ_TRY(gz_expect_channels(node, GAMMA, "gamma", true));
    GZ_TRY(gz_expect_like_x(node, DY, "dy"));
    const gz_shape channels = GZ_SHAPE(gz_normalization_width(node));
    GZ_TRY(gz_node_output(graph, node, DX, GZ_F32, node->in[X]->shape));
    GZ_TRY(gz_node_output(graph, node, DGAMMA, GZ_F32, channels));
    return gz_node_output(graph, node, DBETA, GZ_F32, channels);
}

/* Normalised values of a row; returns 1 / sqrt(variance + epsilon). */
static double normalize(const double *x, size_t C, double epsilon, double *n)
{
    double mean = 0, variance = 0;
    for (size_t c = 0; c < C; c++) mean += x[c] / (double)C;
    for (size_t c = 0; c < C; c++) variance += (x[c] - mean) * (x[c] - mean) / (double)C;
    const double scale = 1 / sqrt(variance + epsilon);
    for (size_t c = 0; c < C; c++) n[c] = (x[c] - mean) * scale;
    return scale;
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t R = gz_normalization_rows(node), C = gz_normalization_width(node);
    for (size_t r = 0; r < R; r++) {
        double *y = out[0] + r * C;
        normalize(in[X] + r * C, C, gz_epsilon_of(node), y);
        for (size_t c = 0; c < C; c++)
            y[c] = y[c] * (node->n_in > GAMMA && in[GAMMA] ? in[GAMMA][c] : 1) +
                   (node->n_in > BETA && in[BETA] ? in[BETA][c] : 0);
    }
}

/* y = gamma n + beta, n = (x - mean) scale: with h = gamma dy, dx = scale (h - mean(h) - n mean(h n)). */
static void gradient_reference(const gz_node *node, double *const *in, double *const *out)
{
    const size_t R = gz_normalization_rows(node), C = gz_normalization_width(node);
    for (size_t c = 0; c < C; c++) out[DGAMMA][c] = out[DBETA][c] = 0;
    for (size_t r = 0; r < R; r++) {
        const double *dy = in[DY] + r * C;
        double *n = out[DX] + r * C, mean = 0, slope = 0;
        const double scale = normalize(in[X] + r * C, C, gz_epsilon_of(node), n);
        for (size_t c = 0; c < C; c++) {
            const double h = dy[c] * (in[GAMMA] ? in[GAMMA][c] : 1);
            mean += h / (double)C;
            slope += h * n[c] / (double)C;
            out[DGAMMA][c] += dy[c] * n[c];
            out[DBETA][c] += dy[c];
        }
        for (size_t c = 0; c < C; c++)
            n[c] = scale * (dy[c] * (in[GAMMA] ? in[GAMMA][c] : 1) - mean - n[c] * slope);
    }
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    const size_t R = gz_normalization_rows(node), C = gz_normalization_width(node);
    if (gz_builder_is_gpu(builder)) return gz_layer_normalization_gpu(node, builder);
    gz_launch *launch =
        gz_launch_add(builder, "layer_normalization",
                      cpu ? "layer_normalization_slabs" : "layer_normalization_items", "%s", "");
    for (size_t i = X; i <= BETA; i++) gz_arg_tensor(launch, i < node->n_in ? node->in[i] : NULL);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_float(launch, gz_epsilon_of(node));
    gz_arg_int(launch, C);
    gz_arg_int(launch, R);
    gz_launch_slabs_or_items(builder, launch, gz_slabs_of(builder, R, 8 * C, 1), R);
    return gz_builder_status(builder);
}

/* x, gamma, dy -> dx and `second`: sums of parts, or statistics of the rows */
static gz_launch *gradient_launch(const gz_node *node, gz_builder *builder, const char *kernel,
                                  const gz_tensor *second)
{
    gz_launch *launch = gz_launch_add(builder, "layer_normalization", kernel, "%s", "");
    for (size_t i = X; i <= DY; i++) gz_arg_tensor(launch, node->in[i]);
    gz_arg_tensor(launch, node->out[DX]);
    gz_arg_tensor(launch, second);
    gz_arg_float(launch, gz_epsilon_of(node));
    gz_arg_int(launch, gz_normalization_width(node));
    gz_arg_int(launch, gz_normalization_rows(node));
    return launch;
}

/* parts [count][2][C] -> dgamma, dbeta */
static gz_launch *fold_launch(const gz_node *node, gz_builder *builder, const char *kernel,
                              const gz_tensor *parts, size_t count)
{
    gz_launch *launch = gz_launch_add(builder, "layer_normalization", kernel, "%s", "");
    gz_arg_tensor(launch, parts);
    gz_arg_tensor(launch, node->out[DGAMMA]);
    gz_arg_tensor(launch, node->out[DBETA]);
    gz_arg_int(launch, count);
    gz_arg_int(launch, gz_normalization_width(node));
    return launch;
}

static void gradient_prepare_cpu(const gz_node *node, gz_builder *builder)
{
    const size_t R = gz_normalization_rows(node), C = gz_normalization_width(node);
    const gz_slabs slabs = gz_slabs_to_sum(R, 12 * C),
                   columns = gz_slabs_of(builder, C, 8 * slabs.groups, 64);
    const gz_tensor *parts = gz_scratch(builder, slabs.groups * 2 * C);
    gz_launch_slabs(gradient_launch(node, builder, "layer_normalization_gradient_slabs", parts), slabs);
    gz_launch_slabs(fold_launch(node, builder, "fold_parts_slabs", parts, slabs.groups), columns);
}

static void gradient_prepare_plain(const gz_node *node, gz_builder *builder)
{
    enum { SLAB = 64 };
    const size_t R = gz_normalization_rows(node), C = gz_normalization_width(node),
                 slabs = (R + SLAB - 1) / SLAB;
    const gz_tensor *statistics = gz_scratch(builder, 3 * R), *parts = gz_scratch(builder, slabs * 2 * C);
    gz_launch_items(gradient_launch(node, builder, "layer_normalization_gradient_items", statistics), R);
    gz_launch *launch =
        gz_launch_add(builder, "layer_normalization", "layer_normalization_parts_items", "%s", "");
    gz_arg_tensor(launch, node->in[X]);
    gz_arg_tensor(launch, node->in[DY]);
    gz_arg_tensor(launch, statistics);
    gz_arg_tensor(launch, parts);
    gz_arg_int(launch, C);
    gz_arg_int(launch, R);
    gz_arg_int(launch, SLAB);
    gz_arg_int(launch, slabs);
    gz_launch_items(launch, slabs * C);
    gz_launch_items(fold_launch(node, builder, "fold_parts_items", parts, slabs), C);
}

static gaze_status gradient_prepare(const gz_node *node, gz_builder *builder)
{
    if (gz_builder_family(builder) == GZ_FAMILY_CPU)
        gradient_prepare_cpu(node, builder);
    else if (gz_builder_is_gpu(builder))
        return gz_layer_normalization_gradient_gpu(node, builder);
    else
        gradient_prepare_plain(node, builder);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node) { return gz_normalization_cost(node, 8); }
static gz_cost gradient_cost(const gz_node *node) { return gz_normalization_cost(node, 20); }

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    gz_tensor *out[3], *in[] = {node->in[X], node->in[GAMMA], dout[0]};
    const gz_normalization_attr attr = {gz_epsilon_of(node)};
    GZ_TRY(gz_graph_node(graph, &gz_op_layer_normalization_gradient, &attr, sizeof attr, in, 3, out, 3));
    if (wanted[X]) din[X] = out[DX];
    if (wanted[GAMMA]) din[GAMMA] = out[DGAMMA];
    if (wanted[BETA]) din[BETA] = out[DBETA];
    return GAZE_OK;
}

static gz_limit gradient_limit(const gz_node *node, size_t i)
{
    (void)node, (void)i;
    return (gz_limit){GZ_ABSOLUTE, 2e-5};
}

gaze_status gz_layer_normalization(gz_graph *g, gz_tensor *x, gz_tensor *gamma, gz_tensor *beta,
                                   double epsilon, gz_tensor **y)
{
    const gz_normalization_attr attr = {epsilon};
    return gz_graph_node(g, &gz_op_layer_normalization, &attr, sizeof attr, (gz_tensor *[]){x, gamma, beta},
                         3, y, 1);
}

static const gz_normalization_attr usual = {1e-3}, small = {1e-5};
#define CASE(ATTR, FILL, C, G, B, RANK, ...)                                                      \
    {                                                                                             \
        .in = {{RANK, {__VA_ARGS__}}, {G, {C}}, {B, {C}}}, .n_in = 3, .attr = &ATTR, .fill_of = { \
            FILL,                                                                                 \
            GZ_FILL_UNIFORM,                                                                      \
            0                                                                                     \
        }                                                                                         \
    }
static const gz_case cases[] = {
    CASE(usual, GZ_FILL_UNIFORM, 1, 1, 1, 2, 3, 1),
    CASE(usual, GZ_FILL_UNIFORM, 2, 1, 1, 2, 5, 2),
    CASE(usual, GZ_FILL_UNIFORM, 31, GZ_ABSENT, 1, 3, 2, 3, 31),
    CASE(usual, GZ_FILL_WIDE, 33, 1, GZ_ABSENT, 2, 7, 33),
    CASE(small, GZ_FILL_OFFSET, 65, 1, 1, 3, 3, 5, 65),
    CASE(small, GZ_FILL_OFFSET, 1031, 1, 1, 2, 3, 1031),
    CASE(usual, GZ_FILL_UNIFORM, 64, 1, 1, 4, 2, 4, 3, 64),
    CASE(usual, GZ_FILL_INTEGER, 7, GZ_ABSENT, GZ_ABSENT, 2, 64, 7),
    {.in = {{3, {16, 256, 256}}, {1, {256}}, {1, {256}}}, .n_in = 3, .attr = &usual, .heavy = true},
};

#define GRADIENT(ATTR, FILL, C, G, RANK, ...)                                                     \
    {                                                                                             \
        .in = {{RANK, {__VA_ARGS__}}, {G, {C}}, {RANK, {__VA_ARGS__}}}, .n_in = 3, .attr = &ATTR, \
        .fill_of = {                                                                              \
            FILL                                                                                  \
        }                                                                                         \
    }
static const gz_case gradient_cases[] = {
    GRADIENT(usual, GZ_FILL_UNIFORM, 1, 1, 2, 3, 1),
    GRADIENT(usual, GZ_FILL_UNIFORM, 2, 1, 2, 5, 2),
    GRADIENT(usual, GZ_FILL_UNIFORM, 31, GZ_ABSENT, 3, 2, 3, 31),
    GRADIENT(usual, GZ_FILL_WIDE, 33, 1, 2, 7, 33),
    GRADIENT(usual, GZ_FILL_OFFSET, 65, 1, 3, 3, 5, 65),
    GRADIENT(usual, GZ_FILL_UNIFORM, 1031, 1, 2, 3, 1031),
    GRADIENT(usual, GZ_FILL_UNIFORM, 64, 1, 4, 2, 4, 33, 64),
    {.in = {{3, {16, 256, 256}}, {1, {256}}, {3, {16, 256, 256}}}, .n_in = 3, .attr = &usual, .heavy = true},
};

const gz_op gz_op_layer_normalization = {
    .name = "layer_normalization",
    .n_out = 1,
    .attr_bytes = sizeof(gz_normalization_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .gradient = gradient,
    .limit = gz_normalization_limit,
    .in_place = 1,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};

const gz_op gz_op_layer_normalization_gradient = {
    .name = "layer_normalization_gradient",
    .n_out = 3,
    .attr_bytes = sizeof(gz_normalization_attr),
    .infer = gradient_infer,
    .reference = gradient_reference,
    .prepare = gradient_prepare,
    .cost = gradient_cost,
    .limit = gradient_limit,
    .cases = gradient_cases,
    .n_cases = sizeof gradient_cases / sizeof *gradient_cases,
};
