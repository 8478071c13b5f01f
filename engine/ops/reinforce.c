/* reinforce: the gradient of the expected loss with respect to the probabilities a of a drawn choice
   (Williams 1992, REINFORCE, with a baseline): da = (loss_b - base) choice / (B a), as the gradient of ln a
   at the choice. The base is a moving average of the losses so far, average = [sum, weight], which then moves
   on: keep * average + (1 - keep) * [mean loss, 1]. In the first step, with weight 0, it is the batch's own
   mean. */
#include "group_gpu.h"
#include "loss.h"

#include <math.h>

enum { A, CHOICE, LOSS, AVERAGE };

static const double KEEP = 0.9; /* Xu et al. 2015, section 4.1 */

typedef struct sizes {
    size_t samples, values, losses;
} sizes;

static sizes sizes_of(const gz_node *node)
{
    const gz_shape a = node->in[A]->shape;
    return (sizes){gz_shape_rows(a), gz_shape_last(a), gz_shape_count(node->in[LOSS]->shape)};
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char text[2][96];
    GZ_TRY(gz_op_expect_inputs(node, 4, 4));
    const sizes size = sizes_of(node);
    if (!gz_shape_equal(node->in[A]->shape, node->in[CHOICE]->shape) || size.losses % size.samples)
        return gz_op_fail(node,
                          "found probabilities of shape %s and choices of %s with %zu losses, expected the "
                          "same shape [batch,values] and as many losses for each sample",
                          gz_shape_text(node->in[A]->shape, text[0]),
                          gz_shape_text(node->in[CHOICE]->shape, text[1]), size.losses);
    if (!gz_shape_equal(node->in[AVERAGE]->shape, GZ_SHAPE(2)))
        return gz_op_fail(node, "the average has shape %s, expected [2]",
                          gz_shape_text(node->in[AVERAGE]->shape, text[0]));
    return gz_node_output(graph, node, 0, GZ_F32, node->in[A]->shape);
}

/* sign -1, or 1 for magnitudes */
static void teach(const gz_node *node, double *const *in, double *da, double sign)
{
    const sizes size = sizes_of(node);
    const size_t B = size.samples, N = size.values, share = size.losses / B;
    double *average = in[AVERAGE], mean = 0;
    for (size_t r = 0; r < size.losses; r++) mean += in[LOSS][r] / (double)size.losses;
    const double base = average[1] > 0 ? average[0] / average[1] : mean;
    for (size_t at = 0; at < B * N; at++) {
        double loss = 0;
        for (size_t i = 0; i < share; i++) loss += in[LOSS][at / N * share + i] / (double)share;
        da[at] = in[CHOICE][at] != 0 ? (loss + sign * base) * in[CHOICE][at] / ((double)B * in[A][at]) : 0;
    }
    average[0] = KEEP * average[0] + (1 - KEEP) * mean;
    average[1] = KEEP * average[1] + (1 - KEEP);
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    teach(node, in, out[0], -1);
}
static void magnitude(const gz_node *node, double *const *in, double *const *out)
{
    teach(node, in, out[0], 1);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const sizes size = sizes_of(node);
    const gz_tensor *base = gz_scratch(builder, 1);
    gz_launch *launch = gz_builder_is_gpu(builder)
                            ? gz_launch_add(builder, "loss_gpu", "reinforce_base_group", "%s", "")
                            : gz_launch_add(builder, "draw", "reinforce_base", "%s", "");
    gz_arg_tensor(launch, node->in[LOSS]);
    gz_arg_tensor(launch, node->in[AVERAGE]);
    gz_arg_tensor(launch, base);
    gz_arg_int(launch, size.losses);
    gz_arg_float(launch, KEEP);
    gz_loss_launch_once(builder, launch, size.losses);

    launch = gz_launch_add(builder, "draw", "reinforce", "");
    gz_arg_tensor(launch, node->in[A]);
    gz_arg_tensor(launch, node->in[CHOICE]);
    gz_arg_tensor(launch, node->in[LOSS]);
    gz_arg_tensor(launch, base);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_int(launch, size.samples);
    gz_arg_int(launch, size.values);
    gz_arg_int(launch, size.losses / size.samples);
    gz_launch_items(launch, size.samples);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const double count = (double)gz_shape_count(node->in[A]->shape);
    return (gz_cost){3 * count, 12 * count};
}

static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    return (gz_limit){GZ_SUM, (double)(sizes_of(node).losses / sizes_of(node).samples) + 10};
}

gaze_status gz_reinforce(gz_graph *g, gz_tensor *a, gz_tensor *choice, gz_tensor *row_loss,
                         gz_tensor *average, gz_tensor **da)
{
    return gz_graph_node(g, &gz_op_reinforce, NULL, 0, (gz_tensor *[]){a, choice, row_loss, average}, 4, da,
                         1);
}

#define CASE(B, N, SHARE)                                                                                \
    {                                                                                                    \
        .in = {{2, {B, N}}, {2, {B, N}}, {2, {B, SHARE}}, {1, {2}}}, .n_in = 4, .fill = GZ_FILL_POSITIVE \
    }
static const gz_case cases[] = {CASE(1, 1, 1), CASE(2, 31, 1), CASE(33, 7, 1), CASE(65, 33, 7),
                                CASE(257, 2, 1)};

const gz_op gz_op_reinforce = {
    .name = "reinforce",
    .n_out = 1,
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .limit = limit,
    .magnitude = magnitude,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
    .updates = 1u << AVERAGE,
};
