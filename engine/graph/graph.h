/* Tensors, op nodes, and the graph they form: an ordered list in which every node reads only what was made
   before it. Shapes are concrete; the batch is the first dimension. A gradient is nothing special:
   gz_graph_gradients (ops/gradients.h) appends nodes. */
#ifndef GZ_GRAPH_H
#define GZ_GRAPH_H
#include "../base/memory.h"

enum { GZ_MAX_RANK = GAZE_MAX_RANK, GZ_MAX_INPUTS = 8, GZ_MAX_OUTPUTS = 4 };

typedef enum gz_dtype { GZ_F32 = GAZE_FLOAT32, GZ_I32 = GAZE_INT32 } gz_dtype; /* both 4 bytes */

typedef gaze_shape gz_shape;

#define GZ_SHAPE(...) ((gz_shape){sizeof((size_t[]){__VA_ARGS__}) / sizeof(size_t), {__VA_ARGS__}})

/* Number of elements (1 for rank 0). Overflow was refused when the tensor was made. */
size_t gz_shape_count(gz_shape shape);
size_t gz_shape_last(gz_shape shape); /* last dimension; 1 for rank 0 */
size_t gz_shape_rows(gz_shape shape); /* product of all but the last */
bool gz_shape_equal(gz_shape a, gz_shape b);
const char *gz_shape_text(gz_shape shape, char text[96]);      /* "[64,26,26,32]" */
const char *gz_shape_text_open(gz_shape shape, char text[96]); /* 0 stands for any size: "[?,26,26,32]" */

typedef enum gz_role {
    GZ_VALUE,     /* made by a node; memory is planned */
    GZ_INPUT,     /* written by the host before a run */
    GZ_PARAMETER, /* a trainable weight: named, lives in the store */
    GZ_STATE, /* a weight that is not trained by gradient (moving statistics), or an optimizer's slab: lives
                 in the store */
} gz_role;

typedef struct gz_node gz_node;
typedef struct gz_op gz_op;

typedef struct gz_tensor {
    const char *name; /* "<layer>.<weight>" for weights, "<layer>" or "<layer>:<what>" otherwise; for messages
                         and plans */
    gz_shape shape;
    gz_dtype dtype;
    gz_role role;
    size_t index;           /* position in the graph's list of tensors */
    struct gz_tensor *view; /* the tensor whose memory this one is another shape of, or NULL */
    gz_node *producer;      /* NULL for inputs, weights and views */
    bool keep;              /* read by the host after a run: memory is not reused */
    bool stays;           /* made of weights that stay the same: once, when they are loaded; see builder.h */
    bool saved;           /* made by an op for its own gradient alone: no gradient arrives at it */
    bool is_gradient;     /* gradient of a parameter: lives in the store's gradient slab, see gz_tensor.of */
    struct gz_tensor *of; /* the parameter that it is the gradient of */
} gz_tensor;

struct gz_node {
    const gz_op *op;
    const char *name; /* the layer it belongs to */
    size_t n_in, n_out;
    gz_tensor *in[GZ_MAX_INPUTS]; /* an optional input that is left out is NULL */
    gz_tensor *out[GZ_MAX_OUTPUTS];
    const void *attr; /* the op's own struct, copied into the arena; NULL if the op has none */
};

typedef struct gz_graph {
    gz_arena *arena;
    gz_tensor **tensors;
    size_t n_tensors, tensors_capacity;
    gz_node **nodes;
    size_t n_nodes, nodes_capacity;
    bool training;
    const char *scope; /* name given to nodes that are added now (a layer's); never NULL */
} gz_graph;

gaze_status gz_graph_create(bool training, gz_graph **out);
void gz_graph_destroy(gz_graph *graph); /* NULL is fine */

/* A tensor without a producer. Fails when its size overflows or a dimension is 0. The name is copied. */
gaze_status gz_graph_tensor(gz_graph *graph, gz_role role, const char *name, gz_dtype dtype, gz_shape shape,
                            gz_tensor **out);

/* A GZ_INPUT of this name is filled with ones by the plan. */
#define GZ_CONSTANT_ONE "constant:one"

/* Another shape of the same memory; the counts must be equal. No kernel, no copy. */
gaze_status gz_graph_view(gz_graph *graph, gz_tensor *tensor, gz_shape shape, gz_tensor **out);

/* Appends a node: op->infer checks `in` and makes the outputs. attr (attr_bytes) is copied. out gets op's
   n_out tensors. This is what the functions of ops/ops.h call; layers and attention kinds call those. */
gaze_status gz_graph_node(gz_graph *graph, const gz_op *op, const void *attr, size_t attr_bytes,
                          gz_tensor *const *in, size_t n_in, gz_tensor **out, size_t n_out);

/* For op->infer: makes output `i` of the node. */
gaze_status gz_node_output(gz_graph *graph, gz_node *node, size_t i, gz_dtype dtype, gz_shape shape);

/* The tensor whose memory `tensor` uses. */
gz_tensor *gz_tensor_base(gz_tensor *tensor);

#endif
