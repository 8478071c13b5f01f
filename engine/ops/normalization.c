#include "normalization.h"

static gaze_status expect(const gz_node *node, size_t i, const char *what, gz_shape shape)
{
    char found[96], expected[96];
    if (i >= node->n_in || !node->in[i]) return gz_op_fail(node, "%s is missing", what);
    if (gz_shape_equal(node->in[i]->shape, shape)) return GAZE_OK;
    return gz_op_fail(node, "%s has shape %s, expected %s", what, gz_shape_text(node->in[i]->shape, found),
                      gz_shape_text(shape, expected));
}

gaze_status gz_expect_channels(const gz_node *node, size_t i, const char *what, bool optional)
{
    if (optional && (i >= node->n_in || !node->in[i])) return GAZE_OK;
    return expect(node, i, what, GZ_SHAPE(gz_normalization_width(node)));
}

gaze_status gz_expect_like_x(const gz_node *node, size_t i, const char *what)
{
    return expect(node, i, what, node->in[0]->shape);
}

gz_cost gz_normalization_cost(const gz_node *node, double flop)
{
    double values = 0;
    for (size_t i = 0; i < node->n_in; i++)
        if (node->in[i]) values += (double)gz_shape_count(node->in[i]->shape);
    for (size_t i = 0; i < node->n_out; i++) values += (double)gz_shape_count(node->out[i]->shape);
    return (gz_cost){flop * (double)gz_shape_count(node->in[0]->shape), 4 * values};
}

gz_limit gz_normalization_limit(const gz_node *node, size_t i)
{
    (void)node, (void)i;
    return (gz_limit){GZ_ABSOLUTE, 5e-7};
}
