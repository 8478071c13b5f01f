/* The ops that kinds from outside are composed of. */
#include "kind.h"

static gz_graph *graph_of(gaze_builder *b) { return gz_build_graph(b->build); }

static gaze_status activation_of(const gaze_builder *b, gaze_activation activation, gz_activation_kind *kind)
{
    static const gz_activation_kind known[] = {
        [GAZE_LINEAR] = GZ_LINEAR, [GAZE_RELU] = GZ_RELU, [GAZE_SIGMOID] = GZ_SIGMOID,
        [GAZE_TANH] = GZ_TANH,     [GAZE_ELU] = GZ_ELU,   [GAZE_LEAKY_RELU] = GZ_LEAKY_RELU,
        [GAZE_GELU] = GZ_GELU,     [GAZE_SILU] = GZ_SILU};
    if ((size_t)activation >= sizeof known / sizeof *known)
        return gz_layer_fail(b->layer, "kind '%s' asks for activation %d, which there isn't", b->kind,
                             (int)activation);
    *kind = known[activation];
    return GAZE_OK;
}

static gaze_status reduction_of(const gaze_builder *b, gaze_reduction reduction, gz_reduction *kind)
{
    static const gz_reduction known[] = {[GAZE_MEAN] = GZ_MEAN, [GAZE_MAX] = GZ_MAX, [GAZE_SUM] = GZ_SUM_ALL};
    if ((size_t)reduction >= sizeof known / sizeof *known)
        return gz_layer_fail(b->layer, "kind '%s' asks for reduction %d, which there isn't", b->kind,
                             (int)reduction);
    *kind = known[reduction];
    return GAZE_OK;
}

static gaze_status expect_many(const gaze_builder *b, const char *op, size_t n)
{
    if (n >= 2 && n <= GZ_MAX_INPUTS) return GAZE_OK;
    return gz_layer_fail(b->layer, "kind '%s': %s of %zu tensors, expected 2 to %d", b->kind, op, n,
                         GZ_MAX_INPUTS);
}

gaze_status gaze_op_reshape(gaze_builder *b, gaze_tensor *x, gaze_shape shape, gaze_tensor **y)
{
    return gz_graph_view(graph_of(b), x, shape, y);
}

gaze_status gaze_op_permute(gaze_builder *b, gaze_tensor *x, const size_t *order, size_t count,
                            gaze_tensor **y)
{
    return gz_permute(graph_of(b), x, order, count, y);
}

gaze_status gaze_op_concatenate(gaze_builder *b, gaze_tensor *const *x, size_t n, size_t axis,
                                gaze_tensor **y)
{
    GZ_TRY(expect_many(b, "concatenate", n));
    return gz_concatenate(graph_of(b), x, n, axis, y);
}

gaze_status gaze_op_slice(gaze_builder *b, gaze_tensor *x, size_t axis, size_t first, size_t count,
                          gaze_tensor **y)
{
    return gz_slice(graph_of(b), x, axis, first, count, y);
}

/* gelu and silu are ops of their own. */
static gaze_status activate(gaze_builder *b, gz_activation_kind kind, gaze_tensor **y)
{
    return gz_activation_fuses(kind) ? GAZE_OK : gz_activation(graph_of(b), *y, kind, y);
}

gaze_status gaze_op_dense(gaze_builder *b, gaze_tensor *x, gaze_tensor *kernel, gaze_tensor *bias,
                          gaze_activation activation, gaze_tensor **y)
{
    gz_activation_kind kind = GZ_LINEAR;
    GZ_TRY(activation_of(b, activation, &kind));
    GZ_TRY(gz_dense(graph_of(b), x, kernel, bias, gz_activation_fuses(kind) ? kind : GZ_LINEAR, y));
    return activate(b, kind, y);
}

gaze_status gaze_op_conv2d(gaze_builder *b, gaze_tensor *x, gaze_tensor *kernel, gaze_tensor *bias,
                           gaze_activation activation, gaze_tensor **y)
{
    char text[96];
    const gz_shape k = kernel->shape;
    gz_activation_kind kind = GZ_LINEAR;
    GZ_TRY(activation_of(b, activation, &kind));
    if (k.rank != 4)
        return gz_layer_fail(
            b->layer, "kind '%s': the kernel of conv2d has the shape %s, expected [height, width, in, out]",
            b->kind, gz_shape_text(k, text));
    const gz_window window = {
        .size = {k.dim[0], k.dim[1]}, .stride = {1, 1}, .dilation = {1, 1}, .padding = GZ_SAME};
    GZ_TRY(gz_conv2d(graph_of(b), x, kernel, bias, &window, gz_activation_fuses(kind) ? kind : GZ_LINEAR, y));
    return activate(b, kind, y);
}

gaze_status gaze_op_matmul(gaze_builder *b, gaze_tensor *p, bool transpose_p, gaze_tensor *q,
                           bool transpose_q, double factor, gaze_tensor **y)
{
    const gz_matmul_attr attr = {.transpose_a = transpose_p, .transpose_b = transpose_q, .factor = factor};
    return gz_matmul(graph_of(b), p, q, &attr, y);
}

gaze_status gaze_op_softmax(gaze_builder *b, gaze_tensor *x, gaze_tensor *mask, gaze_tensor **y)
{
    return gz_softmax(graph_of(b), x, mask, y);
}

gaze_status gaze_op_activation(gaze_builder *b, gaze_tensor *x, gaze_activation activation, gaze_tensor **y)
{
    gz_activation_kind kind = GZ_LINEAR;
    GZ_TRY(activation_of(b, activation, &kind));
    return gz_activation(graph_of(b), x, kind, y);
}

gaze_status gaze_op_add(gaze_builder *b, gaze_tensor *const *x, size_t n, gaze_tensor **y)
{
    GZ_TRY(expect_many(b, "add", n));
    return gz_add_all(graph_of(b), x, n, y);
}

gaze_status gaze_op_multiply(gaze_builder *b, gaze_tensor *const *x, size_t n, gaze_tensor **y)
{
    GZ_TRY(expect_many(b, "multiply", n));
    return gz_multiply_all(graph_of(b), x, n, y);
}

gaze_status gaze_op_scale(gaze_builder *b, gaze_tensor *x, double factor, gaze_tensor **y)
{
    return gz_scale(graph_of(b), x, factor, y);
}

gaze_status gaze_op_scale_by(gaze_builder *b, gaze_tensor *x, gaze_tensor *s, gaze_tensor **y)
{
    return gz_scale_by(graph_of(b), x, s, y);
}

gaze_status gaze_op_scale_rows(gaze_builder *b, gaze_tensor *x, gaze_tensor *s, gaze_tensor **y)
{
    return gz_scale_rows(graph_of(b), x, s, 1, y);
}

gaze_status gaze_op_scale_channels(gaze_builder *b, gaze_tensor *x, gaze_tensor *s, gaze_tensor **y)
{
    return gz_scale_channels(graph_of(b), x, s, y);
}

gaze_status gaze_op_reduce_tokens(gaze_builder *b, gaze_tensor *x, gaze_reduction reduction, gaze_tensor **y)
{
    gz_reduction kind = GZ_MEAN;
    GZ_TRY(reduction_of(b, reduction, &kind));
    return gz_reduce_middle(graph_of(b), x, kind, y);
}

gaze_status gaze_op_reduce_features(gaze_builder *b, gaze_tensor *x, gaze_reduction reduction,
                                    gaze_tensor **y)
{
    gz_reduction kind = GZ_MEAN;
    GZ_TRY(reduction_of(b, reduction, &kind));
    return gz_reduce_last(graph_of(b), x, kind, y);
}

gaze_status gaze_op_weighted_sum(gaze_builder *b, gaze_tensor *a, gaze_tensor *h, gaze_tensor **y)
{
    return gz_weighted_sum(graph_of(b), a, h, y);
}

gaze_status gaze_op_additive_scores(gaze_builder *b, gaze_tensor *q, gaze_tensor *k, gaze_tensor *scale,
                                    gaze_tensor **y)
{
    return gz_additive_scores(graph_of(b), q, k, scale, y);
}

gaze_status gaze_op_layer_normalization(gaze_builder *b, gaze_tensor *x, gaze_tensor *gamma,
                                        gaze_tensor *beta, double epsilon, gaze_tensor **y)
{
    return gz_layer_normalization(graph_of(b), x, gamma, beta, epsilon, y);
}
