/* What the maxima's gradient is to the image: dy where its place is, zeros elsewhere. */
#include "places.h"

static gz_places_size size_of(const gz_node *node)
{
    const gz_places_attr *attr = node->attr;
    const gz_shape dy = node->in[GZ_PLACES_DY]->shape;
    return (gz_places_size){dy.dim[0], attr->image[0], attr->image[1], dy.dim[3]};
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    GZ_TRY(gz_op_expect_rank(node, GZ_PLACES_DY, 4));
    const gz_places_size size = size_of(node);
    GZ_TRY(gz_places_expect(node, &size));
    return gz_node_output(graph, node, 0, GZ_F32, GZ_SHAPE(size.B, size.H, size.W, size.C));
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_places_size size = size_of(node);
    for (size_t i = 0; i < size.B * size.H * size.W * size.C; i++)
        out[0][i] = gz_places_value(&size, in[GZ_PLACES_DY], in[GZ_PLACES_PLACE], i);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const gz_places_size size = size_of(node);
    gz_places_spread(builder, &size, node->in[GZ_PLACES_DY], node->in[GZ_PLACES_PLACE], node->out[0]);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const double read = 2 * (double)gz_shape_count(node->in[GZ_PLACES_DY]->shape);
    return (gz_cost){0, 4 * (read + (double)gz_shape_count(node->out[0]->shape))};
}

#define CASE(H, W, FILL, B, P, Q, C)                                                                      \
    {                                                                                                     \
        .in = {{4, {B, P, Q, C}}, {4, {B, P, Q, C}}}, .n_in = 2, .attr = &(const gz_places_attr){{H, W}}, \
        .fill = GZ_FILL_##FILL, .dtype = {GZ_F32, GZ_I32}, .index_limit = 4                               \
    }
static const gz_case cases[] = {
    CASE(2, 2, UNIFORM, 1, 1, 1, 1),   CASE(5, 7, UNIFORM, 2, 2, 3, 31),   CASE(6, 4, WIDE, 3, 3, 2, 33),
    CASE(3, 2, SPECIAL, 5, 1, 1, 241), CASE(16, 12, INTEGER, 4, 8, 6, 64),
};

const gz_op gz_op_places_gradient = {
    .name = "places_gradient",
    .n_out = 1,
    .attr_bytes = sizeof(gz_places_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .limit = gz_limit_exact,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
