/* An import in progress, and what the operators' files share. */
#ifndef GZ_ONNX_IMPORT_H
#define GZ_ONNX_IMPORT_H
#include "onnx.h"
#include "value.h"

/* What folding may make at most: shapes and masks need little, and no file may ask for much. */
enum { GZ_FOLD_LIMIT = 1 << 22 };

/* The batch of a file that leaves it open: a prime, see gz_is_open. */
enum { GZ_ANY_BATCH = 1000003 };

typedef struct gz_import {
    const char *path;
    const gz_onnx_options *options;
    gz_arena *arena;
    const Onnx__GraphProto *graph;
    int64_t opset;
    gz_net net;
    size_t batch;           /* how many samples ONNX thinks there are; a prime where it doesn't say */
    struct gz_names *names; /* of values */
    size_t open_sizes;      /* how many open dimensions have got a prime so far */
    const char *open_names[8];
    gz_onnx_array *arrays; /* inputs, then outputs */
    size_t n_arrays;
    gz_text refused;
    size_t n_refused, n_lost; /* nodes in the list; those behind them */
} gz_import;

typedef struct gz_onnx_node {
    const Onnx__NodeProto *proto;
    const char *op;
    size_t n_in, n_out;
    gz_value **in;  /* NULL: left out */
    gz_value **out; /* to be filled, zeros */
} gz_onnx_node;

/* Turns a node into layers, or into another reading of its input. GAZE_ERROR_MODEL: it can't, the message
   says why; other nodes are still looked at. */
typedef gaze_status gz_onnx_operator(gz_import *im, const gz_onnx_node *node);

/* A reason why a node can't be taken. */
#define gz_refuse(...) gz_fail(GAZE_ERROR_MODEL, __VA_ARGS__)

/* graph.c: reads inputs and nodes; what can't be taken is put into `refused`. */
gaze_status gz_graph_walk(gz_import *im);
gz_value *gz_graph_value(const gz_import *im, const char *name); /* NULL: nothing made it */
/* input.c */
gaze_status gz_input_read(gz_import *im, const Onnx__ValueInfoProto *info, gz_value *v);
gaze_status gz_output_read(gz_import *im, const char *name, gz_net_at *at);

/* ---- Sizes that the file leaves open ---- */

/* ONNX's shapes are numbers here: an open dimension is a large prime, so that products and quotients of sizes
   still show it. */
bool gz_is_open(size_t size);
/* Is it the number of samples, of a file that leaves it open? */
bool gz_is_sample_count(const gz_import *im, size_t size);

/* ---- Attributes and inputs of nodes (node.c) ---- */

int64_t gz_node_int(const gz_onnx_node *node, const char *name, int64_t fallback);
double gz_node_float(const gz_onnx_node *node, const char *name, double fallback);
const char *gz_node_text(const gz_onnx_node *node, const char *name, const char *fallback);
/* A list of whole numbers; 0 where it is missing. Fails with more than `most`. */
gaze_status gz_node_ints(const gz_onnx_node *node, const char *name, size_t most, int64_t *values,
                         size_t *count);
/* The same from input number i, which must be known, or from the attribute, as older opsets have it. */
gaze_status gz_node_list(const gz_onnx_node *node, size_t i, const char *name, size_t most, int64_t *values,
                         size_t *count);

/* What Slice takes: n cuts, of which axis i has elements starts[i] to ends[i], every steps[i]-th. */
typedef struct gz_slices {
    size_t n;
    int64_t starts[GZ_ONNX_RANK], ends[GZ_ONNX_RANK], axes[GZ_ONNX_RANK], steps[GZ_ONNX_RANK];
} gz_slices;
gaze_status gz_node_slices(const gz_onnx_node *node, gz_slices *cuts);
/* Input number i, or NULL. */
gz_value *gz_node_in(const gz_onnx_node *node, size_t i);
/* Input number i must be computed, and by a layer. */
gaze_status gz_node_computed(const gz_onnx_node *node, size_t i, gz_value **v);
/* The same, but scores and weights of attention may be read in another way too. */
gaze_status gz_node_readable(const gz_onnx_node *node, size_t i, gz_value **v);
/* It must be known without running. NULL where it is left out, which `needed` refuses. */
gaze_status gz_node_constant(const gz_onnx_node *node, size_t i, bool needed, const gz_constant **c);
/* An axis, from behind where it is negative. */
gaze_status gz_axis(int64_t axis, size_t rank, size_t *result);
/* What the layer that a node becomes is to be called: by its weight's name, or its own. */
const char *gz_node_name(const gz_onnx_node *node, size_t weight);

/* ---- Values (arrange.c, broadcast.c, part.c) ---- */

gaze_status gz_value_new(gz_import *im, gz_value **v);
gaze_status gz_value_constant(gz_import *im, gz_constant *c, gz_value **v);

/* Appends a layer without weights, or finds its like: options are given as in gz_net_option, up to two. */
typedef struct gz_option {
    const char *key, *json;
} gz_option;
gaze_status gz_layer_plain(gz_import *im, const char *type, const gz_value *v, const gz_option *options,
                           size_t n, size_t rank, const size_t *dim, gz_net_at *out);

/* Applies factor and offset: behind it they are 1 and 0. */
gaze_status gz_settle(gz_import *im, gz_value *v);

/* Brings the atoms of v into this order (all but the batch, which stays the first), and gives the layer these
   dimensions: group g has the next n_of[g] atoms. The reading stays what it is. */
typedef struct gz_groups {
    size_t n, n_of[GZ_NET_RANK];
    size_t n_atoms, atoms[GZ_ATOMS];
} gz_groups;
gaze_status gz_arrange(gz_import *im, gz_value *v, const gz_groups *groups);

/* [rows..., axes first..rank): the atoms of these axes last, in one group, the others in front as they lie.
   In what order the last lie stays as it is where they are last already. */
gaze_status gz_arrange_last(gz_import *im, gz_value *v, size_t first);
/* Groups of ONNX's axes in this order; a group may have several axes: n_of[g] of them. */
gaze_status gz_arrange_axes(gz_import *im, gz_value *v, size_t n, const size_t *n_of, const size_t *axes);
/* As one dimension for each of ONNX's axes in order, without that of the batch. */
gaze_status gz_arrange_plain(gz_import *im, gz_value *v);

/* Another reading, through a copy where that is needed. */
gaze_status gz_reshape_value(gz_import *im, const gz_value *v, size_t rank, const size_t *dim, gz_value *to);

/* v seen or copied as an array of ONNX's shape dim. */
gaze_status gz_broadcast(gz_import *im, const gz_value *v, size_t rank, const size_t *dim, gz_value *to);
/* Cuts the atoms of both, of one shape, until each axis but one has the same ones. */
gaze_status gz_refine(gz_value *x, gz_value *y, size_t but);
/* Gives y the atoms, their order and the dimensions of x. Both have one shape in ONNX. */
gaze_status gz_align(gz_import *im, gz_value *x, gz_value *y);
/* The common shape. */
gaze_status gz_broadcast_shape(const gz_value *a, const gz_value *b, size_t *rank, size_t *dim);

/* Elements first..first+count of an axis. */
gaze_status gz_take(gz_import *im, const gz_value *v, size_t axis, size_t first, size_t count, gz_value *to);
/* Zeros before and after those of an axis. */
gaze_status gz_pad(gz_import *im, const gz_value *v, size_t axis, size_t before, size_t after, gz_value *to);

/* dense.c: v times a kernel [K,U] over the axes first..rank, all of them; K row by row as ONNX reads them. */
gaze_status gz_dense_value(gz_import *im, const gz_value *v, size_t first, const gz_constant *kernel,
                           size_t U, bool transposed, double scale, const char *name, gz_value *to);
/* ids.c: Gather from a table */
gaze_status gz_embed(gz_import *im, const gz_onnx_node *node, const gz_constant *table);
/* activation.c */
gaze_status gz_activate(gz_import *im, const gz_value *v, const char *word, gz_value *to);
/* affine.c: from * c or from + sign * c, c input number `at` of the node, a constant array; and 1/c, NULL: no
   memory */
gaze_status gz_with_array(gz_import *im, const gz_onnx_node *node, const gz_value *from, size_t at,
                          bool scales, double sign, gz_value *x);
gz_constant *gz_inverse(gz_import *im, const gz_constant *c);
/* binary.c: several values of one shape in one layer, "add" or "multiply". */
gaze_status gz_merge_values(gz_import *im, const char *type, const gz_value *const *v, size_t n,
                            gz_value *to);
/* reduce.c: "average" or "max" over these axes, which stay with size 1. */
gaze_status gz_pool_axes(gz_import *im, const gz_value *v, const bool *over, const char *what, gz_value *to);

/* attend.c: q [..., Tq, K], k with its keys in axis k_time and its depth in the other, v [..., Tk, V] ->
   [..., Tq, V] */
gaze_status gz_attend(gz_import *im, const gz_value *q, const gz_value *k, size_t k_time, const gz_value *v,
                      double factor, bool causal, gz_value *to);
/* moments.c: `function` (Add or Mul) of x and a constant, as if a node of its own did it */
gaze_status gz_with_constant(gz_import *im, const gz_onnx_node *node, gz_onnx_operator *function, gz_value *x,
                             const gz_constant *c, gz_value *to);
/* attention.c */
gaze_status gz_scores_start(gz_import *im, const gz_onnx_node *node); /* MatMul of two computed values */
gaze_status gz_scores_scale(gz_import *im, const gz_value *v, double factor, gz_value *to);
gaze_status gz_scores_mask(gz_import *im, const gz_value *v, const gz_constant *mask, gz_value *to);
gaze_status gz_scores_softmax(gz_import *im, const gz_value *v, size_t axis, gz_value *to);

/* ---- Parts of a layer normalization (moments.c) ---- */

/* of x, m its mean: m, x - m, (x - m)^2, their mean v (with epsilon once it was added), sqrt(v), r =
   1/sqrt(v), r gamma, x r gamma, beta - m r gamma */
typedef enum gz_moment_kind {
    GZ_MEAN,
    GZ_CENTRED,
    GZ_SQUARES,
    GZ_VARIANCE,
    GZ_DEVIATION, /* from here on no layer makes them */
    GZ_INVERSE,
    GZ_SCALED,
    GZ_PRODUCT,
    GZ_SHIFT
} gz_moment_kind;

typedef struct gz_moment {
    gz_moment_kind kind;
    gz_value x;
    bool over[GZ_ONNX_RANK]; /* axes */
    bool alone;              /* a variance with epsilon */
    double epsilon, sign;    /* of a mean and of a shift; 0: 1 */
    const gz_constant *gamma, *beta;
} gz_moment;

/* Notes on what a node has made; *done: the node is taken with that. */
gaze_status gz_moment_mean(gz_import *im, const gz_value *v, const bool *over, gz_value *mean);
gaze_status gz_moment_difference(gz_import *im, const gz_value *a, const gz_value *b, gz_value *to);
gaze_status gz_moment_square(gz_import *im, const gz_value *v, gz_value *to);
gaze_status gz_moment_negative(gz_import *im, const gz_value *v, gz_value *to);
gaze_status gz_moment_product(gz_import *im, const gz_onnx_node *node, bool *done);
gaze_status gz_moment_sum(gz_import *im, const gz_onnx_node *node, double sign, bool *done);
gaze_status gz_moment_quotient(gz_import *im, const gz_onnx_node *node, bool *done);
bool gz_moment_is_alone(const gz_value *v);

/* ---- Constants (fold.c) ---- */

/* c as an array of this shape. */
gaze_status gz_constant_expand(gz_import *im, const gz_constant *c, size_t rank, const size_t *dim,
                               gz_constant **out);
/* Where all elements along the axis of samples are alike: one of them. */
gaze_status gz_constant_of_sample(gz_import *im, const gz_constant *c, size_t axis, gz_constant **out);

#endif
