/* The model file as it grows: inputs and layers with their words and weights. */
#ifndef GZ_ONNX_NET_H
#define GZ_ONNX_NET_H
#include "../base/text.h"

enum { GZ_NET_RANK = GAZE_MAX_RANK - 1, GZ_NET_INPUTS = 8, GZ_NET_OPTIONS = 12, GZ_NET_WEIGHTS = 12 };

/* What a layer makes, or one of its states. */
typedef struct gz_net_at {
    struct gz_net_layer *layer;
    const char *part; /* "state_h", ...; NULL: its output */
} gz_net_at;

typedef struct gz_net_layer {
    const char *type; /* NULL: an input of the model */
    const char *name; /* as wished; made unique and usable at the end */
    size_t n_inputs;
    gz_net_at inputs[GZ_NET_INPUTS];
    size_t n_states; /* the last of the inputs: "initial_state" */
    size_t n_options;
    struct {
        const char *key, *json;
    } options[GZ_NET_OPTIONS];
    size_t n_weights;
    gaze_array weights[GZ_NET_WEIGHTS]; /* float; names without the layer's */
    size_t rank, dim[GZ_NET_RANK];      /* of a sample */
    bool whole;                         /* an input of ids */
    bool open_end; /* attention by heads whose last product is the identity, until a dense layer behind it is
                      it */
    bool open_scale; /* a rescaling by a size that the file leaves open: only attention takes it away again */
    bool open_bias;  /* its bias is called output.bias, and zeros so far */
    bool is_output, needed;
    size_t uses;
    struct gz_net_layer *next;
} gz_net_layer;

/* `budget`: bytes that weights may still take, by the size of the file that they come from. */
typedef struct gz_net {
    gz_arena *arena;
    size_t n_layers, budget;
    gz_net_layer *first, *last;
} gz_net;

/* Appends a layer of one input (or none) that makes samples of this shape. */
gaze_status gz_net_add(gz_net *net, const char *type, const char *name, gz_net_at input, size_t rank,
                       const size_t *dim, gz_net_layer **layer);
gaze_status gz_net_option(gz_net *net, gz_net_layer *layer, const char *key, const char *format, ...)
    GZ_PRINTF(4, 5);
/* JSON of an option, or NULL. */
const char *gz_net_find_option(const gz_net_layer *layer, const char *key);
void gz_net_drop_option(gz_net_layer *layer, const char *key);
/* A weight of this shape, zeros, to be filled. */
gaze_status gz_net_weight(gz_net *net, gz_net_layer *layer, const char *name, size_t rank,
                          const size_t *shape, float **data);
gaze_array *gz_net_find_weight(gz_net_layer *layer, const char *name);
/* Appends a layer right behind another one, which it reads. */
gaze_status gz_net_add_behind(gz_net *net, gz_net_layer *before, const char *type, gz_net_layer **layer);
/* A copy behind all others, with weights of its own. */
gaze_status gz_net_copy(gz_net *net, const gz_net_layer *layer, gz_net_layer **copy);

/* A layer without weights whose like (type, inputs, options) is there already: that one. */
gz_net_layer *gz_net_like(const gz_net *net, const gz_net_layer *layer);

/* Is it a product with weights, of which nothing was made yet? (dense, conv1d, conv2d, depthwise_conv2d
 * without an activation) */
bool gz_net_is_linear(const gz_net_layer *layer);

/* tidy.c: what nothing needs is left out, activations go into the layer before them, recurrent layers whose
   last step alone is read say so. Then every layer has a name of its own. */
gaze_status gz_net_tidy(gz_net *net, gz_net_at *outputs, size_t n_outputs);

/* kinds.c: where a multiplication is the end of attention that was exported in its parts, it becomes a layer
 * of that kind. */
gaze_status gz_net_find_kind(gz_net *net, gz_net_layer *layer);

/* write.c: the model file. outputs: at layers, not at parts. */
gaze_status gz_net_write(const gz_net *net, const char *name, const char *about, const gz_net_at *outputs,
                         size_t n_outputs, const char *loss, char **json);

#endif
