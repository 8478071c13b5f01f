/* Layers: JSON words -> ops and weights. One file a family in layers/; attention kinds, one file each, in
   attention/, use the same calls. A layer is read once (gz_layer_type.read: JSON to its own options struct)
   and built for every plan (.build). */
#ifndef GZ_LAYER_H
#define GZ_LAYER_H
#include "../ops/ops.h"
#include "json.h"

/* What flows between layers: a tensor, which of its steps count, and where its cells lie on the input image.
 */
typedef struct gz_flow {
    gz_tensor *x;               /* [B,...] */
    gz_tensor *mask;            /* int32 [B,T] or NULL: all count */
    gaze_receptive_field field; /* of [B,H,W,C] values */
} gz_flow;

typedef enum gz_initializer {
    GZ_INIT_GLOROT_UNIFORM,
    GZ_INIT_ZEROS,
    GZ_INIT_ONES,
    GZ_INIT_ORTHOGONAL,
    GZ_INIT_UNIFORM_005,
    GZ_INIT_LSTM_BIAS /* zeros, ones for the forget gate */
} gz_initializer;

typedef struct gz_build gz_build; /* one build of a model: graph, weights, maps; model/build.c */
typedef struct gz_layer gz_layer;

typedef struct gz_layer_type {
    const char *type;
    size_t options_bytes;
    size_t min_inputs, max_inputs;
    /* Fills `options` from the layer's JSON. Every key that is read is taken; keys left over are errors that
     * the caller reports. */
    gaze_status (*read)(gz_json *json, void *options);
    gaze_status (*build)(gz_build *build, const gz_layer *layer, const void *options, const gz_flow *in,
                         size_t n_in, gz_flow *out);
} gz_layer_type;

struct gz_layer {
    const char *name;
    const gz_layer_type *type;
    const char *weights_of; /* name, or the layer named by "share" */
    void *options;
    size_t n_inputs;
    const char **inputs; /* names */
    size_t n_further;    /* the last of them: named by other keys than "inputs" ("mask", "initial_state") */
};

/* clang-format off */
#define GZ_LAYER_LIST(X) \
    X(dense) X(conv2d) X(max_pool2d) X(average_pool2d) X(global_average_pool2d) \
    X(global_max_pool2d) X(flatten) X(reshape) X(concatenate) X(add) X(multiply) X(activation) \
    X(dropout) X(attention) X(conv1d) X(max_pool1d) X(average_pool1d) X(time_distributed) \
    X(permute) X(zero_padding2d) X(repeat_vector) X(lstm) X(gru) X(simple_rnn) X(bidirectional) \
    X(layer_normalization) X(batch_normalization) X(depthwise_conv2d) X(embedding) \
    X(position_embedding) X(global_average_pool1d) X(global_max_pool1d) \
    X(rescaling) X(cropping2d)
/* clang-format on */
#define GZ_LAYER_DECLARE(name) extern const gz_layer_type gz_layer_##name;
GZ_LAYER_LIST(GZ_LAYER_DECLARE)
#undef GZ_LAYER_DECLARE
extern const gz_layer_type *const gz_layer_types[];        /* NULL-terminated */
extern const char *const gz_layer_words[];                 /* their names, NULL-terminated */
const gz_layer_type *gz_layer_type_find(const char *type); /* NULL if there is none */

/* The parts that a recurrent layer gives beside its output ("state_h", ...), NULL-terminated. */
const char *const *gz_layer_states(const gz_layer *layer);

/* ---- For .build ---- */
gz_graph *gz_build_graph(gz_build *build);
bool gz_build_training(const gz_build *build);
gaze_status gz_build_step(gz_build *build,
                          gz_tensor **step); /* int32 [4] graph input: [0] is the step's number (dropout) */
uint64_t gz_build_seed(const gz_build *build);

/* Weight "<layer>.<weight>" of this shape; the layer named by "share" is used instead where there is one. */
gaze_status gz_build_weight(gz_build *build, const gz_layer *layer, const char *weight, gz_shape shape,
                            gz_initializer initializer, gz_tensor **out);
/* The same for what training keeps beside the trained weights: it lies in the store's state and in the
 * weights file. */
gaze_status gz_build_statistic(gz_build *build, const gz_layer *layer, const char *weight, gz_shape shape,
                               gz_initializer initializer, gz_tensor **out);

/* Exposes one of gz_layer_states as "<layer>/<part>", which later layers and the model's outputs can name. */
gaze_status gz_build_state(gz_build *build, const gz_layer *layer, const char *part, gz_tensor *value);

/* In training: `choice` was drawn with the probabilities a [B,N]; the losses that follow teach them
 * (gz_reinforce). Called for prediction too, with both NULL: the moving average of the losses,
 * "<layer>:average", is one for all builds. */
gaze_status gz_build_drawn(gz_build *build, const gz_layer *layer, gz_tensor *a, gz_tensor *choice);

/* `ids` are looked up in a table of `rows` rows: the host refuses others. */
void gz_build_ids(gz_build *build, const gz_layer *layer, gz_tensor *ids, size_t rows);

/* Exposes a map: part NULL is "<layer>", otherwise "<layer>/<part>". values [B, shape...] (a view is made);
 * kept only when asked for. Fails when the shape is not one that its axes can have. */
typedef struct gz_map_note {
    const char *kind, *meaning;
    gaze_map_axes axes;
    bool sums_to_one;
    gaze_receptive_field field;
} gz_map_note;
gaze_status gz_build_map(gz_build *build, const gz_layer *layer, const char *part, gz_tensor *values,
                         const gz_map_note *note);

/* "positions", ...; NULL for what is no axes. */
const char *gz_map_axes_word(gaze_map_axes axes);
/* What `part` stands for in a map whose whole has this shape, [B, shape...]: every count is set, the whole
 * where all are 0. Fails where the map has no such rows. */
gaze_status gz_map_part_resolve(const char *map, gz_shape whole, gaze_map_axes axes, gaze_map_part *part);
/* Is it the whole? values -> those of its heads and rows. */
bool gz_map_part_is_whole(const gaze_map_part *part, gz_shape whole);
gaze_status gz_map_part_cut(gz_graph *graph, const gaze_map_part *part, gz_tensor *values, gz_tensor **rows);
/* The map's shape, [B, shape...], must be one that its axes can have. */
gaze_status gz_map_check(const gz_layer *layer, const char *name, const gz_tensor *values,
                         gaze_map_axes axes);

/* Is that map to be kept? A kind that can do without its weights makes them only then, and otherwise exposes
 * a tensor that nothing makes, of one sample. */
bool gz_build_wants_map(const gz_build *build, const gz_layer *layer, const char *part);
/* Which rows of that map are to be kept, where the whole of it has this shape; gz_build_map takes the whole
 * and leaves the others out. A kind that can make these rows alone gives them to gz_build_map_rows. */
gaze_status gz_build_map_part(const gz_build *build, const gz_layer *layer, const char *part, gz_shape whole,
                              gaze_map_axes axes, gaze_map_part *rows);
gaze_status gz_build_map_rows(gz_build *build, const gz_layer *layer, const char *part, gz_tensor *values,
                              const gz_map_note *note);
gaze_status gz_build_map_shape(gz_build *build, const gz_layer *layer, const char *part, gz_shape shape,
                               const gz_map_note *note);

/* "layer 'conv_1' (conv2d): <message>" as GAZE_ERROR_MODEL; the model file's name is put before it by the
 * caller. */
gaze_status gz_layer_fail(const gz_layer *layer, const char *format, ...) GZ_PRINTF(2, 3);

/* The input must be [B, ...] of this rank; `shape` says what a sample looks like ("[height, width,
 * channels]"). The message names both layers. */
gaze_status gz_layer_expect_rank(const gz_layer *layer, size_t input, const gz_flow *in, size_t rank,
                                 const char *shape);
/* All inputs of one shape. The message names the two layers that differ. */
gaze_status gz_layer_expect_equal(const gz_layer *layer, const gz_flow *in, size_t n_in);
/* "[26,26,32]": a sample's shape, without the batch. */
const char *gz_sample_text(const gz_tensor *x, char text[96]);

/* Receptive field of a convolution or pool over `in`. */
gaze_receptive_field gz_field_window(const gaze_receptive_field *in, const gz_window *window,
                                     const size_t before[2]);
gaze_receptive_field gz_field_image(void); /* of the input image: first 0, step 1, size 1 */
/* Of values made from several inputs cell by cell: known when their cells lie at the same places. */
gaze_receptive_field gz_field_join(const gz_flow *in, size_t n_in);

/* The mask of values made from several inputs step by step (Keras: OR, and none when an input has none). */
gaze_status gz_mask_join(gz_build *build, const gz_flow *in, size_t n_in, gz_tensor **mask);
/* The mask of inputs put one after the other along axis 1: all steps of an input without a mask count. */
gaze_status gz_mask_append(gz_build *build, const gz_flow *in, size_t n_in, gz_tensor **mask);

/* "strides", "padding" and so on of layers with a window. */
gaze_status gz_padding_read(gz_json *json, gz_padding *padding); /* valid | same, valid if missing */
/* Fails, naming the layer and its input, where the window does not fit [B,H,W,C]; before: the padding on the
 * top and on the left. */
gaze_status gz_window_fit(const gz_layer *layer, const gz_flow *in, const gz_window *window,
                          size_t before[2]);

/* The window of a 1-D layer as one of height 1; a size of 0 as fallback means that the key is needed.
 * strides: 1, or the size. */
gaze_status gz_window1d_read(gz_json *json, const char *size_key, const char *stride_key,
                             size_t size_fallback, bool stride_is_size, gz_window *window);
/* [B,T,D] seen as [B,1,T,D], and back. */
gaze_status gz_steps_as_image(gz_build *build, const gz_layer *layer, const gz_flow *in, gz_flow *image);
gaze_status gz_image_as_steps(gz_build *build, gz_tensor *image, gz_tensor **steps);

/* Any of relu, ..., softmax by name, after or fused into the op that made y. */
typedef struct gz_activation_choice {
    bool softmax;
    gz_activation_kind kind; /* where not softmax */
} gz_activation_choice;
gaze_status gz_activation_read(gz_json *json, const char *key,
                               gz_activation_choice *choice); /* linear if the key is missing */
/* What the op can fuse; GZ_LINEAR when gz_activation_apply must add it. */
gz_activation_kind gz_activation_fused(gz_activation_choice choice);
gaze_status gz_activation_apply(gz_graph *graph, gz_activation_choice choice, gz_tensor *x,
                                gz_tensor **y); /* adds nothing if it was fused */

/* ---- Attention kinds ---- */
/* options: options_bytes, zeroed; those of a kind that came in gz_json.kinds begin with a pointer to it. */
typedef struct gz_attention_kind {
    const char *kind;
    size_t options_bytes;
    size_t min_inputs, max_inputs;
    gaze_status (*read)(gz_json *json, void *options);
    gaze_status (*build)(gz_build *build, const gz_layer *layer, const void *options, const gz_flow *in,
                         size_t n_in, gz_flow *out);
} gz_attention_kind;
/* clang-format off */
#define GZ_ATTENTION_LIST(X) \
    X(none) X(additive_scale) X(additive_pool) X(spatial) X(soft_gate) X(dot) X(additive) \
    X(bahdanau) X(luong) X(local) X(multi_head) X(non_local) X(gate) X(hard) X(squeeze_excite) \
    X(channel) X(cbam) X(efficient_channel)
/* clang-format on */
#define GZ_ATTENTION_DECLARE(name) extern const gz_attention_kind gz_attention_##name;
GZ_ATTENTION_LIST(GZ_ATTENTION_DECLARE)
#undef GZ_ATTENTION_DECLARE
extern const gz_attention_kind *const gz_attention_kinds[]; /* NULL-terminated */
extern const char *const gz_attention_words[];              /* their names, NULL-terminated */
const char *gz_attention_kind_of(const gz_layer *layer);    /* NULL if the layer is no attention */

#endif
