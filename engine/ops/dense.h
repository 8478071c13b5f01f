/* What dense and its gradients share: sizes, parts of a sum, tiles, the plain kernel. Kernels: cl/dense*.cl.
 */
#ifndef GZ_DENSE_H
#define GZ_DENSE_H
#include "../graph/builder.h"
#include "ops.h"

/* x [R,K], kernel [K,U], y [R,U] */
typedef struct gz_dense_size {
    size_t rows, inputs, units;
} gz_dense_size;

/* Checks inputs 0 to 2 of the node: x [...,K], kernel [K,U], bias [U] or none. */
gaze_status gz_dense_expect(const gz_node *node);

/* Fewer columns than this are made by dot products, at most this many rows by streaming the matrix. */
enum { GZ_DENSE_FEW_COLUMNS = 8, GZ_DENSE_FEW_ROWS = 4 };
/* As many columns as dot products can have (cl/dense_few.cl). */
enum { GZ_DENSE_DOT_UNITS = 8 };

/* Which candidate makes the product (builder.h). */
size_t gz_dense_choose(gz_builder *builder, gz_candidates candidates, gz_dense_size size);

/* A sum of `length` terms split in `count` parts of `part` terms, the last perhaps shorter. Depends on shapes
   alone, so that results don't depend on the machine. */
typedef struct gz_parts {
    size_t count, part;
} gz_parts;

/* About `wanted` parts, of at least `least` terms each; at least one part. */
gz_parts gz_parts_of(size_t length, size_t wanted, size_t least);

/* The register tile of the device, and what shares a panel, as cl/tiles.h, cl/dense_packed.h and
 * cl/dense_gradient.cl have it. */
typedef struct gz_dense_tile {
    size_t rows, columns, block_rows, depth;
} gz_dense_tile;
gz_dense_tile gz_dense_tile_of(const gz_builder *builder);

static inline size_t gz_groups(size_t n, size_t group) { return (n + group - 1) / group; }

/* How a matrix lies in memory: element (i, j) is at i * row + j * column. */
typedef struct gz_matrix {
    const gz_tensor *tensor;
    size_t row, column;
} gz_matrix;

/* out [M,N] = activation(a [M,L] b [L,N] + bias), one work-item an element. */
void gz_dense_plain(gz_builder *builder, gz_matrix a, gz_matrix b, const gz_tensor *bias,
                    const gz_tensor *out, size_t M, size_t N, size_t L, gz_activation_kind activation);

/* The same for N <= GZ_DENSE_DOT_UNITS, by dot products along the rows of a (whose column step is 1). */
void gz_dense_dots(gz_builder *builder, const gz_tensor *a, gz_matrix b, const gz_tensor *bias, gz_matrix out,
                   size_t M, size_t N, size_t L, gz_activation_kind activation);

/* out [R,U] = activation(sum of parts [count][R][U] + bias) */
void gz_dense_end(gz_builder *builder, const gz_tensor *parts, size_t count, const gz_tensor *bias,
                  const gz_tensor *out, size_t R, size_t U, gz_activation_kind activation);

/* Does it pay to copy the whole matrix to panels first? Fewer rows copy what they need, unless panels are
 * made once for many runs. */
bool gz_dense_packs(const gz_builder *builder, const gz_tensor *w, size_t rows);

/* What dense_fused does with the values z = x kernel + bias, as cl/dense_packed.h has it. */
typedef enum gz_finish {
    GZ_FINISH_NONE,
    GZ_FINISH_ADD,     /* y = activation(z) + other */
    GZ_FINISH_SLOPE,   /* y = z times the activation's slope at `other`: its value, of gelu and silu its input
                        */
    GZ_FINISH_ACTIVATE /* y = activation(z), of gelu and silu; z may be kept */
} gz_finish;

typedef struct gz_dense_fused_attr {
    gz_finish finish;
    gz_activation_kind activation;
    bool turned; /* z = x kernel^T, the gradient of a dense's input */
    bool keeps;  /* z is the second output */
} gz_dense_fused_attr;

typedef struct gz_dense_call {
    gz_dense_size size;                 /* of the kernel: inputs x units */
    const gz_tensor *x, *kernel, *bias; /* bias may be NULL */
    const gz_tensor *y;
    gz_activation_kind activation;
    gz_finish finish;
    const gz_tensor *other, *before; /* before: where z is kept, or NULL */
} gz_dense_call;

/* y [R,N] = activation(x [R,K] w + bias), finished, w [K,N] with a row or column step of 1, from its panels.
   Panels of weights are made once a change of the weights. call->size and kernel aren't looked at. */
void gz_dense_packed(gz_builder *builder, const gz_dense_call *call, gz_matrix w, size_t R, size_t N,
                     size_t K);

/* The kernel as it stands, and turned. */
void gz_dense_panels(gz_builder *builder, const gz_dense_call *call);
void gz_dense_panels_turned(gz_builder *builder, const gz_dense_call *call);

/* y = activation(x kernel + bias), by the kernels that suit the device and the size. */
void gz_dense_launch(gz_builder *builder, const gz_dense_call *call);
/* y [R,K] = x [R,U] kernel^T likewise. */
void gz_dense_turned_launch(gz_builder *builder, const gz_dense_call *call);
/* db [U] = sum of dy [...,U] over its rows. */
void gz_bias_gradient_launch(gz_builder *builder, const gz_tensor *dy, const gz_tensor *db);

/* Do products use panels, unless told otherwise? */
bool gz_dense_usually_packs(const gz_builder *builder, const gz_dense_call *call);

/* call->y = softmax(x kernel + bias) of each row, and where there is something gated [R,U], y = gated *
   call->y. False where no kernel does all of it: then nothing was launched. */
bool gz_dense_launch_softmax(gz_builder *builder, const gz_dense_call *call, const gz_tensor *gated,
                             const gz_tensor *y);

gz_cost gz_dense_cost(gz_dense_size size);

#endif
