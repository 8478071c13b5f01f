/* What an op is. One file an op in ops/: shape, reference, kernels, cost, gradient, cases. */
#ifndef GZ_OP_H
#define GZ_OP_H
#include "graph.h"

typedef struct gz_builder gz_builder; /* builder.h */

/* How far a kernel may be from the reference (verification.md). `got` float32, `want` the reference in
 * double. */
typedef enum gz_limit_kind {
    GZ_EXACT, /* the same bits (copies, maxima, integers) */
    GZ_SUM, /* gamma(terms + 2) * magnitude * amplification + 1 ulp: sums of products; see gz_op.magnitude */
    GZ_RELATIVE, /* amount * 2^-23 * max(|want|, scale), scale = largest |want| of the tensor's row (last
                    axis) */
    GZ_ABSOLUTE, /* |got - want| <= amount * (1 + |want|) */
} gz_limit_kind;

typedef struct gz_limit {
    gz_limit_kind kind;
    double amount; /* RELATIVE: in units of 2^-23; ABSOLUTE: as above; SUM: number of terms of one output
                      value */
} gz_limit;

/* What fills a case's inputs. */
typedef enum gz_fill {
    GZ_FILL_UNIFORM,  /* uniform in -1..1 */
    GZ_FILL_INTEGER,  /* small integers, so that every sum is exact: the limit is then GZ_EXACT for ops of
                         limit GZ_SUM */
    GZ_FILL_WIDE,     /* signs and magnitudes from 1e-4 to 1e4: logits, statistics */
    GZ_FILL_SPECIAL,  /* powers of two, denormals, zeros, infinities, NaN, then random (element-wise ops) */
    GZ_FILL_POSITIVE, /* uniform in 1e-3..1: variances, probabilities */
    GZ_FILL_SMALL,    /* uniform in -1/8..1/8: weights of a recurrence, whose errors must not grow from step
                         to step */
    GZ_FILL_OFFSET    /* uniform in 1000 - 1/64..1000 + 1/64: a mean far larger than the deviation */
} gz_fill;

/* One row of an op's case table. Feeds the unit tests, `gaze verify`, `gaze bench` and oclgrind.
   An input of dtype GZ_I32 is filled with 0..index_limit-1. An optional input that is left out has rank
   GZ_ABSENT. */
enum { GZ_ABSENT = 99 };
typedef struct gz_case {
    gz_shape in[GZ_MAX_INPUTS];
    size_t n_in;
    const void *attr; /* the op's own struct */
    gz_fill fill;
    gz_fill fill_of[GZ_MAX_INPUTS]; /* 0 = as `fill` */
    gz_dtype dtype[GZ_MAX_INPUTS];  /* 0 = GZ_F32 */
    size_t index_limit;
    bool heavy; /* left out by oclgrind and by the double-precision gradient check */
} gz_case;

typedef struct gz_cost {
    double flop;  /* of the direct method */
    double bytes; /* read and written once */
} gz_cost;

struct gz_op {
    const char *name;
    size_t n_out;
    size_t attr_bytes;

    /* Checks inputs and attributes and makes the outputs with gz_node_output. Messages name node->name, found
       and expected. n_out is the most that the op makes; where it makes fewer, infer lowers node->n_out
       first. */
    gaze_status (*infer)(gz_graph *graph, gz_node *node);

    /* The definition: plain loops in the shape's own letters, everything in double (int32 tensors too:
       exact). in[i] is NULL for an optional input that is left out. Must not depend on out's old contents,
       except for inputs that the op updates in place (`updates`): those are written through in[]. */
    void (*reference)(const gz_node *node, double *const *in, double *const *out);

    /* Chooses kernels for builder's device and this shape, and appends launches. */
    gaze_status (*prepare)(const gz_node *node, gz_builder *builder);

    gz_cost (*cost)(const gz_node *node);

    /* Appends nodes that compute din[i], the gradient of in[i], from dout[] (NULL where no gradient arrives).
       Only inputs with wanted[i] are asked for; leaves din[i] NULL where it is zero. NULL: the op has no
       gradient. */
    gaze_status (*gradient)(gz_graph *graph, const gz_node *node, gz_tensor *const *dout, const bool *wanted,
                            gz_tensor **din);

    /* Limit of output i for this node. */
    gz_limit (*limit)(const gz_node *node, size_t i);

    /* GZ_SUM only: writes to out[] the sum of |a*b| behind each output value, from in[] (already absolute
       values). NULL: `reference` itself, run on the absolute values. */
    void (*magnitude)(const gz_node *node, double *const *in, double *const *out);

    const gz_case *cases;
    size_t n_cases;

    unsigned updates;  /* bit i: input i is updated in place (optimizers, moving statistics, running sums) */
    unsigned in_place; /* bit i: output 0 may take the memory of input i, if nothing reads that later
                          (element-wise ops) */
};

/* What one run takes of the node: nothing where its outputs stay, as it then runs when weights are loaded. */
gz_cost gz_node_cost(const gz_node *node);

#endif
