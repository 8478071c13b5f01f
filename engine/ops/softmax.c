/* softmax over the last axis of x, of the keys that masks, the causal order and a window leave. Keys left out
   get 0; a row without keys is all zeros. The T rows on the axis before the last are queries
   first..first+T-1.
 */
#include "softmax.h"
#include "group_gpu.h"

#include <math.h>

enum { X, MASK, QUERIES, CENTERS };

static const gz_softmax_attr *attr_of(const gz_node *node) { return node->attr; }
static const gz_tensor *input_of(const gz_node *node, size_t i)
{
    return node->n_in > i ? node->in[i] : NULL;
}
static size_t rows_of(const gz_node *node) { return gz_shape_rows(node->in[X]->shape); }
static size_t keys_of(const gz_node *node) { return gz_shape_last(node->in[X]->shape); }

/* T */
static size_t steps_of(const gz_node *node)
{
    const gz_shape x = node->in[X]->shape;
    return x.rank >= 3 ? x.dim[x.rank - 2] : 1;
}

/* Rows of x, and of the mask, that a sample has. */
static size_t sample_rows(const gz_node *node)
{
    const gz_shape x = node->in[X]->shape;
    return x.rank >= 2 ? rows_of(node) / x.dim[0] : 1;
}
static size_t mask_rows(const gz_node *node)
{
    const gz_tensor *mask = input_of(node, MASK);
    return mask && mask->shape.rank >= 2 ? gz_shape_rows(mask->shape) / mask->shape.dim[0] : 1;
}

static gaze_status expect_mask(const gz_node *node)
{
    char text[2][96];
    if (!input_of(node, MASK)) return GAZE_OK;
    const gz_shape x = node->in[X]->shape, mask = node->in[MASK]->shape;
    const size_t N = keys_of(node), T = steps_of(node);
    const bool keys = x.rank >= 2 && gz_shape_equal(mask, GZ_SHAPE(x.dim[0], N)),
               rows = x.rank >= 3 && gz_shape_equal(mask, GZ_SHAPE(x.dim[0], T, N));
    if (!keys && !rows && !gz_shape_equal(mask, x))
        return gz_op_fail(node, "mask has shape %s, expected %s, [batch,%zu] or [batch,%zu,%zu]",
                          gz_shape_text(mask, text[0]), gz_shape_text(x, text[1]), N, T, N);
    if (node->in[MASK]->dtype != GZ_I32) return gz_op_fail(node, "mask is float32, expected int32");
    return GAZE_OK;
}

/* One value a query: the mask of queries, the middles of windows. */
static gaze_status expect_queries(const gz_node *node, size_t i, gz_dtype dtype)
{
    char text[2][96];
    if (!input_of(node, i)) return GAZE_OK;
    const gz_shape x = node->in[X]->shape;
    const bool fits = x.rank >= 3 && gz_shape_equal(node->in[i]->shape, GZ_SHAPE(x.dim[0], steps_of(node)));
    if (!fits || node->in[i]->dtype != dtype)
        return gz_op_fail(node, "input %zu has shape %s, expected one %s for each sample and query of %s", i,
                          gz_shape_text(node->in[i]->shape, text[0]), dtype == GZ_I32 ? "int32" : "float32",
                          gz_shape_text(x, text[1]));
    return GAZE_OK;
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    GZ_TRY(gz_op_expect_inputs(node, 1, 4));
    GZ_TRY(expect_mask(node));
    GZ_TRY(expect_queries(node, QUERIES, GZ_I32));
    GZ_TRY(expect_queries(node, CENTERS, GZ_F32));
    return gz_node_output(graph, node, 0, GZ_F32, node->in[X]->shape);
}

/* May query number t, which is `query` among the rows of all samples, see key n? */
static bool sees(const gz_node *node, double *const *in, size_t query, size_t t, size_t n)
{
    const gz_softmax_attr *attr = attr_of(node);
    if (input_of(node, QUERIES) && in[QUERIES][query] == 0) return false;
    if (attr->causal && n > t) return false;
    const double center = input_of(node, CENTERS) ? in[CENTERS][query] : (double)t;
    return !attr->windowed || fabs((double)n - center) <= (double)attr->window;
}

void gz_softmax_values(const double *score, const double *mask, double *a, size_t N)
{
    double top = -INFINITY, sum = 0;
    for (size_t n = 0; n < N; n++)
        if (!mask || mask[n] != 0) top = fmax(top, score[n]);
    for (size_t n = 0; n < N; n++) sum += a[n] = !mask || mask[n] != 0 ? exp(score[n] - top) : 0;
    for (size_t n = 0; n < N; n++) a[n] = sum > 0 ? a[n] / sum : 0;
}

static void reference_row(const gz_node *node, double *const *in, double *y, size_t r)
{
    const size_t N = keys_of(node), row = r % steps_of(node), b = r / sample_rows(node),
                 query = b * steps_of(node) + row, t = attr_of(node)->first + row;
    const double *x = in[X] + r * N, *mask = input_of(node, MASK)
                                                 ? in[MASK] + (b * mask_rows(node) + r % mask_rows(node)) * N
                                                 : NULL;
    double top = -INFINITY, sum = 0;
    for (size_t n = 0; n < N; n++) {
        y[n] = (!mask || mask[n] != 0) && sees(node, in, query, t, n);
        if (y[n] != 0) top = fmax(top, x[n]);
    }
    for (size_t n = 0; n < N; n++) {
        if (y[n] != 0) y[n] = exp(x[n] - top);
        sum += y[n];
    }
    for (size_t n = 0; n < N; n++)
        if (y[n] != 0) y[n] /= sum;
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    for (size_t r = 0; r < rows_of(node); r++) reference_row(node, in, out[0] + r * keys_of(node), r);
}

void gz_softmax_launch(gz_builder *builder, const gz_softmax_call *call)
{
    const bool cpu = gz_builder_family(builder) == GZ_FAMILY_CPU, gpu = gz_builder_is_gpu(builder);
    const size_t R = call->rows, N = call->keys;
    gz_launch *launch = gpu ? gz_launch_add(builder, "softmax_gpu", "softmax_group", "%s", "")
                            : gz_launch_add(builder, "softmax", cpu ? "softmax" : "softmax_plain", "%s", "");
    gz_arg_tensor(launch, call->x);
    gz_arg_tensor(launch, call->mask);
    gz_arg_tensor(launch, call->queries);
    gz_arg_tensor(launch, call->centers);
    gz_arg_tensor(launch, call->y);
    gz_arg_int(launch, R);
    gz_arg_int(launch, N);
    gz_arg_int(launch, call->steps);
    gz_arg_int(launch, call->sample_rows);
    gz_arg_int(launch, call->mask_rows);
    gz_arg_int(launch, call->order.first);
    gz_arg_int(launch, call->order.causal);
    if (call->order.windowed)
        gz_arg_int(launch, call->order.window);
    else
        gz_arg_signed(launch, -1);
    if (cpu) {
        const size_t rows = 2048 / N + 1;
        gz_arg_int(launch, rows);
        gz_launch_groups(launch, (R + rows - 1) / rows, 1, 1, 1, 1, 1);
    } else if (gpu) {
        gz_launch_group_rows(builder, launch, R, N);
    } else {
        gz_launch_items(launch, R);
    }
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const gz_softmax_call call = {.x = node->in[X],
                                  .mask = input_of(node, MASK),
                                  .queries = input_of(node, QUERIES),
                                  .centers = input_of(node, CENTERS),
                                  .y = node->out[0],
                                  .rows = rows_of(node),
                                  .keys = keys_of(node),
                                  .steps = steps_of(node),
                                  .sample_rows = sample_rows(node),
                                  .mask_rows = mask_rows(node),
                                  .order = *attr_of(node)};
    gz_softmax_launch(builder, &call);
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const double n = (double)rows_of(node) * (double)keys_of(node);
    return (gz_cost){5 * n, 8 * n};
}

static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    if (!dout[0] || !wanted[X]) return GAZE_OK;
    return gz_softmax_gradient(graph, node->out[0], dout[0], &din[X]);
}

/* verification.md: 10 eps */
static gz_limit limit(const gz_node *node, size_t i)
{
    (void)node;
    (void)i;
    return (gz_limit){GZ_RELATIVE, 10};
}

static const gz_softmax_attr plain = {0}, causal = {.causal = true}, near = {.windowed = true, .window = 2},
                             itself = {.windowed = true},
                             both = {.causal = true, .windowed = true, .window = 3},
                             later = {.causal = true, .first = 29}, last = {.causal = true, .first = 1000},
                             near_later = {.windowed = true, .window = 2, .first = 40},
                             both_later = {.causal = true, .windowed = true, .window = 3, .first = 7};

#define CASE(FILL, R, N)                                  \
    {                                                     \
        .in = {{2, {R, N}}}, .n_in = 1, ATTR(plain, FILL) \
    }
#define ATTR(NAME, FILL) .attr = &NAME, .fill = FILL
#define NO               \
    {                    \
        GZ_ABSENT, { 0 } \
    }
#define MASKED(NAME, FILL, ...)                                                                              \
    {                                                                                                        \
        .in = {__VA_ARGS__}, .n_in = sizeof((gz_shape[]){__VA_ARGS__}) / sizeof(gz_shape), ATTR(NAME, FILL), \
        .dtype = {GZ_F32, GZ_I32, GZ_I32}, .index_limit = 2                                                  \
    }

static const gz_case cases[] = {
    CASE(GZ_FILL_UNIFORM, 1, 1),
    CASE(GZ_FILL_UNIFORM, 3, 2),
    CASE(GZ_FILL_UNIFORM, 64, 10),
    CASE(GZ_FILL_WIDE, 5, 31),
    CASE(GZ_FILL_WIDE, 2, 32),
    CASE(GZ_FILL_INTEGER, 7, 33),
    CASE(GZ_FILL_UNIFORM, 64, 144),
    CASE(GZ_FILL_WIDE, 3, 1031),
    CASE(GZ_FILL_UNIFORM, 2, 9216),
    CASE(GZ_FILL_INTEGER, 2, 65537), /* few values, whose rounding errors add up at every width */
    MASKED(plain, GZ_FILL_WIDE, {4, {2, 3, 5, 17}}, NO),
    MASKED(plain, GZ_FILL_UNIFORM, {2, {65, 1}}, {2, {65, 1}}),
    MASKED(plain, GZ_FILL_WIDE, {2, {64, 3}}, {2, {64, 3}}),
    MASKED(plain, GZ_FILL_WIDE, {3, {2, 5, 63}}, {3, {2, 5, 63}}),
    MASKED(plain, GZ_FILL_UNIFORM, {4, {3, 2, 5, 37}}, {2, {3, 37}}),
    MASKED(plain, GZ_FILL_UNIFORM, {4, {3, 2, 5, 37}}, {3, {3, 5, 37}}),
    MASKED(plain, GZ_FILL_UNIFORM, {4, {3, 2, 5, 37}}, NO, {2, {3, 5}}),
    MASKED(causal, GZ_FILL_UNIFORM, {3, {1, 1, 1}}),
    MASKED(causal, GZ_FILL_WIDE, {3, {2, 31, 33}}),
    MASKED(causal, GZ_FILL_UNIFORM, {4, {2, 3, 65, 31}}, {2, {2, 31}}, {2, {2, 65}}),
    MASKED(near, GZ_FILL_UNIFORM, {3, {2, 33, 31}}),
    MASKED(near, GZ_FILL_WIDE, {3, {2, 7, 67}}, {2, {2, 67}}, NO, {2, {2, 7}}),
    MASKED(near, GZ_FILL_INTEGER, {3, {2, 5, 7}}, NO, {2, {2, 5}}, {2, {2, 5}}),
    MASKED(itself, GZ_FILL_UNIFORM, {3, {2, 5, 3}}),
    MASKED(both, GZ_FILL_UNIFORM, {4, {2, 2, 37, 37}}, {3, {2, 37, 37}}),
    MASKED(later, GZ_FILL_UNIFORM, {4, {2, 3, 4, 67}}, {2, {2, 67}}, {2, {2, 4}}),
    MASKED(later, GZ_FILL_WIDE, {3, {1, 5, 31}}),
    MASKED(last, GZ_FILL_UNIFORM, {3, {2, 1, 1031}}),
    MASKED(near_later, GZ_FILL_UNIFORM, {3, {2, 5, 47}}),
    MASKED(near_later, GZ_FILL_UNIFORM, {3, {2, 5, 33}}, NO, NO, {2, {2, 5}}),
    MASKED(both_later, GZ_FILL_UNIFORM, {4, {2, 2, 3, 37}}, {3, {2, 3, 37}}),
};

const gz_op gz_op_softmax = {
    .name = "softmax",
    .n_out = 1,
    .attr_bytes = sizeof(gz_softmax_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .gradient = gradient,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};

gaze_status gz_softmax(gz_graph *g, gz_tensor *x, gz_tensor *mask, gz_tensor **y)
{
    return gz_softmax_of(g, x, &(gz_keys_seen){.mask = mask}, y);
}

gaze_status gz_softmax_of(gz_graph *g, gz_tensor *x, const gz_keys_seen *seen, gz_tensor **y)
{
    return gz_graph_node(g, &gz_op_softmax, &seen->order, sizeof seen->order,
                         (gz_tensor *[]){x, seen->mask, seen->queries, seen->centers}, 4, y, 1);
}
