/* matmul: many products of matrices, y = factor a b, one for each sample or for each sample and head. Each
   operand lies as [B,M,K], [B,H,M,K], or, split into heads without a copy, [B,M,H,K]; a and b may be turned.
 */
#include "dense.h"
#include "product_gpu.h"

enum { A, B };

static const gz_matmul_attr *attr_of(const gz_node *node) { return node->attr; }

/* How the matrices of an operand lie: element (i, j) of matrix h of sample b is at b * batch + h * head + i *
 * row + j. */
typedef struct layout {
    size_t samples, heads, rows, columns; /* as stored, before turning */
    size_t batch, head, row;
} layout;

static layout layout_of(gz_shape shape, bool by_token)
{
    layout l = {.samples = shape.dim[0], .heads = 1, .columns = gz_shape_last(shape)};
    l.rows = shape.dim[by_token ? 1 : shape.rank - 2];
    if (shape.rank == 4) l.heads = shape.dim[by_token ? 2 : 1];
    l.batch = l.heads * l.rows * l.columns;
    l.head = by_token ? l.columns : l.rows * l.columns;
    l.row = by_token ? l.heads * l.columns : l.columns;
    return l;
}

typedef struct product {
    layout a, b, y;
    size_t M, N, K;
    size_t a_m, a_k, b_k, b_n; /* steps */
} product;

static product product_of(const gz_node *node)
{
    const gz_matmul_attr *attr = attr_of(node);
    product p = {.a = layout_of(node->in[A]->shape, attr->heads_a),
                 .b = layout_of(node->in[B]->shape, attr->heads_b)};
    p.M = attr->transpose_a ? p.a.columns : p.a.rows;
    p.K = attr->transpose_a ? p.a.rows : p.a.columns;
    p.N = attr->transpose_b ? p.b.rows : p.b.columns;
    p.a_m = attr->transpose_a ? 1 : p.a.row;
    p.a_k = attr->transpose_a ? p.a.row : 1;
    p.b_k = attr->transpose_b ? 1 : p.b.row;
    p.b_n = attr->transpose_b ? p.b.row : 1;
    if (node->out[0]) p.y = layout_of(node->out[0]->shape, attr->heads_y);
    return p;
}

static gaze_status expect_operands(const gz_node *node)
{
    char text[2][96];
    const gz_matmul_attr *attr = attr_of(node);
    const size_t rank = node->in[A]->shape.rank;
    const bool heads = attr->heads_a || attr->heads_b || attr->heads_y;
    if (rank == node->in[B]->shape.rank && (rank == 4 || (rank == 3 && !heads))) return GAZE_OK;
    return gz_op_fail(node, "found shapes %s and %s, expected both [batch,rows,columns]%s",
                      gz_shape_text(node->in[A]->shape, text[0]), gz_shape_text(node->in[B]->shape, text[1]),
                      heads ? " with one more axis for heads" : " or both with heads");
}

static gaze_status infer(gz_graph *graph, gz_node *node)
{
    char text[2][96];
    GZ_TRY(gz_op_expect_inputs(node, 2, 2));
    GZ_TRY(expect_operands(node));
    const product p = product_of(node);
    const size_t K_of_b = attr_of(node)->transpose_b ? p.b.columns : p.b.rows;
    if (p.a.samples != p.b.samples || p.a.heads != p.b.heads || p.K != K_of_b)
        return gz_op_fail(
            node, "shapes %s and %s do not fit: sums of %zu and of %zu products, %zu and %zu matrices",
            gz_shape_text(node->in[A]->shape, text[0]), gz_shape_text(node->in[B]->shape, text[1]), p.K,
            K_of_b, p.a.samples * p.a.heads, p.b.samples * p.b.heads);
    if (!(attr_of(node)->factor > 0))
        return gz_op_fail(node, "found factor %g, expected more than 0", attr_of(node)->factor);
    if (node->in[A]->shape.rank == 3)
        return gz_node_output(graph, node, 0, GZ_F32, GZ_SHAPE(p.a.samples, p.M, p.N));
    const gz_shape heads_first = GZ_SHAPE(p.a.samples, p.a.heads, p.M, p.N),
                   tokens_first = GZ_SHAPE(p.a.samples, p.M, p.a.heads, p.N);
    return gz_node_output(graph, node, 0, GZ_F32, attr_of(node)->heads_y ? tokens_first : heads_first);
}

static void multiply(const product *p, const double *a, const double *b, double *y, double factor)
{
    for (size_t m = 0; m < p->M; m++)
        for (size_t n = 0; n < p->N; n++) {
            double sum = 0;
            for (size_t k = 0; k < p->K; k++) sum += a[m * p->a_m + k * p->a_k] * b[k * p->b_k + n * p->b_n];
            y[m * p->y.row + n] = factor * sum;
        }
}

static void reference(const gz_node *node, double *const *in, double *const *out)
{
    const product p = product_of(node);
    for (size_t s = 0; s < p.a.samples; s++)
        for (size_t h = 0; h < p.a.heads; h++)
            multiply(&p, in[A] + s * p.a.batch + h * p.a.head, in[B] + s * p.b.batch + h * p.b.head,
                     out[0] + s * p.y.batch + h * p.y.head, attr_of(node)->factor);
}

static void add_layout(gz_launch *launch, const layout *l)
{
    gz_arg_int(launch, l->batch);
    gz_arg_int(launch, l->head);
}

static void add_arguments(const gz_node *node, gz_launch *launch, const product *p, size_t pairs)
{
    gz_arg_tensor(launch, node->in[A]);
    gz_arg_tensor(launch, node->in[B]);
    gz_arg_tensor(launch, node->out[0]);
    gz_arg_int(launch, p->M);
    gz_arg_int(launch, p->N);
    gz_arg_int(launch, p->K);
    gz_arg_int(launch, p->a.heads);
    gz_arg_int(launch, p->a.samples * p->a.heads);
    gz_arg_int(launch, pairs);
    add_layout(launch, &p->a);
    gz_arg_int(launch, p->a_m);
    gz_arg_int(launch, p->a_k);
    add_layout(launch, &p->b);
    gz_arg_int(launch, p->b_k);
    gz_arg_int(launch, p->b_n);
    add_layout(launch, &p->y);
    gz_arg_int(launch, p->y.row);
    gz_arg_float(launch, attr_of(node)->factor);
}

#define TILE_OPTIONS "-DTILE_ROWS=%zu -DPRODUCT_VECTORS=%zu -DBLOCK_TILES=%zu"

/* Tiles no higher than the matrix, and for many rows as dense has it; where half as many columns leave less
 * over, those. */
static gz_dense_tile tile_of(const gz_builder *builder, size_t M, size_t N)
{
    const size_t width = gz_builder_device(builder)->vector_width;
    gz_dense_tile tile = gz_dense_tile_of(builder);
    if (gz_round_up(N, tile.columns) > gz_round_up(N, 2 * width))
        tile = (gz_dense_tile){.rows = 8, .columns = 2 * width};
    if (M <= 4) tile.rows = M <= 1 ? 1 : M <= 2 ? 2 : 4;
    tile.block_rows = tile.rows * (M > 8 * tile.rows ? 16 : 8);
    return tile;
}

enum { LEAST_PRODUCTS = 65536 }; /* that a group makes: small matrices share one */

static void prepare_tile(const gz_node *node, gz_builder *builder, const product *p)
{
    const gz_dense_tile tile = tile_of(builder, p->M, p->N);
    const size_t G = p->a.samples * p->a.heads, rows = p->M < tile.block_rows ? p->M : tile.block_rows;
    const size_t pairs = LEAST_PRODUCTS / (rows * tile.columns * p->K) + 1;
    gz_launch *launch =
        gz_launch_add(builder, "matmul", "matmul", TILE_OPTIONS, tile.rows,
                      tile.columns / gz_builder_device(builder)->vector_width, tile.block_rows / tile.rows);
    add_arguments(node, launch, p, pairs);
    gz_launch_groups(launch, gz_groups(p->N, tile.columns), gz_groups(p->M, tile.block_rows),
                     gz_groups(G, pairs), 1, 1, 1);
}

static gz_matrices matrices_of(const gz_tensor *tensor, const layout *l, size_t row, size_t column)
{
    return (gz_matrices){tensor, l->batch, l->head, row, column};
}

static void prepare_gpu(const gz_node *node, gz_builder *builder, const product *p)
{
    const gz_product on_gpu = {.a = matrices_of(node->in[A], &p->a, p->a_m, p->a_k),
                               .b = matrices_of(node->in[B], &p->b, p->b_k, p->b_n),
                               .y = matrices_of(node->out[0], &p->y, p->y.row, 1),
                               .M = p->M,
                               .N = p->N,
                               .K = p->K,
                               .samples = p->a.samples,
                               .heads = p->a.heads,
                               .factor = attr_of(node)->factor,
                               .activation = GZ_LINEAR};
    gz_product_gpu(builder, &on_gpu);
}

static gaze_status prepare(const gz_node *node, gz_builder *builder)
{
    const product p = product_of(node);
    if (gz_builder_family(builder) == GZ_FAMILY_CPU) {
        prepare_tile(node, builder, &p);
    } else if (gz_builder_is_gpu(builder)) {
        prepare_gpu(node, builder, &p);
    } else {
        gz_launch *launch =
            gz_launch_add(builder, "matmul", "matmul_plain", TILE_OPTIONS, (size_t)1, (size_t)2, (size_t)1);
        add_arguments(node, launch, &p, 1);
        gz_launch_items(launch, gz_shape_count(node->out[0]->shape));
    }
    return gz_builder_status(builder);
}

static gz_cost cost(const gz_node *node)
{
    const product p = product_of(node);
    const double G = (double)(p.a.samples * p.a.heads), M = (double)p.M, N = (double)p.N, K = (double)p.K;
    return (gz_cost){2 * G * M * N * K, 4 * G * (M * K + K * N + M * N)};
}

/* With P = a b: da = dP b^T, db = a^T dP, each turned once more where its operand was. */
static gaze_status gradient(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din)
{
    const gz_matmul_attr t = *attr_of(node);
    gz_tensor *a = node->in[A], *b = node->in[B], *dy = dout[0];
    const gz_matmul_attr to_a = {false, !t.transpose_b, t.heads_y, t.heads_b, t.heads_a, t.factor};
    const gz_matmul_attr to_turned_a = {t.transpose_b, true, t.heads_b, t.heads_y, t.heads_a, t.factor};
    const gz_matmul_attr to_b = {!t.transpose_a, false, t.heads_a, t.heads_y, t.heads_b, t.factor};
    const gz_matmul_attr to_turned_b = {true, t.transpose_a, t.heads_y, t.heads_a, t.heads_b, t.factor};
    if (wanted[A] && !t.transpose_a) GZ_TRY(gz_matmul(graph, dy, b, &to_a, &din[A]));
    if (wanted[A] && t.transpose_a) GZ_TRY(gz_matmul(graph, b, dy, &to_turned_a, &din[A]));
    if (wanted[B] && !t.transpose_b) GZ_TRY(gz_matmul(graph, a, dy, &to_b, &din[B]));
    if (wanted[B] && t.transpose_b) GZ_TRY(gz_matmul(graph, dy, a, &to_turned_b, &din[B]));
    return GAZE_OK;
}

/* A term for the factor. */
static gz_limit limit(const gz_node *node, size_t i)
{
    (void)i;
    return (gz_limit){GZ_SUM, (double)product_of(node).K + 2};
}

#define ATTR(NAME, TA, TB, HA, HB, HY, FACTOR) static const gz_matmul_attr NAME = {TA, TB, HA, HB, HY, FACTOR}
ATTR(plain, false, false, false, false, false, 1);
ATTR(turned_b, false, true, false, false, false, 0.5);
ATTR(turned_a, true, false, false, false, false, 1);
ATTR(both, true, true, false, false, false, 1.0 / 3);
ATTR(scores, false, true, true, true, false, 0.25);
ATTR(values, false, false, false, true, true, 1);
ATTR(d_scores, false, true, true, true, false, 1);
ATTR(d_values, true, false, false, true, true, 1);
ATTR(odd, true, true, true, false, true, 0.7);
#undef ATTR

#define CASE(FILL, NAME, ...)                                       \
    {                                                               \
        .in = {__VA_ARGS__}, .n_in = 2, .attr = &NAME, .fill = FILL \
    }

static const gz_case cases[] = {
    CASE(GZ_FILL_INTEGER, plain, {3, {1, 1, 1}}, {3, {1, 1, 1}}),
    CASE(GZ_FILL_INTEGER, plain, {3, {2, 2, 3}}, {3, {2, 3, 5}}),
    CASE(GZ_FILL_INTEGER, plain, {3, {3, 1, 65}}, {3, {3, 65, 33}}),
    CASE(GZ_FILL_INTEGER, plain, {3, {2, 31, 33}}, {3, {2, 33, 65}}),
    CASE(GZ_FILL_INTEGER, plain, {3, {2, 4, 523}}, {3, {2, 523, 67}}),
    CASE(GZ_FILL_INTEGER, plain, {3, {65, 7, 11}}, {3, {65, 11, 3}}),
    CASE(GZ_FILL_INTEGER, plain, {3, {1, 257, 31}}, {3, {1, 31, 32}}),
    CASE(GZ_FILL_INTEGER, turned_b, {3, {2, 33, 31}}, {3, {2, 65, 31}}),
    CASE(GZ_FILL_INTEGER, turned_b, {3, {1, 2, 519}}, {3, {1, 37, 519}}),
    CASE(GZ_FILL_UNIFORM, turned_b, {4, {2, 3, 13, 7}}, {4, {2, 3, 17, 7}}),
    CASE(GZ_FILL_INTEGER, turned_a, {3, {2, 31, 33}}, {3, {2, 31, 65}}),
    CASE(GZ_FILL_INTEGER, turned_a, {3, {1, 300, 67}}, {3, {1, 300, 35}}),
    CASE(GZ_FILL_UNIFORM, both, {3, {2, 37, 67}}, {3, {2, 131, 37}}),
    CASE(GZ_FILL_UNIFORM, both, {3, {2, 37, 13}}, {3, {2, 41, 37}}),
    CASE(GZ_FILL_WIDE, both, {4, {2, 2, 5, 3}}, {4, {2, 2, 31, 5}}),
    CASE(GZ_FILL_INTEGER, scores, {4, {2, 13, 3, 5}}, {4, {2, 33, 3, 5}}),
    CASE(GZ_FILL_UNIFORM, scores, {4, {3, 65, 2, 31}}, {4, {3, 63, 2, 31}}),
    CASE(GZ_FILL_INTEGER, values, {4, {2, 3, 13, 33}}, {4, {2, 33, 3, 5}}),
    CASE(GZ_FILL_UNIFORM, values, {4, {2, 2, 65, 31}}, {4, {2, 31, 2, 37}}),
    CASE(GZ_FILL_INTEGER, d_scores, {4, {2, 13, 3, 5}}, {4, {2, 33, 3, 5}}),
    CASE(GZ_FILL_INTEGER, d_values, {4, {2, 3, 13, 33}}, {4, {2, 13, 3, 5}}),
    CASE(GZ_FILL_UNIFORM, odd, {4, {2, 7, 3, 11}}, {4, {2, 3, 5, 7}}),
    {.in = {{4, {8, 8, 256, 256}}, {4, {8, 256, 8, 32}}}, .n_in = 2, .attr = &values, .heavy = true},
    {.in = {{4, {8, 256, 8, 32}}, {4, {8, 256, 8, 32}}}, .n_in = 2, .attr = &scores, .heavy = true},
};

const gz_op gz_op_matmul = {
    .name = "matmul",
    .n_out = 1,
    .attr_bytes = sizeof(gz_matmul_attr),
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
    .cost = cost,
    .gradient = gradient,
    .limit = limit,
    .cases = cases,
    .n_cases = sizeof cases / sizeof *cases,
};

gaze_status gz_matmul(gz_graph *g, gz_tensor *a, gz_tensor *b, const gz_matmul_attr *attr, gz_tensor **y)
{
    return gz_graph_node(g, &gz_op_matmul, attr, sizeof *attr, (gz_tensor *[]){a, b}, 2, y, 1);
}
