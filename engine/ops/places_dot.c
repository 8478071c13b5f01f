/* places_gradient and the row_dot of x with it, without the values between: dy, place [B,H/2,W/2,C], x
   [B,H,W,C]
   -> y [B,H,W] = factor sum_c x dx. Made of others by gz_fuse, gradients included: it has none itself. */
#include "places.h"
#include "rows.h"

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 3, 3));
    GZ_TRY(gz_op_expect_rank(node, GZ_PLACES_X, 4));
    const gz_places_size size = gz_places_size_of(node->in[GZ_PLACES_X]->shape);
    GZ_TRY(gz_places_expect(node, &size));
    return gz_node_output(graph, node, 0, GZ_F32, GZ_SHAPE(size.B, size.H, size.W));
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_places_size size = gz_places_size_of(node->in[GZ_PLACES_X]->shape);
    for (size_t r = 0; r < size.B * size.H * size.W; r++) {
        double sum = 0;
        for (size_t i = r * size.C; i < (r + 1) * size.C; i++)
            sum += in[GZ_PLACES_X][i] * gz_places_value(&size, in[GZ_PLACES_DY], in[GZ_PLACES_PLACE], i);
        out[0][r] = gz_factor_of(node) * sum;
    }
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const gz_tensor *x = node->in[GZ_PLACES_X], *dy = node->in[GZ_PLACES_DY],
                    *place = node->in[GZ_PLACES_PLACE];
    const gz_places_size size = gz_places_size_of(x->shape);
    const size_t rows = size.B * size.H * size.W;
    if (gz_builder_family(builder) != GZ_FAMILY_CPU) {
        dy = gz_places_spread(builder, &size, dy, place, NULL);
        gz_row_dot_launch(builder, x, dy, node->out[0], gz_factor_of(node), (gz_rows_size){rows, size.C, 1});
        return gz_builder_status(builder);
    }
    gz_launch *launch = gz_launch_add(builder, "places", "places_dot_slabs", "");
    gz_arg_tensor(launch, x);
    gz_arg_tensor(launch, dy);
    gz_arg_tensor(launch, place);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_float(launch, gz_factor_of(node));
    gz_places_launch(builder, launch, &size, size.B * size.H, size.W);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    return gz_rows_cost(node, 2 * (double)gz_shape_count(node->in[GZ_PLACES_X]->shape));
}

/* The factor adds its own rounding and a product. */
static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    return (gz_limit){GZ_SUM, (double)gz_shape_last(node->in[GZ_PLACES_X]->shape) + 1};
}

static const gz_factor_attr one = {1}, half = {0.5}, third = {1.0 / 3};
#define CASE(B, H, W, P, Q, C, FACTOR, FILL)                                                         \
    {                                                                                                \
        .in = {{4, {B, P, Q, C}}, {4, {B, P, Q, C}}, {4, {B, H, W, C}}}, .n_in = 3, .attr = &FACTOR, \
        .fill = GZ_FILL_##FILL, .dtype = {GZ_F32, GZ_I32}, .index_limit = 4                          \
    }
static const gz_case cases[] = {
    CASE(1, 2, 2, 1, 1, 1, third, UNIFORM),  CASE(2, 5, 7, 2, 3, 33, one, INTEGER),
    CASE(3, 6, 4, 3, 2, 64, half, INTEGER),  CASE(2, 9, 8, 4, 4, 47, third, UNIFORM),
    CASE(4, 16, 12, 8, 6, 64, one, UNIFORM),
};

const gz_op gz_op_places_dot = {
    .name = "places_dot",
    .n_out = 1,
    .attr_bytes = sizeof(gz_factor_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
