/* Every op, as a function that appends it to a graph. Layers and attention kinds are written with these
   alone. Letters: B batch, H W height and width, C channels, O filters, T time, N tokens, D features, R rows
   (all leading dimensions). */
#ifndef GZ_OPS_H
#define GZ_OPS_H
#include "../graph/op.h"
#include "gradients.h"

/* One line an op; the enum-free table gz_ops[], its tests and `gaze verify` follow this list. */
#define GZ_OP_LIST(X)                   \
    X(conv2d)                           \
    X(conv2d_input_gradient)            \
    X(conv2d_kernel_gradient)           \
    X(conv2d_slope_sum)                 \
    X(conv2d_compose)                   \
    X(conv2d_compose_gradient)          \
    X(conv2d_max_pool2d)                \
    X(conv2d_max_pool2d_places)         \
    X(conv2d_mean)                      \
    X(conv2d_mean_values)               \
    X(depthwise_conv2d)                 \
    X(depthwise_conv2d_input_gradient)  \
    X(depthwise_conv2d_kernel_gradient) \
    X(dense)                            \
    X(dense_softmax)                    \
    X(dense_fused)                      \
    X(dense_input_gradient)             \
    X(dense_kernel_gradient)            \
    X(dense_weights_gradient)           \
    X(bias_gradient)                    \
    X(max_pool2d)                       \
    X(max_pool2d_gradient)              \
    X(places_gradient)                  \
    X(places_dot)                       \
    X(average_pool2d)                   \
    X(average_pool2d_gradient)          \
    X(reduce_middle)                    \
    X(reduce_middle_gradient)           \
    X(reduce_last)                      \
    X(reduce_last_gradient)             \
    X(channel_pool)                     \
    X(channel_pool_gradient)            \
    X(weighted_sum)                     \
    X(outer_rows)                       \
    X(row_dot)                          \
    X(activation)                       \
    X(activation_gradient)              \
    X(slope_sum)                        \
    X(softmax)                          \
    X(softmax_gradient)                 \
    X(cross_entropy)                    \
    X(cross_entropy_gradient)           \
    X(softmax_cross_entropy)            \
    X(softmax_cross_entropy_gradient)   \
    X(dropout)                          \
    X(concatenate)                      \
    X(slice)                            \
    X(slice_gradient)                   \
    X(embedding)                        \
    X(embedding_gradient)               \
    X(permute)                          \
    X(matmul)                           \
    X(attention)                        \
    X(attention_gradient)               \
    X(additive_scores)                  \
    X(additive_scores_gradient)         \
    X(gaussian)                         \
    X(gaussian_center)                  \
    X(one_hot_max)                      \
    X(draw)                             \
    X(reinforce)                        \
    X(mask_rows)                        \
    X(mask_and)                         \
    X(mask_or)                          \
    X(not_equal_zero)                   \
    X(threshold)                        \
    X(mask_count)                       \
    X(scale_by)                         \
    X(add_bias)                         \
    X(scale_channels)                   \
    X(layer_normalization)              \
    X(layer_normalization_gradient)     \
    X(batch_normalization)              \
    X(batch_normalization_gradient)     \
    X(normalize_channels)               \
    X(moving_average)                   \
    X(add)                              \
    X(multiply)                         \
    X(scale_rows)                       \
    X(scale_rows_max_pool2d)            \
    X(scale_rows_max_pool2d_places)     \
    X(softmax_scale)                    \
    X(softmax_weighted_sum)             \
    X(scale)                            \
    X(recurrence)                       \
    X(recurrence_gradient)              \
    X(shift_time)                       \
    X(reverse_time)                     \
    X(after_first)                      \
    X(metrics)                          \
    X(optimizer)

#define GZ_OP_DECLARE(name) extern const gz_op gz_op_##name;
GZ_OP_LIST(GZ_OP_DECLARE)
#undef GZ_OP_DECLARE

extern const gz_op *const gz_ops[];
extern const size_t gz_n_ops;
const gz_op *gz_op_find(const char *name); /* NULL if there is none */

typedef enum gz_padding { GZ_VALID, GZ_SAME } gz_padding;

typedef enum gz_activation_kind {
    GZ_LINEAR,
    GZ_RELU,
    GZ_SIGMOID,
    GZ_TANH, /* gradient from the output alone: may be fused into conv2d and dense */
    GZ_ELU,
    GZ_LEAKY_RELU, /* likewise */
    GZ_GELU,
    GZ_SILU /* gradient needs the input: gz_activation adds a node of their own */
} gz_activation_kind;
const char *gz_activation_name(gz_activation_kind kind);
/* Fused as an epilogue (all but gelu and silu)? */
bool gz_activation_fuses(gz_activation_kind kind);
double gz_activation_value(gz_activation_kind kind, double x);
/* d activation / dx at input x with output y. */
double gz_activation_slope(gz_activation_kind kind, double x, double y);

/* Windows of conv2d and pools. Output size and the padding before (Keras): valid: (n - extent)/stride + 1, 0;
   same: ceil(n/stride), total/2 rounded down before. extent = (k - 1)*dilation + 1. */
typedef struct gz_window {
    size_t size[2], stride[2], dilation[2]; /* y, x */
    gz_padding padding;
} gz_window;
/* Are both of a pair `value`? */
static inline bool gz_both_are(const size_t pair[2], size_t value)
{
    return pair[0] == value && pair[1] == value;
}
/* false when the window does not fit (valid and n < extent). */
bool gz_window_extent(const gz_window *window, int axis, size_t n, size_t *out, size_t *before);

/* x [B,H,W,C], kernel [kh,kw,C,O], bias [O] or NULL -> y [B,P,Q,O] = activation(conv(x, kernel) + bias). Of
   windows that share no pixel, as patches and 1 x 1, a dense of their pixels (conv2d.h). */
typedef struct gz_conv2d_attr {
    gz_window window;
    gz_activation_kind activation;
    size_t input_size[2]; /* input gradient: H, W of x */
} gz_conv2d_attr;
gaze_status gz_conv2d(gz_graph *g, gz_tensor *x, gz_tensor *kernel, gz_tensor *bias, const gz_window *window,
                      gz_activation_kind activation, gz_tensor **y);
/* dy, kernel -> dx [B,H,W,C]. place (here and below): dy [B,P/2,Q/2,O] is the gradient of the maxima of
   windows of 2x2, and place [B,P/2,Q/2,O], int32, says which of its window's pixels (0 to 3) each was; or
   NULL. */
gaze_status gz_conv2d_input_gradient(gz_graph *g, gz_tensor *dy, gz_tensor *kernel, gz_tensor *place,
                                     const gz_conv2d_attr *attr, gz_tensor **dx);
/* x, dy -> dkernel [kh,kw,C,O] */
gaze_status gz_conv2d_kernel_gradient(gz_graph *g, gz_tensor *x, gz_tensor *dy, gz_tensor *place,
                                      const gz_conv2d_attr *attr, gz_tensor **dkernel);
/* Each channel by itself: x [B,H,W,C], kernel [kh,kw,C], bias [C] or NULL -> y [B,P,Q,C] = activation(conv(x,
 * kernel) + bias). */
gaze_status gz_depthwise_conv2d(gz_graph *g, gz_tensor *x, gz_tensor *kernel, gz_tensor *bias,
                                const gz_window *window, gz_activation_kind activation, gz_tensor **y);
/* dy, kernel -> dx; x, dy -> dkernel */
gaze_status gz_depthwise_conv2d_input_gradient(gz_graph *g, gz_tensor *dy, gz_tensor *kernel,
                                               const gz_conv2d_attr *attr, gz_tensor **dx);
gaze_status gz_depthwise_conv2d_kernel_gradient(gz_graph *g, gz_tensor *x, gz_tensor *dy,
                                                const gz_conv2d_attr *attr, gz_tensor **dkernel);

/* x [...,K], kernel [K,U], bias [U] or NULL -> y [...,U] = activation(x kernel + bias); R = product of the
 * leading dimensions. */
typedef struct gz_dense_attr {
    gz_activation_kind activation;
} gz_dense_attr;
gaze_status gz_dense(gz_graph *g, gz_tensor *x, gz_tensor *kernel, gz_tensor *bias,
                     gz_activation_kind activation, gz_tensor **y);
/* dy [...,U], kernel [K,U] -> dx [...,K] = dy kernel^T */
gaze_status gz_dense_input_gradient(gz_graph *g, gz_tensor *dy, gz_tensor *kernel, gz_tensor **dx);
/* x [...,K], dy [...,U] -> dkernel [K,U] = x^T dy */
gaze_status gz_dense_kernel_gradient(gz_graph *g, gz_tensor *x, gz_tensor *dy, gz_tensor **dkernel);
/* dy [...,U] -> db [U], sum over all rows, in a fixed order */
gaze_status gz_bias_gradient(gz_graph *g, gz_tensor *dy, gz_tensor **db);

/* x [B,H,W,C] -> y [B,P,Q,C]. Max: padding is never seen. Average: divides by the values that are there.
 * Dilation is 1. */
typedef struct gz_pool_attr {
    gz_window window;
    size_t input_size[2]; /* average_pool2d_gradient: H, W of x */
} gz_pool_attr;
gaze_status gz_max_pool2d(gz_graph *g, gz_tensor *x, const gz_window *window, gz_tensor **y);
gaze_status gz_average_pool2d(gz_graph *g, gz_tensor *x, const gz_window *window, gz_tensor **y);
/* x, dy -> dx: the first of equal maxima in row-major order gets it all, as in TensorFlow (the maxima are
 * found again in x) */
gaze_status gz_max_pool2d_gradient(gz_graph *g, gz_tensor *x, gz_tensor *dy, const gz_window *window,
                                   gz_tensor **dx);
/* dy -> dx [B,H,W,C] */
gaze_status gz_average_pool2d_gradient(gz_graph *g, gz_tensor *dy, const gz_pool_attr *attr, gz_tensor **dx);

typedef enum gz_reduction { GZ_MEAN, GZ_MAX, GZ_SUM_ALL } gz_reduction;
typedef struct gz_reduce_attr {
    gz_reduction reduction;
    gz_shape x; /* the gradients: shape of x */
} gz_reduce_attr;
/* x [B,...,C] -> y [B,C]: over everything between (global pools). The gradient of MAX is shared equally among
   equal maxima, as that of TensorFlow's reduce_max; NaN is passed over. Here and in reduce_last. */
gaze_status gz_reduce_middle(gz_graph *g, gz_tensor *x, gz_reduction reduction, gz_tensor **y);
/* x [...,C] -> y [...,1]: over the channels. */
gaze_status gz_reduce_last(gz_graph *g, gz_tensor *x, gz_reduction reduction, gz_tensor **y);
/* x [...,C] -> y [...,2]: mean and maximum over the channels, as reduce_last. */
gaze_status gz_channel_pool(gz_graph *g, gz_tensor *x, gz_tensor **y);

/* a [B,N], h [B,N,D] -> y [B,D] = sum_t a_t h_t */
gaze_status gz_weighted_sum(gz_graph *g, gz_tensor *a, gz_tensor *h, gz_tensor **y);
/* a [B,N], v [B,D] -> y [B,N,D] = a_t v (gradient of weighted_sum with respect to h) */
gaze_status gz_outer_rows(gz_graph *g, gz_tensor *a, gz_tensor *v, gz_tensor **y);
/* x [...,D], z the same shape, or [B,D] with x [B,N,D] -> y [...] = sum_d x_d z_d (rank one less), times
   `factor` */
typedef struct gz_factor_attr {
    double factor;
} gz_factor_attr;
gaze_status gz_row_dot(gz_graph *g, gz_tensor *x, gz_tensor *z, double factor, gz_tensor **y);

/* y = factor a b, matrix by matrix: a [B,M,K], b [B,K,N] -> y [B,M,N], or all with heads, [B,H,M,K] and so
   on. transpose_a: a is stored [...,K,M], b likewise. heads_a: a is stored [B,M,H,K], as tokens split into
   heads, b and y likewise. */
typedef struct gz_matmul_attr {
    bool transpose_a, transpose_b, heads_a, heads_b, heads_y;
    double factor; /* > 0 */
} gz_matmul_attr;
gaze_status gz_matmul(gz_graph *g, gz_tensor *a, gz_tensor *b, const gz_matmul_attr *attr, gz_tensor **y);

/* q [B,Tq,H,K], k [B,Tv,H,K], v [B,Tv,H,V] -> y [B,Tq,H,V] = softmax(factor q k^T) v for each head, without a
   tensor of scores. mask int32 [B,Tv], queries int32 [B,Tq] (or NULL); causal: key <= query. Rows without
   keys are zeros. A second output, for the gradients: the logarithm of each row's sum of exponentials. */
typedef struct gz_attention_attr {
    double factor; /* > 0 */
    bool causal;
} gz_attention_attr;
typedef struct gz_attention_masks {
    gz_tensor *mask, *queries;
    bool causal;
} gz_attention_masks;
gaze_status gz_attention(gz_graph *g, gz_tensor *q, gz_tensor *k, gz_tensor *v,
                         const gz_attention_masks *masks, double factor, gz_tensor **y);

/* q [B,Tq,D], k [B,Tv,D], scale [D] or NULL (ones) -> y [B,Tq,Tv] = sum_d scale_d tanh(q_d + k_d) */
gaze_status gz_additive_scores(gz_graph *g, gz_tensor *q, gz_tensor *k, gz_tensor *scale, gz_tensor **y);
/* dy -> dq, dk, and the gradient of scale for each sample, [B,D] */
gaze_status gz_additive_scores_gradient(gz_graph *g, gz_tensor *q, gz_tensor *k, gz_tensor *scale,
                                        gz_tensor *dy, gz_tensor *gradients[3]);

/* a [...,N], p [...] -> y [...,N] = a_n exp(-(n - p)^2 / (2 deviation^2)); gaussian_center is the gradient
 * with respect to p. */
typedef struct gz_gaussian_attr {
    double deviation;
} gz_gaussian_attr;
gaze_status gz_gaussian(gz_graph *g, gz_tensor *a, gz_tensor *p, double deviation, gz_tensor **y);

/* x [...,N] -> y: 1 at the first of the largest positive values of the row, 0 elsewhere. */
gaze_status gz_one_hot_max(gz_graph *g, gz_tensor *x, gz_tensor **y);

/* a [...,N], not negative -> y: 1 at the value drawn with probability a_n / sum a, 0 elsewhere; drawn by
   Philox from (key, step[0], row). step int32 [4]. No gradient passes: see gz_reinforce. */
typedef struct gz_draw_one_attr {
    uint32_t key[2];
} gz_draw_one_attr;
gaze_status gz_draw_one(gz_graph *g, gz_tensor *a, gz_tensor *step, const uint32_t key[2], gz_tensor **y);
/* What a drawn choice teaches its probabilities: da = (loss of the sample - base) choice / (B a), base a
   moving average of the losses before; it is kept in average [2] (state). row_loss [B] or [B,T]: the mean
   over T. */
gaze_status gz_reinforce(gz_graph *g, gz_tensor *a, gz_tensor *choice, gz_tensor *row_loss,
                         gz_tensor *average, gz_tensor **da);

/* Masks are int32, 0 where a step does not count. x [...,D], mask [...] -> x, with zeros in the rows that do
 * not count. */
gaze_status gz_mask_rows(gz_graph *g, gz_tensor *x, gz_tensor *mask, gz_tensor **y);
gaze_status gz_mask_and(gz_graph *g, gz_tensor *a, gz_tensor *b, gz_tensor **y);
gaze_status gz_mask_or(gz_graph *g, gz_tensor *a, gz_tensor *b, gz_tensor **y);
/* ids -> mask id != 0 */
gaze_status gz_not_equal_zero(gz_graph *g, gz_tensor *ids, gz_tensor **mask);
/* x, float32 or int32 -> mask x > 0.5 */
gaze_status gz_threshold(gz_graph *g, gz_tensor *x, gz_tensor **y);
/* mask [B,T] -> y float32 [B], how many steps count */
gaze_status gz_mask_count(gz_graph *g, gz_tensor *mask, gz_tensor **y);
/* y = s x, s a single value */
gaze_status gz_scale_by(gz_graph *g, gz_tensor *x, gz_tensor *s, gz_tensor **y);

typedef struct gz_activation_attr {
    gz_activation_kind kind;
} gz_activation_attr;
gaze_status gz_activation(gz_graph *g, gz_tensor *x, gz_activation_kind kind, gz_tensor **y);
/* dz = dy * slope, and 0 where the slope is 0; gelu and silu need x alone, the others y alone: what isn't
 * needed may be NULL */
gaze_status gz_activation_gradient(gz_graph *g, gz_activation_kind kind, gz_tensor *x, gz_tensor *y,
                                   gz_tensor *dy, gz_tensor **dz);

/* x [...,N] -> y: softmax over the last axis. mask int32 [...,N] or [B,N] with x [B,...,N], or NULL: keys
   with mask 0 get 0; a row without keys is all zeros. */
gaze_status gz_softmax(gz_graph *g, gz_tensor *x, gz_tensor *mask, gz_tensor **y);
/* Which keys n a row of x [B,...,T,N], query t = first..first + T - 1, may see, beside the mask, which here
   may also be [B,T,N]. causal: n <= t. windowed: |n - center| <= window, where center is t or that of the
   query. Where `queries` is 0 no key. */
typedef struct gz_softmax_attr {
    bool causal, windowed;
    size_t window, first;
} gz_softmax_attr;
typedef struct gz_keys_seen {
    gz_softmax_attr order;
    gz_tensor *mask;    /* or NULL, as the next two */
    gz_tensor *queries; /* int32 [B,T] */
    gz_tensor *centers; /* float32 [B,T]; no gradient reaches them */
} gz_keys_seen;
gaze_status gz_softmax_of(gz_graph *g, gz_tensor *x, const gz_keys_seen *seen, gz_tensor **y);
/* y, dy -> dx = y (dy - sum(y dy)) */
gaze_status gz_softmax_gradient(gz_graph *g, gz_tensor *y, gz_tensor *dy, gz_tensor **dx);

/* Losses: mean over all rows. p or logits [...,K]; label int32 [...] (sparse) or float32 [...,K] (one-hot or
   soft). loss [1]; row_loss [...] (per row, before the mean; the pointer may be NULL). cross_entropy: -sum
   label ln(clip(p, 1e-7, 1 - 1e-7)) as Keras. */
gaze_status gz_cross_entropy(gz_graph *g, gz_tensor *p, gz_tensor *label, gz_tensor **loss,
                             gz_tensor **row_loss);
/* As softmax then cross entropy, from logits; exact (log-sum-exp). p [...,K] is the softmax, made on the way
 * (may be NULL). */
gaze_status gz_softmax_cross_entropy(gz_graph *g, gz_tensor *logits, gz_tensor *label, gz_tensor **loss,
                                     gz_tensor **row_loss, gz_tensor **p);

/* y = x * keep / (1 - rate); keep drawn by Philox from (key, step[0], element). step int32 [4], a graph input
   written by the host. The gradient is the same op on dy. */
typedef struct gz_dropout_attr {
    double rate;
    uint32_t key[2];
} gz_dropout_attr;
gaze_status gz_dropout(gz_graph *g, gz_tensor *x, gz_tensor *step, double rate, const uint32_t key[2],
                       gz_tensor **y);

/* Along `axis` (0 is the batch; not allowed). 2..GZ_MAX_INPUTS tensors. */
typedef struct gz_axis_attr {
    size_t axis;
    size_t first, count; /* slice: which part; slice_gradient: where dy lies in an axis of `count` */
} gz_axis_attr;
gaze_status gz_concatenate(gz_graph *g, gz_tensor *const *x, size_t n, size_t axis, gz_tensor **y);
gaze_status gz_slice(gz_graph *g, gz_tensor *x, size_t axis, size_t first, size_t count, gz_tensor **y);
/* dy -> dx: dy in an axis of `count`, from `first` on, with zeros around it */
gaze_status gz_slice_gradient(gz_graph *g, gz_tensor *dy, size_t axis, size_t first, size_t count,
                              gz_tensor **dx);
/* The axes of a sample in another order: axis i + 1 of y is axis order[i] of x; order holds each of 1..count
 * once. */
typedef struct gz_permute_attr {
    size_t order[GZ_MAX_RANK], count;
} gz_permute_attr;
gaze_status gz_permute(gz_graph *g, gz_tensor *x, const size_t *order, size_t count, gz_tensor **y);

/* ids int32 [...], table [V,D] -> y [...,D] = table[id]. Ids lie in 0..V-1: the host checks what it writes
 * (model/ids.h). */
typedef struct gz_embedding_attr {
    size_t vocabulary; /* of the gradient: V */
} gz_embedding_attr;
gaze_status gz_embedding(gz_graph *g, gz_tensor *ids, gz_tensor *table, gz_tensor **y);
/* ids, dy [...,D] -> dtable [V,D]: sums in the order of positions */
gaze_status gz_embedding_gradient(gz_graph *g, gz_tensor *ids, gz_tensor *dy, size_t vocabulary,
                                  gz_tensor **dtable);

/* x [...,C], bias [C] -> y = x + bias */
gaze_status gz_add_bias(gz_graph *g, gz_tensor *x, gz_tensor *bias, gz_tensor **y);

/* x [B,...,C], s [B,C] -> y = x s */
gaze_status gz_scale_channels(gz_graph *g, gz_tensor *x, gz_tensor *s, gz_tensor **y);

/* x [...,C], gamma and beta [C] or NULL -> y = gamma (x - mean) / sqrt(variance + epsilon) + beta: mean and
   population variance of each row. The gradient op gives dx, dgamma and dbeta at once. */
typedef struct gz_normalization_attr {
    double epsilon;
} gz_normalization_attr;
gaze_status gz_layer_normalization(gz_graph *g, gz_tensor *x, gz_tensor *gamma, gz_tensor *beta,
                                   double epsilon, gz_tensor **y);
/* The same by channel, over all rows of x that count: mask int32 [...] or NULL (all). out: y, and the mean
   and the population variance [C] that it was made with; no gradient passes through those two. */
typedef struct gz_batch_inputs {
    gz_tensor *x, *gamma, *beta, *mask; /* the last three may be NULL */
} gz_batch_inputs;
gaze_status gz_batch_normalization(gz_graph *g, const gz_batch_inputs *in, double epsilon, gz_tensor *out[3]);
/* With given statistics, as in prediction; mean may be NULL (0). The mask says nothing. */
gaze_status gz_normalize_channels(gz_graph *g, const gz_batch_inputs *in, gz_tensor *mean,
                                  gz_tensor *variance, double epsilon, gz_tensor **y);
/* average = momentum average + (1 - momentum) value, in place */
gaze_status gz_moving_average(gz_graph *g, gz_tensor *average, gz_tensor *value, double momentum);

/* Element-wise over 2..GZ_MAX_INPUTS tensors of one shape. */
gaze_status gz_add_all(gz_graph *g, gz_tensor *const *x, size_t n, gz_tensor **y);
gaze_status gz_multiply_all(gz_graph *g, gz_tensor *const *x, size_t n, gz_tensor **y);
/* x [...,D], s [...] or [...,1] (one value a row) -> y = factor * s * x */
gaze_status gz_scale_rows(gz_graph *g, gz_tensor *x, gz_tensor *s, double factor, gz_tensor **y);
/* y = factor * x */
gaze_status gz_scale(gz_graph *g, gz_tensor *x, double factor, gz_tensor **y);

/* A recurrent layer of U units over all T steps, one op from the first step to the last. xw [B,T,G*U] is the
   product of all inputs with the input's kernel, kernel [U,G*U] the recurrent one, h' and c' the states
   before a step (zeros at first, or h0, c0 [B,U]): rnn   G 1  h = tanh(xw + h' kernel) gru   G 3  z, r =
   sigmoid(xw + bias_0 + h' kernel + bias_1); n = tanh(xw + bias_0 + r (h' kernel + bias_1)); h = z h' + (1 -
   z) n; gates z r n, bias [2,3U] or NULL gru_reset_before  n = tanh(xw + (r h') kernel) instead; the bias
   lies in xw lstm  G 4  c = sigmoid(f) c' + sigmoid(i) tanh(g), h = sigmoid(o) tanh(c), with i, f, g, o = xw
   + h' kernel mask int32 [B,T] or NULL: a step with 0 keeps the states. backwards: from the last step to the
   first; every output lies at the step that was read last for it. in: xw, kernel, bias, mask, h0, c0 -> h
   [B,T,U], c [B,T,U] (lstm; may be NULL). What the gradient needs of the gates is kept in graphs for training
   alone. */
typedef enum gz_recurrence_kind { GZ_RNN, GZ_GRU, GZ_GRU_RESET_BEFORE, GZ_LSTM } gz_recurrence_kind;
typedef struct gz_recurrence_attr {
    gz_recurrence_kind kind;
    bool backwards;
    bool keep; /* for the gradient */
} gz_recurrence_attr;
gaze_status gz_recurrence(gz_graph *g, gz_recurrence_kind kind, bool backwards, gz_tensor *const in[6],
                          gz_tensor **h, gz_tensor **c);
/* in: kernel, h (lstm: c), kept gates, mask, h0 (lstm: c0), dh, dc [B,T,U]: the last five may be NULL, the
 * gates with rnn */
typedef struct gz_recurrence_gradient_attr {
    gz_recurrence_kind kind;
    bool backwards;
    bool initial; /* dh0 and dc0 are asked for; otherwise they are zeros */
} gz_recurrence_gradient_attr;
typedef struct gz_recurrence_gradients {
    gz_tensor *dxw, *product; /* of xw, and of h' kernel, which for most kinds is the same [B,T,G*U] */
    gz_tensor *dh0, *dc0;     /* [B,U] */
} gz_recurrence_gradients;
gaze_status gz_recurrence_gradient(gz_graph *g, const gz_recurrence_gradient_attr *attr,
                                   gz_tensor *const in[7], gz_recurrence_gradients *d);

/* Sequences [B,T,D]. Backwards, the last step is the first. */
typedef struct gz_time_attr {
    bool backwards;
} gz_time_attr;
/* y_t = x_(t-1); the first step is `first` [B,D], or zeros where it is NULL */
gaze_status gz_shift_time(gz_graph *g, gz_tensor *x, gz_tensor *first, bool backwards, gz_tensor **y);
/* y_t = x_(T-1-t) */
gaze_status gz_reverse_time(gz_graph *g, gz_tensor *x, gz_tensor **y);
/* y_t = x_t from the first step on whose mask is not 0, zeros before. mask int32 [B,T] */
gaze_status gz_after_first(gz_graph *g, gz_tensor *x, gz_tensor *mask, bool backwards, gz_tensor **y);

/* Adds to sums [4] (state, float32): sum of row losses, rows whose arg max is the label, rows. row_loss [R],
 * p [R,K], label. */
gaze_status gz_metrics(gz_graph *g, gz_tensor *row_loss, gz_tensor *p, gz_tensor *label, gz_tensor *sums);

/* Keras 3's updates over the whole slab at once. parameter, gradient: views of the store's slabs [n]; moments
   [n] or NULL. hyper float32 [4], a graph input: learning rate; for adam and adamw the step's learning rate
   with bias correction, lr*sqrt(1-beta2^t)/(1-beta1^t), is hyper[1]. */
typedef enum gz_optimizer_kind { GZ_SGD, GZ_ADAM, GZ_ADAMW, GZ_RMSPROP } gz_optimizer_kind;
typedef struct gz_optimizer_attr {
    gz_optimizer_kind kind;
    bool nesterov, centered;
    double momentum, beta_1, beta_2, rho, epsilon, weight_decay;
} gz_optimizer_attr;
/* moments needed: sgd 0 or 1 (momentum), adam(w) 2, rmsprop 1..3 (velocity, momentum, average gradient) */
size_t gz_optimizer_moments(const gz_optimizer_attr *attr);
gaze_status gz_optimizer(gz_graph *g, const gz_optimizer_attr *attr, gz_tensor *parameter,
                         gz_tensor *gradient, gz_tensor *hyper, gz_tensor *const *moments);

/* Helpers for op files. */

/* "layer 'x': op conv2d: <message>" as GAZE_ERROR_MODEL. */
gaze_status gz_op_fail(const gz_node *node, const char *format, ...) GZ_PRINTF(2, 3);
/* least to most inputs, of which the first `least` are there. */
gaze_status gz_op_expect_inputs(const gz_node *node, size_t least, size_t most);
gaze_status gz_op_expect_input(const gz_node *node, size_t i);
gaze_status gz_op_expect_rank(const gz_node *node, size_t input, size_t rank);
gz_limit gz_limit_exact(const gz_node *node, size_t i);

#endif
