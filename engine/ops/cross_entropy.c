/* Cross entropy of probabilities p [...,K] as Keras: row_loss = -sum_k label_k ln(clip(p_k, 1e-7, 1 - 1e-7)),
 * loss [1] their mean. */
#include "loss.h"

#include <math.h>

enum { P, LABEL, LOSS = 0, ROW_LOSS };

static const double LEAST = 1e-7, MOST = 1 - 1e-7;

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    GZ_TRY(gz_loss_expect_label(node, node->in[P], node->in[LABEL]));
    gz_shape rows = node->in[P]->shape;
    rows.rank--;
    GZ_TRY(gz_node_output(graph, node, LOSS, GZ_F32, GZ_SHAPE(1)));
    return gz_node_output(graph, node, ROW_LOSS, GZ_F32, rows);
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_loss_size size = gz_loss_size_of(node->in[P]);
    const size_t R = size.rows, K = size.classes;
    out[LOSS][0] = 0;
    for (size_t r = 0; r < R; r++) {
        out[ROW_LOSS][r] = 0;
        for (size_t k = 0; k < K; k++) {
            const double label = gz_loss_label(node->in[LABEL], in[LABEL], size, r, k);
            if (label != 0) out[ROW_LOSS][r] -= label * log(fmin(fmax(in[P][r * K + k], LEAST), MOST));
        }
        out[LOSS][0] += out[ROW_LOSS][r] / (double)R;
    }
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const gz_loss_size size = gz_loss_size_of(node->in[P]);
    const bool gpu = gz_builder_is_gpu(builder), sparse = node->in[LABEL]->dtype == GZ_I32;
    gz_launch *launch =
        gz_loss_launch(builder, "cross_entropy", sparse ? "cross_entropy_sparse" : "cross_entropy_group");
    gz_arg_tensor(launch, node->in[P]);
    if (gpu)
        gz_arg_tensor(launch, node->in[LABEL]);
    else
        gz_arg_label(launch, node->in[LABEL]);
    gz_arg_tensor(launch, node->out[ROW_LOSS]);
    if (gpu && sparse)
        gz_loss_launch_items(launch, size, size.rows);
    else
        gz_loss_launch_rows(builder, launch, size);
    gz_loss_mean(builder, node->out[ROW_LOSS], node->out[LOSS], size.rows);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const gz_loss_size size = gz_loss_size_of(node->in[P]);
    const double n = (double)size.rows * (double)size.classes;
    return (gz_cost){2 * n, 4 * n};
}

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    if ((!dout[LOSS] && !dout[ROW_LOSS]) || !wanted[P]) return GAZE_OK;
    return gz_cross_entropy_gradient(graph, node->in[P], node->in[LABEL], dout[LOSS], dout[ROW_LOSS],
                                     &din[P]);
}

/* ln of float32 (3 ULP), a product and an addition for each class, and 1 - 1e-7 rounded to float32 (2e-8). */
static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    const bool sparse = node->in[LABEL]->dtype == GZ_I32;
    return (gz_limit){GZ_ABSOLUTE, (sparse ? 8 : 8 + (double)gz_loss_size_of(node->in[P]).classes) * 0x1p-23};
}

static const gz_case cases[] = {
    GZ_LOSS_SPARSE(GZ_FILL_POSITIVE, 1, 1),
    GZ_LOSS_SPARSE(GZ_FILL_POSITIVE, 2, 2),
    GZ_LOSS_SPARSE(GZ_FILL_POSITIVE, 64, 10),
    GZ_LOSS_SPARSE(GZ_FILL_WIDE, 33, 31),
    GZ_LOSS_SPARSE(GZ_FILL_POSITIVE, 65, 63),
    GZ_LOSS_DENSE(GZ_FILL_POSITIVE, 1, 3),
    GZ_LOSS_DENSE(GZ_FILL_POSITIVE, 64, 10),
    GZ_LOSS_DENSE(GZ_FILL_POSITIVE, 31, 33),
    {.in = {{3, {4, 7, 65}}, {2, {4, 7}}},
     .n_in = 2,
     .fill = GZ_FILL_POSITIVE,
     .dtype = {GZ_F32, GZ_I32},
     .index_limit = 65},
};

const gz_op gz_op_cross_entropy = {
    .name = "cross_entropy",
    .n_out = 2,
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .gradient = gradient,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};

gaze_status gz_cross_entropy(gz_graph *g, gz_tensor *p, gz_tensor *label, gz_tensor **loss,
                             gz_tensor **row_loss)
{
    gz_tensor *out[2];
    GZ_TRY(gz_graph_node(g, &gz_op_cross_entropy, NULL, 0, (gz_tensor *[]){p, label}, 2, out, 2));
    *loss = out[LOSS];
    if (row_loss) *row_loss = out[ROW_LOSS];
    return GAZE_OK;
}
