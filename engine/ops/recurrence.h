/* What recurrence and its gradient share. Letters: B samples, T steps, G gates, U units. */
#ifndef GZ_RECURRENCE_H
#define GZ_RECURRENCE_H
#include "../graph/builder.h"
#include "ops.h"

typedef struct gz_recurrence_size {
    size_t B, T, U, G;
    size_t D;    /* features of the input that is multiplied here; 0: the products are given */
    size_t kept; /* values that the gradient needs beside the states: kept * U of each step */
} gz_recurrence_size;

/* Inputs of recurrence: the products of the input with its kernel, xw [B,T,G*U], or the input x [B,T,D], and
   then the kernel and bias (or none) that it is multiplied with. Outputs: h, then c of lstm, then what is
   kept. */
enum {
    GZ_RECURRENCE_XW,
    GZ_RECURRENCE_KERNEL,
    GZ_RECURRENCE_BIAS,
    GZ_RECURRENCE_MASK,
    GZ_RECURRENCE_H0,
    GZ_RECURRENCE_C0,
    GZ_RECURRENCE_X_KERNEL,
    GZ_RECURRENCE_X_BIAS
};
gz_recurrence_size gz_recurrence_size_of(const gz_node *node);
gz_tensor *gz_recurrence_kept_of(const gz_node *node); /* or NULL */
/* Members of the op: recurrence_forward.c, recurrence_nodes.c. */
gaze_status gz_recurrence_prepare(const gz_node *node, gz_builder *builder);
gaze_status gz_recurrence_gradients_of(gz_graph *graph, const gz_node *node, gz_tensor *const *dout,
                                       const bool *wanted, gz_tensor **din);

size_t gz_recurrence_gates(gz_recurrence_kind kind);
size_t gz_recurrence_kept(gz_recurrence_kind kind);

/* Names in cl/<stem>.cl. The gru whose reset gate stands before the product has plain kernels alone. */
typedef struct gz_recurrence_kernels {
    const char *stem, *steps, *gradient, *steps_plain, *gradient_plain;
} gz_recurrence_kernels;
const gz_recurrence_kernels *gz_recurrence_kernels_of(gz_recurrence_kind kind);

/* Refuses an input, where there is one, of another shape. */
gaze_status gz_recurrence_expect(const gz_node *node, size_t i, const char *name, gz_shape shape);

/* Step number s, in the order of work, is step t of the sequence. */
static inline size_t gz_recurrence_at(bool backwards, size_t T, size_t s)
{
    return backwards ? T - 1 - s : s;
}

/* One step of one sample, in double. A state that is NULL is zero. */
typedef struct gz_recurrence_step {
    gz_recurrence_kind kind;
    size_t U;
    size_t D;                        /* features of x; 0: x is the products [G*U] of the input */
    const double *x;                 /* [D] or [G*U] */
    const double *x_kernel, *x_bias; /* [D,G*U], [G*U] or NULL */
    const double *kernel, *bias;     /* [U,G*U], [2,G*U] or NULL */
    const double *h_before, *c_before;
    double *h, *c, *gates; /* c of lstm; gates may be NULL, but not with gru_reset_before */
} gz_recurrence_step;
void gz_recurrence_forward(const gz_recurrence_step *step);

typedef struct gz_recurrence_back {
    gz_recurrence_kind kind;
    size_t U;
    const double *kernel, *gates;
    const double *state, *before; /* c of lstm, otherwise h: after and before the step */
    double *dh, *dc;              /* [U] in: of the states after the step; out: of those before it */
    double *dz, *product;         /* [G*U] of xw, and of h_before * kernel where that is another: gru */
} gz_recurrence_back;
void gz_recurrence_backward(const gz_recurrence_back *step);

/* How the cpu family shares the work: a group owns `samples` for all steps. A product makes `vectors` native
   vectors of `rows` of them at a time; the weights lie packed in blocks of `unit_vectors` vectors of units.
   far: they don't stay in a core's first cache. */
typedef struct gz_recurrence_tile {
    size_t samples, rows, vectors, unit_vectors;
    bool far;
} gz_recurrence_tile;
gz_launch *gz_recurrence_tile_launch(gz_builder *builder, const char *stem, const char *name,
                                     gz_recurrence_tile tile);

gz_recurrence_tile gz_recurrence_forward_tile(const gz_builder *builder, gz_recurrence_size size);
gz_recurrence_tile gz_recurrence_backward_tile(const gz_builder *builder, gz_recurrence_size size);

/* Units rounded up to whole blocks, and groups that the batch needs. */
size_t gz_recurrence_padded(const gz_builder *builder, gz_recurrence_tile tile, size_t U);
size_t gz_recurrence_groups(gz_recurrence_tile tile, size_t B);

/* The kernel [U,G*U] as the tiles read it, behind the rows of x_kernel [D,G*U], or NULL; backwards: as its
   transpose. */
const gz_tensor *gz_recurrence_pack(gz_builder *builder, const gz_tensor *x_kernel, const gz_tensor *kernel,
                                    gz_recurrence_size size, gz_recurrence_tile tile);
const gz_tensor *gz_recurrence_pack_transposed(gz_builder *builder, const gz_tensor *kernel,
                                               gz_recurrence_size size, gz_recurrence_tile tile);

/* Plain kernels: a group a sample. */
void gz_recurrence_plain_groups(gz_builder *builder, gz_launch *launch, size_t B);

gz_cost gz_recurrence_cost(gz_recurrence_size size);
gz_limit gz_recurrence_limit(gz_recurrence_size size); /* verification.md: 1e-5 sqrt(T) */

#endif
