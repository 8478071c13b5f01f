/* ONNX models (onnx.ai) as model files: the inference graph becomes layers and weights. Knows base and the
   file format of models, not the layers' code. Words: an ONNX `node` has an `operator`; what flows is a
   `value`. */
#ifndef GZ_ONNX_H
#define GZ_ONNX_H
#include "../base/text.h"

typedef struct gz_onnx_options {
    const char *batch_axis;   /* "N" or "INPUT=N": where inputs have their samples; NULL: axis 0 */
    const char *const *sizes; /* "NAME=N": what the file leaves open; NULL-terminated, or NULL */
    bool softmax;             /* put one behind the first output, which holds logits */
} gz_onnx_options;

/* How an array of the model lies beside ONNX's. */
typedef struct gz_onnx_array {
    const char *name, *onnx_name;
    bool output;
    size_t rank, axis[GAZE_MAX_RANK]; /* axis i of Gaze's array (0: the batch) is axis[i] of ONNX's; SIZE_MAX:
                                         ONNX's has no such */
    const struct gz_net_layer *layer;
} gz_onnx_array;

typedef struct gz_onnx_model {
    gz_arena *arena;
    char *json; /* the model file; free() */
    gaze_array *weights;
    size_t n_weights, n_layers;
    gz_onnx_array *arrays;
    size_t n_arrays;
    char *refused; /* a line for each node that can't be taken, NULL: none; free() */
    size_t n_nodes, n_refused;
} gz_onnx_model;

/* GAZE_ERROR_DATA: no ONNX file, or a damaged one. GAZE_ERROR_MODEL: not all of it can be taken; `refused`
   then lists every node that can't. Sizes are checked before memory is taken: what is read is bounded by the
   file's size. gz_onnx_free, also after an error. */
gaze_status gz_onnx_read(const char *path, const gz_onnx_options *options, gz_onnx_model *model);
void gz_onnx_free(gz_onnx_model *model); /* all zeros is fine */

#endif
