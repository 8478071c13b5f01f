/* What conv2d and its gradients share: sizes, arguments, and the convolution itself. Kernels: cl/conv2d*.cl,
 * cl/winograd*.cl (conv2d_winograd.h). */
#ifndef GZ_CONV2D_H
#define GZ_CONV2D_H
#include "../graph/builder.h"
#include "ops.h"

/* x [B,H,W,C], kernel [taps of y, taps of x,C,O], y [B,P,Q,O]; `before` is the padding. Pairs are y, x. */
typedef struct gz_conv2d_size {
    size_t B, H, W, C, P, Q, O;
    size_t taps[2], stride[2], dilation[2], before[2];
} gz_conv2d_size;

/* Fills in P, Q and the window from B, H, W, C, O and the node's attributes; refuses a window that doesn't
 * fit. */
gaze_status gz_conv2d_size_check(const gz_node *node, gz_conv2d_size *size);

/* The kernel and the bias of a forward op fit its window and x. */
gaze_status gz_conv2d_expect_kernel(const gz_node *node);

/* The size of a node that infer has checked, of the forward direction for the gradients as well. */
gz_conv2d_size gz_conv2d_size_forward(const gz_node *node);
gz_conv2d_size gz_conv2d_size_of_gradient(const gz_node *node, bool of_kernel);

/* The gradients' dy [B,P,Q,O], input `dy` of the node; with input `place` [B,P/2,Q/2,O] (int32), which may be
   left out, the gradient of the maxima of its windows of 2x2, each of which goes to that pixel of its window.
 */
gaze_status gz_conv2d_expect_dy(const gz_node *node, size_t dy, size_t place, const gz_conv2d_size *size);
/* Of the B*P*Q pixels, that at a place of window `window` of B*(P/2)*(Q/2). */
size_t gz_conv2d_pixel_of(const gz_conv2d_size *size, size_t window, double place);
/* dy as scratch; dy itself where place is NULL. */
const gz_tensor *gz_conv2d_whole_dy(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *dy,
                                    const gz_tensor *place);
/* y, place [B,P/2,Q/2,O]: the maxima of the windows of x [B,P,Q,O], and their places. */
void gz_conv2d_find_places(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *x,
                           const gz_tensor *y, const gz_tensor *place);

/* The convolution of dy that gives dx: needs stride 1 and the kernel turned. */
gz_conv2d_size gz_conv2d_size_turned(const gz_conv2d_size *size);

bool gz_conv2d_has_stride(const gz_conv2d_size *size);
size_t gz_conv2d_terms(const gz_conv2d_size *size); /* taps * C */
size_t gz_conv2d_span(const gz_conv2d_size *size, int axis,
                      size_t windows); /* pixels of x under neighbouring windows */
gz_cost gz_conv2d_cost(const gz_conv2d_size *size);

/* Which of the B*H*W pixels of x tap number `tap` of pixel `row` of y (of B*P*Q) sees; false: none. */
bool gz_conv2d_sees(const gz_conv2d_size *size, size_t row, size_t tap, size_t *pixel);

/* The definition: the sum over the window at [b,p,q] for filter o; terms outside the image are zero. */
double gz_conv2d_sum_at(const gz_conv2d_size *size, const double *x, const double *kernel, size_t b, size_t p,
                        size_t q, size_t o);

/* Of one value of y. */
gz_limit gz_conv2d_limit(const gz_conv2d_size *size, bool bias, gz_activation_kind activation);

/* Pixels that a plane of gaze_stage_planes (cl/conv2d.h) holds so that every tap may read `pixels` of them.
 */
size_t gz_conv2d_run(const gz_conv2d_size *size, size_t pixels);

/* Is it a product: of windows that share no pixel and leave none over, or of 1 x 1, but for sums of few
 * terms? */
bool gz_conv2d_is_dense(const gz_tensor *x, const gz_tensor *kernel, const gz_window *window);
/* gz_conv2d of such windows, as a dense of their pixels. */
gaze_status gz_conv2d_dense(gz_graph *g, gz_tensor *x, gz_tensor *kernel, gz_tensor *bias,
                            const gz_window *window, gz_activation_kind activation, gz_tensor **y);

/* The gradients of x, kernel and bias (inputs 0 to 2) of a convolution that gave y, from dy; or from that of
   maxima, with their values as y and their places. */
gaze_status gz_conv2d_gradients(gz_graph *graph, const gz_node *node, gz_tensor *y, gz_tensor *dy,
                                gz_tensor *place, const bool *wanted, gz_tensor **din);

/* Arguments H, W, C, P, Q, O, and those of the window. */
void gz_conv2d_arg_images(gz_launch *launch, const gz_conv2d_size *size);
void gz_conv2d_arg_window(gz_launch *launch, const gz_conv2d_size *size);

/* The register tile of cl/tile.h. */
enum { GZ_TILE_ROWS = 6 };
static inline size_t gz_tile_columns(gz_builder *builder)
{
    return 2 * gz_builder_device(builder)->vector_width;
}

/* Blocks of so many columns that a tile of direct convolutions makes at once (cl/conv2d.h). */
static inline size_t gz_tile_blocks(gz_builder *builder)
{
    return gz_builder_device(builder)->vector_width == 16 ? 2 : 1;
}

static inline size_t gz_round_groups(size_t n, size_t group) { return (n + group - 1) / group; }

/* kernel [taps,C,O] -> [taps,O,C], last tap first. */
gz_tensor *gz_conv2d_turn(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *kernel);
/* `weights` (made from `kernel`) in blocks of columns, with C zeros behind. */
gz_tensor *gz_conv2d_pack(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *kernel,
                          const gz_tensor *weights);
/* The same for dot products: filter by filter, each tap's channels in whole vectors, with C zeros behind. */
gz_tensor *gz_conv2d_pack_dot(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *kernel,
                              const gz_tensor *weights);

/* Which candidate makes the convolution (builder.h); of_maxima: a gradient, of maxima. */
size_t gz_conv2d_choose(gz_builder *builder, gz_candidates candidates, const gz_conv2d_size *size,
                        bool of_maxima);

/* y = activation(conv(x, weights) + bias) by the best kernels of the cpu family. `weights` is `kernel` or
 * made from it. */
typedef struct gz_conv2d_call {
    gz_conv2d_size size;
    const gz_tensor *x, *kernel, *weights, *bias, *y;
    gz_activation_kind activation;
    bool pooled;            /* y [B,P/2,Q/2,O]: maxima of windows of 2x2 */
    const gz_tensor *place; /* of the maxima, or NULL */
    /* [B,O]: y summed over the pixels and divided by `divisor`, or NULL; y may be NULL then. */
    const gz_tensor *mean;
    double divisor;
    const gz_tensor *part_sums; /* of Winograd's tiles, of few channels' strips: [B,parts,O], or NULL */
    /* What becomes of y, which is its dy and its dz, or NULL (slope_sum.h). */
    const struct gz_slope_call *slope;
} gz_conv2d_call;
void gz_conv2d_forward(gz_builder *builder, const gz_conv2d_call *call);
void gz_conv2d_plain(gz_builder *builder, const gz_conv2d_call *call);

/* dx [B,H,W,C] of dy [B,P,Q,O], or of maxima and their places, and what slope_sum makes of it, or NULL, which
   then has dx as its dy and its dz. */
typedef struct gz_conv2d_input_call {
    gz_conv2d_size size;
    const gz_tensor *dy, *place, *kernel, *dx;
    const struct gz_slope_call *slope;
} gz_conv2d_input_call;
void gz_conv2d_input_launch(gz_builder *builder, const gz_conv2d_input_call *call);
/* The definition of dx, all in double. */
void gz_conv2d_input_sums(const gz_conv2d_size *size, const double *kernel, const double *dy, double *dx);

/* One of the above, of a call that isn't pooled, and of a pooled one: the convolution to scratch, then the
   maxima. */
typedef void gz_conv2d_function(gz_builder *builder, const gz_conv2d_call *call);
void gz_conv2d_then_pool(gz_builder *builder, const gz_conv2d_call *call, gz_conv2d_function *convolve);

/* Of a call with a mean: the convolution, to scratch where it has no y, then the mean. */
void gz_conv2d_then_mean(gz_builder *builder, const gz_conv2d_call *call, gz_conv2d_function *convolve);

/* By the kernels of the builder's family. */
void gz_conv2d_of_family(gz_builder *builder, const gz_conv2d_call *call);

/* The same, and both gradients, in the families gpu and intel: conv2d_gpu.c. */
void gz_conv2d_gpu(gz_builder *builder, const gz_conv2d_call *call);
void gz_conv2d_input_gradient_gpu(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *dy,
                                  const gz_tensor *kernel, const gz_tensor *dx);
void gz_conv2d_kernel_gradient_gpu(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *x,
                                   const gz_tensor *dy, const gz_tensor *dkernel);

/* dkernel from x and dy by the best kernels of the cpu family (place may be NULL); by the plain kernel. */
void gz_conv2d_sum_kernel(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *x,
                          const gz_tensor *dy, const gz_tensor *place, const gz_tensor *dkernel);
void gz_conv2d_sum_kernel_plain(gz_builder *builder, const gz_conv2d_size *size, const gz_tensor *x,
                                const gz_tensor *dy, const gz_tensor *dkernel);

/* A group that copies the rows of x under some rows of y to local memory: how many rows of y are the least
   work? At least 8 groups where possible. 0: not even one row fits. */
typedef struct gz_conv2d_strip {
    size_t per_row;                           /* what is counted in tiles of GZ_TILE_ROWS, in a row of y */
    size_t tile_cost, copy_cost;              /* of a tile; of a row of x */
    size_t fixed_bytes, row_bytes, out_bytes; /* local memory: always; of a row of x; of a row of y */
} gz_conv2d_strip;
size_t gz_conv2d_strip_rows(const gz_conv2d_size *size, gz_builder *builder, const gz_conv2d_strip *strip);

/* The cases of all three ops: B, H, W, C, O, taps y x, stride y x, dilation y x, padding, activation, fill,
 * heavy. */
#define GZ_CONV2D_CASES(X)                                                 \
    X(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, VALID, LINEAR, INTEGER, false)      \
    X(1, 2, 1, 2, 2, 3, 3, 1, 1, 1, 1, SAME, LINEAR, INTEGER, false)       \
    X(3, 1, 1, 3, 65, 3, 3, 1, 1, 1, 1, SAME, LINEAR, INTEGER, false)      \
    X(3, 5, 7, 1, 32, 3, 3, 1, 1, 1, 1, VALID, LINEAR, INTEGER, false)     \
    X(1, 9, 6, 3, 64, 3, 3, 1, 1, 1, 1, SAME, RELU, INTEGER, false)        \
    X(1, 6, 6, 8, 8, 2, 2, 1, 1, 1, 1, SAME, LINEAR, INTEGER, false)       \
    X(3, 7, 5, 16, 16, 2, 2, 1, 1, 1, 1, SAME, LINEAR, INTEGER, false)     \
    X(1, 10, 10, 31, 33, 1, 1, 1, 1, 1, 1, VALID, LINEAR, INTEGER, false)  \
    X(3, 8, 9, 32, 65, 1, 1, 2, 2, 1, 1, VALID, RELU, INTEGER, false)      \
    X(1, 13, 11, 33, 31, 3, 3, 2, 2, 1, 1, SAME, LINEAR, INTEGER, false)   \
    X(3, 10, 9, 64, 16, 3, 3, 2, 1, 1, 1, VALID, LINEAR, INTEGER, false)   \
    X(1, 10, 7, 33, 31, 3, 3, 2, 2, 1, 1, SAME, LINEAR, INTEGER, false)    \
    X(1, 12, 12, 65, 64, 3, 3, 1, 1, 2, 2, VALID, LINEAR, INTEGER, false)  \
    X(1, 11, 9, 16, 33, 3, 3, 1, 1, 2, 2, SAME, LINEAR, INTEGER, false)    \
    X(2, 9, 9, 2, 1, 7, 7, 1, 1, 1, 1, SAME, LINEAR, INTEGER, false)       \
    X(1, 7, 23, 2, 3, 1, 5, 1, 1, 1, 1, SAME, LINEAR, INTEGER, false)      \
    X(3, 23, 37, 2, 33, 3, 3, 1, 1, 1, 1, SAME, LINEAR, INTEGER, false)    \
    X(2, 14, 13, 4, 20, 4, 4, 1, 1, 1, 1, VALID, RELU, INTEGER, false)     \
    X(3, 8, 1, 3, 2, 5, 1, 1, 1, 1, 1, VALID, LINEAR, INTEGER, false)      \
    X(2, 19, 37, 2, 2, 5, 4, 2, 3, 1, 1, SAME, LINEAR, INTEGER, false)     \
    X(1, 15, 21, 3, 1, 3, 3, 2, 2, 2, 2, VALID, LINEAR, INTEGER, false)    \
    X(1, 9, 8, 33, 3, 3, 3, 1, 1, 1, 1, SAME, LINEAR, INTEGER, false)      \
    X(3, 6, 5, 64, 1, 1, 1, 1, 1, 1, 1, VALID, RELU, INTEGER, false)       \
    X(1, 9, 8, 65, 2, 3, 3, 2, 2, 1, 1, SAME, LINEAR, INTEGER, false)      \
    X(1, 13, 10, 3, 33, 3, 3, 2, 2, 1, 1, SAME, LINEAR, INTEGER, false)    \
    X(1, 17, 14, 3, 33, 7, 7, 2, 2, 1, 1, SAME, LINEAR, INTEGER, false)    \
    X(1, 20, 20, 1, 31, 5, 5, 1, 1, 2, 2, SAME, LINEAR, INTEGER, false)    \
    X(1, 3, 3, 8, 16, 3, 3, 4, 4, 1, 1, SAME, LINEAR, INTEGER, false)      \
    X(1, 9, 9, 16, 16, 3, 3, 1, 1, 1, 1, SAME, LINEAR, INTEGER, false)     \
    X(3, 13, 17, 5, 257, 1, 1, 1, 1, 1, 1, VALID, LINEAR, UNIFORM, false)  \
    X(3, 9, 10, 33, 31, 3, 3, 1, 1, 1, 1, VALID, RELU, UNIFORM, false)     \
    X(1, 8, 8, 32, 64, 3, 3, 1, 1, 1, 1, SAME, TANH, UNIFORM, false)       \
    X(1, 7, 13, 65, 70, 3, 3, 1, 1, 1, 1, SAME, SIGMOID, UNIFORM, false)   \
    X(2, 6, 7, 70, 65, 3, 3, 1, 1, 1, 1, VALID, ELU, UNIFORM, false)       \
    X(1, 12, 12, 2, 1, 7, 7, 1, 1, 1, 1, SAME, SIGMOID, UNIFORM, false)    \
    X(1, 9, 9, 3, 32, 3, 3, 1, 1, 1, 1, VALID, TANH, UNIFORM, false)       \
    X(1, 9, 9, 40, 3, 3, 3, 1, 1, 1, 1, VALID, LEAKY_RELU, UNIFORM, false) \
    X(17, 9, 13, 4, 37, 3, 3, 1, 1, 1, 1, VALID, LINEAR, UNIFORM, false)   \
    X(2, 33, 10, 2, 16, 3, 3, 1, 1, 1, 1, SAME, TANH, UNIFORM, false)      \
    X(2, 12, 11, 33, 40, 5, 5, 1, 1, 1, 1, SAME, RELU, UNIFORM, false)     \
    X(1, 10, 13, 40, 33, 4, 4, 1, 1, 1, 1, VALID, LINEAR, UNIFORM, false)  \
    X(2, 9, 12, 3, 33, 4, 4, 1, 1, 1, 1, SAME, RELU, UNIFORM, false)       \
    X(3, 11, 12, 32, 47, 2, 2, 1, 1, 1, 1, SAME, LINEAR, UNIFORM, false)   \
    X(1, 9, 9, 8, 17, 3, 3, 1, 1, 1, 1, SAME, RELU, UNIFORM, false)        \
    X(2, 9, 9, 24, 40, 5, 5, 2, 2, 1, 1, SAME, SIGMOID, UNIFORM, false)    \
    X(2, 18, 15, 3, 33, 7, 7, 2, 2, 1, 1, VALID, TANH, UNIFORM, false)     \
    X(3, 15, 14, 17, 31, 5, 5, 2, 2, 1, 1, SAME, RELU, UNIFORM, false)     \
    X(1, 21, 23, 16, 40, 4, 4, 2, 2, 1, 1, SAME, LINEAR, UNIFORM, false)   \
    X(2, 17, 20, 5, 16, 6, 6, 2, 2, 1, 1, VALID, LINEAR, UNIFORM, false)   \
    X(1, 29, 25, 4, 35, 7, 7, 3, 3, 1, 1, SAME, LINEAR, UNIFORM, false)    \
    X(2, 1, 101, 33, 40, 1, 2, 1, 1, 1, 1, SAME, LINEAR, UNIFORM, false)   \
    X(3, 1, 43, 33, 31, 1, 3, 1, 1, 1, 1, VALID, RELU, UNIFORM, false)     \
    X(5, 1, 31, 17, 100, 1, 4, 1, 1, 1, 1, SAME, TANH, UNIFORM, false)     \
    X(1, 1, 65, 64, 33, 1, 4, 1, 1, 1, 1, VALID, LINEAR, INTEGER, false)   \
    X(2, 3, 13, 65, 70, 1, 5, 1, 1, 1, 1, SAME, ELU, UNIFORM, false)       \
    X(1, 1, 71, 31, 48, 1, 5, 1, 1, 1, 1, VALID, LINEAR, UNIFORM, false)   \
    X(10, 1, 3, 16, 17, 1, 2, 1, 1, 1, 1, SAME, SIGMOID, UNIFORM, false)   \
    X(16, 1, 64, 64, 100, 1, 4, 1, 1, 1, 1, SAME, RELU, UNIFORM, true)     \
    X(16, 28, 28, 1, 32, 3, 3, 1, 1, 1, 1, VALID, RELU, UNIFORM, true)     \
    X(16, 26, 26, 32, 64, 3, 3, 1, 1, 1, 1, VALID, RELU, UNIFORM, true)    \
    X(4, 32, 32, 64, 64, 3, 3, 1, 1, 1, 1, SAME, LINEAR, UNIFORM, true)    \
    X(4, 32, 32, 3, 64, 3, 3, 1, 1, 1, 1, SAME, RELU, UNIFORM, true)       \
    X(16, 32, 32, 2, 1, 7, 7, 1, 1, 1, 1, SAME, SIGMOID, UNIFORM, true)    \
    X(4, 28, 28, 32, 32, 3, 3, 2, 2, 1, 1, SAME, RELU, UNIFORM, true)

/* Those of the gradients whose dy is that of maxima: square kernels of stride 1. No pixel sees masked values
   alone where Winograd's tiles are used: its sum of zeros has a limit of zero, and a tile's rounding isn't.
 */
#define GZ_CONV2D_POOLED_CASES(X)                  \
    X(1, 2, 2, 1, 1, 3, SAME, INTEGER, false)      \
    X(3, 5, 7, 3, 33, 3, SAME, INTEGER, false)     \
    X(2, 9, 8, 16, 3, 3, VALID, INTEGER, false)    \
    X(1, 9, 11, 33, 17, 3, SAME, UNIFORM, false)   \
    X(2, 7, 13, 65, 70, 3, SAME, UNIFORM, false)   \
    X(9, 9, 7, 16, 33, 3, SAME, UNIFORM, false)    \
    X(8, 11, 10, 32, 16, 3, VALID, UNIFORM, false) \
    X(17, 6, 6, 16, 70, 3, VALID, UNIFORM, false)  \
    X(2, 9, 10, 17, 33, 5, SAME, UNIFORM, false)   \
    X(2, 11, 9, 33, 16, 4, SAME, UNIFORM, false)   \
    X(3, 12, 11, 40, 32, 2, SAME, UNIFORM, false)  \
    X(8, 26, 26, 32, 64, 3, VALID, UNIFORM, true)  \
    X(4, 32, 32, 3, 32, 3, SAME, UNIFORM, true)    \
    X(17, 8, 8, 32, 70, 3, SAME, UNIFORM, true)

/* Output size along one axis, as a constant. */
#define GZ_CONV2D_OUT(PADDING, n, k, s, d) \
    (GZ_##PADDING == GZ_SAME ? ((size_t)(n) + (s)-1) / (s) : ((size_t)(n) - (((k)-1) * (d) + 1)) / (s) + 1)
/* The shape of the maxima of windows of 2 x 2 of what K x K taps give. */
#define GZ_CONV2D_POOLED(B, H, W, O, K, PADDING)                                                    \
    {                                                                                               \
        4, { B, GZ_CONV2D_OUT(PADDING, H, K, 1, 1) / 2, GZ_CONV2D_OUT(PADDING, W, K, 1, 1) / 2, O } \
    }
/* Of a case whose inputs follow, the last one places. */
#define GZ_CONV2D_POOLED_CASE(H, W, K, PADDING, FILL, HEAVY, ...)                                        \
    {                                                                                                    \
        .in = {__VA_ARGS__}, .n_in = 3, .attr = GZ_CONV2D_ATTR(H, W, K, K, 1, 1, 1, 1, PADDING, LINEAR), \
        .fill = GZ_FILL_##FILL, .dtype = {GZ_F32, GZ_F32, GZ_I32}, .index_limit = 4, .heavy = HEAVY      \
    }
#define GZ_CONV2D_ATTR(H, W, kh, kw, sy, sx, ey, ex, PADDING, ACTIVATION)       \
    &(const gz_conv2d_attr)                                                     \
    {                                                                           \
        {{kh, kw}, {sy, sx}, {ey, ex}, GZ_##PADDING}, GZ_##ACTIVATION, { H, W } \
    }

#endif
