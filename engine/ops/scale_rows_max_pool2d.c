/* scale_rows and the max_pool2d of 2x2 after it, without the values between: x [B,H,W,C], s, a factor a pixel
   -> y [B,H/2,W/2,C]. scale_rows_max_pool2d_places also gives where in its window each maximum lies, and has
   a gradient. */
#include "places.h"
#include "rows.h"

enum { X, S };
enum { Y, PLACE };

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char found[96];
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    GZ_TRY(gz_op_expect_rank(node, X, 4));
    const gz_places_size size = gz_places_size_of(node->in[X]->shape);
    if (gz_shape_count(node->in[S]->shape) != size.B * size.H * size.W)
        return gz_op_fail(node, "factors have shape %s, expected %zu values",
                          gz_shape_text(node->in[S]->shape, found), size.B * size.H * size.W);
    if (size.H < 2 || size.W < 2)
        return gz_op_fail(node, "%zu x %zu pixels, expected at least 2 x 2 to pool", size.H, size.W);
    GZ_TRY(gz_node_output(graph, node, Y, GZ_F32, gz_places_shape(&size)));
    if (node->n_out == 1) return GAZE_OK;
    GZ_TRY(gz_node_output(graph, node, PLACE, GZ_I32, gz_places_shape(&size)));
    node->out[PLACE]->saved = true;
    return GAZE_OK;
}

/* As max_pool2d: NaN is a window's maximum only where it comes first. */
static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const gz_places_size z = gz_places_size_of(node->in[X]->shape);
    const size_t P = z.H / 2, Q = z.W / 2;
    for (size_t i = 0; i < z.B * P * Q * z.C; i++) {
        const size_t c = i % z.C, q = i / z.C % Q, p = i / z.C / Q % P, b = i / z.C / Q / P;
        size_t place = 0;
        for (size_t k = 0; k < 4; k++) {
            const size_t pixel = (b * z.H + 2 * p + k / 2) * z.W + 2 * q + k % 2;
            const double value = in[S][pixel] * in[X][pixel * z.C + c];
            if (k > 0 && !(value > out[Y][i])) continue;
            out[Y][i] = value;
            place = k;
        }
        if (node->n_out > PLACE) out[PLACE][i] = (double)place;
    }
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const gz_places_size size = gz_places_size_of(node->in[X]->shape);
    gz_places_find(builder, &size, node->in[X], node->in[S], node->out[Y],
                   node->n_out > PLACE ? node->out[PLACE] : NULL);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    return gz_rows_cost(node, 2 * (double)gz_shape_count(node->in[X]->shape));
}

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    gz_tensor *x = node->in[X], *s = node->in[S], *whole, *rows, *ds;
    const gz_places_attr attr = {{x->shape.dim[1], x->shape.dim[2]}};
    if (!dout[Y]) return GAZE_OK;
    GZ_TRY(gz_graph_node(graph, &gz_op_places_gradient, &attr, sizeof attr,
                         (gz_tensor *[]){dout[Y], node->out[PLACE]}, 2, &whole, 1));
    if (wanted[S]) {
        GZ_TRY(gz_row_dot(graph, x, whole, 1, &ds));
        GZ_TRY(gz_graph_view(graph, ds, s->shape, &din[S]));
    }
    if (!wanted[X]) return GAZE_OK;
    const gz_shape image = x->shape;
    GZ_TRY(gz_graph_view(graph, s, GZ_SHAPE(image.dim[0], image.dim[1], image.dim[2]), &rows));
    return gz_scale_rows(graph, whole, rows, 1, &din[X]);
}

/* The products are rounded once, and the maximum is one of them. Of two that are all but equal either may be
   the maximum: a place is exact where the products are, else any. */
static gz_limit limit(const gz_node *node, size_t i)
{
    (void)node;
    (void)i;
    return (gz_limit){GZ_SUM, 1};
}

static void magnitude(const gz_node *node, double *const *in, double *const *out)
{
    const double ANY = 1e9;
    reference(node, in, out);
    for (size_t i = 0; node->n_out > PLACE && i < gz_shape_count(node->out[PLACE]->shape); i++)
        out[PLACE][i] = ANY;
}

#define CASE(B, H, W, C, FILL, HEAVY)                                                                   \
    {                                                                                                   \
        .in = {{4, {B, H, W, C}}, {4, {B, H, W, 1}}}, .n_in = 2, .fill = GZ_FILL_##FILL, .heavy = HEAVY \
    }
static const gz_case cases[] = {
    CASE(1, 2, 2, 1, UNIFORM, false),  CASE(2, 7, 5, 31, INTEGER, false),   CASE(3, 4, 6, 33, INTEGER, false),
    CASE(1, 9, 8, 64, WIDE, false),    CASE(2, 3, 31, 2, UNIFORM, false),   CASE(5, 6, 6, 65, UNIFORM, false),
    CASE(3, 8, 6, 48, INTEGER, false), CASE(64, 16, 16, 64, UNIFORM, true),
};

const gz_op gz_op_scale_rows_max_pool2d = {
    .name = "scale_rows_max_pool2d",
    .n_out = 1,
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .limit = limit,
    .magnitude = magnitude,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};

const gz_op gz_op_scale_rows_max_pool2d_places = {
    .name = "scale_rows_max_pool2d_places",
    .n_out = 2,
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .gradient = gradient,
    .limit = limit,
    .magnitude = magnitude,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};
