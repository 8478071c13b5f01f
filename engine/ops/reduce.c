#include "reduce.h"

#include <math.h>

static const gz_reduce_attr *attr_of(const gz_node *node) { return node->attr; }

gz_reduction gz_reduction_of(const gz_node *node) { return attr_of(node)->reduction; }

double gz_reduce_values(gz_reduction reduction, const double *x, size_t count, size_t stride)
{
    double sum = 0, most = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        sum += x[i * stride];
        if (x[i * stride] > most) most = x[i * stride];
    }
    if (reduction == GZ_MAX) return most;
    return reduction == GZ_MEAN ? sum / (double)count : sum;
}

void gz_reduce_values_gradient(gz_reduction reduction, const double *x, double dy, double *dx, size_t count,
                               size_t stride)
{
    const double most = reduction == GZ_MAX ? gz_reduce_values(GZ_MAX, x, count, stride) : 0;
    double equals = reduction == GZ_SUM_ALL ? 1 : (double)count;
    if (reduction == GZ_MAX) {
        equals = 0;
        for (size_t i = 0; i < count; i++) equals += x[i * stride] == most;
    }
    for (size_t i = 0; i < count; i++)
        dx[i * stride] = reduction != GZ_MAX || x[i * stride] == most ? dy / equals : 0;
}

gz_limit gz_reduce_limit(gz_reduction reduction, size_t count)
{
    return reduction == GZ_MAX ? (gz_limit){GZ_EXACT, 0} : (gz_limit){GZ_SUM, (double)count};
}

gz_limit gz_reduce_gradient_limit(const gz_node *node, size_t i)
{
    return gz_reduction_of(node) == GZ_SUM_ALL ? gz_limit_exact(node, i) : (gz_limit){GZ_RELATIVE, 3};
}

gaze_status gz_reduce_last_infer(gz_graph *graph, gz_node *node, size_t values)
{
    GZ_TRY(gz_op_expect_inputs(node, 1, 1));
    gz_shape y = node->in[0]->shape;
    if (!y.rank) return gz_op_fail(node, "found a scalar, expected x [...,C]");
    y.dim[y.rank - 1] = values;
    return gz_node_output(graph, node, 0, GZ_F32, y);
}

static gaze_status expect_shape(const gz_node *node, size_t input, const char *what, gz_shape shape)
{
    char found[96], expected[96];
    if (!node->in[input]) return gz_op_fail(node, "%s is missing", what);
    if (gz_shape_equal(node->in[input]->shape, shape)) return GAZE_OK;
    return gz_op_fail(node, "%s has shape %s, expected %s", what,
                      gz_shape_text(node->in[input]->shape, found), gz_shape_text(shape, expected));
}

gaze_status gz_reduce_gradient_infer(gz_graph *graph, gz_node *node, gz_shape dy)
{
    if (node->n_in != 2) return gz_op_fail(node, "found %zu inputs, expected 2", node->n_in);
    GZ_TRY(expect_shape(node, GZ_REDUCE_DY, "dy", dy));
    if (gz_reduction_of(node) == GZ_MAX)
        GZ_TRY(expect_shape(node, GZ_REDUCE_X, "x", attr_of(node)->x));
    else
        node->in[GZ_REDUCE_X] = NULL;
    return gz_node_output(graph, node, 0, GZ_F32, attr_of(node)->x);
}

gaze_status gz_reduce_gradient_node(gz_graph *graph, const gz_op *op, const gz_node *forward, gz_tensor *dy,
                                    gz_tensor **dx)
{
    gz_tensor *x = forward->in[0];
    const gz_reduce_attr attr = {gz_reduction_of(forward), x->shape};
    gz_tensor *in[] = {attr.reduction == GZ_MAX ? x : NULL, dy};
    return gz_graph_node(graph, op, &attr, sizeof attr, in, 2, dx, 1);
}

void gz_sum_gradient_gpu(gz_builder *builder, const gz_node *node, gz_columns x)
{
    gz_launch *launch = gz_launch_add(builder, "rows_gpu", "sum_gradient_elements", "%s", "");
    gz_arg_tensor(launch, node->in[GZ_REDUCE_DY]);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_float(launch, gz_reduction_of(node) == GZ_MEAN ? (double)x.rows : 1);
    gz_arg_int(launch, x.samples);
    gz_arg_int(launch, x.rows);
    gz_arg_int(launch, x.columns);
    gz_launch_items(launch, x.samples * x.rows * x.columns);
}

gz_cost gz_reduce_cost(const gz_node *node)
{
    double values = (double)gz_shape_count(node->out[0]->shape), most = values;
    for (size_t i = 0; i < node->n_in; i++) {
        if (!node->in[i]) continue;
        const double count = (double)gz_shape_count(node->in[i]->shape);
        values += count;
        most = fmax(most, count);
    }
    return (gz_cost){most, 4 * values};
}
