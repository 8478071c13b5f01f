/* The gradient of batch_normalization: x, gamma or none, dy, mean, variance, mask or none -> dx, dgamma,
 * dbeta. */
#include "batch_normalization.h"

#include <math.h>

enum { X, GAMMA, DY, MEAN, VARIANCE, MASK };
enum { DX, DGAMMA, DBETA };

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 1, 6));
    GZ_TRY(gz_expect_channels(node, GAMMA, "gamma", true));
    GZ_TRY(gz_expect_like_x(node, DY, "dy"));
    GZ_TRY(gz_expect_channels(node, MEAN, "mean", false));
    GZ_TRY(gz_expect_channels(node, VARIANCE, "variance", false));
    GZ_TRY(gz_batch_expect_mask(node, MASK));
    const gz_shape channels = GZ_SHAPE(gz_normalization_width(node));
    GZ_TRY(gz_node_output(graph, node, DX, GZ_F32, node->in[X]->shape));
    GZ_TRY(gz_node_output(graph, node, DGAMMA, GZ_F32, channels));
    return gz_node_output(graph, node, DBETA, GZ_F32, channels);
}

/* y = gamma n + beta, n = (x - m) scale, where m is the mean itself: the one given may have been rounded. All
   rows depend on m and the variance, which depend on the rows that count: dx = gamma scale (dy - count
   (mean(dy) + n mean(dy n))). */
static void channel(const gz_node *node, double *const *in, double *const *out, size_t c)
{
    const size_t R = gz_normalization_rows(node), C = gz_normalization_width(node);
    const double *mask = node->in[MASK] ? in[MASK] : NULL, *x = in[X] + c, *dy = in[DY] + c;
    const double n = gz_batch_count(mask, R), scale = 1 / sqrt(in[VARIANCE][c] + gz_epsilon_of(node));
    const double gamma = in[GAMMA] ? in[GAMMA][c] : 1;
    double mean = 0, sum = 0, product = 0;
    for (size_t r = 0; r < R; r++)
        if (!mask || mask[r] != 0) mean += x[r * C] / n;
    for (size_t r = 0; r < R; r++) {
        sum += dy[r * C];
        product += dy[r * C] * (x[r * C] - mean) * scale;
    }
    for (size_t r = 0; r < R; r++) {
        const double shared = (sum + (x[r * C] - mean) * scale * product) / n;
        out[DX][r * C + c] = gamma * scale * (dy[r * C] - (!mask || mask[r] != 0 ? shared : 0));
    }
    out[DGAMMA][c] = product;
    out[DBETA][c] = sum;
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    for (size_t c = 0; c < gz_normalization_width(node); c++) channel(node, in, out, c);
}

/* x, dy, mean and the mask are the first arguments of two of the kernels. */
static void arg_rows(gz_launch *launch, const gz_node *node)
{
    gz_arg_tensor(launch, node->in[X]);
    gz_arg_tensor(launch, node->in[DY]);
    gz_arg_tensor(launch, node->in[MEAN]);
    gz_arg_tensor(launch, node->in[MASK]);
}

static void launch_end(const gz_node *node, gz_builder *builder, const gz_tensor *parts,
                       const gz_tensor *terms, gz_slabs slabs)
{
    gz_launch *launch = gz_batch_launch(
        builder, (gz_batch_kernels){"batch_gradient_end", "batch_gradient_end", "batch_gradient_end_group"});
    gz_arg_tensor(launch, parts);
    gz_arg_tensor(launch, node->in[VARIANCE]);
    gz_arg_tensor(launch, node->in[GAMMA]);
    gz_arg_tensor(launch, node->out[DGAMMA]);
    gz_arg_tensor(launch, node->out[DBETA]);
    gz_arg_tensor(launch, terms);
    gz_arg_float(launch, gz_epsilon_of(node));
    gz_batch_launch_end(node, builder, launch, slabs);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const size_t R = gz_normalization_rows(node), C = gz_normalization_width(node);
    const gz_slabs slabs = gz_batch_slabs(node, builder);
    const gz_tensor *parts = gz_scratch(builder, slabs.groups * 4 * C), *terms = gz_scratch(builder, 4 * C);
    gz_launch *launch =
        gz_batch_launch(builder, (gz_batch_kernels){"batch_gradient_sums_slabs", "batch_gradient_sums_items",
                                                    "batch_gradient_sums_group"});
    arg_rows(launch, node);
    gz_arg_tensor(launch, parts);
    gz_batch_launch_slabs(node, builder, launch, slabs);

    launch_end(node, builder, parts, terms, slabs);

    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU;
    launch = gz_launch_add(builder, "batch_normalization",
                           cpu ? "batch_gradient_apply_slabs" : "batch_gradient_apply_items", "%s", "");
    arg_rows(launch, node);
    gz_arg_tensor(launch, terms);
    gz_arg_tensor(launch, node->out[DX]);
    gz_arg_int(launch, C);
    gz_arg_int(launch, R);
    gz_launch_slabs_or_items(builder, launch, gz_slabs_of(builder, R, 12 * C, 1), R * C);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node) { return gz_normalization_cost(node, 9); }

static gz_limit limit(const gz_node *node, size_t i)
{
    (void)node, (void)i;
    return (gz_limit){GZ_ABSOLUTE, 2e-5};
}

static const gz_normalization_attr usual = {1e-3};
#define CASE(FILL, C, G, M, RANK, ...)                                                           \
    {                                                                                            \
        .in = {{RANK, {__VA_ARGS__, C}}, {G, {C}}, {RANK, {__VA_ARGS__, C}}, {1, {C}}, {1, {C}}, \
               {M, {__VA_ARGS__}}},                                                              \
        .n_in = 6, .attr = &usual, .fill_of = {FILL, 0, 0, FILL, GZ_FILL_POSITIVE},              \
        .dtype = {GZ_F32, GZ_F32, GZ_F32, GZ_F32, GZ_F32, GZ_I32}, .index_limit = 2              \
    }
static const gz_case cases[] = {
    CASE(GZ_FILL_UNIFORM, 1, 1, GZ_ABSENT, 2, 2),
    CASE(GZ_FILL_UNIFORM, 2, 1, GZ_ABSENT, 3, 3, 5),
    CASE(GZ_FILL_UNIFORM, 31, GZ_ABSENT, 1, 2, 65),
    CASE(GZ_FILL_UNIFORM, 33, 1, GZ_ABSENT, 2, 127),
    CASE(GZ_FILL_OFFSET, 65, 1, GZ_ABSENT, 4, 2, 31, 33),
    CASE(GZ_FILL_OFFSET, 3, 1, 2, 3, 2, 1031),
    CASE(GZ_FILL_UNIFORM, 64, 1, 2, 3, 4, 16),
    {.in = {{4, {64, 26, 26, 32}}, {1, {32}}, {4, {64, 26, 26, 32}}, {1, {32}}, {1, {32}}, {GZ_ABSENT, {0}}},
     .n_in = 6,
     .attr = &usual,
     .fill_of = {0, 0, 0, 0, GZ_FILL_POSITIVE},
     .heavy = true},
};

const gz_op gz_op_batch_normalization_gradient = {
    .name = "batch_normalization_gradient",
    .n_out = 3,
    .attr_bytes = sizeof(gz_normalization_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
